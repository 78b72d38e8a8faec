import Foundation
import Testing

/// What all of these leave out: a debug build takes seconds under callgrind.
private let quick = ["--instructions", "off", "--replicates", "2"]

extension Workplace {
  /// Of fifty people, named `main`, of the scenario `s.yaml`.
  func makeBaseline(_ more: [String] = []) throws {
    _ = try write("s.yaml", tiny)
    let set = try run(["baseline", "set", "main", "s.yaml", "--workers", "2"] + quick + more)
    #expect(set.code == 0, "\(set.err)")
  }
}

/// A gate over real processes of the program, on fifty people.
@Suite struct GateTests {
  private func gate(_ place: Workplace, _ arguments: String...) throws -> Finished {
    try place.run(["gate", "s.yaml", "--baseline", "main"] + quick + arguments)
  }

  private func edit(_ place: Workplace, _ body: (inout [String: Any]) throws -> Void) throws {
    let path = "Results/baselines/main.json"
    var object = try #require(JSONSerialization.jsonObject(with: Data(place.text(path).utf8)) as? [String: Any])
    try body(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: place.path(path)))
  }

  @Test func aProgramPassesAgainstItself() throws {
    let place = try Workplace()
    try place.makeBaseline(["--seed", "7", "--ranker", "hot?gravity=1.8"])
    // Seed, ranker and all else are the baseline's.
    let gate = try gate(place, "--json")
    #expect(gate.code == 0, "\(gate.err)")
    let report = try gate.object()
    #expect(report["passed"] as? Bool == true)
    #expect((report["reasons"] as? [Any])?.isEmpty == true)
    let behaviour = try #require(report["behaviour"] as? [[String: Any]])
    #expect(behaviour.map { $0["verdict"] as? String }.allSatisfy { $0 == "same" })
    #expect(behaviour.first?["figure"] as? String == "digest")
    let digest = try place.run("baseline", "show", "main", "--json").object()["digest"] as? String
    #expect(behaviour.first?["now"] as? String == digest)
    // Nothing is left of its processes' results.
    #expect(place.files == ["Results", "s.yaml"])
  }

  /// Its own program beside it, process by process in turn.
  @Test func timesAreComparedWithABaselinesProgram() throws {
    let place = try Workplace()
    try place.makeBaseline()
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "jamboree").path
    let report = try gate(place, "--json", "--baseline-binary", program, "--time-debug-builds").object()
    #expect(report["timing"] as? String == "interleaved")
    let times = try #require(report["times"] as? [[String: Any]])
    #expect(times.map { $0["figure"] as? String }.prefix(2) == ["operationsPerSecond", "ranking.hot.meanNanoseconds"])
    for time in times {
      let interval = try #require(time["interval99"] as? [Double])
      let change = (time["change"] as? NSNumber)?.doubleValue ?? .nan
      #expect(interval[0] <= change && change <= interval[1])
    }
    #expect(try gate(place, "--baseline-binary", place.path("s.yaml"), "--time-debug-builds").code == 64)
    // Something that runs and is no such program: what it did is told.
    let other = try gate(place, "--baseline-binary", "/bin/false", "--time-debug-builds")
    #expect(other.code != 0)
    #expect(other.err.contains("/bin/false"))
  }

  /// The baseline's processes are said to have been a million times as fast, or as slow.
  @Test func slowerFailsAndFasterPasses() throws {
    let place = try Workplace()
    try place.makeBaseline()
    func scale(_ factors: Double...) throws {
      try edit(place) { object in
        let processes = try #require(object["processes"] as? [[String: Any]])
        object["processes"] = processes.enumerated().map { index, process in
          var process = process
          process["operationsPerSecond"] = ((process["operationsPerSecond"] as? NSNumber)?.doubleValue ?? 0) * factors[index % factors.count]
          return process
        }
      }
    }
    try scale(1e6)
    let slower = try gate(place, "--time-debug-builds")
    #expect(slower.code == 1)
    #expect(slower.out.contains("verdict  failed: operationsPerSecond is"), "\(slower.out)")
    #expect(slower.out.contains("-100.0%") && slower.out.split(separator: "\n").allSatisfy { !$0.contains("0000%") })
    try scale(1e-12)
    let faster = try gate(place, "--time-debug-builds", "--json").object()
    #expect(!((faster["verdict"] as? String)?.contains("operationsPerSecond is") ?? true))
    let rate = try #require((faster["times"] as? [[String: Any]])?.first)
    #expect(rate["verdict"] as? String == "better")
    // Among processes that are a million times apart no change is found, and what is not found is not a number.
    try scale(1e6, 1)
    let noisy = try gate(place, "--time-debug-builds")
    #expect(noisy.out.contains("  finds    nothing: no worsening under 100% would be found"), "\(noisy.out)")
  }

  @Test func doingSomethingElseFailsUnlessItIsAllowed() throws {
    let place = try Workplace()
    try place.makeBaseline()
    try edit(place) { object in
      var behaviour = try #require(object["behaviour"] as? [String: Any])
      behaviour["digest"] = String(repeating: "0", count: 32)
      object["behaviour"] = behaviour
    }
    let strict = try gate(place)
    #expect(strict.code == 1)
    #expect(strict.out.contains("CHANGED") && strict.out.contains("(digest)") && strict.out.contains("--allow-digest-change"))
    let lenient = try gate(place, "--allow-digest-change")
    #expect(lenient.code == 0)
    #expect(lenient.out.contains("allowed"))
  }

  @Test func anExpectationThatFailsFails() throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny + "\nexpect: [{ metric: jam.sessions, value: 5 }]")
    let set = try place.run(["baseline", "set", "main", "s.yaml"] + quick)
    #expect(set.code == 1)
    #expect(set.err.contains("jam.sessions"))
    #expect(try place.run("baseline", "list").out.contains("no baselines"))
  }

  @Test func anotherRunIsRefused() throws {
    let place = try Workplace()
    try place.makeBaseline()
    for (arguments, what) in [
      (["--seed", "3"], "seed"), (["--scale", "0.5"], "scale"), (["--set", "services.jam.forums=3"], "--set"),
      (["--workers", "1"], "workers"), (["--backend", "null"], "backend"),
    ] {
      let refused = try place.run(["gate", "s.yaml", "--baseline", "main"] + arguments)
      #expect(refused.code == 64)
      #expect(refused.out.isEmpty && refused.err.split(separator: "\n").count == 1)
      #expect(refused.err.contains("another run (\(what): the baseline has"), "\(refused.err)")
    }
    _ = try place.write("s.yaml", tiny.replacingOccurrences(of: "forums: 2", with: "forums: 3"))
    #expect(try gate(place).err.contains("the scenario's text"))
  }

  /// A ranker or a feed that may replace the baseline's: how good it is can be compared, what it takes cannot.
  @Test func anotherRankerIsHeldToTheQualities() throws {
    let place = try Workplace()
    try place.makeBaseline(["--seed", "7", "--ranker", "random", "--set", "measure.judgedPages=1"])
    let report = try gate(place, "--ranker", "oracle", "--json").object()
    #expect(report["substitutions"] as? [String] == ["ranker oracle in place of random"])
    #expect(report["timing"] as? String == "not-compared" && (report["timingReason"] as? String)?.contains("another ranker") == true)
    let findings = try #require(report["behaviour"] as? [[String: Any]])
    func verdict(_ figure: String) -> String? { findings.first { $0["figure"] as? String == figure }?["verdict"] as? String }
    #expect(verdict("digest") == "allowed" && verdict("quality.ndcg20") == "better")

    // As it is for the worse.
    try place.makeBaseline(["--ranker", "oracle", "--set", "measure.judgedPages=1"])
    let worse = try gate(place, "--ranker", "random")
    #expect(worse.code == 1)
    #expect(worse.out.contains("\n  ranker random in place of oracle: ") && worse.out.contains("quality.ndcg20 is worse by"), "\(worse.out)")
    #expect(worse.out.contains("compare --rankers oracle,random s.yaml --set measure.judgedPages=1 --seeds 1..10"), "\(worse.out)")
    // Named by the scenario's key, it is passed on as any.
    #expect(try place.run(["baseline", "set", "keyed", "s.yaml", "--set", "ranker.id=top", "--workers", "1"] + quick).code == 0)
    #expect(try place.run("baseline", "show", "keyed", "--json").object()["ranker"] as? String == "top")
    let keyed = try place.run(["gate", "s.yaml", "--baseline", "keyed", "--ranker", "chronological", "--json"] + quick)
    #expect(try keyed.object()["substitutions"] as? [String] == ["ranker chronological in place of top"], "\(keyed.err)")
    // The baseline's by name is no other.
    #expect(try gate(place, "--ranker", "oracle", "--feed", "pull", "--json").object()["substitutions"] as? [String] == [])
    let feed = try gate(place, "--feed", "push", "--json")
    #expect(feed.code == 0, "\(feed.err)")
    #expect(try feed.object()["substitutions"] as? [String] == ["feed push in place of pull"])
    // The flags of the baseline are the flags of its run, the feed's among them.
    let both = ["--set", "measure.judgedPages=1", "--feed", "push"]
    #expect(try place.run(["baseline", "set", "pushed", "s.yaml", "--workers", "1"] + both + quick).code == 0)
    let same = try place.run(["gate", "s.yaml", "--baseline", "pushed", "--json"] + both + quick)
    #expect(same.code == 0, "\(same.err)")
    #expect(try same.object()["substitutions"] as? [String] == [])
    for flags in [["--baseline-binary", "/bin/true"], ["--require-timings"]] {
      let refused = try place.run(["gate", "s.yaml", "--baseline", "main", "--ranker", "random"] + flags)
      #expect(refused.code == 64)
      #expect(refused.err.contains(flags[0]) && refused.err.contains("ranker random in place of oracle"), "\(refused.err)")
    }
  }

  @Test func mistakesAreNamed() throws {
    let place = try Workplace()
    try place.makeBaseline()
    func refused(_ arguments: String..., names: [String]) throws {
      let run = try place.run(arguments)
      #expect(run.code == 64, "\(arguments)")
      #expect(run.out.isEmpty && run.err.split(separator: "\n").count == 1, "\(run.err)")
      for name in names { #expect(run.err.contains(name), "'\(name)' is not in: \(run.err)") }
    }
    try refused("gate", "s.yaml", "--baseline", "mian", names: ["'mian'", "known: main"])
    try refused("gate", "s.yaml", "--baseline", "../main", names: ["'../main'", "letters"])
    try refused("gate", "s.yaml", names: ["--baseline"])
    try refused("gate", "t.yaml", "--baseline", "main", names: ["t.yaml"])
    try refused("gate", "s.yaml", "--baseline", "main", "--replicates", "1", names: ["--replicates", "from 2"])
    try refused("gate", "s.yaml", "--baseline", "main", "--process-timeout", "0s", names: ["--process-timeout", "from 1s"])
    try refused("gate", "s.yaml", "--baseline", "main", "--instructions", "guess", names: ["--instructions", "guess"])
    try refused("gate", "s.yaml", "--baseline", "main", "--baseline-binary", "nowhere", names: ["--baseline-binary nowhere", "swift build"])
    try refused("gate", "s.yaml", "--baseline", "main", "--baselines", "", names: ["--baselines"])
    try refused("baseline", "set", "a/b", "s.yaml", names: ["'a/b'"])
    try refused("baseline", "set", "x", "s.yaml", "--ranker", "warm", names: ["'warm'", "hot"])
    try refused("baseline", "show", "x", names: ["'x'", "known: main"])
    try edit(place) { $0["processes"] = "many" }
    try refused("gate", "s.yaml", "--baseline", "main", names: ["Results/baselines/main.json", "key 'processes' is not a list", "baseline set main"])
    // A damaged one does not hide the others.
    let list = try place.run("baseline", "list", "--json").object()["baselines"] as? [[String: Any]]
    #expect((list?.first?["error"] as? String)?.contains("processes") == true)
    #expect(try place.run("baseline", "list", "--baselines", "nowhere").out.contains("no baselines in nowhere"))
    let unreadable = try place.run("baseline", "list", "--baselines", "s.yaml")
    #expect(unreadable.code == 74 && unreadable.out.isEmpty)
    #expect(unreadable.err.contains("s.yaml cannot be read"), "\(unreadable.err)")
  }

  @Test func requiredTimesThatThereAreNotAreInvalid() throws {
    let place = try Workplace()
    try place.makeBaseline()
    try edit(place) { object in
      var environment = try #require(object["environment"] as? [String: Any])
      environment["cpuModel"] = "Z80"
      object["environment"] = environment
    }
    let lenient = try gate(place, "--time-debug-builds")
    #expect(lenient.code == 0)
    #expect(lenient.out.contains("times are not compared") && lenient.out.contains("processor: Z80 then") && lenient.out.contains("--baseline-binary"))
    #expect(try gate(place, "--time-debug-builds", "--require-timings").code == 75)
  }

  /// A program in the place of perf says how many instructions there were: what the file `count` holds.
  @Test func moreInstructionsFail() throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    let perf = try place.write("perf", "#!/bin/sh\nout=$7\nshift 8\n\"$@\"\ncode=$?\necho \"$(cat count),,instructions:u,1,100.00,,\" >\"$out\"\nexit $code\n")
    #expect(chmod(perf, 0o755) == 0)
    func run(_ count: String, _ arguments: String) throws -> Finished {
      _ = try place.write("count", count)
      return try place.shell("PATH=\"$PWD:$PATH\" \"$0\" \(arguments) --replicates 2")
    }
    #expect(try run("1000000", "baseline set main s.yaml").code == 0)
    let shown = try place.run("baseline", "show", "main", "--json").object()["instructions"] as? [String: Any]
    #expect(shown?["tool"] as? String == "perf" && shown?["count"] as? Int == 1_000_000 && shown?["scale"] as? Double == 0.05)
    #expect(try run("1019000", "gate s.yaml --baseline main").code == 0)
    let more = try run("1030000", "gate s.yaml --baseline main")
    #expect(more.code == 1)
    #expect(more.out.contains("failed: instructions (perf) is worse by 3.0%"), "\(more.out)")
    #expect(try run("1030000", "gate s.yaml --baseline main --instruction-tolerance 4").code == 0)
    #expect(try run("900000", "gate s.yaml --baseline main").out.contains("better"))
    // As in a virtual machine without counters.
    let none = try run("<not supported>", "gate s.yaml --baseline main --instructions perf")
    #expect(none.code == 64)
    #expect(none.err.contains("--instructions perf") && none.err.contains("callgrind"))
  }

  /// Instructions of the baseline's program that cannot be counted are no instructions that are as many.
  @Test func aCountThatIsMissingIsTold() throws {
    let place = try Workplace()
    try place.makeBaseline()
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "jamboree").path
    try FileManager.default.createSymbolicLink(atPath: place.path("other"), withDestinationPath: program)
    let perf = try place.write(
      "perf",
      "#!/bin/sh\nout=$7\nshift 8\ncase $1 in *other) count='<not supported>' ;; *) count=1000 ;; esac\n\"$@\"\ncode=$?\necho \"$count,,instructions:u,1,100.00,,\" >\"$out\"\nexit $code\n")
    #expect(chmod(perf, 0o755) == 0)
    let gate = try place.shell(
      "PATH=\"$PWD:$PATH\" \"$0\" gate s.yaml --baseline main --baseline-binary ./other --time-debug-builds --instructions perf --replicates 2 --json")
    let notes = try #require(gate.object()["notes"] as? [String], "\(gate.err)")
    #expect(notes.contains { $0.contains("those of the baseline's program could not be counted") }, "\(notes)")
  }

  /// A program that says of itself that it was built otherwise.
  @Test func programsThatAreBuiltOtherwiseAreNotCompared() throws {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    guard path.contains(where: { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }) else { return }
    let place = try Workplace()
    try place.makeBaseline()
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "jamboree").path
    let other = try place.write(
      "other",
      """
      #!/bin/sh
      "\(program)" "$@"
      code=$?
      while [ "$1" != --results ]; do shift; done
      python3 -c 'import sqlite3, sys
      file = sqlite3.connect(sys.argv[1])
      file.execute("UPDATE environment SET build_configuration = ?", ("strange",))
      file.commit()' "$2"
      exit $code

      """)
    #expect(chmod(other, 0o755) == 0)
    let refused = try gate(place, "--baseline-binary", "./other", "--time-debug-builds")
    #expect(refused.code == 64)
    #expect(refused.err.contains("--baseline-binary ./other: it is a strange build"), "\(refused.err)")
  }
}
