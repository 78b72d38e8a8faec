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
    /// When the newest of them was created; before all times when there are none.
    fileprivate(set) var newest = SimTime(nanoseconds: .min)
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
    let row = rows + (place(of: author) ?? add(author))
    let place = Self.place(of: entry.key, in: row.pointee.items)
    if row.pointee.count == row.pointee.capacity { Self.grow(&row.pointee) }
    guard let entries = row.pointee.entries else { return }
    for later in stride(from: Int(row.pointee.count), to: place, by: -1) { entries[later] = entries[later - 1] }
    entries[place] = entry
    row.pointee.count += 1
    row.pointee.newest = max(row.pointee.newest, entry.key.time)
  }

  /// A deleted item is nobody's any more.
  mutating func remove(_ index: Int, under author: UInt32) {
    guard let row = place(of: author).map({ rows + $0 }), let entries = row.pointee.entries,
      let place = row.pointee.items.firstIndex(where: { $0.index == UInt32(index) })
    else { return }
    for earlier in place..<(Int(row.pointee.count) - 1) { entries[earlier] = entries[earlier + 1] }
    row.pointee.count -= 1
    row.pointee.newest = row.pointee.items.last?.key.time ?? Row().newest
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

/// The newest of what several places have: a heap of so many, the oldest of them on top.
struct NewestItems: ~Copyable {
  private typealias Found = (key: OrderKey, reference: ItemReference)
  private let heap: UnsafeMutablePointer<Found>
  private var count = 0
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
    heap = .allocate(capacity: max(limit, 1))
  }

  deinit { heap.deallocate() }

  /// Looks at one author in one partition: no further back than to where nothing newer than what is there already can come.
  @inline(__always) mutating func add(_ row: ItemIndex.Row, _ partition: Int, ofViewer isOwn: Bool) {
    // Of most authors nothing is new enough, and their items are not looked at.
    if count == limit, limit == 0 || row.newest < heap[0].key.time { return }
    addItems(row.items, partition, ofViewer: isOwn)
  }

  private mutating func addItems(_ items: UnsafeBufferPointer<ItemIndex.Entry>, _ partition: Int, ofViewer isOwn: Bool) {
    for entry in items.reversed() {
      if count == limit, entry.key < heap[0].key { return }
      guard isOwn || !entry.isPrivate else { continue }
      insert((entry.key, ItemReference(partition: partition, index: Int(entry.index))))
    }
  }

  private mutating func insert(_ found: Found) {
    if count < limit {
      var place = count
      count += 1
      while place > 0, found.key < heap[(place - 1) / 2].key {
        heap[place] = heap[(place - 1) / 2]
        place = (place - 1) / 2
      }
      heap[place] = found
    } else {
      sink(found, among: count)
    }
  }

  /// Puts an entry in the place of the oldest.
  private func sink(_ found: Found, among count: Int) {
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < count else { break }
      if child + 1 < count, heap[child + 1].key < heap[child].key { child += 1 }
      guard heap[child].key < found.key else { break }
      heap[place] = heap[child]
      place = child
    }
    heap[place] = found
  }

  /// The best over all that was added, newest first.
  consuming func forEach(_ body: (ItemReference) -> Void) {
    // The oldest goes behind the others, again and again.
    for last in stride(from: count - 1, to: 0, by: -1) {
      let (oldest, moved) = (heap[0], heap[last])
      sink(moved, among: last)
      heap[last] = oldest
    }
    for place in 0..<count { body(heap[place].reference) }
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
    var newest = NewestItems(limit: Int(operation.limit))
    // Who is named twice counts once; nearly always they come in order, and nobody is.
    let isAscending = (1..<max(arguments.count, 1)).allSatisfy { arguments[$0 - 1] < arguments[$0] }
    var seen: Set<UInt64> = []
    withUnsafeTemporaryAllocation(of: ItemIndex.Row.self, capacity: max(arguments.count, 1)) { rows in
      // All rows before the first decision: their memory is then asked for at once, and not one after the other.
      for position in 0..<arguments.count where arguments[position] < UInt64(UInt32.max) {
        let author = UInt32(arguments[position])
        rows[position] = stores[Int(author % UInt32(shardCount))].pointee.byAuthor.row(of: author)
      }
      for position in 0..<arguments.count where isAscending || seen.insert(arguments[position]).inserted {
        guard arguments[position] <= UInt64(UInt32.max) else { continue }
        let author = MemberID(UInt32(arguments[position]))
        if author == .platform {
          // What the platform made is everywhere.
          for number in 0..<shardCount {
            newest.add(stores[number].pointee.byAuthor.row(of: author.rawValue), number, ofViewer: author == operation.actor)
          }
        } else {
          newest.add(rows[position], Int(author.rawValue % UInt32(shardCount)), ofViewer: author == operation.actor)
        }
      }
    }
    newest.forEach { reply.items.append(item($0).row) }
    return .ok
  }

  func search(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard operation.payloadSeed < UInt64(Vocabulary.count) else { return .ok }
    words.find(
      Int(operation.payloadSeed), limit: Int(operation.limit), for: operation.actor, { item($0) }, { reply.items.append($0.row) })
    return .ok
  }
}
