/// What a read answers: items as columns, keys (members, containers) and three scalars. One reply is used again and
/// again, so a backend begins with ``reset()``, which the harness has called for it already.
public struct Reply: ~Copyable {
  /// The items found, in the order that the verb promises.
  public var items: ItemColumns
  /// Members or containers found: connections, directory rows.
  public var keys: [UInt64] = []
  /// An amount, such as the number of unread notifications or of items in a container.
  public var count: Int64 = 0
  /// A sum, such as of ratings.
  public var sum: Int64 = 0
  /// The version that a write made or that a conflict found.
  public var version: UInt32 = 0

  public init() { items = ItemColumns(capacity: 512) }

  @inlinable public mutating func reset() {
    items.removeAll()
    if !keys.isEmpty { keys.removeAll(keepingCapacity: true) }
    count = 0
    sum = 0
    version = 0
  }
}

/// One row of ``ItemColumns``.
@frozen public struct ItemRow: BitwiseCopyable, Sendable {
  public var id: ItemID
  public var created: SimTime
  /// Time of the latest public reply, or of creation: see ``Verb``.
  public var lastActive: SimTime
  public var ratingSum: Int32
  public var ratingCount: Int32
  public var replyCount: Int32
  public var version: UInt32
  /// Length (high 32 bits) and checksum (low 32) of the text: see ``Payload/fingerprint(seed:length:)``.
  public var payload: UInt64
  /// The item that it answers, or ``ItemID/none``.
  public var parent: ItemID
  /// What the service published it with.
  public var value: Int32
  /// Sum of the votes in force, of -1 and 1 each.
  public var voteSum: Int32
  /// Members who have flagged it.
  public var flagCount: Int32
  public var downloadCount: Int32
  public var topic: UInt16
  /// The service's own kind of item.
  public var kind: UInt8
  public var flags: OperationFlags

  @inlinable public init(
    id: ItemID, created: SimTime, lastActive: SimTime, ratingSum: Int32 = 0, ratingCount: Int32 = 0,
    replyCount: Int32 = 0, version: UInt32 = 1, payload: UInt64 = 0, parent: ItemID = .none, value: Int32 = 0,
    voteSum: Int32 = 0, flagCount: Int32 = 0, downloadCount: Int32 = 0, topic: UInt16 = 0, kind: UInt8 = 0,
    flags: OperationFlags = []
  ) {
    self.id = id
    self.parent = parent
    self.value = value
    self.voteSum = voteSum
    self.flagCount = flagCount
    self.downloadCount = downloadCount
    self.kind = kind
    self.created = created
    self.lastActive = lastActive
    self.ratingSum = ratingSum
    self.ratingCount = ratingCount
    self.replyCount = replyCount
    self.version = version
    self.payload = payload
    self.topic = topic
    self.flags = flags
  }
}
