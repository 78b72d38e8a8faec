import Foundation
import Testing

@Suite struct RunJSONTests {
  private func number(_ object: [String: Any], _ key: String, _ location: SourceLocation = #_sourceLocation) throws -> Double {
    try #require((object[key] as? NSNumber)?.doubleValue, "\(key) is no number", sourceLocation: location)
  }

  private func object(_ object: [String: Any], _ key: String, _ location: SourceLocation = #_sourceLocation) throws -> [String: Any] {
    try #require(object[key] as? [String: Any], "\(key) is no object", sourceLocation: location)
  }

  @Test func aRunPrintsOneObjectWithAllItsFigures() throws {
    let place = try Workplace()
    let run = try place.run("run", Workplace.smoke, "--scale", "0.1", "--seed", "9", "--workers", "2", "--results", "r.sqlite", "--json")
    #expect(run.code == 0)
    #expect(run.err.isEmpty)
    let result = try run.object()

    for (key, value) in [("scenario", "smoke"), ("backend", "memory"), ("ranker", "hot")] { #expect(result[key] as? String == value) }
    #expect(try number(result, "seed") == 9)
    #expect(try number(result, "scale") == 0.1)
    #expect(try number(result, "workers") == 2)
    #expect((result["run"] as? String)?.count == 12)
    let digest = try #require(result["digest"] as? String)
    #expect(digest.count == 32 && digest.allSatisfy(\.isHexDigit))
    #expect(["passed", "not-comparable"].contains(result["verdict"] as? String))
    #expect((result["verdictReason"] as? String)?.isEmpty == false)

    let operations = try number(result, "operations")
    #expect(try number(result, "errors") == 0)
    let outcomes = try object(result, "outcomes")
    #expect(Set(outcomes.keys) == ["ok", "notFound", "rejected", "conflict", "timedOut", "unavailable", "failed"])
    var ended = 0.0
    for outcome in outcomes.keys { ended += try number(outcomes, outcome) }
    #expect(ended == operations)
    let measured = try number(result, "measureSeconds")
    #expect(measured > 0)
    #expect(try number(result, "wallSeconds") >= measured)
    #expect(try abs(number(result, "operationsPerSecond") * measured / operations - 1) < 1e-9)
    // Three hours, and the visits that had begun.
    #expect(try number(result, "simulatedSeconds") > 3 * 3600)
    #expect(try number(result, "peakResidentBytes") > 1_000_000)

    let totals = try object(result, "totals")
    func total(_ name: String) throws -> Double { try number(totals, "jam.\(name)") }
    #expect(try total("participants") == 200)
    #expect(try total("sessions") > 400)
    #expect(try total("posts") == total("ideas") + total("replies"))
    let latency = try object(result, "latency")
    func count(_ action: String) throws -> Double { try number(object(latency, "jam.\(action)"), "count") }
    #expect(try total("pageViews") == count("listForum") + count("readThread") + count("readIdea"))
    #expect(try total("posts") == count("postIdea") + count("reply"))
    #expect(try total("ratings") == count("rate"))
    #expect(try total("participants") == count("join"))
    for (name, verbs) in [("storage", ["listing", "thread", "item", "publish", "react", "join"]), ("ranking", ["hot"])] {
      #expect(try Set(object(result, name).keys) == Set(verbs))
    }
    for summary in try [latency, object(result, "storage"), object(result, "ranking")].flatMap(\.values) {
      let figures = try #require(summary as? [String: Any])
      let keys = ["p50Nanoseconds", "p90Nanoseconds", "p99Nanoseconds", "p999Nanoseconds", "maxNanoseconds"]
      #expect(Set(figures.keys) == Set(keys + ["count", "meanNanoseconds"]))
      let rising = try keys.map { try number(figures, $0) }
      #expect(rising == rising.sorted() && rising[0] > 0)
      #expect(try (0...rising[4]).contains(number(figures, "meanNanoseconds")))
    }

    let expectations = try #require(result["expectations"] as? [[String: Any]])
    #expect(expectations.map { $0["name"] as? String } == ["participants", "sessions", "pageViews", "posts", "ratings"].map { "jam.\($0)" })
    for expectation in expectations {
      #expect(Set(expectation.keys) == ["name", "observed", "limit", "passed"])
      #expect(expectation["passed"] as? Bool == true)
      #expect(expectation["limit"] as? String != nil)
      #expect(try number(expectation, "observed") == number(totals, expectation["name"] as? String ?? ""))
    }
  }

  /// The promise of the README, through the command line.
  @Test func workersDoNotChangeTheDigestAndSeedsDo() throws {
    let place = try Workplace()
    func digest(_ arguments: String...) throws -> String? {
      let run = try place.run(["run", Workplace.smoke, "--scale", "0.05", "--results", "r.sqlite", "--no-floor", "--json"] + arguments)
      return try run.object()["digest"] as? String
    }
    let one = try digest("--workers", "1")
    #expect(one != nil)
    #expect(try digest("--workers", "5") == one)
    #expect(try digest("--workers", "1", "--seed", "2") != one)
    #expect(try digest("--set", "seed=2") == digest("--seed", "2"))
    #expect(try digest("--ranker", "random") != one)
    #expect(try digest("--ranker", "hot?gravity=0.1") != one)
  }
}
