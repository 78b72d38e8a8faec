import JamboreeKit

/// The feeds of a run: who follows whom by now, what is to be delivered in this tick, and which new followers are still to be given
/// their authors' items.
///
/// A new follower's tie counts from the next tick on. In that tick the author's newest items are read, and delivered at its end; until
/// then whoever looks has the author pulled. So a page is at no time different from a pulled one.
final class FeedSystem: @unchecked Sendable {
  // Safe to share: lanes read it in a phase in which nothing changes; worker 0 alone changes it between phases.
  let base: FeedBase
  let indexes: [FollowerIndex]
  /// Whether whatever an inbox has is shown: where a backend makes it up, nobody's is anybody's whom the reader follows.
  @exclusivity(unchecked) var showsAll = false
  /// Deliveries of this tick, by the partition whose worker makes them.
  @exclusivity(unchecked) private(set) var deliveries: [[Delivery]]
  /// New followers whose items are read in the next tick (or this one, once it has begun).
  @exclusivity(unchecked) private(set) var backfills: [Backfill] = []
  /// By member: those of whom the inbox does not have everything yet.
  @exclusivity(unchecked) private var fresh: [UInt32: [Backfill]] = [:]
  /// What was counted before the checkpoint that the run goes on from.
  @exclusivity(unchecked) private var counted = FeedCounters()
  /// Entries that are in inboxes from before the start or the checkpoint, by member.
  @exclusivity(unchecked) private var entries: [UInt32]
  /// New followers' reads of this tick that did not end well: they have the author pulled as long as they follow.
  @exclusivity(unchecked) private var failed: Set<Backfill> = []
  /// Whether there are any in ``deliveries``.
  @exclusivity(unchecked) private var hasDeliveries = false
  @exclusivity(unchecked) private var unsorted: [Delivery] = []
  @exclusivity(unchecked) private var ties: [TieChange] = []

  var delivers: Bool { !indexes.isEmpty }

  /// - Parameter entries: in inboxes at the start, by member.
  init(_ base: FeedBase, entries: [UInt32]) {
    self.base = base
    self.entries = entries
    indexes = base.indexes.map { FollowerIndex(base: $0) }
    deliveries = [[Delivery]](repeating: [], count: shardCount)
  }

  // MARK: While members read

  func index(of kind: ConnectionKind) -> Int? { indexes.firstIndex { $0.feed.kind == kind } }

  /// Whether an author's newest items may not be in a member's inbox yet.
  @inline(__always) func isFresh(_ author: UInt32, for member: UInt32, index: Int) -> Bool {
    guard !fresh.isEmpty, let authors = fresh[member] else { return false }
    return authors.contains { $0.author == author && Int($0.index) == index }
  }

  /// Which shards have new followers.
  var backfillMask: UInt64 { backfills.reduce(0) { $0 | 1 << UInt64(Int($1.member) % shardCount) } }

  // MARK: Between phases

  /// Takes over what a lane has seen.
  func take(_ news: FeedNews) {
    for index in 0..<news.deliveries.count { unsorted.append(news.deliveries[index]) }
    for index in 0..<news.ties.count { ties.append(news.ties[index]) }
    if !news.failed.isEmpty { failed.formUnion(news.failed) }
    news.deliveries.removeAll()
    news.ties.removeAll()
    news.failed.removeAll()
  }

  /// Puts what is to be delivered in the order of the publications, partition by partition.
  /// - Returns: how many.
  func prepareDeliveries(salt: UInt64, partitioned: Bool, tickEnd: SimTime) -> Int {
    if hasDeliveries {
      for partition in deliveries.indices { deliveries[partition].removeAll(keepingCapacity: true) }
    }
    hasDeliveries = !unsorted.isEmpty
    guard !unsorted.isEmpty else { return 0 }
    let all = unsorted.sorted { a, b in
      if a.intended != b.intended { return a.intended < b.intended }
      let (mixA, mixB) = (mix64(UInt64(a.item.author.rawValue) ^ salt), mix64(UInt64(b.item.author.rawValue) ^ salt))
      if mixA != mixB { return mixA < mixB }
      return a.item != b.item ? a.item < b.item : a.recipient < b.recipient
    }
    for delivery in all {
      deliveries[partitioned ? Int(delivery.item.ownerKey % UInt64(shardCount)) : 0].append(delivery)
      guard delivery.recipient == Delivery.followers, !delivery.isPrivate else { continue }
      counted.visible += 1
      counted.visibleNanoseconds += tickEnd - delivery.created
    }
    unsorted.removeAll(keepingCapacity: true)
    return all.count
  }

  /// Ends a tick: what new followers were given is there, and this tick's ties count from now on.
  func endTick() {
    for backfill in backfills where !failed.contains(backfill) { forget(backfill) }
    backfills.removeAll(keepingCapacity: true)
    failed.removeAll()
    guard !ties.isEmpty else { return }
    for tie in ties {
      for (number, index) in indexes.enumerated() where index.feed.kind.rawValue == tie.kind {
        let backfill = Backfill(member: tie.member, author: tie.other, index: UInt32(number))
        let isNew = index.apply(tie)
        if !tie.connects { forget(backfill) } else if isNew { fresh[tie.member, default: []].append(backfill) }
      }
    }
    for index in indexes { index.settle() }
    for tie in ties where tie.connects {
      for backfill in fresh[tie.member] ?? [] where backfill.author == tie.other {
        // A pulled author's items need no inbox.
        if indexes[Int(backfill.index)].isPulled(tie.other) { forget(backfill) } else { backfills.append(backfill) }
      }
    }
    ties.removeAll(keepingCapacity: true)
    guard backfills.count > 1 else { return }
    // Lanes tell of ties in any order, and of one that was made again twice.
    let sorted = backfills.sorted { ($0.member, $0.author, $0.index) < ($1.member, $1.author, $1.index) }
    backfills.removeAll(keepingCapacity: true)
    for backfill in sorted where backfills.last != backfill { backfills.append(backfill) }
  }

  // MARK: Without ticks

  /// Carries out a tie at once; returns what the new follower is to be given.
  func applyNow(_ tie: TieChange) -> [Backfill] {
    ties.append(tie)
    backfills.removeAll(keepingCapacity: true)
    endTick()
    defer { backfills.removeAll(keepingCapacity: true) }
    return backfills
  }

  /// Takes those who were to be given something in a tick that does not come any more.
  func takeBackfills() -> [Backfill] {
    defer { backfills.removeAll() }
    return backfills
  }

  /// A new follower has been given everything.
  func given(_ backfill: Backfill) { forget(backfill) }

  private func forget(_ backfill: Backfill) {
    guard !fresh.isEmpty, fresh[backfill.member] != nil else { return }
    fresh[backfill.member]?.removeAll { $0.author == backfill.author && $0.index == backfill.index }
    if fresh[backfill.member]?.isEmpty == true { fresh[backfill.member] = nil }
  }

  // MARK: Figures and checkpoints

  /// What was counted by these lanes and before them.
  func counters(_ lanes: [FeedNews]) -> FeedCounters { lanes.reduce(into: counted) { $0.add($1.counters) } }

  /// Entries that inboxes hold, if none was put there twice and all of them are as large as they may be.
  func heldEntries(_ lanes: [FeedNews]) -> Int64 {
    var held: Int64 = 0
    for member in entries.indices {
      let all = lanes.reduce(Int(entries[member])) { $0 + ($1.entries.isEmpty ? 0 : Int($1.entries[member])) }
      held += Int64(min(all, inboxCapacity))
    }
    return held
  }

  private func allEntries(_ lanes: [FeedNews]) -> [UInt32] {
    var all = entries
    for lane in lanes where !lane.entries.isEmpty {
      for member in all.indices { all[member] &+= lane.entries[member] }
    }
    return all
  }

  /// Takes what these lanes have put into inboxes for what is there at the start, and counts anew.
  func startAfter(_ lanes: [FeedNews]) {
    entries = allEntries(lanes)
    counted = FeedCounters()
  }

  func encode(into encoder: inout StateEncoder, _ lanes: [FeedNews]) {
    encoder.encode(counters(lanes))
    encoder.encode(allEntries(lanes))
    for index in indexes { index.encode(into: &encoder) }
    encoder.encode(backfills)
    encoder.encode(fresh.keys.sorted().flatMap { fresh[$0] ?? [] })
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    counted = try decoder.decode(FeedCounters.self)
    let restored = try decoder.decodeArray(of: UInt32.self)
    guard restored.count == entries.count else { throw StateMismatch("the checkpoint is of other members") }
    entries = restored
    for index in indexes { try index.restore(from: &decoder) }
    backfills = try decoder.decodeArray(of: Backfill.self)
    fresh = [:]
    for backfill in try decoder.decodeArray(of: Backfill.self) {
      guard Int(backfill.index) < indexes.count else { throw StateMismatch("the checkpoint is of other feeds") }
      fresh[backfill.member, default: []].append(backfill)
    }
  }
}
