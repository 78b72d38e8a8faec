import JamboreeKit

/// What a worker has seen and counted of feeds. Its own: worker 0 takes it over between the phases of a tick.
final class FeedNews {
  @exclusivity(unchecked) var deliveries = Buffer<Delivery>()
  @exclusivity(unchecked) var ties = Buffer<TieChange>()
  @exclusivity(unchecked) var counters = FeedCounters()
  /// Reads for new followers that did not end well.
  @exclusivity(unchecked) var failed: [Backfill] = []
  /// Entries put into inboxes, by member; made with the first.
  @exclusivity(unchecked) private(set) var entries: [UInt32] = []
  private let population: Population
  private let delivers: Bool

  init(_ base: FeedBase) {
    population = base.population
    delivers = !base.indexes.isEmpty
  }

  /// A write that has ended well.
  @inline(__always) func note(_ operation: borrowing Operation) {
    switch operation.verb {
    case .publish:
      guard let delivery = Delivery(operation, population) else { return }
      if !delivery.isPrivate { counters.publications &+= 1 }
      if delivers { deliveries.append(delivery) }
    case .connect, .disconnect:
      if delivers, let tie = TieChange(operation) { ties.append(tie) }
    default: break
    }
  }

  /// A delivery that has ended well.
  func delivered(_ delivery: Delivery, to recipients: Span<UInt64>) {
    if delivery.recipient == Delivery.followers {
      // As with publications: what goes to its author alone is for nobody to see.
      if !delivery.isPrivate { counters.deliveries &+= Int64(recipients.count) }
    } else {
      counters.backfilled &+= Int64(recipients.count)
    }
    if entries.isEmpty { entries = [UInt32](repeating: 0, count: population.count) }
    for index in 0..<recipients.count { entries[Int(recipients[index])] &+= 1 }
  }
}

/// What is counted of feeds; whole numbers, so that it does not matter who has counted.
struct FeedCounters: BitwiseCopyable, Sendable {
  /// Items that members have published for others to see.
  var publications: Int64 = 0
  /// Recipients of their deliveries.
  var deliveries: Int64 = 0
  /// Entries that new followers were given.
  var backfilled: Int64 = 0
  /// Publications that were delivered, and how long they took, virtual time, over all of them.
  var visible: Int64 = 0
  var visibleNanoseconds: Int64 = 0
  var reads: Int64 = 0
  /// Storage calls of the reads.
  var readCalls: Int64 = 0

  mutating func add(_ other: FeedCounters) {
    publications &+= other.publications
    deliveries &+= other.deliveries
    backfilled &+= other.backfilled
    visible &+= other.visible
    visibleNanoseconds &+= other.visibleNanoseconds
    reads &+= other.reads
    readCalls &+= other.readCalls
  }
}
