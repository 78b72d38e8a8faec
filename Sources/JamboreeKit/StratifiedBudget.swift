import Glibc

/// Deals whole amounts out to entities so that the amounts follow a distribution and their sum is the expectation to
/// within one, however few entities there are.
///
/// Entity `i` of `count` gets the mean of its stratum, the quantiles `i / count ... (i + 1) / count`; what rounding takes
/// from one it gives to a neighbour. Where strata are narrow, that is the distribution's own value; in the tail, where
/// one stratum spans many values, it is their mean, where drawing one of them would leave the sum to chance.
public struct StratifiedBudget: Sendable {
  public let count: Int
  /// Of the first cell: the least amount, or the mean of several amounts that share the cell.
  private let first: Double
  /// From one cell's amount to the next one's.
  private let step: Double
  /// P(amount <= that of the cell).
  private let cumulative: [Double]
  /// Sum of amount x probability up to and including an index.
  private let partialMeans: [Double]

  /// - Parameters:
  ///   - first: the least amount.
  ///   - probabilities: of `first`, `first + 1`, ...; relative, with a sum above 0.
  ///   - count: how many entities share, at least 1.
  public init(first: Int, probabilities: [Double], count: Int) {
    self.init(first: Double(first), step: 1, probabilities: probabilities, count: count)
  }

  private init(first: Double, step: Double, probabilities: [Double], count: Int) {
    self.count = max(count, 1)
    self.first = first
    self.step = step
    let total = probabilities.reduce(0, +)
    var (sum, mean) = (0.0, 0.0)
    var (sums, means): ([Double], [Double]) = ([], [])
    for (index, probability) in probabilities.enumerated() {
      sum += probability / total
      mean += probability / total * (first + Double(index) * step)
      sums.append(sum)
      means.append(mean)
    }
    cumulative = sums
    partialMeans = means
  }

  /// Geometric amounts `first`, `first + 1`, ... with the given mean, which is at least `first`. Where the mean is above 1,000,
  /// neighbouring amounts are taken together, so that the table does not grow with it.
  public init(geometricFrom first: Int, mean: Double, count: Int) {
    let beyond = max(mean - Double(first), 0)
    let step = max((beyond / 1000).rounded(.up), 1)
    // Of cells that hold `step` amounts each, the first one's mean is what the others leave of the whole.
    let ratio = step > 1 ? exp(-step * log1p(1 / beyond)) : beyond / (1 + beyond)
    let firstCell = step > 1 ? beyond - step * ratio / (1 - ratio) : 0
    var probabilities = [1.0]
    // Until what is left out weighs nothing.
    while let last = probabilities.last, last * ratio > 1e-15 { probabilities.append(last * ratio) }
    self.init(first: Double(first) + firstCell, step: step, probabilities: probabilities, count: count)
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
    let mean = (index > 0 ? partialMeans[index - 1] : 0) + (quantile - before) * (first + Double(index) * step)
    return Int(mean * Double(count) + 0.5)
  }
}
