import Foundation
import JamboreeKit

/// What a scenario promises of its own outcome.
public struct Expectation: Sendable, Hashable {
  /// Name of a total, metric or figure, such as `jam.pageViews`.
  public let metric: String
  /// Wanted at scale 1; nil when only limits are given.
  public let value: Double?
  /// Relative: 0.02 is 2% either way.
  public let tolerance: Double
  public let minimum: Double?
  public let maximum: Double?
  /// Whether `value` and the limits are in proportion to the population.
  public let scales: Bool
  /// Below this scale it is not held against the run: some things do not show in a small sample.
  public let fromScale: Double
  /// Whether the figure follows from what the backend answers, so that a synthetic one is not held to it.
  public internal(set) var isReadBack = false
  /// Variance over mean of what is counted: 1 for independent single events, more when they come in bunches.
  public let dispersion: Double

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    metric = try reader.text("metric", default: nil, "name of a total or metric, such as jam.pageViews")
    let any = -Double.infinity...Double.infinity
    value = try reader.optionalNumber("value", in: any, "wanted at scale 1")
    tolerance = try reader.number(
      "tolerance", default: 0.02, in: 0...1, "relative, around the value, at most 100%; never less than 3 standard errors")
    minimum = try reader.optionalNumber("min", in: any, "least allowed")
    maximum = try reader.optionalNumber("max", in: any, "most allowed")
    scales = try reader.boolean(
      "scales", default: value != nil, "whether value, min and max are in proportion to the population; true by default with a value")
    fromScale = try reader.number(
      "fromScale", default: 0, in: 0...100, "not checked at a smaller scale than this, where it does not show")
    dispersion = try reader.number("dispersion", default: 1, in: 0...1e12, "variance over mean of what is counted, for the standard error")
    if reader.describesOnly { return }
    guard metric.contains(where: { !$0.isWhitespace }) else { throw reader.fail("metric", "the name is empty; name a total such as jam.pageViews") }
    guard printable(metric, limit: 200) == metric else {
      throw reader.fail("metric", "the name is longer than 200 characters or has control characters; name a total such as jam.pageViews")
    }
    guard value != nil || minimum != nil || maximum != nil else {
      throw reader.fail("metric", "there is nothing to hold '\(printable(metric))' against; add a value, a min or a max")
    }
    if let minimum, let maximum, minimum > maximum {
      throw reader.fail("min", "min \(plain(minimum)) is above max \(plain(maximum)), so nothing could pass; exchange them")
    }
  }

  /// Why a run is not held to an expectation.
  public enum Exemption: String, Sendable, CaseIterable {
    /// It is of the event as a whole, and a load is a part of it.
    case underLoad
    /// It depends on replies, and the backend's are made up.
    case madeUpReplies
    /// The scale is below ``Expectation/fromScale``.
    case belowItsScale
    /// Three standard errors are as much as the figure itself: even nothing at all would pass, so that one which passes has shown
    /// nothing. One that does not has failed all the same.
    case withinNoise
  }

  /// Why a run is not held to it; nil for one that is.
  /// - Parameters:
  ///   - scale: what the population was multiplied by.
  ///   - onSynthetic: whether the backend's replies are made up.
  ///   - underLoad: whether it ran at wall-clock pace.
  public func exemption(scale: Double, onSynthetic: Bool, underLoad: Bool = false) -> Exemption? {
    if underLoad, !appliesUnderLoad { return .underLoad }
    if isReadBack, onSynthetic { return .madeUpReplies }
    if fromScale > scale { return .belowItsScale }
    return isWithinNoise(scale: scale) ? .withinNoise : nil
  }

  /// Whether a run is held to it: see ``exemption(scale:onSynthetic:underLoad:)``.
  public func applies(scale: Double, onSynthetic: Bool) -> Bool { exemption(scale: scale, onSynthetic: onSynthetic) == nil }

  /// Whether the room for noise alone makes the least that passes of a count nothing, or less. What tolerance or limits say is meant.
  private func isWithinNoise(scale: Double) -> Bool {
    let target = (value ?? 0) * scale
    let least = (minimum ?? 0) * scale
    if scales, let minimum, minimum > 0, scale >= 1 || noise(of: least) < least { return false }
    if value != nil { return target > 0 && noise(of: target) >= target }
    return maximum == nil && least > 0 && needsRoom(scale: scale) && noise(of: least) >= least
  }

  /// Limits are meant as they stand; only at another size than the scenario's own do they need room for noise.
  private func needsRoom(scale: Double) -> Bool { scales && scale < 1 }

  /// Whether it is of the system under test alone, latencies, rates and errors, those of the ranker among them, so that a load is held
  /// to it: what members do altogether is no matter for a part of the event.
  public var appliesUnderLoad: Bool {
    metric.hasSuffix("Nanoseconds") || ["load.", "audit.", "server.", "ranking."].contains(where: metric.hasPrefix)
      || ["errors", "operationsPerSecond"].contains(metric)
  }

  /// Holds an observed figure against the expectation.
  ///
  /// The population is a sample, and smaller samples scatter more: a figure that scales may be off by three standard
  /// errors of a count of its size, even where the stated tolerance is less.
  /// - Parameters:
  ///   - observed: nil when the run has no such figure, which does not pass.
  ///   - scale: what the population was multiplied by.
  public func evaluate(observed: Double?, scale: Double) -> CheckResult {
    let factor = scales ? scale : 1
    var low = -Double.infinity
    var high = Double.infinity
    var note = ""
    if let value {
      let target = value * factor
      let noise = noise(of: target)
      let allowed = max(tolerance * abs(target), noise)
      low = target - allowed
      high = target + allowed
      let share = target == 0 ? tolerance : allowed / abs(target)
      // Of next to nothing the share says nothing.
      let spread = share > 10 ? short(allowed) : "\(short((share * 1000).rounded() / 10))%"
      note = " (\(short(target)) +-\(spread)\(noise > tolerance * abs(target) ? ", 3 standard errors" : ""))"
    }
    let needsRoom = needsRoom(scale: scale)
    if let minimum { low = max(low, minimum * factor - (needsRoom ? noise(of: minimum * factor) : 0)) }
    if let maximum { high = min(high, maximum * factor + (needsRoom ? noise(of: maximum * factor) : 0)) }
    let limit =
      switch (low.isFinite, high.isFinite) {
      case (true, true): "\(short(low))...\(short(high))\(note)"
      case (true, false): ">= \(short(low))"
      default: "<= \(short(high))"
      }
    let passed = observed.map { $0 >= low && $0 <= high } ?? false
    return CheckResult(name: metric, observed: observed, limit: limit, passed: passed)
  }

  /// Three standard errors of a count that is expected to be `target`; 0 for figures that are no counts.
  private func noise(of target: Double) -> Double { scales ? 3 * (dispersion * abs(target)).squareRoot() : 0 }
}

/// How an expectation came out.
public struct CheckResult: Sendable, Hashable {
  /// The metric's name.
  public let name: String
  /// Nil when the run had no such figure.
  public let observed: Double?
  /// What would have passed, such as `27930000...29070000 (28500000 +-2%)`, `>= 5` or `<= 10`.
  public let limit: String
  public let passed: Bool

  public init(name: String, observed: Double?, limit: String, passed: Bool) {
    self.name = name
    self.observed = observed
    self.limit = limit
    self.passed = passed
  }
}

/// At most three decimals below 1000, none above, three significant digits of what is tiny; never a trap for huge values.
private func short(_ value: Double) -> String {
  guard abs(value) < 1e15 else { return "\(value)" }
  guard abs(value) < 0.001, value != 0 else { return plain(abs(value) >= 1000 ? value.rounded() : (value * 1000).rounded() / 1000) }
  // 17 digits would say no more than three do, and need a column of their own.
  return String(format: "%.3g", value)
}
