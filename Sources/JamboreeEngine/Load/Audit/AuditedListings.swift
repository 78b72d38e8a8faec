import JamboreeKit

/// The containers in which audited items must be listed, and how often each was seen there.
struct AuditedListings {
  private struct Listing {
    let container: ContainerID
    /// Where its items are in `indices`.
    let items: Range<Int>
    var rowsSeen: UInt64 = 0
    var isEnded = false
  }

  private var listings: [Listing] = []
  /// Numbers of items in the ledger: ascending within a container.
  private var indices: [Int32] = []
  private var times: [UInt8] = []

  /// Of items that are public and that have been read back.
  init(_ judge: AuditJudge) {
    let ledger = judge.ledger
    var places: [(rank: UInt64, container: ContainerID, index: Int32)] = []
    for index in 0..<ledger.count where judge.found[index] != .unknown {
      let expected = ItemExpectation(ledger.events(at: index))
      guard expected.container != .none, !expected.isPrivate else { continue }
      places.append((ledger.rank(expected.container), expected.container, Int32(index)))
    }
    // In an order that has nothing to do with the containers' names, because the last ones may be left out.
    places.sort { $0.rank != $1.rank ? $0.rank < $1.rank : $0.index < $1.index }
    indices = places.map(\.index)
    times = [UInt8](repeating: 0, count: places.count)
    var start = 0
    while start < places.count {
      var end = start + 1
      while end < places.count, places[end].container == places[start].container { end += 1 }
      listings.append(Listing(container: places[start].container, items: start..<end))
      start = end
    }
  }

  var count: Int { listings.count }

  func isEnded(_ number: Int) -> Bool { listings[number].isEnded }

  /// The listing's next page, as somebody without an account is shown it.
  func read(_ number: Int, limit: UInt16) -> Operation {
    var read = Operation(verb: .listing, action: ActionID(0), actor: .firstAnonymous, intended: .zero)
    read.container = listings[number].container
    read.object = listings[number].rowsSeen
    read.limit = limit
    return read
  }

  /// A row of a listing. False when it is of an item that belongs to the sample and that the ledger does not know.
  mutating func see(_ item: ItemID, in number: Int, _ ledger: AuditLedger) -> Bool {
    listings[number].rowsSeen += 1
    guard ledger.samples(item) else { return true }
    guard let index = ledger.index(of: item) else { return false }
    var (low, high) = (listings[number].items.lowerBound, listings[number].items.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if indices[middle] < index { low = middle + 1 } else { high = middle }
    }
    // It may be listed here beside its own container.
    if low < listings[number].items.upperBound, indices[low] == index, times[low] < .max { times[low] += 1 }
    return true
  }

  mutating func end(_ number: Int) { listings[number].isEnded = true }

  /// The items that are to be in the listing, with how often they were.
  func entries(of number: Int) -> [(index: Int, times: Int)] {
    listings[number].items.map { (Int(indices[$0]), Int(times[$0])) }
  }
}
