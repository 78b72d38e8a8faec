import JamboreeKit
import JamboreeMetrics

/// Runs a scenario from nothing to a ``RunOutput``, phase by phase: population, prepare, load, measure, finish.
///
/// The caller brings the parts as values: how to make the population and the plan, a backend, a ranker.
public struct RunDriver: Sendable {
  public var identity: RunIdentity
  public var makePopulation: @Sendable () -> Population
  public var makePlan: @Sendable (Population) throws(ConfigurationError) -> SimulationPlan
  public var backend: BackendInstance
  public var ranker: any FeedRanker
  public var workers: Int
  public var clock: MeasuringClock
  /// Told about the progress of the measure phase, at most ten times a second.
  public var onProgress: (@Sendable (RunProgress) -> Void)?
  /// Asked between ticks; true stops the run and keeps what was measured.
  public var shouldStop: (@Sendable () -> Bool)?

  public init(
    identity: RunIdentity, makePopulation: @escaping @Sendable () -> Population,
    makePlan: @escaping @Sendable (Population) throws(ConfigurationError) -> SimulationPlan, backend: BackendInstance,
    ranker: any FeedRanker, workers: Int, clock: MeasuringClock = .monotonic,
    onProgress: (@Sendable (RunProgress) -> Void)? = nil, shouldStop: (@Sendable () -> Bool)? = nil
  ) {
    self.identity = identity
    self.makePopulation = makePopulation
    self.makePlan = makePlan
    self.backend = backend
    self.ranker = ranker
    self.workers = workers
    self.clock = clock
    self.onProgress = onProgress
    self.shouldStop = shouldStop
  }

  /// - Throws: ``PlugInError`` from the backend, ``ConfigurationError`` from a service.
  public func run() throws -> RunOutput {
    let startedUnixNanoseconds = unixNanoseconds()
    var phases = PhaseTimer()
    let clockCost = clock.costNanoseconds()
    let population = phases.time("population") { makePopulation() }
    let plan = try phases.time("prepare") { try makePlan(population) }
    let dataset = plan.dataset
    try phases.time("load") { try backend.backend.load(dataset) }

    let before = ResourceUsage.now()
    let observer = ProgressObserver(
      plan: plan, start: monotonicNanoseconds(), onProgress: onProgress, shouldStop: shouldStop)
    let simulation = try phases.time("start") {
      let simulation = try Simulation(plan, backend: backend, ranker: ranker, workers: workers, clock: clock, observer: observer)
      simulation.start()
      return simulation
    }
    let started = ResourceUsage.now()
    let agents = simulation.agentCount
    let interrupted = try phases.time("measure") { try simulation.run() }
    let after = ResourceUsage.now()
    try phases.time("finish") { try backend.backend.finish() }

    let (timeline, buckets) = simulation.finishTimeline()
    var metrics = plan.services.flatMap { $0.derivedMetrics(timeline) }
    metrics += simulation.metrics
    metrics += resourceMetrics(before: before, started: started, after: after, agents: agents)
    return RunOutput(
      identity: identity, startedUnixNanoseconds: startedUnixNanoseconds, phases: phases.phases,
      simulatedNanoseconds: simulation.simulatedNanoseconds, operations: simulation.operationCount,
      outcomes: simulation.outcomes, digest: simulation.digest, histograms: simulation.histograms(), timeline: timeline,
      buckets: buckets, metrics: metrics, actions: plan.catalog.descriptors, clockCostNanoseconds: clockCost,
      interrupted: interrupted)
  }

  private func resourceMetrics(before: ResourceUsage, started: ResourceUsage, after: ResourceUsage, agents: Int) -> [Metric] {
    let engineBytes = Double(started.allocatedBytes) - Double(before.allocatedBytes)
    return [
      Metric(name: "engine.agents", value: Double(agents), unit: "count"),
      Metric(
        name: "engine.bytesPerOfflineAgent", value: agents > 0 ? max(engineBytes, 0) / Double(agents) : 0, unit: "B",
        polarity: .lowerIsBetter),
      Metric(
        name: "process.userCPUSeconds", value: Double(after.userCPUNanoseconds - started.userCPUNanoseconds) * 1e-9, unit: "s",
        polarity: .lowerIsBetter),
      Metric(
        name: "process.systemCPUSeconds", value: Double(after.systemCPUNanoseconds - started.systemCPUNanoseconds) * 1e-9,
        unit: "s", polarity: .lowerIsBetter),
      Metric(
        name: "process.involuntarySwitches", value: Double(after.involuntarySwitches - started.involuntarySwitches),
        unit: "count", polarity: .lowerIsBetter),
      Metric(name: "process.peakResidentBytes", value: Double(after.peakResidentBytes), unit: "B", polarity: .lowerIsBetter),
      Metric(name: "process.allocatedBytes", value: Double(after.allocatedBytes), unit: "B", polarity: .lowerIsBetter),
    ]
  }
}

/// How far a run has come.
public struct RunProgress: Sendable {
  public let virtualTime: SimTime
  public let durationNanoseconds: Int64
  public let wallNanoseconds: UInt64
  public let operations: Int64
}

private struct PhaseTimer {
  private(set) var phases: [RunPhase] = []
  private let start = monotonicNanoseconds()

  mutating func time<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let begin = monotonicNanoseconds()
    let result = try body()
    phases.append(
      RunPhase(
        name: name, startNanoseconds: Int64(begin - start), durationNanoseconds: Int64(monotonicNanoseconds() - begin)))
    return result
  }
}

private final class ProgressObserver: SimulationObserver, @unchecked Sendable {
  // Safe to share: called by worker 0 alone.
  private let plan: SimulationPlan
  private let start: UInt64
  private let onProgress: (@Sendable (RunProgress) -> Void)?
  private let shouldStopNow: (@Sendable () -> Bool)?
  private var calls = 0
  private var lastReport: UInt64 = 0

  init(
    plan: SimulationPlan, start: UInt64, onProgress: (@Sendable (RunProgress) -> Void)?, shouldStop: (@Sendable () -> Bool)?
  ) {
    self.plan = plan
    self.start = start
    self.onProgress = onProgress
    shouldStopNow = shouldStop
  }

  func shouldStop(at time: SimTime, _ simulation: Simulation) -> Bool {
    if let shouldStopNow, shouldStopNow() { return true }
    calls += 1
    guard let onProgress, calls % 16 == 0 else { return false }
    let now = monotonicNanoseconds()
    guard now - lastReport > 100_000_000 else { return false }
    lastReport = now
    onProgress(
      RunProgress(
        virtualTime: time, durationNanoseconds: plan.durationNanoseconds, wallNanoseconds: now - start,
        operations: simulation.operationCount))
    return false
  }
}
