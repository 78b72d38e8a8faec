import JamboreeKit

/// Ranks what listings found, for one worker.
package final class FeedDesk {
  private let ranker: any FeedRanker
  private let salt: UInt64
  /// By member; empty for a ranker that does not look at them.
  private let interests: [UInt64]
  /// By shard; empty for a ranker that does not look at them. A worker looks at those of the shards that it has.
  @exclusivity(unchecked) package var ties: [TieTable] = []
  /// The ties of a page's candidates.
  @exclusivity(unchecked) private var tieColumn: UnsafeMutablePointer<Float>
  @exclusivity(unchecked) private var tieCapacity = 512
  /// Behind a pointer: a class's stored properties are checked for exclusive access, which costs more than the step.
  private let selector: UnsafeMutablePointer<FeedSelector>

  package init(ranker: any FeedRanker, salt: UInt64, interests: [UInt64]) {
    self.ranker = ranker
    self.salt = salt
    self.interests = interests
    tieColumn = .allocate(capacity: tieCapacity)
    selector = .allocate(capacity: 1)
    selector.initialize(to: FeedSelector())
  }

  deinit {
    selector.deinitialize(count: 1)
    selector.deallocate()
    tieColumn.deallocate()
  }

  /// Scores that were not a number.
  package var notANumberCount: Int { selector.pointee.notANumberCount }

  /// Puts the rows of a reply that make the best page into `page`, best first.
  @inline(__always) package func rank(
    _ operation: borrowing Operation, _ reply: borrowing Reply, pageLength: Int, into page: inout Buffer<UInt16>
  ) {
    let member = Int(operation.actor.rawValue)
    let viewer = ViewerContext(
      member: operation.actor, now: operation.intended, interests: member < interests.count ? interests[member] : 0,
      salt: salt)
    var own = Span<Float>()
    if !ties.isEmpty { own = lookUpTies(reply.items, of: viewer) }
    selector.pointee.select(
      reply.items, ties: own, by: ranker, for: viewer, pageLength: pageLength, feed: operation.container, into: &page)
  }

  /// The viewer's ties to the authors of the items; good until the next call.
  @_lifetime(borrow self)
  private func lookUpTies(_ items: borrowing ItemColumns, of viewer: ViewerContext) -> Span<Float> {
    let count = items.count
    if count + 8 > tieCapacity {
      tieColumn.deallocate()
      tieCapacity = max(count + 8, tieCapacity * 2)
      tieColumn = .allocate(capacity: tieCapacity)
    }
    ties[Int(viewer.member.rawValue) % shardCount].look(items.idSpan, of: viewer.member, at: viewer.now, into: tieColumn)
    return _overrideLifetime(Span(_unsafeStart: tieColumn, count: count), borrowing: self)
  }
}
