import JamboreeKit

/// A search over what all services publish. It has nothing of its own: it finds what is there, and what the others make meanwhile.
public struct SearchService: Service {
  static let outline = VisitOutline(
    id: "search", summary: "a search for words in what all services publish",
    activities: [
      .page("query", 20_000, counts: ["queries"], "look for the newest items with a word"),
      .page("open", 12_000, counts: ["opens"], "open one of the results; without any, after another query"),
    ],
    verbs: [.search, .item], counters: [("results", "count"), ("unanswered", "count"), ("opened", "count")],
    readBack: ["search.results", "search.unanswered", "search.opened"])
  public static let descriptor = outline.descriptor

  static let standard = VisitParameters(
    participation: 0.25, dailyActive: 0.1, actionsPerDay: 0.32124, actionsPerVisit: 2.5, thinkSeconds: 20)

  public let visits: VisitParameters
  public let reading: PageReading

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, Self.outline, Self.standard)
    reading = try PageReading(&reader, isRanked: false)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, visits)
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    PreparedVisits(Search(VisitModel(Self.outline, visits, setup), reading))
  }
}

/// What people do who look for something.
struct Search: VisitBehaviour {
  private enum Activity: Int { case query, open }

  let model: VisitModel
  private let choice: PageChoice
  private let results, unanswered, opened: Int

  init(_ model: VisitModel, _ reading: PageReading) {
    self.model = model
    choice = PageChoice(reading)
    let metric = model.metric
    (results, unanswered, opened) = (metric("results"), metric("unanswered"), metric("opened"))
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    visit.note = 0
    if activity == Activity.open.rawValue, let target = visit.takeTarget() { return open(target, &visit, context) }
    var query = model.operation(.search, visit, context)
    // Words are looked for as often as they are written.
    query.payloadSeed = UInt64(Vocabulary.zipfRank(bits: stream.next()))
    return choice.reading.page(of: query)
  }

  private func open(_ item: ItemID, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    visit.note = item.rawValue
    return model.open(item, &visit, context)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard visit.note == 0 else {
      if outcome == .ok { context.count(opened) }
      return .done(outcome)
    }
    guard outcome == .ok else { return .done(outcome) }
    context.count(results, by: Int64(reply.items.count))
    if reply.items.count == 0 { context.count(unanswered) }
    let isOpening = activity == Activity.open.rawValue
    let opens = Int(visit.left[Activity.open.rawValue]) + (isOpening ? 1 : 0)
    choice.chooseTargets(opens, from: reply, context.page, &visit, &stream)
    if isOpening, let target = visit.takeTarget() { return open(target, &visit, context) }
    return .done(outcome)
  }
}
