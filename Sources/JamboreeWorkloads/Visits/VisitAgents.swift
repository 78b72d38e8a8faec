import JamboreeKit

/// The visitors of one shard. The agents' numbers are the visitors' and, from there on, the visits': who is online is woken as a
/// visit, so that a wake-up touches the visit's memory alone.
final class VisitAgents<Behaviour: VisitBehaviour>: ServiceAgents {
  private let behaviour: Behaviour
  private let model: VisitModel
  private let activityCount: Int
  // Behind pointers: a class's stored arrays are checked for exclusive access and copied on write at every step.
  private let visitors: UnsafeMutableBufferPointer<Visitor>
  /// `left[visitor * activityCount + activity]`.
  private let left: UnsafeMutableBufferPointer<UInt32>
  @exclusivity(unchecked) private var visits: UnsafeMutableBufferPointer<Visit>
  private var freeVisits: [UInt32] = []
  private var usedVisits = 0
  var count: Int { visitors.count }

  /// How often an action is done again whose writes end in a conflict.
  private static var mostRetries: UInt8 { 8 }

  init(_ behaviour: Behaviour, shard: Int) {
    self.behaviour = behaviour
    model = behaviour.model
    let model = behaviour.model
    let activities = model.outline.activities.count
    precondition(activities <= Visit.mostActivities, "a service has at most \(Visit.mostActivities) activities")
    activityCount = activities
    var found: [Visitor] = []
    var amounts: [UInt32] = []
    for participant in 0..<model.comingCount where Int(model.roster[participant]) % shardCount == shard {
      var total = 0
      for activity in 0..<activities { total += Int(model.budget(activity, of: participant)) }
      guard total > 0 else { continue }
      let visits = max((Double(total) / model.parameters.actionsPerVisit).rounded(), 1)
      found.append(
        Visitor(member: model.roster[participant], participant: UInt32(participant), visitsLeft: UInt32(visits)))
      for activity in 0..<activities { amounts.append(model.budget(activity, of: participant)) }
    }
    visitors = .allocate(capacity: found.count)
    _ = visitors.initialize(from: found)
    left = .allocate(capacity: amounts.count)
    _ = left.initialize(from: amounts)
    visits = .allocate(capacity: 16)
  }

  deinit {
    visitors.deallocate()
    left.deallocate()
    visits.deallocate()
  }

  func start(_ context: inout AgentContext) {
    for number in 0..<visitors.count {
      context.count(model.metricOf.participants)
      var stream = stream(of: visitors[number].member, drawn: 0)
      scheduleNextVisit(number, &stream, notBefore: .zero, &context)
      visitors[number].draws = stream.counter
    }
  }

  @inline(__always) private func stream(of member: UInt32, drawn: UInt32) -> RandomStream {
    RandomStream(key: RandomStream.key(base: model.streamBase, entity: UInt64(member)), counter: drawn)
  }

  // MARK: Between visits

  /// Asks to be woken for the next visit, if one is left.
  private func scheduleNextVisit(_ number: Int, _ stream: inout RandomStream, notBefore: SimTime, _ context: inout AgentContext) {
    guard visitors[number].visitsLeft > 0 else { return }
    let quantile = model.nextQuantile(after: visitors[number].quantile, left: visitors[number].visitsLeft, &stream)
    visitors[number].quantile = quantile
    let time = max(model.time(of: Int(visitors[number].participant), quantile: quantile), notBefore)
    visitors[number].tag &+= 1
    context.schedule(UInt32(number), at: time, tag: visitors[number].tag)
  }

  /// Brings a member online, to do a part of what is left.
  private func beginVisit(_ number: Int, _ context: inout AgentContext) {
    let visitor = visitors[number]
    var stream = stream(of: visitor.member, drawn: visitor.draws)
    var visit = Visit(visitor, number: UInt32(number), region: model.region(of: Int(visitor.participant)))
    for activity in 0..<activityCount {
      let place = number * activityCount + activity
      let part = evenShare(Int(left[place]), over: Int(visitor.visitsLeft), &stream)
      left[place] -= UInt32(part)
      // A visit has at most some thousand actions: see ``VisitParameters/actionsPerVisit``.
      visit.left[activity] = UInt16(part)
    }
    visitors[number].visitsLeft -= 1
    guard (0..<activityCount).contains(where: { visit.left[$0] > 0 }) else {
      // Rounding has left nothing for this one.
      scheduleNextVisit(number, &stream, notBefore: context.now + 1, &context)
      visitors[number].draws = stream.counter
      return
    }
    visit.draws = stream.counter
    let place = takeVisit()
    visits[place] = visit
    context.count(model.metricOf.visits)
    context.count(model.metricOf.online)
    schedule(place, at: context.now, &context)
  }

  private func endVisit(_ place: Int, _ stream: inout RandomStream, _ context: inout AgentContext) {
    let number = Int(visits[place].visitor)
    visitors[number].published = visits[place].published
    freeVisits.append(UInt32(place))
    context.count(model.metricOf.online, by: -1)
    scheduleNextVisit(number, &stream, notBefore: context.now + 1, &context)
    visitors[number].draws = stream.counter
  }

  private func takeVisit() -> Int {
    if let free = freeVisits.popLast() { return Int(free) }
    if usedVisits == visits.count {
      let grown = UnsafeMutableBufferPointer<Visit>.allocate(capacity: visits.count * 2)
      _ = grown.moveInitialize(fromContentsOf: UnsafeMutableBufferPointer(rebasing: visits[0..<usedVisits]))
      visits.deallocate()
      visits = grown
    }
    usedVisits += 1
    return usedVisits - 1
  }

  // MARK: Visits

  private func schedule(_ place: Int, at time: SimTime, _ context: inout AgentContext) {
    visits[place].tag &+= 1
    context.schedule(UInt32(truncatingIfNeeded: visitors.count + place), at: time, tag: visits[place].tag)
  }

  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    let place = Int(agent) - visitors.count
    guard place >= 0 else {
      if tag == visitors[Int(agent)].tag { beginVisit(Int(agent), &context) }
      return .idle
    }
    guard visits[place].tag == tag else { return .idle }
    let visit = visits.baseAddress.unsafelyUnwrapped + place
    var stream = stream(of: visit.pointee.member, drawn: visit.pointee.draws)
    if visit.pointee.isRetry {
      visit.pointee.isRetry = false
    } else {
      guard let activity = nextActivity(visit, &stream) else {
        endVisit(place, &stream, &context)
        return .idle
      }
      visit.pointee.activity = UInt8(activity)
      visit.pointee.left[activity] -= 1
      visit.pointee.retries = 0
      for metric in model.metricOf.counts[activity] { context.count(metric) }
    }
    visit.pointee.stage = 0
    visit.pointee.retriesConflicts = false
    let step = behaviour.begin(Int(visit.pointee.activity), &visit.pointee, &stream, &context)
    conclude(step, place, &stream, &context)
    return step
  }

  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    let place = Int(agent) - visitors.count
    let visit = visits.baseAddress.unsafelyUnwrapped + place
    var stream = stream(of: visit.pointee.member, drawn: visit.pointee.draws)
    visit.pointee.stage += 1
    let step = behaviour.resume(
      Int(visit.pointee.activity), &visit.pointee, outcome: outcome, reply: reply, &stream, &context)
    context.page.removeAll()
    conclude(step, place, &stream, &context)
    return step
  }

  /// One of what is left, each as likely as any other; a look at a page first, for those who have seen nothing yet.
  private func nextActivity(_ visit: UnsafeMutablePointer<Visit>, _ stream: inout RandomStream) -> Int? {
    var total = 0
    var pages = 0
    for activity in 0..<activityCount {
      total += Int(visit.pointee.left[activity])
      if model.outline.activities[activity].isPageView { pages += Int(visit.pointee.left[activity]) }
    }
    guard total > 0 else { return nil }
    let onlyPages = visit.pointee.lastRead == .none && pages > 0
    var drawn = stream.next(below: onlyPages ? pages : total)
    for activity in 0..<activityCount where !onlyPages || model.outline.activities[activity].isPageView {
      drawn -= Int(visit.pointee.left[activity])
      if drawn < 0 { return activity }
    }
    return nil
  }

  /// Plans what comes next, when an action has come to its end.
  private func conclude(_ step: Step, _ place: Int, _ stream: inout RandomStream, _ context: inout AgentContext) {
    switch step {
    case .writes, .done, .idle:
      var time = context.now + model.thinkTimes.value(bits: stream.next())
      // Whether the writes met a conflict is known at the next tick: the visit must not have gone on by then.
      if visits[place].retriesConflicts { time = max(time, context.now + 2 * model.setup.tickNanoseconds) }
      schedule(place, at: time, &context)
    case .read, .ranked, .feed: break
    }
    visits[place].draws = stream.counter
  }

  func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext) {
    let place = Int(agent) - visitors.count
    guard outcome == .conflict, place >= 0, visits[place].retriesConflicts, visits[place].retries < Self.mostRetries else { return }
    visits[place].retries += 1
    visits[place].isRetry = true
    schedule(place, at: context.now, &context)
  }

  // MARK: Checkpoints

  func encode(into encoder: inout StateEncoder) {
    encoder.encode(UnsafeBufferPointer(visitors))
    encoder.encode(UnsafeBufferPointer(left))
    encoder.encode(UnsafeBufferPointer(UnsafeMutableBufferPointer(rebasing: visits[0..<usedVisits])))
    encoder.encode(freeVisits)
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    let restored = try decoder.decodeArray(of: Visitor.self)
    let restoredLeft = try decoder.decodeArray(of: UInt32.self)
    guard restored.count == visitors.count, restoredLeft.count == left.count else {
      throw StateMismatch("the checkpoint is of another number of visitors")
    }
    let restoredVisits = try decoder.decodeArray(of: Visit.self)
    freeVisits = try decoder.decodeArray(of: UInt32.self)
    _ = visitors.update(from: restored)
    _ = left.update(from: restoredLeft)
    visits.deallocate()
    visits = .allocate(capacity: max(restoredVisits.count, 16))
    _ = visits.initialize(from: restoredVisits)
    usedVisits = restoredVisits.count
  }
}

/// The part of a budget that falls to the first of `parts`: the even share, rounded at random.
func evenShare(_ total: Int, over parts: Int, _ stream: inout RandomStream) -> Int {
  guard total > 0, parts > 1 else { return total }
  return total / parts + (stream.next(below: parts) < total % parts ? 1 : 0)
}
