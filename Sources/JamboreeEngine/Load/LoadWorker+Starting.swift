import CLinux
import Glibc
import JamboreeKit
import JamboreeMetrics
import Synchronization

/// Who starts when, and whether there is room.
extension LoadWorker {
  /// Starts what is due, as far as there is room; ``isBehind`` tells whether some is left.
  func startDue(_ now: UInt64) {
    isBehind = arrivals == nil ? startPaced(now) : startAtRate()
    if !isBehind { cause.caughtUp() }
  }

  func startPaced(_ begin: UInt64) -> Bool {
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

  func startAtRate() -> Bool {
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

  func isDue(_ intended: UInt64, at now: UInt64) -> Bool { intended <= now && intended < time.measureEnd }

  func hasRoom(for intended: UInt64, at now: UInt64) -> Bool {
    guard inFlight < actions.count else {
      cause.windowFilled(at: now)
      return false
    }
    cause.roomIsUnused(since: max(intended, roomSince))
    return true
  }

  func nextArrival() -> UInt64? { arrivals?.next().map { time.start &+ UInt64($0) } }

  /// Wakes an agent; false when it has nothing to do.
  @discardableResult func start(_ wake: WakeQueue.Wake, intended: UInt64) -> Bool {
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

  func count(start action: LoadAction, at now: UInt64) {
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
  func fileRequests(of shard: SimulationShard, place: Int, service: UInt32) {
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
  func passOn(_ context: UnsafeMutablePointer<AgentContext>) {
    guard !context.pointee.notices.isEmpty else { return context.pointee.clearRequests() }
    let notices = context.pointee.notices.array
    context.pointee.clearRequests()
    for notice in notices { send(notice) }
  }
}
