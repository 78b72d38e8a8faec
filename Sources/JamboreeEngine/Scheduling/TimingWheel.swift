import JamboreeKit

/// When an agent is to be woken.
@frozen @usableFromInline
struct WakeEntry: BitwiseCopyable, Sendable {
  var time: Int64
  /// Number of the service (high 8 bits) and of the agent in it (low 24).
  var agent: UInt32
  var tag: UInt32
}

/// Wake-ups of one shard's agents, ordered by tick.
///
/// Goals: constant time to add and to take, 16 bytes a sleeping agent, no allocation once warm. Non-goals: an order
/// within a tick (entries come in the order of their chunks, which is the same in every run) and removal (a stale
/// entry is told by its tag).
///
/// Three levels of 256 slots (Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987): single ticks,
/// windows of 256 ticks, windows of 65,536. Entries live in chunks of 15 from a pool, chained by slot.
struct TimingWheel: ~Copyable {
  private static let chunkEntries = 15
  private static let none = UInt32.max

  // A chunk is 256 bytes, four cache lines: the number of the chunk behind it (in the room of one entry), 15 entries.
  private static let chunkBytes = 256

  /// A chain of chunks. The first may have room left, the ones behind it are full. The count is kept here, so that
  /// adding an entry only writes to the chunk and never waits to read it.
  private struct Slot {
    var chunk = TimingWheel.none
    var count: UInt32 = 0
  }

  let tickNanoseconds: Int64
  private let inverseTick: Double
  /// The tick that was last taken from, or the one before the first.
  private(set) var currentTick: TickID = -1
  /// How many entries wait.
  private(set) var count = 0

  private var pool: UnsafeMutableRawPointer
  private var poolCapacity: Int
  private var poolUsed = 0
  private var freeList = TimingWheel.none
  /// 256 a level.
  private let slots: UnsafeMutablePointer<Slot>
  /// One bit a slot of the first two levels: 4 words each.
  private let occupied: UnsafeMutablePointer<UInt64>
  private var farCount = 0

  init(tickNanoseconds: Int64) {
    self.tickNanoseconds = tickNanoseconds
    inverseTick = 1 / Double(tickNanoseconds)
    poolCapacity = 64
    pool = .allocate(byteCount: poolCapacity * Self.chunkBytes, alignment: 64)
    slots = .allocate(capacity: 3 * 256)
    slots.initialize(repeating: Slot(), count: 3 * 256)
    occupied = .allocate(capacity: 8)
    occupied.initialize(repeating: 0, count: 8)
  }

  deinit {
    pool.deallocate()
    slots.deallocate()
    occupied.deallocate()
  }

  /// The tick that holds a time at or after 0.
  @inline(__always) func tick(of time: Int64) -> TickID {
    // A multiplication instead of a division, then put right at the edges, so that it is exact.
    let guess = Int64(Double(time) * inverseTick)
    let remainder = time &- guess &* tickNanoseconds
    return guess &+ (remainder < 0 ? -1 : 0) &+ (remainder >= tickNanoseconds ? 1 : 0)
  }

  /// Adds an entry for `tick`; one that has passed is moved to the present one, which must still be under way then.
  @inline(__always) mutating func add(_ entry: WakeEntry, tick wanted: TickID) {
    // Before the first tick the wheel stands at 0, not at -1: tick 255 is within the first level's reach then, and would
    // otherwise be filed under the window that has already been spread.
    let present = max(currentTick, 0)
    let tick = max(wanted, present)
    let distance = tick &- present
    var slot: Int
    if distance < 256 {
      slot = Int(truncatingIfNeeded: tick & 255)
      mark(slot >> 6, slot)
    } else {
      slot = farSlot(tick)
    }
    append(entry, to: slot)
    count &+= 1
  }

  private mutating func farSlot(_ tick: TickID) -> Int {
    let window = tick >> 8
    // `currentTick` is -1 before the first tick, whose window is 0 all the same.
    let currentWindow = max(currentTick, 0) >> 8
    if window - currentWindow < 256 {
      let slot = Int(window & 255)
      mark(4 + slot >> 6, slot)
      return 256 + slot
    }
    farCount += 1
    return 512 + Int(min(window >> 8, (currentWindow >> 8) + 255) & 255)
  }

  /// The next tick that must be visited: one with entries, or one at which far entries come near. Nil when empty.
  func nextTick() -> TickID? {
    guard count > 0 else { return nil }
    var best = TickID.max
    let base = currentTick + 1
    if let distance = firstBit(words: 0, from: Int(base & 255)) { best = base + TickID(distance) }
    let window = max(currentTick, 0) >> 8
    if let distance = firstBit(words: 4, from: Int((window + 1) & 255)) {
      best = min(best, (window + 1 + TickID(distance)) << 8)
    }
    if farCount > 0 { best = min(best, ((window >> 8) + 1) << 16) }
    return best
  }

  /// Distance from `start` to the next set bit, going round 256 bits; nil if none is set.
  private func firstBit(words: Int, from start: Int) -> Int? {
    var word = start >> 6
    var bits = occupied[words + word] & (~0 << UInt64(start & 63))
    for _ in 0...4 {
      if bits != 0 {
        let slot = word << 6 | bits.trailingZeroBitCount
        return (slot - start) & 255
      }
      word = (word + 1) & 3
      bits = occupied[words + word]
    }
    return nil
  }

  /// Moves on to `tick`, which must not lie beyond ``nextTick()``.
  mutating func advance(to tick: TickID) {
    let previousWindow = max(currentTick, 0) >> 8
    currentTick = tick
    let window = tick >> 8
    guard window != previousWindow else { return }
    if window >> 8 != previousWindow >> 8, farCount > 0 { spread(slot: 512 + Int((window >> 8) & 255)) }
    let slot = Int(window & 255)
    unmark(4 + slot >> 6, slot)
    spread(slot: 256 + slot)
  }

  /// Puts the entries of a far slot where they belong now.
  private mutating func spread(slot: Int) {
    var chunk = slots[slot].chunk
    var size = Int(slots[slot].count)
    slots[slot] = Slot()
    while chunk != Self.none {
      if slot >= 512 { farCount -= size }
      for index in 0..<size {
        // `append` may move the pool, so the address is taken anew each time.
        let entry = entries(chunk)[index]
        count -= 1
        add(entry, tick: tick(of: entry.time))
      }
      chunk = release(chunk)
      size = Self.chunkEntries
    }
  }

  /// Takes the entries of the current tick, one chunk's worth at a time, until none is left; entries that are added
  /// for this tick meanwhile are taken too. Returns how many were copied to `buffer`, which holds ``batchCapacity``.
  mutating func takeDue(into buffer: UnsafeMutablePointer<WakeEntry>) -> Int {
    let slot = Int(truncatingIfNeeded: currentTick & 255)
    let chunk = slots[slot].chunk
    guard chunk != Self.none else {
      unmark(slot >> 6, slot)
      return 0
    }
    let size = Int(slots[slot].count)
    buffer.update(from: entries(chunk), count: size)
    let next = release(chunk)
    slots[slot] = next == Self.none ? Slot() : Slot(chunk: next, count: UInt32(Self.chunkEntries))
    count &-= size
    return size
  }

  static var batchCapacity: Int { chunkEntries }

  /// Takes some of what waits up to a tick, the earliest ticks first, moving on as it goes; 0 when nothing is left there.
  mutating func takeNext(upTo last: TickID, into batch: UnsafeMutablePointer<WakeEntry>) -> Int {
    while true {
      let size = currentTick >= 0 ? takeDue(into: batch) : 0
      if size > 0 { return size }
      guard let next = nextTick(), next <= last else { return 0 }
      advance(to: next)
    }
  }

  // Read, then write: changing the word in place makes the compiler fail under the thread sanitizer (6.3.1).

  @inline(__always) private func mark(_ word: Int, _ slot: Int) {
    occupied[word] = occupied[word] | 1 << UInt64(slot & 63)
  }

  @inline(__always) private func unmark(_ word: Int, _ slot: Int) {
    occupied[word] = occupied[word] & ~(1 << UInt64(slot & 63))
  }

  /// The chunk behind a chunk in its chain, or in the list of free ones.
  @inline(__always) private func next(_ chunk: UInt32) -> UnsafeMutablePointer<UInt32> {
    (pool + Int(chunk) &* Self.chunkBytes).assumingMemoryBound(to: UInt32.self)
  }

  @inline(__always) private func entries(_ chunk: UInt32) -> UnsafeMutablePointer<WakeEntry> {
    (pool + Int(chunk) &* Self.chunkBytes + 16).assumingMemoryBound(to: WakeEntry.self)
  }

  @inline(__always) private mutating func append(_ entry: WakeEntry, to slot: Int) {
    var head = slots[slot]
    if head.chunk == Self.none || head.count == UInt32(Self.chunkEntries) {
      let fresh = allocateChunk()
      next(fresh).pointee = head.chunk
      head = Slot(chunk: fresh, count: 0)
    }
    entries(head.chunk)[Int(head.count)] = entry
    head.count &+= 1
    slots[slot] = head
  }

  private mutating func allocateChunk() -> UInt32 {
    if freeList != Self.none {
      let chunk = freeList
      freeList = next(chunk).pointee
      return chunk
    }
    if poolUsed == poolCapacity {
      // By a quarter: with 10 million sleepers, doubling would leave gigabytes empty.
      resizePool(to: poolCapacity + poolCapacity / 4)
    }
    poolUsed += 1
    return UInt32(poolUsed - 1)
  }

  private mutating func resizePool(to capacity: Int) {
    poolCapacity = capacity
    let resized = UnsafeMutableRawPointer.allocate(byteCount: poolCapacity * Self.chunkBytes, alignment: 64)
    resized.copyMemory(from: pool, byteCount: poolUsed * Self.chunkBytes)
    pool.deallocate()
    pool = resized
  }

  /// Gives room back that is not in use: after the start, when everybody sleeps and hardly more ever will.
  mutating func trim() { resizePool(to: max(poolUsed, 64)) }

  /// Gives a chunk back and returns the one behind it.
  private mutating func release(_ chunk: UInt32) -> UInt32 {
    let link = next(chunk)
    let behind = link.pointee
    link.pointee = freeList
    freeList = chunk
    return behind
  }
}

// MARK: Checkpoints

extension TimingWheel {
  /// Writes every entry, in the order in which it would be taken: the order of an agent's writes depends on it.
  func encode(into encoder: inout StateEncoder) {
    encoder.encode(currentTick)
    for slot in 0..<(3 * 256) {
      var waiting: [WakeEntry] = []
      var chunk = slots[slot].chunk
      var size = Int(slots[slot].count)
      while chunk != Self.none {
        for index in 0..<size { waiting.append(entries(chunk)[index]) }
        chunk = next(chunk).pointee
        size = Self.chunkEntries
      }
      encoder.encode(waiting)
    }
  }

  /// Takes the place of a wheel that nothing has been added to.
  mutating func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    currentTick = try decoder.decode(TickID.self)
    for slot in 0..<(3 * 256) {
      let waiting = try decoder.decodeArray(of: WakeEntry.self)
      guard !waiting.isEmpty else { continue }
      // Chunks are filled last one first; all but the first of the chain are full.
      let partial = (waiting.count - 1) % Self.chunkEntries + 1
      for start in stride(from: waiting.count - Self.chunkEntries, to: 0, by: -Self.chunkEntries) {
        for entry in waiting[start..<(start + Self.chunkEntries)] { append(entry, to: slot) }
      }
      for entry in waiting[0..<partial] { append(entry, to: slot) }
      count += waiting.count
      if slot < 512 { mark(slot < 256 ? slot >> 6 : 4 + (slot - 256) >> 6, slot & 255) } else { farCount += waiting.count }
    }
  }
}
