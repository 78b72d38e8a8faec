import JamboreeKit

private let hour: Int64 = 3_600_000_000_000

/// What a scenario says about the public: how many readers there are, what goes viral, and when everybody logs in.
public struct PublicParameters: Sendable {
  public var visits: VisitParameters
  public var reading: PageReading
  /// People outside who ever read; scales.
  public var readers: Int
  /// External posts that are there at the start; scales.
  public var seedPosts: Int
  public var external: External
  public var viral: Viral
  public var logins: Logins

  /// What employees post outside, under their own names.
  public struct External: Sendable {
    /// Share of the employees who do.
    public var share: Double
    public var postsPerDay: Double
  }

  /// A single item that a crowd comes to see.
  public struct Viral: Sendable {
    /// Views in all, one a visitor; scales. 0: nothing goes viral.
    public var views: Int
    public var peakNanoseconds: Int64
    public var widthNanoseconds: Int64
  }

  /// Employees who all log in at about the same time.
  public struct Logins: Sendable {
    /// Of the employees; 0: there is no storm.
    public var share: Double
    public var peakNanoseconds: Int64
    public var widthNanoseconds: Int64
  }

  static let standard = VisitParameters(
    participation: 1, dailyActive: 0.2, actionsPerDay: 0.8, actionsPerVisit: 4, thinkSeconds: 40, arrivals: .leisure)

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, PublicService.readers, Self.standard)
    reading = try PageReading(&reader)
    readers = try reader.integer("readers", default: 50_000, in: 0...Audience.mostAnonymous, unit: "people", "who read from outside; scales")
    seedPosts = try reader.integer("seedPosts", default: 2_000, in: 1...1_000_000, "external posts at the start; scales")
    external = try reader.section("external", "what employees post outside") { reader throws(ConfigurationError) in
      External(
        share: try reader.number("share", default: 0.01, in: 0...1, "of the employees who do"),
        postsPerDay: try reader.number("postsPerDay", default: 0.1, in: 0...1000, "posts of each of them on a working day"))
    }
    viral = try reader.section("viral", "an item that a crowd comes to see") { reader throws(ConfigurationError) in
      Viral(
        views: try reader.integer("views", default: 0, in: 0...Audience.mostAnonymous, "views in all, one a visitor; scales; 0: none"),
        peakNanoseconds: try reader.duration("peak", default: 12 * hour, in: 0...8760 * hour, "when most come, from the start"),
        widthNanoseconds: try reader.duration("width", default: 72 * hour, in: hour...720 * hour, "from the first to the last of them"))
    }
    logins = try reader.section("logins", "a storm of logins") { reader throws(ConfigurationError) in
      Logins(
        share: try reader.number("share", default: 0, in: 0...1, "of the employees who log in; 0: none"),
        peakNanoseconds: try reader.duration("peak", default: 9 * hour, in: 0...8760 * hour, "when most do, from the start"),
        widthNanoseconds: try reader.duration("width", default: hour / 6, in: 1_000_000_000...720 * hour, "from the first to the last"))
    }
  }
}
