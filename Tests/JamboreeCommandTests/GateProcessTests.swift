import Foundation
import Testing

/// What a gate starts ends with it.
@Suite struct GateProcessTests {
  /// Neither the process that is running nor its files outlive the gate.
  @Test(arguments: [SIGINT, SIGTERM]) func anInterruptedGateLeavesNothing(_ signal: Int32) throws {
    let place = try Workplace()
    try FileManager.default.createDirectory(atPath: place.path("tmp"), withIntermediateDirectories: true)
    let command = try place.startShell(
      "TMPDIR=\"$PWD/tmp\" exec \"$0\" baseline set main \(Workplace.flagship) --scale 0.05 --instructions off --set population.graph.meanDegree=0")
    func children() -> [pid_t] {
      let pid = command.process.processIdentifier
      let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
      return text.split(separator: " ").compactMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    // The process that is measured, and the shell that watches over it.
    while command.process.isRunning, children().count < 2 { usleep(10_000) }
    usleep(200_000)
    let running = children()
    #expect(running.count == 2)
    kill(command.process.processIdentifier, signal)
    let ended = try command.finish()
    #expect(ended.code == 130)
    #expect(ended.err.hasSuffix("jamboree: interrupted\n"))
    for child in running { #expect(kill(child, 0) == -1 && errno == ESRCH) }
    #expect(try place.run("baseline", "list").out.contains("no baselines"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("tmp")).isEmpty)
  }

  /// A baseline's program that never ends, has started another one, and does not listen when it is asked to end.
  private func startHanging(_ place: Workplace, _ arguments: String) throws -> Started {
    try place.makeBaseline()
    try FileManager.default.createDirectory(atPath: place.path("tmp"), withIntermediateDirectories: true)
    let hangs = try place.write("hangs", "#!/bin/sh\ntrap '' TERM INT\nsleep 300 &\necho $$ >> started\necho $! >> started\nwait\nsleep 300\n")
    #expect(chmod(hangs, 0o755) == 0)
    return try place.startShell(
      "TMPDIR=\"$PWD/tmp\" exec \"$0\" gate s.yaml --baseline main --baseline-binary ./hangs --time-debug-builds "
        + "--instructions off --replicates 2 \(arguments)")
  }

  private func started(_ place: Workplace) -> [pid_t] { place.text("started").split(separator: "\n").compactMap { pid_t($0) } }

  /// Whether none of them is there, or will soon be.
  private func areGone(_ processes: [pid_t]) -> Bool {
    func isGone(_ process: pid_t) -> Bool {
      let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
      return status.isEmpty || status.split(separator: ")").last?.hasPrefix(" Z") == true
    }
    for _ in 0..<1_000 where !processes.allSatisfy(isGone) { usleep(10_000) }
    return processes.allSatisfy(isGone)
  }

  /// The time is one in which its own program is done on the busiest machine.
  @Test func aProcessThatHangsIsEnded() throws {
    let place = try Workplace()
    let ended = try startHanging(place, "--process-timeout 30s").finish()
    #expect(ended.code == 75)
    let message = ended.err.split(separator: "\n").last ?? ""
    #expect(
      message.contains("the baseline program (./hangs) had not come to its end after 30s") && message.contains("--process-timeout"), "\(ended.err)")
    #expect(started(place).count == 2)
    #expect(areGone(started(place)))
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("tmp")).isEmpty)
  }

  /// Nobody can do anything when they are killed: what has been started ends nevertheless.
  @Test(arguments: [SIGTERM, SIGKILL]) func whatItHasStartedEndsWithTheGate(_ signal: Int32) throws {
    let place = try Workplace()
    let gate = try startHanging(place, "")
    while gate.process.isRunning, started(place).count < 2 { usleep(10_000) }
    kill(gate.process.processIdentifier, signal)
    #expect(try gate.finish().code == (signal == SIGKILL ? -SIGKILL : 130))
    #expect(started(place).count == 2)
    #expect(areGone(started(place)))
    let folder = place.path("tmp")
    func left() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }
    for _ in 0..<1_000 where try !left().isEmpty { usleep(10_000) }
    #expect(try left().isEmpty)
  }
}
