import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeMetrics
import Synchronization
import Testing

/// Stops a run at a time.
private final class Stopper: SimulationObserver {
  private let time: SimTime
  let calls = Atomic<Int>(0)

  init(at time: SimTime) { self.time = time }

  func shouldStop(at time: SimTime, _ simulation: Simulation) -> Bool {
    calls.wrappingAdd(1, ordering: .relaxed)
    return time >= self.time
  }
}

/// Implements what a backend of a shop would, and no more.
private final class NarrowBackend: BlockingStorageBackend {
  static let descriptor = BackendDescriptor(
    id: "narrow", version: "1", summary: "items only", writers: .single, verbs: [.publish, .item])
  init(options: OptionValues) throws(BackendError) {}
  func load(_ dataset: Dataset) throws(BackendError) {}
  func endTick(_ tick: TickID) throws(BackendError) {}
  func finish() throws(BackendError) {}
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session() }
  final class Session: StorageSession {
    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome { .ok }
  }
}

@Suite struct StopTests {
  /// Visits begun in the hour go on for two and more: who has not finished when the drain is over is cut, and it shows.
  @Test func whatOutlastsTheDrainIsCut() throws {
    func run(_ drain: String) throws -> (views: Int64, cut: Double, buckets: Int) {
      let plan = try loadPlan(
        denseJam, overrides: ["drain=\(drain)", "services.jam.thinkTime.mean=10m", "measure.bucket=10m"], scale: 0.1)
      let finished = try simulate(plan)
      let cut = try #require(finished.metrics.first { $0.name == "engine.cutWakeups" }?.value)
      return (finished.timeline.total("jam.pageViews"), cut, finished.timeline.values.count)
    }
    let (none, short, long) = (try run("0s"), try run("2h"), try run("7d"))
    #expect(none.cut > 0 && short.cut > 0 && short.cut < none.cut)
    #expect(none.views < short.views && short.views < long.views)
    #expect(none.buckets <= 6 && short.buckets <= 18)
    #expect(long.cut == 0)
  }

  @Test(arguments: [1, 3]) func anObserversStopKeepsWhatWasMeasured(_ workers: Int) throws {
    let plan = try loadPlan(denseJam, overrides: ["tick=20s"], scale: 0.3)
    func make(_ observer: (any SimulationObserver)?) throws -> Simulation {
      let backend = try memory()
      try backend.backend.load(plan.dataset())
      let simulation = try Simulation(plan, backend: backend, ranker: hot(), workers: workers, observer: observer)
      simulation.start()
      return simulation
    }
    let stopper = Stopper(at: SimTime(seconds: 1800))
    let stopped = try make(stopper)
    #expect(try stopped.run())
    // It is told the start of the last tick, so the run ends with the tick that begins then.
    #expect(stopped.simulatedNanoseconds == 1820 * 1_000_000_000)
    #expect(stopper.calls.load(ordering: .relaxed) == 92)

    let (timeline, buckets) = stopped.finishTimeline()
    #expect(stopped.operationCount > 1000)
    #expect(stopped.outcomes.reduce(0, +) == stopped.operationCount)
    #expect(buckets.count == timeline.values.count)
    #expect(buckets.reduce(0) { $0 + $1.operations } == stopped.operationCount)
    let histograms = stopped.histograms()
    var views: UInt64 = 0
    for name in ["jam.listForum", "jam.readThread", "jam.readIdea"] {
      views += histograms[LatencyRecorder.Key(kind: .service, name: name, outcome: .ok)]?.totalCount ?? 0
    }
    #expect(Int64(views) == timeline.total("jam.pageViews"))

    // The same as running to that tick: what was measured is a whole number of ticks.
    let part = try make(nil)
    #expect(try !part.run(until: 91))
    #expect(part.digest == stopped.digest)
    // And a run that goes on after a pause ends where one without ends.
    try part.run()
    #expect(try part.digest.description == simulate(plan).digest)
    #expect(part.operationCount > stopped.operationCount)
  }

  @Test func missingVerbsAreRefused() throws {
    let backend = try NarrowBackend(options: noOptions())
    let error = #expect(throws: PlugInError.self) {
      try play(EagerAgents.self, members: 1, on: .blocking(backend))
    }
    #expect(error?.kind == .usage)
    #expect(error?.message == "backend 'narrow' does not implement edit, listing, which the scenario needs")
  }

  @Test(arguments: [1, 3]) func anErrorAtATicksEndEndsTheRun(_ workers: Int) throws {
    let failing = try WatchedMemory(failingTick: 2)
    let error = #expect(throws: PlugInError.self) {
      try play(EagerAgents.self, members: 200, on: .blocking(failing), workers: workers)
    }
    #expect(error?.kind == .io)
    #expect(error?.message == "the disk is full at tick 2")
    // Ticks 0 to 2 were made, nothing after.
    #expect(failing.writes.withLock { $0.count } == 3 * 200)
    #expect(failing.reads.load(ordering: .relaxed) == 2 * 200)
  }
}
