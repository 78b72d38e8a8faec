import JamboreeKit
import JamboreeMetrics

extension PipelinedLane {
  /// Requests for new followers and deliveries that are under way at a time.
  private static let mostAtOnce = 256

  /// Sends the next read of a look at a feed. There always is one.
  func sendNextRead(
    _ action: inout WaitingAction, _ index: Int, _ assembly: FeedAssembly, _ context: UnsafeMutablePointer<AgentContext>
  ) {
    guard let operation = assembly.next(into: &context.pointee.arguments) else { return }
    action.step = .read(operation)
    action.outbox.argumentsHash = hash(context.pointee.arguments.span)
    news?.counters.readCalls &+= 1
    submitted[index] = clock.now()
    session.submit(operation, arguments: context.pointee.arguments.span, token: Token(rawValue: UInt64(index)))
    context.pointee.arguments.removeAll()
  }

  /// A reply has come that belongs to a look at a feed; true when the action waits for another one.
  func resumeLook(
    _ index: Int, _ assembly: FeedAssembly, _ outcome: Outcome, at now: UInt64, _ position: Int, _ shard: SimulationShard
  ) -> Bool {
    let context = shard.context
    let entry = waiting[index].entry
    guard case .read(let operation) = waiting[index].step else { return false }
    if outcome.isError { sample(operation, outcome, session.lastErrorText) }
    waiting[index].progress.add(operation, outcome, durationNanoseconds: now &- submitted[index], recorder)
    let argumentsHash = waiting[index].outbox.argumentsHash
    let agents = shard.agents[Int(entry.agent >> 24)]
    var isHeld = false
    let next = completions.pointee.withReply(at: position) { reply -> Step? in
      guard assembly.take(outcome, reply) else {
        tally.pointee.count(outcome)
        digest(operation, outcome, reply, page: context.pointee.page, isRanked: false, argumentsHash: argumentsHash)
        return nil
      }
      isHeld = assembly.isMerged
        ? hold(assembly, operation, &assembly.merged.pointee, outcome, index) : hold(assembly, operation, &reply, outcome, index)
      if isHeld { return nil }
      tally.pointee.count(outcome)
      func finish(_ shown: borrowing Reply) -> Step {
        if assembly.isRanked {
          waiting[index].progress.addRanking(
            durationNanoseconds: rank(operation, shown, pageLength: assembly.pageLength, since: clock.now(), into: &context.pointee.page))
        }
        digest(operation, outcome, shown, page: context.pointee.page, isRanked: assembly.isRanked, argumentsHash: argumentsHash)
        return agents.resume(entry.agent & 0xFF_FFFF, outcome: outcome, reply: shown, &context.pointee)
      }
      return assembly.isMerged ? finish(assembly.merged.pointee) : finish(reply)
    }
    guard next != nil || isHeld else {
      sendNextRead(&waiting[index], index, assembly, context)
      return true
    }
    waiting[index].assembly = nil
    spareAssemblies.append(assembly)
    guard let next else { return true }
    waiting[index].step = next
    return advance(&waiting[index], index, context)
  }

  /// Keeps a look's page for the ranker in another process; false where there is none, or nothing to be ranked.
  private func hold(
    _ assembly: FeedAssembly, _ operation: Operation, _ shown: inout Reply, _ outcome: Outcome, _ index: Int
  ) -> Bool {
    guard let desk, assembly.isRanked, BatchDesk.isWorthAsking(shown, pageLength: assembly.pageLength) else { return false }
    desk.hold(operation, &shown, outcome, pageLength: assembly.pageLength, key: index)
    return true
  }

  func readBackfills(_ shard: Int, at time: SimTime) {
    guard let feeds, let news else { return }
    let backfills = feeds.backfills.filter { Int($0.member) % shardCount == shard }
    for first in stride(from: 0, to: backfills.count, by: Self.mostAtOnce) {
      let batch = backfills[first..<min(first + Self.mostAtOnce, backfills.count)]
      var begin: [UInt64] = []
      func operation(_ backfill: Backfill) -> Operation { feeds.base.operation(backfill, feeds.indexes[Int(backfill.index)], at: time) }
      for (place, backfill) in batch.enumerated() {
        begin.append(clock.now())
        withArgument(UInt64(backfill.author)) {
          session.submit(operation(backfill), arguments: $0, token: Token(rawValue: UInt64(place)))
        }
      }
      collect(batch.count) { place, outcome, now, reply in
        let backfill = backfills[first + place]
        if outcome.isError { sample(operation(backfill), outcome, session.lastErrorText) }
        finishBackfill(backfill, operation(backfill), outcome, durationNanoseconds: now &- begin[place], reply, news)
      }
    }
  }

  func deliver(_ deliveries: [Delivery]) {
    guard let feeds, let news else { return }
    var calls: [(delivery: Delivery, operation: Operation, recipients: [UInt64], begin: UInt64)] = []
    func collectCalls() {
      collect(calls.count) { place, outcome, now, reply in
        let call = calls[place]
        if outcome.isError { sample(call.operation, outcome, session.lastErrorText) }
        finishDelivery(
          call.delivery, call.operation, outcome, durationNanoseconds: now &- call.begin, reply, call.recipients.span, news)
      }
      calls.removeAll(keepingCapacity: true)
    }
    forEachCall(of: deliveries, feeds) { delivery, operation, recipients in
      let token = Token(rawValue: UInt64(calls.count))
      calls.append((delivery, operation, (0..<recipients.count).map { recipients[$0] }, clock.now()))
      session.submit(operation, arguments: recipients, token: token)
      if calls.count == Self.mostAtOnce { collectCalls() }
    }
    if !calls.isEmpty { collectCalls() }
  }
}
