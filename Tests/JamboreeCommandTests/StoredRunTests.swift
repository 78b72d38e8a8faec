import Foundation
import Testing

@Suite struct StoredRunTests {
  @Test func runsAreListedShownAndCompared() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    func run(_ arguments: String...) throws -> [String: Any] {
      let run = try place.run(["run", scenario, "--results", "r.sqlite", "--json"] + arguments)
      #expect(run.code == 0)
      return try run.object()
    }
    let made = [try run(), try run("--backend", "null", "--no-floor"), try run("--ranker", "chronological", "--no-floor")]
    let names = made.compactMap { $0["run"] as? String }
    #expect(Set(names).count == 3)

    let listed = try place.run("list", "--results", "r.sqlite", "--json").object()
    #expect(Array(listed.keys) == ["runs"])
    let runs = try #require(listed["runs"] as? [[String: Any]])
    // Newest first.
    #expect(runs.map { $0["run"] as? String } == names.reversed())
    #expect(runs.map { $0["backend"] as? String } == ["memory", "null", "memory"])
    #expect(runs.map { $0["ranker"] as? String } == ["chronological", "hot", "hot"])
    #expect(runs.allSatisfy { $0["scenario"] as? String == "tiny" && $0["status"] as? String == "finished" })
    let started = runs.compactMap { ($0["startedUnixNanoseconds"] as? NSNumber)?.int64Value }
    #expect(started.count == 3 && started == started.sorted(by: >))
    let limited = try place.run("list", "--results", "r.sqlite", "--limit", "2", "--json").object()["runs"] as? [[String: Any]]
    #expect(limited?.map { $0["run"] as? String } == Array(names.reversed().prefix(2)))
    let text = try place.run("list", "--results", "r.sqlite").out
    #expect(names.allSatisfy { text.contains($0) })

    try shows(place, names, made)
    try compares(place, names, made)
  }

  /// What is read back is what the run said, by any of the names that a run has.
  private func shows(_ place: Workplace, _ names: [String], _ made: [[String: Any]]) throws {
    for (name, index) in [(names[0], 0), ("last", 2), ("last~1", 1), ("last~2", 0)] {
      let shown = try place.run("show", name, "--results", "r.sqlite", "--json").object()
      for key in ["run", "digest", "scenario", "backend", "ranker", "verdict", "verdictReason"] {
        #expect(shown[key] as? String == made[index][key] as? String, "\(key)")
      }
      for key in ["totals", "latency", "storage", "ranking"] {
        #expect(shown[key] as? NSDictionary == made[index][key] as? NSDictionary, "\(key)")
      }
      for key in ["operations", "seed", "workers"] { #expect(shown[key] as? NSNumber == made[index][key] as? NSNumber, "\(key)") }
    }
    let text = try place.run("show", names[1], "--results", "r.sqlite")
    #expect(text.code == 0)
    #expect(text.out.hasPrefix("\(names[1]): tiny, null backend, hot ranker"))
    #expect(text.out.contains("jam.readThread"))
  }

  private func compares(_ place: Workplace, _ names: [String], _ made: [[String: Any]]) throws {
    let compared = try place.run("compare", names[0], names[2], "--results", "r.sqlite", "--json").object()
    let runs = compared["runs"] as? [[String: Any]]
    #expect(runs?.map { $0["run"] as? String } == [names[0], names[2]])
    let rows = try #require(compared["rows"] as? [[String: Any]])
    let throughput = try #require(compared["operationsPerSecond"] as? [String: Any])
    var figures = [throughput]
    for row in rows { figures += ["count", "meanNanoseconds", "p50Nanoseconds", "p99Nanoseconds"].compactMap { row[$0] as? [String: Any] } }
    #expect(figures.count == 1 + 4 * rows.count)
    for figure in figures {
      let values = try #require(figure["values"] as? [Any]).map { ($0 as? NSNumber)?.doubleValue }
      let ratios = try #require(figure["ratios"] as? [Any]).map { ($0 as? NSNumber)?.doubleValue }
      try #require(values.count == 2 && ratios.count == 2)
      guard let first = values[0], let second = values[1] else {
        // A ranker that only one of the runs has: there is nothing to divide.
        #expect(ratios[1] == nil)
        continue
      }
      #expect(ratios[0] == 1)
      #expect(abs((ratios[1] ?? 0) - second / first) < 1e-9 * second / first)
    }
    let reads = rows.first { $0["name"] as? String == "jam.readThread" && $0["kind"] as? String == "service" }
    let counts = (reads?["count"] as? [String: Any])?["values"] as? [NSNumber]
    let expected = [0, 2].map { (made[$0]["latency"] as? [String: [String: NSNumber]])?["jam.readThread"]?["count"] }
    #expect(counts == expected.compactMap { $0 })

    let text = try place.run("compare", "last~2", "last~1", "last", "--results", "r.sqlite")
    #expect(text.code == 0)
    #expect(text.out.contains("1.00x"))
    #expect(names.allSatisfy { text.out.contains($0) })
  }

  @Test func nothingRunYetIsAnEmptyList() throws {
    let place = try Workplace()
    let listed = try place.run("list", "--json")
    #expect(listed.code == 0)
    #expect((try listed.object()["runs"] as? [Any])?.isEmpty == true)
    #expect(try place.run("list").out.contains("no runs yet"))
    #expect(place.files.isEmpty)
  }

  /// Where nobody names a file the results go to Results/jamboree.sqlite, which is made.
  @Test func theDefaultFileIsMade() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    #expect(try place.run("run", scenario, "--no-floor").code == 0)
    #expect(place.files == ["Results", "s.yaml"])
    #expect((try place.run("list", "--json").object()["runs"] as? [Any])?.count == 1)
  }
}
