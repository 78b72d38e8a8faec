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
      #expect(Set(expectation.keys) == ["name", "observed", "limit", "passed", "notHeldBecause"])
      #expect(expectation["notHeldBecause"] is NSNull)
      #expect(expectation["passed"] as? Bool == true)
      #expect(expectation["limit"] as? String != nil)
      #expect(try number(expectation, "observed") == number(totals, expectation["name"] as? String ?? ""))
    }
  }

  /// What a platform is sized by is of all its services; the jam's own figures are labelled where it is not alone.
  @Test func sizingIsOfAllServices() throws {
    let place = try Workplace()
    let both = try place.write(
      "both.yaml", tiny + "\n  wiki: { participation: 1, dailyActive: 1, actionsPerDay: 60, pages: 50 }\n")
    let run = try place.run("run", both, "--results", "r.sqlite", "--no-floor", "--json").object()
    let (totals, metrics) = (try object(run, "totals"), try object(run, "metrics"))
    let (jam, wiki) = (try number(totals, "jam.pageViews"), try number(totals, "wiki.pageViews"))
    #expect(jam > 0 && wiki > 0)
    #expect(try number(metrics, "platform.pageViews") == jam + wiki)
    let peak = try number(metrics, "platform.peakHourPageViewsPerSecond")
    #expect(try peak > max(number(metrics, "jam.peakHourPageViewsPerSecond"), number(metrics, "wiki.peakHourPageViewsPerSecond")))
    #expect(try abs(number(metrics, "platform.peakRequestsPerSecond") - peak * 4) < 1e-9)
    #expect(try number(metrics, "platform.peakHour") >= 0)
    let shown = try place.run("show", "last", "--results", "r.sqlite", "--json").object()
    #expect(try abs(number(object(shown, "metrics"), "platform.peakRequestsPerSecond") - peak * 4) < 1e-9)

    let text = try place.run("run", both, "--results", "r.sqlite", "--no-floor").out
    let lines = text.split(separator: "\n").map(String.init)
    func line(_ start: String) -> Int? { lines.firstIndex { $0.hasPrefix("  \(start)") } }
    let (all, table, alone) = (try #require(line("peak requests ")), try #require(line("service  ")), try #require(line("of the jam alone:")))
    #expect(all < table && table < alone)
    #expect(lines[table + 1].hasPrefix("  jam ") && lines[table + 2].hasPrefix("  wiki "))
    #expect(lines[all...].count { $0.hasPrefix("  peak requests ") } == 2)
    #expect(lines.allSatisfy { $0.count <= 160 })

    // A jam alone is all there is, and a platform without one is sized just so.
    let jamAlone = try place.run("run", place.write("jam.yaml", tiny), "--results", "r.sqlite", "--no-floor").out
    #expect(!jamAlone.contains("jam alone") && !jamAlone.contains("\n  service  ") && jamAlone.contains("peak requests"))
    let without = tiny.split(separator: "\n").filter { line in !["jam", "forums", "arrivals"].contains { line.contains("  \($0):") } }
    let wikiAlone = try place.write("wiki.yaml", without.joined(separator: "\n") + "\n  wiki: { participation: 1, dailyActive: 1, pages: 50 }\n")
    let alone2 = try place.run("run", wikiAlone, "--results", "r.sqlite", "--no-floor")
    #expect(alone2.code == 0, "\(alone2.err)")
    #expect(alone2.out.contains("peak requests") && alone2.out.contains("\n  wiki "))
  }

  /// What a run is not held to is told of, too, and kept: with what came out, and why.
  @Test func expectationsThatAreNotHeldAgainstARun() throws {
    let place = try Workplace()
    let scenario = try place.write(
      "s.yaml",
      tiny + """

        expect:
          - { metric: jam.participants, value: 50, tolerance: 1% }
          - { metric: jam.ideas, value: 4, tolerance: 99% }
          - { metric: jam.posts, min: 1, fromScale: 2 }
        """)
    let run = try place.run("run", scenario, "--results", "r.sqlite", "--no-floor", "--json")
    #expect(run.code == 0, "\(run.err)")
    let shown = try place.run("show", "last", "--results", "r.sqlite", "--json")
    for object in [try run.object(), try shown.object()] {
      let expectations = try #require(object["expectations"] as? [[String: Any]])
      #expect(expectations.map { $0["name"] as? String } == ["jam.participants", "jam.ideas", "jam.posts"])
      #expect(expectations.map { $0["passed"] as? Bool } == [true, nil, nil])
      #expect(expectations.map { $0["notHeldBecause"] as? String } == [nil, "withinNoise", "belowItsScale"])
      #expect(expectations.allSatisfy { $0["observed"] is NSNumber })
    }
    let text = try place.run("run", scenario, "--results", "r.sqlite", "--no-floor").out
    #expect(text.contains("not checkable at this scale, where even nothing would lie within three standard errors: jam.ideas"))
    #expect(text.contains("not checked at this scale, where it does not show: jam.posts"))
    #expect(try place.run("show", "last", "--results", "r.sqlite").out.contains("not held against it"))
  }

  /// What is short is not told in hours, nor what has no summary with a colon, and what is worse is not called better.
  @Test func wordsFitTheirFigures() throws {
    let place = try Workplace()
    let bare = tiny.replacingOccurrences(of: "  summary: fifty people\n", with: "").replacingOccurrences(of: "summary: fifty people\n", with: "")
    let scenario = try place.write("s.yaml", bare)
    let short = try place.run("run", scenario, "--set", "duration=30s", "--workers", "1", "--results", "r.sqlite", "--no-floor").out
    let lines = short.split(separator: "\n")
    #expect(lines.first == "tiny")
    #expect(lines[1].hasPrefix("  30.0 s from Tue 14:00 UTC") && lines[1].hasSuffix(", 1 worker"))
    var worse = 0
    for seed in 1...8 {
      let run = ["run", scenario, "--ranker", "random", "--seed", "\(seed)", "--results", "r.sqlite", "--no-floor"]
      let lines = try place.run(run).out.split(separator: "\n")
      let found = try #require(lines.first { $0.hasPrefix("  quality found") })
      #expect(found.contains("+") == found.contains(" better than ") && !found.contains("-"), "\(found)")
      if found.contains(" worse than ") { worse += 1 }
    }
    #expect(worse > 0 && worse < 8)
  }

  /// A run in which nobody had anything to do has shown nothing.
  @Test func nothingDoneIsNoSuccess() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    let run = try place.run(
      "run", scenario, "--set", "services.jam.participation=0", "--results", "r.sqlite", "--no-floor", "--json")
    #expect(run.code == 1)
    let object = try run.object()
    #expect(object["verdict"] as? String == "failed" && (object["verdictReason"] as? String)?.hasPrefix("nothing was done") == true)
    #expect(try number(object, "operations") == 0)
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
