import JamboreeKit

/// A jam: an online brainstorm of some days in forums, where people post ideas, reply and rate.
public struct JamService: Service {
  public static let descriptor = ServiceDescriptor(
    id: "jam", summary: "an online brainstorm: forums of ideas, replies and ratings", actions: JamActions.descriptors,
    verbs: [.join, .listing, .thread, .item, .publish, .react],
    figures: JamMetricIndices.descriptors(regions: []).map(\.name) + ["jam.online.*"] + JamSummary.names)

  public let parameters: JamParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try JamParameters(&reader)
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [MemoryShare("seedIdeasPerForum", .items(furtherPlaces: 0), count: Double(parameters.seedIdeasPerForum * parameters.forums))]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    PreparedJam(JamModel(parameters, setup))
  }
}

final class PreparedJam: PreparedService {
  private let model: JamModel

  init(_ model: JamModel) { self.model = model }

  var metrics: [MetricDescriptor] { JamMetricIndices.descriptors(regions: model.population.regions) }

  var containers: [Dataset.Container] {
    (0..<model.parameters.forums).map { Dataset.Container(id: model.forum($0), name: "Forum \($0 + 1)") }
      + [Dataset.Container(id: model.event, name: "Jam")]
  }

  var history: OperationLog {
    let perForum = model.parameters.seedIdeasPerForum
    let ideas = (0..<(perForum * model.parameters.forums)).map { index in
      var publish = Operation(verb: .publish, action: model.actions.postIdea, actor: .platform, intended: .zero)
      publish.subject = ItemID(author: .platform, service: model.serviceNumber, sequence: UInt32(index + 1))
      publish.container = model.forum(index / max(perForum, 1))
      publish.payloadSeed = model.quality.textSeed(ofPlatformItem: index + 1)
      publish.payloadLength = UInt32(model.parameters.posts.meanBytes)
      publish.topic = UInt16(publish.payloadSeed & 63)
      publish.flags.insert(.isBackground)
      return publish
    }
    return OperationLog(ideas)
  }

  var latentQuality: LatentQuality? { model.quality }
  var judgedContainers: [ContainerID] { (0..<model.parameters.forums).map(model.forum) }

  /// How many pages are looked at is drawn visit by visit, and how many posts are replies depends on what is read.
  var planned: [PlannedCrowd] {
    var (posts, ratings): (Int64, Int64) = (0, 0)
    for participant in 0..<model.participantCount {
      posts += Int64(model.posts(of: participant))
      ratings += Int64(model.ratings(of: participant))
    }
    return [
      PlannedCrowd(
        name: "jam", people: model.population.count, participants: model.participantCount, workingDays: nil,
        amounts: [
          PlannedCrowd.Amount(action: "jam.join", count: Int64(model.participantCount)),
          PlannedCrowd.Amount(action: "jam.postIdea and jam.reply", count: posts), PlannedCrowd.Amount(action: "jam.rate", count: ratings),
        ])
    ]
  }

  func makeAgents(shard: Int) -> any ServiceAgents { JamAgents(model, shard: shard) }

  func derivedMetrics(_ timeline: MetricTimeline) -> [Metric] { JamSummary(timeline, model).metrics }
}
