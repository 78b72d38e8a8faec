import JamboreeKit
import JamboreeMetrics

/// A worker over a session with many requests under way at once.
///
/// A shard's actions of a tick advance side by side: what they want to read goes out together, and each goes on when its
/// own reply comes. Replies may come in any order; what a tick leaves behind does not depend on it, because every agent
/// draws from its own stream, writes are handed over in the order in which the agents were woken, and the digest is a sum.
final class PipelinedLane: Lane {
  private let session: any PipelinedStorageSession
  private let completions: UnsafeMutablePointer<CompletionBatch>
  /// Actions that wait for a reply, by token.
  private var waiting: [WaitingAction] = []
  private var submitted: [UInt64] = []

  /// An action between two of its steps.
  fileprivate struct WaitingAction {
    var entry: WakeEntry
    var progress = ActionProgress()
    var step = Step.idle
    var outbox = ActionOutbox()
  }

  /// What an action leaves for the end of its shard's turn.
  fileprivate struct ActionOutbox {
    var wakes: [AgentContext.WakeRequest] = []
    var writes: [Operation] = []
    var writeArgumentStarts: [UInt32] = []
    var writeArguments: [UInt64] = []
    var notices: [Notice] = []
    var hasWritten = false
  }

  init(
    session: any PipelinedStorageSession, recorder: LatencyRecorder, clock: MeasuringClock, ranker: any FeedRanker, salt: UInt64,
    interests: [UInt64]
  ) {
    self.session = session
    completions = .allocate(capacity: 1)
    completions.initialize(to: CompletionBatch(capacity: 256))
    super.init(recorder: recorder, clock: clock, ranker: ranker, salt: salt, interests: interests)
  }

  deinit {
    completions.deinitialize(count: 1)
    completions.deallocate()
  }

  override func runShard(_ shard: SimulationShard, tick: TickID, exchange: Exchange) {
    shard.beginTick(tick, exchange)
    while true {
      // An agent that is woken twice in a tick must have finished the first time: one round holds each agent once.
      let size = shard.wheel.pointee.takeDue(into: shard.batch)
      if size == 0 { break }
      var position = 0
      while position < size {
        var seen: Set<UInt32> = []
        var round: [WakeEntry] = []
        while position < size, seen.insert(shard.batch[position].agent).inserted {
          if !shard.postpones(shard.batch[position], in: tick) { round.append(shard.batch[position]) }
          position += 1
        }
        runRound(round, shard, tick, exchange)
      }
      shard.fileWakes()
    }
  }

  private func runRound(_ entries: [WakeEntry], _ shard: SimulationShard, _ tick: TickID, _ exchange: Exchange) {
    waiting.removeAll(keepingCapacity: true)
    submitted = [UInt64](repeating: 0, count: entries.count)
    let context = shard.context
    var underWay = 0
    for (index, entry) in entries.enumerated() {
      var action = WaitingAction(entry: entry)
      context.pointee.now = SimTime(nanoseconds: entry.time)
      action.step = shard.agents[Int(entry.agent >> 24)].wake(entry.agent & 0xFF_FFFF, tag: entry.tag, &context.pointee)
      if advance(&action, index, context) { underWay += 1 }
      waiting.append(action)
    }
    while underWay > 0 {
      completions.pointee.removeAll()
      session.poll(until: .distantFuture, into: &completions.pointee)
      let now = clock.now()
      for position in 0..<completions.pointee.count {
        let index = Int(completions.pointee.token(at: position).rawValue)
        let outcome = completions.pointee.outcome(at: position)
        if !resume(index, outcome, at: now, position, shard) { underWay -= 1 }
      }
    }
    for action in waiting { handOver(action, shard, tick, exchange) }
  }

  /// Sends what an action wants next; false when it has ended. Takes what it put into the context.
  private func advance(
    _ action: inout WaitingAction, _ index: Int, _ context: UnsafeMutablePointer<AgentContext>
  ) -> Bool {
    defer { action.outbox.take(from: context) }
    switch action.step {
    case .read(let operation), .ranked(let operation, _):
      submitted[index] = clock.now()
      session.submit(operation, arguments: context.pointee.arguments.span, token: Token(rawValue: UInt64(index)))
      context.pointee.arguments.removeAll()
      return true
    case .writes:
      action.progress.finishReads(recorder)
      action.outbox.hasWritten = true
      return false
    case .done(let outcome):
      action.progress.finish(recorder, outcome)
      return false
    case .idle:
      return false
    }
  }

  /// A reply has come; true when the action waits for another one.
  private func resume(_ index: Int, _ outcome: Outcome, at now: UInt64, _ position: Int, _ shard: SimulationShard) -> Bool {
    let context = shard.context
    let entry = waiting[index].entry
    context.pointee.now = SimTime(nanoseconds: entry.time)
    context.pointee.page.removeAll()
    let step = waiting[index].step
    waiting[index].step = completions.pointee.withReply(at: position) { reply in
      switch step {
      case .read(let operation):
        waiting[index].progress.add(operation, outcome, durationNanoseconds: now &- submitted[index], recorder)
        digest(operation, outcome, reply, page: context.pointee.page, isRanked: false)
      case .ranked(let operation, let pageLength):
        waiting[index].progress.add(operation, outcome, durationNanoseconds: now &- submitted[index], recorder)
        waiting[index].progress.addRanking(
          durationNanoseconds: rank(
            operation, reply, pageLength: pageLength, since: clock.now(), into: &context.pointee.page))
        digest(operation, outcome, reply, page: context.pointee.page, isRanked: true)
      case .writes, .done, .idle: break
      }
      tally.pointee.count(outcome)
      return shard.agents[Int(entry.agent >> 24)].resume(
        entry.agent & 0xFF_FFFF, outcome: outcome, reply: reply, &context.pointee)
    }
    return advance(&waiting[index], index, context)
  }

  /// Passes on what an action left, in the order in which the agents were woken.
  private func handOver(_ action: WaitingAction, _ shard: SimulationShard, _ tick: TickID, _ exchange: Exchange) {
    action.outbox.put(into: shard.context)
    if action.outbox.hasWritten {
      shard.sendWrites(
        exchange.writes, agent: action.entry.agent, serviceNanoseconds: action.progress.nanoseconds,
        partitioned: exchange.partitioned)
    }
    shard.collectWakes(service: Int(action.entry.agent >> 24), notBefore: action.outbox.hasWritten ? tick + 1 : tick)
    shard.sendNotices(exchange.outgoing)
  }

  // MARK: Writes

  override func runPartition(_ partition: Int, exchange: Exchange) {
    var writes: [PendingWrite] = []
    exchange.writes.receive(partition) { writes.append($0) }
    var begin: [UInt64] = []
    for (index, write) in writes.enumerated() {
      begin.append(clock.now())
      let start = Int(write.argumentStart)
      let arguments = Array(exchange.shards[Int(write.shard)].arguments[start..<(start + Int(write.argumentCount))])
      session.submit(write.operation, arguments: arguments.span, token: Token(rawValue: UInt64(index)))
    }
    // Failures are sent in the order of the writes, not of the replies.
    var outcomes = [Outcome](repeating: .ok, count: writes.count)
    collect(writes.count) { index, outcome, now, reply in
      let write = writes[index]
      recordWrite(write, outcome, durationNanoseconds: now &- begin[index])
      tally.pointee.count(outcome)
      digest(write.operation, outcome, reply, page: noPage.pointee, isRanked: false)
      outcomes[index] = outcome
    }
    for (index, outcome) in outcomes.enumerated() where outcome != .ok {
      exchange.failures.send(
        WriteFailure(agent: writes[index].agent, outcome: outcome), from: partition, to: Int(writes[index].shard))
    }
  }

  override func runGroups(of shard: SimulationShard, exchange: Exchange) {
    // One group after the other: a later one may depend on what an earlier one changed.
    while let group = shard.takeGroup() {
      let begin = clock.now()
      session.submitAtomically(
        OperationGroup(
          operations: group.operations.span, argumentStarts: group.argumentStarts.span, arguments: group.arguments.span),
        token: Token(rawValue: 0))
      collect(1) { _, outcome, now, reply in
        recordGroup(group, outcome, durationNanoseconds: now &- begin, &reply, shard, exchange)
      }
    }
  }

  /// Polls until `count` requests have completed.
  private func collect(_ count: Int, _ body: (_ token: Int, Outcome, _ now: UInt64, inout Reply) -> Void) {
    var left = count
    while left > 0 {
      completions.pointee.removeAll()
      session.poll(until: .distantFuture, into: &completions.pointee)
      let now = clock.now()
      for position in 0..<completions.pointee.count {
        let token = Int(completions.pointee.token(at: position).rawValue)
        let outcome = completions.pointee.outcome(at: position)
        completions.pointee.withReply(at: position) { body(token, outcome, now, &$0) }
        left -= 1
      }
    }
  }
}

extension PipelinedLane.ActionOutbox {
  mutating func take(from context: UnsafeMutablePointer<AgentContext>) {
    wakes += context.pointee.wakeRequests.array
    let base = UInt32(writeArguments.count)
    writes += context.pointee.writes.array
    writeArgumentStarts += context.pointee.writeArgumentStarts.array.map { $0 + base }
    writeArguments += context.pointee.writeArguments.array
    notices += context.pointee.notices.array
    context.pointee.clearRequests()
  }

  func put(into context: UnsafeMutablePointer<AgentContext>) {
    context.pointee.wakeRequests.append(contentsOf: wakes)
    context.pointee.writes.append(contentsOf: writes)
    context.pointee.writeArgumentStarts.append(contentsOf: writeArgumentStarts)
    context.pointee.writeArguments.append(contentsOf: writeArguments)
    context.pointee.notices.append(contentsOf: notices)
  }
}
