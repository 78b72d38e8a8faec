import Foundation
import Testing

/// A run of half a second, which writes a checkpoint down every twentieth of one.
private let small = """
  name: small
  summary: eight hundred people
  start: Tuesday 14:00
  duration: 1h
  population: { members: 800, employees: 800, graph: { meanDegree: 0 } }
  services:
    jam:
      forums: 2
      arrivals: { openingFactors: [], closingFactors: [] }
  """

private let flags = ["--results", "r.sqlite", "--no-floor", "--checkpoint-nanoseconds", "50000000", "--json"]

extension Workplace {
  fileprivate func runs() throws -> [[String: Any]] {
    let listed = try run("list", "--results", "r.sqlite", "--json")
    #expect(listed.code == 0, "\(listed.err)")
    return try listed.object()["runs"] as? [[String: Any]] ?? []
  }
}

private func operations(_ run: [String: Any]?) -> Int { (run?["operations"] as? NSNumber)?.intValue ?? 0 }

@Suite struct KillTests {
  /// Killed at a hundred moments from its start to its end, on a backend that keeps nothing and on one that keeps its data:
  /// the file of results can always be read, has what the run had written down, and keeps what earlier runs left.
  @Test(arguments: ["memory", "sqlite"]) func aRunCanBeKilledAtAnyMoment(_ backend: String) throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", small)
    let whole = try place.run(["run", scenario] + flags)
    let result = try whole.object()
    let digest = try #require(result["digest"] as? String)
    let total = operations(result)
    // A kill may come before the run is written down and after its end.
    let spanMicroseconds = 1.2 * ((result["wallSeconds"] as? NSNumber)?.doubleValue ?? 0) * 1e6
    var generator = SplitMix(state: backend == "memory" ? 3 : 4)
    var counts = (absent: 0, early: 0, middle: 0, finished: 0, resumed: 0)
    var names: Set<String> = [try #require(result["run"] as? String)]

    for moment in 0..<50 {
      let data = "data-\(moment).sqlite"
      let started = try place.start(["run", scenario, "--backend", backend == "sqlite" ? "sqlite:\(data)" : "memory"] + flags)
      usleep(UInt32(generator.fraction() * spanMicroseconds))
      // What another process could read before the kill must be there after it.
      let before = try place.runs().first
      kill(started.process.processIdentifier, SIGKILL)
      let ended = try started.finish()
      #expect([0, -SIGKILL].contains(ended.code), "\(ended.err)")

      let after = try place.runs()
      #expect(Set(after.compactMap { $0["run"] as? String }).isSuperset(of: names))
      guard let name = after.first?["run"] as? String, !names.contains(name) else {
        counts.absent += 1
        continue
      }
      names.insert(name)
      if before?["run"] as? String == name { #expect(operations(after.first) >= operations(before)) }
      let shown = try place.run("show", name, "--results", "r.sqlite", "--json")
      #expect(shown.code == 0, "\(shown.err)")
      let status = after.first?["status"] as? String
      if status == "finished" {
        #expect(operations(after.first) == total)
        counts.finished += 1
        continue
      }
      #expect(status == "interrupted")
      if operations(after.first) == 0 { counts.early += 1 } else { counts.middle += 1 }
      guard moment % 5 == 0 else { continue }

      let resumed = try place.run("run", "--resume", name, "--results", "r.sqlite", "--json")
      // The data is made before anything is measured; a kill meanwhile leaves nothing to go on with.
      if resumed.code == 64, operations(after.first) == 0 {
        #expect(resumed.err.contains("was not loaded to the end") || resumed.err.contains("there is no data"), "\(resumed.err)")
        continue
      }
      #expect(resumed.code == 0, "\(resumed.err)")
      #expect(try resumed.object()["digest"] as? String == digest)
      #expect(try resumed.object()["run"] as? String == name)
      #expect(operations(try resumed.object()) == total)
      #expect(try place.runs().count == after.count)
      counts.resumed += 1
    }
    #expect(counts.middle >= 5 && counts.resumed >= 2, "\(counts)")
  }

  /// Asked once to stop, it writes down where it stands, and can be gone on with from there.
  @Test(arguments: ["memory", "sqlite:d.sqlite"]) func aStoppedRunGoesOn(_ backend: String) throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", small)
    let whole = try place.run(["run", scenario] + flags).object()
    // If it is over already there is nothing to stop.
    for moment in 1...20 {
      let known = Set(try place.runs().compactMap { $0["run"] as? String })
      func new() throws -> [String: Any]? { try place.runs().first { !known.contains($0["run"] as? String ?? "") } }
      let started = try place.start(["run", scenario, "--backend", backend] + flags)
      while started.process.isRunning, try operations(new()) == 0 { usleep(1000) }
      usleep(UInt32(moment) * 5_000)
      kill(started.process.processIdentifier, SIGINT)
      let ended = try started.finish()
      if ended.code == 130, try new()?["status"] as? String == "interrupted" {
        // From another folder, as somebody would who comes back the next day.
        let elsewhere = try Workplace()
        let resumed = try elsewhere.run("run", "--resume", "last", "--results", place.path("r.sqlite"), "--json")
        #expect(resumed.code == 0, "\(resumed.err)")
        #expect(try resumed.object()["digest"] as? String == whole["digest"] as? String)
        #expect(try operations(resumed.object()) == operations(whole))
        return
      }
      for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: place.path("d.sqlite" + suffix)) }
    }
    Issue.record("the run was never stopped under way")
  }

  /// The small disk is a file system in memory, in a name space of its own.
  @Test(.enabled(if: canMount)) func aFullDiskLosesNothingThatWasWritten() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", small)
    // The results are on the disk that fills up; so is a file of ours that fills it at will.
    let ended = try place.inSmallDisk(
      """
      "$0" run \(scenario) --no-floor --results disk/r.sqlite > first.out 2> first.err; echo $? > first.code
      head -c 100000000 /dev/zero > disk/filler 2> /dev/null
      "$0" run \(scenario) --no-floor --results disk/r.sqlite > second.out 2> second.err; echo $? > second.code
      "$0" list --results disk/r.sqlite --json > list.json; echo $? > list.code
      rm disk/filler
      "$0" run \(scenario) --no-floor --results disk/r.sqlite > third.out 2> third.err; echo $? > third.code
      "$0" list --results disk/r.sqlite --json > list2.json
      """)
    #expect(ended.code == 0, "\(ended.err)")
    #expect(place.text("first.code") == "0\n", "\(place.text("first.err"))")
    #expect(place.text("second.code") == "74\n")
    #expect(place.text("second.err").contains("disk/r.sqlite"), "\(place.text("second.err"))")
    #expect(place.text("second.err").contains("full"), "\(place.text("second.err"))")
    #expect(place.text("list.code") == "0\n")
    #expect(place.text("list.json").contains("\"finished\""))
    #expect(place.text("third.code") == "0\n", "\(place.text("third.err"))")
    #expect(place.text("list2.json").components(separatedBy: "\"finished\"").count == 3)
  }

  /// The same for the data of a run: it ends with the reason, and what it had measured is kept.
  @Test(.enabled(if: canMount)) func aDiskThatFillsUnderTheDataEndsTheRun() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", small)
    let ended = try place.inSmallDisk(
      """
      "$0" run \(scenario) \(flags.joined(separator: " ")) --backend sqlite:disk/d.sqlite > run.out 2> run.err; echo $? > run.code
      """)
    #expect(ended.code == 0, "\(ended.err)")
    #expect(place.text("run.code") == "74\n")
    #expect(place.text("run.err").contains("disk/d.sqlite") && place.text("run.err").contains("full"), "\(place.text("run.err"))")
    let runs = try place.runs()
    #expect(runs.count <= 1)
    #expect(runs.allSatisfy { $0["status"] as? String == "interrupted" })
  }

  /// Whoever holds the file's lock is waited for; a run that ends meanwhile says so and keeps what it wrote before.
  @Test func aFileThatIsLockedIsToldOf() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", small)
    #expect(try place.run(["run", scenario] + flags).code == 0)
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else { return }
    let locker = try place.startShell(
      """
      exec /usr/bin/python3 -c "
      import sqlite3, time
      c = sqlite3.connect('r.sqlite', isolation_level=None)
      c.execute('BEGIN IMMEDIATE')
      open('locked', 'w').close()
      time.sleep(60)"
      """)
    while locker.process.isRunning, !place.files.contains("locked") { usleep(10_000) }
    let refused = try place.run(["run", scenario] + flags)
    #expect(refused.code == 74)
    #expect(refused.err.contains("r.sqlite is locked"), "\(refused.err)")
    #expect(try place.runs().count == 1)
    kill(locker.process.processIdentifier, SIGKILL)
    _ = try locker.finish()
    #expect(try place.run(["run", scenario] + flags).code == 0)
    #expect(try place.runs().count == 2)
  }

  @Test func aFolderThatCannotBeWrittenIsToldOf() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    // The folder of a process is one that even the superuser cannot write to.
    let results = try place.run("run", scenario, "--results", "/proc/self/r.sqlite")
    #expect(results.code == 74)
    #expect(results.err.contains("/proc/self/r.sqlite"), "\(results.err)")
    let data = try place.run("run", scenario, "--results", "r.sqlite", "--backend", "sqlite:/proc/self/d.sqlite")
    #expect(data.code == 74)
    #expect(data.err.contains("/proc/self/d.sqlite"), "\(data.err)")
    #expect(try place.runs().isEmpty)
  }
}

/// Whether a file system can be mounted here without being seen by anybody else.
private let canMount: Bool = {
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", "d=$(mktemp -d) && unshare -rm mount -t tmpfs -o size=64k none $d; e=$?; rmdir $d; exit $e"]
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}()

extension Workplace {
  /// Runs a script with the program as `$0` and a disk of 900 KiB mounted at `disk`.
  fileprivate func inSmallDisk(_ script: String) throws -> Finished {
    let file = try write("script.sh", "mount -t tmpfs -o size=900k none disk || exit 9\nset +e\n" + script + "\nexit 0\n")
    try FileManager.default.createDirectory(at: folder.appending(path: "disk"), withIntermediateDirectories: true)
    return try shell("exec unshare -rm sh -c '. \"\(file)\"' \"$0\"")
  }
}

/// Moments that are the same in each run of the test.
private struct SplitMix {
  var state: UInt64

  mutating func fraction() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return Double((bits ^ bits >> 31) >> 11) * 0x1p-53
  }
}
