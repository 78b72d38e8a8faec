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
  static let spinNanoseconds: UInt64 = 50_000

  /// What the worker sleeps at most: by then it looks for mail, and for the end of the bucket.
  static let heartbeatNanoseconds: UInt64 = 10_000_000

  /// How long a load that was stopped waits for what is under way.
  static let patienceNanoseconds: UInt64 = 2_000_000_000

  /// Marks a probe's token. A generation's highest bit is not used, so no action's token has it.
  static let probeMark: UInt64 = 1 << 63

  let number: Int
  let plan: LoadPlan
  @exclusivity(unchecked) var time: LoadClock
  let clock: MeasuringClock
  let session: any PipelinedStorageSession
  let feed: FeedDesk
  /// Where pages wait for a ranker in another process; nil where the ranker is in this one.
  let desk: BatchDesk?
  let mail: LoadMail
  let samples: SampleQueue
  let stop: StopFlag

  @exclusivity(unchecked) var source: WakeSource
  @exclusivity(unchecked) var arrivals: ArrivalSchedule?
  /// The next start of an open loop, on the wall clock; nil when there are no more.
  @exclusivity(unchecked) var arrival: UInt64?
  let actions: [LoadAction]
  @exclusivity(unchecked) var freePlaces: [Int]
  /// By shard and agent: where its action is.
  @exclusivity(unchecked) var busy: [UInt64: Int] = [:]
  @exclusivity(unchecked) var inFlight = 0
  @exclusivity(unchecked) var completions = CompletionBatch(capacity: 256)
  @exclusivity(unchecked) var sample: LoadSample
  @exclusivity(unchecked) var cause = LatenessCause()
  @exclusivity(unchecked) var outages = OutageWatch()
  @exclusivity(unchecked) var virtualTime: Int64
  @exclusivity(unchecked) var drainEnd: UInt64
  /// Nil where nothing is audited.
  @exclusivity(unchecked) var auditor: WriteAuditor?
  /// When probes that are under way were sent, by their numbers.
  @exclusivity(unchecked) var probes: [Int: UInt64] = [:]
  /// The load's feeds; nil where nobody looks at any.
  let feeds: LoadFeeds?
  /// Of looks that have ended.
  @exclusivity(unchecked) var spareAssemblies: [FeedAssembly] = []
  /// Calls under way that nobody waits for, by their numbers.
  @exclusivity(unchecked) var background: [UInt64: BackgroundCall] = [:]
  @exclusivity(unchecked) var nextBackground: UInt64 = 0
  /// Its members among ``LoadFeeds/pending``, until they are asked for.
  @exclusivity(unchecked) var pending: [Backfill]
  /// Since when there is room again, after a time in which there was none.
  @exclusivity(unchecked) var roomSince: UInt64 = 0
  /// Completions and ranked pages that the last wait has brought.
  @exclusivity(unchecked) var arrived = 0
  /// A start is due, and nobody is there to act.
  @exclusivity(unchecked) var isStarved = false
  /// Somebody is due and could not start.
  @exclusivity(unchecked) var isBehind = false
  /// Nobody is left to act, with no worker.
  @exclusivity(unchecked) var ranOut = false
  /// Actions that were due and had not started when the drain was over.
  @exclusivity(unchecked) var unstarted: Int64 = 0
  /// Actions that had no answer when the drain was over.
  @exclusivity(unchecked) var unanswered: Int64 = 0

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
    pending = (feeds?.pending ?? []).filter { Int($0.member) % shardCount % plan.workers == number }
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
      if stop.isSet, drainEnd == time.drainEnd {
        let waitsForRankerAlone = desk?.heldCount == inFlight && probes.isEmpty && background.isEmpty
        drainEnd = min(drainEnd, now &+ (waitsForRankerAlone ? PipelinedLane.patienceNanoseconds : Self.patienceNanoseconds))
      }
      sendPending(now)
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
  func wakePrecisely() {
    _ = clinux_set_timer_slack(1)
    _ = clinux_set_slice(Self.sliceNanoseconds, 0)
  }

  /// The least that the kernel knows; whoever runs for longer at a time, as everybody does, makes way when the worker wakes.
  static let sliceNanoseconds: UInt64 = 100_000

  /// Waits for completions or for a moment, and goes on with what has come.
  func wait(until deadline: UInt64) {
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

  func takeCompletions() {
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

  func sleep(until deadline: UInt64) {
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
  func nextDue(_ now: UInt64) -> UInt64 {
    if arrivals != nil { return arrival ?? .max }
    source.advance(to: time.virtual(at: now))
    if let first = source.first { return time.wall(of: first.time) }
    return source.nextNearing.map { time.wall(of: $0) } ?? .max
  }

  // MARK: Probes

  func sendProbes() {
    guard let auditor else { return }
    while let probe = auditor.nextProbe(now: clock.now()) {
      probes[probe.id] = clock.now()
      session.submit(probe.operation, arguments: Span(), token: Token(rawValue: Self.probeMark | UInt64(probe.id)))
    }
  }

  func completeProbe(_ id: Int, _ position: Int, at now: UInt64) {
    guard let sent = probes.removeValue(forKey: id) else { return }
    let outcome = completions.outcome(at: position)
    completions.withReply(at: position) { reply in
      auditor?.probeCompleted(id, outcome, reply: reply, sentNanoseconds: sent, now: now)
    }
  }

  /// What the auditor has kept, when the load is over.
  func auditRecord() -> AuditRecord? { auditor?.finish() }

  // MARK: Mail

  func send(_ notice: Notice) {
    let shard = Int(notice.to.rawValue) % shardCount
    if shard % plan.workers == number { receive(notice) } else { mail.send(notice, to: shard % plan.workers) }
  }

  func takeMail() { for notice in mail.take(number) { receive(notice) } }

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

  func closeBuckets(_ now: UInt64) {
    // The clock starts a moment after the workers.
    guard now > time.start else { return }
    let bucket = Int64((now &- time.start) / UInt64(plan.bucketNanoseconds))
    guard bucket > sample.bucket else { return }
    handOver()
    sample.bucket = bucket
  }

  func handOver() {
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

  func finishSample() {
    sample.outages += outages.end()
    sample.isLast = true
    handOver()
  }
}
