import Glibc

/// The mean of independent values and where the true mean lies with 95% confidence, by Student's t.
public struct MeanInterval: Sendable, Hashable {
  public let mean: Double
  /// Half the interval's length; nil for fewer than two values, from which nothing can be said about it.
  public let halfWidth: Double?
  public let count: Int

  /// Nil when there are no values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    count = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    guard count > 1 else {
      halfWidth = nil
      return
    }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    halfWidth = studentQuantile(freedom: count - 1) * (variance / Double(count)).squareRoot()
  }

  public var low: Double? { halfWidth.map { mean - $0 } }
  public var high: Double? { halfWidth.map { mean + $0 } }
}

/// The value that Student's t exceeds in size in one case of twenty, for `freedom` of 1 or more.
///
/// Exact for 1 and 2; else Hill's expansion (Algorithm 396, CACM 13, 1970), to within 2e-3 from 3 on and 1e-5 from 10 on.
func studentQuantile(freedom: Int) -> Double {
  let probability = 0.05
  let n = Double(freedom)
  if freedom == 1 { return 1 / tan(probability * .pi / 2) }
  if freedom == 2 { return (2 / (probability * (2 - probability)) - 2).squareRoot() }
  let a = 1 / (n - 0.5)
  let b = 48 / (a * a)
  var c = ((20_700 * a / b - 98) * a - 16) * a + 96.36
  let d = ((94.5 / (b + c) - 3) / b + 1) * (a * .pi / 2).squareRoot() * n
  var y = pow(d * probability, 2 / n)
  if y > 0.05 + a {
    // The normal quantile for 2.5% in each tail.
    let x = -1.959963984540054
    y = x * x
    if freedom < 5 { c += 0.3 * (n - 4.5) * (x + 0.6) }
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = a * y * y
    y = y > 0.002 ? exp(y) - 1 : 0.5 * y * y + y
  } else {
    y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (n + 2) + 1 / y
  }
  return (n * y).squareRoot()
}
