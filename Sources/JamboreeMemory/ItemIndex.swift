import CLinux
import JamboreeKit

/// Items of one partition by author, each author's in ascending order of creation, with what their order goes by at hand: a look
/// through many authors would otherwise wait for the memory of each of their items.
///
/// The members of a partition have consecutive places in it, so an author is found without a search and what a look through two
/// hundred of them waits for is asked of the memory at once.
struct ItemIndex: ~Copyable {
  struct Entry: BitwiseCopyable {
    let key: OrderKey
    let index: UInt32
    let isPrivate: Bool
  }

  /// One author's items.
  struct Row: BitwiseCopyable {
    /// The last entry's key; means nothing when there is none.
    fileprivate(set) var newest = OrderKey(time: SimTime(nanoseconds: .min), id: .none)
    fileprivate var entries: UnsafeMutablePointer<Entry>?
    fileprivate var count: UInt32 = 0
    fileprivate var capacity: UInt32 = 0

    /// Oldest first. Valid until the next item is entered or removed.
    @inline(__always) var items: UnsafeBufferPointer<Entry> { UnsafeBufferPointer(start: entries, count: Int(count)) }
  }

  /// First those of the members, by their place in the partition, then others' in the order in which they came.
  private var rows: UnsafeMutablePointer<Row>
  private var rowCount: Int
  private var rowCapacity: Int
  private let memberCount: Int
  /// Where those are who are no members, such as the platform. A key is the author's number and 1, because 0 is none.
  private var others = IdentifierTable()

  /// - Parameter memberCount: how many members the partition has.
  init(memberCount: Int) {
    self.memberCount = memberCount
    rowCount = memberCount
    rowCapacity = memberCount + 1
    rows = .allocate(capacity: rowCapacity)
    rows.initialize(repeating: Row(), count: rowCount)
  }

  deinit {
    for row in 0..<rowCount { rows[row].entries?.deallocate() }
    rows.deallocate()
  }

  @inline(__always) private func place(of author: UInt32) -> Int? {
    let place = Int(author) / shardCount
    return place < memberCount ? place : others.find(UInt64(author) + 1)
  }

  /// An author's items.
  @inline(__always) func row(of author: UInt32) -> Row { place(of: author).map { rows[$0] } ?? Row() }

  mutating func insert(_ item: StoredItem, at index: Int, under author: UInt32) {
    let entry = Entry(key: OrderKey(item, .newest), index: UInt32(index), isPrivate: item.flags.contains(.isPrivate))
    // The place first: a new author may move the rows.
    let known = place(of: author) ?? add(author)
    let row = rows + known
    let place = Self.place(of: entry.key, in: row.pointee.items)
    if row.pointee.count == row.pointee.capacity { Self.grow(&row.pointee) }
    guard let entries = row.pointee.entries else { return }
    for later in stride(from: Int(row.pointee.count), to: place, by: -1) { entries[later] = entries[later - 1] }
    entries[place] = entry
    row.pointee.count += 1
    if place + 1 == Int(row.pointee.count) { row.pointee.newest = entry.key }
  }

  /// A deleted item is nobody's any more.
  mutating func remove(_ index: Int, under author: UInt32) {
    guard let row = place(of: author).map({ rows + $0 }), let entries = row.pointee.entries,
      let place = row.pointee.items.firstIndex(where: { $0.index == UInt32(index) })
    else { return }
    for earlier in place..<(Int(row.pointee.count) - 1) { entries[earlier] = entries[earlier + 1] }
    row.pointee.count -= 1
    row.pointee.newest = row.pointee.items.last?.key ?? Row().newest
  }

  private mutating func add(_ author: UInt32) -> Int {
    if rowCount == rowCapacity {
      let grown = UnsafeMutablePointer<Row>.allocate(capacity: rowCapacity * 2)
      grown.moveInitialize(from: rows, count: rowCount)
      rows.deallocate()
      (rows, rowCapacity) = (grown, rowCapacity * 2)
    }
    (rows + rowCount).initialize(to: Row())
    others.insert(UInt64(author) + 1, rowCount)
    rowCount += 1
    return rowCount - 1
  }

  private static func grow(_ row: inout Row) {
    let capacity = max(Int(row.capacity) * 2, 4)
    let grown = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
    if let entries = row.entries {
      grown.update(from: entries, count: Int(row.count))
      entries.deallocate()
    }
    row.entries = grown
    row.capacity = UInt32(capacity)
  }

  private static func place(of key: OrderKey, in present: UnsafeBufferPointer<Entry>) -> Int {
    var (low, high) = (0, present.count)
    // Nearly always the newest.
    if let last = present.last, last.key < key { low = high }
    while low < high {
      let middle = (low + high) / 2
      if present[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The items of several authors, newest first: a heap of authors by their newest item that was not shown yet.
struct NewestOfAuthors: ~Copyable {
  /// An author, and how many of its items are left.
  private struct Head: BitwiseCopyable {
    var key: OrderKey
    let entries: UnsafePointer<ItemIndex.Entry>
    var left: UInt32
    let partition: UInt8
    let isOwn: Bool
  }

  private let heads: UnsafeMutablePointer<Head>
  private var count = 0

  /// - Parameter capacity: for how many calls of ``add(_:_:ofViewer:)`` there is room.
  init(capacity: Int) { heads = .allocate(capacity: max(capacity, 1)) }

  deinit { heads.deallocate() }

  /// Adds what one author has in one partition. The items themselves are not looked at before it is their turn.
  @inline(__always) mutating func add(_ row: ItemIndex.Row, _ partition: Int, ofViewer isOwn: Bool) {
    guard let entries = row.items.baseAddress, !row.items.isEmpty else { return }
    // Their order will be looked at when all are there.
    clinux_prefetch(entries + row.items.count - 1)
    heads[count] = Head(
      key: row.newest, entries: entries, left: UInt32(row.items.count), partition: UInt8(partition), isOwn: isOwn)
    count += 1
  }

  /// Shows the newest `limit` of those that the viewer may see.
  mutating func forEach(limit: Int, _ body: (ItemReference) -> Void) {
    for place in stride(from: count / 2 - 1, through: 0, by: -1) { sink(heads[place], to: place) }
    var shown = 0
    while count > 0, shown < limit {
      var head = heads[0]
      head.left -= 1
      let entry = head.entries[Int(head.left)]
      if head.isOwn || !entry.isPrivate {
        body(ItemReference(partition: Int(head.partition), index: Int(entry.index)))
        shown += 1
      }
      if head.left > 0 {
        head.key = head.entries[Int(head.left) - 1].key
      } else {
        count -= 1
        head = heads[count]
      }
      sink(head, to: 0)
    }
  }

  private func sink(_ head: Head, to start: Int) {
    var place = start
    while true {
      var child = 2 * place + 1
      guard child < count else { break }
      if child + 1 < count, heads[child].key < heads[child + 1].key { child += 1 }
      guard head.key < heads[child].key else { break }
      heads[place] = heads[child]
      place = child
    }
    heads[place] = head
  }
}

extension Partition {
  /// Enters a new item into the indexes that the run needs.
  func enter(_ index: Int, _ operation: Operation) {
    if keeps.authors { store.pointee.enterUnderAuthor(index) }
    enterWords(index, version: 1, operation)
  }

  /// Notes down a text whose words are to be found from the tick's end on.
  func enterWords(_ index: Int, version: UInt32, _ operation: Operation) {
    guard keeps.words else { return }
    words.append(
      WordIndex.Entry(
        reference: ItemReference(partition: number, index: index), version: version, seed: operation.payloadSeed,
        length: operation.payloadLength))
  }
}

extension MemoryBackend {
  func readRecent(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: inout Reply) -> Outcome {
    var newest = NewestOfAuthors(capacity: arguments.count + shardCount)
    // Who is named twice counts once; nearly always they come in order, and nobody is.
    let isAscending = (1..<max(arguments.count, 1)).allSatisfy { arguments[$0 - 1] < arguments[$0] }
    var seen: Set<UInt64> = []
    for position in 0..<arguments.count where isAscending || seen.insert(arguments[position]).inserted {
      guard arguments[position] <= UInt64(UInt32.max) else { continue }
      let author = MemberID(UInt32(arguments[position]))
      // What the platform made is everywhere.
      let own = Int(author.rawValue % UInt32(shardCount))
      for number in author == .platform ? 0..<shardCount : own..<(own + 1) {
        newest.add(stores[number].pointee.byAuthor.row(of: author.rawValue), number, ofViewer: author == operation.actor)
      }
    }
    // All items are asked of the memory before the first is waited for.
    withUnsafeTemporaryAllocation(of: ItemReference.self, capacity: Int(operation.limit)) { found in
      var count = 0
      newest.forEach(limit: Int(operation.limit)) { reference in
        let stored = stores[reference.partition].pointee.items + reference.index
        clinux_prefetch(stored)
        // It lies across two lines of the cache.
        clinux_prefetch(UnsafeRawPointer(stored) + MemoryLayout<StoredItem>.size - 1)
        found[count] = reference
        count += 1
      }
      for place in 0..<count { reply.items.append(item(found[place]).row) }
    }
    return .ok
  }

  func search(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard operation.payloadSeed < UInt64(Vocabulary.count) else { return .ok }
    words.find(
      Int(operation.payloadSeed), limit: Int(operation.limit), for: operation.actor, { item($0) }, { reply.items.append($0.row) })
    return .ok
  }
}
