import Dispatch
import JamboreeKit
import JamboreeMetrics

/// A run in virtual time: the same operations and replies for any number of workers.
///
/// Made of three things that know nothing of each other: shards (who wants what when), lanes (who performs it and
/// measures) and the tick loop (who works when).
public final class Simulation: TickProcess, @unchecked Sendable {
  // Safe to share: worker 0 alone touches the mutable state, between barriers; shards and lanes belong to the worker
  // that has claimed them.
  let plan: SimulationPlan
  private let backend: any StorageBackend
  private let descriptor: BackendDescriptor
  private let workers: Int
  let shards: [SimulationShard]
  let lanes: [Lane]
  private let clock: MeasuringClock
  private let observer: (any SimulationObserver)?

  let exchange: Exchange
  let nextTicks: UnsafeMutablePointer<TickID>
  private let shardReferences: UnsafeMutablePointer<Unmanaged<SimulationShard>>
  private let laneReferences: UnsafeMutablePointer<Unmanaged<Lane>>
  var tick: TickID = -1
  /// When the tick's reads began, and how long the last tick's would have taken one worker.
  private var readStart: UInt64 = 0
  private var lastReadNanoseconds = UInt64.max
  private var isShared = false
  private var failure: BackendError?
  private var wasInterrupted = false
  private var stopTick: TickID = .max
  var meter: TimelineMeter
  /// Nil where nobody looks at a feed.
  let feeds: FeedSystem?
  /// What was measured before the checkpoint that this run goes on from.
  var restored = Measured()

  struct Measured {
    var digest = RunDigest()
    var outcomes = [Int64](repeating: 0, count: Outcome.allCases.count)
    var notANumberScores = 0
    var rankingFailures: RankingFailures?
    var histograms: [LatencyRecorder.Key: LatencyHistogram] = [:]
    var errorSamples: [ErrorSample] = []
  }

  /// - Parameters:
  ///   - workers: at least 1; changes nothing but the time it takes.
  ///   - observer: told about progress between ticks; may stop the run.
  ///   - stallNanoseconds: how long a pipelined session may bring nothing back while requests are under way; the run
  ///     fails then. A backend's own time-outs are shorter.
  /// - Throws: ``PlugInError`` when the backend lacks a verb or opens no session.
  public convenience init(
    _ plan: SimulationPlan, backend: BackendInstance, ranker: any FeedRanker, workers: Int,
    clock: MeasuringClock = .monotonic, observer: (any SimulationObserver)? = nil,
    stallNanoseconds: UInt64 = 60_000_000_000
  ) throws(BackendError) {
    try self.init(
      plan, backend: backend, ranker: .inProcess(ranker), workers: workers, clock: clock, observer: observer,
      stallNanoseconds: stallNanoseconds)
  }

  /// The same with a ranker of either protocol.
  /// - Throws: ``PlugInError`` also when the ranker opens no session.
  public init(
    _ plan: SimulationPlan, backend instance: BackendInstance, ranker: RankerInstance, workers: Int,
    clock: MeasuringClock = .monotonic, observer: (any SimulationObserver)? = nil,
    stallNanoseconds: UInt64 = 60_000_000_000
  ) throws(BackendError) {
    self.plan = plan
    backend = instance.backend
    descriptor = instance.descriptor
    self.workers = max(workers, 1)
    self.clock = clock
    self.observer = observer
    try plan.check(descriptor)
    let ties = plan.makeTies(for: ranker)
    shards = Simulation.makeShards(plan, ties: ties)
    nextTicks = .allocate(capacity: shardCount)
    nextTicks.initialize(repeating: -1, count: shardCount)
    meter = TimelineMeter(plan)
    let rankerDescriptor = ranker.descriptor
    let interests = plan.interests(for: ranker)
    var lanes: [Lane] = []
    for worker in 0..<self.workers {
      let recorder = LatencyRecorder(actions: plan.catalog, rankerName: rankerDescriptor.id)
      let feed = FeedDesk(ranker: ranker.atHand, salt: plan.salt, interests: interests, truth: plan.truth)
      let desk = try ranker.openDesk(worker, isPatient: true, salt: plan.salt, interests: interests)
      lanes.append(
        try Simulation.makeLane(
          instance, worker, recorder: recorder, clock: clock, feed: feed, desk: desk, salt: plan.salt,
          stallNanoseconds: stallNanoseconds))
    }
    for lane in lanes {
      lane.feed.ties = ties
      if let observer { lane.hasToStop = { [unowned observer] in observer.hasToStop } }
    }
    self.lanes = lanes
    feeds = plan.makeFeeds()
    if let feeds {
      feeds.showsAll = descriptor.isSynthetic
      for lane in lanes { (lane.feeds, lane.news) = (feeds, FeedNews(feeds.base)) }
    }
    shardReferences = .allocate(capacity: shardCount)
    for (index, shard) in shards.enumerated() { (shardReferences + index).initialize(to: .passUnretained(shard)) }
    laneReferences = .allocate(capacity: lanes.count)
    for (index, lane) in lanes.enumerated() { (laneReferences + index).initialize(to: .passUnretained(lane)) }
    exchange = Exchange(shards: shards, partitioned: descriptor.writers == .partitioned)
  }

  deinit {
    nextTicks.deallocate()
    shardReferences.deallocate()
    laneReferences.deallocate()
  }

  /// - Parameter ties: one table a shard, or none.
  static func makeShards(_ plan: SimulationPlan, ties: [TieTable] = []) -> [SimulationShard] {
    [SimulationShard](unsafeUninitializedCapacity: shardCount) { buffer, initializedCount in
      // Each iteration fills a place of its own.
      let places = UncheckedBox(buffer)
      let ties = UncheckedBox(ties)
      DispatchQueue.concurrentPerform(iterations: shardCount) { index in
        places.value.initializeElement(
          at: index,
          to: SimulationShard(
            index: index, agents: plan.services.map { $0.makeAgents(shard: index) }, metricCount: plan.metrics.count,
            tickNanoseconds: plan.tickNanoseconds, quality: QualityMeter(plan),
            ties: ties.value.isEmpty ? nil : ties.value[index]))
      }
      initializedCount = shardCount
    }
  }

  private static func makeLane(
    _ instance: BackendInstance, _ worker: Int, recorder: LatencyRecorder, clock: MeasuringClock, feed: FeedDesk, desk: BatchDesk?,
    salt: UInt64, stallNanoseconds: UInt64
  ) throws(BackendError) -> Lane {
    switch instance {
    case .blocking(let backend) where desk != nil:
      return PipelinedLane(
        session: InlineSession(try backend.openAnySession(worker)), recorder: recorder, clock: clock, feed: feed, salt: salt,
        backendName: instance.descriptor.id, stallNanoseconds: stallNanoseconds, desk: desk)
    case .blocking(let backend):
      return BlockingLane(
        session: try backend.openAnySession(worker), recorder: recorder, clock: clock, feed: feed, salt: salt)
    case .pipelined(let backend):
      return PipelinedLane(
        session: try backend.openAnySession(worker, connections: 1), recorder: recorder, clock: clock, feed: feed, salt: salt,
        backendName: instance.descriptor.id, stallNanoseconds: stallNanoseconds, desk: desk)
    }
  }

  /// Schedules everybody's first wake-up.
  public func start() {
    DispatchQueue.concurrentPerform(iterations: shardCount) { index in
      shards[index].start()
      nextTicks[index] = shards[index].wheel.pointee.nextTick() ?? .max
    }
  }

  /// Runs to the end, to the observer's stop or to `tick`, after which it can go on.
  /// - Throws: what the backend's `endTick` threw.
  /// - Returns: true when the observer stopped it; ``isCutShort`` tells whether in the middle of a tick.
  @discardableResult
  public func run(until tick: TickID = .max) throws(BackendError) -> Bool {
    stopTick = tick
    TickLoop(gang: WorkerGang(workers: workers)).run(self)
    if let failure { throw failure }
    return wasInterrupted
  }

  // MARK: The loop's questions, each asked of worker 0 alone except `runShard` and `runPartition`

  /// Sharing a tick out costs some microseconds: what one worker does in less than this is not worth it. By time and not
  /// by count, because a read takes one backend a hundred times as long as another.
  private static let smallTickNanoseconds: UInt64 = 30_000

  var isSmall: Bool {
    isShared = lastReadNanoseconds >= Self.smallTickNanoseconds
    return !isShared
  }

  /// Whether the run was stopped in the middle of a tick, as its ranker did not answer: nothing of the tick was written, but what was
  /// counted has some of it.
  public var isCutShort: Bool { lanes.contains(where: \.isCutShort) }

  func beginTick() -> TickID? {
    guard failure == nil, !isCutShort else { return nil }
    if let observer, observer.shouldStop(at: SimTime(nanoseconds: max(tick, 0) * plan.tickNanoseconds), self) {
      wasInterrupted = true
      return nil
    }
    exchange.incomingMask = exchange.incoming.receivers()
    exchange.failureMask = exchange.failures.receivers()
    exchange.backfillMask = feeds?.backfillMask ?? 0
    var next = exchange.incomingMask | exchange.failureMask | exchange.backfillMask != 0 ? tick + 1 : TickID.max
    for index in 0..<shardCount { next = min(next, nextTicks[index]) }
    guard next < min(stopTick, plan.endTick) else { return nil }
    tick = next
    let start = SimTime(nanoseconds: next * plan.tickNanoseconds)
    meter.advance(to: start, shards: shards, lanes: lanes)
    exchange.tickStart = start
    readStart = monotonicNanoseconds()
    return next
  }

  func runShard(_ index: Int, worker: Int) {
    let mail = exchange.incomingMask | exchange.failureMask | exchange.backfillMask
    guard nextTicks[index] <= tick || mail >> UInt64(index) & 1 == 1 else { return }
    // Unretained: both workers come by here for every shard of every tick, and would wait for each other's counting.
    laneReferences[worker]._withUnsafeGuaranteedRef { lane in
      shardReferences[index]._withUnsafeGuaranteedRef { shard in
        if exchange.backfillMask >> UInt64(index) & 1 == 1 { lane.runBackfills(index, at: exchange.tickStart) }
        lane.runShard(shard, tick: tick, exchange: exchange)
        nextTicks[index] = shard.wheel.pointee.nextTick() ?? .max
      }
    }
  }

  func prepareWrites() -> Bool {
    guard !isCutShort else { return false }
    exchange.failures.clearMasks()
    lastReadNanoseconds = (monotonicNanoseconds() &- readStart) &* (isShared ? UInt64(workers) : 1)
    guard exchange.writes.receivers() != 0 else { return false }
    // Sharing fewer costs more than making them.
    if exchange.partitioned, workers > 1, exchange.writes.messageCount() > 4 { return true }
    for partition in 0..<shardCount where exchange.writes.receivers() >> UInt64(partition) & 1 == 1 {
      lanes[0].runPartition(partition, exchange: exchange)
    }
    return false
  }

  func runPartition(_ partition: Int, worker: Int) {
    laneReferences[worker]._withUnsafeGuaranteedRef { $0.runPartition(partition, exchange: exchange) }
  }

  func prepareDeliveries() -> Bool {
    guard !isCutShort else { return false }
    takeNews()
    // Groups of several owners come after all other writes, on every backend: that order is part of the scenario's
    // meaning.
    lanes[0].runSharedGroups(exchange: exchange)
    guard let feeds else { return false }
    takeNews()
    let tickEnd = exchange.tickStart + plan.tickNanoseconds
    let count = feeds.prepareDeliveries(salt: plan.salt, partitioned: exchange.partitioned, tickEnd: tickEnd)
    guard count > 0 else { return false }
    if exchange.partitioned, workers > 1, count > 1 { return true }
    for partition in 0..<shardCount { runDeliveries(partition, worker: 0) }
    return false
  }

  private func takeNews() {
    guard let feeds else { return }
    for lane in lanes {
      if let news = lane.news { feeds.take(news) }
    }
  }

  func runDeliveries(_ partition: Int, worker: Int) {
    guard let feeds, !feeds.deliveries[partition].isEmpty else { return }
    laneReferences[worker]._withUnsafeGuaranteedRef { $0.perform(feeds.deliveries[partition]) }
  }

  func endTick() {
    if isCutShort {
      wasInterrupted = true
      return
    }
    exchange.writes.clearMasks()
    for lane in lanes where lane.failure != nil { failure = lane.failure }
    guard failure == nil else { return }
    do { try backend.endTick(tick) } catch { failure = error }
    feeds?.endTick()
    exchange.incoming.clearMasks()
    let emptied = exchange.incoming
    exchange.incoming = exchange.outgoing
    exchange.outgoing = emptied
  }
}

/// Told about a simulation's progress, by worker 0, between two ticks.
public protocol SimulationObserver: AnyObject, Sendable {
  /// Called before every tick: must return at once. True stops the run here.
  func shouldStop(at time: SimTime, _ simulation: Simulation) -> Bool
  /// Whether the run is to stop, asked within a tick by any worker that waits for a ranker in another process.
  var hasToStop: Bool { get }
}

extension SimulationObserver {
  public var hasToStop: Bool { false }
}

/// Carries a value into a closure that another thread runs, where the surrounding code sees to it that only one does.
struct UncheckedBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

extension BlockingStorageBackend {
  func openAnySession(_ id: SessionID) throws(BackendError) -> any StorageSession { try openSession(id) }
}

extension PipelinedStorageBackend {
  func openAnySession(_ id: SessionID, connections: Int) throws(BackendError) -> any PipelinedStorageSession {
    try openSession(id, connections: connections)
  }
}
