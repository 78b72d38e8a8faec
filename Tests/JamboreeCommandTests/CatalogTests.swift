import Foundation
import Testing

@Suite struct CatalogTests {
  @Test func scenariosAreListedDescribedAndChecked() throws {
    let place = try Workplace()
    let folder = Workplace.package.appending(path: "Scenarios").path
    let listed = try place.run("scenarios", "list", folder, "--json").object()["scenarios"] as? [[String: Any]]
    #expect(listed?.compactMap { $0["name"] as? String }.contains("smoke") == true)
    #expect(listed?.allSatisfy { $0["error"] == nil } == true)
    #expect(try place.run("scenarios", "list", folder).out.contains("jam-500k"))
    #expect(try place.run("scenarios", "list", "nowhere").code == 64)

    let described = try place.run("scenarios", "describe", Workplace.smoke, "--set", "services.jam.forums=17")
    #expect(described.code == 0)
    for part in ["# smoke", "forums", "17", "zetaAlpha", "2.3", "localHours", "meanDegree"] { #expect(described.out.contains(part)) }

    let bad = try place.write("bad.yaml", tiny + "\nduratoin: 3h")
    let good = try place.write("good.yaml", tiny)
    let checked = try place.run("scenarios", "validate", good, bad, Workplace.flagship)
    #expect(checked.code == 64)
    #expect(checked.out == "ok  \(good)\nok  \(Workplace.flagship)\n")
    #expect(checked.err.contains("bad.yaml:10") && checked.err.contains("duratoin") && checked.err.contains("duration"))
    #expect(try place.run("scenarios", "validate", good).code == 0)
  }

  @Test func theSchemaIsAJSONSchema() throws {
    let place = try Workplace()
    let schema = try place.run("scenarios", "schema").object()
    #expect((schema["$schema"] as? String)?.contains("json-schema.org") == true)
    let properties = try #require(schema["properties"] as? [String: Any])
    for key in ["name", "population", "services", "measure", "expect"] { #expect(properties[key] != nil, "\(key)") }
    #expect(schema["additionalProperties"] as? Bool == false)
  }

  /// Whatever a run reports may be expected, and scenarios know its name beforehand.
  @Test func everythingReportedMayBeExpected() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny.replacingOccurrences(of: "duration: 1h", with: "duration: 12h"))
    #expect(try place.run("run", scenario, "--no-floor", "--results", "r.sqlite").code == 0)
    let shown = try place.run("show", "last", "--results", "r.sqlite", "--json").object()
    var names = ["operations", "errors", "operationsPerSecond", "wallSeconds"]
    for part in ["metrics", "totals"] { names += try #require(shown[part] as? [String: Any]).keys }
    for part in ["latency", "storage", "ranking"] {
      names += try #require(shown[part] as? [String: Any]).keys.map { $0 + ".p99Nanoseconds" }
    }
    #expect(names.count > 40)
    let expectations = names.map { "\n  - { metric: \"\($0)\", min: 0 }" }.joined()
    let checked = try place.run("scenarios", "validate", try place.write("e.yaml", tiny + "\nexpect:" + expectations))
    #expect(checked.code == 0, "\(checked.err)")
  }

  /// What is planned is what is done, also in hours that are no whole working day.
  @Test func whatIsDescribedIsWhatIsDone() throws {
    let place = try Workplace()
    let day = Workplace.package.appending(path: "Scenarios/intranet-day.yaml").path
    let changes = ["--scale", "0.004", "--set", "start=Tuesday 08:00", "--set", "duration=12h", "--set", "services.moderation.brigade.members=3"]
    let described = try place.run(["scenarios", "describe", day, "--json"] + changes)
    let planned = try #require(try described.object()["planned"] as? [[String: Any]])
    let run = try place.run(["run", day, "--no-floor", "--results", "r.sqlite", "--json"] + changes).object()
    let totals = try #require(run["totals"] as? [String: NSNumber])
    let latency = try #require(run["latency"] as? [String: [String: NSNumber]])
    #expect(planned.count == 17)
    var compared = 0
    for crowd in planned {
      let name = try #require(crowd["name"] as? String)
      #expect(totals["\(name).participants"] == crowd["participants"] as? NSNumber, "\(name)")
      for (action, count) in crowd["actions"] as? [String: NSNumber] ?? [:] where count.intValue > 0 {
        // Ideas and replies are planned together, and answers to nothing are none.
        let counted = action.split(separator: " and ").reduce(0) { $0 + (latency[String($1)]?["count"]?.intValue ?? 0) }
        #expect(counted == count.intValue, "\(action)")
        compared += 1
      }
    }
    #expect(compared > 40)
    let wiki = try #require(planned.first { $0["name"] as? String == "wiki" })
    #expect((0.4...0.9).contains((wiki["workingDays"] as? NSNumber)?.doubleValue ?? 0))
    let parameters = try #require(try described.object()["parameters"] as? [String: Any])
    #expect((parameters["duration"] as? [String: Any])?["value"] as? String == "12h")

    // A large one is described without.
    let large = try place.run("scenarios", "describe", Workplace.flagship, "--scale", "50", "--json")
    #expect(large.code == 0)
    #expect(try large.object()["planned"] is NSNull)

    // The text is a scenario still, and says the same.
    let text = try place.run(["scenarios", "describe", day] + changes)
    #expect(text.out.contains("#     wiki.view ") && text.out.contains("a working day's rates for"))
    #expect(try place.run("scenarios", "validate", place.write("again.yaml", text.out)).code == 0)
  }

  /// Editors read the file beside the scenarios: after a change of parameters it is made anew.
  @Test func theSchemaBesideTheScenariosIsThisOne() throws {
    let shipped = try String(contentsOf: Workplace.package.appending(path: "Scenarios/scenario.schema.json"), encoding: .utf8)
    let isSame = try Workplace().run("scenarios", "schema").out == shipped
    #expect(isSame, "make it anew: Scripts/jamboree scenarios schema > Scenarios/scenario.schema.json")
  }

  @Test func plugInsAreListed() throws {
    let place = try Workplace()
    let backends = try place.run("backends", "--json").object()["backends"] as? [[String: Any]]
    #expect(backends?.map { $0["id"] as? String } == ["memory", "null", "sqlite", "postgres"])
    #expect(backends?.map { $0["synthetic"] as? Bool } == [false, true, false, false])
    let rankers = try place.run("rankers", "--json").object()["rankers"] as? [[String: Any]]
    #expect(rankers?.map { $0["id"] as? String } == [
      "hot", "chronological", "top", "bayesian", "affinity", "interest", "engagement", "diversified", "random", "oracle", "exec",
    ])
    #expect(try place.run("backends").out.contains("null"))
    #expect(try place.run("rankers").out.contains("gravity="))
  }

  /// The scenario's is the default, and what is kept of a run is what it was.
  @Test func aScenarioNamesItsRanker() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny + "\nranker: { id: diversified, options: { base: top, base.z: 2 } }")
    func ranker(_ flags: String...) throws -> [String: Any] {
      let run = try place.run(["run", scenario, "--no-floor", "--results", "r.sqlite"] + flags)
      #expect(run.code == 0, "\(run.err)")
      return try place.run("show", "last", "--results", "r.sqlite", "--json").object()
    }
    let own = try ranker()
    #expect(own["ranker"] as? String == "diversified")
    #expect(own["rankerOptions"] as? [String] == ["base=top", "base.z=2", "lambda=0.7", "author=0.5", "shortlist=60"])
    // Where it is told in words, it is with what is not the default, of the base too.
    for command in [["show", "last"], ["list"], ["compare", "last", "last"]] {
      #expect(try place.run(command + ["--results", "r.sqlite"]).out.contains("diversified(base=top, base.z=2)"), "\(command)")
    }
    #expect(try ranker("--ranker", "engagement?tie=0")["ranker"] as? String == "engagement")
    let changed = try ranker("--set", "ranker.options.lambda=0.25")
    #expect((changed["rankerOptions"] as? [String])?.contains("lambda=0.25") == true)
    let run = try place.run("run", scenario, "--no-floor", "--results", "r.sqlite", "--ranker", "diversified?base.gravity=1.5&author=1").out
    #expect(run.contains(" diversified(author=1) ranker, "))
  }

  @Test func rankersAreMeasured() throws {
    let place = try Workplace()
    let found = try place.run("bench", "rankers", "--reads", "70", "--runs", "1", "--json").object()
    let rankers = try #require(found["rankers"] as? [String: [String: Any]])
    #expect(rankers.count == 10)
    for (id, figures) in rankers {
      for key in ["nanosecondsPerCandidate", "selectionNanoseconds"] { #expect((figures[key] as? Double ?? -1) >= 0, "\(id) \(key)") }
      #expect(figures["allocatedBytesPerRead"] as? Double == 0, "\(id)")
    }
    #expect(found["selectionNanoseconds"] is Double)
    let text = try place.run("bench", "rankers", "--reads", "5", "--runs", "1", "--ranker", "top?z=1")
    #expect(text.code == 0 && text.out.contains("top?z=1") && !text.out.contains("hot"))
    let two = try place.run("bench", "rankers", "--reads", "5", "--runs", "1", "--ranker", "top?z=1", "--ranker", "hot")
    #expect(two.code == 0 && two.out.contains("top?z=1") && two.out.contains("hot"), "\(two.err)")
    #expect(try place.run("bench", "rankers", "--ranker", "warm").code == 64)
  }

  @Test func versionAndHelp() throws {
    let place = try Workplace()
    let version = try place.run("--version")
    #expect(version.code == 0)
    #expect(version.out.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    let help = try place.run("--help")
    #expect(help.code == 0)
    for command in ["run", "list", "show", "compare", "scenarios", "backends", "rankers", "bench", "doctor", "gate", "baseline"] {
      #expect(help.out.contains("\n  \(command) "), "\(command)")
    }
    #expect(try place.run("dance").code == 64)
  }

  @Test func theDoctorSaysWhatIsMissingAndHowToGetIt() throws {
    let place = try Workplace()
    let doctor = try place.run("doctor", "--json")
    let checks = try #require(try doctor.object()["checks"] as? [[String: Any]])
    #expect(checks.count >= 5)
    for check in checks {
      #expect(Set(check.keys) == ["name", "passed", "found", "remedy"])
      #expect((check["remedy"] as? String)?.isEmpty == false)
    }
    let isWell = checks.allSatisfy { $0["passed"] as? Bool == true }
    #expect(doctor.code == (isWell ? 0 : 1))
    let text = try place.run("doctor")
    #expect(text.code == doctor.code)
    #expect(text.out.contains("MISSING") == !isWell)
  }

  @Test(arguments: [
    ["phold", "--members", "256", "--end", "2"], ["scheduler", "--members", "500", "--wakes", "1"],
    ["recorder", "--operations", "5000"], ["population", "--members", "1000"], ["graph", "--members", "1000"],
  ]) func benchesPrintARate(_ arguments: [String]) throws {
    let bench = try Workplace().run(["bench"] + arguments + ["--runs", "2", "--workers", "2", "--json"])
    #expect(bench.code == 0)
    #expect(bench.err.isEmpty)
    let object = try bench.object()
    #expect(object["bench"] as? String == arguments[0])
    let rate = ((object["eventsPerSecond"] ?? object["operationsPerSecond"]) as? NSNumber)?.doubleValue ?? 0
    #expect(rate > 0)
    #expect((object["runSeconds"] as? [Any])?.count == 2)
  }
}
