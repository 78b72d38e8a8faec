import JamboreeKit
import JamboreeMetrics

/// Runs a scenario from nothing, or from what an earlier run has left, to a ``RunOutput``, phase by phase: population,
/// prepare, load (or reopen and replay), start, measure, finish.
///
/// The caller brings the parts as values: how to make the population and the plan, a backend, a ranker.
public struct RunDriver: Sendable {
  /// What a run begins with.
  public enum Beginning: Sendable {
    /// An empty backend.
    case empty
    /// An empty backend; when the run comes by the checkpoint of an earlier one it must have the same digest.
    case again(RunCheckpoint)
    /// What an earlier run has left in a backend that keeps its data. What that run did is done again on `replay`, a backend
    /// in memory, to know where its members stood, and checked against the checkpoint where there is one; then this run goes
    /// on where the other's data ends.
    case leftBehind(RunCheckpoint?, replay: @Sendable () throws(BackendError) -> BackendInstance)
  }

  public var identity: RunIdentity
  /// Makes everybody; what there is to tell of it goes among the run's metrics.
  public var makePopulation: @Sendable () throws(ConfigurationError) -> (population: Population, metrics: [Metric])
  public var makePlan: @Sendable (Population) throws(ConfigurationError) -> SimulationPlan
  /// Figures of the run as a whole that follow from what all services have counted. Not asked for under load, whose timeline goes by
  /// wall time.
  public var deriveMetrics: @Sendable (MetricTimeline) -> [Metric] = { _ in [] }
  public var backend: BackendInstance
  public var ranker: RankerInstance
  public var workers: Int
  public var clock: MeasuringClock = .monotonic
  public var beginning = Beginning.empty
  /// At wall-clock pace; nil: in virtual time, as fast as the machine allows.
  public var load: LoadOptions?
  /// Where what comes before a load is simulated: a blocking backend in memory.
  public var makeRehearsal: (@Sendable () throws(BackendError) -> BackendInstance)?
  /// Nanoseconds since 1970.
  public var startedUnixNanoseconds = unixNanoseconds()
  /// Told about the progress of the measure phase, at most ten times a second.
  public var onProgress: (@Sendable (RunProgress) -> Void)?
  /// Least wall time between two checkpoints.
  public var checkpointNanoseconds: UInt64 = 1_000_000_000
  /// Given what was measured so far, about once a second, between two ticks, while the run waits.
  public var onCheckpoint: (@Sendable (RunOutput) -> Void)?
  /// Asked between ticks; true stops the run and keeps what was measured.
  public var shouldStop: (@Sendable () -> Bool)?

  public init(
    identity: RunIdentity,
    makePopulation: @escaping @Sendable () throws(ConfigurationError) -> (population: Population, metrics: [Metric]),
    makePlan: @escaping @Sendable (Population) throws(ConfigurationError) -> SimulationPlan, backend: BackendInstance,
    ranker: any FeedRanker, workers: Int
  ) {
    self.init(
      identity: identity, makePopulation: makePopulation, makePlan: makePlan, backend: backend, ranker: .inProcess(ranker), workers: workers)
  }

  /// The same with a ranker of either protocol.
  public init(
    identity: RunIdentity,
    makePopulation: @escaping @Sendable () throws(ConfigurationError) -> (population: Population, metrics: [Metric]),
    makePlan: @escaping @Sendable (Population) throws(ConfigurationError) -> SimulationPlan, backend: BackendInstance,
    ranker: RankerInstance, workers: Int
  ) {
    self.identity = identity
    self.makePopulation = makePopulation
    self.makePlan = makePlan
    self.backend = backend
    self.ranker = ranker
    self.workers = workers
  }

  /// - Throws: ``PlugInError`` from the backend, ``ConfigurationError`` from the population or a service, ``ReplayMismatch`` when an earlier
  ///   run cannot be done again, ``RunStopped`` when it is stopped before anything new was measured.
  public func run() throws -> RunOutput {
    if let load { return try runLoad(load) }
    var phases = PhaseTimer(after: earlierPart)
    let clockCost = clock.costNanoseconds()
    let (population, populationMetrics) = try phases.time("population") { try makePopulation() }
    let plan = try phases.time("prepare") { try makePlan(population) }
    let dataset = plan.dataset(identity: identity.dataIdentity)
    var replayed: Replayed?
    if case .leftBehind(let checkpoint, let makeReplay) = beginning {
      let mark = try phases.time("reopen") { try backend.backend.reopen(dataset) }
      guard mark.isWhole else {
        throw BackendError(
          .usage, "\(backend.descriptor.id): the data end in the middle of tick \(mark.tick + 1), whose writes were kept one by one; "
            + "a run cannot go on from there: remove them, or name another place")
      }
      let tick = mark.tick
      replayed = try phases.time("replay") { try replay(plan, dataset, on: makeReplay(), until: tick, checkpoint) }
    } else {
      try load(dataset, &phases)
    }

    let before = ResourceUsage.now()
    let observer = RunObserver(self, plan: plan)
    let simulation = try phases.time("start") { try makeSimulation(plan, observer, from: replayed) }
    let started = ResourceUsage.now()
    let agents = simulation.agentCount
    var crowdMetrics: [Metric] = []
    func output(_ phases: [RunPhase], interrupted: Bool, isFinal: Bool) -> RunOutput {
      let (timeline, buckets) = isFinal ? simulation.finishTimeline() : simulation.timelineSoFar
      var metrics = deriveMetrics(timeline) + plan.services.flatMap { $0.derivedMetrics(timeline) }
      metrics += populationMetrics + simulation.metrics(isFinal: isFinal)
      // Adding up what many pages showed takes longer than a run should wait.
      if isFinal { metrics += simulation.qualityMetrics + crowdMetrics }
      metrics += resourceMetrics(before: before, started: started, after: ResourceUsage.now(), agents: agents)
      metrics.append(
        Metric(
          name: "engine.recordingSeconds", value: Double(observer.recordingNanoseconds) * 1e-9, unit: "s", polarity: .lowerIsBetter))
      if let replayed {
        metrics.append(Metric(name: "engine.unmeasuredOperations", value: Double(replayed.unmeasuredOperations), unit: "count"))
      }
      var output = RunOutput(
        identity: identity, startedUnixNanoseconds: startedUnixNanoseconds, phases: phases, tick: simulation.lastTick,
        simulatedNanoseconds: simulation.simulatedNanoseconds, operations: simulation.operationCount,
        outcomes: simulation.outcomes, digest: simulation.digest, histograms: simulation.histograms(), timeline: timeline,
        buckets: buckets, metrics: metrics, actions: plan.catalog.descriptors, clockCostNanoseconds: clockCost,
        interrupted: interrupted, errorSamples: simulation.errorSamples)
      output.rankingFailures = simulation.rankingFailures
      return output
    }
    let timer = phases
    observer.makeOutput = { output(timer.withPhaseUnderWay("measure"), interrupted: true, isFinal: false) }
    defer { observer.makeOutput = nil }
    if case .batch = ranker { observer.keepOutputs() }
    let interrupted = try phases.time("measure") { try measure(simulation) }
    observer.makeOutput = nil
    // What a backend has made up is nobody's judgement.
    if !backend.descriptor.isSynthetic, !interrupted { crowdMetrics = phases.time("judge") { simulation.judgeCrowd() } }
    try phases.time("finish") { try backend.backend.finish() }
    if simulation.isCutShort, var last = observer.lastOutput {
      last.isCutShort = true
      return last
    }
    return output(phases.phases, interrupted: interrupted, isFinal: true)
  }

  func load(_ dataset: Dataset, _ phases: inout PhaseTimer) throws {
    let shouldStop = shouldStop ?? { false }
    phases.time("clear") { backend.backend.removeLeftovers(shouldStop: shouldStop) }
    do {
      try phases.time("load") { try backend.backend.load(dataset, shouldStop: shouldStop) }
    } catch let error as BackendError {
      // Where it is to stop, that is why.
      throw shouldStop() ? RunStopped(remark: error.message) : error
    }
  }

  /// The part of the run that is not measured again.
  private var earlierPart: RunCheckpoint? {
    if case .leftBehind(let checkpoint, _) = beginning { return checkpoint }
    return nil
  }

  private var checkpoint: RunCheckpoint? {
    switch beginning {
    case .empty: nil
    case .again(let checkpoint): checkpoint
    case .leftBehind(let checkpoint, _): checkpoint
    }
  }

  /// What was found by doing an earlier run again.
  private struct Replayed {
    /// Where everything stood.
    let state: [UInt8]
    /// What the earlier run had measured of that.
    let measured: RunCheckpoint?
    /// How many operations are not among the latencies: those after the last checkpoint.
    let unmeasuredOperations: Int64
  }

  private func makeSimulation(_ plan: SimulationPlan, _ observer: RunObserver, from replayed: Replayed?) throws -> Simulation {
    let simulation = try Simulation(plan, backend: backend, ranker: ranker, workers: workers, clock: clock, observer: observer)
    guard let replayed else {
      simulation.start()
      return simulation
    }
    try simulation.restore(from: replayed.state)
    simulation.adopt(replayed.measured)
    return simulation
  }

  /// Does an earlier run again up to its last whole tick.
  private func replay(
    _ plan: SimulationPlan, _ dataset: Dataset, on replay: BackendInstance, until tick: TickID, _ checkpoint: RunCheckpoint?
  ) throws -> Replayed {
    try replay.backend.load(dataset)
    let observer = RunObserver(self, plan: plan, isReplay: true)
    let simulation = try Simulation(plan, backend: replay, ranker: ranker, workers: workers, clock: clock, observer: observer)
    defer { try? replay.backend.finish() }
    simulation.start()
    func advance(to tick: TickID) throws { if try simulation.run(until: tick + 1) { throw RunStopped() } }
    guard let checkpoint else {
      try advance(to: tick)
      return Replayed(state: simulation.checkpoint(), measured: nil, unmeasuredOperations: simulation.operationCount)
    }
    if checkpoint.tick <= tick {
      try advance(to: checkpoint.tick)
      try check(simulation, checkpoint)
      let measured = simulation.operationCount
      try advance(to: tick)
      return Replayed(
        state: simulation.checkpoint(), measured: checkpoint, unmeasuredOperations: simulation.operationCount - measured)
    }
    // The data are marked with the last tick that wrote. If nothing wrote between there and the checkpoint they are the
    // checkpoint's data; else some of them were lost with the machine, and what was measured of them counts no more.
    try advance(to: tick)
    let (atMark, operations, writes) = (simulation.checkpoint(), simulation.operationCount, writeCount(simulation))
    try advance(to: checkpoint.tick)
    try check(simulation, checkpoint)
    guard writeCount(simulation) > writes else {
      return Replayed(state: simulation.checkpoint(), measured: checkpoint, unmeasuredOperations: 0)
    }
    return Replayed(state: atMark, measured: nil, unmeasuredOperations: operations)
  }

  private func writeCount(_ simulation: Simulation) -> UInt64 {
    let writes = Set(Verb.allCases.filter(\.isWrite).map(\.name))
    return simulation.histograms().reduce(0) { sum, entry in
      entry.key.kind == .storage && writes.contains(entry.key.name) ? sum + entry.value.totalCount : sum
    }
  }

  /// - Returns: true when the run was stopped.
  private func measure(_ simulation: Simulation) throws -> Bool {
    if let checkpoint, simulation.lastTick < checkpoint.tick {
      if try simulation.run(until: checkpoint.tick + 1) { return true }
      try check(simulation, checkpoint)
    }
    return try simulation.run()
  }

  private func check(_ simulation: Simulation, _ checkpoint: RunCheckpoint) throws {
    guard simulation.digest.description == checkpoint.digest else {
      throw ReplayMismatch(tick: checkpoint.tick, expected: checkpoint.digest, got: simulation.digest.description)
    }
  }

  func resourceMetrics(before: ResourceUsage, started: ResourceUsage, after: ResourceUsage, agents: Int) -> [Metric] {
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

/// A run that was done again did not come out as the first time.
public struct ReplayMismatch: Error, CustomStringConvertible {
  public let tick: TickID
  public let expected: String
  public let got: String

  public var description: String {
    "the run cannot be gone on with: done again, it has digest \(got) at tick \(tick), and had \(expected); was it made by another "
      + "version of the program?"
  }
}

/// A run was stopped before it had measured anything.
public struct RunStopped: Error {
  /// What else there is to tell of it; empty when there is nothing.
  public var remark = ""

  public init(remark: String = "") { self.remark = remark }
}
