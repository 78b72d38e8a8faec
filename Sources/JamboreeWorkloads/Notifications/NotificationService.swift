import JamboreeKit

/// What was delivered to members: on a real platform, the unread count on every page is a good part of the load.
///
/// Services deliver only where a scenario has this one, in the same group of writes as what they tell of.
public struct NotificationService: Service {
  static let outline = VisitOutline(
    id: "notifications", summary: "unread counts and lists of what concerns a member",
    activities: [
      .call("poll", 80, counts: ["polls"], "ask for the number of unread notifications, as a page in the background does"),
      .page("list", 15, counts: ["lists"], "look at the newest notifications"),
      .page("open", 4, counts: ["opens"], "open what a notification is about; without any, the list is all there is"),
      .write("markRead", 1, by: .everyone, counts: ["marks"], "mark all as read"),
    ],
    verbs: [.notifications, .item, .markRead, .deliver], counters: [("opened", "count"), ("unreadSeen", "count")],
    readBack: ["notifications.opened", "notifications.unreadSeen"])
  public static let descriptor = outline.descriptor

  static let standard = VisitParameters(
    participation: 0.4, dailyActive: 0.25, actionsPerDay: 2.5, actionsPerVisit: 10, thinkSeconds: 60)

  public let visits: VisitParameters
  public let pageLength: Int

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, Self.outline, Self.standard)
    pageLength = try reader.integer("pageLength", default: 20, in: 1...500, "notifications shown in a list")
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, visits)
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    PreparedVisits(Notifications(VisitModel(Self.outline, visits, setup), pageLength: pageLength))
  }
}

/// What members do with their notifications.
struct Notifications: VisitBehaviour {
  private enum Activity: Int { case poll, list, open, markRead }
  /// The note of a visit that has asked for the list in order to open something of it.
  private static let isLooking: UInt64 = 1

  let model: VisitModel
  private let pageLength: Int
  private let opened, unreadSeen: Int

  init(_ model: VisitModel, pageLength: Int) {
    self.model = model
    self.pageLength = pageLength
    (opened, unreadSeen) = (model.metric("opened"), model.metric("unreadSeen"))
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    switch Activity(rawValue: activity) {
    case .markRead:
      var mark = model.operation(.markRead, visit, context)
      mark.kind = DeliveryKind.reply.rawValue
      mark.object = UInt64(context.now.nanoseconds)
      context.write(mark)
      return .writes
    case .open:
      if let target = visit.takeTarget() { return open(target, &visit, context) }
      visit.note = Self.isLooking
      return list(pageLength, visit, context)
    case .poll: return list(0, visit, context)
    default: return list(pageLength, visit, context)
    }
  }

  private func list(_ limit: Int, _ visit: Visit, _ context: borrowing AgentContext) -> Step {
    var read = model.operation(.notifications, visit, context)
    read.limit = UInt16(limit)
    return .read(read)
  }

  private func open(_ item: ItemID, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    model.open(item, withText: false, &visit, context)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    switch Activity(rawValue: activity) {
    case .poll: context.count(unreadSeen, by: reply.count)
    case .list: chooseTargets(reply, &visit)
    case .open where visit.note == Self.isLooking:
      visit.note = 0
      chooseTargets(reply, &visit)
      if let target = visit.takeTarget() { return open(target, &visit, context) }
    case .open: if outcome == .ok { context.count(opened) }
    default: break
    }
    return .done(outcome)
  }

  /// What is shown will be opened from the newest on; what is added last is taken first.
  private func chooseTargets(_ reply: borrowing Reply, _ visit: inout Visit) {
    visit.clearTargets()
    for row in (0..<min(reply.items.count, Visit.mostTargets)).reversed() { visit.addTarget(reply.items.id(at: row)) }
  }
}
