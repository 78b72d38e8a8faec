import JamboreeKit

/// Items of one partition by author, each author's in ascending order of creation, with what their order goes by at hand: a look
/// through many authors would otherwise wait for the memory of each of their items.
struct ItemIndex {
  struct Entry: BitwiseCopyable {
    let key: OrderKey
    let index: UInt32
    let isPrivate: Bool
  }

  private var places: [UInt32: [Entry]] = [:]

  mutating func insert(_ item: StoredItem, at index: Int, under key: UInt32) {
    let entry = Entry(key: OrderKey(item, .newest), index: UInt32(index), isPrivate: item.flags.contains(.isPrivate))
    let place = places[key].map { Self.place(of: entry.key, in: $0) } ?? 0
    places[key, default: []].insert(entry, at: place)
  }

  private static func place(of key: OrderKey, in present: [Entry]) -> Int {
    var (low, high) = (0, present.count)
    // Nearly always the newest.
    if let last = present.last, last.key < key { low = high }
    while low < high {
      let middle = (low + high) / 2
      if present[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// A deleted item is nobody's any more.
  mutating func remove(_ index: Int, under key: UInt32) { places[key]?.removeAll { $0.index == UInt32(index) } }

  /// A key's items, oldest first.
  func items(under key: UInt32) -> [Entry] { places[key] ?? [] }
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
  mutating func add(_ entries: [ItemIndex.Entry], _ partition: Int, ofViewer isOwn: Bool) {
    for entry in entries.reversed() {
      if count == limit, limit == 0 || entry.key < heap[0].key { return }
      guard isOwn || !entry.isPrivate else { continue }
      insert((entry.key, ItemReference(partition: partition, index: Int(entry.index))))
    }
  }

  private mutating func insert(_ found: Found) {
    if count < limit {
      heap[count] = found
      var place = count
      count += 1
      while place > 0, heap[place].key < heap[(place - 1) / 2].key {
        swap(&heap[place], &heap[(place - 1) / 2])
        place = (place - 1) / 2
      }
    } else {
      heap[0] = found
      var place = 0
      while true {
        var least = place
        for child in (2 * place + 1)...(2 * place + 2) where child < count && heap[child].key < heap[least].key {
          least = child
        }
        if least == place { return }
        swap(&heap[place], &heap[least])
        place = least
      }
    }
  }

  /// The best over all that was added, newest first.
  mutating func forEach(_ body: (ItemReference) -> Void) {
    var found = UnsafeMutableBufferPointer(start: heap, count: count)
    found.sort { $0.key > $1.key }
    for entry in found { body(entry.reference) }
  }
}

extension Partition {
  /// Enters a new item into the indexes that the run needs.
  func enter(_ index: Int, _ operation: Operation) {
    if keeps.authors { byAuthor.insert(store.pointee.items[index], at: index, under: operation.subject.author.rawValue) }
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
    for position in 0..<arguments.count where isAscending || seen.insert(arguments[position]).inserted {
      guard arguments[position] <= UInt64(UInt32.max) else { continue }
      let author = MemberID(UInt32(arguments[position]))
      for number in partitionNumbers(of: author) {
        newest.add(partitions[number].byAuthor.items(under: author.rawValue), number, ofViewer: author == operation.actor)
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

  /// Where an author's items are: the platform's are everywhere.
  func partitionNumbers(of author: MemberID) -> Range<Int> {
    if author == .platform { return 0..<shardCount }
    let number = Int(author.rawValue % UInt32(shardCount))
    return number..<(number + 1)
  }
}
