import JamboreeKit

/// What a scenario promises of its own outcome.
public struct Expectation: Sendable, Hashable {
  /// Name of a total, metric or figure, such as `jam.pageViews`.
  public let metric: String
  /// Wanted at scale 1; nil when only limits are given.
  public let value: Double?
  /// Relative.
  public let tolerance: Double
  public let minimum: Double?
  public let maximum: Double?
  /// Whether `value` is in proportion to the population.
  public let scales: Bool
  /// Variance over mean of what is counted: 1 for independent single events, more when they come in bunches.
  public let dispersion: Double

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    metric = try reader.text("metric", default: nil, "name of a total or metric, such as jam.pageViews")
    let any = -Double.infinity...Double.infinity
    value = try reader.optionalNumber("value", in: any, "wanted at scale 1")
    tolerance = try reader.number("tolerance", default: 0.02, in: 0...10, "relative; never less than 3 standard errors")
    minimum = try reader.optionalNumber("min", in: any, "least allowed")
    maximum = try reader.optionalNumber("max", in: any, "most allowed")
    scales = try reader.boolean("scales", default: value != nil, "whether the value is in proportion to the population")
    dispersion = try reader.number("dispersion", default: 1, in: 0...1e6, "variance over mean of what is counted")
    if reader.describesOnly { return }
    guard !metric.isEmpty else { throw reader.fail("metric", "the name is empty") }
    guard value != nil || minimum != nil || maximum != nil else {
      throw reader.fail("metric", "give a value, a min or a max to hold '\(metric)' against")
    }
    if let minimum, let maximum, minimum > maximum {
      throw reader.fail("min", "min \(minimum) is above max \(maximum); nothing could pass")
    }
  }

  /// Holds an observed figure against the expectation.
  /// - Parameter observed: nil when the run has no such figure, which does not pass.
  public func evaluate(observed: Double?, scale: Double) -> CheckResult {
    var low = minimum ?? -.infinity
    var high = maximum ?? .infinity
    var note = ""
    if let value {
      let target = scales ? value * scale : value
      // Three standard errors of a count of independent bunches.
      let noise = target > 0 ? 3 * (dispersion * target).squareRoot() / target : 0
      let allowed = max(tolerance, scales ? noise : 0)
      low = max(low, target - abs(target) * allowed)
      high = min(high, target + abs(target) * allowed)
      note = " (\(short(target)) +-\(short((allowed * 1000).rounded() / 10))%)"
    }
    let limit: String
    switch (low.isFinite, high.isFinite) {
    case (true, true): limit = "\(short(low))...\(short(high))\(note)"
    case (true, false): limit = ">= \(short(low))"
    default: limit = "<= \(short(high))"
    }
    let passed = observed.map { $0 >= low && $0 <= high } ?? false
    return CheckResult(name: metric, observed: observed, limit: limit, passed: passed)
  }
}

/// How an expectation came out.
public struct CheckResult: Sendable, Hashable {
  public let name: String
  /// Nil when the run had no such figure.
  public let observed: Double?
  /// What would have passed, in words.
  public let limit: String
  public let passed: Bool
}

private func short(_ value: Double) -> String {
  if abs(value) >= 1000, abs(value) < 1e15 { return "\(Int64(value.rounded()))" }
  let rounded = (value * 1000).rounded() / 1000
  return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
}
