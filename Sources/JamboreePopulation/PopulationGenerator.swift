import Dispatch
import JamboreeKit

/// Makes populations: every trait is a pure function of the seed and the member's number, so that the result is the
/// same for any number of workers.
public enum PopulationGenerator {
  /// Generates everybody.
  ///
  /// Region, role and affiliation are dealt out stratified and independently of each other: a role is as frequent in
  /// one region as in another, but for chance.
  ///
  /// - Parameters:
  ///   - parameters: in the ranges that ``PopulationParameters`` states; members, regions and topics out of range are
  ///     a precondition failure, shares and degrees out of range are cut.
  ///   - seed: another seed gives other traits and another graph with the same totals.
  ///   - workers: how many threads work at most; 1 or above.
  ///   - graph: who follows whom, among as many members; nil for one that is generated.
  public static func generate(
    _ parameters: PopulationParameters, graph: SocialGraph? = nil, seed: Seed, workers: Int
  ) -> Population {
    let count = parameters.members
    precondition(count >= 1 && count <= 100_000_000, "a population has 1 to 100,000,000 members")
    precondition(parameters.regions.count <= 256, "a population has at most 256 regions")
    precondition(parameters.topicCount >= 1 && parameters.topicCount <= 64, "there are 1 to 64 topics")
    let regions =
      parameters.regions.isEmpty ? [Region(name: "World", share: 1, utcOffsetMinutes: 0)] : parameters.regions
    return Population(
      regions: regions,
      regionIndices: regionIndices(regions, count: count, seed: seed, workers: workers),
      roles: roles(parameters, seed: seed, workers: workers),
      affiliations: affiliations(parameters, seed: seed, workers: workers),
      interests: interests(parameters, seed: seed, workers: workers),
      graph: graph ?? GraphGenerator.generate(parameters.graph, members: count, seed: seed, workers: workers),
      nameSeed: RandomStream.base(seed: seed, domain: RandomDomain("population.names")))
  }

  private static func regionIndices(_ regions: [Region], count: Int, seed: Seed, workers: Int) -> [UInt8] {
    let positive = regions.map { $0.share > 0 ? $0.share : 0 }
    let total = positive.reduce(0, +)
    let weights = total > 0 ? positive : positive.map { _ in 1 }
    let scale = 1 / (total > 0 ? total : Double(weights.count))
    var sum = 0.0
    // Upper bounds of the regions' quantiles. What rounding leaves above the last one goes to the last that has a share.
    let bounds = weights.map { weight in
      sum += weight
      return sum * scale
    }
    let last = weights.lastIndex { $0 > 0 } ?? 0
    let permutation = StratifiedPermutation(count: count, seed: seed, domain: RandomDomain("population.region"))
    return Parallel.column(count: count, workers: workers) { member in
      let quantile = permutation.quantile(of: member)
      var index = 0
      while index < last && quantile >= bounds[index] { index += 1 }
      return UInt8(truncatingIfNeeded: index)
    }
  }

  private static func roles(_ parameters: PopulationParameters, seed: Seed, workers: Int) -> [ParticipationRole] {
    let permutation = StratifiedPermutation(
      count: parameters.members, seed: seed, domain: RandomDomain("population.role"))
    let leaders = parameters.leaderShare
    let active = leaders + parameters.contributorShare
    return Parallel.column(count: parameters.members, workers: workers) { member in
      let quantile = permutation.quantile(of: member)
      return quantile < leaders ? .leader : quantile < active ? .contributor : .lurker
    }
  }

  private static func affiliations(_ parameters: PopulationParameters, seed: Seed, workers: Int) -> [Affiliation] {
    let employees = parameters.employees
    if employees >= parameters.members { return [Affiliation](repeating: .employee, count: parameters.members) }
    let permutation = StratifiedPermutation(
      count: parameters.members, seed: seed, domain: RandomDomain("population.affiliation"))
    return Parallel.column(count: parameters.members, workers: workers) { member in
      let rank = permutation.rank(of: member)
      return rank < employees ? .employee : rank - employees < parameters.alumni ? .alumnus : .guest
    }
  }

  /// Topics drawn without repetition by popularity: topic t has weight 1 / (t + 1), the rank-frequency slope of tags.
  private static func interests(_ parameters: PopulationParameters, seed: Seed, workers: Int) -> [UInt64] {
    let topics = parameters.topicCount
    let wanted = max(parameters.interestsPerMember, 0)
    if wanted >= topics {
      return [UInt64](repeating: UInt64.max >> UInt64(64 - topics), count: parameters.members)
    }
    let popularity = ZipfDistribution(exponent: 1, count: topics)
    let base = RandomStream.base(seed: seed, domain: RandomDomain("population.interests"))
    let attempts = 8 * wanted + 16
    return Parallel.column(count: parameters.members, workers: workers) { member in
      var stream = RandomStream(key: RandomStream.key(base: base, entity: UInt64(truncatingIfNeeded: member)))
      var chosen: UInt64 = 0
      var missing = wanted
      var attempt = 0
      while missing > 0 {
        // When only unpopular topics are left, they follow in the order of popularity.
        let bit: UInt64
        if attempt < attempts {
          bit = 1 << UInt64(popularity.rank(at: stream.nextUnit(), among: topics))
          attempt += 1
        } else {
          bit = ~chosen & (chosen &+ 1)
        }
        if chosen & bit == 0 {
          chosen |= bit
          missing -= 1
        }
      }
      return chosen
    }
  }
}

/// Runs fixed pieces of work on a number of workers. Which worker takes which piece follows from their numbers alone.
enum Parallel {
  /// How many members a piece has: few enough pieces to be cheap, enough of them to even out.
  static let chunkSize = 8_192

  /// Calls `body` once a worker with the worker's chunks; the chunks `0 ..< chunkCount` are dealt out in turn.
  static func run(workers: Int, chunkCount: Int, _ body: @Sendable (StrideTo<Int>) -> Void) {
    let count = min(max(workers, 1), chunkCount)
    if count <= 1 { return body(stride(from: 0, to: chunkCount, by: 1)) }
    DispatchQueue.concurrentPerform(iterations: count) { worker in
      body(stride(from: worker, to: chunkCount, by: count))
    }
  }

  /// Calls `body` with ranges that together are `0 ..< count`.
  static func forRanges(of count: Int, workers: Int, _ body: @Sendable (Range<Int>) -> Void) {
    run(workers: workers, chunkCount: (count + chunkSize - 1) / chunkSize) { chunks in
      for chunk in chunks { body(chunk * chunkSize..<min((chunk + 1) * chunkSize, count)) }
    }
  }

  /// An array whose entry `i` is `value(i)`.
  static func column<Value: BitwiseCopyable>(count: Int, workers: Int, _ value: @Sendable (Int) -> Value) -> [Value] {
    [Value](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      // No two ranges share an entry.
      nonisolated(unsafe) let base = buffer.baseAddress!
      forRanges(of: count, workers: workers) { range in
        for index in range { (base + index).initialize(to: value(index)) }
      }
      initializedCount = count
    }
  }
}
