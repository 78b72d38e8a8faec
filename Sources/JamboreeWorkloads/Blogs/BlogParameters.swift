import JamboreeKit

/// What a scenario says about the blogs. The defaults are those of the reference platform's 100,000 users and 17,000 blogs;
/// `Scenarios/blog-central.yaml` names their sources.
public struct BlogParameters: Sendable {
  public var visits: VisitParameters
  /// Share of the participants who own a blog each.
  public var owners: Double
  /// Posts that each blog has at the start, by its owner.
  public var seedPostsPerBlog: Int
  /// How long before the start the first of these was made; they lie evenly over the time until then.
  public var seedSpanNanoseconds: Int64
  /// A blog's page, or the front page.
  public var reading: PageReading
  /// Share of the listings that are of the front page rather than of a blog.
  public var frontPageShare: Double
  /// Readers' choice: the n-th blog's weight is n to the power of minus this.
  public var blogSkew: Double
  /// Entries on a post's page, the post and its newest comments.
  public var threadPageLength: Int
  public var meanBytes: Double
  public var commentBytes: Double
  public var bytesSigma: Double
  /// Share of the comments that are negative in tone.
  public var negativeShare: Double
  /// Standard deviation of the posts' true quality, in marks.
  public var qualitySpread: Double
  /// Standard deviation of one person's judgement, in marks.
  public var judgementNoise: Double

  private static let day: Int64 = 86_400_000_000_000

  static let standard = VisitParameters(
    participation: 0.25097, dailyActive: 0.3, actionsPerDay: 1.554, actionsPerVisit: 5, thinkSeconds: 60)

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, BlogService.outline, Self.standard)
    owners = try reader.number("owners", default: 0.17, in: 0...1, "share of the users who own a blog")
    seedPostsPerBlog = try reader.integer(
      "seedPostsPerBlog", default: 3, in: 0...1000, unit: "posts", "posts in each blog at the start")
    seedSpanNanoseconds = try reader.duration(
      "seedSpan", default: 127 * Self.day, in: 0...(3650 * Self.day), "how long before the start the first of these was made")
    reading = try PageReading(&reader, pageLength: 10)
    frontPageShare = try reader.number(
      "frontPageShare", default: 0.3, in: 0...1, "share of the listings that are of the front page")
    blogSkew = try reader.number(
      "blogSkew", default: 1, in: 0...5, "weight of the n-th blog among readers is n to the power of minus this")
    threadPageLength = try reader.integer(
      "threadPageLength", default: 20, in: 1...1000, "a post and its comments shown on its page")
    meanBytes = try reader.number(
      "meanBytes", default: 1_800, in: 1...65_536, unit: "B", "mean length of a post's text (lognormal)")
    commentBytes = try reader.number("commentBytes", default: 400, in: 1...65_536, unit: "B", "mean length of a comment's")
    bytesSigma = try reader.number("bytesSigma", default: 0.8, in: 0...3, "standard deviation of their logarithm")
    negativeShare = try reader.number("negativeShare", default: 0.1, in: 0...1, "share of the comments that are negative in tone")
    qualitySpread = try reader.number(
      "qualitySpread", default: 0.7, in: 0...10, unit: "marks", "standard deviation of the posts' true quality")
    judgementNoise = try reader.number(
      "judgementNoise", default: 1, in: 0...10, unit: "marks", "standard deviation of one person's judgement")
    let publishes = visits.mix[Blogs.Activity.publish.rawValue] > 0
    guard owners > 0 || !publishes || reader.describesOnly else {
      throw reader.fail("owners", "nobody owns a blog, but 'publish' is in the mix; raise it, or give a mix without publish")
    }
  }
}
