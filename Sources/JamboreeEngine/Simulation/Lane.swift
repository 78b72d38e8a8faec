import JamboreeKit
import JamboreeMetrics

/// What one worker owns in a run: a session of the backend, its recorder, its part of the digest. Workers share nothing
/// of it; the run adds the lanes up at the end.
class Lane {
  let recorder: LatencyRecorder
  let clock: MeasuringClock
  private let ranker: any FeedRanker
  private let salt: UInt64
  private let interests: [UInt64]
  private let selector: UnsafeMutablePointer<FeedSelector>
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

  init(recorder: LatencyRecorder, clock: MeasuringClock, ranker: any FeedRanker, salt: UInt64, interests: [UInt64]) {
    self.recorder = recorder
    self.clock = clock
    self.ranker = ranker
    self.salt = salt
    self.interests = interests
    tally = .allocate(capacity: 1)
    tally.initialize(to: Tally())
    selector = .allocate(capacity: 1)
    selector.initialize(to: FeedSelector())
    noPage.initialize(to: Buffer(capacity: 1))
  }

  deinit {
    tally.deallocate()
    selector.deinitialize(count: 1)
    selector.deallocate()
    noPage.deinitialize(count: 1)
    noPage.deallocate()
  }

  var notANumberCount: Int { selector.pointee.notANumberCount }

  /// Performs a shard's decisions and reads of a tick.
  func runShard(_ shard: SimulationShard, tick: TickID, exchange: Exchange) { preconditionFailure("a lane overrides this") }

  /// Performs the writes of one partition, in order.
  func runPartition(_ partition: Int, exchange: Exchange) { preconditionFailure("a lane overrides this") }

  /// Performs a tick's groups of several writes.
  func runGroups(of shard: SimulationShard, exchange: Exchange) { preconditionFailure("a lane overrides this") }

  /// Ranks what a listing found and puts the page into the context; returns how long the ranking took.
  @inline(__always) final func rank(
    _ operation: borrowing Operation, _ reply: borrowing Reply, pageLength: Int, since start: UInt64,
    into page: inout Buffer<UInt16>
  ) -> UInt64 {
    let member = Int(operation.actor.rawValue)
    let viewer = ViewerContext(
      member: operation.actor, now: operation.intended, interests: member < interests.count ? interests[member] : 0,
      salt: salt)
    selector.pointee.select(reply.items, by: ranker, for: viewer, pageLength: pageLength, feed: operation.container, into: &page)
    let duration = clock.now() &- start
    recorder.recordRanking(durationNanoseconds: duration)
    return duration
  }

  /// Adds an operation and what it found to the digest. Of a ranked listing the page counts, not the window.
  @inline(__always) final func digest(
    _ operation: borrowing Operation, _ outcome: Outcome, _ reply: borrowing Reply, page: borrowing Buffer<UInt16>, isRanked: Bool
  ) {
    var hash = digestHash(of: operation) &+ UInt64(outcome.rawValue)
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
}

extension Lane {
  /// Records a single write and, if reads went before it, the action that it ends.
  @inline(__always) final func recordWrite(_ write: PendingWrite, _ outcome: Outcome, durationNanoseconds: UInt64) {
    if write.serviceNanoseconds == 0 {
      recorder.recordSingle(write.operation, outcome, durationNanoseconds: durationNanoseconds)
    } else {
      recorder.recordPart(write.operation, outcome, durationNanoseconds: durationNanoseconds)
      recorder.recordAction(
        write.operation.action, outcome, durationNanoseconds: durationNanoseconds &+ write.serviceNanoseconds)
    }
  }

  /// Records a group of writes, which has one outcome and one duration.
  final func recordGroup(
    _ group: WriteGroup, _ outcome: Outcome, durationNanoseconds: UInt64, _ reply: inout Reply, _ shard: SimulationShard,
    _ exchange: Exchange
  ) {
    recorder.recordPart(group.operations[0], outcome, durationNanoseconds: durationNanoseconds)
    recorder.recordAction(
      group.operations[0].action, outcome, durationNanoseconds: durationNanoseconds &+ group.serviceNanoseconds)
    for (offset, operation) in group.operations.enumerated() {
      tally.pointee.count(outcome)
      // The reply is the group's: it counts once.
      if offset > 0 { reply.reset() }
      digest(operation, outcome, reply, page: noPage.pointee, isRanked: false)
    }
    if outcome != .ok {
      exchange.failures.send(WriteFailure(agent: group.agent, outcome: outcome), from: shard.index, to: shard.index)
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
  let shards: [SimulationShard]
  /// Whether writes are split by owner, or go in one stream.
  let partitioned: Bool
  var tickStart = SimTime.zero

  init(shards: [SimulationShard], partitioned: Bool) {
    self.shards = shards
    self.partitioned = partitioned
  }
}
