import JamboreeKit

/// What a scenario says about the social network. The defaults are those of the reference platform's 53,000 members, of whom 8%
/// come on a working day; `Scenarios/social-blue.yaml` names their sources.
public struct NetworkParameters: Sendable {
  /// As the scenario has them; what points change is in ``rewarded``.
  public var visits: VisitParameters
  public var feed: FeedParameters
  /// Whether members are given points for what they contribute, which they then do twice as much.
  public var points: Bool
  /// Items that exist at the start, for each member.
  public var itemsPerMember: Double
  /// How long before the start the first of them was published.
  public var itemsAgeNanoseconds: Int64
  /// Standard deviation of the logarithm of how many of them a member has published.
  public var itemsSigma: Double
  /// Share of the profiles looked at that are of the author of something seen; the others are a friend's.
  public var authorShare: Double
  public var photoSize: PhotoSize
  public var text: TextLengths

  /// How large photos are: lognormal.
  public struct PhotoSize: Sendable {
    /// In KiB.
    public var mean: Double
    /// Standard deviation of the logarithm.
    public var sigma: Double
  }

  /// Mean lengths of what is written, in bytes; lognormal.
  public struct TextLengths: Sendable {
    public var status: Double
    /// What is written beneath a photo.
    public var photo: Double
    public var list: Double
    public var comment: Double
    /// Standard deviation of the logarithm, of each of them.
    public var sigma: Double
  }

  /// How much more is contributed where it earns points (Farzan and others 2008).
  static let pointsFactor = 2.0

  static let standard = VisitParameters(
    participation: 0.13302, dailyActive: 0.08, actionsPerDay: 0.325472, actionsPerVisit: 4, thinkSeconds: 40,
    writers: VisitParameters.Writers(share: 0.3))

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, NetworkService.outline, Self.standard)
    feed = try FeedParameters(&reader)
    points = try reader.boolean(
      "points", default: false, "whether contributions earn points, which doubles them and leaves everything else as it is")
    itemsPerMember = try reader.number(
      "itemsPerMember", default: 0.2, in: 0...1_000, unit: "items", "items that exist at the start, for each member")
    itemsAgeNanoseconds = try reader.duration(
      "itemsAge", default: 12 * 86_400_000_000_000, in: 1_000_000_000...3_650 * 86_400_000_000_000, "age of the first of them")
    itemsSigma = try reader.number(
      "itemsSigma", default: 1.5, in: 0...4, "standard deviation of the logarithm of how many of them a member has published")
    authorShare = try reader.number(
      "authorShare", default: 0.6, in: 0...1, "of the profiles looked at, those of authors of what was seen; the others are of friends")
    photoSize = try reader.section("photoSize", "how large photos are (lognormal)") { reader throws(ConfigurationError) in
      PhotoSize(
        mean: try reader.number("mean", default: 500, in: 1...1_000_000, unit: "KiB", "mean"),
        sigma: try reader.number("sigma", default: 0.8, in: 0...3, "standard deviation of the logarithm"))
    }
    text = try reader.section("text", "how long texts are (lognormal)") { reader throws(ConfigurationError) in
      func length(_ key: String, _ standard: Double, _ summary: String) throws(ConfigurationError) -> Double {
        try reader.number(key, default: standard, in: 1...65_536, unit: "B", summary)
      }
      return TextLengths(
        status: try length("status", 80, "mean of a status"),
        photo: try length("photo", 60, "mean of what is written beneath a photo"),
        list: try length("list", 300, "mean of a list"), comment: try length("comment", 120, "mean of a comment"),
        sigma: try reader.number("sigma", default: 0.7, in: 0...3, "standard deviation of the logarithm, of each"))
    }
  }

  /// The visits as they are with or without points: those actions alone are done more often that earn some.
  var rewarded: VisitParameters {
    guard points else { return visits }
    var rewarded = visits
    for activity in Network.Activity.contributions { rewarded.mix[activity.rawValue] *= Self.pointsFactor }
    rewarded.actionsPerDay *= rewarded.mix.reduce(0, +) / visits.mix.reduce(0, +)
    return rewarded
  }
}
