/// The mean of independent values and where the true mean lies with 95% confidence, by Student's t.
public struct MeanInterval: Sendable, Hashable {
  public let mean: Double
  /// Half the interval's length; nil for fewer than two values, from which nothing can be said about it.
  public let halfWidth: Double?
  public let count: Int
  /// What a value can be: the interval ends there.
  public let range: ClosedRange<Double>

  /// Nil when there are no values.
  public init?(_ values: [Double], within range: ClosedRange<Double> = -.infinity ... .infinity) {
    guard !values.isEmpty else { return nil }
    self.range = range
    count = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    guard count > 1 else {
      halfWidth = nil
      return
    }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    halfWidth = StudentDistribution(degreesOfFreedom: Double(count - 1)).upperQuantile(0.025) * (variance / Double(count)).squareRoot()
  }

  public var low: Double? { halfWidth.map { max(mean - $0, range.lowerBound) } }
  public var high: Double? { halfWidth.map { min(mean + $0, range.upperBound) } }
}
