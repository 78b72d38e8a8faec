import Glibc

/// Student's t distribution: what a mean over its estimated standard error is like when there is nothing to be found.
public struct StudentDistribution: Sendable, Hashable {
  /// Above 0.
  public let degreesOfFreedom: Double

  public init(degreesOfFreedom: Double) { self.degreesOfFreedom = max(degreesOfFreedom, 1e-3) }

  /// The chance of a value of `t` or more, to within 1e-12: half the regularized incomplete beta function of
  /// ν / (ν + t²) with the parameters ν/2 and 1/2 (Abramowitz and Stegun, 26.7.1).
  public func upperTail(_ t: Double) -> Double {
    guard t.isFinite else { return t == .infinity ? 0 : t == -.infinity ? 1 : .nan }
    let nu = degreesOfFreedom
    let half = 0.5 * Self.incompleteBeta(nu / (nu + t * t), nu / 2, 0.5)
    return t >= 0 ? half : 1 - half
  }

  /// The value that is exceeded with the given chance, by bisection.
  /// - Parameter chance: above 0 and below 1.
  public func upperQuantile(_ chance: Double) -> Double {
    if chance > 0.5 { return -upperQuantile(1 - chance) }
    var (low, high) = (0.0, 1.0)
    while upperTail(high) > chance, high < 1e12 { high *= 2 }
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if upperTail(middle) > chance { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// By the continued fraction of Abramowitz and Stegun, 26.5.8, evaluated with Lentz's method.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges fast on this side alone.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)) / a
    let tiny = 1e-300
    func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / kept(1 - (a + b) * x / (a + 1))
    var fraction = d
    for index in 1...500 {
      let m = Double(index)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / kept(1 + even * d)
      c = kept(1 + even / c)
      fraction *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / kept(1 + odd * d)
      c = kept(1 + odd / c)
      let change = d * c
      fraction *= change
      if abs(change - 1) < 1e-15 { break }
    }
    return front * fraction
  }

  private static func logGamma(_ x: Double) -> Double { lgamma(x).0 }
}
