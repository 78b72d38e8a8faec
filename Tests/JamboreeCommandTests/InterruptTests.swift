import Foundation
import Testing

@Suite struct InterruptTests {
  /// Starts a run that takes far longer than the test does, and waits until it is under way.
  private func longRun(_ place: Workplace) throws -> Started {
    #if DEBUG
      let scale = "0.05"
    #else
      let scale = "1"
    #endif
    let run = try place.start([
      "run", Workplace.flagship, "--scale", scale, "--set", "population.graph.meanDegree=0", "--results", "r.sqlite", "--json",
    ])
    // The signal is caught from a moment after the start; before that it would just end the process.
    func catches() -> Bool { (run.status("SigCgt").flatMap { UInt64($0, radix: 16) } ?? 0) >> UInt64(SIGINT - 1) & 1 == 1 }
    while run.process.isRunning, !catches() || run.userSeconds < 1.5 { usleep(10_000) }
    return run
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func whatWasMeasuredIsKept(_ signal: Int32) throws {
    let place = try Workplace()
    let run = try longRun(place)
    kill(run.process.processIdentifier, signal)
    let ended = try run.finish()
    #expect(ended.code == 130)
    #expect(place.files == ["r.sqlite"])
    #expect(ended.err.contains("stopping"))
    let result = try ended.object()
    #expect(result["verdict"] as? String == "interrupted")
    #expect((result["expectations"] as? [Any])?.isEmpty == true)
    let operations = (result["operations"] as? NSNumber)?.intValue ?? 0
    #expect(operations > 0)
    #expect((result["simulatedSeconds"] as? NSNumber)?.doubleValue ?? .infinity < 72 * 3600)

    let runs = try place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [[String: Any]]
    #expect(runs?.map { $0["run"] as? String } == [result["run"] as? String])
    #expect(runs?.first?["status"] as? String == "interrupted")
    #expect((runs?.first?["operations"] as? NSNumber)?.intValue == operations)
    let shown = try place.run("show", "--results", "r.sqlite", "--json").object()
    #expect(shown["digest"] as? String == result["digest"] as? String)
  }

  /// Nothing is measured yet, or ever: there is nothing to keep and nothing to wait for.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP], [
    ["bench", "population", "--members", "20000000", "--workers", "1"],
    ["run", Workplace.flagship, "--scale", "5", "--results", "r.sqlite"],
  ])
  func endsPromptlyBeforeAnythingIsMeasured(_ signal: Int32, _ command: [String]) throws {
    let place = try Workplace()
    let run = try place.start(command)
    while run.process.isRunning, run.userSeconds < 0.5 { usleep(10_000) }
    let start = ContinuousClock.now
    kill(run.process.processIdentifier, signal)
    let ended = try run.finish()
    #expect(ContinuousClock.now - start < .seconds(2))
    #expect(ended.code == 130)
    #expect(ended.err == "jamboree: interrupted\n")
    #expect(ended.out.isEmpty)
    // No log of SQLite's is left beside the results.
    #expect(place.files.allSatisfy { $0 == "r.sqlite" })
  }

  @Test func nohupMeansIt() throws {
    let place = try Workplace()
    let run = try place.startShell("trap '' HUP; exec \"$0\" bench population --members 1500000 --workers 1 --runs 1 --json")
    while run.process.isRunning, run.userSeconds < 0.5 { usleep(10_000) }
    #expect(run.process.isRunning)
    kill(run.process.processIdentifier, SIGHUP)
    #expect(try run.finish().code == 0)
  }

  /// Once more stops at once: what the last checkpoint wrote is kept, and can be gone on with.
  @Test func twiceStopsAtOnce() throws {
    let place = try Workplace()
    let run = try longRun(place)
    while run.process.isRunning {
      kill(run.process.processIdentifier, SIGINT)
      usleep(1000)
    }
    #expect(try run.finish().code == 130)
    #expect(place.files == ["r.sqlite"])
    let listed = try place.run("list", "--results", "r.sqlite", "--json")
    #expect(listed.code == 0)
    let runs = try #require(try listed.object()["runs"] as? [[String: Any]])
    #expect(runs.count <= 1)
    #expect(runs.allSatisfy { $0["status"] as? String == "interrupted" })
  }

  /// A run that was killed is known as interrupted, and its file takes up the next run.
  @Test func aKilledRunLeavesAUsableFile() throws {
    let place = try Workplace()
    let run = try longRun(place)
    func statuses() throws -> [String] {
      let runs = try place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [[String: Any]]
      return runs?.compactMap { $0["status"] as? String } ?? []
    }
    #expect(try statuses() == ["running"])
    kill(run.process.processIdentifier, SIGKILL)
    #expect(try run.finish().code == -SIGKILL)
    #expect(try statuses() == ["interrupted"])
    let scenario = try place.write("s.yaml", tiny)
    #expect(try place.run("run", scenario, "--results", "r.sqlite", "--no-floor").code == 0)
    #expect(try statuses() == ["finished", "interrupted"])
  }
}
