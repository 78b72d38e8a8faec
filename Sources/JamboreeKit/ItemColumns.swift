/// Items as columns, one array a field, so that a ranker's loop over one field reads nothing else.
///
/// A growable buffer that is reused: `removeAll()` keeps the memory. Rows are in the order in which they were
/// appended. Not thread-safe.
///
/// It may also show another buffer's rows without copying them (``borrow(_:from:count:)``); a change to such rows
/// copies them first.
public struct ItemColumns: ~Copyable, @unchecked Sendable {
  public private(set) var capacity: Int
  @usableFromInline var rows: Int
  /// Where the rows are: in `block`, or in another buffer's.
  @usableFromInline var at: ItemColumnPointers
  /// The memory that it owns.
  private var block: UnsafeMutableRawPointer
  @usableFromInline var isBorrowing = false

  public init(capacity: Int) {
    // A multiple of 8 keeps every column aligned.
    self.capacity = (max(capacity, 1) + 7) & ~7
    rows = 0
    block = .allocate(byteCount: self.capacity * ItemColumnPointers.bytesPerRow, alignment: 16)
    at = ItemColumnPointers(in: block, capacity: self.capacity)
  }

  deinit { block.deallocate() }

  @inlinable public var count: Int { rows }

  @inlinable public mutating func removeAll() {
    rows = 0
    if isBorrowing { useOwnMemory() }
  }

  /// Keeps the first `count` rows.
  @inlinable public mutating func truncate(to count: Int) { rows = min(rows, max(count, 0)) }

  @inlinable @inline(__always) public mutating func append(_ row: borrowing ItemRow) {
    if rows == capacity || isBorrowing { reserve(rows + 1) }
    write(row, at: rows)
    rows &+= 1
  }

  /// Puts a row before the others from `index` on, which move up by one; `index` in `0 ... count`.
  @inlinable public mutating func insert(_ row: borrowing ItemRow, at index: Int) {
    if rows == capacity || isBorrowing { reserve(rows + 1) }
    move(from: index, to: index + 1, count: rows - index)
    write(row, at: index)
    rows += 1
  }

  /// Takes a row out; those behind it move down by one.
  @inlinable public mutating func remove(at index: Int) {
    if isBorrowing { reserve(rows) }
    move(from: index + 1, to: index, count: rows - index - 1)
    rows -= 1
  }

  /// Copies a run of another buffer's rows to the end of this one: one block copy a column, whatever the count.
  public mutating func append(_ other: borrowing ItemColumns, from start: Int, count: Int) {
    if rows + count > capacity || isBorrowing { reserve(rows + count) }
    (at.ids + rows).update(from: other.at.ids + start, count: count)
    (at.created + rows).update(from: other.at.created + start, count: count)
    (at.lastActive + rows).update(from: other.at.lastActive + start, count: count)
    (at.payloads + rows).update(from: other.at.payloads + start, count: count)
    (at.parents + rows).update(from: other.at.parents + start, count: count)
    (at.ratingSums + rows).update(from: other.at.ratingSums + start, count: count)
    (at.ratingCounts + rows).update(from: other.at.ratingCounts + start, count: count)
    (at.replyCounts + rows).update(from: other.at.replyCounts + start, count: count)
    (at.versions + rows).update(from: other.at.versions + start, count: count)
    (at.values + rows).update(from: other.at.values + start, count: count)
    (at.voteSums + rows).update(from: other.at.voteSums + start, count: count)
    (at.flagCounts + rows).update(from: other.at.flagCounts + start, count: count)
    (at.downloadCounts + rows).update(from: other.at.downloadCounts + start, count: count)
    (at.topics + rows).update(from: other.at.topics + start, count: count)
    (at.kinds + rows).update(from: other.at.kinds + start, count: count)
    (at.flags + rows).update(from: other.at.flags + start, count: count)
    rows += count
  }

  /// Shows a run of another buffer's rows instead of its own, without copying them.
  ///
  /// The other buffer must stay as it is until this one is emptied: an in-process backend lends its rows to a reply in
  /// this way, where it promises that nothing is written while replies are read.
  public mutating func borrow(_ other: borrowing ItemColumns, from start: Int, count: Int) {
    precondition(start >= 0 && count >= 0 && start + count <= other.rows, "rows out of range")
    at = ItemColumnPointers(other.at, from: start)
    rows = count
    isBorrowing = true
  }

  /// A row, read or replaced as a whole; `index` in `0 ..< count`.
  @inlinable public subscript(index: Int) -> ItemRow {
    // Inlined, so that a reader of a few fields loads no others.
    @inline(__always) get {
      precondition(index >= 0 && index < rows, "row out of range")
      return ItemRow(
        id: at.ids[index], created: at.created[index], lastActive: at.lastActive[index], ratingSum: at.ratingSums[index],
        ratingCount: at.ratingCounts[index], replyCount: at.replyCounts[index], version: at.versions[index],
        payload: at.payloads[index], parent: at.parents[index], value: at.values[index], voteSum: at.voteSums[index],
        flagCount: at.flagCounts[index], downloadCount: at.downloadCounts[index], topic: at.topics[index],
        kind: at.kinds[index], flags: at.flags[index])
    }
    set {
      precondition(index >= 0 && index < rows, "row out of range")
      if isBorrowing { reserve(rows) }
      write(newValue, at: index)
    }
  }

  /// Brings up to date what may change of an item after it was published; `row` is of the same item.
  @inlinable public mutating func update(_ row: borrowing ItemRow, at index: Int) {
    precondition(index >= 0 && index < rows, "row out of range")
    if isBorrowing { reserve(rows) }
    at.lastActive[index] = row.lastActive
    at.payloads[index] = row.payload
    at.ratingSums[index] = row.ratingSum
    at.ratingCounts[index] = row.ratingCount
    at.replyCounts[index] = row.replyCount
    at.versions[index] = row.version
    at.voteSums[index] = row.voteSum
    at.flagCounts[index] = row.flagCount
    at.downloadCounts[index] = row.downloadCount
  }

  @inlinable @inline(__always) public func id(at index: Int) -> ItemID {
    precondition(index >= 0 && index < rows, "row out of range")
    return at.ids[index]
  }

  /// The place of an item at or after `start`, or nil.
  @inlinable public func index(of id: ItemID, from start: Int = 0) -> Int? {
    var index = start
    while index < rows {
      if at.ids[index] == id { return index }
      index += 1
    }
    return nil
  }

  @usableFromInline @inline(__always) func write(_ row: borrowing ItemRow, at index: Int) {
    at.ids[index] = row.id
    at.created[index] = row.created
    at.lastActive[index] = row.lastActive
    at.payloads[index] = row.payload
    at.parents[index] = row.parent
    at.ratingSums[index] = row.ratingSum
    at.ratingCounts[index] = row.ratingCount
    at.replyCounts[index] = row.replyCount
    at.versions[index] = row.version
    at.values[index] = row.value
    at.voteSums[index] = row.voteSum
    at.flagCounts[index] = row.flagCount
    at.downloadCounts[index] = row.downloadCount
    at.topics[index] = row.topic
    at.kinds[index] = row.kind
    at.flags[index] = row.flags
  }

  @usableFromInline func move(from: Int, to: Int, count: Int) {
    guard count > 0 else { return }
    (at.ids + to).update(from: at.ids + from, count: count)
    (at.created + to).update(from: at.created + from, count: count)
    (at.lastActive + to).update(from: at.lastActive + from, count: count)
    (at.payloads + to).update(from: at.payloads + from, count: count)
    (at.parents + to).update(from: at.parents + from, count: count)
    (at.ratingSums + to).update(from: at.ratingSums + from, count: count)
    (at.ratingCounts + to).update(from: at.ratingCounts + from, count: count)
    (at.replyCounts + to).update(from: at.replyCounts + from, count: count)
    (at.versions + to).update(from: at.versions + from, count: count)
    (at.values + to).update(from: at.values + from, count: count)
    (at.voteSums + to).update(from: at.voteSums + from, count: count)
    (at.flagCounts + to).update(from: at.flagCounts + from, count: count)
    (at.downloadCounts + to).update(from: at.downloadCounts + from, count: count)
    (at.topics + to).update(from: at.topics + from, count: count)
    (at.kinds + to).update(from: at.kinds + from, count: count)
    (at.flags + to).update(from: at.flags + from, count: count)
  }

  /// Makes room for `wanted` rows in memory of its own, and brings the rows along.
  @usableFromInline @inline(never) mutating func reserve(_ wanted: Int) {
    var grown = ItemColumns(capacity: wanted <= capacity ? capacity : max(wanted, capacity * 2))
    grown.append(self, from: 0, count: rows)
    swap(&self, &grown)
  }

  @usableFromInline mutating func useOwnMemory() {
    isBorrowing = false
    at = ItemColumnPointers(in: block, capacity: capacity)
  }
}

extension ItemColumns {
  @inlinable public var idSpan: Span<ItemID> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.ids, count: rows), borrowing: self) }
  }
  @inlinable public var createdSpan: Span<SimTime> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.created, count: rows), borrowing: self) }
  }
  @inlinable public var lastActiveSpan: Span<SimTime> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.lastActive, count: rows), borrowing: self) }
  }
  @inlinable public var payloadSpan: Span<UInt64> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.payloads, count: rows), borrowing: self) }
  }
  @inlinable public var parentSpan: Span<ItemID> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.parents, count: rows), borrowing: self) }
  }
  @inlinable public var ratingSumSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.ratingSums, count: rows), borrowing: self) }
  }
  @inlinable public var ratingCountSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.ratingCounts, count: rows), borrowing: self) }
  }
  @inlinable public var replyCountSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.replyCounts, count: rows), borrowing: self) }
  }
  @inlinable public var versionSpan: Span<UInt32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.versions, count: rows), borrowing: self) }
  }
  @inlinable public var valueSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.values, count: rows), borrowing: self) }
  }
  @inlinable public var voteSumSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.voteSums, count: rows), borrowing: self) }
  }
  @inlinable public var flagCountSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.flagCounts, count: rows), borrowing: self) }
  }
  @inlinable public var downloadCountSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.downloadCounts, count: rows), borrowing: self) }
  }
  @inlinable public var topicSpan: Span<UInt16> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.topics, count: rows), borrowing: self) }
  }
  @inlinable public var kindSpan: Span<UInt8> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: at.kinds, count: rows), borrowing: self) }
  }
}

/// Where the columns are: one block for all of them, the widest first, so that each is aligned; they begin at a row of it.
///
/// Pointers are worked out when they are needed: lending a page then costs four stores, not one a column.
@usableFromInline struct ItemColumnPointers: BitwiseCopyable {
  @usableFromInline let block: UnsafeMutableRawPointer
  @usableFromInline let capacity: Int
  @usableFromInline let start: Int

  static let bytesPerRow = 76

  init(in block: UnsafeMutableRawPointer, capacity: Int) { (self.block, self.capacity, start) = (block, capacity, 0) }

  /// Another buffer's columns from a row on.
  init(_ other: ItemColumnPointers, from start: Int) {
    (block, capacity, self.start) = (other.block, other.capacity, other.start &+ start)
  }

  /// - Parameter offset: bytes of a row that the columns before it take.
  @usableFromInline @inline(__always) func column<Field: BitwiseCopyable>(_ offset: Int) -> UnsafeMutablePointer<Field> {
    (block + capacity &* offset).assumingMemoryBound(to: Field.self) + start
  }

  @usableFromInline @inline(__always) var ids: UnsafeMutablePointer<ItemID> { column(0) }
  @usableFromInline @inline(__always) var created: UnsafeMutablePointer<SimTime> { column(8) }
  @usableFromInline @inline(__always) var lastActive: UnsafeMutablePointer<SimTime> { column(16) }
  @usableFromInline @inline(__always) var payloads: UnsafeMutablePointer<UInt64> { column(24) }
  @usableFromInline @inline(__always) var parents: UnsafeMutablePointer<ItemID> { column(32) }
  @usableFromInline @inline(__always) var ratingSums: UnsafeMutablePointer<Int32> { column(40) }
  @usableFromInline @inline(__always) var ratingCounts: UnsafeMutablePointer<Int32> { column(44) }
  @usableFromInline @inline(__always) var replyCounts: UnsafeMutablePointer<Int32> { column(48) }
  @usableFromInline @inline(__always) var versions: UnsafeMutablePointer<UInt32> { column(52) }
  @usableFromInline @inline(__always) var values: UnsafeMutablePointer<Int32> { column(56) }
  @usableFromInline @inline(__always) var voteSums: UnsafeMutablePointer<Int32> { column(60) }
  @usableFromInline @inline(__always) var flagCounts: UnsafeMutablePointer<Int32> { column(64) }
  @usableFromInline @inline(__always) var downloadCounts: UnsafeMutablePointer<Int32> { column(68) }
  @usableFromInline @inline(__always) var topics: UnsafeMutablePointer<UInt16> { column(72) }
  @usableFromInline @inline(__always) var kinds: UnsafeMutablePointer<UInt8> { column(74) }
  @usableFromInline @inline(__always) var flags: UnsafeMutablePointer<OperationFlags> { column(75) }
}
