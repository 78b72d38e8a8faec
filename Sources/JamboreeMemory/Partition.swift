import JamboreeKit

/// The part of the store that belongs to the members `m` with `m % shardCount` equal to its number: their items, what
/// was said of those, and their own connections. Written by one thread at a time; read by all when none writes.
final class Partition: @unchecked Sendable {
  struct ReactionKey: Hashable {
    let item: ItemID
    let member: MemberID
    let kind: UInt8
  }

  struct Membership: Hashable {
    let container: ContainerID
    let member: MemberID
  }

  struct ConnectionKey: Hashable {
    let member: MemberID
    let kind: UInt8
  }

  /// A new item and where else it is listed.
  struct Arrival {
    let reference: ItemReference
    let alsoListed: [ContainerID]
  }

  /// An item whose text or ratings have changed, and by how much the sum of its ratings has.
  struct Change {
    let reference: ItemReference
    let ratingChange: Int32
  }

  let number: Int
  // Read at every step of every read, by one thread while none writes: the run-time check for overlapping access would
  // cost more than the step.
  @exclusivity(unchecked) private(set) var table = IdentifierTable()
  @exclusivity(unchecked) private(set) var items: UnsafeMutablePointer<StoredItem>
  private(set) var count = 0
  private var capacity = 64
  /// Items with their replies, ready to be shown.
  @exclusivity(unchecked) private(set) var threads = ThreadList()
  private(set) var earlierVersions: [ItemID: [StoredItem]] = [:]
  private(set) var reactions: [ReactionKey: Int32] = [:]
  private(set) var memberships: Set<Membership> = []
  /// Changes to the graph that was loaded: true for connected since, false for disconnected.
  private(set) var connectionChanges: [ConnectionKey: [UInt32: Bool]] = [:]

  // Effects beyond this partition, carried out at the end of the tick.
  var arrivals: [Arrival] = []
  var changes: [Change] = []
  var deletions: [ItemReference] = []

  init(number: Int) {
    self.number = number
    items = .allocate(capacity: capacity)
  }

  deinit { items.deallocate() }

  @inline(__always) func index(of id: ItemID) -> Int? { table.find(id) }

  func write(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
    switch operation.verb {
    case .publish: return publish(operation, arguments, &reply)
    case .edit: return edit(operation, &reply)
    case .delete: return delete(operation)
    case .react: return react(operation)
    case .join:
      memberships.insert(Membership(container: operation.container, member: operation.actor))
      return .ok
    case .connect, .disconnect:
      let key = ConnectionKey(member: operation.actor, kind: operation.kind)
      connectionChanges[key, default: [:]][UInt32(truncatingIfNeeded: operation.object)] = operation.verb == .connect
      return .ok
    default: return .rejected
    }
  }

  private func publish(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: inout Reply) -> Outcome {
    guard operation.subject != .none, operation.object != operation.subject.rawValue, table.find(operation.subject) == nil
    else { return .rejected }
    if count == capacity { grow() }
    items[count] = StoredItem(publishing: operation)
    table.insert(operation.subject, count)
    var alsoListed: [ContainerID] = []
    if operation.object == 0 {
      for index in 0..<arguments.count {
        let other = ContainerID(rawValue: arguments[index])
        // One that is named twice lists the item once.
        if other != .none, other != operation.container, !alsoListed.contains(other) { alsoListed.append(other) }
      }
    }
    arrivals.append(Arrival(reference: ItemReference(partition: number, index: count), alsoListed: alsoListed))
    count += 1
    reply.version = 1
    return .ok
  }

  /// The thread of an item that somebody has replied to shows the item as it is now.
  @inline(__always) private func refreshThread(_ index: Int) {
    let item = items[index]
    if item.thread != StoredItem.noThread { threads.pointer(to: Int(item.thread)).pointee.setTop(item.row) }
  }

  private func edit(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let index = find(operation) else { return .notFound }
    guard items[index].version == operation.expectedVersion else {
      reply.version = items[index].version
      return .conflict
    }
    earlierVersions[operation.subject, default: []].append(items[index])
    items[index].version += 1
    items[index].payload = Payload.fingerprint(seed: operation.payloadSeed, length: operation.payloadLength)
    refreshThread(index)
    changes.append(Change(reference: ItemReference(partition: number, index: index), ratingChange: 0))
    reply.version = items[index].version
    return .ok
  }

  private func delete(_ operation: Operation) -> Outcome {
    guard let index = find(operation) else { return .notFound }
    items[index].isDeleted = true
    deletions.append(ItemReference(partition: number, index: index))
    return .ok
  }

  private func react(_ operation: Operation) -> Outcome {
    guard let index = find(operation) else { return .notFound }
    let isRating = operation.kind == ReactionKind.rating.rawValue
    if isRating, operation.value < 1 || operation.value > 5 { return .rejected }
    let key = ReactionKey(item: operation.subject, member: operation.actor, kind: operation.kind)
    if operation.kind == ReactionKind.download.rawValue {
      reactions[key, default: 0] &+= operation.value
      return .ok
    }
    let earlier = reactions.updateValue(operation.value, forKey: key)
    if isRating {
      let change = operation.value - (earlier ?? 0)
      items[index].ratingSum += change
      items[index].ratingCount += earlier == nil ? 1 : 0
      refreshThread(index)
      changes.append(Change(reference: ItemReference(partition: number, index: index), ratingChange: change))
    }
    return .ok
  }

  /// The item that a write is about, unless its author keeps it from the actor: then it is not there for them.
  @inline(__always) private func find(_ operation: Operation) -> Int? {
    guard let index = table.find(operation.subject), items[index].isVisible(to: operation.actor) else { return nil }
    return index
  }

  /// Adds a reply to an item of this partition; called between ticks.
  func addReply(_ reply: StoredItem, to index: Int) {
    if items[index].thread == StoredItem.noThread {
      items[index].thread = UInt32(threads.count)
      threads.append(top: items[index].row)
    }
    threads.pointer(to: Int(items[index].thread)).pointee.insert(reply.row)
    // A private reply leaves no trace on what it answers.
    guard !reply.flags.contains(.isPrivate) else { return }
    items[index].replyCount += 1
    items[index].lastActive = max(items[index].lastActive, reply.created)
    refreshThread(index)
  }

  /// A reply has changed.
  func updateReply(_ row: ItemRow, to index: Int) {
    guard items[index].thread != StoredItem.noThread else { return }
    threads.pointer(to: Int(items[index].thread)).pointee.update(row)
  }

  /// A reply is gone; returns false when it never was in this item's thread.
  func removeReply(_ row: ItemRow, to index: Int) -> Bool {
    guard items[index].thread != StoredItem.noThread else { return false }
    guard threads.pointer(to: Int(items[index].thread)).pointee.remove(row.id) else { return false }
    if !row.flags.contains(.isPrivate) { items[index].replyCount -= 1 }
    refreshThread(index)
    return true
  }

  private func grow() {
    let grown = UnsafeMutablePointer<StoredItem>.allocate(capacity: capacity * 2)
    grown.update(from: items, count: count)
    items.deallocate()
    items = grown
    capacity *= 2
  }
}
