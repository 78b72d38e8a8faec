import JamboreeKit
import JamboreeMetrics

/// A call that nobody waits for: a delivery, or a read for a new follower.
struct BackgroundCall {
  var operation: Operation
  var call: LoadDelivery
  /// When the action was to start that it follows from, on the wall clock.
  var intended: UInt64
  var submitted: UInt64
  var isMeasured: Bool
}

extension LoadWorker {
  /// Marks a background call's token, together with the mark of a probe's.
  static let backgroundMark: UInt64 = 1 << 62

  // MARK: Looks

  func beginLook(_ action: LoadAction, _ read: FeedRead, _ place: Int, _ context: UnsafeMutablePointer<AgentContext>) {
    let assembly = spareAssemblies.popLast() ?? FeedAssembly()
    if let feeds { feeds.begin(assembly, read) } else { assembly.begin(read, nil) }
    action.assembly = assembly
    if !action.hasActed { (action.action, action.hasActed) = (read.action, true) }
    sendNextRead(action, assembly, place, context)
  }

  private func sendNextRead(
    _ action: LoadAction, _ assembly: FeedAssembly, _ place: Int, _ context: UnsafeMutablePointer<AgentContext>
  ) {
    guard let operation = assembly.next(into: &context.pointee.arguments) else { return }
    action.step = .read(operation)
    action.take(from: context)
    feeds?.countCall()
    action.submitted = clock.now()
    session.submit(operation, arguments: context.pointee.arguments.span, token: token(place))
    context.pointee.arguments.removeAll()
  }

  /// A reply has come that belongs to a look.
  func completeLook(_ place: Int, _ assembly: FeedAssembly, _ outcome: Outcome, _ position: Int, at now: UInt64) {
    let action = actions[place]
    let shard = source.shards[Int(action.wake.shard)]
    let context = shard.context
    guard case .read(let operation) = action.step else { return }
    context.pointee.now = SimTime(nanoseconds: action.wake.time)
    count(operation, outcome, action, durationNanoseconds: now &- action.submitted, at: now)
    context.pointee.page.removeAll()
    let next = completions.withReply(at: position) { reply -> Step? in
      guard assembly.take(outcome, reply) else { return nil }
      action.isRanking = assembly.isMerged
        ? hold(assembly, operation, &assembly.merged.pointee, outcome, place) : hold(assembly, operation, &reply, outcome, place)
      if action.isRanking { return nil }
      func finish(_ shown: borrowing Reply) -> Step {
        if assembly.isRanked {
          let begin = clock.now()
          feed.rank(operation, shown, pageLength: assembly.pageLength, into: &context.pointee.page)
          if action.isMeasured {
            sample.recorder.recordRanking(durationNanoseconds: clock.now() &- begin)
            shard.quality.look(at: shown.items, page: context.pointee.page, of: operation.actor, now: operation.intended)
          }
        }
        return shard.agents[Int(action.wake.agent >> 24)].resume(
          action.wake.agent & 0xFF_FFFF, outcome: outcome, reply: shown, &context.pointee)
      }
      return assembly.isMerged ? finish(assembly.merged.pointee) : finish(reply)
    }
    guard next != nil || action.isRanking else { return sendNextRead(action, assembly, place, context) }
    endLook(action)
    if let next { perform(place, next, shard) }
  }

  /// Keeps a look's page for the ranker in another process; false where there is none, or nothing to be ranked.
  private func hold(
    _ assembly: FeedAssembly, _ operation: Operation, _ shown: inout Reply, _ outcome: Outcome, _ place: Int
  ) -> Bool {
    guard let desk, assembly.isRanked, BatchDesk.isWorthAsking(shown, pageLength: assembly.pageLength) else { return false }
    desk.hold(operation, &shown, outcome, pageLength: assembly.pageLength, key: place)
    return true
  }

  func endLook(_ action: LoadAction) {
    guard let assembly = action.assembly else { return }
    action.assembly = nil
    spareAssemblies.append(assembly)
  }

  // MARK: Deliveries

  /// Sends what follows from writes that have ended well.
  func follow(_ action: LoadAction) {
    guard let feeds else { return }
    for write in action.writes {
      for call in feeds.consequences(of: write) { send(call, intended: action.intended, isMeasured: action.isMeasured) }
    }
  }

  /// Reads what those are given who began to follow just before the load. It follows from nothing that is measured.
  func sendPending(_ now: UInt64) {
    // What comes back is timed from the start on, which is a moment after the workers'.
    guard !pending.isEmpty, now >= time.start, !stop.isSet else { return }
    for backfill in pending { send(.backfill(backfill), intended: time.start, isMeasured: false) }
    pending = []
  }

  private func send(_ call: LoadDelivery, intended: UInt64, isMeasured: Bool) {
    guard let feeds else { return }
    let id = nextBackground
    nextBackground += 1
    let token = Token(rawValue: Self.probeMark | Self.backgroundMark | id)
    func keep(_ operation: Operation) {
      background[id] = BackgroundCall(
        operation: operation, call: call, intended: intended, submitted: clock.now(), isMeasured: isMeasured)
    }
    switch call {
    case .deliver(let delivery, let recipients, of: _):
      let operation = feeds.base.operation(delivery)
      keep(operation)
      session.submit(operation, arguments: recipients.span, token: token)
    case .backfill(let backfill):
      let operation = feeds.backfillOperation(backfill, at: SimTime(nanoseconds: virtualTime))
      keep(operation)
      withArgument(UInt64(backfill.author)) { session.submit(operation, arguments: $0, token: token) }
    }
  }

  func completeBackground(_ id: UInt64, _ position: Int, at now: UInt64) {
    guard let done = background.removeValue(forKey: id), let feeds else { return }
    let outcome = completions.outcome(at: position)
    record(done, outcome, at: now)
    guard outcome == .ok else {
      if case .deliver(let delivery, _, of: _) = done.call { feeds.lost(delivery) }
      return
    }
    switch done.call {
    case .deliver(let delivery, let recipients, let backfill):
      feeds.delivered(delivery, to: recipients, after: now &- done.intended)
      if let backfill { feeds.given(backfill) }
    case .backfill(let backfill):
      let calls = completions.withReply(at: position) { feeds.deliveries(of: backfill, $0, at: done.operation.intended) }
      for call in calls { send(call, intended: done.intended, isMeasured: done.isMeasured) }
    }
  }

  /// The drain is over: what is under way will not be waited for.
  func giveUpOnBackground(at now: UInt64) {
    for id in background.keys.sorted() {
      if let call = background[id] { record(call, .timedOut, at: now) }
    }
    background = [:]
  }

  /// From the publication's intended start to the delivery's end: the time until it is visible.
  private func record(_ call: BackgroundCall, _ outcome: Outcome, at now: UInt64) {
    count(call.operation, outcome, submitted: call.submitted, isMeasured: call.isMeasured, at: now)
    let response = now &- call.intended
    guard call.isMeasured else { return sample.recorder.recordUnmeasured(durationNanoseconds: response) }
    sample.recorder.recordAction(call.operation.action, outcome, durationNanoseconds: now &- call.submitted)
    sample.recorder.recordResponse(call.operation.action, outcome, durationNanoseconds: response)
  }
}
