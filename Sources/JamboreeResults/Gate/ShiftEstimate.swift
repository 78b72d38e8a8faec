import Glibc
import JamboreeMetrics

/// By how much a figure differs between two programs, as far as processes that were measured tell.
///
/// Everything is in natural logarithms, in which a shift by a factor is a difference and noise in proportion to the figure
/// is the same whatever the figure is.
public struct ShiftEstimate: Sendable, Hashable {
  /// The logarithm of the figure now over the figure of the baseline.
  public let logRatio: Double
  public let standardError: Double
  public let degreesOfFreedom: Double
  /// Standard deviation of one process's figure around what it should be, as a part of it.
  public let noise: Double

  /// The figure now over the baseline's, less 1: 0.05 is 5% more.
  public var change: Double { expm1(logRatio) }

  /// The chance that a figure of the same program would rise so much, or more.
  public var chanceOfRise: Double { chance(logRatio) }
  /// The chance that a figure of the same program would fall so much, or more.
  public var chanceOfFall: Double { chance(-logRatio) }

  private func chance(_ shift: Double) -> Double {
    guard standardError > 0 else { return shift > 0 ? 0 : 1 }
    return StudentDistribution(degreesOfFreedom: degreesOfFreedom).upperTail(shift / standardError)
  }

  /// Where the true change lies in so many of the cases; as parts, like ``change``.
  /// - Parameter confidence: above 0 and below 1.
  public func interval(confidence: Double) -> ClosedRange<Double> {
    let reach = StudentDistribution(degreesOfFreedom: degreesOfFreedom).upperQuantile((1 - confidence) / 2) * standardError
    return expm1(logRatio - reach)...expm1(logRatio + reach)
  }

  /// The smallest true shift that would be found in so many of the cases under this noise, as a part: from the usual
  /// approximation of the noncentral t distribution by a normal one (Abramowitz and Stegun, 26.7.10).
  /// - Parameters:
  ///   - falseAlarms: the chance of an alarm without a shift.
  ///   - power: the chance of an alarm with it.
  public func findable(falseAlarms: Double, power: Double) -> Double {
    let limit = StudentDistribution(degreesOfFreedom: degreesOfFreedom).upperQuantile(falseAlarms)
    let normal = StudentDistribution(degreesOfFreedom: 1e7).upperQuantile(1 - power)
    let shifts = limit * (1 - 1 / (4 * degreesOfFreedom)) + normal * (1 + limit * limit / (2 * degreesOfFreedom)).squareRoot()
    return expm1(shifts * standardError)
  }

  /// The smallest true shift that would be measured as more than another in so many of the cases, as a part.
  /// - Parameter tolerance: the other one, as a part.
  public func findable(beyond tolerance: Double, power: Double) -> Double {
    expm1(log1p(tolerance) + StudentDistribution(degreesOfFreedom: 1e7).upperQuantile(1 - power) * standardError)
  }
}

/// What two processes of the baseline's program and two of this one showed of a figure, run one after the other.
public struct InterleavedRound: Sendable, Hashable {
  public var baseline: (Double, Double)
  public var now: (Double, Double)

  public init(baseline: (Double, Double), now: (Double, Double)) {
    self.baseline = baseline
    self.now = now
  }

  public static func == (a: Self, b: Self) -> Bool { a.baseline == b.baseline && a.now == b.now }
  public func hash(into hasher: inout Hasher) {
    for value in [baseline.0, baseline.1, now.0, now.1] { hasher.combine(value) }
  }
}

extension ShiftEstimate {
  /// From rounds of four processes each, `A B B A` and `B A A B` in turn.
  ///
  /// Least squares of the logarithm on the round and the program. The mean of a round drops out, and with it whatever
  /// the machine did from one round to the next; the order takes away what goes up or down steadily within one. Noise that is
  /// alike from one process to the next (an autocorrelation above 0) makes the difference of neighbours smaller than it is
  /// taken to be, so that alarms come more seldom, not more often.
  ///
  /// - Returns: nil of fewer than two rounds, or where a figure is not above 0.
  public init?(_ rounds: [InterleavedRound]) {
    let count = rounds.count
    guard count >= 2, rounds.allSatisfy({ Self.arePositive([$0.baseline.0, $0.baseline.1, $0.now.0, $0.now.1]) }) else { return nil }
    var differences: [Double] = []
    var squares = 0.0
    for round in rounds {
      let a = (log(round.baseline.0), log(round.baseline.1)), b = (log(round.now.0), log(round.now.1))
      differences.append((b.0 + b.1 - a.0 - a.1) / 2)
      squares += ((a.0 - a.1) * (a.0 - a.1) + (b.0 - b.1) * (b.0 - b.1)) / 2
    }
    let mean = differences.reduce(0, +) / Double(count)
    for difference in differences { squares += (difference - mean) * (difference - mean) }
    // Four figures a round, less its mean, less the difference of the programs.
    let freedom = Double(3 * count - 1)
    let variance = squares / freedom
    logRatio = mean
    standardError = (variance / Double(count)).squareRoot()
    degreesOfFreedom = freedom
    noise = variance.squareRoot()
  }

  /// The autocorrelation that processes run one after the other are taken to have at most, where they are not interleaved.
  public static let assumedAutocorrelation = 0.3

  /// From processes of the baseline that were measured at another time, and processes of now.
  ///
  /// What is the same for all processes of a session, such as how busy the machine was that day, cannot be told from a shift
  /// here. Neighbours are taken to be alike by ``assumedAutocorrelation``, which makes n of them worth n (1 - r) / (1 + r).
  ///
  /// - Returns: nil where there are fewer than three processes on a side, or a figure is not above 0.
  public init?(baseline: [Double], now: [Double]) {
    guard baseline.count >= 3, now.count >= 3, Self.arePositive(baseline + now) else { return nil }
    func moments(_ values: [Double]) -> (mean: Double, squares: Double) {
      let logs = values.map { log($0) }
      let mean = logs.reduce(0, +) / Double(logs.count)
      return (mean, logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
    }
    let (a, b) = (moments(baseline), moments(now))
    let variance = (a.squares + b.squares) / Double(baseline.count + now.count - 2)
    let inflation = (1 + Self.assumedAutocorrelation) / (1 - Self.assumedAutocorrelation)
    logRatio = b.mean - a.mean
    standardError = (variance * inflation * (1 / Double(baseline.count) + 1 / Double(now.count))).squareRoot()
    degreesOfFreedom = max(Double(baseline.count + now.count) / inflation - 2, 1)
    noise = variance.squareRoot()
  }

  private static func arePositive(_ values: [Double]) -> Bool { values.allSatisfy { $0 > 0 && $0.isFinite } }
}
