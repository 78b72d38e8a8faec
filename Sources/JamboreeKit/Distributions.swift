import Glibc

/// A distribution given by its inverse: the value below which the share `quantile` lies.
public protocol InverseDistribution: Sendable {
  /// - Parameter quantile: a number in (0, 1).
  func value(at quantile: Double) -> Double
  /// The expectation, in the value's own unit.
  var mean: Double { get }
}

/// The inverse of the standard normal distribution, by Acklam's rational approximation (relative error below 1.2e-9).
public func standardNormalQuantile(_ p: Double) -> Double {
  let a = (-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00)
  let b = (-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01)
  let c = (-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00)
  let d = (7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00)
  let low = 0.02425
  if p < low {
    let q = sqrt(-2 * log(p))
    let numerator = ((((c.0 * q + c.1) * q + c.2) * q + c.3) * q + c.4) * q + c.5
    return numerator / ((((d.0 * q + d.1) * q + d.2) * q + d.3) * q + 1)
  }
  if p > 1 - low { return -standardNormalQuantile(1 - p) }
  let q = p - 0.5
  let r = q * q
  let numerator = (((((a.0 * r + a.1) * r + a.2) * r + a.3) * r + a.4) * r + a.5) * q
  return numerator / (((((b.0 * r + b.1) * r + b.2) * r + b.3) * r + b.4) * r + 1)
}

/// Durations and degrees whose logarithm is normal, given by mean and sigma (the standard deviation of the logarithm).
public struct LognormalDistribution: InverseDistribution {
  public let mean: Double
  public let sigma: Double
  let mu: Double

  /// - Parameters:
  ///   - mean: expectation, above 0.
  ///   - sigma: standard deviation of the logarithm, 0 or above (0 is a constant).
  public init(mean: Double, sigma: Double) {
    self.mean = mean
    self.sigma = sigma
    mu = log(mean) - sigma * sigma / 2
  }

  public func value(at quantile: Double) -> Double { exp(mu + sigma * standardNormalQuantile(quantile)) }
}

/// Times between the events of a Poisson process.
public struct ExponentialDistribution: InverseDistribution {
  public let mean: Double
  public init(mean: Double) { self.mean = mean }
  public func value(at quantile: Double) -> Double { -mean * log1p(-quantile) }
}

/// Whole numbers 0, 1, 2, ... with P(k) = (1 - r) r^k and the given mean r / (1 - r).
public struct GeometricDistribution: InverseDistribution {
  public let mean: Double
  let logRatio: Double

  public init(mean: Double) {
    self.mean = mean
    logRatio = mean > 0 ? log(mean / (1 + mean)) : -.infinity
  }

  public func value(at quantile: Double) -> Double {
    mean > 0 ? floor(log1p(-quantile) / logRatio) : 0
  }
}

/// Whole numbers `1 ... cutoff` with P(k) proportional to k^-alpha: the zeta distribution, cut. With alpha 2.3 and a
/// cutoff of 200 it is the number of posts of a person who posts in a jam.
public struct ZetaDistribution: InverseDistribution {
  public let alpha: Double
  public let cutoff: Int
  public let mean: Double
  let cumulative: [Double]

  public init(alpha: Double, cutoff: Int) {
    self.alpha = alpha
    self.cutoff = cutoff
    var total = 0.0
    var weighted = 0.0
    var sums: [Double] = []
    for k in 1...max(cutoff, 1) {
      let weight = pow(Double(k), -alpha)
      total += weight
      weighted += weight * Double(k)
      sums.append(total)
    }
    cumulative = sums.map { $0 / total }
    mean = weighted / total
  }

  /// P(k) for k in `1 ... cutoff`.
  public func probability(of k: Int) -> Double { cumulative[k - 1] - (k > 1 ? cumulative[k - 2] : 0) }

  public func value(at quantile: Double) -> Double { Double(lowerBound(of: quantile, in: cumulative) + 1) }
}

/// Ranks `0 ..< count` with P(rank) proportional to (rank + 1)^-exponent, for popularity and position bias. Takes a
/// table of `count` entries.
public struct ZipfDistribution: Sendable {
  public let exponent: Double
  /// `cumulative[i]` is the unnormalised weight of ranks `0 ... i`; its prefix serves a page that is not full.
  public let cumulative: [Double]

  public init(exponent: Double, count: Int) {
    self.exponent = exponent
    var total = 0.0
    cumulative = (1...max(count, 1)).map { rank in
      total += pow(Double(rank), -exponent)
      return total
    }
  }

  /// Weights of ranks 0, 1, ...: for tables that draw in constant time.
  /// - Parameter count: 1 or above.
  public static func weights(exponent: Double, count: Int) -> [Double] { (1...max(count, 1)).map { pow(Double($0), -exponent) } }

  /// The rank at a quantile among the first `count` ranks; `count` in `1 ... cumulative.count`.
  public func rank(at quantile: Double, among count: Int) -> Int {
    lowerBound(of: quantile * cumulative[count - 1], in: cumulative, count: count)
  }
}

/// The first index whose value is not below `target`, in an ascending array.
func lowerBound(of target: Double, in values: [Double], count: Int? = nil) -> Int {
  var low = 0
  var high = (count ?? values.count) - 1
  while low < high {
    let middle = (low + high) / 2
    if values[middle] < target { low = middle + 1 } else { high = middle }
  }
  return low
}

/// A distribution turned into a table for the hot path: piecewise linear between 1,024 quantiles, exact in the
/// outermost cells, where a line would cut off the tail. Values are whole, such as nanoseconds.
public final class QuantileTable: @unchecked Sendable {
  // Safe to share: nothing changes after `init`.
  @usableFromInline static var cellCount: Int { 1024 }
  @usableFromInline static var exactCells: Int { 8 }
  @usableFromInline let values: UnsafeMutablePointer<Float>
  private let exact: any InverseDistribution

  /// - Parameter distribution: its values are rounded towards zero.
  public init(_ distribution: any InverseDistribution) {
    exact = distribution
    values = .allocate(capacity: QuantileTable.cellCount + 1)
    for index in 0...QuantileTable.cellCount {
      let clamped = min(max(Double(index) / Double(QuantileTable.cellCount), 1e-12), 1 - 1e-12)
      values[index] = Float(distribution.value(at: clamped))
    }
  }

  deinit { values.deallocate() }

  /// The value for 64 random bits.
  @inlinable @inline(__always) public func value(bits: UInt64) -> Int64 {
    let cell = Int(truncatingIfNeeded: bits >> 54)
    if cell < QuantileTable.exactCells || cell >= QuantileTable.cellCount - QuantileTable.exactCells {
      return exactValue(bits: bits)
    }
    let fraction = Float(Int32(truncatingIfNeeded: (bits >> 30) & 0xFF_FFFF)) * 0x1p-24
    return Int64(values[cell] + (values[cell + 1] - values[cell]) * fraction)
  }

  @usableFromInline @inline(never) func exactValue(bits: UInt64) -> Int64 {
    Int64(min(max(exact.value(at: unitInterval(bits)), -9e17), 9e17))
  }
}

/// Draws from a finite distribution in constant time (Walker's alias method, Vose's construction).
public struct AliasTable: Sendable {
  @usableFromInline let threshold: [UInt32]
  @usableFromInline let alias: [UInt32]

  /// - Parameter weights: relative, not negative, with a sum above 0.
  public init(weights: [Double]) {
    let count = weights.count
    let total = weights.reduce(0, +)
    var scaled = weights.map { $0 * Double(count) / total }
    var thresholds = [UInt32](repeating: .max, count: count)
    var aliases = (0..<count).map { UInt32($0) }
    var small = (0..<count).filter { scaled[$0] < 1 }
    var large = (0..<count).filter { scaled[$0] >= 1 }
    while let low = small.popLast(), let high = large.popLast() {
      thresholds[low] = UInt32(min(scaled[low] * 0x1p32, 0x1p32 - 1))
      aliases[low] = UInt32(high)
      scaled[high] -= 1 - scaled[low]
      if scaled[high] < 1 { small.append(high) } else { large.append(high) }
    }
    threshold = thresholds
    alias = aliases
  }

  @inlinable public func index(bits: UInt64) -> Int {
    let cell = Int(truncatingIfNeeded: ((bits >> 32) &* UInt64(threshold.count)) >> 32)
    return UInt32(truncatingIfNeeded: bits) < threshold[cell] ? cell : Int(alias[cell])
  }
}
