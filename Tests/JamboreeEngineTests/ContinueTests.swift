import Foundation
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation
import JamboreeScenario
import JamboreeSQLite
import Synchronization
import Testing

@testable import JamboreeEngine

private func sqlite(_ path: String = "") throws -> BackendInstance {
  .blocking(
    try SQLiteBackend(
      options: OptionValues(
        owner: "test", location: path, given: [(name: "synchronous", value: "off")], descriptors: SQLiteBackend.descriptor.options)))
}

/// A file that goes with the test.
private final class DataPath {
  let path = FileManager.default.temporaryDirectory.appending(path: "jamboree-test-\(UUID().uuidString).sqlite").path
  deinit { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
}

/// Runs that end early and runs that go on from there, as the program makes them.
@Suite struct ContinueTests {
  private let plan: SimulationPlan
  private let scale = 0.25

  init() throws { plan = try loadPlan(denseJam, scale: scale) }

  private func driver(
    _ backend: BackendInstance, seed: UInt64 = 0, workers: Int = 1, of other: SimulationPlan? = nil
  ) -> RunDriver {
    let plan = other ?? plan
    let plugIn = PlugInIdentity(id: "test", version: "1", options: [])
    return RunDriver(
      identity: RunIdentity(
        scenarioName: "dense", scenarioText: "", scenarioHash: "0123456789abcdef", overrides: [], seed: Seed(seed), scale: scale,
        workers: workers, pace: "max", backend: plugIn, ranker: plugIn),
      makePopulation: { (plan.population, []) }, makePlan: { _ in plan }, backend: backend, ranker: try! hot(), workers: workers)
  }

  /// Stops before it is asked for the `count`th time.
  private func stopping(_ driver: RunDriver, after count: Int) throws -> RunOutput {
    let calls = Atomic<Int>(0)
    var driver = driver
    driver.shouldStop = { calls.wrappingAdd(1, ordering: .relaxed).newValue >= count }
    return try driver.run()
  }

  private func checkpoint(_ output: RunOutput) -> RunCheckpoint {
    RunCheckpoint(
      tick: output.tick, digest: output.digest.description,
      measureNanoseconds: output.durationNanoseconds(ofPhase: "measure"), histograms: output.histograms, buckets: output.buckets)
  }

  private func latencies(_ output: RunOutput) -> UInt64 {
    output.histograms.filter { $0.key.kind == .storage }.reduce(0) { $0 + $1.value.totalCount }
  }

  @Test(arguments: [1, 2, 7]) func sqliteHasTheDigestOfMemory(_ workers: Int) throws {
    let whole = try simulate(loadPlan(denseJam))
    let finished = try simulate(loadPlan(denseJam), backend: sqlite(), workers: workers)
    #expect(finished.digest == whole.digest)
    #expect(finished.outcomes == whole.outcomes)
  }

  /// From a run's beginning, its middle and its end.
  @Test(arguments: [1, 200, 480]) func aRunGoesOnFromItsData(_ stop: Int) throws {
    let whole = try driver(memory()).run()
    let data = DataPath()
    let first = try stopping(driver(sqlite(data.path)), after: stop)
    #expect(first.interrupted)
    #expect(first.operations < whole.operations)

    var second = driver(try sqlite(data.path), workers: 2)
    second.beginning = .leftBehind(checkpoint(first), replay: replayBackend)
    let output = try second.run()
    #expect(!output.interrupted)
    #expect(output.digest == whole.digest)
    #expect(output.outcomes == whole.outcomes)
    // Each operation was timed once: by the first run or by the second.
    #expect(latencies(output) == UInt64(whole.operations))
    #expect(output.buckets.reduce(0) { $0 + $1.operations } == whole.operations)
    #expect(output.metrics.first { $0.name == "engine.unmeasuredOperations" }?.value == 0)
    #expect(output.durationNanoseconds(ofPhase: "measure") > first.durationNanoseconds(ofPhase: "measure"))
    #expect(output.durationNanoseconds(ofPhase: "replay") > 0)
  }

  /// What came after the last checkpoint is in the data and was not written down: it is counted, and said to be missing.
  @Test func anOldCheckpointIsEnough() throws {
    let whole = try driver(memory()).run()
    let early = try stopping(driver(memory()), after: 100)
    let data = DataPath()
    let first = try stopping(driver(sqlite(data.path)), after: 300)
    for checkpoint in [checkpoint(early), nil] {
      let copy = DataPath()
      try FileManager.default.copyItem(atPath: data.path, toPath: copy.path)
      // The lock and the log are the copy's own.
      var second = driver(try sqlite(copy.path))
      second.beginning = .leftBehind(checkpoint, replay: replayBackend)
      let output = try second.run()
      #expect(output.digest == whole.digest)
      #expect(output.operations == whole.operations)
      // All of what came after it, but for the last ticks if nobody wrote in them: those are done anew.
      let unmeasured = try #require(output.metrics.first { $0.name == "engine.unmeasuredOperations" }?.value)
      let between = Double(first.operations - (checkpoint == nil ? 0 : early.operations))
      #expect(unmeasured <= between && unmeasured > 0.9 * between)
      #expect(latencies(output) == UInt64(whole.operations) - UInt64(unmeasured))
    }
  }

  /// A machine that goes down may take the last commits with it: what was measured of them counts no more.
  @Test func aCheckpointMayBeAheadOfTheData() throws {
    let whole = try driver(memory()).run()
    let data = DataPath()
    let first = try stopping(driver(sqlite(data.path)), after: 200)
    let later = try stopping(driver(memory()), after: 220)
    var second = driver(try sqlite(data.path))
    second.beginning = .leftBehind(checkpoint(later), replay: replayBackend)
    let output = try second.run()
    #expect(output.digest == whole.digest)
    #expect(output.metrics.first { $0.name == "engine.unmeasuredOperations" }?.value == Double(first.operations))
    #expect(latencies(output) == UInt64(whole.operations - first.operations))
  }

  /// Ticks in which nobody writes leave no mark in the data; their operations are timed once all the same.
  @Test func quietTicksAreMeasuredOnce() throws {
    let sparse = try loadPlan(denseJam, scale: 0.01)
    let whole = try driver(memory(), of: sparse).run()
    var stopped = 0
    for count in stride(from: 40, through: 400, by: 40) {
      let data = DataPath()
      let first = try stopping(driver(sqlite(data.path), of: sparse), after: count)
      guard first.interrupted else { break }
      stopped += 1
      var second = driver(try sqlite(data.path), of: sparse)
      second.beginning = .leftBehind(checkpoint(first), replay: replayBackend)
      let output = try second.run()
      #expect(output.digest == whole.digest)
      #expect(latencies(output) == UInt64(whole.operations), "\(count)")
      #expect(output.metrics.first { $0.name == "engine.unmeasuredOperations" }?.value == 0)
    }
    #expect(stopped >= 3)
  }

  /// Each write is committed by itself: killed in the middle of a tick, there is nothing whole to go on from.
  @Test func halfATickIsRefused() throws {
    let data = DataPath()
    func backend() throws -> BackendInstance {
      .blocking(
        try SQLiteBackend(
          options: OptionValues(
            owner: "test", location: data.path, given: [(name: "synchronous", value: "off"), (name: "groupCommit", value: "write")],
            descriptors: SQLiteBackend.descriptor.options)))
    }
    _ = try stopping(driver(backend()), after: 100)
    func mark() throws -> Watermark {
      let reopened = try backend()
      defer { try? reopened.backend.finish() }
      return try reopened.backend.reopen(plan.dataset(identity: driver(memory()).identity.dataIdentity))
    }
    #expect(try mark().isWhole)

    let killed = try SQLiteBackend(
      options: OptionValues(
        owner: "test", location: data.path, given: [(name: "synchronous", value: "off"), (name: "groupCommit", value: "write")],
        descriptors: SQLiteBackend.descriptor.options))
    _ = try killed.reopen(plan.dataset(identity: driver(memory()).identity.dataIdentity))
    var join = Operation(verb: .join, action: ActionID(0), actor: MemberID(3), intended: .zero)
    join.container = ContainerID(rawValue: 1)
    var reply = Reply()
    let none: [UInt64] = []
    _ = try killed.openSession(0).execute(join, arguments: none.span, into: &reply)
    try killed.finish()
    #expect(try !mark().isWhole)
    var second = driver(try backend())
    second.beginning = .leftBehind(nil, replay: replayBackend)
    let error = #expect(throws: PlugInError.self) { try second.run() }
    #expect(error?.kind == .usage && error?.message.contains("middle of tick") == true, "\(error?.message ?? "")")
  }

  @Test func aRunInMemoryIsDoneAgain() throws {
    let whole = try driver(memory()).run()
    let first = try stopping(driver(memory()), after: 200)
    var second = driver(try memory(), workers: 2)
    second.beginning = .again(checkpoint(first))
    let output = try second.run()
    #expect(output.digest == whole.digest)
    #expect(latencies(output) == UInt64(whole.operations))
    #expect(output.buckets.count == whole.buckets.count)
  }

  @Test(arguments: [false, true]) func anotherDigestEndsTheRun(_ keepsData: Bool) throws {
    let data = DataPath()
    let first = try stopping(driver(keepsData ? sqlite(data.path) : memory()), after: 200)
    var wrong = checkpoint(first)
    wrong.digest = String(repeating: "0", count: 32)
    var second = driver(try keepsData ? sqlite(data.path) : memory())
    second.beginning = keepsData ? .leftBehind(wrong, replay: replayBackend) : .again(wrong)
    let error = #expect(throws: ReplayMismatch.self) { try second.run() }
    #expect(error?.tick == first.tick)
    #expect(error?.got == first.digest.description)
    #expect(error?.description.contains("cannot be gone on with") == true)
  }

  @Test func dataOfAnotherRunIsRefused() throws {
    let data = DataPath()
    _ = try stopping(driver(sqlite(data.path)), after: 100)
    var other = driver(try sqlite(data.path), seed: 5)
    other.beginning = .leftBehind(nil, replay: replayBackend)
    let error = #expect(throws: PlugInError.self) { try other.run() }
    #expect(error?.kind == .usage)
    #expect(error?.message.contains("seed 0") == true && error?.message.contains("seed 5") == true, "\(error?.message ?? "")")
    // And one that begins does not write over it.
    let occupied = #expect(throws: PlugInError.self) { try driver(sqlite(data.path)).run() }
    #expect(occupied?.kind == .usage)
    #expect(occupied?.message.contains("--reuse") == true)
    var again = driver(try sqlite(data.path))
    again.beginning = .leftBehind(nil, replay: replayBackend)
    #expect(try again.run().digest == driver(memory()).run().digest)
  }

  /// Checkpoints are whole outputs of what was measured so far.
  @Test func checkpointsShowWhatWasMeasured() throws {
    let whole = try driver(memory()).run()
    let seen = Mutex<[RunOutput]>([])
    var driver = driver(try memory())
    driver.checkpointNanoseconds = 10_000_000
    driver.onCheckpoint = { output in seen.withLock { $0.append(output) } }
    #expect(try driver.run().digest == whole.digest)
    let outputs = seen.withLock { $0 }
    #expect(outputs.count > 10)
    #expect(zip(outputs, outputs.dropFirst()).allSatisfy { $0.tick < $1.tick && $0.operations <= $1.operations })
    for output in outputs {
      #expect(latencies(output) == UInt64(output.operations))
      #expect(output.interrupted)
      #expect(output.phases.last?.name == "measure")
    }
    let middle = try #require(outputs.dropFirst(outputs.count / 2).first)
    var again = self.driver(try memory())
    again.beginning = .again(checkpoint(middle))
    #expect(try again.run().digest == whole.digest)
  }
}

@Sendable private func replayBackend() throws(BackendError) -> BackendInstance {
  do { return try memory() } catch { throw BackendError(.failed, "\(error)") }
}
