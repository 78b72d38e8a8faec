import JamboreeKit

/// The wake-ups of one worker's shards in order of virtual time: a wheel a shard for those to come, and one queue for those
/// that are near.
struct WakeSource: ~Copyable {
  /// By place: the worker's n-th shard.
  let shards: [SimulationShard]
  private let wheels: UnsafeMutablePointer<TimingWheel>
  private let nextTicks: UnsafeMutablePointer<TickID>
  private let batch = UnsafeMutablePointer<WakeEntry>.allocate(capacity: TimingWheel.batchCapacity)
  private var due = WakeQueue()
  /// Everything up to this tick is in the queue.
  private var frontier: TickID = -1

  /// Takes over the wake-ups of shards that stand still.
  /// - Parameter tickNanoseconds: how finely those to come are sorted; those of the nearest tick are sorted exactly.
  init(_ shards: [SimulationShard], tickNanoseconds: Int64) {
    self.shards = shards
    wheels = .allocate(capacity: max(shards.count, 1))
    nextTicks = .allocate(capacity: max(shards.count, 1))
    for (place, shard) in shards.enumerated() {
      var wheel = TimingWheel(tickNanoseconds: tickNanoseconds)
      while true {
        let size = shard.wheel.pointee.takeNext(upTo: .max, into: batch)
        if size == 0 { break }
        for index in 0..<size { wheel.add(batch[index], tick: wheel.tick(of: max(batch[index].time, 0))) }
      }
      shard.wheel.pointee = TimingWheel(tickNanoseconds: shard.wheel.pointee.tickNanoseconds)
      nextTicks[place] = wheel.nextTick() ?? .max
      (wheels + place).initialize(to: wheel)
    }
  }

  deinit {
    wheels.deinitialize(count: shards.count)
    wheels.deallocate()
    nextTicks.deallocate()
    batch.deallocate()
  }

  /// How many wait, in all.
  var count: Int {
    var count = due.count
    for place in shards.indices { count += wheels[place].count }
    return count
  }

  /// The next wake-up, among those up to where the source has advanced.
  var first: WakeQueue.Wake? { due.first }

  mutating func removeFirst() -> WakeQueue.Wake { due.removeFirst() }

  /// Sees to it that everything up to a virtual time, and somewhat more, is in the queue.
  mutating func advance(to time: Int64) {
    let tick = wheels[0].tick(of: max(time, 0)) + 1
    if tick > frontier || earliest <= frontier { advance(toTick: tick) }
  }

  /// Goes on to the next wake-up there is, however far away; false when there is none.
  mutating func advanceToNext() -> Bool {
    while due.count == 0 {
      guard earliest < .max else { return false }
      advance(toTick: earliest)
    }
    return true
  }

  /// Virtual time at which the next wake-ups come near; nil when there are none but those in the queue.
  var nextNearing: Int64? {
    earliest < .max ? (max(earliest, frontier + 1) - 1) * wheels[0].tickNanoseconds : nil
  }

  /// The next tick that a wheel must visit. It may lie before the frontier: a wheel that has stood still visits first the window in
  /// which its next entry is.
  private var earliest: TickID {
    var next = TickID.max
    for place in shards.indices { next = min(next, nextTicks[place]) }
    return next
  }

  private mutating func advance(toTick tick: TickID) {
    frontier = max(frontier, tick)
    for place in shards.indices where nextTicks[place] <= frontier {
      while true {
        let size = wheels[place].takeNext(upTo: frontier, into: batch)
        if size == 0 { break }
        for index in 0..<size {
          due.add(WakeQueue.Wake(time: batch[index].time, agent: batch[index].agent, tag: batch[index].tag, shard: UInt32(place)))
        }
      }
      nextTicks[place] = wheels[place].nextTick() ?? .max
    }
  }

  /// Adds a wake-up.
  mutating func add(_ wake: WakeQueue.Wake) {
    let place = Int(wake.shard)
    let tick = wheels[place].tick(of: max(wake.time, 0))
    // A wheel's entry has no room for how long somebody has waited; such a wake-up is due at once anyway.
    guard tick > frontier, wake.waitedNanoseconds == 0 else { return due.add(wake) }
    wheels[place].add(WakeEntry(time: wake.time, agent: wake.agent, tag: wake.tag), tick: tick)
    nextTicks[place] = wheels[place].nextTick() ?? .max
  }
}
