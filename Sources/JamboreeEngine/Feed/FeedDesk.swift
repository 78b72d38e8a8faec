import JamboreeKit

/// Ranks what listings found, for one worker.
final class FeedDesk {
  private let ranker: any FeedRanker
  private let salt: UInt64
  /// By member; empty for a ranker that does not look at them.
  private let interests: [UInt64]
  /// Behind a pointer: a class's stored properties are checked for exclusive access, which costs more than the step.
  private let selector: UnsafeMutablePointer<FeedSelector>

  init(ranker: any FeedRanker, salt: UInt64, interests: [UInt64]) {
    self.ranker = ranker
    self.salt = salt
    self.interests = interests
    selector = .allocate(capacity: 1)
    selector.initialize(to: FeedSelector())
  }

  deinit {
    selector.deinitialize(count: 1)
    selector.deallocate()
  }

  /// Scores that were not a number.
  var notANumberCount: Int { selector.pointee.notANumberCount }

  /// Puts the rows of a reply that make the best page into `page`, best first.
  @inline(__always) func rank(
    _ operation: borrowing Operation, _ reply: borrowing Reply, pageLength: Int, into page: inout Buffer<UInt16>
  ) {
    let member = Int(operation.actor.rawValue)
    let viewer = ViewerContext(
      member: operation.actor, now: operation.intended, interests: member < interests.count ? interests[member] : 0,
      salt: salt)
    selector.pointee.select(reply.items, by: ranker, for: viewer, pageLength: pageLength, feed: operation.container, into: &page)
  }
}
