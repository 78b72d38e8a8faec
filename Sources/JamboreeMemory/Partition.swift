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
  let store: UnsafeMutablePointer<ItemTable>
  private(set) var reactions: [ReactionKey: Int32] = [:]
  private(set) var memberships: Set<Membership> = []
  /// How many containers a member has joined.
  private(set) var joinedCounts: [UInt32: Int] = [:]

  /// What is kept beside the items, where the run asks for it.
  struct Indexes {
    var authors = true
    var words = true
    var profiles = true
    var directory = true

    init() {}
    init(_ verbs: Set<Verb>) {
      authors = verbs.contains(.recentByAuthors) || verbs.contains(.profile)
      words = verbs.contains(.search)
      profiles = verbs.contains(.profile)
      directory = verbs.contains(.directory)
    }
  }
  var keeps = Indexes()
  var inboxes: [UInt32: DeliveryList] = [:]
  var notifications: [UInt32: DeliveryList] = [:]

  /// A delivery of this tick, to be handed to the members at its end.
  struct Delivery {
    let operation: Operation
    let recipients: [UInt64]
  }

  // Effects beyond this partition, carried out at the end of the tick.
  @exclusivity(unchecked) var arrivals: [Arrival] = []
  @exclusivity(unchecked) var changes: [Change] = []
  @exclusivity(unchecked) var deletions: [ItemReference] = []
  @exclusivity(unchecked) var deliveries: [Delivery] = []
  @exclusivity(unchecked) var joins: [Membership] = []
  @exclusivity(unchecked) var words: [WordIndex.Entry] = []
  /// Whether there may be any. Side by side with the other partitions', so that a look through all of them costs little.
  private let hasEffects: UnsafeMutablePointer<Bool>

  init(number: Int, hasEffects: UnsafeMutablePointer<Bool>) {
    self.number = number
    self.hasEffects = hasEffects
    store = .allocate(capacity: 1)
    store.initialize(to: ItemTable())
  }

  deinit {
    store.deinitialize(count: 1)
    store.deallocate()
  }

  func write(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
    hasEffects.pointee = true
    switch operation.verb {
    case .publish: return publish(operation, arguments, &reply)
    case .edit: return edit(operation, &reply)
    case .delete: return delete(operation)
    case .react: return react(operation)
    case .join:
      let membership = Membership(container: operation.container, member: operation.actor)
      if memberships.insert(membership).inserted {
        if keeps.profiles { joinedCounts[operation.actor.rawValue, default: 0] += 1 }
        if keeps.directory { joins.append(membership) }
      }
      return .ok
    case .deliver:
      deliveries.append(Delivery(operation: operation, recipients: (0..<arguments.count).map { arguments[$0] }))
      return .ok
    case .markRead:
      let time = SimTime(nanoseconds: Int64(bitPattern: operation.object))
      if operation.kind == DeliveryKind.feed.rawValue {
        inboxes[operation.actor.rawValue, default: DeliveryList()].markSeen(until: time)
      } else {
        notifications[operation.actor.rawValue, default: DeliveryList()].markSeen(until: time)
      }
      return .ok
    case .connect, .disconnect:
      let other = UInt32(truncatingIfNeeded: operation.object)
      store.pointee.connections.change(
        of: operation.actor, operation.kind, to: other, isTied: operation.verb == .connect)
      return .ok
    default: return .rejected
    }
  }

  private func publish(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: inout Reply) -> Outcome {
    guard operation.subject != .none, operation.object != operation.subject.rawValue, store.pointee.index(of: operation.subject) == nil
    else { return .rejected }
    let index = store.pointee.append(StoredItem(publishing: operation))
    enter(index, operation)
    var alsoListed: [ContainerID] = []
    if operation.object == 0 {
      for index in 0..<arguments.count {
        let other = ContainerID(rawValue: arguments[index])
        // One that is named twice lists the item once.
        if other != .none, other != operation.container, !alsoListed.contains(other) { alsoListed.append(other) }
      }
    }
    arrivals.append(Arrival(reference: ItemReference(partition: number, index: index), alsoListed: alsoListed))
    reply.version = 1
    return .ok
  }

  private func edit(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let index = store.pointee.index(for: operation) else { return .notFound }
    let present = store.pointee.items[index]
    guard present.version == operation.expectedVersion else {
      reply.version = present.version
      return .conflict
    }
    store.pointee.replaceText(index, by: Payload.fingerprint(seed: operation.payloadSeed, length: operation.payloadLength))
    enterWords(index, version: present.version + 1, operation)
    changes.append(Change(reference: ItemReference(partition: number, index: index), ratingChange: 0))
    reply.version = present.version + 1
    return .ok
  }

  private func delete(_ operation: Operation) -> Outcome {
    guard let index = store.pointee.index(for: operation) else { return .notFound }
    store.pointee.change(index) { $0.isDeleted = true }
    if keeps.authors { store.pointee.removeUnderAuthor(index) }
    deletions.append(ItemReference(partition: number, index: index))
    return .ok
  }

  private func react(_ operation: Operation) -> Outcome {
    guard let index = store.pointee.index(for: operation) else { return .notFound }
    let kind = ReactionKind(rawValue: operation.kind)
    guard kind.accepts(operation.value) else { return .rejected }
    var ratingChange: Int32 = 0
    if kind == .download {
      store.pointee.change(index) { $0.downloadCount &+= operation.value }
    } else {
      let change = replaceReaction(operation)
      switch kind {
      case .rating:
        ratingChange = change.value
        store.pointee.change(index) {
          $0.ratingSum += change.value
          $0.ratingCount += change.count
        }
      case .vote: store.pointee.change(index) { $0.voteSum += change.value }
      case .flag: store.pointee.change(index) { $0.flagCount += change.count }
      default: return .ok
      }
    }
    changes.append(Change(reference: ItemReference(partition: number, index: index), ratingChange: ratingChange))
    return .ok
  }

  /// Puts a member's reaction in the place of its earlier one; 0 takes that back. Returns what that changes in the sum of
  /// values and in the number of members.
  private func replaceReaction(_ operation: Operation) -> (value: Int32, count: Int32) {
    let key = ReactionKey(item: operation.subject, member: operation.actor, kind: operation.kind)
    let earlier: Int32?
    if operation.value == 0 {
      earlier = reactions.removeValue(forKey: key)
    } else {
      earlier = reactions.updateValue(operation.value, forKey: key)
    }
    return (operation.value &- (earlier ?? 0), (operation.value == 0 ? 0 : 1) - (earlier == nil ? 0 : 1))
  }
}
