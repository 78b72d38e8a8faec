/// Deals whole amounts out to entities so that the amounts follow a distribution and their sum is the expectation to
/// within one, however few entities there are.
///
/// Entity `i` of `count` gets the mean of its stratum, the quantiles `i / count ... (i + 1) / count`; what rounding takes
/// from one it gives to a neighbour. Where strata are narrow, that is the distribution's own value; in the tail, where
/// one stratum spans many values, it is their mean, where drawing one of them would leave the sum to chance.
public struct StratifiedBudget: Sendable {
  public let count: Int
  private let first: Int
  /// P(amount <= first + index).
  private let cumulative: [Double]
  /// Sum of amount x probability up to and including an index.
  private let partialMeans: [Double]

  /// - Parameters:
  ///   - first: the least amount.
  ///   - probabilities: of `first`, `first + 1`, ...; relative, with a sum above 0.
  ///   - count: how many entities share, at least 1.
  public init(first: Int, probabilities: [Double], count: Int) {
    self.count = max(count, 1)
    self.first = first
    let total = probabilities.reduce(0, +)
    var (sum, mean) = (0.0, 0.0)
    var (sums, means): ([Double], [Double]) = ([], [])
    for (index, probability) in probabilities.enumerated() {
      sum += probability / total
      mean += probability / total * Double(first + index)
      sums.append(sum)
      means.append(mean)
    }
    cumulative = sums
    partialMeans = means
  }

  /// Geometric amounts `first`, `first + 1`, ... with the given mean, which is at least `first`.
  public init(geometricFrom first: Int, mean: Double, count: Int) {
    let beyond = max(mean - Double(first), 0)
    let ratio = beyond / (1 + beyond)
    var probabilities = [1.0]
    // Until what is left out weighs nothing; the limit keeps an absurd mean from taking all memory.
    while let last = probabilities.last, last * ratio > 1e-15, probabilities.count < 60_000 {
      probabilities.append(last * ratio)
    }
    self.init(first: first, probabilities: probabilities, count: count)
  }

  public var mean: Double { partialMeans[partialMeans.count - 1] }

  /// The amount of the entity at a place of the (seeded) order; `rank` in `0 ..< count`. Ascends with the rank.
  public func amount(of rank: Int) -> Int { dealt(to: rank + 1) - dealt(to: rank) }

  /// What the first `ranks` entities get together. Half a unit is added so that amounts which are whole by themselves
  /// do not hang on the last bit of a sum.
  private func dealt(to ranks: Int) -> Int {
    let quantile = Double(ranks) / Double(count)
    let index = lowerBound(of: quantile, in: cumulative)
    let before = index > 0 ? cumulative[index - 1] : 0
    let mean = (index > 0 ? partialMeans[index - 1] : 0) + (quantile - before) * Double(first + index)
    return Int(mean * Double(count) + 0.5)
  }
}
