import JamboreeKit

/// Self-policing: nobody removes anything from above. Members answer, vote down and flag what breaks the rules; what enough of
/// them have flagged is collapsed for everybody, until enough others stand up for it.
///
/// Whether an item is collapsed is not stored anywhere: it follows from the flags and votes that a page shows of it.
public struct ModerationService: Service {
  static let members = VisitOutline(
    id: "moderation", summary: "members who flag, answer and vote down what breaks the rules",
    activities: [
      .page("read", 80, counts: ["reads"], "look at the newest posts of the commons and of other public places"),
      .write("post", 6, counts: ["posts"], "post in the commons; some of it breaks the rules"),
      .write("flag", 5, by: .everyone, counts: ["flagChecks"], "flag a post on the page that breaks the rules, if there is one"),
      .write("voteDown", 4, by: .everyone, counts: ["voteChecks"], "vote such a post down"),
      .write("standUp", 3, by: .everyone, counts: ["defenceChecks"], "vote for a post that is flagged and breaks no rule"),
      .write("counterReply", 2, counts: ["replyChecks"], "answer such a post"),
    ],
    verbs: [.listing, .publish, .react, .deliver],
    counters: [
      ("offences", "count"), ("flags", "count"), ("downVotes", "count"), ("defences", "count"), ("counterReplies", "count"),
      ("mistakenFlags", "count"), ("exposures", "count"), ("collapsedViews", "count"), ("wronglyCollapsedViews", "count"),
      ("innocentViews", "count"), ("collapses", "count"), ("secondsToCollapse", "s"), ("wrongCollapses", "count"),
      ("offenceExposures", "count"), ("newCollapses", "count"),
    ],
    derived: ["moderation.exposuresPerOffence", "moderation.meanSecondsToCollapse", "moderation.wronglyCollapsedShare"],
    readBack: [
      "moderation.flags", "moderation.downVotes", "moderation.defences", "moderation.counterReplies", "moderation.mistakenFlags",
      "moderation.exposures", "moderation.collapsedViews", "moderation.wronglyCollapsedViews", "moderation.innocentViews",
      "moderation.collapses", "moderation.secondsToCollapse", "moderation.wrongCollapses", "moderation.offenceExposures",
      "moderation.newCollapses", "moderation.exposuresPerOffence",
      "moderation.meanSecondsToCollapse", "moderation.wronglyCollapsedShare", "moderation.brigade.flags",
    ])
  static let brigade = VisitOutline(
    id: "moderation", part: "brigade", summary: members.summary,
    activities: [.write("brigade", 1, by: .everyone, counts: ["attempts"], "as one of a hostile group, flag a post of those whom it is after")],
    verbs: [], counters: [("flags", "count")])

  public static let descriptor = ServiceDescriptor(
    id: members.id, summary: members.summary, actions: members.actions + brigade.actions, verbs: members.verbs,
    figures: members.figures + brigade.figures, readBackFigures: members.readBack)

  public let parameters: ModerationParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try ModerationParameters(&reader)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
    try extent.check(parameters.seedPosts, "seedPosts", atMost: mostPlatformItems)
    // In a sample that has fewer employees than the group has members, all of them are in it.
    guard parameters.brigade.members <= extent.full.employees else {
      throw ServiceFault(
        "brigade.members",
        "\(parameters.brigade.members) are more than the \(extent.full.employees) employees there are; lower it, or raise population.employees")
    }
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [MemoryShare("seedPosts", .items(furtherPlaces: 0), count: Double(parameters.seedPosts) * extent.scale)]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let model = VisitModel(Self.members, parameters.visits, setup)
    let commons = Commons(parameters, model)
    var hostile = parameters.visits
    // A number of people, not a share of the company.
    let employees = setup.population.affiliations.count { $0 == .employee }
    hostile.participation = min(Double(parameters.brigade.members) / Double(max(employees, 1)), 1)
    (hostile.dailyActive, hostile.actionsPerDay, hostile.actionsPerVisit) = (1, parameters.brigade.flagsPerDay, 5)
    hostile.mix = [1]
    let brigade = VisitModel(Self.brigade, hostile, setup.after([Self.members]))
    return CombinedVisits([
      PreparedVisits(
        SelfPolicing(parameters, model, commons), containers: [Dataset.Container(id: commons.page, name: "Commons")],
        history: commons.history, derive: { Self.derive($0) }),
      PreparedVisits(Brigade(model: brigade, commons: commons, parameters: parameters, wrongCollapses: model.metric("wrongCollapses"))),
    ])
  }

  private static func derive(_ timeline: MetricTimeline) -> [Metric] {
    func total(_ name: String) -> Double { Double(timeline.total("moderation.\(name)")) }
    var metrics: [Metric] = []
    if total("offences") > 0 {
      metrics.append(
        Metric(
          name: "moderation.exposuresPerOffence", value: total("offenceExposures") / total("offences"), unit: "count", polarity: .lowerIsBetter))
    }
    if total("newCollapses") > 0 {
      metrics.append(
        Metric(
          name: "moderation.meanSecondsToCollapse", value: total("secondsToCollapse") / total("newCollapses"), unit: "s",
          polarity: .lowerIsBetter))
    }
    let innocent = total("innocentViews") + total("wronglyCollapsedViews")
    if innocent > 0 {
      metrics.append(
        Metric(
          name: "moderation.wronglyCollapsedShare", value: total("wronglyCollapsedViews") / innocent, unit: "ratio",
          polarity: .lowerIsBetter))
    }
    return metrics
  }
}

/// Where it happens, and the rule by which the community's word counts: the same for everybody.
struct Commons: Sendable {
  private let model: VisitModel
  private let threshold: Int32
  private let seedPosts: Int
  /// The commons, and the public places of the scenario's other services.
  let places: [ContainerID]
  let lengths = QuantileTable(LognormalDistribution(mean: 300, sigma: 0.7))

  init(_ parameters: ModerationParameters, _ model: VisitModel) {
    self.model = model
    threshold = Int32(parameters.threshold)
    seedPosts = max(Int((Double(parameters.seedPosts) * model.setup.scale).rounded()), 1)
    places = [model.container(1, 0)] + model.setup.publicPlaces
  }

  var page: ContainerID { places[0] }
  /// One of the places, each as likely as any other.
  func place(_ stream: inout RandomStream) -> ContainerID { places[stream.next(below: places.count)] }

  /// Flags less those who stand up for it. A member's flag counts once, however often it is given.
  func weight(_ row: ItemRow) -> Int32 { row.flagCount - max(row.voteSum, 0) }
  func isCollapsed(_ row: ItemRow) -> Bool { weight(row) >= threshold }
  /// Whether one flag more collapses it.
  func isOnTheBrink(_ row: ItemRow) -> Bool { weight(row) == threshold - 1 }

  var history: OperationLog {
    OperationLog(
      (0..<seedPosts).map { number in
        let seed = RandomStream.key(base: model.streamBase, entity: UInt64(number) | 1 << 40)
        var post = model.platformItem(number, seed: seed, bytes: lengths.value(bits: mix64(seed)))
        post.container = page
        return post
      })
  }
}
