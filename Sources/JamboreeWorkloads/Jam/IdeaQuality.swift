import JamboreeKit

/// How good ideas, and other services' posts, truly are: standard normal, known to the simulation and never to a ranker or a reviewer, who judge it with an
/// error of their own.
struct IdeaQuality: Sendable {
  private let base: UInt64
  private let values = QuantileTable(StandardNormalThousandths())

  /// - Parameter domain: other services' items are good or bad independently of a jam's ideas.
  init(seed: Seed, domain: RandomDomain = RandomDomain("jam.quality")) { base = RandomStream.base(seed: seed, domain: domain) }

  /// In thousandths of a standard deviation.
  @inline(__always) func thousandths(of idea: ItemID) -> Int64 {
    values.value(bits: RandomStream.key(base: base, entity: idea.rawValue))
  }

  /// What the text of the n-th of the ideas that the hosts post beforehand is made from.
  func textSeed(ofHostIdea number: Int) -> UInt64 { mix64(base ^ UInt64(number)) }
}

/// The standard normal distribution in thousandths, for ``QuantileTable``, which holds whole numbers.
private struct StandardNormalThousandths: InverseDistribution {
  let mean = 0.0
  func value(at quantile: Double) -> Double { standardNormalQuantile(quantile) * 1000 }
}
