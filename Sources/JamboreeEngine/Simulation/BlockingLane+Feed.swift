import JamboreeKit
import JamboreeMetrics

extension BlockingLane {
  /// Performs the reads of a look at a feed, ranks what they have found and goes on with the action.
  func lookAtFeed(
    _ read: FeedRead, _ agent: UInt32, _ agents: any ServiceAgents, _ context: UnsafeMutablePointer<AgentContext>,
    _ progress: inout ActionProgress
  ) -> Step {
    assembly.begin(read, feeds)
    news?.counters.reads &+= 1
    var outcome = Outcome.ok
    if !context.pointee.page.isEmpty { context.pointee.page.removeAll() }
    while let operation = assembly.next(into: &context.pointee.arguments) {
      reply.pointee.reset()
      let start = clock.now()
      outcome = session.execute(operation, arguments: context.pointee.arguments.span, into: &reply.pointee)
      let end = clock.now()
      // The ranking begins where the read ended, so nothing of the harness's own may come between them.
      let isLast = assembly.take(outcome, reply.pointee)
      let ranking = rankLook(operation, since: end, context)
      let argumentsHash = hash(context.pointee.arguments.span)
      context.pointee.arguments.removeAll()
      progress.add(operation, outcome, durationNanoseconds: end &- start, recorder)
      if let ranking { progress.addRanking(durationNanoseconds: ranking) }
      news?.counters.readCalls &+= 1
      tally.pointee.count(outcome)
      if outcome.isError { sample(operation, outcome, session.lastErrorText) }
      if isLast, assembly.isMerged {
        digest(
          operation, outcome, assembly.merged.pointee, page: context.pointee.page, isRanked: assembly.isRanked,
          argumentsHash: argumentsHash)
      } else {
        digest(
          operation, outcome, reply.pointee, page: context.pointee.page, isRanked: assembly.isRanked,
          argumentsHash: argumentsHash)
      }
    }
    if assembly.isMerged { return agents.resume(agent, outcome: outcome, reply: assembly.merged.pointee, &context.pointee) }
    return agents.resume(agent, outcome: outcome, reply: reply.pointee, &context.pointee)
  }

  /// Ranks what is shown, once the last read has found it.
  /// - Returns: how long that took, in nanoseconds; nil where it is not ranked.
  @inline(__always) private func rankLook(
    _ operation: borrowing Operation, since start: UInt64, _ context: UnsafeMutablePointer<AgentContext>
  ) -> UInt64? {
    guard assembly.isRanked else { return nil }
    let length = assembly.pageLength
    if assembly.isMerged {
      return rank(operation, assembly.merged.pointee, pageLength: length, since: start, into: &context.pointee.page)
    }
    return rank(operation, reply.pointee, pageLength: length, since: start, into: &context.pointee.page)
  }

  func readBackfills(_ shard: Int, at time: SimTime) {
    guard let feeds, let news else { return }
    for backfill in feeds.backfills where Int(backfill.member) % shardCount == shard {
      let operation = feeds.base.operation(backfill, feeds.indexes[Int(backfill.index)], at: time)
      let author = UInt64(backfill.author)
      reply.pointee.reset()
      let start = clock.now()
      let outcome = withArgument(author) { session.execute(operation, arguments: $0, into: &reply.pointee) }
      let duration = clock.now() &- start
      if outcome.isError { sample(operation, outcome, session.lastErrorText) }
      finishBackfill(backfill, operation, outcome, durationNanoseconds: duration, reply.pointee, news)
    }
  }

  func deliver(_ deliveries: [Delivery]) {
    guard let feeds, let news else { return }
    forEachCall(of: deliveries, feeds) { delivery, operation, recipients in
      reply.pointee.reset()
      let start = clock.now()
      let outcome = session.execute(operation, arguments: recipients, into: &reply.pointee)
      let duration = clock.now() &- start
      if outcome.isError { sample(operation, outcome, session.lastErrorText) }
      finishDelivery(delivery, operation, outcome, durationNanoseconds: duration, reply.pointee, recipients, news)
    }
  }
}
