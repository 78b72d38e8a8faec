import JamboreeKit

/// Items of one partition by author, each author's in ascending order of creation.
struct ItemIndex {
  private var places: [UInt32: [UInt32]] = [:]

  /// - Parameter items: the partition's; the new one is among them.
  mutating func insert(_ index: Int, under key: UInt32, _ items: UnsafeMutablePointer<StoredItem>) {
    let order = OrderKey(items[index], .newest)
    let present = places[key] ?? []
    // Nearly always the newest.
    var (low, high) = (0, present.count)
    if let last = present.last, OrderKey(items[Int(last)], .newest) < order { low = high }
    while low < high {
      let middle = (low + high) / 2
      if OrderKey(items[Int(present[middle])], .newest) < order { low = middle + 1 } else { high = middle }
    }
    places[key, default: []].insert(UInt32(index), at: low)
  }

  /// A key's items, oldest first.
  func items(under key: UInt32) -> [UInt32] { places[key] ?? [] }
}

/// The newest of what several places have.
struct NewestItems {
  private var found: [(key: OrderKey, reference: ItemReference)] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Looks at one key of one partition: no more of it than are wanted in all.
  mutating func add(_ indices: [UInt32], _ partition: Int, _ items: UnsafeMutablePointer<StoredItem>, for viewer: MemberID) {
    var left = limit
    for index in indices.reversed() {
      guard left > 0 else { return }
      let item = items[Int(index)]
      guard item.isVisible(to: viewer) else { continue }
      found.append((OrderKey(item, .newest), ItemReference(partition: partition, index: Int(index))))
      left -= 1
    }
  }

  /// The best over all that was added, newest first.
  func best() -> [ItemReference] { found.sorted { $0.key > $1.key }.prefix(limit).map(\.reference) }
}

extension Partition {
  /// Enters a new item into the indexes that the run needs.
  func enter(_ index: Int, _ operation: Operation) {
    if keeps.authors { byAuthor.insert(index, under: operation.subject.author.rawValue, store.pointee.items) }
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
    var seen: Set<UInt64> = []
    for position in 0..<arguments.count where seen.insert(arguments[position]).inserted {
      guard arguments[position] <= UInt64(UInt32.max) else { continue }
      let author = MemberID(UInt32(arguments[position]))
      for number in partitionNumbers(of: author) {
        newest.add(
          partitions[number].byAuthor.items(under: author.rawValue), number, stores[number].pointee.items,
          for: operation.actor)
      }
    }
    for reference in newest.best() { reply.items.append(item(reference).row) }
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
