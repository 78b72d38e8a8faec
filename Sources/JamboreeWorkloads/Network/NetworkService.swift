import JamboreeKit

/// A social network within the company: statuses, photos and lists of one's own, and friends who see and answer them.
///
/// Friends are those whom a member follows in the population's graph, and whomever else the member has connected to.
public struct NetworkService: Service, PublicPlace {
  static let outline = VisitOutline(
    id: "network", summary: "a social network within the company: what friends share, and whom else one might know",
    activities: [
      .write("status", 350, counts: ["statuses", "contributions"], "say what one is doing"),
      .write("photo", 200, counts: ["photos", "contributions"], "share a photo"),
      .write("list", 122, counts: ["lists", "contributions"], "share a list of things"),
      .write("comment", 600, counts: ["comments", "contributions"], "answer what was read last"),
      .write("connect", 100, by: .everyone, counts: ["connects"], "become a friend of somebody who was suggested"),
      .write("disconnect", 8, by: .everyone, counts: ["disconnects"], "be a friend of somebody no longer"),
      .page("viewProfile", 7_000, counts: ["profiles"], "look at the profile of an author or of a friend"),
      .page("readFeed", 8_000, counts: ["feeds"], "look at what one's friends have shared"),
      .page("suggestions", 870, counts: ["suggestions"], "look at friends of a friend whom one might know"),
    ],
    verbs: [.connections, .recentByAuthors, .listing, .profile, .publish, .connect, .disconnect],
    counters: [("friendFeeds", "count"), ("candidates", "count"), ("photoBytes", "B")],
    derived: ["network.readShare", "network.friendFeedShare"],
    readBack: ["network.friendFeeds", "network.candidates", "network.friendFeedShare"])
  public static let descriptor = outline.descriptor

  /// What an item is, in ``Operation/kind``.
  enum Kind: UInt8 {
    case status
    /// ``Operation/value`` is its size in KiB; the photo itself is not stored.
    case photo
    case list, comment
  }

  public let parameters: NetworkParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try NetworkParameters(&reader)
  }

  /// Where everybody's items are listed, but for the comments, which no listing has.
  public static func publicPlace(ofService number: UInt8) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: number, kind: 1), number: 1)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
    let users = extent.users(parameters.visits)
    try extent.check(
      history: Double(users) * parameters.itemsPerMember, ofOne: largestShare(sigma: parameters.itemsSigma, of: users), "itemsPerMember",
      remedy: "lower itemsSigma")
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [MemoryShare("itemsPerMember", .items(furtherPlaces: 0), count: Double(extent.users(parameters.visits)) * parameters.itemsPerMember)]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let network = Network(parameters, VisitModel(Self.outline, parameters.rewarded, setup))
    let everybody = Dataset.Container(id: Self.publicPlace(ofService: setup.serviceNumber), name: "What everybody shares")
    return PreparedVisits(network, containers: [everybody], history: network.history, feed: network.feed.description, derive: Self.derive)
  }

  private static func derive(_ timeline: MetricTimeline) -> [Metric] {
    func total(_ name: String) -> Double { Double(timeline.total("network.\(name)")) }
    var metrics: [Metric] = []
    let reads = total("pageViews")
    let all = reads + total("contributions") + total("connects") + total("disconnects")
    if all > 0 { metrics.append(Metric(name: "network.readShare", value: reads / all, unit: "ratio")) }
    if total("feeds") > 0 {
      metrics.append(Metric(name: "network.friendFeedShare", value: total("friendFeeds") / total("feeds"), unit: "ratio"))
    }
    return metrics
  }
}
