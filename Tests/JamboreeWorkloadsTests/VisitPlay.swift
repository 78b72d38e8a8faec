import JamboreeKit
import JamboreePopulation

@testable import JamboreeWorkloads

/// A service with an activity of every kind, whose actions end at once.
struct Toy: VisitBehaviour {
  enum Activity: Int { case view, look, click, edit, publish }

  static func outline(_ id: String = "toy", part: String = "") -> VisitOutline {
    VisitOutline(
      id: id, part: part, summary: "a service for tests",
      activities: [
        .page("view", 60, counts: ["views"], "look at a page"),
        .page("look", 25, counts: ["looks"], "look at another"),
        .call("click", 5, isEven: true, counts: ["clicks"], "something that all do as often"),
        .write("edit", 8, counts: ["edits"], "write something"),
        .write("publish", 2, by: .owners, counts: ["posts"], "write something in a place of one's own"),
      ],
      verbs: [.item, .publish])
  }

  let model: VisitModel
  private static let lengths = QuantileTable(LognormalDistribution(mean: 100, sigma: 0))

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    guard activity >= Activity.edit.rawValue else { return .read(model.operation(.item, visit, context)) }
    context.write(model.publication(&visit, &stream, context, lengths: Self.lengths))
    return .writes
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    visit.lastRead = ItemID(author: .platform, sequence: 1)
    return .done(outcome)
  }
}

/// What a toy service is set up with. The mix is that of the outline.
struct ToyPlan {
  var members = 1000
  var alumni = 0
  var regions = PopulationParameters.defaultRegions
  var seed: UInt64 = 1
  var scale = 1.0
  /// Tuesday 00:00 UTC.
  var startMinuteOfWeek = 24 * 60
  var durationNanoseconds = 24 * hourNanoseconds
  var owners = 0.2
  var audience = Audience.employees
  var curve: VisitCurve?
  var parameters = VisitParameters(participation: 0.8, dailyActive: 0.4, actionsPerDay: 5, actionsPerVisit: 8)
  var mix = Toy.outline().activities.map(\.weight)

  var setup: ServiceSetup {
    let population = PopulationGenerator.generate(
      PopulationParameters(
        members: members + alumni, employees: members, alumni: alumni, regions: regions, graph: GraphParameters(meanDegree: 0)),
      seed: Seed(seed), workers: 1)
    return ServiceSetup(
      population: population, seed: Seed(seed), scale: scale, startMinuteOfWeek: startMinuteOfWeek,
      durationNanoseconds: durationNanoseconds, tickNanoseconds: 5_000_000_000, serviceNumber: 0, firstAction: ActionID(0), firstMetric: 0)
  }

  func model(_ outline: VisitOutline = Toy.outline(), setup given: ServiceSetup? = nil) -> VisitModel {
    var parameters = parameters
    parameters.mix = mix
    return VisitModel(outline, parameters, given ?? setup, audience: audience, owners: owners, curve: curve)
  }
}

extension VisitModel {
  /// What all participants will do of an activity.
  func total(_ activity: Int) -> Int { (0..<comingCount).reduce(0) { $0 + Int(budget(activity, of: $1)) } }
}

/// Everything that visitors do, without an engine and without a backend: a wake-up at a time, in order.
struct VisitPlay {
  struct Action: Equatable {
    var actor: MemberID
    var action: UInt16
    var time: SimTime
    var subject: ItemID
    /// The how-manieth of all visits it belongs to.
    var visit: Int
  }

  private(set) var actions: [Action] = []
  /// When each visit began, with its visitor.
  private(set) var visits: [(member: MemberID, start: SimTime)] = []
  /// Nanoseconds from one action to the next one of the same visit.
  private(set) var thinkTimes: [Double] = []
  private(set) var counters: [Int64]

  init(_ service: any PreparedService, checkpoint: Int? = nil) throws {
    counters = [Int64](repeating: 0, count: service.metrics.count)
    for shard in 0..<shardCount { try play(service, shard: shard, checkpoint: checkpoint) }
  }

  init(_ model: VisitModel) throws { try self.init(PreparedVisits(Toy(model: model))) }

  /// - Parameter checkpoint: after so many wake-ups other agents take over from the shard's state.
  private mutating func play(_ service: any PreparedService, shard: Int, checkpoint: Int?) throws {
    var context = AgentContext(metricCount: counters.count)
    var agents = service.makeAgents(shard: shard)
    agents.start(&context)
    // Last comes first.
    var pending = context.wakeRequests.array.sorted { $0.time > $1.time }
    context.clearRequests()
    /// The latest of who is online, by the visit's number.
    var latest: [UInt32: Latest] = [:]
    let online = service.metrics.indices.filter { service.metrics[$0].name.hasSuffix(".online") }
    func onlineCount(_ context: borrowing AgentContext) -> Int64 { online.reduce(0) { $0 + context.counters[$1] } }
    var wakes = 0
    var reply = Reply()
    while let wake = pending.popLast() {
      if wakes == checkpoint {
        var encoder = StateEncoder()
        agents.encode(into: &encoder)
        agents = service.makeAgents(shard: shard)
        var decoder = StateDecoder(encoder.bytes)
        try agents.restore(from: &decoder)
        precondition(decoder.isAtEnd, "all of the state is read")
      }
      wakes += 1
      context.now = wake.time
      let before = onlineCount(context)
      var step = agents.wake(wake.agent, tag: wake.tag, &context)
      let change = onlineCount(context) - before
      if case .read(let operation) = step {
        note(operation, wake, &latest)
        reply.reset()
        step = agents.resume(wake.agent, outcome: .ok, reply: reply, &context)
      } else if case .writes = step {
        note(context.writes[0], wake, &latest)
      }
      for request in context.wakeRequests.array {
        if change > 0 { latest[request.agent] = Latest(time: wake.time) }
        let place = pending.partitioningIndex { $0.time <= request.time }
        pending.insert(request, at: place)
      }
      if change < 0 { latest[wake.agent] = nil }
      context.clearRequests()
    }
    for metric in counters.indices { counters[metric] += context.counters[metric] }
  }

  /// A visit's last action, or its beginning.
  private struct Latest {
    var visit: Int?
    var time: SimTime
  }

  private mutating func note(_ operation: Operation, _ wake: AgentContext.WakeRequest, _ latest: inout [UInt32: Latest]) {
    guard let last = latest[wake.agent] else { preconditionFailure("only who is online acts") }
    if last.visit == nil {
      visits.append((operation.actor, last.time))
    } else {
      thinkTimes.append(Double(wake.time - last.time))
    }
    let visit = last.visit ?? visits.count - 1
    actions.append(
      Action(actor: operation.actor, action: operation.action.rawValue, time: wake.time, subject: operation.subject, visit: visit))
    latest[wake.agent] = Latest(visit: visit, time: wake.time)
  }
}

extension Array {
  /// The first index for which the predicate holds, where all that hold come last.
  fileprivate func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
