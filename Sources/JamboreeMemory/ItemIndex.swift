import JamboreeKit

/// Items of one partition under keys (authors, words), each key's in ascending order of creation.
struct ItemIndex {
  private var places: [UInt32: [UInt32]] = [:]

  /// - Parameter items: the partition's; the new one is among them.
  mutating func insert(_ index: Int, under key: UInt32, _ items: UnsafeMutablePointer<StoredItem>) {
    let order = OrderKey(items[index], .newest)
    // Nearly always the newest: look from the end.
    var place = places[key]?.count ?? 0
    while place > 0, let before = places[key]?[place - 1], order < OrderKey(items[Int(before)], .newest) { place -= 1 }
    places[key, default: []].insert(UInt32(index), at: place)
  }

  mutating func remove(_ index: Int, under key: UInt32) { places[key]?.removeAll { $0 == UInt32(index) } }

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
    if keeps.words { enterWords(index, operation) }
  }

  /// A text has taken another's place.
  func enterWords(_ index: Int, _ operation: Operation) {
    let new = Text(seed: operation.payloadSeed, length: operation.payloadLength)
    for word in texts.updateValue(new, forKey: operation.subject)?.words ?? [] { byWord.remove(index, under: word) }
    for word in new.words { byWord.insert(index, under: word, store.pointee.items) }
  }

  /// What a text is made from.
  struct Text {
    let seed: UInt64
    let length: UInt32

    /// Each word once, ascending.
    var words: [UInt32] {
      var words: [UInt32] = []
      Payload.forEachWord(seed: seed, length: Int(length)) { words.append(UInt32($0)) }
      words.sort()
      var distinct: [UInt32] = []
      for word in words where word != distinct.last { distinct.append(word) }
      return distinct
    }
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
    var newest = NewestItems(limit: Int(operation.limit))
    for number in 0..<shardCount {
      newest.add(
        partitions[number].byWord.items(under: UInt32(operation.payloadSeed)), number, stores[number].pointee.items,
        for: operation.actor)
    }
    for reference in newest.best() { reply.items.append(item(reference).row) }
    return .ok
  }

  /// Where an author's items are: the platform's are everywhere.
  func partitionNumbers(of author: MemberID) -> Range<Int> {
    if author == .platform { return 0..<shardCount }
    let number = Int(author.rawValue % UInt32(shardCount))
    return number..<(number + 1)
  }
}
