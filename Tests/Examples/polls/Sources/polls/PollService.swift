import JamboreeKit
import JamboreeWorkloads

/// Polls: members ask, others look at what is asked and vote.
public struct PollService: Service {
  static let outline = VisitOutline(
    id: "polls", summary: "questions that members put to each other",
    activities: [
      .page("browse", 80, counts: ["listings"], "look at the latest questions"),
      .write("ask", 2, counts: ["questions"], "put a question"),
      .write("vote", 18, by: .everyone, counts: ["votes"], "vote for or against what was seen last"),
    ],
    verbs: [.listing, .publish, .react], counters: [("votesFor", "count")])
  public static let descriptor = outline.descriptor

  static let standard = VisitParameters(participation: 0.3, dailyActive: 0.2, actionsPerDay: 1, actionsPerVisit: 5)

  public let visits: VisitParameters
  /// Share of votes that are for what is asked, `0 ... 1`.
  public let approval: Double

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, Self.outline, Self.standard)
    approval = try reader.number("approval", default: 0.6, in: 0...1, "share of votes that are for what is asked")
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let polls = Polls(model: VisitModel(Self.outline, visits, setup), approval: approval)
    return PreparedVisits(polls, containers: [Dataset.Container(id: polls.page, name: "Polls")])
  }
}

/// What visitors of the polls do.
struct Polls: VisitBehaviour {
  private enum Activity: Int { case browse, ask, vote }

  let model: VisitModel
  let approval: Double
  private let lengths = QuantileTable(LognormalDistribution(mean: 80, sigma: 0.4))
  private let votesFor: Int

  init(model: VisitModel, approval: Double) {
    self.model = model
    self.approval = approval
    votesFor = model.metric("votesFor")
  }

  var page: ContainerID { model.container(1, 0) }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    if activity == Activity.ask.rawValue {
      var question = model.publication(&visit, &stream, context, lengths: lengths)
      question.container = page
      context.write(question)
      return .writes
    }
    // Everything else looks at the page first: candidates from storage, ranked, the best ten shown.
    var listing = model.operation(.listing, visit, context)
    listing.container = page
    listing.limit = 50
    return .ranked(listing, pageLength: 10)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard !context.page.isEmpty else { return .done(outcome) }
    visit.lastRead = reply.items.id(at: Int(context.page[0]))
    guard activity == Activity.vote.rawValue else { return .done(outcome) }
    var vote = model.operation(.react, visit, context)
    vote.subject = visit.lastRead
    vote.kind = ReactionKind.vote.rawValue
    vote.value = stream.chance(approval) ? 1 : -1
    if vote.value > 0 { context.count(votesFor) }
    context.write(vote)
    return .writes
  }
}
