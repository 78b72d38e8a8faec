/// How the shipped backends that keep items in tables put them into columns: databases whose whole numbers have a sign and 64
/// bits. A backend of your own may use it, or not.
public enum StoredForm {
  /// The columns of an item's row beside its counters that never change, in one: topic, kind and flags in the low half, value in
  /// the high.
  @inlinable @inline(__always) public static func traits(of operation: Operation) -> Int64 {
    Int64(operation.value) << 32 | Int64(operation.flags.rawValue) << 24 | Int64(operation.kind) << 16 | Int64(operation.topic)
  }

  /// Who may be shown an item: 0 for everyone, else the number of its author and one.
  @inlinable @inline(__always) public static func readerKey(_ id: ItemID, _ flags: OperationFlags) -> Int64 {
    flags.contains(.isPrivate) ? viewerKey(id.author) : 0
  }

  /// Whoever has this key is shown what ``readerKey(_:_:)`` says so of.
  @inlinable @inline(__always) public static func viewerKey(_ member: MemberID) -> Int64 { Int64(member.rawValue) + 1 }
}

extension ItemID {
  /// ``tieBreak`` as a number with a sign, in the same order.
  @inlinable @inline(__always) public var tieKey: Int64 { Int64(bitPattern: tieBreak ^ (1 << 63)) }
}

extension ItemRow {
  /// A row from columns that a statement shows in this order: id, created, last active, sum and count of ratings, replies, sum of
  /// votes, flags, downloads, version, payload, ``StoredForm/traits(of:)``, parent.
  /// - Parameter column: the value of a column by its place.
  @inlinable @inline(__always) public init(columns column: (Int32) -> Int64) {
    let traits = column(11)
    self.init(
      id: ItemID(rawValue: UInt64(bitPattern: column(0))), created: SimTime(nanoseconds: column(1)),
      lastActive: SimTime(nanoseconds: column(2)), ratingSum: Int32(truncatingIfNeeded: column(3)),
      ratingCount: Int32(truncatingIfNeeded: column(4)), replyCount: Int32(truncatingIfNeeded: column(5)),
      version: UInt32(truncatingIfNeeded: column(9)), payload: UInt64(bitPattern: column(10)),
      parent: ItemID(rawValue: UInt64(bitPattern: column(12))), value: Int32(truncatingIfNeeded: traits >> 32),
      voteSum: Int32(truncatingIfNeeded: column(6)), flagCount: Int32(truncatingIfNeeded: column(7)),
      downloadCount: Int32(truncatingIfNeeded: column(8)), topic: UInt16(truncatingIfNeeded: traits),
      kind: UInt8(truncatingIfNeeded: traits >> 16), flags: OperationFlags(rawValue: UInt8(truncatingIfNeeded: traits >> 24)))
  }
}
