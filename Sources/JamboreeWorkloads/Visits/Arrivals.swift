import JamboreeKit

/// When visits begin: relative weights of the local hours, the weekend, and an event's days, first and last hours.
public struct Arrivals: Sendable {
  /// Relative weight of each local hour, 0 to 23.
  public var localHours: [Double]
  /// Factor on Saturdays and Sundays, local time.
  public var weekendFactor: Double
  /// Factor of each day of the event, from its start; the last one holds for all further days.
  public var dayFactors: [Double] = []
  /// Factors of the event's first hours.
  public var openingFactors: [Double] = []
  /// Factors of the event's last hours.
  public var closingFactors: [Double] = []

  /// An office day with its evening, and the part of it that is left at weekends (assumed).
  public static let office = Arrivals(
    localHours: [0.3, 0.2, 0.15, 0.15, 0.2, 0.4, 1, 2.5, 6, 9, 10, 9.5, 7, 8, 9, 9, 8, 5.5, 3.5, 2.5, 2.5, 2.5, 1.8, 0.9],
    weekendFactor: 0.12)

  /// Of systems that are used for work itself: next to nothing in the evening, such that the peak hour of all regions together has
  /// 7 to 8 percent of a day (assumed).
  public static let workingHours = Arrivals(
    localHours: [0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 0.8, 2.5, 6.5, 9.5, 10.5, 10, 7, 8.5, 9.5, 9.5, 8, 5, 2.5, 1.5, 1.5, 1.5, 1, 0.5],
    weekendFactor: 0.12)

  /// Of people at home: evenings, and weekends as well as other days (assumed).
  public static let leisure = Arrivals(
    localHours: [2, 1, 0.6, 0.4, 0.4, 0.6, 1.5, 3, 4, 4, 4.5, 5, 5.5, 5, 4.5, 4.5, 5, 6, 7, 8, 9, 9, 7, 4], weekendFactor: 1.1)
}

extension Arrivals {
  /// Reads the hours and the weekend.
  init(hours reader: inout ParameterReader, _ standard: Arrivals) throws(ConfigurationError) {
    localHours = try reader.numbers(
      "localHours", count: 24, default: standard.localHours, in: 0...1e6, "relative weight of each local hour, 0 to 23")
    guard localHours.contains(where: { $0 > 0 }) else {
      throw reader.fail("localHours", "all weights are 0; at least one hour needs a weight above 0")
    }
    weekendFactor = try reader.number(
      "weekendFactor", default: standard.weekendFactor, in: 0...1000, "factor on Saturdays and Sundays, local time")
  }

  /// Reads all of it: for an event.
  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    try self.init(hours: &reader, .office)
    dayFactors = try reader.numbers(
      "dayFactors", count: nil, default: [1.15, 1, 0.85], in: 0...1000, "factor of each day of the event; the last holds on")
    openingFactors = try reader.numbers(
      "openingFactors", count: nil, default: [1.8, 1.8, 1.8, 1.3, 1.3, 1.3], in: 0...1e6, "factors of the first hours")
    closingFactors = try reader.numbers(
      "closingFactors", count: nil, default: [1.3, 1.3, 1.3, 1.3], in: 0...1e6, "factors of the last hours")
  }
}

/// Time between two actions of a visit: lognormal.
public struct ThinkTime: Sendable {
  public var meanNanoseconds: Int64
  public var sigma: Double

  init(_ reader: inout ParameterReader, _ standard: ThinkTime) throws(ConfigurationError) {
    self = try reader.section("thinkTime", "time between two actions of a visit (lognormal)") { reader throws(ConfigurationError) in
      ThinkTime(
        meanNanoseconds: try reader.duration("mean", default: standard.meanNanoseconds, in: 1_000_000...3_600_000_000_000, "mean"),
        sigma: try reader.number("sigma", default: standard.sigma, in: 0...3, "standard deviation of the logarithm"))
    }
  }

  init(meanNanoseconds: Int64, sigma: Double) {
    self.meanNanoseconds = meanNanoseconds
    self.sigma = sigma
  }
}
