import JamboreeKit
import JamboreeMetrics

/// A worker over a session whose calls return when they are done.
final class BlockingLane: Lane {
  let session: any StorageSession
  let reply: UnsafeMutablePointer<Reply>
  let assembly = FeedAssembly()

  init(
    session: any StorageSession, recorder: LatencyRecorder, clock: MeasuringClock, feed: FeedDesk, salt: UInt64
  ) {
    self.session = session
    reply = .allocate(capacity: 1)
    reply.initialize(to: Reply())
    super.init(recorder: recorder, clock: clock, feed: feed, salt: salt)
  }

  deinit {
    reply.deinitialize(count: 1)
    reply.deallocate()
  }

  override func runShard(_ shard: SimulationShard, tick: TickID, exchange: Exchange) {
    quality = shard.quality
    shard.beginTick(tick, exchange)
    let batch = shard.batch
    while true {
      let size = shard.wheel.pointee.takeDue(into: batch)
      if size == 0 { break }
      var position = 0
      while position < size {
        // Wake-ups of one service are handled together.
        let service = Int(batch[position].agent >> 24)
        let end = shard.announce(service, from: position, to: size)
        let agents = shard.agents[service]
        while position < end {
          if !shard.postpones(batch[position], in: tick) { act(batch[position], agents, shard, tick, exchange) }
          position &+= 1
        }
      }
      shard.fileWakes()
    }
  }

  /// Runs one action from its wake-up to its end.
  @inline(__always)
  private func act(
    _ entry: WakeEntry, _ agents: any ServiceAgents, _ shard: SimulationShard, _ tick: TickID, _ exchange: Exchange
  ) {
    let service = Int(entry.agent >> 24)
    let agent = entry.agent & 0xFF_FFFF
    let context = shard.context
    context.pointee.now = SimTime(nanoseconds: entry.time)
    var step = agents.wake(agent, tag: entry.tag, &context.pointee)
    var progress = ActionProgress()
    while true {
      let operation: Operation
      let pageLength: Int
      switch step {
      case .read(let read): (operation, pageLength) = (read, -1)
      case .ranked(let read, let length): (operation, pageLength) = (read, length)
      case .feed(let read):
        step = lookAtFeed(read, agent, agents, context, &progress)
        continue
      case .writes:
        progress.finishReads(recorder)
        shard.sendWrites(exchange, agent: entry.agent, serviceNanoseconds: progress.nanoseconds)
        shard.collectWakes(service: service, notBefore: tick &+ 1)
        return
      case .done(let outcome):
        progress.finish(recorder, outcome)
        shard.endAction(service: service, notBefore: tick, exchange)
        return
      case .idle:
        shard.endAction(service: service, notBefore: tick, exchange)
        return
      }
      reply.pointee.reset()
      let start = clock.now()
      let outcome = session.execute(operation, arguments: context.pointee.arguments.span, into: &reply.pointee)
      let end = clock.now()
      // The ranking begins where the read ended, so nothing of the harness's own may come between them.
      var ranking: UInt64?
      if pageLength >= 0 {
        ranking = rank(operation, reply.pointee, pageLength: pageLength, since: end, into: &context.pointee.page)
      } else if !context.pointee.page.isEmpty {
        context.pointee.page.removeAll()
      }
      var argumentsHash: UInt64 = 0
      if !context.pointee.arguments.isEmpty {
        argumentsHash = hash(context.pointee.arguments.span)
        context.pointee.arguments.removeAll()
      }
      progress.add(operation, outcome, durationNanoseconds: end &- start, recorder)
      if let ranking { progress.addRanking(durationNanoseconds: ranking) }
      tally.pointee.count(outcome)
      if outcome.isError { sample(operation, outcome, session.lastErrorText) }
      digest(
        operation, outcome, reply.pointee, page: context.pointee.page, isRanked: pageLength >= 0,
        argumentsHash: argumentsHash)
      step = agents.resume(agent, outcome: outcome, reply: reply.pointee, &context.pointee)
    }
  }

  override func readAside(_ operation: Operation, _ body: (borrowing Reply) -> Void) -> Bool {
    reply.pointee.reset()
    guard session.execute(operation, arguments: Span<UInt64>(), into: &reply.pointee) == .ok else { return false }
    body(reply.pointee)
    return true
  }

  override func runBackfills(_ shard: Int, at time: SimTime) { readBackfills(shard, at: time) }

  override func perform(_ deliveries: [Delivery]) { deliver(deliveries) }

  override func performQueue(from sender: Int, exchange: Exchange) {
    for place in 0..<queue.pointee.count {
      let write = queue.pointee[place]
      let baggage = exchange.shards[Int(write.shard)].baggage
      let outcome = write.count == 1 ? perform(write, baggage) : performGroup(write, baggage)
      sendConsequences(of: write, outcome, from: sender, exchange)
    }
  }

  private func perform(_ write: PendingWrite, _ baggage: UnsafeMutablePointer<WriteBaggage>) -> Outcome {
    reply.pointee.reset()
    let arguments = baggage.pointee.arguments(of: write)
    let begin = clock.now()
    let outcome = session.execute(write.operation, arguments: arguments, into: &reply.pointee)
    let duration = clock.now() &- begin
    if outcome.isError { sample(write.operation, outcome, session.lastErrorText) }
    finishWrite(write, outcome, durationNanoseconds: duration, reply.pointee, argumentsHash: hash(arguments))
    return outcome
  }

  private func performGroup(_ write: PendingWrite, _ baggage: UnsafeMutablePointer<WriteBaggage>) -> Outcome {
    let group = baggage.pointee.group(of: write)
    reply.pointee.reset()
    let begin = clock.now()
    let outcome = session.executeAtomically(
      OperationGroup(
        operations: group.operations.span, argumentStarts: group.argumentStarts.span, arguments: group.arguments.span),
      into: &reply.pointee)
    let duration = clock.now() &- begin
    if outcome.isError { sample(write.operation, outcome, session.lastErrorText) }
    finishGroup(write, group, outcome, durationNanoseconds: duration, &reply.pointee)
    return outcome
  }
}

/// The latencies of an action that is under way. The first call waits for its recording until it is known whether the
/// action has more of them.
struct ActionProgress {
  private(set) var nanoseconds: UInt64 = 0
  private var parts = 0
  private var first: Operation?
  private var firstOutcome = Outcome.ok
  private var firstNanoseconds: UInt64 = 0
  private var action = ActionID(0)

  init() {}

  @inline(__always) mutating func add(
    _ operation: borrowing Operation, _ outcome: Outcome, durationNanoseconds: UInt64, _ recorder: LatencyRecorder
  ) {
    nanoseconds &+= durationNanoseconds
    parts &+= 1
    if parts == 1 {
      first = copy operation
      firstOutcome = outcome
      firstNanoseconds = durationNanoseconds
      action = operation.action
    } else {
      flushFirst(recorder)
      recorder.recordPart(operation, outcome, durationNanoseconds: durationNanoseconds)
    }
  }

  @inline(__always) mutating func addRanking(durationNanoseconds: UInt64) {
    nanoseconds &+= durationNanoseconds
    parts &+= 1
  }

  private mutating func flushFirst(_ recorder: LatencyRecorder) {
    if let operation = first {
      recorder.recordPart(operation, firstOutcome, durationNanoseconds: firstNanoseconds)
      first = nil
    }
  }

  /// The action goes on with writes, which record it as a whole.
  @inline(__always) mutating func finishReads(_ recorder: LatencyRecorder) {
    if parts > 0 { flushFirst(recorder) }
  }

  @inline(__always) mutating func finish(_ recorder: LatencyRecorder, _ outcome: Outcome) {
    guard parts > 0 else { return }
    if parts == 1, let operation = first, firstOutcome == outcome {
      recorder.recordSingle(operation, outcome, durationNanoseconds: firstNanoseconds)
    } else {
      flushFirst(recorder)
      recorder.recordAction(action, outcome, durationNanoseconds: nanoseconds)
    }
  }
}
