import JamboreeKit

/// What was delivered to one member, in an order of time: its inbox or its notifications. Holds the newest entries.
struct DeliveryList {
  struct Entry: Equatable {
    /// What it is ordered by: the item's creation in an inbox, the delivery's own time among notifications.
    let time: SimTime
    let tie: UInt64
    let delivered: SimTime
    let subject: ItemID
    let object: UInt64
    let kind: UInt8
    let actor: MemberID

    init(_ delivery: Operation) {
      let isFeed = delivery.kind == DeliveryKind.feed.rawValue
      delivered = delivery.intended
      subject = delivery.subject
      object = delivery.object
      kind = delivery.kind
      actor = isFeed ? MemberID(0) : delivery.actor
      time = isFeed ? SimTime(nanoseconds: Int64(bitPattern: delivery.object)) : delivery.intended
      tie =
        isFeed
        ? delivery.subject.tieBreak
        : deliveryTieBreak(subject: delivery.subject, object: delivery.object, kind: delivery.kind, actor: delivery.actor)
    }

    static func < (a: Entry, b: Entry) -> Bool { a.time != b.time ? a.time < b.time : a.tie < b.tie }

    /// Whether they are the same entry: of two, the one that came first stays.
    func repeats(_ other: Entry) -> Bool {
      time == other.time && subject == other.subject && object == other.object && kind == other.kind && actor == other.actor
    }
  }

  /// Ascending; those before ``first`` have been dropped. They are removed many at a time, since that moves all others.
  private var entries: [Entry] = []
  private var first = 0
  /// What was delivered until then has been seen.
  private(set) var seen = SimTime(nanoseconds: .min)
  /// How many of the entries held were delivered after that.
  private(set) var unseenCount: Int64 = 0

  /// The entries held, ascending.
  var held: ArraySlice<Entry> { entries[first...] }

  mutating func insert(_ entry: Entry) {
    var (low, high) = (first, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle] < entry { low = middle + 1 } else { high = middle }
    }
    // Two different entries may have the same mix; those that have follow each other.
    var same = low
    while same < entries.count, !(entry < entries[same]) {
      if entries[same].repeats(entry) { return }
      same += 1
    }
    guard entries.count - first < inboxCapacity || low > first else { return }
    entries.insert(entry, at: low)
    if entry.delivered > seen { unseenCount += 1 }
    guard entries.count - first > inboxCapacity else { return }
    if entries[first].delivered > seen { unseenCount -= 1 }
    first += 1
    guard first == inboxCapacity else { return }
    entries.removeFirst(first)
    first = 0
  }

  mutating func markSeen(until time: SimTime) {
    guard time > seen else { return }
    seen = time
    unseenCount = held.reduce(0) { $0 + ($1.delivered > time ? 1 : 0) }
  }
}

extension Partition {
  /// Puts an entry into a member's inbox or notifications; called between ticks.
  func deliver(_ entry: DeliveryList.Entry, to member: UInt32) {
    if entry.kind == DeliveryKind.feed.rawValue {
      inboxes[member, default: DeliveryList()].insert(entry)
    } else {
      notifications[member, default: DeliveryList()].insert(entry)
    }
  }
}

extension MemoryBackend {
  /// Hands this tick's deliveries to the members. Those of one item come from one partition, in the order in which they
  /// were made; among different items the order does not matter, because the lists are ordered themselves.
  func mergeDeliveries(of partition: Partition) {
    for delivery in partition.deliveries {
      let entry = DeliveryList.Entry(delivery.operation)
      for recipient in delivery.recipients {
        let member = UInt32(truncatingIfNeeded: recipient)
        partitions[Int(member % UInt32(shardCount))].deliver(entry, to: member)
      }
    }
    partition.deliveries.removeAll(keepingCapacity: true)
  }

  func readInbox(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let list = partition(of: UInt64(operation.actor.rawValue)).inboxes[operation.actor.rawValue] else { return .ok }
    reply.count = list.unseenCount
    for entry in list.held.reversed() {
      guard reply.items.count < Int(operation.limit) else { break }
      if let row = row(of: entry.subject, for: operation.actor) { reply.items.append(row) }
    }
    return .ok
  }

  func readNotifications(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let list = partition(of: UInt64(operation.actor.rawValue)).notifications[operation.actor.rawValue] else { return .ok }
    reply.count = list.unseenCount
    for entry in list.held.reversed() {
      guard reply.items.count < Int(operation.limit) else { break }
      guard let row = row(of: entry.subject, for: operation.actor) else { continue }
      reply.items.append(row)
      reply.keys.append(entry.object)
      reply.keys.append(UInt64(entry.kind) << 32 | UInt64(entry.actor.rawValue))
    }
    return .ok
  }

  private func row(of id: ItemID, for viewer: MemberID) -> ItemRow? {
    guard let reference = locate(id) else { return nil }
    let item = item(reference)
    return item.isVisible(to: viewer) ? item.row : nil
  }
}
