import JamboreeKit

/// Which items have which words, over all partitions; changed between ticks only.
///
/// An item's first words are entered in order of time and never taken out: they count as long as the item has its first version.
/// What an edit brings is entered apart, with its version. So an edit, whose item is old and whose words are all over, moves
/// nothing in the long lists.
final class WordIndex {
  /// Words of a text that has come into being, to be entered at the tick's end.
  struct Entry {
    let reference: ItemReference
    let version: UInt32
    let seed: UInt64
    let length: UInt32
  }

  private struct Edited {
    let reference: ItemReference
    let version: UInt32
  }

  // Behind pointers: tens of millions of entries are made, and a check of each array's ownership would take most of the time.
  /// By word, oldest first.
  private let published: UnsafeMutablePointer<List<ItemReference>>
  private let edited: UnsafeMutablePointer<List<Edited>>
  /// By word, the number of the last text that had it: a text's words are entered once each.
  private let seen: UnsafeMutablePointer<UInt32>
  @exclusivity(unchecked) private var texts: UInt32 = 0
  private var newest: OrderKey?

  init() {
    published = .allocate(capacity: Vocabulary.count)
    published.initialize(repeating: List(), count: Vocabulary.count)
    edited = .allocate(capacity: Vocabulary.count)
    edited.initialize(repeating: List(), count: Vocabulary.count)
    seen = .allocate(capacity: Vocabulary.count)
    seen.initialize(repeating: 0, count: Vocabulary.count)
  }

  deinit {
    for word in 0..<Vocabulary.count {
      published[word].memory?.deallocate()
      edited[word].memory?.deallocate()
    }
    published.deallocate()
    edited.deallocate()
    seen.deallocate()
  }

  /// What has a word. Nobody else owns its memory.
  private struct List<Element: BitwiseCopyable>: BitwiseCopyable {
    var memory: UnsafeMutablePointer<Element>?
    var count: Int32 = 0
    var capacity: Int32 = 0

    subscript(index: Int) -> Element { memory.unsafelyUnwrapped[index] }

    @inline(__always) mutating func append(_ element: Element) {
      if count == capacity { grow() }
      memory.unsafelyUnwrapped[Int(count)] = element
      count += 1
    }

    mutating func insert(_ element: Element, at place: Int) {
      if count == capacity { grow() }
      let here = memory.unsafelyUnwrapped + place
      (here + 1).update(from: here, count: Int(count) - place)
      here.pointee = element
      count += 1
    }

    private mutating func grow() {
      let larger = UnsafeMutablePointer<Element>.allocate(capacity: max(Int(capacity) * 3 / 2, 4))
      if let memory {
        larger.update(from: memory, count: Int(count))
        memory.deallocate()
      }
      memory = larger
      capacity = Int32(max(Int(capacity) * 3 / 2, 4))
    }
  }

  /// - Parameters:
  ///   - entries: with the keys of their items, ascending.
  ///   - key: of an item.
  func enter(_ entries: [(key: OrderKey, entry: Entry)], _ key: (ItemReference) -> OrderKey) {
    for (own, entry) in entries {
      texts &+= 1
      let isNewest = newest.map { $0 < own } ?? true
      if entry.version == 1, isNewest { newest = own }
      Payload.forEachWord(seed: entry.seed, length: min(Int(entry.length), Payload.searchedBytes)) { word in
        guard seen[word] != texts else { return }
        seen[word] = texts
        if entry.version > 1 {
          let place = Self.place(of: own, Int(edited[word].count)) { key(edited[word][$0].reference) }
          edited[word].insert(Edited(reference: entry.reference, version: entry.version), at: place)
        } else if isNewest {
          published[word].append(entry.reference)
        } else {
          let place = Self.place(of: own, Int(published[word].count)) { key(published[word][$0]) }
          published[word].insert(entry.reference, at: place)
        }
      }
    }
  }

  private static func place(of own: OrderKey, _ count: Int, _ key: (Int) -> OrderKey) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if key(middle) < own { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The newest items that have a word now, newest first.
  /// - Parameter item: what is at a place.
  func find(_ word: Int, limit: Int, for viewer: MemberID, _ item: (ItemReference) -> StoredItem, _ show: (StoredItem) -> Void) {
    var (first, second) = (Int(published[word].count) - 1, Int(edited[word].count) - 1)
    var shown = 0
    /// The next one from the end that counts, of either list.
    func nextPublished() -> StoredItem? {
      while first >= 0 {
        let found = item(published[word][first])
        if found.version == 1, found.isVisible(to: viewer) { return found }
        first -= 1
      }
      return nil
    }
    func nextEdited() -> StoredItem? {
      while second >= 0 {
        let found = item(edited[word][second].reference)
        if found.version == edited[word][second].version, found.isVisible(to: viewer) { return found }
        second -= 1
      }
      return nil
    }
    var (a, b) = (nextPublished(), nextEdited())
    while shown < limit {
      let takesFirst: Bool
      switch (a, b) {
      case (nil, nil): return
      case (_?, nil): takesFirst = true
      case (nil, _?): takesFirst = false
      case (let a?, let b?): takesFirst = OrderKey(b, .newest) < OrderKey(a, .newest)
      }
      if takesFirst, let found = a {
        show(found)
        first -= 1
        a = nextPublished()
      } else if let found = b {
        show(found)
        second -= 1
        b = nextEdited()
      }
      shown += 1
    }
  }
}
