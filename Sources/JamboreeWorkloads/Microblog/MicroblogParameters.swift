import JamboreeKit

/// What a scenario says about a microblog. The defaults are those of the reference platform's experiment with 1,257 people who
/// posted; `Scenarios/blue-twit.yaml` names their sources.
public struct MicroblogParameters: Sendable {
  public var visits: VisitParameters
  public var feed: FeedParameters
  /// Messages that exist at the start; scales.
  public var messages: Int
  /// How long before the start the first of them was published.
  public var messagesAgeNanoseconds: Int64
  /// Whom a reader follows at the start, on average.
  public var following: Double
  public var followingSigma: Double
  /// Followers have a power law with this exponent.
  public var followerExponent: Double
  /// Share of those newly followed whom the reader has met on the last page, where somebody answers them or passes on their words.
  public var followMetShare: Double
  public var meanBytes: Double
  public var bytesSigma: Double
  public var negativeShare: Double

  static let standard = VisitParameters(
    participation: 0.012548, dailyActive: 1, actionsPerDay: 13.171, actionsPerVisit: 13, thinkSeconds: 60,
    thinkSigma: 0.5, writers: VisitParameters.Writers(share: 0.2514, heavyShare: 0.02705, heavyFactor: 19))

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, MicroblogService.outline, Self.standard)
    feed = try FeedParameters(&reader)
    messages = try reader.integer(
      "messages", default: 20_000, in: 0...10_000_000, unit: "messages", "messages at the start; scales")
    messagesAgeNanoseconds = try reader.duration(
      "messagesAge", default: 107 * 86_400_000_000_000, in: 1_000_000_000...3_650 * 86_400_000_000_000, "age of the first of them")
    following = try reader.number(
      "following", default: 12, in: 0...200, unit: "people", "whom a reader follows at the start (lognormal)")
    followingSigma = try reader.number("followingSigma", default: 1, in: 0...3, "standard deviation of its logarithm")
    followerExponent = try reader.number(
      "followerExponent", default: 2.3, in: 1.1...10, "exponent of the power law that the number of followers has")
    followMetShare = try reader.number(
      "followMetShare", default: 0.7, in: 0...1, "of those newly followed, who were answered or passed on by what was read last")
    meanBytes = try reader.number(
      "meanBytes", default: 80, in: 1...Double(MicroblogService.longestMessage), unit: "B",
      "mean length of a message before it is cut (lognormal)")
    bytesSigma = try reader.number("bytesSigma", default: 0.6, in: 0...3, "standard deviation of its logarithm")
    negativeShare = try reader.number("negativeShare", default: 0.08, in: 0...1, "of the messages, whose tone is negative")
  }
}
