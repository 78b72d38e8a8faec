/// Items as columns, one array a field, so that a ranker's loop over one field reads nothing else.
///
/// A growable buffer that is reused: `removeAll()` keeps the memory. Rows are in the order in which they were
/// appended. Not thread-safe.
public struct ItemColumns: ~Copyable, @unchecked Sendable {
  public private(set) var capacity: Int
  @usableFromInline var rows: Int
  @usableFromInline var ids: UnsafeMutablePointer<ItemID>
  @usableFromInline var created: UnsafeMutablePointer<SimTime>
  @usableFromInline var lastActive: UnsafeMutablePointer<SimTime>
  @usableFromInline var ratingSums: UnsafeMutablePointer<Int32>
  @usableFromInline var ratingCounts: UnsafeMutablePointer<Int32>
  @usableFromInline var replyCounts: UnsafeMutablePointer<Int32>
  @usableFromInline var versions: UnsafeMutablePointer<UInt32>
  @usableFromInline var payloads: UnsafeMutablePointer<UInt64>
  @usableFromInline var topics: UnsafeMutablePointer<UInt16>
  @usableFromInline var flags: UnsafeMutablePointer<OperationFlags>

  public init(capacity: Int) {
    self.capacity = max(capacity, 1)
    rows = 0
    ids = .allocate(capacity: self.capacity)
    created = .allocate(capacity: self.capacity)
    lastActive = .allocate(capacity: self.capacity)
    ratingSums = .allocate(capacity: self.capacity)
    ratingCounts = .allocate(capacity: self.capacity)
    replyCounts = .allocate(capacity: self.capacity)
    versions = .allocate(capacity: self.capacity)
    payloads = .allocate(capacity: self.capacity)
    topics = .allocate(capacity: self.capacity)
    flags = .allocate(capacity: self.capacity)
  }

  deinit {
    ids.deallocate()
    created.deallocate()
    lastActive.deallocate()
    ratingSums.deallocate()
    ratingCounts.deallocate()
    replyCounts.deallocate()
    versions.deallocate()
    payloads.deallocate()
    topics.deallocate()
    flags.deallocate()
  }

  @inlinable public var count: Int { rows }

  @inlinable public mutating func removeAll() { rows = 0 }

  /// Keeps the first `count` rows.
  @inlinable public mutating func truncate(to count: Int) { rows = min(rows, max(count, 0)) }

  @inlinable @inline(__always) public mutating func append(_ row: borrowing ItemRow) {
    if rows == capacity { reserve(rows + 1) }
    write(row, at: rows)
    rows &+= 1
  }

  /// Puts a row before the others from `index` on, which move up by one; `index` in `0 ... count`.
  @inlinable public mutating func insert(_ row: borrowing ItemRow, at index: Int) {
    if rows == capacity { reserve(rows + 1) }
    move(from: index, to: index + 1, count: rows - index)
    write(row, at: index)
    rows += 1
  }

  /// Takes a row out; those behind it move down by one.
  @inlinable public mutating func remove(at index: Int) {
    move(from: index + 1, to: index, count: rows - index - 1)
    rows -= 1
  }

  /// Copies a run of another buffer's rows to the end of this one: ten block copies, whatever the count.
  public mutating func append(_ other: borrowing ItemColumns, from start: Int, count: Int) {
    if rows + count > capacity { reserve(rows + count) }
    (ids + rows).update(from: other.ids + start, count: count)
    (created + rows).update(from: other.created + start, count: count)
    (lastActive + rows).update(from: other.lastActive + start, count: count)
    (ratingSums + rows).update(from: other.ratingSums + start, count: count)
    (ratingCounts + rows).update(from: other.ratingCounts + start, count: count)
    (replyCounts + rows).update(from: other.replyCounts + start, count: count)
    (versions + rows).update(from: other.versions + start, count: count)
    (payloads + rows).update(from: other.payloads + start, count: count)
    (topics + rows).update(from: other.topics + start, count: count)
    (flags + rows).update(from: other.flags + start, count: count)
    rows += count
  }

  /// A row, read or replaced as a whole; `index` in `0 ..< count`.
  @inlinable public subscript(index: Int) -> ItemRow {
    get {
      precondition(index >= 0 && index < rows, "row out of range")
      return ItemRow(
        id: ids[index], created: created[index], lastActive: lastActive[index], ratingSum: ratingSums[index],
        ratingCount: ratingCounts[index], replyCount: replyCounts[index], version: versions[index],
        payload: payloads[index], topic: topics[index], flags: flags[index])
    }
    set {
      precondition(index >= 0 && index < rows, "row out of range")
      write(newValue, at: index)
    }
  }

  @inlinable @inline(__always) public func id(at index: Int) -> ItemID {
    precondition(index >= 0 && index < rows, "row out of range")
    return ids[index]
  }

  /// The place of an item at or after `start`, or nil.
  @inlinable public func index(of id: ItemID, from start: Int = 0) -> Int? {
    var index = start
    while index < rows {
      if ids[index] == id { return index }
      index += 1
    }
    return nil
  }

  @usableFromInline @inline(__always) func write(_ row: borrowing ItemRow, at index: Int) {
    ids[index] = row.id
    created[index] = row.created
    lastActive[index] = row.lastActive
    ratingSums[index] = row.ratingSum
    ratingCounts[index] = row.ratingCount
    replyCounts[index] = row.replyCount
    versions[index] = row.version
    payloads[index] = row.payload
    topics[index] = row.topic
    flags[index] = row.flags
  }

  @usableFromInline func move(from: Int, to: Int, count: Int) {
    guard count > 0 else { return }
    (ids + to).update(from: ids + from, count: count)
    (created + to).update(from: created + from, count: count)
    (lastActive + to).update(from: lastActive + from, count: count)
    (ratingSums + to).update(from: ratingSums + from, count: count)
    (ratingCounts + to).update(from: ratingCounts + from, count: count)
    (replyCounts + to).update(from: replyCounts + from, count: count)
    (versions + to).update(from: versions + from, count: count)
    (payloads + to).update(from: payloads + from, count: count)
    (topics + to).update(from: topics + from, count: count)
    (flags + to).update(from: flags + from, count: count)
  }

  @usableFromInline @inline(never) mutating func reserve(_ wanted: Int) {
    var grown = ItemColumns(capacity: max(wanted, capacity * 2))
    grown.append(self, from: 0, count: rows)
    swap(&self, &grown)
  }
}

extension ItemColumns {
  @inlinable public var idSpan: Span<ItemID> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: ids, count: rows), borrowing: self) }
  }
  @inlinable public var createdSpan: Span<SimTime> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: created, count: rows), borrowing: self) }
  }
  @inlinable public var lastActiveSpan: Span<SimTime> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: lastActive, count: rows), borrowing: self) }
  }
  @inlinable public var ratingSumSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: ratingSums, count: rows), borrowing: self) }
  }
  @inlinable public var ratingCountSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: ratingCounts, count: rows), borrowing: self) }
  }
  @inlinable public var replyCountSpan: Span<Int32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: replyCounts, count: rows), borrowing: self) }
  }
  @inlinable public var versionSpan: Span<UInt32> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: versions, count: rows), borrowing: self) }
  }
  @inlinable public var payloadSpan: Span<UInt64> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: payloads, count: rows), borrowing: self) }
  }
  @inlinable public var topicSpan: Span<UInt16> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: topics, count: rows), borrowing: self) }
  }
}
