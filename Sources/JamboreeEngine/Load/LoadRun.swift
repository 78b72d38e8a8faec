import Dispatch
import JamboreeKit
import JamboreeMetrics

/// A run at wall-clock pace: workers that each drive their shards through a session of their own, and a collector that adds up
/// what they have measured while they go on.
final class LoadRun {
  private let plan: LoadPlan
  private let options: LoadOptions
  private let clock: MeasuringClock
  private let shards: [SimulationShard]
  private let feeds: LoadFeeds?
  private var sessions: [any PipelinedStorageSession]
  private let ranker: RankerInstance
  /// By worker; nil for a ranker in this process.
  private var desks: [BatchDesk?] = []
  private let samples: SampleQueue
  private let stop = StopFlag()
  private(set) var collector: LoadCollector
  private(set) var time: LoadClock
  private(set) var drainEnd: UInt64 = 0
  /// When somebody stopped it.
  private var stopped: UInt64 = .max
  /// When its measured part ended or, stopped, ends.
  var measuredEnd: UInt64 { min(time.measureEnd, stopped) }
  private var workers: [LoadWorker] = []
  private let backend: BackendInstance
  private var audit: AuditSettings?

  /// How often what was measured is added up.
  private static let collectNanoseconds: UInt64 = 50_000_000

  /// - Parameters:
  ///   - shards: started, standing still at the load's beginning.
  ///   - feeds: as they are then; nil where nobody looks at any.
  /// - Throws: ``BackendError`` when the backend is not made for requests that meet, or opens no session.
  init(
    _ plan: SimulationPlan, _ options: LoadOptions, shards: [SimulationShard], feeds: FeedSystem? = nil,
    backend: BackendInstance, ranker: RankerInstance, workers: Int, clock: MeasuringClock
  ) throws(BackendError) {
    // A backend with one writer has one session that writes, and so one worker.
    let workers = backend.descriptor.writers == .single ? 1 : min(max(workers, 1), shardCount)
    var compression: Double?
    if case .compressed(let factor) = options.pace { compression = factor }
    self.plan = LoadPlan(
      simulation: plan, workers: workers, inFlight: options.inFlight, bucketNanoseconds: options.bucketNanoseconds,
      latenessLimitNanoseconds: UInt64(options.settings.latenessLimitNanoseconds), atomicGroups: backend.descriptor.atomicGroups,
      fromNanoseconds: options.fromNanoseconds, compression: compression)
    self.backend = backend
    audit = backend.descriptor.isSynthetic ? nil : options.audit
    audit?.workers = workers
    self.options = options
    self.clock = clock
    self.shards = shards
    let feeds = feeds ?? plan.makeFeeds()
    feeds?.showsAll = backend.descriptor.isSynthetic
    self.feeds = feeds.map { LoadFeeds($0) }
    self.ranker = ranker
    let catalog = plan.catalog
    let rankerName = ranker.descriptor.id
    samples = SampleQueue { LatencyRecorder(actions: catalog, rankerName: rankerName) }
    sessions = try Self.openSessions(backend, connections: options.connections, workers: workers)
    collector = LoadCollector(self.plan)
    time = LoadClock(start: 0, from: 0, compression: nil, measureStart: 0, measureEnd: 0, drainEnd: 0)
    let interests = plan.interests(for: ranker)
    for worker in 0..<workers { desks.append(try ranker.openDesk(worker, isPatient: false, salt: plan.salt, interests: interests)) }
  }

  private static func openSessions(
    _ backend: BackendInstance, connections: Int, workers: Int
  ) throws(BackendError) -> [any PipelinedStorageSession] {
    var sessions: [any PipelinedStorageSession] = []
    var opened = 0
    for worker in 0..<workers {
      let own = max(connections / workers + (worker < connections % workers ? 1 : 0), 1)
      switch backend {
      case .pipelined(let backend): sessions.append(try backend.openAnySession(worker, connections: own))
      case .blocking(let blocking) where backend.descriptor.isSynthetic:
        sessions.append(InlineSession(try blocking.openAnySession(worker)))
      case .blocking(let blocking):
        guard connections <= BlockingPool.mostThreads else {
          throw BackendError(
            .usage,
            "backend '\(backend.descriptor.id)' takes a thread a connection, and \(connections) are too many; use --connections \(BlockingPool.mostThreads) or fewer")
        }
        var threads: [any StorageSession] = []
        for _ in 0..<own {
          threads.append(try blocking.openAnySession(opened))
          opened += 1
        }
        sessions.append(BlockingPool(threads, writesOnFirst: backend.descriptor.writers == .single))
      }
    }
    return sessions
  }

  /// Puts on the load, and returns when its drain is over.
  /// - Parameters:
  ///   - mail: notices that were on their way when the shards stood still.
  ///   - watch: called some twenty times a second with what there is so far; true ends the load.
  func run(mail pending: [Notice], watch: (LoadRun, _ now: UInt64) -> Bool) {
    let interests = plan.simulation.interests(for: ranker)
    let ties = shards.compactMap(\.ties)
    for table in ties { table.settle() }
    let mail = LoadMail(workers: plan.workers)
    let settings = options.settings
    for number in 0..<plan.workers {
      let own = shards.filter { $0.index % plan.workers == number }
      let arrivals =
        plan.compression == nil
        ? ArrivalSchedule(
          arrivals: settings.arrivals, stages: settings.stages, seed: plan.simulation.seed, worker: number, of: plan.workers) : nil
      collector.startCounters(number, at: plan.simulation.metrics.indices.map { metric in own.reduce(0) { $0 &+ $1.context.pointee.counters[metric] } })
      let feed = FeedDesk(ranker: ranker.atHand, salt: plan.simulation.salt, interests: interests, truth: plan.simulation.truth)
      feed.ties = ties
      workers.append(
        LoadWorker(
          number: number, plan: plan, clock: clock, session: sessions[number],
          feed: feed, desk: desks[number], feeds: feeds, shards: own, arrivals: arrivals, mail: mail, samples: samples, stop: stop))
    }
    for notice in pending { mail.send(notice, to: Int(notice.to.rawValue) % shardCount % plan.workers) }
    // Everything is made: a moment for the threads to begin.
    let start = clock.now() &+ 20_000_000
    let end = start &+ UInt64(options.measuredEndNanoseconds(scenario: plan.simulation.durationNanoseconds))
    time = LoadClock(
      start: start, from: options.fromNanoseconds, compression: plan.compression,
      measureStart: start &+ UInt64(settings.warmUpNanoseconds), measureEnd: end,
      drainEnd: end &+ UInt64(settings.drainNanoseconds))
    for worker in workers {
      worker.setClock(
        time,
        auditor: audit.map { WriteAuditor(settings: $0, seed: plan.simulation.seed, worker: worker.number, startNanoseconds: start) })
    }
    let group = DispatchGroup()
    for worker in workers {
      DispatchQueue(label: "jamboree.load.\(worker.number)", qos: .userInteractive).async(group: group) { worker.run() }
    }
    BackgroundThread.run {
      while group.wait(timeout: .now() + .nanoseconds(Int(Self.collectNanoseconds))) == .timedOut {
        collect()
        if watch(self, clock.now()), !stop.isSet {
          stop.set()
          stopped = clock.now()
        }
      }
      drainEnd = clock.now()
      collect()
    }
  }

  /// Reads back what was acknowledged; nil where nothing is audited.
  /// - Parameters:
  ///   - history: what was there before the load.
  ///   - shouldStop: asked now and then; what has not been read by then is said not to have been.
  /// - Throws: ``BackendError`` when no session can be had for it, or calls of the load's have not come back.
  func readBack(history: OperationLog, shouldStop: @escaping () -> Bool) throws(BackendError) -> AuditReport? {
    let records = workers.compactMap { $0.auditRecord() }
    try closeSessions()
    guard let audit else { return nil }
    var reading = AuditReadBack(records, history: history, settings: audit, seed: plan.simulation.seed)
    let session = try Self.openSessions(backend, connections: min(options.connections, 8), workers: 1)[0]
    let clock = clock
    return reading.run(through: session, deadlineNanoseconds: clock.now() &+ Self.readBackNanoseconds, now: { shouldStop() ? .max : clock.now() })
  }

  /// Gives up the load's sessions: they may have requests under way that nobody waits for any more.
  private func closeSessions() throws(BackendError) {
    workers = []
    desks = []
    let pools = sessions.compactMap { $0 as? BlockingPool }
    sessions = []
    for pool in pools where !pool.close(withinSeconds: 10) {
      throw BackendError(.failed, "a call of the load's has not come back after 10 s")
    }
  }

  /// How long reading back may take: what has not been read by then is said not to have been.
  private static let readBackNanoseconds: UInt64 = 120_000_000_000

  private func collect() {
    for sample in samples.takeAll() {
      collector.add(sample)
      samples.giveBack(sample)
    }
  }

  /// What there is to tell of feeds.
  /// - Parameter isFinal: whether nobody acts any more; before, what takes long to find is left out.
  func feedMetrics(isFinal: Bool) -> [Metric] { feeds?.metrics(isFinal: isFinal) ?? [] }

  private func intendedRate(upTo measured: UInt64) -> Double? {
    guard case .stages = options.pace, measured > 0 else { return nil }
    let begin = options.settings.warmUpNanoseconds
    let pieces = RatePiece.pieces(of: options.settings.stages)
    return pieces.reduce(0) { $0 + $1.count(from: begin, to: begin + Int64(measured)) } * 1e9 / Double(measured)
  }

  /// What there is to tell so far.
  func report(at now: UInt64) -> LoadReport {
    let end = min(now, measuredEnd)
    let measured = end > time.measureStart ? end &- time.measureStart : 0
    var report = LoadReport(
      pace: options.paceText, connections: options.connections, inFlight: (0..<plan.workers).reduce(0) { $0 + plan.window(of: $1) },
      warmUpNanoseconds: options.settings.warmUpNanoseconds, measureNanoseconds: Int64(measured),
      drainNanoseconds: now > measuredEnd ? Int64(now &- measuredEnd) : 0, virtualNanoseconds: collector.virtualTime,
      starts: collector.starts, startsInTime: collector.startsInTime, lateStarts: collector.lateStarts,
      latenessLimitNanoseconds: options.settings.latenessLimitNanoseconds, latenessShare: options.settings.latenessShare,
      intendedRate: intendedRate(upTo: measured), peakInFlight: collector.peakInFlight,
      unanswered: collector.unanswered, unstarted: collector.unstarted, ranOut: collector.ranOut, outages: collector.outages)
    if case .stages = options.pace {
      report.stages = StageReport.make(
        options.settings, collector.timeline, collector.buckets, until: Int64(end > time.start ? end &- time.start : 0))
    }
    return report
  }
}
