import Foundation
import Testing

/// `--ranker exec:...` as a user meets it.
@Suite struct ExecRankerTests {
  private static let example = Workplace.package.appending(path: "Tests/Examples/rank.py").path
  private static let hasPython = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }

  private static let helpers = """
    #!/usr/bin/env python3
    import os, struct, sys, time
    sys.stdout.buffer.write(struct.pack("<I4sHHI", 12, b"JMBR", 1, 0, 1))
    sys.stdout.flush()

    """

  /// Leaves a file that is named for its process, and gives every candidate the same score after a while.
  private static func sleeping(seconds: Double) -> String {
    """
    with open(f"process.{os.getpid()}", "w") as file:
        file.write("x")
    while len(head := sys.stdin.buffer.read(4)) == 4:
        body = sys.stdin.buffer.read(struct.unpack("<I", head)[0])
        number, _, candidates = struct.unpack_from("<III", body)
        time.sleep(\(seconds))
        sys.stdout.buffer.write(struct.pack("<III", 8 + 4 * candidates, number, candidates) + bytes(4 * candidates))
        sys.stdout.flush()
    """
  }

  private func place() throws -> Workplace {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    return place
  }

  private func write(_ place: Workplace, _ name: String, _ text: String) throws {
    _ = try place.write(name, text)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.path(name))
  }

  private func run(_ place: Workplace, _ ranker: String, _ more: String...) throws -> Finished {
    try place.run(["run", "s.yaml", "--results", "r.sqlite", "--no-floor", "--json", "--workers", "2", "--ranker", ranker] + more)
  }

  @Test(.enabled(if: hasPython, "needs python3")) func theExampleRanks() throws {
    let place = try place()
    let first = try run(place, "exec:\(Self.example)").object()
    #expect(first["ranker"] as? String == "exec")
    #expect(first["digestIsReproducible"] as? Bool == true)
    #expect(first["firstRankingError"] is NSNull)
    #expect((first["metrics"] as? [String: Any])?["ranking.fallbackPages"] as? Double == 0)
    #expect(((first["ranking"] as? [String: Any])?["exec"] as? [String: Any])?["count"] as? Int ?? 0 > 10)
    // With an interpreter in front, and as an option: the same ranker.
    for name in ["exec:python3 \(Self.example)", "exec?command=\(Self.example)&batch=1"] {
      #expect(try run(place, name).object()["digest"] as? String == first["digest"] as? String)
    }
    #expect(try run(place, "chronological").object()["digest"] as? String != first["digest"] as? String)
  }

  struct Refusal: Sendable {
    let ranker: String
    let tells: [String]
  }

  @Test(arguments: [
    Refusal(ranker: "exec", tells: ["needs a program to run", "exec:./rank.py"]),
    Refusal(ranker: "exec:./nowhere.py", tells: ["there is no program './nowhere.py'"]),
    Refusal(ranker: "exec:s.yaml", tells: ["no program 's.yaml' on PATH", "'./s.yaml'"]),
    Refusal(ranker: "exec:./s.yaml", tells: ["may not be run", "chmod +x"]),
    Refusal(ranker: "exec:./s.yaml/rank", tells: ["there is no program './s.yaml/rank'"]),
    Refusal(ranker: "exec:nowhere", tells: ["no program 'nowhere' on PATH; name one elsewhere with its folder"]),
    Refusal(ranker: "exec:'python3 x.py'", tells: ["there is no program 'python3:", "quotes around the whole, as in 'exec:python3 rank.py'"]),
    Refusal(ranker: "exec:\"./x.py\"", tells: ["a quote is part of the name"]),
    Refusal(ranker: "exec:/", tells: ["'/' is a folder; name the program in it"]),
    Refusal(ranker: "exec:false x.py", tells: ["exit code 1 before it had said hello; there is no 'x.py'"]),
    Refusal(ranker: "exec:true", tells: ["ended with exit code 0 before it had said hello"]),
    Refusal(ranker: "exec:echo Hello", tells: ["'Hello", "hello"]),
    Refusal(ranker: "exec:./a&b", tells: ["'&'", "script"]),
    Refusal(ranker: "exec:true?command=false", tells: ["'command' is given twice"]),
    Refusal(ranker: "exec:true?timeout=0", tells: ["timeout", "from 1 to 3600000"]),
  ]) func refused(_ refusal: Refusal) throws {
    let place = try place()
    let run = try run(place, refusal.ranker)
    #expect(run.code == 64)
    #expect(run.out.isEmpty)
    #expect(run.err.split(separator: "\n").count == 1, "\(run.err)")
    for text in refusal.tells { #expect(run.err.contains(text), "\(run.err)") }
    #expect(place.files == ["s.yaml"])
  }

  /// A run in which pages were not ranked does not pass in silence; an expectation may allow it.
  @Test(.enabled(if: hasPython, "needs python3")) func unrankedPagesFailTheRun() throws {
    let place = try place()
    try write(place, "dies.py", Self.helpers + "sys.stdin.buffer.read(4)\nsys.exit(7)\n")
    let ranker = "exec:./dies.py?restarts=1"
    let failed = try run(place, ranker)
    #expect(failed.code == 1)
    let object = try failed.object()
    #expect(object["verdict"] as? String == "failed")
    #expect((object["verdictReason"] as? String)?.contains("shown newest first") == true)
    #expect(object["digestIsReproducible"] as? Bool == false)
    #expect((object["firstRankingError"] as? String)?.contains("exit code 7") == true)
    let metrics = try #require(object["metrics"] as? [String: Double])
    #expect(metrics["ranking.fallbackPages"] ?? 0 > 10)
    // Of two workers, or of the one that was needed: each process and the one after it, which may not have been needed either.
    #expect((2...4).contains(metrics["ranking.deaths"] ?? 0) && (1...2).contains(metrics["ranking.restarts"] ?? 0))
    #expect(metrics["ranking.errors"] == metrics["ranking.deaths"])
    let text = try place.run(["run", "s.yaml", "--results", "r.sqlite", "--no-floor", "--ranker", ranker])
    #expect(text.code == 1)
    for part in ["ends of its process", "exit code 7", "not reproducible", "verdict"] { #expect(text.out.contains(part), "\(text.out)") }
    _ = try place.write("s.yaml", tiny + "\nexpect: [{ metric: ranking.fallbackPages, max: 1000000 }]")
    let allowed = try run(place, ranker)
    #expect(allowed.code == 0)
    _ = try place.write("s.yaml", tiny + "\nexpect: [{ metric: ranking.fallbackPages, max: 1 }]")
    #expect(try run(place, ranker).code == 1)
    // An expectation of something else does not allow it.
    _ = try place.write("s.yaml", tiny + "\nexpect: [{ metric: ranking.notANumberScores, max: 0 }]")
    #expect(try run(place, ranker).code == 1)
  }

  /// What it says to standard error is seen: a Python program that dies tells why there.
  @Test(.enabled(if: hasPython, "needs python3")) func itsStandardErrorIsShown() throws {
    let place = try place()
    try write(place, "fails.py", Self.helpers + "sys.stdin.buffer.read(4)\nraise ValueError('no model')\n")
    let run = try run(place, "exec:./fails.py?restarts=0")
    #expect(run.code == 1)
    #expect(run.err.contains("ValueError: no model"))
  }

  /// Nothing of it is left when the program is killed, when it is stopped, and when it is stopped at once.
  @Test(.enabled(if: hasPython, "needs python3"), arguments: [[SIGKILL], [SIGINT], [SIGINT, SIGINT]])
  func itsProcessesEndWithTheProgram(_ signals: [Int32]) throws {
    let place = try place()
    try write(place, "slow.py", Self.helpers + Self.sleeping(seconds: 0.2))
    let started = try place.start(["run", "s.yaml", "--results", "r.sqlite", "--no-floor", "--workers", "1", "--ranker", "exec:./slow.py"])
    for _ in 0..<3_000 where !place.files.contains(where: { $0.hasPrefix("process.") }) { usleep(10_000) }
    usleep(500_000)
    let processes = place.files.filter { $0.hasPrefix("process.") }.compactMap { pid_t($0.dropFirst(8)) }
    #expect(processes.count == 1)
    for signal in signals {
      #expect(kill(started.process.processIdentifier, signal) == 0)
      usleep(50_000)
    }
    let finished = try started.finish()
    #expect(finished.code == (signals == [SIGKILL] ? -SIGKILL : 130))
    for process in processes {
      var isThere = true
      for _ in 0..<1_000 where isThere {
        usleep(10_000)
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        isThere = !status.isEmpty && status.split(separator: ")").last?.hasPrefix(" Z") != true
      }
      #expect(!isThere)
    }
  }

  /// Pages that nobody ranked fail a gate, whatever else it lets pass, and make no baseline.
  @Test(.enabled(if: hasPython, "needs python3")) func unrankedPagesFailAGate() throws {
    let place = try place()
    try write(place, "rank.py", Self.helpers + Self.sleeping(seconds: 0))
    let flags = ["--instructions", "off", "--replicates", "2"]
    let ranker = ["--workers", "1", "--ranker", "exec:./rank.py?restarts=0"]
    let set = try place.run(["baseline", "set", "main", "s.yaml"] + ranker + flags)
    #expect(set.code == 0, "\(set.err)")
    try write(place, "rank.py", Self.helpers + "sys.stdin.buffer.read(4)\nsys.exit(7)\n")
    let gate = try place.run(["gate", "s.yaml", "--baseline", "main", "--allow-digest-change", "--quality-tolerance", "100", "--json"] + flags)
    #expect(gate.code == 1, "\(gate.err)")
    let failure = try gate.object()["runFailure"] as? String
    #expect(failure?.contains("shown newest first") == true)
    let refused = try place.run(["baseline", "set", "other", "s.yaml"] + ranker + flags)
    #expect(refused.code == 1)
    #expect(refused.err.contains("shown newest first") && refused.err.contains("no baseline was made"), "\(refused.err)")
  }

  /// Rankers lead groups of their own, and end nevertheless with the process that a baseline is measured by.
  @Test(.enabled(if: hasPython, "needs python3")) func itsProcessesEndWithAnInterruptedBaseline() throws {
    let place = try place()
    try write(
      place, "hangs.py",
      "#!/usr/bin/env python3\nimport os\nopen(f\"process.{os.getpid()}\", \"w\").close()\n" + Self.helpers + "time.sleep(60)\n")
    let started = try place.start(
      ["baseline", "set", "main", "s.yaml", "--workers", "1", "--instructions", "off", "--ranker", "exec:./hangs.py?timeout=60000&restarts=0"])
    func processes() -> [pid_t] { place.files.filter { $0.hasPrefix("process.") }.compactMap { pid_t($0.dropFirst(8)) } }
    // The command itself starts one, to ask what it needs.
    for _ in 0..<3_000 where processes().count < 2 { usleep(10_000) }
    usleep(500_000)
    #expect(kill(started.process.processIdentifier, SIGINT) == 0)
    #expect(try started.finish().code == 130)
    let found = processes()
    #expect(found.count >= 2)
    for process in found {
      var isThere = true
      for _ in 0..<1_000 where isThere {
        usleep(10_000)
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        isThere = !status.isEmpty && status.split(separator: ")").last?.hasPrefix(" Z") != true
      }
      #expect(!isThere)
    }
  }

  /// A run that was interrupted goes on with the same ranker, to the same digest: the command is kept with it.
  @Test(.enabled(if: hasPython, "needs python3")) func aRunGoesOnWithIt() throws {
    let place = try place()
    try write(place, "slow.py", Self.helpers + Self.sleeping(seconds: 0.02))
    let ranker = "exec:python3 ./slow.py"
    let started = try place.start(["run", "s.yaml", "--results", "r.sqlite", "--no-floor", "--workers", "1", "--ranker", ranker])
    for _ in 0..<3_000 where !place.files.contains(where: { $0.hasPrefix("process.") }) { usleep(10_000) }
    usleep(500_000)
    #expect(kill(started.process.processIdentifier, SIGINT) == 0)
    let stopped = try started.finish()
    #expect(stopped.code == 130, "\(stopped.err)")
    let resumed = try place.run("run", "--resume", "last", "--results", "r.sqlite", "--no-floor", "--json")
    #expect(resumed.code == 0, "\(resumed.err)")
    _ = try place.write("slow.py", place.text("slow.py").replacingOccurrences(of: "0.02", with: "0"))
    let whole = try run(place, ranker).object()
    #expect(try resumed.object()["digest"] as? String == whole["digest"] as? String)
    #expect(try resumed.object()["ranker"] as? String == "exec")
  }

  /// One that hangs keeps nobody who stops the run waiting for its time-out, and what it did not answer is not in what is kept: the
  /// run can be gone on with as if it had been stopped between two ticks.
  @Test(.enabled(if: hasPython, "needs python3"), arguments: ["memory", "sqlite:data.sqlite"], [1, 2])
  func aRunThatWaitsForItCanBeStopped(_ backend: String, _ workers: Int) throws {
    let place = try place()
    try write(
      place, "hangs.py",
      Self.helpers + """
        asked = 0
        while len(head := sys.stdin.buffer.read(4)) == 4:
            body = sys.stdin.buffer.read(struct.unpack("<I", head)[0])
            number, _, candidates = struct.unpack_from("<III", body)
            asked += 1
            if asked == 40 and os.path.exists("hang"):
                open("hangs", "w").close()
                time.sleep(1000)
            sys.stdout.buffer.write(struct.pack("<III", 8 + 4 * candidates, number, candidates) + bytes(4 * candidates))
            sys.stdout.flush()
        """)
    let ranker = "exec:./hangs.py?timeout=3600000"
    _ = try place.write("hang", "")
    let started = try place.start([
      "run", "s.yaml", "--results", "r.sqlite", "--no-floor", "--json", "--workers", "\(workers)", "--backend", backend, "--ranker", ranker,
      "--checkpoint-nanoseconds", "1000000",
    ])
    for _ in 0..<3_000 where !place.files.contains("hangs") { usleep(10_000) }
    usleep(500_000)
    #expect(kill(started.process.processIdentifier, SIGINT) == 0)
    // Who still waits is ended, with another exit code.
    for _ in 0..<6_000 where started.process.isRunning { usleep(10_000) }
    if started.process.isRunning { kill(started.process.processIdentifier, SIGKILL) }
    let stopped = try started.finish()
    #expect(stopped.code == 130, "\(stopped.err)")
    let object = try stopped.object()
    #expect(object["verdict"] as? String == "interrupted")
    #expect((object["verdictReason"] as? String)?.contains("the ranker did not answer") == true)
    #expect(object["operations"] as? Int ?? 0 > 0)
    let metrics = try #require(object["metrics"] as? [String: Double])
    for name in ["fallbackPages", "timeouts", "errors"] { #expect(metrics["ranking.\(name)"] == 0, "\(name)") }

    try FileManager.default.removeItem(atPath: place.path("hang"))
    let resumed = try place.run("run", "--resume", "last", "--results", "r.sqlite", "--no-floor", "--json")
    #expect(resumed.code == 0, "\(resumed.err)")
    let whole = try run(place, ranker).object()
    #expect(try resumed.object()["digest"] as? String == whole["digest"] as? String)
  }

  @Test func theBenchmarkBringsItsOwnOtherEnd() throws {
    let place = try Workplace()
    let bench = try place.run("bench", "exec", "--pages", "3000", "--runs", "1", "--json")
    #expect(bench.code == 0, "\(bench.err)")
    let object = try bench.object()
    #expect(object["pagesPerSecond"] as? Double ?? 0 > 0)
    #expect(object["barPagesPerSecond"] as? Double == 100_000)
    #expect(try place.run("bench", "exec", "--ranker", "hot").code == 64)
  }
}
