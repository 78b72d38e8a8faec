import JamboreeKit
import JamboreeMetrics

/// A worker over a session with many requests under way at once.
///
/// A shard's actions of a tick advance side by side: what they want to read goes out together, and each goes on when its
/// own reply comes. Replies may come in any order; what a tick leaves behind does not depend on it, because every agent
/// draws from its own stream, writes are handed over in the order in which the agents were woken, and the digest is a sum.
final class PipelinedLane: Lane {
  let session: any PipelinedStorageSession
  let completions: UnsafeMutablePointer<CompletionBatch>
  /// Actions that wait for a reply, by token.
  var waiting: [WaitingAction] = []
  var submitted: [UInt64] = []
  /// Of actions that have ended.
  var spareAssemblies: [FeedAssembly] = []

  /// An action between two of its steps.
  struct WaitingAction {
    var entry: WakeEntry
    /// Of the look at a feed that is under way.
    var assembly: FeedAssembly?
    var progress = ActionProgress()
    var step = Step.idle
    var outbox = ActionOutbox()
  }

  /// What an action leaves for the end of its shard's turn.
  struct ActionOutbox {
    var wakes: [AgentContext.WakeRequest] = []
    var writes: [Operation] = []
    var writeArgumentStarts: [UInt32] = []
    var writeArguments: [UInt64] = []
    var notices: [Notice] = []
    var hasWritten = false
    /// Of the read that is under way.
    var argumentsHash: UInt64 = 0
  }

  /// How long a run that is to stop waits for a ranker to let it finish its tick, and how often it looks whether it is to.
  static let patienceNanoseconds: UInt64 = 500_000_000
  private static let lookNanoseconds: UInt64 = 100_000_000
  /// When it was first seen that the run is to stop.
  private var stopSeen: UInt64?

  private let backendName: String
  /// How long nothing at all may come back while requests are under way.
  private let stallNanoseconds: UInt64
  /// Where pages wait for a ranker in another process; nil where the ranker is in this one.
  let desk: BatchDesk?

  init(
    session: any PipelinedStorageSession, recorder: LatencyRecorder, clock: MeasuringClock, feed: FeedDesk, salt: UInt64,
    backendName: String, stallNanoseconds: UInt64, desk: BatchDesk? = nil
  ) {
    self.session = session
    self.desk = desk
    self.backendName = backendName
    self.stallNanoseconds = stallNanoseconds
    completions = .allocate(capacity: 1)
    completions.initialize(to: CompletionBatch(capacity: 256))
    super.init(recorder: recorder, clock: clock, feed: feed, salt: salt)
  }

  deinit {
    completions.deinitialize(count: 1)
    completions.deallocate()
  }

  override var notANumberCount: Int { super.notANumberCount + Int(rankingFailures?.notANumberScores ?? 0) }
  override var rankingFailures: RankingFailures? { desk?.failures }

  override func runShard(_ shard: SimulationShard, tick: TickID, exchange: Exchange) {
    quality = shard.quality
    shard.beginTick(tick, exchange)
    while !isCutShort {
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
      let held = desk?.heldCount ?? 0
      // When nothing else is under way, all pages that there can be are there: they go to the ranker together.
      if let desk, held == underWay {
        guard let ended = rankHeld(desk, shard) else { return }
        underWay -= ended
        continue
      }
      guard pollSome(underWay: underWay - held) else { return }
      let now = clock.now()
      for position in 0..<completions.pointee.count {
        let index = Int(completions.pointee.token(at: position).rawValue)
        let outcome = completions.pointee.outcome(at: position)
        if let desk, hold(index, outcome, at: now, position, desk) { continue }
        if !resume(index, outcome, at: now, position, shard) { underWay -= 1 }
      }
    }
    for action in waiting { handOver(action, shard, tick, exchange) }
  }

  /// Sends what an action wants next; false when it has ended. Takes what it put into the context.
  func advance(
    _ action: inout WaitingAction, _ index: Int, _ context: UnsafeMutablePointer<AgentContext>
  ) -> Bool {
    defer { action.outbox.take(from: context) }
    switch action.step {
    case .read(let operation), .ranked(let operation, _):
      action.outbox.argumentsHash = hash(context.pointee.arguments.span)
      submitted[index] = clock.now()
      session.submit(operation, arguments: context.pointee.arguments.span, token: Token(rawValue: UInt64(index)))
      context.pointee.arguments.removeAll()
      return true
    case .feed(let read):
      let assembly = spareAssemblies.popLast() ?? FeedAssembly()
      assembly.begin(read, feeds)
      news?.counters.reads &+= 1
      action.assembly = assembly
      sendNextRead(&action, index, assembly, context)
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
    if let assembly = waiting[index].assembly { return resumeLook(index, assembly, outcome, at: now, position, shard) }
    waiting[index].step = completions.pointee.withReply(at: position) { reply in
      switch step {
      case .read(let operation):
        if outcome.isError { sample(operation, outcome, "") }
        waiting[index].progress.add(operation, outcome, durationNanoseconds: now &- submitted[index], recorder)
        digest(
          operation, outcome, reply, page: context.pointee.page, isRanked: false,
          argumentsHash: waiting[index].outbox.argumentsHash)
      case .ranked(let operation, let pageLength):
        if outcome.isError { sample(operation, outcome, "") }
        waiting[index].progress.add(operation, outcome, durationNanoseconds: now &- submitted[index], recorder)
        waiting[index].progress.addRanking(
          durationNanoseconds: rank(
            operation, reply, pageLength: pageLength, since: clock.now(), into: &context.pointee.page))
        digest(
          operation, outcome, reply, page: context.pointee.page, isRanked: true,
          argumentsHash: waiting[index].outbox.argumentsHash)
      case .feed, .writes, .done, .idle: break
      }
      tally.pointee.count(outcome)
      return shard.agents[Int(entry.agent >> 24)].resume(
        entry.agent & 0xFF_FFFF, outcome: outcome, reply: reply, &context.pointee)
    }
    return advance(&waiting[index], index, context)
  }

  /// Keeps a page for the ranker in another process; false where there is nothing to be ranked.
  private func hold(_ index: Int, _ outcome: Outcome, at now: UInt64, _ position: Int, _ desk: BatchDesk) -> Bool {
    guard case .ranked(let operation, let pageLength) = waiting[index].step else { return false }
    let duration = now &- submitted[index]
    return completions.pointee.withReply(at: position) { reply in
      guard BatchDesk.isWorthAsking(reply, pageLength: pageLength) else { return false }
      if outcome.isError { sample(operation, outcome, "") }
      waiting[index].progress.add(operation, outcome, durationNanoseconds: duration, recorder)
      desk.hold(operation, &reply, outcome, pageLength: pageLength, key: index)
      return true
    }
  }

  /// Has some of the pages ranked that are kept, and goes on with their actions; returns how many have ended. Nil when the run is to
  /// stop and the ranker keeps it from that: then the tick is left as it is.
  private func rankHeld(_ desk: BatchDesk, _ shard: SimulationShard) -> Int? {
    let context = shard.context
    let heldCount = desk.heldCount
    var ended = 0
    while desk.heldCount == heldCount {
      if isOutOfPatience() {
        isCutShort = true
        return nil
      }
      ended += rankHeld(desk, shard, context)
    }
    return ended
  }

  private func isOutOfPatience() -> Bool {
    guard hasToStop() else { return false }
    let now = monotonicNanoseconds()
    let seen = stopSeen ?? now
    stopSeen = seen
    return now &- seen >= Self.patienceNanoseconds
  }

  private func rankHeld(_ desk: BatchDesk, _ shard: SimulationShard, _ context: UnsafeMutablePointer<AgentContext>) -> Int {
    var ended = 0
    desk.poll(until: monotonicNanoseconds() &+ Self.lookNanoseconds, clock: clock) { held, page, duration in
      let entry = waiting[held.key].entry
      context.pointee.now = SimTime(nanoseconds: entry.time)
      context.pointee.page.removeAll()
      context.pointee.page.append(page)
      recorder.recordRanking(durationNanoseconds: duration)
      quality?.look(at: held.reply.items, page: page, of: held.operation.actor, now: held.operation.intended)
      waiting[held.key].progress.addRanking(durationNanoseconds: duration)
      digest(
        held.operation, held.outcome, held.reply, page: page, isRanked: true,
        argumentsHash: waiting[held.key].outbox.argumentsHash)
      tally.pointee.count(held.outcome)
      waiting[held.key].step = shard.agents[Int(entry.agent >> 24)].resume(
        entry.agent & 0xFF_FFFF, outcome: held.outcome, reply: held.reply, &context.pointee)
      if !advance(&waiting[held.key], held.key, context) { ended += 1 }
    }
    return ended
  }

  /// Passes on what an action left, in the order in which the agents were woken.
  private func handOver(_ action: WaitingAction, _ shard: SimulationShard, _ tick: TickID, _ exchange: Exchange) {
    action.outbox.put(into: shard.context)
    let service = Int(action.entry.agent >> 24)
    if action.outbox.hasWritten {
      shard.sendWrites(exchange, agent: action.entry.agent, serviceNanoseconds: action.progress.nanoseconds)
      shard.collectWakes(service: service, notBefore: tick + 1)
    } else {
      shard.endAction(service: service, notBefore: tick, exchange)
    }
  }

  override func readAside(_ operation: Operation, _ body: (borrowing Reply) -> Void) -> Bool {
    session.submit(operation, arguments: Span<UInt64>(), token: Token(rawValue: 0))
    guard pollSome(underWay: 1), completions.pointee.outcome(at: 0) == .ok else { return false }
    completions.pointee.withReply(at: 0) { body($0) }
    return true
  }

  override func runBackfills(_ shard: Int, at time: SimTime) { readBackfills(shard, at: time) }

  override func perform(_ deliveries: [Delivery]) { deliver(deliveries) }

  // MARK: Writes

  override func performQueue(from sender: Int, exchange: Exchange) {
    let count = queue.pointee.count
    var begin: [UInt64] = []
    var groups: [Int: WriteGroup] = [:]
    // A group of several owners goes alone: what it depends on may belong to any of those before it.
    var first = 0
    while first < count {
      var end = first
      while end < count, end == first || (queue.pointee[end].hasOneOwner && queue.pointee[first].hasOneOwner) { end += 1 }
      for place in first..<end {
        let write = queue.pointee[place]
        let baggage = exchange.shards[Int(write.shard)].baggage
        begin.append(clock.now())
        if write.count == 1 {
          session.submit(
            write.operation, arguments: baggage.pointee.arguments(of: write), token: Token(rawValue: UInt64(place)))
        } else {
          let group = baggage.pointee.group(of: write)
          groups[place] = group
          session.submitAtomically(
            OperationGroup(
              operations: group.operations.span, argumentStarts: group.argumentStarts.span, arguments: group.arguments.span),
            token: Token(rawValue: UInt64(place)))
        }
      }
      // Consequences are sent in the order of the writes, not of the replies.
      var outcomes = [Outcome](repeating: .timedOut, count: end - first)
      collect(end - first) { place, outcome, now, reply in
        let write = queue.pointee[place]
        let duration = now &- begin[place]
        if outcome.isError { sample(write.operation, outcome, "") }
        if let group = groups[place] {
          finishGroup(write, group, outcome, durationNanoseconds: duration, &reply)
        } else {
          let baggage = exchange.shards[Int(write.shard)].baggage
          finishWrite(
            write, outcome, durationNanoseconds: duration, reply,
            argumentsHash: hash(baggage.pointee.arguments(of: write)))
        }
        outcomes[place - first] = outcome
      }
      for place in first..<end {
        sendConsequences(of: queue.pointee[place], outcomes[place - first], from: sender, exchange)
      }
      first = end
    }
  }

  /// Polls until `count` requests have completed.
  func collect(_ count: Int, _ body: (_ token: Int, Outcome, _ now: UInt64, inout Reply) -> Void) {
    var left = count
    while left > 0 {
      guard pollSome(underWay: left) else { return }
      let now = clock.now()
      for position in 0..<completions.pointee.count {
        let token = Int(completions.pointee.token(at: position).rawValue)
        let outcome = completions.pointee.outcome(at: position)
        completions.pointee.withReply(at: position) { body(token, outcome, now, &$0) }
        left -= 1
      }
    }
  }

  /// Waits for completions. False when none has come for too long: then a request is lost, and the run with it.
  private func pollSome(underWay: Int) -> Bool {
    let deadline = monotonicNanoseconds() &+ stallNanoseconds
    while failure == nil {
      completions.pointee.removeAll()
      session.poll(until: MonotonicInstant(nanoseconds: deadline), into: &completions.pointee)
      if completions.pointee.count > 0 { return true }
      if monotonicNanoseconds() >= deadline {
        failure = BackendError(
          .unreachable,
          "backend '\(backendName)' has answered nothing for \(stallNanoseconds / 1_000_000_000) s while \(underWay) requests were under way")
      }
    }
    return false
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
