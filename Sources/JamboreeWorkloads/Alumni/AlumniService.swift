import JamboreeKit

/// The network of former employees: they look in from outside, in hours of their own, read much and write little.
public struct AlumniService: Service {
  static let outline = VisitOutline(
    id: "alumni", summary: "former employees who read, and now and then post, from outside",
    activities: [
      .page("browse", 30, counts: ["listings"], "open the network's page: its posts by rank"),
      .page("read", 65, counts: ["reads"], "open a post with its replies"),
      .write("post", 1.5, counts: ["posts"], "publish a post"),
      .write("comment", 3.5, counts: ["comments"], "answer the post that was read last"),
    ],
    verbs: [.listing, .thread, .publish, .deliver])
  public static let descriptor = outline.descriptor

  static let standard = VisitParameters(
    participation: 1, dailyActive: 0.03, actionsPerDay: 0.3, actionsPerVisit: 6, thinkSeconds: 45, arrivals: .leisure,
    writers: VisitParameters.Writers(share: 0.1))

  public let visits: VisitParameters
  public let reading: PageReading
  /// Posts that are there at the start; scales.
  public let seedPosts: Int
  public let meanBytes: Double

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, Self.outline, Self.standard)
    reading = try PageReading(&reader)
    seedPosts = try reader.integer("seedPosts", default: 500, in: 1...1_000_000, "posts that are there at the start; scales")
    meanBytes = try reader.number("meanBytes", default: 500, in: 1...65_536, unit: "B", "mean length of a text (lognormal)")
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.alumni, visits)
    try extent.check(seedPosts, "seedPosts", atMost: mostPlatformItems)
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [MemoryShare("seedPosts", .items(furtherPlaces: 0), count: Double(seedPosts) * extent.scale)]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let alumni = Alumni(self, VisitModel(Self.outline, visits, setup, audience: .alumni))
    return PreparedVisits(alumni, containers: [Dataset.Container(id: alumni.page, name: "Alumni")], history: alumni.history)
  }
}

/// What alumni do.
struct Alumni: VisitBehaviour {
  private enum Activity: Int { case browse, read, post, comment }

  let model: VisitModel
  private let choice: PageChoice
  private let lengths: QuantileTable
  private let seedPosts: Int

  init(_ service: AlumniService, _ model: VisitModel) {
    self.model = model
    choice = PageChoice(service.reading)
    lengths = QuantileTable(LognormalDistribution(mean: service.meanBytes, sigma: 0.7))
    seedPosts = max(Int((Double(service.seedPosts) * model.setup.scale).rounded()), 1)
  }

  var page: ContainerID { model.container(1, 0) }

  var history: OperationLog {
    OperationLog(
      (0..<seedPosts).map { number in
        let seed = RandomStream.key(base: model.streamBase, entity: UInt64(number) | 1 << 40)
        var post = model.platformItem(number, seed: seed, bytes: lengths.value(bits: mix64(seed)))
        post.container = page
        return post
      })
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    switch Activity(rawValue: activity) {
    case .post:
      var post = model.publication(&visit, &stream, context, lengths: lengths)
      post.container = page
      context.write(post)
      return .writes
    case .comment where visit.lastRead != .none: return comment(&visit, &stream, &context)
    case .read:
      if let target = visit.takeTarget() { return choice.reading.thread(of: target, model, &visit, context) }
      return choice.reading.listing(of: page, by: .active, model, visit, context)
    default: return choice.reading.listing(of: page, by: .active, model, visit, context)
    }
  }

  private func comment(_ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var comment = model.publication(&visit, &stream, context, lengths: lengths)
    comment.object = visit.lastRead.rawValue
    comment.container = page
    context.write(comment)
    model.deliver(.reply, of: comment.subject, to: visit.lastRead.author, visit, &context)
    return .writes
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    // The thread that was opened ends the action; a listing leads on to one where the action needs it.
    guard !context.page.isEmpty else { return .done(outcome) }
    choice.chooseTargets(3, from: reply, context.page, &visit, &stream)
    guard activity != Activity.browse.rawValue, let target = visit.takeTarget() else { return .done(outcome) }
    if activity == Activity.read.rawValue { return choice.reading.thread(of: target, model, &visit, context) }
    visit.lastRead = target
    return comment(&visit, &stream, &context)
  }
}
