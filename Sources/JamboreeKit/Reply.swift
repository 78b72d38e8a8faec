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
  public var topic: UInt16
  public var flags: OperationFlags

  @inlinable public init(
    id: ItemID, created: SimTime, lastActive: SimTime, ratingSum: Int32 = 0, ratingCount: Int32 = 0,
    replyCount: Int32 = 0, version: UInt32 = 1, payload: UInt64 = 0, topic: UInt16 = 0, flags: OperationFlags = []
  ) {
    self.id = id
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
