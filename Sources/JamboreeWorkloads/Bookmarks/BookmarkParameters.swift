import JamboreeKit

/// What a scenario says about the bookmarks. The defaults are those of the reference platform's 15,000 visitors and 365 bookmarks
/// a day; `Scenarios/dogear.yaml` names their sources.
public struct BookmarkParameters: Sendable {
  public var visits: VisitParameters
  /// Bookmarks that exist at the start; scales.
  public var bookmarks: Int
  /// How many different tags people use. It is a vocabulary, and does not scale.
  public var tags: Int
  /// Popularity: the n-th tag's weight is n to the power of minus this.
  public var tagExponent: Double
  /// Mean number of tags of a bookmark: 1 and a geometric number.
  public var tagsPerBookmark: Double
  public var links: Links
  /// Share of the looks at a person's bookmarks that are at the visitor's own.
  public var ownPages: Double
  public var reading: PageReading
  /// Mean length of title and description.
  public var meanBytes: Double
  public var bytesSigma: Double

  /// What bookmarks lead to: weights, relative to their sum.
  public struct Links: Sendable {
    /// Public bookmarks of pages of the internet.
    public var internet: Double
    /// Public bookmarks of pages of the company's own network.
    public var intranet: Double
    /// Bookmarks that nobody but their owner is shown, of either.
    public var hidden: Double
  }

  static let standard = VisitParameters(
    participation: 0.037645, dailyActive: 1, actionsPerDay: 1.021, actionsPerVisit: 3,
    arrivals: .workingHours, writers: VisitParameters.Writers(share: 0.27))

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, BookmarkService.outline, Self.standard)
    bookmarks = try reader.integer("bookmarks", default: 36_500, in: 0...10_000_000, "bookmarks at the start; scales")
    tags = try reader.integer("tags", default: 5_000, in: 1...1_000_000, "different tags that people use")
    tagExponent = try reader.number("tagExponent", default: 1, in: 0...5, "a tag's weight is its rank to the power of minus this")
    tagsPerBookmark = try reader.number("tagsPerBookmark", default: 2.5, in: 1...4, "mean tags of a bookmark (geometric from 1)")
    links = try reader.section("links", "what bookmarks lead to: weights, relative to their sum") {
      reader throws(ConfigurationError) in
      Links(
        internet: try reader.number("internet", default: 0.56, in: 0...1e6, "public, of the internet"),
        intranet: try reader.number("intranet", default: 0.38, in: 0...1e6, "public, of the company's own network"),
        hidden: try reader.number("private", default: 0.05, in: 0...1e6, "for their owner alone, of either"))
    }
    ownPages = try reader.number("ownPages", default: 0.25, in: 0...1, "share of the looks at a person's page that are at one's own")
    reading = try PageReading(&reader, isRanked: false)
    meanBytes = try reader.number(
      "meanBytes", default: 200, in: 1...65_536, unit: "B", "mean length of title and description (lognormal)")
    bytesSigma = try reader.number("bytesSigma", default: 0.7, in: 0...3, "standard deviation of its logarithm")
    guard links.internet + links.intranet + links.hidden > 0 || reader.describesOnly else {
      throw reader.fail("links", "all weights are 0; at least one kind of bookmark needs a weight above 0")
    }
    guard tagsPerBookmark <= Double(tags) || reader.describesOnly else {
      throw reader.fail("tagsPerBookmark", "\(tagsPerBookmark) tags each are more than the \(tags) there are; lower it, or raise tags")
    }
  }
}
