import JamboreeKit
import JamboreeMetrics

extension RunDriver {
  /// Puts a scenario on the backend at wall-clock pace: population, prepare, simulate (what comes before), load, start, warm-up,
  /// measure, drain, finish.
  func runLoad(_ given: LoadOptions) throws -> RunOutput {
    var phases = PhaseTimer()
    let clockCost = clock.costNanoseconds()
    let (population, populationMetrics) = try phases.time("population") { try makePopulation() }
    let plan = try phases.time("prepare") { try makePlan(population) }
    // What comes before is simulated in whole ticks.
    var options = given
    options.fromNanoseconds -= options.fromNanoseconds % plan.tickNanoseconds
    options.fitBuckets(scenario: plan.durationNanoseconds)
    try refuseWhatCannotBeLoaded(plan)
    var dataset = plan.dataset(identity: identity.dataIdentity)
    let before = ResourceUsage.now()
    let state: LoadState
    if options.fromNanoseconds > 0 {
      state = try phases.time("simulate") { try simulate(plan, dataset, until: options.fromNanoseconds) }
      dataset.history.append(state.writes)
    } else {
      state = phases.time("start") { LoadState(shards: startedShards(plan)) }
    }
    try load(dataset, &phases)
    let run = try phases.time("connect") {
      try LoadRun(plan, options, shards: state.shards, feeds: state.feeds, backend: backend, ranker: ranker, workers: workers, clock: clock)
    }
    let agents = state.shards.reduce(0) { $0 + $1.agents.reduce(0) { $0 + $1.count } }
    let started = ResourceUsage.now()

    func output(
      at now: UInt64, _ phases: [RunPhase], interrupted: Bool, isFinal: Bool, quality: [Metric] = [], audit: AuditReport? = nil,
      failures: (audit: String?, finish: String?) = (nil, nil), server: ServerCost? = nil
    ) -> RunOutput {
      var report = run.report(at: now)
      (report.audit, report.auditFailure, report.finishFailure) = (audit, failures.audit, failures.finish)
      let collector = run.collector
      report.server = server
      var metrics = populationMetrics + report.metrics + run.feedMetrics(isFinal: isFinal) + quality
      metrics += resourceMetrics(before: before, started: started, after: ResourceUsage.now(), agents: agents)
      // What went wrong before the load has made members do something else in it.
      let notANumberScores = state.notANumberScores + collector.notANumberScores
      let rankingFailures = RankingFailures.sum([state.rankingFailures, collector.rankingFailures])
      metrics.append(
        Metric(name: "ranking.notANumberScores", value: Double(notANumberScores), unit: "count", polarity: .lowerIsBetter))
      metrics += rankingFailures?.metrics ?? []
      var output = RunOutput(
        identity: identity, startedUnixNanoseconds: startedUnixNanoseconds, phases: phases, tick: -1,
        simulatedNanoseconds: collector.virtualTime, operations: collector.operations, outcomes: collector.outcomes,
        digest: RunDigest(), histograms: collector.histograms, timeline: collector.timeline, buckets: collector.buckets,
        metrics: metrics, actions: plan.catalog.descriptors, clockCostNanoseconds: clockCost, interrupted: interrupted,
        errorSamples: collector.errorSamples)
      output.load = report
      output.rankingFailures = rankingFailures
      return output
    }
    var interrupted = false
    var lastCheckpoint = monotonicNanoseconds()
    var lastProgress: UInt64 = 0
    let timer = phases
    var serverBefore: ServerUsage?
    run.run(mail: state.notices) { run, now in
      if let shouldStop, shouldStop() { interrupted = true }
      if serverBefore == nil, now >= run.time.measureStart { serverBefore = serverUsage() ?? ServerUsage() }
      if let onProgress, now &- lastProgress > 100_000_000 {
        lastProgress = now
        onProgress(run.progress(at: now, plan))
      }
      if let onCheckpoint, now &- lastCheckpoint > checkpointNanoseconds {
        lastCheckpoint = now
        onCheckpoint(output(at: now, timer.adding(run, until: now).phases, interrupted: true, isFinal: false))
      }
      return interrupted
    }
    phases = phases.adding(run, until: run.drainEnd)
    let end = run.drainEnd
    let server = ServerCost(serverBefore, serverUsage())
    var audit: AuditReport?
    var failures: (audit: String?, finish: String?) = (nil, nil)
    do throws(BackendError) {
      audit = try phases.time("audit") { () throws(BackendError) in try run.readBack(history: dataset.history, shouldStop: shouldStop ?? { false }) }
    } catch {
      failures.audit = error.message
    }
    // A server that is gone by now takes nothing away of what was measured of it.
    failures.finish = phases.time("finish") { finishFailure() }
    return output(
      at: end, phases.phases, interrupted: interrupted, isFinal: true, quality: QualityReport.metrics(state.shards.map(\.quality)), audit: audit,
      failures: failures, server: server)
  }

  /// What the server uses now; nil for one that does not tell, or not soon.
  private func serverUsage() -> ServerUsage? {
    let backend = backend.backend
    return TimeLimit.run(seconds: 3) { backend.serverUsage() } ?? nil
  }

  /// Closes the backend; tells why not, if that fails.
  private func finishFailure() -> String? {
    let backend = backend.backend
    let outcome = TimeLimit.run(seconds: 60) { () -> String in
      do {
        try backend.finish()
        return ""
      } catch {
        return (error as? BackendError)?.message ?? "\(error)"
      }
    }
    guard let outcome else { return "the backend has not closed within a minute" }
    return outcome.isEmpty ? nil : outcome
  }

  private func refuseWhatCannotBeLoaded(_ plan: SimulationPlan) throws(BackendError) {
    let descriptor = backend.descriptor
    try plan.check(descriptor)
    guard descriptor.isSynthetic || descriptor.isolation > .none else {
      throw BackendError(
        .usage, "backend '\(descriptor.id)' is for --pace max: it does not take reads and writes at the same time; name a server, sqlite, or null")
    }
  }

  private func startedShards(_ plan: SimulationPlan) -> [SimulationShard] {
    let shards = Simulation.makeShards(plan, ties: plan.makeTies(for: ranker))
    for shard in shards { shard.start() }
    return shards
  }

  /// Simulates what comes before the load, and keeps what was written.
  private func simulate(_ plan: SimulationPlan, _ dataset: Dataset, until time: Int64) throws -> LoadState {
    guard case .blocking(let memory)? = try makeRehearsal?() else {
      throw BackendError(.usage, "this program has no backend in memory, on which what comes before the load could be simulated")
    }
    let recording = RecordingBackend(memory)
    try recording.load(dataset)
    let observer = RunObserver(self, plan: plan)
    let simulation = try Simulation(
      plan, backend: .blocking(recording), ranker: ranker, workers: workers, clock: clock, observer: observer)
    simulation.start()
    if try simulation.run(until: time / plan.tickNanoseconds) { throw RunStopped() }
    try recording.finish()
    // What the load shows is judged by itself.
    for shard in simulation.shards { shard.quality.removeAll() }
    var notices: [Notice] = []
    simulation.exchange.failures.forEach { _, receiver, failure in
      notices += simulation.shards[receiver].tell(failure, at: SimTime(nanoseconds: time), tick: simulation.lastTick + 1)
    }
    simulation.exchange.incoming.forEach { _, _, notice in notices.append(notice) }
    simulation.feeds?.startAfter(simulation.lanes.compactMap(\.news))
    return LoadState(
      shards: simulation.shards, feeds: simulation.feeds, notices: notices, writes: recording.log,
      notANumberScores: simulation.notANumberScores, rankingFailures: simulation.rankingFailures)
  }
}

/// Where members stand when a load begins.
private struct LoadState {
  let shards: [SimulationShard]
  /// Nil where nothing came before.
  var feeds: FeedSystem?
  /// On their way.
  var notices: [Notice] = []
  /// What members have written before.
  var writes = OperationLog()
  /// As in ``Simulation/notANumberScores`` and ``Simulation/rankingFailures``.
  var notANumberScores = 0
  var rankingFailures: RankingFailures?
}

extension PhaseTimer {
  /// With the parts of a load, as far as they have come.
  fileprivate func adding(_ run: LoadRun, until now: UInt64) -> PhaseTimer {
    var timer = self
    let (time, end) = (run.time, run.measuredEnd)
    timer.add("warm-up", from: time.start, to: min(now, time.measureStart, end))
    timer.add("measure", from: time.measureStart, to: min(now, end))
    timer.add("drain", from: end, to: now)
    return timer
  }
}

extension LoadRun {
  fileprivate func progress(at now: UInt64, _ plan: SimulationPlan) -> RunProgress {
    let bucket = collector.buckets.last
    let seconds = Double(collector.timeline.bucketNanoseconds) / 1e9
    let starts = collector.timeline.index(of: "load.allStarts").flatMap { bucket?.values[$0] } ?? 0
    var progress = RunProgress(
      virtualTime: SimTime(nanoseconds: collector.virtualTime), durationNanoseconds: plan.durationNanoseconds,
      wallNanoseconds: now > time.start ? now &- time.start : 0, operations: collector.operations, isReplay: false)
    progress.load = RunProgress.Load(
      phase: now < time.measureStart ? "warm-up" : now < time.measureEnd ? "measure" : "drain",
      elapsedNanoseconds: progress.wallNanoseconds, totalNanoseconds: time.measureEnd &- time.start,
      startsPerSecond: Double(starts) / seconds, errors: bucket?.errors ?? 0,
      p99Nanoseconds: bucket.map { LatencySummary($0.latency).p99Nanoseconds } ?? 0)
    return progress
  }
}
