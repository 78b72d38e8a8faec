import JamboreeKit

/// An item as the memory backend keeps it.
struct StoredItem: BitwiseCopyable {
  var id: ItemID
  var parent: ItemID
  var container: ContainerID
  var created: SimTime
  var lastActive: SimTime
  var payload: UInt64
  var ratingSum: Int32 = 0
  var ratingCount: Int32 = 0
  var replyCount: Int32 = 0
  var voteSum: Int32 = 0
  var flagCount: Int32 = 0
  var downloadCount: Int32 = 0
  var value: Int32
  var version: UInt32 = 1
  /// Index of the thread in the partition, or `noThread` as long as nobody has replied.
  var thread: UInt32 = StoredItem.noThread
  /// Index of the text that it had before, or `noText` when it was never changed.
  var earlierText: UInt32 = StoredItem.noText
  var topic: UInt16
  var kind: UInt8
  var flags: OperationFlags
  var isDeleted = false

  static let noThread = UInt32.max
  static let noText = UInt32.max

  init(publishing operation: Operation) {
    id = operation.subject
    parent = ItemID(rawValue: operation.object)
    container = operation.container
    created = operation.intended
    lastActive = operation.intended
    payload = Payload.fingerprint(seed: operation.payloadSeed, length: operation.payloadLength)
    value = operation.value
    topic = operation.topic
    kind = operation.kind
    flags = operation.flags
  }

  @inline(__always) var row: ItemRow {
    ItemRow(
      id: id, created: created, lastActive: lastActive, ratingSum: ratingSum, ratingCount: ratingCount,
      replyCount: replyCount, version: version, payload: payload, parent: parent, value: value, voteSum: voteSum,
      flagCount: flagCount, downloadCount: downloadCount, topic: topic, kind: kind, flags: flags)
  }

  /// Whether a member may be shown it.
  @inline(__always) func isVisible(to viewer: MemberID) -> Bool {
    !isDeleted && (!flags.contains(.isPrivate) || id.author == viewer)
  }
}

/// A text that an item had.
struct EarlierText: BitwiseCopyable {
  let payload: UInt64
  let version: UInt32
  /// Index of the one before it, or `StoredItem.noText`.
  let before: UInt32
}

/// Where an item is: its partition in the high 6 bits, its number there in the low 26.
struct ItemReference: BitwiseCopyable, Equatable {
  var rawValue: UInt32
  init(partition: Int, index: Int) { rawValue = UInt32(partition) << 26 | UInt32(index) }
  @inline(__always) var partition: Int { Int(rawValue >> 26) }
  @inline(__always) var index: Int { Int(rawValue & 0x3FF_FFFF) }
}

/// The place of an item in an order: later first, then larger tie break.
struct OrderKey: Comparable {
  let time: SimTime
  let tie: UInt64

  init(_ item: StoredItem, _ order: ListingOrder) {
    time = order == .newest ? item.created : item.lastActive
    tie = item.id.tieBreak
  }

  /// By creation.
  init(_ row: ItemRow) { self.init(time: row.created, id: row.id) }

  init(time: SimTime, id: ItemID) {
    self.time = time
    tie = id.tieBreak
  }

  static func < (a: OrderKey, b: OrderKey) -> Bool { a.time != b.time ? a.time < b.time : a.tie < b.tie }
}
