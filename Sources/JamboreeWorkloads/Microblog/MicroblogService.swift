import JamboreeKit

/// A microblog: messages of at most 140 bytes, and readers who choose whom they follow.
public struct MicroblogService: Service, PublicPlace {
  /// Bytes that a message has at most.
  public static let longestMessage = 140

  static let outline = VisitOutline(
    id: "microblog", summary: "short messages, shown to those who follow their authors",
    activities: [
      .page("readTimeline", 5_610, counts: ["timelines"], "look at the messages of those whom one follows"),
      .call("poll", 60_000, counts: ["polls"], "ask whether there is a new one, as a client in the background does"),
      .write("post", 56, counts: ["posts", "messages"], "publish a message"),
      .write("reply", 112, counts: ["replies", "messages"], "answer a message that was read"),
      .write("repost", 19, counts: ["reposts", "messages"], "pass on a message that was read"),
      .write("follow", 50, by: .everyone, counts: ["follows"], "follow somebody who was met in what was read, or is popular"),
      .write("unfollow", 8, by: .everyone, counts: ["unfollows"], "follow somebody no longer"),
    ],
    verbs: [.connections, .recentByAuthors, .listing, .publish, .connect, .disconnect],
    counters: [("newPolls", "count"), ("negativeMessages", "count"), ("messageBytes", "B")],
    derived: ["microblog.readsPerMessage", "microblog.replyShare"], readBack: ["microblog.newPolls"])
  public static let descriptor = outline.descriptor

  /// The kind of tie between a reader and whose messages the reader wants to see. It is not that of the company's network, whose
  /// graph the population has.
  public static let following = ConnectionKind(rawValue: 128)

  /// What messages are, in ``Operation/kind``.
  enum Kind: UInt8 {
    case message
    /// Passed on; ``Operation/value`` is the number of the member whose message it was.
    case repost
  }

  public let parameters: MicroblogParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try MicroblogParameters(&reader)
  }

  /// Where all messages are listed, but for the answers, which no listing has.
  public static func publicPlace(ofService number: UInt8) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: number, kind: 1), number: 1)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
    try extent.check(
      history: Double(parameters.messages) * extent.scale, ofOne: extent.largestWriterShare(parameters.visits), "messages",
      remedy: "raise writers.share")
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [
      // A thread of answers takes about as much as two places more that list its messages.
      MemoryShare("messages", .items(furtherPlaces: 2), count: Double(parameters.messages) * extent.scale),
      MemoryShare("following", .ties, count: Double(extent.users(parameters.visits)) * parameters.following),
    ]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let microblog = Microblog(parameters, VisitModel(Self.outline, parameters.visits, setup))
    let timeline = Dataset.Container(id: Self.publicPlace(ofService: setup.serviceNumber), name: "Everybody's messages")
    return PreparedVisits(microblog, containers: [timeline], history: microblog.history, feed: microblog.feed.description,
      derive: Self.derive)
  }

  private static func derive(_ timeline: MetricTimeline) -> [Metric] {
    let messages = Double(timeline.total("microblog.messages"))
    guard messages > 0 else { return [] }
    return [
      Metric(name: "microblog.readsPerMessage", value: Double(timeline.total("microblog.timelines")) / messages, unit: "ratio"),
      Metric(name: "microblog.replyShare", value: Double(timeline.total("microblog.replies")) / messages, unit: "ratio"),
    ]
  }
}
