import CLinux
import Glibc
import JamboreeKit
import JamboreeMetrics
import Synchronization

/// What becomes of actions that have started.
extension LoadWorker {
  func token(_ place: Int) -> Token { Token(rawValue: UInt64(actions[place].generation) << 32 | UInt64(place)) }

  /// Does what an action wants next.
  func perform(_ place: Int, _ step: Step, _ shard: SimulationShard) {
    let action = actions[place]
    let context = shard.context
    action.step = step
    switch step {
    case .read(let operation), .ranked(let operation, _):
      if !action.hasActed { (action.action, action.hasActed) = (operation.action, true) }
      action.take(from: context)
      action.submitted = clock.now()
      session.submit(operation, arguments: context.pointee.arguments.span, token: token(place))
      context.pointee.arguments.removeAll()
    case .feed(let read): beginLook(action, read, place, context)
    case .writes:
      action.take(from: context)
      action.closeWrites()
      if let ties = shard.ties {
        for write in action.writes { ties.note(write) }
        ties.settle()
      }
      if !action.hasActed { (action.action, action.hasActed) = (action.writes[0].action, true) }
      action.submitted = clock.now()
      if action.writes.count == 1 {
        let arguments = action.writeArguments
        session.submit(action.writes[0], arguments: arguments.span, token: token(place))
      } else {
        let (writes, starts, arguments) = (action.writes, action.writeArgumentStarts, action.writeArguments)
        session.submitAtomically(
          OperationGroup(operations: writes.span, argumentStarts: starts.span, arguments: arguments.span), token: token(place))
      }
    case .done(let outcome):
      action.take(from: context)
      finish(place, outcome, shard, at: clock.now())
    case .idle:
      action.take(from: context)
      finish(place, nil, shard, at: clock.now())
    }
  }

  func complete(_ place: Int, _ outcome: Outcome, _ position: Int, at now: UInt64) {
    let action = actions[place]
    let shard = source.shards[Int(action.wake.shard)]
    let context = shard.context
    if let assembly = action.assembly { return completeLook(place, assembly, outcome, position, at: now) }
    let duration = now &- action.submitted
    context.pointee.now = SimTime(nanoseconds: action.wake.time)
    switch action.step {
    case .read(let operation), .ranked(let operation, _):
      count(operation, outcome, action, durationNanoseconds: duration, at: now)
      if hold(place, outcome, position) { return }
      context.pointee.page.removeAll()
      let next = completions.withReply(at: position) { reply in
        if case .ranked(let operation, let pageLength) = action.step {
          let begin = clock.now()
          feed.rank(operation, reply, pageLength: pageLength, into: &context.pointee.page)
          if action.isMeasured {
            sample.recorder.recordRanking(durationNanoseconds: clock.now() &- begin)
            shard.quality.look(at: reply.items, page: context.pointee.page, of: operation.actor, now: operation.intended)
          }
        }
        return shard.agents[Int(action.wake.agent >> 24)].resume(
          action.wake.agent & 0xFF_FFFF, outcome: outcome, reply: reply, &context.pointee)
      }
      perform(place, next, shard)
    case .writes:
      tellAuditor(of: action, outcome, at: now)
      // A group is one call.
      count(action.writes[0], outcome, action, durationNanoseconds: duration, at: now)
      if outcome != .ok {
        // They told of what has not come to be.
        action.forgetNotices()
        shard.agents[Int(action.wake.agent >> 24)].writesEnded(action.wake.agent & 0xFF_FFFF, outcome: outcome, &context.pointee)
        action.take(from: context)
      } else {
        follow(action)
      }
      finish(place, outcome, shard, at: now)
    case .feed, .done, .idle: break
    }
  }

  func tellAuditor(of action: LoadAction, _ outcome: Outcome, at now: UInt64) {
    guard let auditor else { return }
    // A group that is not all or none may have been done in part.
    let told = action.writes.count > 1 && outcome != .ok && !plan.atomicGroups ? Outcome.failed : outcome
    for write in action.writes { auditor.completed(write, told, completedNanoseconds: now) }
  }

  func count(_ operation: Operation, _ outcome: Outcome, _ action: LoadAction, durationNanoseconds: UInt64, at now: UInt64) {
    count(operation, outcome, submitted: action.submitted, isMeasured: action.isMeasured, at: now, durationNanoseconds: durationNanoseconds)
  }

  /// Counts a storage call.
  func count(
    _ operation: Operation, _ outcome: Outcome, submitted: UInt64, isMeasured: Bool, at now: UInt64, durationNanoseconds: UInt64? = nil
  ) {
    sample.outcomes[Int(outcome.rawValue)] += 1
    if outcome == .unavailable {
      outages.failed(at: Int64(now &- time.start))
    } else if !outcome.isError, outages.isUnderWay, outages.recovered(at: Int64(now &- time.start), sent: Int64(submitted &- time.start)) {
      sample.outages += outages.take()
    }
    if outcome.isError, sample.errorSamples.count < ErrorSample.limit {
      sample.errorSamples.append((operation, outcome, session.lastErrorText))
    }
    guard isMeasured else { return }
    sample.measuredOutcomes[Int(outcome.rawValue)] += 1
    sample.recorder.recordCall(operation, outcome, durationNanoseconds: durationNanoseconds ?? (now &- submitted))
  }

  /// Ends an action: nil when it has come to nothing.
  func finish(_ place: Int, _ outcome: Outcome?, _ shard: SimulationShard, at now: UInt64) {
    let action = actions[place]
    if let outcome, action.hasActed {
      let response = now &- action.intended
      if action.isMeasured {
        sample.recorder.recordAction(action.action, outcome, durationNanoseconds: now &- action.started)
        sample.recorder.recordResponse(action.action, outcome, durationNanoseconds: response)
      } else {
        sample.recorder.recordUnmeasured(durationNanoseconds: response)
      }
    }
    let service = action.wake.agent & 0xFF00_0000
    // A member goes on no earlier than the reply is there.
    let present = time.compression == nil ? Int64.min : time.virtual(at: now)
    for request in action.wakes where request.time != .never {
      postpone(
        WakeQueue.Wake(time: max(request.time.nanoseconds, 0), agent: service | request.agent, tag: request.tag, shard: action.wake.shard),
        to: present, action)
    }
    for notice in action.notices { send(notice) }
    action.forgetRequests()
    endLook(action)
    for wake in action.deferred { postpone(wake, to: present, action) }
    busy[UInt64(action.wake.shard) << 32 | UInt64(action.wake.agent)] = nil
    action.isActive = false
    freePlaces.append(place)
    inFlight -= 1
  }

  /// Adds a wake-up that cannot come before the reply was there. What that delays it by is the backend's doing, but for what the
  /// generator had delayed the action itself.
  func postpone(_ meant: WakeQueue.Wake, to present: Int64, _ action: LoadAction) {
    var wake = meant
    if wake.time < present {
      let waited = UInt64(min(Double(present - wake.time) / (time.compression ?? 1), 1e18))
      wake.waitedNanoseconds &+= waited - min(waited, action.generatorNanoseconds)
      wake.time = present
    }
    source.add(wake)
  }

  /// The drain is over: what has no answer will get none.
  func giveUpOnTheRest() {
    let now = clock.now()
    // Where nobody was left to act, no room would have helped.
    if isBehind, !ranOut { countUnstarted(until: min(now, time.measureEnd)) }
    giveUpOnBackground(at: now)
    for place in actions.indices where actions[place].isActive {
      unanswered += 1
      switch actions[place].step {
      case .read(let operation), .ranked(let operation, _):
        // A page that waits for its ranker has had its answer from storage.
        if !actions[place].isRanking { count(operation, .timedOut, actions[place], durationNanoseconds: now &- actions[place].submitted, at: now) }
      case .writes:
        tellAuditor(of: actions[place], .timedOut, at: now)
        actions[place].forgetNotices()
        count(actions[place].writes[0], .timedOut, actions[place], durationNanoseconds: now &- actions[place].submitted, at: now)
      case .feed, .done, .idle: break
      }
      finish(place, .timedOut, source.shards[Int(actions[place].wake.shard)], at: now)
    }
  }

  func countUnstarted(until end: UInt64) {
    let now = clock.now()
    func count(_ intended: UInt64) {
      guard time.isMeasured(intended) else { return }
      unstarted += 1
      // At least so late.
      let (generator, backend) = cause.split(latenessNanoseconds: now &- intended, at: now)
      if generator > plan.latenessLimitNanoseconds { sample.measuredLateStarts += 1 }
      sample.recorder.recordLateness(generatorNanoseconds: generator, backendNanoseconds: backend)
    }
    if arrivals != nil {
      while let intended = arrival, intended < end {
        count(intended)
        arrival = nextArrival()
      }
      return
    }
    while let first = source.first, time.wall(of: first.time) < end { count(time.wall(of: source.removeFirst().time)) }
  }
}
