import JamboreeKit

/// What a scenario says about self-policing: who breaks the rules, who answers, and when the community's word counts.
public struct ModerationParameters: Sendable {
  public var visits: VisitParameters
  public var reading: PageReading
  /// An item is collapsed once so many more members have flagged it than stand up for it.
  public var threshold: Int
  /// Share of the commons' posts that break the rules.
  public var offending: Double
  /// Chance that a member flags by mistake where nothing on the page breaks the rules.
  public var mistakes: Double
  /// Posts that are there at the start; scales.
  public var seedPosts: Int
  public var brigade: Brigade

  /// A hostile group: it flags together what breaks no rule.
  public struct Brigade: Sendable {
    /// How many they are; does not scale, like the threshold that they are up against.
    public var members: Int
    /// Of each of them on a working day.
    public var flagsPerDay: Double
    /// Share of the authors whom they are after.
    public var targets: Double
  }

  static let standard = VisitParameters(
    participation: 0.02, dailyActive: 0.3, actionsPerDay: 1.5, actionsPerVisit: 6, thinkSeconds: 40,
    writers: VisitParameters.Writers(share: 0.2))

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, ModerationService.members, Self.standard)
    reading = try PageReading(&reader, opens: false)
    threshold = try reader.integer(
      "threshold", default: 5, in: 1...100_000, unit: "members", "so many more flag an item than vote for it, and it collapses")
    offending = try reader.number("offending", default: 0.02, in: 0...1, "share of posts that break the rules")
    mistakes = try reader.number("mistakes", default: 0.005, in: 0...1, "chance to flag where nothing on the page breaks the rules")
    seedPosts = try reader.integer("seedPosts", default: 200, in: 1...1_000_000, "posts that are there at the start; scales")
    brigade = try reader.section("brigade", "a hostile group that flags what breaks no rule") { reader throws(ConfigurationError) in
      Brigade(
        members: try reader.integer("members", default: 0, in: 0...100_000, "how many they are; does not scale"),
        flagsPerDay: try reader.number("flagsPerDay", default: 10, in: 0...1000, "of each of them on a working day"),
        targets: try reader.number("targets", default: 0.1, in: 0...1, "share of the authors whom they are after"))
    }
  }
}
