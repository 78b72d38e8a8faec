import JamboreeKit
import JamboreePopulation
import Testing

@testable import JamboreeWorkloads

/// What visitors do with what they are shown, a step at a time.
@Suite struct VisitStepTests {
  private static let item = ItemID(author: MemberID(5), service: 1, sequence: 9)
  private static func notices(_ count: Int) -> [ItemID] { (0..<count).map { ItemID(author: MemberID(9), sequence: UInt32($0) + 1) } }
  private static func visit() -> Visit { Visit(Visitor(member: 7, participant: 7, visitsLeft: 1), number: 0, region: 0) }

  private static func subject(_ step: Step) -> ItemID? {
    if case .read(let operation) = step, operation.verb == .item { operation.subject } else { nil }
  }

  private static func notifications() -> Notifications {
    var plan = ToyPlan(members: 20)
    plan.mix = NotificationService.outline.activities.map(\.weight)
    return Notifications(plan.model(NotificationService.outline), pageLength: 20)
  }

  private static func fill(_ reply: inout Reply, _ ids: [ItemID]) {
    reply.reset()
    for id in ids { reply.items.append(ItemRow(id: id, created: .zero, lastActive: .zero)) }
  }

  /// 0 poll, 1 list, 2 open, 3 mark as read: what a list shows is opened from the newest on.
  @Test func notificationsAreOpenedFromTheNewest() {
    let members = Self.notifications()
    var (visit, stream) = (Self.visit(), RandomStream(key: 1))
    var reply = Reply()
    var context = AgentContext(metricCount: NotificationService.outline.metrics.count)
    Self.fill(&reply, Self.notices(8))
    _ = members.begin(1, &visit, &stream, &context)
    _ = members.resume(1, &visit, outcome: .ok, reply: reply, &stream, &context)
    for notice in Self.notices(6) {
      #expect(Self.subject(members.begin(2, &visit, &stream, &context)) == notice)
      Self.fill(&reply, [notice])
      guard case .done(.ok) = members.resume(2, &visit, outcome: .ok, reply: reply, &stream, &context) else {
        Issue.record("an item that was opened ends the action")
        return
      }
    }
  }

  /// Without a list it looks at one first, as often as it takes; the same newest one is opened again.
  @Test func openingTakesAListFirst() {
    let members = Self.notifications()
    var (visit, stream) = (Self.visit(), RandomStream(key: 1))
    var reply = Reply()
    var context = AgentContext(metricCount: NotificationService.outline.metrics.count)
    for _ in 0..<2 {
      guard case .read(let list) = members.begin(2, &visit, &stream, &context), list.verb == .notifications else {
        Issue.record("there is nothing yet that could be opened")
        return
      }
      #expect(list.limit == 20)
      Self.fill(&reply, [Self.item])
      #expect(Self.subject(members.resume(2, &visit, outcome: .ok, reply: reply, &stream, &context)) == Self.item)
      _ = members.resume(2, &visit, outcome: .ok, reply: reply, &stream, &context)
    }
    // Nobody has told anything.
    _ = members.begin(2, &visit, &stream, &context)
    Self.fill(&reply, [])
    guard case .done(.ok) = members.resume(2, &visit, outcome: .ok, reply: reply, &stream, &context) else {
      Issue.record("an empty list ends the action")
      return
    }
  }

  // MARK: Self-policing

  /// What breaks the rules and was flagged before in the visit is not flagged again, by mistake or otherwise.
  @Test func nothingIsFlaggedTwice() throws {
    var reader = ParameterReader.defaults()
    var parameters = try ModerationParameters(&reader)
    parameters.mistakes = 1
    var plan = ToyPlan(members: 20)
    plan.mix = ModerationService.members.activities.map(\.weight)
    let model = plan.model(ModerationService.members)
    let policing = SelfPolicing(parameters, model, Commons(parameters, model))
    let flag = 2
    var (visit, stream) = (Self.visit(), RandomStream(key: 1))
    var reply = Reply()
    let outline = ModerationService.members
    var context = AgentContext(metricCount: outline.metrics.count)
    let offence = ItemRow(id: Self.item, created: .zero, lastActive: .zero, flags: .isNegative)
    reply.items.append(offence)
    context.page.append(0)
    guard case .writes = policing.resume(flag, &visit, outcome: .ok, reply: reply, &stream, &context) else {
      Issue.record("an offence is flagged")
      return
    }
    #expect(context.writes[0].subject == Self.item && context.writes[0].kind == ReactionKind.flag.rawValue)
    context.clearWrites()
    guard case .done = policing.resume(flag, &visit, outcome: .ok, reply: reply, &stream, &context) else {
      Issue.record("it is not flagged again")
      return
    }
    #expect(context.counters[outline.metric("flags", first: 0)] == 1)
    #expect(context.counters[outline.metric("mistakenFlags", first: 0)] == 0)
    // What breaks no rule is.
    let innocent = ItemID(author: MemberID(6), sequence: 1)
    Self.fill(&reply, [innocent])
    _ = policing.resume(flag, &visit, outcome: .ok, reply: reply, &stream, &context)
    #expect(context.counters[outline.metric("mistakenFlags", first: 0)] == 1)
  }

  /// What has stood since before the start is seen, flagged and collapsed, and is none of the run's offences.
  @Test func whatWasThereBeforeIsCountedApart() throws {
    var reader = ParameterReader.defaults()
    let parameters = try ModerationParameters(&reader)
    var plan = ToyPlan(members: 20)
    plan.mix = ModerationService.members.activities.map(\.weight)
    let model = plan.model(ModerationService.members)
    let policing = SelfPolicing(parameters, model, Commons(parameters, model))
    let outline = ModerationService.members
    var stream = RandomStream(key: 1)
    func counts(_ created: Int64, service: UInt8) -> [String: Int64] {
      var visit = Self.visit()
      var reply = Reply()
      var context = AgentContext(metricCount: outline.metrics.count)
      context.now = SimTime(nanoseconds: 100_000_000_000)
      let item = ItemID(author: MemberID(5), service: service, sequence: 9)
      reply.items.append(
        ItemRow(id: item, created: SimTime(nanoseconds: created), lastActive: .zero, flagCount: Int32(parameters.threshold - 1), flags: .isNegative))
      for activity in [0, 2] {
        context.page.removeAll()
        context.page.append(0)
        _ = policing.resume(activity, &visit, outcome: .ok, reply: reply, &stream, &context)
      }
      let names = ["exposures", "offenceExposures", "collapses", "newCollapses", "secondsToCollapse"]
      return Dictionary(uniqueKeysWithValues: names.map { ($0, context.counters[outline.metric($0, first: 0)]) })
    }
    let commons = model.setup.serviceNumber
    #expect(
      counts(40_000_000_000, service: commons)
        == ["exposures": 1, "offenceExposures": 1, "collapses": 1, "newCollapses": 1, "secondsToCollapse": 60])
    #expect(
      counts(40_000_000_000, service: commons + 1)
        == ["exposures": 1, "offenceExposures": 0, "collapses": 1, "newCollapses": 1, "secondsToCollapse": 60])
    #expect(
      counts(-400_000_000_000_000, service: commons + 1)
        == ["exposures": 1, "offenceExposures": 0, "collapses": 1, "newCollapses": 0, "secondsToCollapse": 0])
  }

  // MARK: Conflicts and places of visits

  /// Edits one thing, and meets a conflict each time.
  private struct Stubborn: VisitBehaviour {
    let model: VisitModel

    func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
      visit.retriesConflicts = true
      context.write(model.operation(.edit, visit, context))
      return .writes
    }

    func resume(
      _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
      _ context: inout AgentContext
    ) -> Step { .done(outcome) }
  }

  /// An action is begun anew eight times, and counted once; word of its last conflict meets a visit that has not gone on.
  @Test func aConflictIsTriedAgainEightTimes() throws {
    var plan = ToyPlan(members: 1)
    plan.parameters = VisitParameters(participation: 1, dailyActive: 1, actionsPerDay: 2, actionsPerVisit: 2)
    plan.parameters.think = ThinkTime(meanNanoseconds: 1_000_000, sigma: 0)
    plan.mix = [1, 0, 0, 0, 0]
    let agents = VisitAgents(Stubborn(model: plan.model()), shard: 0)
    var context = AgentContext(metricCount: Toy.outline().metrics.count)
    agents.start(&context)
    func wake() -> Step {
      let request = context.wakeRequests[context.wakeRequests.count - 1]
      context.clearRequests()
      context.now = request.time
      return agents.wake(request.agent, tag: request.tag, &context)
    }
    _ = wake()
    let visit = context.wakeRequests[0].agent
    for action in 1...2 {
      for attempt in 0...8 {
        guard case .writes = wake() else {
          Issue.record("attempt \(attempt) of action \(action) writes")
          return
        }
        #expect(context.counters[4] == Int64(action))
        let planned = context.wakeRequests[0]
        #expect(planned.time - context.now >= 2 * plan.setup.tickNanoseconds)
        // At the next tick.
        context.now = context.now + plan.setup.tickNanoseconds
        agents.writesEnded(visit, outcome: .conflict, &context)
        #expect(context.wakeRequests.array.count == (attempt < 8 ? 2 : 1))
        if attempt < 8 {
          // What was planned before has no meaning any more.
          let retry = context.wakeRequests[1]
          #expect(retry.time == context.now && retry.tag != planned.tag)
          guard case .idle = agents.wake(visit, tag: planned.tag, &context) else {
            Issue.record("a stale wake-up does nothing")
            return
          }
        }
      }
    }
    guard case .idle = wake() else {
      Issue.record("the visit is over")
      return
    }
    #expect(context.counters[2] == 0)
    // Word for a place that nobody is at any more changes nothing.
    context.clearRequests()
    agents.writesEnded(visit, outcome: .failed, &context)
    agents.writesEnded(0, outcome: .conflict, &context)
    #expect(context.wakeRequests.array.isEmpty)
  }
}
