import CLinux
import Glibc
import JamboreeKit
import JamboreeMetrics
import Synchronization

/// One worker of a load run: a loop over its shards' due times and its session's completions.
///
/// It shares nothing with the others but mail: notices to members of other workers' shards, and samples of what it has
/// measured.
final class LoadWorker: @unchecked Sendable {
  // Safe to share: `mail`, `stop` and `samples` are made for it; all else belongs to the thread that calls `run`.

  /// So near a start it is not worth falling asleep: waking up takes a virtual machine as long, and now and then much longer.
  private static let spinNanoseconds: UInt64 = 50_000

  /// What the worker sleeps at most: by then it looks for mail, and for the end of the bucket.
  private static let heartbeatNanoseconds: UInt64 = 10_000_000

  /// How long a load that was stopped waits for what is under way.
  private static let patienceNanoseconds: UInt64 = 2_000_000_000

  /// Marks a probe's token. A generation's highest bit is not used, so no action's token has it.
  static let probeMark: UInt64 = 1 << 63

  let number: Int
  private let plan: LoadPlan
  @exclusivity(unchecked) private var time: LoadClock
  let clock: MeasuringClock
  let session: any PipelinedStorageSession
  let feed: FeedDesk
  /// Where pages wait for a ranker in another process; nil where the ranker is in this one.
  let desk: BatchDesk?
  private let mail: LoadMail
  private let samples: SampleQueue
  private let stop: StopFlag

  @exclusivity(unchecked) var source: WakeSource
  @exclusivity(unchecked) private var arrivals: ArrivalSchedule?
  /// The next start of an open loop, on the wall clock; nil when there are no more.
  @exclusivity(unchecked) private var arrival: UInt64?
  let actions: [LoadAction]
  @exclusivity(unchecked) private var freePlaces: [Int]
  /// By shard and agent: where its action is.
  @exclusivity(unchecked) private var busy: [UInt64: Int] = [:]
  @exclusivity(unchecked) private var inFlight = 0
  @exclusivity(unchecked) var completions = CompletionBatch(capacity: 256)
  @exclusivity(unchecked) var sample: LoadSample
  @exclusivity(unchecked) private var cause = LatenessCause()
  @exclusivity(unchecked) private var outages = OutageWatch()
  @exclusivity(unchecked) var virtualTime: Int64
  @exclusivity(unchecked) private var drainEnd: UInt64
  /// Nil where nothing is audited.
  @exclusivity(unchecked) private var auditor: WriteAuditor?
  /// When probes that are under way were sent, by their numbers.
  @exclusivity(unchecked) private var probes: [Int: UInt64] = [:]
  /// The load's feeds; nil where nobody looks at any.
  let feeds: LoadFeeds?
  /// Of looks that have ended.
  @exclusivity(unchecked) var spareAssemblies: [FeedAssembly] = []
  /// Calls under way that nobody waits for, by their numbers.
  @exclusivity(unchecked) var background: [UInt64: BackgroundCall] = [:]
  @exclusivity(unchecked) var nextBackground: UInt64 = 0
  /// Since when there is room again, after a time in which there was none.
  @exclusivity(unchecked) private var roomSince: UInt64 = 0
  /// Completions and ranked pages that the last wait has brought.
  @exclusivity(unchecked) private var arrived = 0
  /// A start is due, and nobody is there to act.
  @exclusivity(unchecked) private var isStarved = false
  /// Somebody is due and could not start.
  @exclusivity(unchecked) private var isBehind = false
  /// Nobody is left to act, with no worker.
  @exclusivity(unchecked) private var ranOut = false
  /// Actions that were due and had not started when the drain was over.
  @exclusivity(unchecked) private var unstarted: Int64 = 0
  /// Actions that had no answer when the drain was over.
  @exclusivity(unchecked) private var unanswered: Int64 = 0

  init(
    number: Int, plan: LoadPlan, clock: MeasuringClock, session: any PipelinedStorageSession, feed: FeedDesk,
    desk: BatchDesk? = nil, feeds: LoadFeeds? = nil, shards: [SimulationShard], arrivals: ArrivalSchedule?, mail: LoadMail,
    samples: SampleQueue, stop: StopFlag
  ) {
    self.number = number
    self.plan = plan
    self.clock = clock
    self.session = session
    self.feed = feed
    self.desk = desk
    self.feeds = feeds
    self.mail = mail
    self.samples = samples
    self.stop = stop
    self.arrivals = arrivals
    // Five milliseconds of wall time; of virtual time where no pace ties the two.
    source = WakeSource(shards, tickNanoseconds: max(Int64(5_000_000 * (plan.compression ?? 20)), 1))
    source.advance(to: plan.fromNanoseconds)
    let window = plan.window(of: number)
    actions = (0..<window).map { _ in LoadAction() }
    freePlaces = Array((0..<window).reversed())
    virtualTime = plan.fromNanoseconds
    // Until `setClock`.
    time = LoadClock(start: 0, from: 0, compression: nil, measureStart: 0, measureEnd: 0, drainEnd: 0)
    drainEnd = 0
    sample = samples.fresh()
  }

  /// Tells when the load begins and ends: to be called before `run`, when everything is made that takes its time.
  func setClock(_ time: LoadClock, auditor: WriteAuditor?) {
    self.time = time
    self.auditor = auditor
    drainEnd = time.drainEnd
    arrival = nextArrival()
  }

  // MARK: The loop

  /// Runs to the end of the load, its drain included.
  func run() {
    wakePrecisely()
    while true {
      var now = clock.now()
      closeBuckets(now)
      takeMail()
      if stop.isSet, drainEnd == time.drainEnd { drainEnd = min(drainEnd, now &+ Self.patienceNanoseconds) }
      let isStopped = stop.isSet || ranOut
      if !isStopped { startDue(now) }
      if isStarved { ranOut = mail.isIdle(inFlight == 0, number) }
      sendProbes()
      // What was due before the end starts after it rather than never.
      let isOver = isStopped || now >= time.measureEnd && !isBehind
      if isOver, inFlight == 0 && probes.isEmpty && background.isEmpty { break }
      if isOver || now >= time.measureEnd, now >= drainEnd { break }
      let isFull = inFlight == actions.count || isStarved
      now = clock.now()
      var deadline = isOver || isFull ? now &+ Self.heartbeatNanoseconds : min(nextDue(now), now &+ Self.heartbeatNanoseconds)
      if let probe = auditor?.nextProbeNanoseconds { deadline = min(deadline, max(probe, now)) }
      wait(until: deadline)
      let woken = clock.now()
      if isFull {
        // Answers that were there before the worker was: it was late for them.
        if woken > deadline, arrived > 0 { cause.overslept(nanoseconds: woken &- deadline) }
        if arrived > 0 { roomSince = woken }
      }
    }
    giveUpOnTheRest()
    finishSample()
  }

  /// Asks the kernel to wake the worker when it wants to be woken. Where it does not, starts are later, and are reported so.
  private func wakePrecisely() {
    _ = clinux_set_timer_slack(1)
    _ = clinux_set_slice(Self.sliceNanoseconds, 0)
  }

  /// The least that the kernel knows; whoever runs for longer at a time, as everybody does, makes way when the worker wakes.
  private static let sliceNanoseconds: UInt64 = 100_000

  /// Waits for completions or for a moment, and goes on with what has come.
  private func wait(until deadline: UInt64) {
    completions.removeAll()
    arrived = 0
    let isRanking = desk.map { $0.heldCount > 0 } ?? false
    if isRanking { return waitForRankerToo(until: deadline) }
    session.poll(until: MonotonicInstant(nanoseconds: deadline), into: &completions)
    if completions.count == 0 {
      // A session with nothing under way returns at once.
      if inFlight == 0, probes.isEmpty, background.isEmpty { sleep(until: deadline) }
      return
    }
    takeCompletions()
  }

  private func takeCompletions() {
    arrived += completions.count
    let now = clock.now()
    for position in 0..<completions.count {
      let token = completions.token(at: position).rawValue
      if token & Self.probeMark != 0 {
        if token & Self.backgroundMark != 0 {
          completeBackground(token & ~(Self.probeMark | Self.backgroundMark), position, at: now)
          continue
        }
        completeProbe(Int(token & ~Self.probeMark), position, at: now)
        continue
      }
      let place = Int(token & 0xFFFF_FFFF)
      let outcome = completions.outcome(at: position)
      guard place < actions.count, actions[place].isActive, actions[place].generation == UInt32(truncatingIfNeeded: token >> 32)
      else { continue }
      complete(place, outcome, position, at: now)
    }
  }

  /// So long storage is waited for at a time while a ranker in another process has work: nobody can wait for both at once.
  private static let turnNanoseconds: UInt64 = 100_000

  private func waitForRankerToo(until deadline: UInt64) {
    guard let desk else { return }
    guard inFlight > desk.heldCount || !probes.isEmpty else { return takeRanked(until: deadline) }
    takeRanked(until: 0)
    session.poll(until: MonotonicInstant(nanoseconds: min(deadline, clock.now() &+ Self.turnNanoseconds)), into: &completions)
    takeCompletions()
  }

  /// Goes on with the actions whose pages are ranked.
  private func takeRanked(until deadline: UInt64) {
    guard let desk else { return }
    desk.poll(until: deadline, clock: clock) { held, page, duration in
      arrived += 1
      let action = actions[held.key]
      let shard = source.shards[Int(action.wake.shard)]
      let context = shard.context
      action.isRanking = false
      if action.isMeasured {
        sample.recorder.recordRanking(durationNanoseconds: duration)
        shard.quality.look(at: held.reply.items, page: page, of: held.operation.actor, now: held.operation.intended)
      }
      context.pointee.now = SimTime(nanoseconds: action.wake.time)
      context.pointee.page.removeAll()
      context.pointee.page.append(page)
      let next = shard.agents[Int(action.wake.agent >> 24)].resume(
        action.wake.agent & 0xFF_FFFF, outcome: held.outcome, reply: held.reply, &context.pointee)
      perform(held.key, next, shard)
    }
  }

  /// Keeps a page for the ranker in another process; false where there is nothing to be ranked.
  private func hold(_ place: Int, _ outcome: Outcome, _ position: Int) -> Bool {
    guard let desk, case .ranked(let operation, let pageLength) = actions[place].step else { return false }
    return completions.withReply(at: position) { reply in
      guard BatchDesk.isWorthAsking(reply, pageLength: pageLength) else { return false }
      desk.hold(operation, &reply, outcome, pageLength: pageLength, key: place)
      actions[place].isRanking = true
      return true
    }
  }

  private func sleep(until deadline: UInt64) {
    var now = clock.now()
    guard deadline > now else { return }
    if deadline &- now <= Self.spinNanoseconds {
      while now < deadline { now = clock.now() }
      return
    }
    let nanoseconds = deadline &- now
    var pause = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&pause, nil)
  }

  /// When the next start is due, as far as is known now.
  private func nextDue(_ now: UInt64) -> UInt64 {
    if arrivals != nil { return arrival ?? .max }
    source.advance(to: time.virtual(at: now))
    if let first = source.first { return time.wall(of: first.time) }
    return source.nextNearing.map { time.wall(of: $0) } ?? .max
  }

  // MARK: Starting

  /// Starts what is due, as far as there is room; ``isBehind`` tells whether some is left.
  private func startDue(_ now: UInt64) {
    isBehind = arrivals == nil ? startPaced(now) : startAtRate()
    if !isBehind { cause.caughtUp() }
  }

  private func startPaced(_ begin: UInt64) -> Bool {
    source.advance(to: time.virtual(at: begin))
    while let first = source.first {
      let intended = time.wall(of: first.time)
      let now = clock.now()
      guard isDue(intended, at: now) else { return false }
      guard hasRoom(for: intended, at: now) else { return true }
      start(source.removeFirst(), intended: intended)
    }
    return false
  }

  private func startAtRate() -> Bool {
    isStarved = false
    while let intended = arrival {
      let now = clock.now()
      guard isDue(intended, at: now) else { return false }
      guard source.advanceToNext() else {
        // Everybody is under way: the member who comes next waits for a reply.
        isStarved = true
        cause.windowFilled(at: now)
        return true
      }
      guard hasRoom(for: intended, at: now) else { return true }
      if start(source.removeFirst(), intended: intended) { arrival = nextArrival() }
    }
    return false
  }

  private func isDue(_ intended: UInt64, at now: UInt64) -> Bool { intended <= now && intended < time.measureEnd }

  private func hasRoom(for intended: UInt64, at now: UInt64) -> Bool {
    guard inFlight < actions.count else {
      cause.windowFilled(at: now)
      return false
    }
    cause.roomIsUnused(since: max(intended, roomSince))
    return true
  }

  private func nextArrival() -> UInt64? { arrivals?.next().map { time.start &+ UInt64($0) } }

  /// Wakes an agent; false when it has nothing to do.
  @discardableResult private func start(_ wake: WakeQueue.Wake, intended: UInt64) -> Bool {
    let shard = source.shards[Int(wake.shard)]
    let key = UInt64(wake.shard) << 32 | UInt64(wake.agent)
    if inFlight > 0, let place = busy[key] {
      actions[place].deferred.append(wake)
      return false
    }
    let context = shard.context
    virtualTime = max(virtualTime, wake.time)
    context.pointee.now = SimTime(nanoseconds: wake.time)
    let step = shard.agents[Int(wake.agent >> 24)].wake(wake.agent & 0xFF_FFFF, tag: wake.tag, &context.pointee)
    if case .idle = step {
      fileRequests(of: shard, place: Int(wake.shard), service: wake.agent >> 24)
      return false
    }
    guard let place = freePlaces.popLast() else { return false }
    let now = clock.now()
    let isMeasured = time.isMeasured(intended)
    let action = actions[place]
    action.begin(wake, intended: intended, started: now, isMeasured: isMeasured)
    busy[key] = place
    inFlight += 1
    count(start: action, at: now)
    perform(place, step, shard)
    return true
  }

  private func count(start action: LoadAction, at now: UInt64) {
    let lateness = now &- action.intended
    let (generator, backend) = cause.split(latenessNanoseconds: lateness, at: now)
    action.generatorNanoseconds = generator
    sample.starts += 1
    sample.peakInFlight = max(sample.peakInFlight, inFlight)
    guard action.isMeasured else { return }
    sample.measuredStarts += 1
    if now < time.measureEnd { sample.startsInTime += 1 }
    if generator > plan.latenessLimitNanoseconds { sample.measuredLateStarts += 1 }
    sample.recorder.recordLateness(
      generatorNanoseconds: generator, backendNanoseconds: backend &+ action.wake.waitedNanoseconds)
  }

  /// Puts an agent's wishes where they belong when no action is under way for them.
  private func fileRequests(of shard: SimulationShard, place: Int, service: UInt32) {
    let context = shard.context
    for index in 0..<context.pointee.wakeRequests.count {
      let request = context.pointee.wakeRequests[index]
      guard request.time != .never else { continue }
      source.add(
        WakeQueue.Wake(time: max(request.time.nanoseconds, 0), agent: service << 24 | request.agent, tag: request.tag, shard: UInt32(place)))
    }
    passOn(context)
  }

  /// Sends the notices in a context, and leaves it empty for whoever receives them there.
  private func passOn(_ context: UnsafeMutablePointer<AgentContext>) {
    guard !context.pointee.notices.isEmpty else { return context.pointee.clearRequests() }
    let notices = context.pointee.notices.array
    context.pointee.clearRequests()
    for notice in notices { send(notice) }
  }

  // MARK: Probes

  private func sendProbes() {
    guard let auditor else { return }
    while let probe = auditor.nextProbe(now: clock.now()) {
      probes[probe.id] = clock.now()
      session.submit(probe.operation, arguments: Span(), token: Token(rawValue: Self.probeMark | UInt64(probe.id)))
    }
  }

  private func completeProbe(_ id: Int, _ position: Int, at now: UInt64) {
    guard let sent = probes.removeValue(forKey: id) else { return }
    let outcome = completions.outcome(at: position)
    completions.withReply(at: position) { reply in
      auditor?.probeCompleted(id, outcome, reply: reply, sentNanoseconds: sent, now: now)
    }
  }

  /// What the auditor has kept, when the load is over.
  func auditRecord() -> AuditRecord? { auditor?.finish() }

  // MARK: Actions

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

  private func complete(_ place: Int, _ outcome: Outcome, _ position: Int, at now: UInt64) {
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

  private func tellAuditor(of action: LoadAction, _ outcome: Outcome, at now: UInt64) {
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
  private func finish(_ place: Int, _ outcome: Outcome?, _ shard: SimulationShard, at now: UInt64) {
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
  private func postpone(_ meant: WakeQueue.Wake, to present: Int64, _ action: LoadAction) {
    var wake = meant
    if wake.time < present {
      let waited = UInt64(min(Double(present - wake.time) / (time.compression ?? 1), 1e18))
      wake.waitedNanoseconds &+= waited - min(waited, action.generatorNanoseconds)
      wake.time = present
    }
    source.add(wake)
  }

  /// The drain is over: what has no answer will get none.
  private func giveUpOnTheRest() {
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

  private func countUnstarted(until end: UInt64) {
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

  // MARK: Mail

  private func send(_ notice: Notice) {
    let shard = Int(notice.to.rawValue) % shardCount
    if shard % plan.workers == number { receive(notice) } else { mail.send(notice, to: shard % plan.workers) }
  }

  private func takeMail() { for notice in mail.take(number) { receive(notice) } }

  /// Word to a member of one of the worker's own shards.
  func receive(_ notice: Notice) {
    let place = Int(notice.to.rawValue) % shardCount / plan.workers
    let shard = source.shards[place]
    // Between two calls of agents there is nothing of anybody's in it.
    let context = shard.context
    context.pointee.now = max(notice.time, SimTime(nanoseconds: time.compression == nil ? virtualTime : time.virtual(at: clock.now())))
    shard.agents[Int(notice.service)].receive(notice, &context.pointee)
    fileRequests(of: shard, place: place, service: UInt32(notice.service))
  }

  // MARK: Samples

  private func closeBuckets(_ now: UInt64) {
    // The clock starts a moment after the workers.
    guard now > time.start else { return }
    let bucket = Int64((now &- time.start) / UInt64(plan.bucketNanoseconds))
    guard bucket > sample.bucket else { return }
    handOver()
    sample.bucket = bucket
  }

  private func handOver() {
    sample.counters = [Int64](repeating: 0, count: plan.simulation.metrics.count)
    for shard in source.shards {
      for metric in sample.counters.indices { sample.counters[metric] &+= shard.context.pointee.counters[metric] }
    }
    sample.rankingFailures = desk?.failures
    sample.notANumberScores = feed.notANumberCount + Int(sample.rankingFailures?.notANumberScores ?? 0)
    sample.virtualTime = virtualTime
    sample.worker = number
    (sample.unanswered, sample.unstarted, sample.ranOut) = (unanswered, unstarted, ranOut)
    samples.handOver(sample)
    sample = samples.fresh()
    sample.peakInFlight = inFlight
  }

  private func finishSample() {
    sample.outages += outages.end()
    sample.isLast = true
    handOver()
  }
}
