import JamboreeKit

/// Ranks what listings found, for one worker.
package final class FeedDesk {
  private let ranker: any FeedRanker
  private let salt: UInt64
  /// By member; empty for a ranker that does not look at them.
  private let interests: [UInt64]
  /// By shard; empty for a ranker that does not look at them. A worker looks at those of the shards that it has.
  @exclusivity(unchecked) package var ties: [TieTable] = []
  /// What items are truly worth, for the ranker that knows it.
  private let truth: GroundTruth?
  /// The ties of a page's candidates.
  @exclusivity(unchecked) private var tieColumn = FloatColumn()
  /// What they are truly worth to the viewer.
  @exclusivity(unchecked) private var relevanceColumn = FloatColumn()
  /// Behind a pointer: a class's stored properties are checked for exclusive access, which costs more than the step.
  private let selector: UnsafeMutablePointer<FeedSelector>

  package init(ranker: any FeedRanker, salt: UInt64, interests: [UInt64], truth: GroundTruth? = nil) {
    self.ranker = ranker
    self.truth = ranker is any TruthKnowing ? truth : nil
    self.salt = salt
    self.interests = interests
    selector = .allocate(capacity: 1)
    selector.initialize(to: FeedSelector())
  }

  deinit {
    selector.deinitialize(count: 1)
    selector.deallocate()
    tieColumn.deallocate()
    relevanceColumn.deallocate()
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
    var relevances = Span<Float>()
    if let truth { relevances = workOutRelevances(reply.items, truth, for: viewer) }
    selector.pointee.select(
      reply.items, ties: own, relevances: relevances, by: ranker, for: viewer, pageLength: pageLength, feed: operation.container, into: &page)
  }

  /// The viewer's ties to the authors of the items; good until the next call.
  @_lifetime(borrow self)
  private func lookUpTies(_ items: borrowing ItemColumns, of viewer: ViewerContext) -> Span<Float> {
    tieColumn.reserve(items.count + 8)
    ties[Int(viewer.member.rawValue) % shardCount].look(items.idSpan, of: viewer.member, at: viewer.now, into: tieColumn.values)
    return _overrideLifetime(Span(_unsafeStart: tieColumn.values, count: items.count), borrowing: self)
  }

  /// What the items are truly worth to the viewer; good until the next call.
  @_lifetime(borrow self)
  private func workOutRelevances(_ items: borrowing ItemColumns, _ truth: GroundTruth, for viewer: ViewerContext) -> Span<Float> {
    relevanceColumn.reserve(items.count + 8)
    for row in 0..<items.count {
      relevanceColumn.values[row] = truth.relevance(of: items.idSpan[row], topic: items.topicSpan[row], interests: viewer.interests)
    }
    return _overrideLifetime(Span(_unsafeStart: relevanceColumn.values, count: items.count), borrowing: self)
  }
}

/// Room for one number a candidate, which grows and stays.
private struct FloatColumn {
  private(set) var values = UnsafeMutablePointer<Float>.allocate(capacity: 512)
  private var capacity = 512

  mutating func reserve(_ wanted: Int) {
    guard wanted > capacity else { return }
    values.deallocate()
    capacity = max(wanted, capacity * 2)
    values = .allocate(capacity: capacity)
  }

  func deallocate() { values.deallocate() }
}
