import JamboreeKit
import JamboreeMetrics

/// Lends a list of one.
@inline(__always) func withArgument<Result>(_ argument: UInt64, _ body: (Span<UInt64>) -> Result) -> Result {
  withUnsafePointer(to: argument) { body(Span(_unsafeStart: $0, count: 1)) }
}

extension Lane {
  /// Tells of a write that has ended well what feeds go by.
  @inline(never) final func noteForFeeds(_ write: PendingWrite, _ news: FeedNews, _ exchange: Exchange) {
    guard write.count > 1 else { return news.note(write.operation) }
    exchange.shards[Int(write.shard)].baggage.pointee.forEachWrite(of: write) { news.note($0) }
  }

  /// Shows each call that deliveries take, with those to whom.
  final func forEachCall(of deliveries: [Delivery], _ feeds: FeedSystem, _ body: (Delivery, Operation, Span<UInt64>) -> Void) {
    var recipients = Buffer<UInt64>(capacity: FeedBase.recipientsPerCall)
    for delivery in deliveries {
      let operation = feeds.base.operation(delivery)
      forEachRecipient(of: delivery, feeds.indexes) { recipient in
        recipients.append(recipient)
        guard recipients.count == FeedBase.recipientsPerCall else { return }
        body(delivery, operation, recipients.span)
        recipients.removeAll()
      }
      if !recipients.isEmpty { body(delivery, operation, recipients.span) }
      recipients.removeAll()
    }
  }

  /// Records a delivery.
  final func finishDelivery(
    _ delivery: Delivery, _ operation: Operation, _ outcome: Outcome, durationNanoseconds: UInt64, _ reply: borrowing Reply,
    _ recipients: Span<UInt64>, _ news: FeedNews
  ) {
    recorder.recordSingle(operation, outcome, durationNanoseconds: durationNanoseconds)
    tally.pointee.count(outcome)
    digest(operation, outcome, reply, page: noPage.pointee, isRanked: false, argumentsHash: hash(recipients))
    if outcome == .ok { news.delivered(delivery, to: recipients) }
  }

  /// Records what was read for a new follower, and has it delivered at the tick's end.
  final func finishBackfill(
    _ backfill: Backfill, _ operation: Operation, _ outcome: Outcome, durationNanoseconds: UInt64, _ reply: borrowing Reply,
    _ news: FeedNews
  ) {
    recorder.recordSingle(operation, outcome, durationNanoseconds: durationNanoseconds)
    tally.pointee.count(outcome)
    let argumentsHash = withArgument(UInt64(backfill.author)) { hash($0) }
    digest(operation, outcome, reply, page: noPage.pointee, isRanked: false, argumentsHash: argumentsHash)
    guard outcome == .ok else { return news.failed.append(backfill) }
    for row in 0..<reply.items.count {
      let item = reply.items[row]
      news.deliveries.append(Delivery(item: item.id, created: item.created, to: backfill.member, at: operation.intended))
    }
  }
}
