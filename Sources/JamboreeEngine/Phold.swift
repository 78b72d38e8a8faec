import JamboreeKit

/// PHOLD, the standard model for comparing parallel discrete-event simulators (Fujimoto, "Performance of Time Warp
/// under synthetic workloads", 1990), on the engine's own wheel, mailboxes and workers.
///
/// Every member starts with one event; an event handled at `t` makes one new event at `t + lookahead + Exp(mean -
/// lookahead)`, for another member with probability `remote`, else for the same. The tick is the lookahead, so no event
/// ever falls into the tick that makes it. Times here are unitless: one unit is a virtual second.
public struct Phold: Sendable {
  public var members: Int
  /// Probability in 0 ... 1 that an event goes to a member drawn at random.
  public var remote: Double
  /// Mean delay, above `lookahead`.
  public var mean: Double
  /// Least delay, above 0.
  public var lookahead: Double
  public var end: Double
  public var seed: Seed
  public var workers: Int

  public init(members: Int, remote: Double, mean: Double, lookahead: Double, end: Double, seed: Seed, workers: Int) {
    self.members = members
    self.remote = remote
    self.mean = mean
    self.lookahead = lookahead
    self.end = end
    self.seed = seed
    self.workers = workers
  }

  public struct Result: Sendable {
    public let events: Int
    /// Events that came through the mailboxes.
    public let remoteEvents: Int
    /// Sum of a mix of member and time of every event: the same for any number of workers.
    public let digest: UInt64
  }

  /// Runs the model; its caller measures.
  public func run() -> Result {
    let process = PholdProcess(self)
    TickLoop(gang: WorkerGang(workers: workers)).run(process)
    return process.result()
  }
}

private final class PholdProcess: TickProcess, @unchecked Sendable {
  // Safe to share: a shard is touched by the one worker that claimed it, `tick` by worker 0 between barriers.
  private let shards: [PholdShard]
  private var mail = Mailboxes<WakeEntry>()
  private var nextMail = Mailboxes<WakeEntry>()
  private let end: Int64
  private var tick: TickID = -1
  private var mailWaits: UInt64 = 0
  let isSmall = false

  init(_ model: Phold) {
    end = Int64(model.end * 1e9)
    shards = (0..<shardCount).map { PholdShard(model, shard: $0) }
  }

  func beginTick() -> TickID? {
    mailWaits = mail.receivers()
    var next = mailWaits != 0 ? tick + 1 : TickID.max
    for shard in shards { next = min(next, shard.nextTick) }
    guard next != .max, next * shards[0].lookahead < end else { return nil }
    tick = next
    return next
  }

  func runShard(_ shard: Int, worker: Int) {
    shards[shard].run(tick, mail: mailWaits >> UInt64(shard) & 1 == 1 ? mail : nil, sendTo: nextMail, end: end)
  }

  func prepareWrites() -> Bool { false }
  func runPartition(_ partition: Int, worker: Int) {}

  func endTick() {
    mail.clearMasks()
    swap(&mail, &nextMail)
  }

  func result() -> Phold.Result {
    Phold.Result(
      events: shards.reduce(0) { $0 + $1.events }, remoteEvents: shards.reduce(0) { $0 + $1.remoteEvents },
      digest: shards.reduce(0) { $0 &+ $1.digest })
  }
}

private final class PholdShard {
  let lookahead: Int64
  private let shard: Int
  private let members: Int
  private let remoteThreshold: UInt64
  private let delays: QuantileTable
  private let keyBase: UInt64
  private let counters: UnsafeMutablePointer<UInt32>
  private var wheel: TimingWheel
  private let batch = UnsafeMutablePointer<WakeEntry>.allocate(capacity: TimingWheel.batchCapacity)
  private(set) var events = 0
  private(set) var remoteEvents = 0
  private(set) var digest: UInt64 = 0
  private(set) var nextTick = TickID.max

  init(_ model: Phold, shard: Int) {
    self.shard = shard
    members = model.members
    lookahead = Int64(model.lookahead * 1e9)
    remoteThreshold = model.remote >= 1 ? .max : UInt64(model.remote * 0x1p64)
    delays = QuantileTable(ExponentialDistribution(mean: (model.mean - model.lookahead) * 1e9))
    keyBase = RandomStream.base(seed: model.seed, domain: RandomDomain("phold"))
    wheel = TimingWheel(tickNanoseconds: lookahead)
    let mine = (members - shard + shardCount - 1) / shardCount
    counters = .allocate(capacity: max(mine, 1))
    counters.initialize(repeating: 0, count: max(mine, 1))
    // First events as if the model had run for ever: each member's first delay counts from 0.
    for index in 0..<max(mine, 0) {
      let member = index * shardCount + shard
      var stream = RandomStream(key: RandomStream.key(base: keyBase, entity: UInt64(member)))
      // The remaining time of a renewal process in equilibrium: no burst at the start, so events = members * end / mean.
      let time = equilibriumDelay(model, stream.nextUnit(), stream.nextUnit())
      counters[index] = stream.counter
      wheel.add(WakeEntry(time: time, agent: UInt32(member), tag: 0), tick: wheel.tick(of: time))
    }
    nextTick = wheel.nextTick() ?? .max
  }

  deinit {
    counters.deallocate()
    batch.deallocate()
  }

  /// Remaining time until the next event of a member who has been at it for ever: with probability lookahead / mean
  /// within the fixed part (uniform), after which the exponential part is whole; else within the exponential part.
  private func equilibriumDelay(_ model: Phold, _ u: Double, _ v: Double) -> Int64 {
    let exponential = ExponentialDistribution(mean: model.mean - model.lookahead).value(at: v)
    let fixed = u < model.lookahead / model.mean ? u * model.mean : 0
    return Int64((fixed + exponential) * 1e9)
  }

  func run(_ tick: TickID, mail: Mailboxes<WakeEntry>?, sendTo: Mailboxes<WakeEntry>, end: Int64) {
    wheel.advance(to: tick)
    if let mail {
      mail.receive(shard) { entry in
        wheel.add(entry, tick: wheel.tick(of: entry.time))
        remoteEvents &+= 1
      }
    }
    var handled = 0
    var sum: UInt64 = 0
    while true {
      let size = wheel.takeDue(into: batch)
      if size == 0 { break }
      for position in 0..<size {
        let entry = batch[position]
        guard entry.time < end else { continue }
        handled &+= 1
        sum = sum &+ mix64(UInt64(entry.agent) << 40 ^ UInt64(bitPattern: entry.time))
        let index = Int(entry.agent) / shardCount
        var stream = RandomStream(
          key: RandomStream.key(base: keyBase, entity: UInt64(entry.agent)), counter: counters[index])
        let time = entry.time &+ lookahead &+ delays.value(bits: stream.next())
        if stream.next() < remoteThreshold {
          let other = stream.next(below: members)
          sendTo.send(WakeEntry(time: time, agent: UInt32(other), tag: 0), from: shard, to: other % shardCount)
        } else {
          wheel.add(WakeEntry(time: time, agent: entry.agent, tag: 0), tick: wheel.tick(of: time))
        }
        counters[index] = stream.counter
      }
    }
    events &+= handled
    digest = digest &+ sum
    nextTick = wheel.nextTick() ?? .max
  }
}
