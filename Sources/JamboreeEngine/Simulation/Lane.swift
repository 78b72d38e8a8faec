import JamboreeKit
import JamboreeMetrics

/// What one worker owns in a run: a session of the backend, its recorder, its part of the digest. Workers share nothing
/// of it; the run adds the lanes up at the end.
class Lane {
  let recorder: LatencyRecorder
  let clock: MeasuringClock
  let feed: FeedDesk
  let salt: UInt64
  /// The writes of the partition that is being performed.
  let queue: UnsafeMutablePointer<WriteQueue>
  /// Why the run cannot go on, if it cannot.
  @exclusivity(unchecked) var failure: BackendError?
  /// Asked while it waits for a ranker in another process: whether the run is to stop.
  @exclusivity(unchecked) final var hasToStop: () -> Bool = { false }
  /// Whether it has left a tick unfinished, because the run is to stop and the ranker does not answer.
  @exclusivity(unchecked) final var isCutShort = false
  /// The first operations that ended in an error, ``ErrorSample/limit`` at most. Actions are named when they are read.
  private(set) var errorSamples: [(operation: Operation, outcome: Outcome, message: String)] = []
  /// Of the shard whose members are being shown pages.
  @exclusivity(unchecked) final var quality: QualityMeter?
  /// The run's feeds, and what this lane has to tell of them; nil where nobody looks at any.
  @exclusivity(unchecked) var feeds: FeedSystem?
  @exclusivity(unchecked) var news: FeedNews?
  /// What a write's digest is given for a page.
  let noPage = UnsafeMutablePointer<Buffer<UInt16>>.allocate(capacity: 1)

  /// What a lane adds up.
  struct Tally {
    var digest = RunDigest()
    /// By outcome.
    var outcomes = (0 as Int64, 0 as Int64, 0 as Int64, 0 as Int64, 0 as Int64, 0 as Int64, 0 as Int64)

    @inline(__always) mutating func count(_ outcome: Outcome) {
      if outcome == .ok { outcomes.0 &+= 1 } else { countOther(outcome) }
    }

    @inline(never) private mutating func countOther(_ outcome: Outcome) {
      withUnsafeMutableBytes(of: &outcomes) { bytes in
        bytes.withMemoryRebound(to: Int64.self) { $0[Int(outcome.rawValue)] += 1 }
      }
    }

    var byOutcome: [Int64] {
      [outcomes.0, outcomes.1, outcomes.2, outcomes.3, outcomes.4, outcomes.5, outcomes.6]
    }
  }

  /// Behind a pointer for the same reason as a shard's columns.
  let tally: UnsafeMutablePointer<Tally>

  init(recorder: LatencyRecorder, clock: MeasuringClock, feed: FeedDesk, salt: UInt64) {
    self.recorder = recorder
    self.clock = clock
    self.salt = salt
    self.feed = feed
    tally = .allocate(capacity: 1)
    tally.initialize(to: Tally())
    noPage.initialize(to: Buffer(capacity: 1))
    queue = .allocate(capacity: 1)
    queue.initialize(to: WriteQueue())
  }

  deinit {
    tally.deallocate()
    noPage.deinitialize(count: 1)
    noPage.deallocate()
    queue.deinitialize(count: 1)
    queue.deallocate()
  }

  var notANumberCount: Int { feed.notANumberCount }
  /// What has gone wrong with a ranker in another process; nil for one in this.
  var rankingFailures: RankingFailures? { nil }

  /// Keeps an operation that ended in an error, for a person to look at.
  @inline(never) final func sample(_ operation: Operation, _ outcome: Outcome, _ message: @autoclosure () -> String) {
    if errorSamples.count < ErrorSample.limit { errorSamples.append((operation, outcome, message())) }
  }

  /// Performs a shard's decisions and reads of a tick.
  func runShard(_ shard: SimulationShard, tick: TickID, exchange: Exchange) { preconditionFailure("a lane overrides this") }

  /// Performs a read that is neither measured nor part of the digest; false when it does not end `ok`.
  func readAside(_ operation: Operation, _ body: (borrowing Reply) -> Void) -> Bool { preconditionFailure("a lane overrides this") }

  /// Performs what is in the queue, in order. Word of how it ended is sent from `sender`.
  func performQueue(from sender: Int, exchange: Exchange) { preconditionFailure("a lane overrides this") }

  /// Reads what new followers are given, those of one shard.
  func runBackfills(_ shard: Int, at time: SimTime) { preconditionFailure("a lane overrides this") }

  /// Puts items into inboxes, in order.
  func perform(_ deliveries: [Delivery]) { preconditionFailure("a lane overrides this") }

  /// Performs the writes of one partition.
  final func runPartition(_ partition: Int, exchange: Exchange) {
    queue.pointee.removeAll()
    exchange.writes.receive(partition) { queue.pointee.append($0) }
    queue.pointee.sort(salt: salt)
    performQueue(from: partition, exchange: exchange)
  }

  /// Performs a tick's groups whose writes have several owners.
  final func runSharedGroups(exchange: Exchange) {
    queue.pointee.removeAll()
    for shard in exchange.shards {
      for index in 0..<shard.baggage.pointee.sharedGroups.count {
        queue.pointee.append(shard.baggage.pointee.sharedGroups[index])
      }
    }
    guard queue.pointee.count > 0 else { return }
    queue.pointee.sort(salt: salt)
    performQueue(from: 0, exchange: exchange)
    // A shard that has nothing to do in the next tick is not asked, and clears nothing.
    for shard in exchange.shards { shard.baggage.pointee.sharedGroups.removeAll() }
  }

  /// Ranks what a listing found and puts the page into the context; returns how long the ranking took.
  @inline(__always) final func rank(
    _ operation: borrowing Operation, _ reply: borrowing Reply, pageLength: Int, since start: UInt64,
    into page: inout Buffer<UInt16>
  ) -> UInt64 {
    feed.rank(operation, reply, pageLength: pageLength, into: &page)
    let duration = clock.now() &- start
    recorder.recordRanking(durationNanoseconds: duration)
    quality?.look(at: reply.items, page: page, of: operation.actor, now: operation.intended)
    return duration
  }

  /// Adds an operation and what it found to the digest. Of a ranked listing the page counts, not the window.
  @inline(__always) final func digest(
    _ operation: borrowing Operation, _ outcome: Outcome, _ reply: borrowing Reply, page: borrowing Buffer<UInt16>, isRanked: Bool,
    argumentsHash: UInt64 = 0
  ) {
    var hash = digestHash(of: operation) &+ UInt64(outcome.rawValue) &+ argumentsHash
    // A polynomial over the rows, so that a swap shows.
    let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    if isRanked {
      for position in 0..<page.count { hash = hash &* factor &+ digestHash(of: reply.items[Int(page[position])]) }
    } else {
      for row in 0..<reply.items.count { hash = hash &* factor &+ digestHash(of: reply.items[row]) }
    }
    if !reply.keys.isEmpty {
      for key in reply.keys { hash = hash &* factor &+ mix64(key) }
    }
    let scalars = UInt64(bitPattern: reply.count) &* 0xA076_1D64_78BD_642F ^ UInt64(bitPattern: reply.sum)
      ^ UInt64(reply.version) << 40
    tally.pointee.digest.add(mix64(hash ^ mix64(scalars)))
  }

  /// Hash of the list beside an operation; 0 for none.
  final func hash(_ arguments: Span<UInt64>) -> UInt64 {
    var hash: UInt64 = 0
    for index in 0..<arguments.count { hash = hash &* 0x9E37_79B9_7F4A_7C15 &+ mix64(arguments[index] ^ 0x6172_6773) }
    return hash
  }
}

extension Lane {
  /// Records a single write, and the action that it ends if reads went before it.
  @inline(__always) final func finishWrite(
    _ write: PendingWrite, _ outcome: Outcome, durationNanoseconds: UInt64, _ reply: borrowing Reply, argumentsHash: UInt64
  ) {
    if write.serviceNanoseconds == 0 {
      recorder.recordSingle(write.operation, outcome, durationNanoseconds: durationNanoseconds)
    } else {
      recorder.recordPart(write.operation, outcome, durationNanoseconds: durationNanoseconds)
      recorder.recordAction(
        write.operation.action, outcome, durationNanoseconds: durationNanoseconds &+ write.serviceNanoseconds)
    }
    tally.pointee.count(outcome)
    digest(
      write.operation, outcome, reply, page: noPage.pointee, isRanked: false, argumentsHash: argumentsHash)
  }

  /// Records a group of writes, which has one outcome and one duration.
  final func finishGroup(
    _ write: PendingWrite, _ group: WriteGroup, _ outcome: Outcome, durationNanoseconds: UInt64, _ reply: inout Reply
  ) {
    recorder.recordPart(write.operation, outcome, durationNanoseconds: durationNanoseconds)
    recorder.recordAction(
      write.operation.action, outcome, durationNanoseconds: durationNanoseconds &+ write.serviceNanoseconds)
    for (offset, operation) in group.operations.enumerated() {
      tally.pointee.count(outcome)
      // The reply is the group's: it counts once.
      if offset > 0 { reply.reset() }
      let own = group.arguments[Int(group.argumentStarts[offset])..<Int(group.argumentStarts[offset + 1])]
      digest(
        operation, outcome, reply, page: noPage.pointee, isRanked: false, argumentsHash: hash(Array(own).span))
    }
  }

  /// Sends what follows from how a write has ended: the action's notices, or word to its agent that it failed.
  @inline(__always) final func sendConsequences(
    of write: PendingWrite, _ outcome: Outcome, from sender: Int, _ exchange: Exchange
  ) {
    if outcome != .ok {
      exchange.failures.send(WriteFailure(agent: write.agent, outcome: outcome), from: sender, to: Int(write.shard))
      return
    }
    if let news { noteForFeeds(write, news, exchange) }
    if write.noticeCount > 0 {
      let baggage = exchange.shards[Int(write.shard)].baggage
      for position in Int(write.noticeStart)..<(Int(write.noticeStart) + Int(write.noticeCount)) {
        let notice = baggage.pointee.notices[position]
        exchange.outgoing.send(notice, from: sender, to: Int(notice.to.rawValue) % shardCount)
      }
    }
  }
}

/// What passes between shards and phases. One object for the whole run; worker 0 sets its parts between ticks.
final class Exchange {
  let writes = Mailboxes<PendingWrite>()
  let failures = Mailboxes<WriteFailure>()
  /// Filled in this tick, read in the next.
  var outgoing = Mailboxes<Notice>()
  /// Filled in the last tick.
  var incoming = Mailboxes<Notice>()
  var incomingMask: UInt64 = 0
  var failureMask: UInt64 = 0
  /// Shards whose new followers are to be given something.
  var backfillMask: UInt64 = 0
  let shards: [SimulationShard]
  /// Whether writes are split by owner, or go in one stream.
  let partitioned: Bool
  var tickStart = SimTime.zero

  init(shards: [SimulationShard], partitioned: Bool) {
    self.shards = shards
    self.partitioned = partitioned
  }
}
