import JamboreeKit

/// What a scenario says about the wikis. The defaults are those of the reference platform's 150,000 users and million views a
/// day; `Scenarios/wiki-central.yaml` names their sources.
public struct WikiParameters: Sendable {
  public var visits: VisitParameters
  /// Pages that exist at the start; scales.
  public var pages: Int
  /// Share of the pages that anybody still looks at.
  public var livePages: Double
  /// Popularity: the n-th page's weight is n to the power of minus this.
  public var popularity: Double
  /// Standard deviation of the logarithm of how much a page is edited.
  public var editSigma: Double
  public var meanBytes: Double
  public var bytesSigma: Double

  static let standard = VisitParameters(
    participation: 0.3765, dailyActive: 0.5, actionsPerDay: 6.767, actionsPerVisit: 8, thinkSeconds: 40,
    arrivals: .workingHours, writers: VisitParameters.Writers(share: 0.05))

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, WikiService.outline, Self.standard)
    pages = try reader.integer("pages", default: 200_000, in: 1...10_000_000, unit: "pages", "pages at the start; scales")
    livePages = try reader.number("livePages", default: 0.2, in: 0...1, "share of them that anybody still looks at")
    popularity = try reader.number("popularity", default: 0.9, in: 0...5, "the n-th page's weight is n to the power of minus this")
    editSigma = try reader.number("editSigma", default: 1.5, in: 0...4, "standard deviation of the logarithm of edits a page")
    meanBytes = try reader.number("meanBytes", default: 4_000, in: 1...65_536, unit: "B", "mean length of a page's text (lognormal)")
    bytesSigma = try reader.number("bytesSigma", default: 1, in: 0...3, "standard deviation of its logarithm")
  }
}
