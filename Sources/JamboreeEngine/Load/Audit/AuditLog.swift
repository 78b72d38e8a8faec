import JamboreeKit

/// The events of a uniform sample of items, in bounded memory.
///
/// An item is in the sample when a mix of its id is at or below a threshold, whoever writes to it and through whichever
/// worker, so the samples of several workers agree. When memory is used up, the threshold is halved and what is above
/// it is dropped: that takes about half a millisecond for every 100,000 events, and happens as often as the load doubles.
struct AuditLog: Sendable {
  private(set) var events: [AuditEvent] = []
  private(set) var threshold: UInt64
  /// Deletions are kept of all items, because a parent in the sample counts replies that are not; true when there were
  /// too many of them.
  private(set) var forgetsDeletions = false
  let capacity: Int
  private let salt: UInt64

  init(capacity: Int, share: Double, seed: Seed) {
    self.capacity = max(capacity, 8)
    threshold = share >= 1 ? .max : share > 0 ? UInt64(share * 0x1p64) : 0
    salt = Self.salt(seed)
    events.reserveCapacity(self.capacity)
  }

  static func salt(_ seed: Seed) -> UInt64 { RandomStream.base(seed: seed, domain: RandomDomain("audit.sample")) }

  @inline(__always) static func rank(_ item: ItemID, salt: UInt64) -> UInt64 { mix64(item.rawValue ^ salt) }

  @inline(__always) private func samples(_ item: ItemID) -> Bool { Self.rank(item, salt: salt) <= threshold }

  /// Keeps what is to be known of a write that was acknowledged, or whose outcome is uncertain.
  mutating func record(_ operation: Operation, marks: AuditEvent.Marks, milliseconds: UInt32) {
    let item = operation.subject
    switch operation.verb {
    case .publish:
      let parent = ItemID(rawValue: operation.object)
      let isPrivate = operation.flags.contains(.isPrivate)
      if samples(item) {
        var marks = marks
        if isPrivate { marks.insert(.isPrivate) }
        if parent != .none { marks.insert(.isReply) }
        append(
          AuditEvent(
            item: item, key: parent == .none ? operation.container.rawValue : parent.rawValue, payloadSeed: operation.payloadSeed,
            amount: operation.payloadLength, milliseconds: milliseconds, kind: .publish, marks: marks))
      }
      if parent != .none, !isPrivate, samples(parent) {
        append(AuditEvent(item: parent, key: item.rawValue, milliseconds: milliseconds, kind: .reply, marks: marks))
      }
    case .edit where samples(item):
      append(
        AuditEvent(
          item: item, key: UInt64(operation.expectedVersion &+ 1), payloadSeed: operation.payloadSeed,
          amount: operation.payloadLength, milliseconds: milliseconds, kind: .edit, marks: marks))
    case .delete where !forgetsDeletions || samples(item):
      append(AuditEvent(item: item, key: 0, milliseconds: milliseconds, kind: .deletion, marks: marks))
    case .react where samples(item):
      guard let kind = Self.kind(of: ReactionKind(rawValue: operation.kind)) else { return }
      append(
        AuditEvent(
          item: item, key: UInt64(operation.actor.rawValue), amount: UInt32(bitPattern: operation.value),
          milliseconds: milliseconds, kind: kind, marks: marks))
    default: break
    }
  }

  /// Nil for kinds that show in no read.
  static func kind(of reaction: ReactionKind) -> AuditEvent.Kind? {
    switch reaction {
    case .rating: .rating
    case .vote: .vote
    case .flag: .flag
    case .download: .download
    default: nil
    }
  }

  @inline(__always) private mutating func append(_ event: AuditEvent) {
    if events.count == capacity {
      shrink()
      guard keeps(event) else { return }
    }
    events.append(event)
  }

  private func keeps(_ event: AuditEvent) -> Bool {
    (event.kind == .deletion && !forgetsDeletions) || samples(event.item)
  }

  /// Makes room for a quarter of the capacity at least, so that it is not called again soon.
  @inline(never) private mutating func shrink() {
    while events.count > capacity - capacity / 4 {
      if threshold == 0 {
        // A single item has more events than there is room for.
        events.removeAll(keepingCapacity: true)
        return
      }
      threshold >>= 1
      if !forgetsDeletions {
        let outside = events.reduce(0) { $0 + ($1.kind == .deletion && !samples($1.item) ? 1 : 0) }
        forgetsDeletions = outside > capacity / 4
      }
      var kept = 0
      // By number: a loop over the array itself would hold it, and writing to it would copy it.
      for index in 0..<events.count where keeps(events[index]) {
        events[kept] = events[index]
        kept += 1
      }
      events.removeSubrange(kept...)
    }
  }
}
