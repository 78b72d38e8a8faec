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

  /// What runs differ in is told where they are listed and compared, in lines that fit.
  @Test func whatDiffersIsTold() throws {
    let place = try Workplace()
    let expecting = tiny + "\nexpect:\n  - { metric: jam.posts, min: 10, scales: false }\n"
    let scenario = try place.write("s.yaml", expecting)
    #expect(try place.run("run", scenario, "--results", "r.sqlite", "--seed", "41").code == 0)
    let few = try place.run("run", scenario, "--results", "r.sqlite", "--seed", "42", "--set", "services.jam.posts.perParticipant=0.02", "--no-floor")
    #expect(few.code == 1, "\(few.out)")
    let listed = try place.run("list", "--results", "r.sqlite").out.split(separator: "\n").map(String.init)
    for column in ["seed", "pace", "ranker", "--set"] { #expect(listed[0].contains(column)) }
    #expect(listed[1].contains("  42  max "))
    #expect(listed[1].contains("services.jam.posts.perParticipant=0.02") && listed[2].contains("  41  max "))
    let record = try #require(try place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [[String: Any]]).first
    #expect(record?["pace"] as? String == "max")
    #expect(record?["overrides"] as? [String] == ["services.jam.posts.perParticipant=0.02", "seed=42"])

    let text = try place.run("compare", "last~1", "last", "--results", "r.sqlite").out
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.filter { !$0.hasPrefix("  ") }.allSatisfy { $0.count <= 160 }, "\(lines.map(\.count).max() ?? 0)")
    #expect(text.contains("\nfigure that differs") && lines.contains { $0.hasPrefix("jam.ideas ") && $0.contains("x") })
    #expect(!text.contains("\nprocess.") && !text.contains("\nfloor."))
    #expect(lines.contains { $0.hasPrefix("jam.posts ") && $0.hasSuffix("  ok") } && lines.contains { $0.hasSuffix("  FAILED") })
    // The few ideas of the second run are marked.
    #expect(lines.contains { $0.hasPrefix("jam.postIdea *") } && lines.contains { $0.hasPrefix("jam.readIdea  ") })
    #expect(text.contains("* fewer than 30 calls in a run"))
    let compared = try place.run("compare", "last~1", "last", "--results", "r.sqlite", "--json").object()
    let figures = try #require(compared["figures"] as? [[String: Any]])
    #expect(figures.contains { $0["name"] as? String == "jam.ideas" } && !figures.contains { ($0["name"] as? String)?.hasPrefix("process.") == true })
    #expect((compared["expectations"] as? [[String: Any]])?.map { $0["name"] as? String } == ["jam.posts"])

    // What came of a run is before what it cost.
    let shown = try place.run("show", "last~1", "--results", "r.sqlite").out.split(separator: "\n").map(String.init)
    func line(of start: String) throws -> Int { try #require(shown.firstIndex { $0.hasPrefix("  \(start)") }, "\(start)") }
    #expect(try line(of: "jam.participants") < line(of: "platform.peakHour"))
    #expect(try line(of: "platform.peakHour") < line(of: "engine.agents"))
    #expect(try line(of: "engine.agents") < line(of: "floor."))
    #expect(try shown[line(of: "jam.peakHour ")].hasSuffix("h from the start"))
  }

  /// A load's stages and what the audit found can be seen later on.
  @Test func loadsAreShownAndCompared() throws {
    let place = try Workplace()
    let scenario = try place.write(
      "s.yaml", tiny + "\nload:\n  warmUp: 0s\n  stages: [{ shape: step, rate: 100/s, for: 1s }, { shape: step, rate: 150/s, for: 1s }]\n")
    var made: [[String: Any]] = []
    for _ in 0..<2 {
      let run = try place.run("run", scenario, "--rate", "stages", "--backend", "sqlite", "--connections", "1", "--results", "r.sqlite", "--no-floor", "--json")
      #expect([0, 75].contains(run.code), "\(run.err)")
      made.append(try run.object())
    }
    let shown = try place.run("show", "last", "--results", "r.sqlite", "--json").object()
    let load = try #require(shown["load"] as? [String: Any])
    let stages = try #require(load["stages"] as? [[String: Any]])
    let wanted = try #require((made[1]["load"] as? [String: Any])?["stages"] as? [[String: Any]])
    #expect(stages.count == 2 && wanted.count == 2)
    for (stage, made) in zip(stages, wanted) {
      for key in ["rate", "startSeconds", "startsPerSecond", "errors"] { #expect(stage[key] as? NSNumber == made[key] as? NSNumber, "\(key)") }
      #expect(stage["response"] as? NSDictionary == made["response"] as? NSDictionary)
    }
    let remarks = (load["remarks"] as? [[String: String]])?.compactMap { $0["label"] } ?? []
    #expect(remarks.contains("parts") && remarks.contains("starts") && remarks.contains("audit"))
    #expect((load["outages"] as? [Any])?.isEmpty == true)
    let text = try place.run("show", "last", "--results", "r.sqlite").out
    #expect(text.contains("\n  stage ") && text.contains("\n  step at 1.00 s ") && text.contains("\n  audit "))
    #expect(text.contains("1 connection,"))
    let compared = try place.run("compare", "last~1", "last", "--results", "r.sqlite").out
    #expect(compared.contains("\nstep at 1.00 s ") && compared.contains("\naudit ") && compared.contains("none (a load)"))
    #expect(try place.run("list", "--results", "r.sqlite").out.contains("  stages  "))
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
