import Glibc
import JamboreeKit

/// How many friends people have, in the shape of Facebook's distribution of 2011, scaled to a wanted mean.
///
/// The LDBC Social Network Benchmark draws its degrees from a percentile curve of that distribution. That curve is not
/// reproduced here. This is a lognormal cut at Facebook's limit, whose two parameters are set by the published median
/// of 99 and mean of 190 friends with a limit of 5,000 (Ugander, Karrer, Backstrom and Marlow, "The anatomy of the
/// Facebook social graph", 2011). It then predicts 634 for the mean number of friends of a random friend, a figure that
/// did not go into it; the paper gives 635. Where it is known to differ: the measured density falls almost from the
/// first friend on, the lognormal's has its mode at a seventh of the mean, so people with very few friends are rarer
/// here. Quantiles at mean 190: 10% have 23 or fewer, 25% 46, 50% 99, 75% 215, 90% 433, 99% 1,424.
public struct FriendCountDistribution: InverseDistribution {
  /// Expected number of friends, before rounding.
  public let mean: Double

  /// - Parameter mean: above 0.
  public init(mean: Double) { self.mean = mean }

  // In units of the mean: the cut, and the lognormal that has median 99 / 190 and mean 1 below the cut.
  static let cut = 5_000.0 / 190
  static let mu = -0.6514263453579763
  static let sigma = 1.1517793643867638
  static let shareBelowCut = 0.9996689553432268

  public func value(at quantile: Double) -> Double { mean * FriendCountDistribution.relativeValue(at: quantile) }

  /// The value at a quantile in units of the mean.
  static func relativeValue(at quantile: Double) -> Double {
    exp(mu + sigma * standardNormalQuantile(quantile * shareBelowCut))
  }

  /// The share of people who have at most `degree` friends, `0 ... 1`.
  public func cumulative(at degree: Double) -> Double {
    let relative = degree / mean
    if relative <= 0 { return 0 }
    if relative >= FriendCountDistribution.cut { return 1 }
    let deviation = (log(relative) - FriendCountDistribution.mu) / FriendCountDistribution.sigma
    return 0.5 * erfc(-deviation / 2.0.squareRoot()) / FriendCountDistribution.shareBelowCut
  }
}

/// Every member's out-degree: a stratified draw from ``FriendCountDistribution``, cut at what is possible, with the
/// scale raised so that the mean is kept in spite of the cut.
struct DegreePlan: Sendable {
  /// Most people whom anybody follows.
  let maximum: Int
  /// Mean of the distribution before the cut at ``maximum``; 0 when there are no edges.
  let scale: Double
  /// True when even the cut leaves no choice: all have ``maximum``.
  let isSaturated: Bool
  private let permutation: StratifiedPermutation

  init(members: Int, parameters: GraphParameters, seed: Seed) {
    let limit = max(min(parameters.maximumDegree, members - 1), 0)
    let mean = parameters.meanDegree
    maximum = limit
    permutation = StratifiedPermutation(count: members, seed: seed, domain: RandomDomain("population.degree"))
    isSaturated = limit > 0 && mean >= Double(limit)
    scale = limit > 0 && mean > 0 && !isSaturated ? DegreePlan.scale(mean: mean, limit: Double(limit), members: members) : 0
  }

  /// The scale at which the mean over the members' quantiles, each cut at `limit`, is `mean`.
  private static func scale(mean: Double, limit: Double, members: Int) -> Double {
    let points = min(members, 65_536)
    let shape = (0..<points).map { FriendCountDistribution.relativeValue(at: (Double($0) + 0.5) / Double(points)) }
    func cutMean(_ scale: Double) -> Double {
      var sum = 0.0
      for value in shape { sum += min(value * scale, limit) }
      return sum / Double(points)
    }
    var low = 0.0
    var high = mean
    while cutMean(high) < mean && high < 1e12 {
      low = high
      high *= 2
    }
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if cutMean(middle) < mean { low = middle } else { high = middle }
    }
    return high
  }

  /// How many people a member follows: `0 ... maximum`.
  ///
  /// Rounding is up or down by a low-discrepancy sequence over the ranks (multiples of the golden ratio), so that the
  /// total stays within a few edges of its expectation even when most degrees are below 1.
  func degree(of member: Int) -> Int {
    if isSaturated { return maximum }
    if scale <= 0 { return 0 }
    let rank = permutation.rank(of: member)
    let quantile = (Double(rank) + 0.5) / Double(permutation.count)
    let exact = scale * FriendCountDistribution.relativeValue(at: quantile)
    if exact >= Double(maximum) { return maximum }
    let dither = unitInterval((UInt64(truncatingIfNeeded: rank) &+ 1) &* 0x9E37_79B9_7F4A_7C15)
    return min(Int(exact + dither), maximum)
  }
}
