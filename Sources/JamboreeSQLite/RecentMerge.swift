import JamboreeKit

/// The newest items of several authors, each of whom is read newest first.
struct RecentMerge {
  struct Entry: Comparable {
    let time: Int64
    let tie: Int64
    let id: ItemID

    static func < (a: Entry, b: Entry) -> Bool { a.time != b.time ? a.time < b.time : a.tie < b.tie }
  }

  private var limit = 0
  /// A heap with the oldest on top, so that it is at hand when something newer comes.
  private var heap: [Entry] = []
  private var authors: Set<UInt64> = []

  mutating func begin(limit: Int) {
    self.limit = limit
    heap.removeAll(keepingCapacity: true)
    authors.removeAll(keepingCapacity: true)
  }

  /// Whether the author was asked about before; an author that is named twice is read once.
  mutating func hasSeen(author: UInt64) -> Bool { !authors.insert(author).inserted }

  /// - Returns: false when it is too old for the page, and so is everything that this author made earlier.
  mutating func offer(_ entry: Entry) -> Bool {
    if heap.count < limit {
      heap.append(entry)
      var child = heap.count - 1
      while child > 0, heap[child] < heap[(child - 1) / 2] {
        heap.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
      return true
    }
    guard heap[0] < entry else { return false }
    heap[0] = entry
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] { least = child }
      guard least != parent else { return true }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  /// Newest first.
  func page() -> [ItemID] { heap.sorted(by: >).map(\.id) }
}
