import JamboreeKit

/// What a scenario says about the media library. The defaults are those of the reference platform's 14,000 files and 7,900 downloads
/// a day; `Scenarios/media-library.yaml` names their sources.
public struct MediaParameters: Sendable {
  public var visits: VisitParameters
  /// Files that exist at the start; scales.
  public var items: Int
  /// Popularity: the n-th file's weight is n to the power of minus this.
  public var popularity: Double
  /// Share of the downloads that are of a file found among the newest.
  public var newest: Double
  public var size: Size
  public var reading: PageReading
  /// Mean length of a file's description.
  public var descriptionBytes: Double
  /// Mean length of a comment.
  public var commentBytes: Double

  /// How large files are: lognormal, and independent of how popular they are.
  public struct Size: Sendable {
    public var meanBytes: Double
    /// Standard deviation of the logarithm.
    public var sigma: Double
  }

  static let standard = VisitParameters(
    participation: 0.25097, dailyActive: 0.05, actionsPerDay: 0.07995, actionsPerVisit: 2, thinkSeconds: 60,
    arrivals: .workingHours, writers: VisitParameters.Writers(share: 0.05))

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, MediaService.outline, Self.standard)
    items = try reader.integer("items", default: 14_000, in: 1...10_000_000, unit: "files", "files at the start; scales")
    popularity = try reader.number("popularity", default: 0.9, in: 0...5, "a file's weight is its rank to the power of minus this")
    newest = try reader.number("newest", default: 0.02, in: 0...1, "share of the downloads that are of a file found among the newest")
    size = try reader.section("size", "how large files are (lognormal)") { reader throws(ConfigurationError) in
      Size(
        meanBytes: try reader.number("mean", default: 5e6, in: 1024...1e11, unit: "B", "mean"),
        sigma: try reader.number("sigma", default: 1, in: 0...3, "standard deviation of the logarithm"))
    }
    reading = try PageReading(&reader, isRanked: false)
    descriptionBytes = try reader.number(
      "descriptionBytes", default: 500, in: 1...65_536, unit: "B", "mean length of a file's description (lognormal)")
    commentBytes = try reader.number("commentBytes", default: 200, in: 1...65_536, unit: "B", "mean length of a comment (lognormal)")
  }
}
