import JamboreeKit
import Testing

/// Largest distance between a sample's distribution and the one whose cumulative function is given, times sqrt(n):
/// above 1.95 once in a thousand samples that do come from it (Kolmogorov).
func kolmogorovSmirnov(_ sample: [Double], _ cumulative: (Double) -> Double) -> Double {
  let sorted = sample.sorted()
  let count = Double(sorted.count)
  var distance = 0.0
  for (index, value) in sorted.enumerated() {
    let expected = cumulative(value)
    distance = max(distance, abs(expected - Double(index) / count), abs(Double(index + 1) / count - expected))
  }
  return distance * count.squareRoot()
}

/// The share below a value by bisection on the inverse: tests the table against the exact inverse.
func cumulative(_ distribution: some InverseDistribution) -> (Double) -> Double {
  { value in
    var low = 1e-12
    var high = 1 - 1e-12
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if distribution.value(at: middle) < value { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

@Suite struct DistributionTests {
  @Test func streamsAreUniformAndIndependent() {
    var sample: [Double] = []
    var pairs = [Int](repeating: 0, count: 64)
    for entity in 0..<2000 as Range<UInt64> {
      var stream = RandomStream(seed: Seed(1), domain: RandomDomain("test"), entity: entity)
      var last = stream.nextUnit()
      for _ in 0..<10 {
        let next = stream.nextUnit()
        sample.append(next)
        pairs[Int(last * 8) * 8 + Int(next * 8)] += 1
        last = next
      }
    }
    #expect(kolmogorovSmirnov(sample) { $0 } < 1.95)
    let expected = 20_000.0 / 64
    let chiSquare = pairs.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(chiSquare < 103)  // 63 degrees of freedom, one in a thousand
  }

  @Test func aStreamGoesOnWhereItWas() {
    var whole = RandomStream(seed: Seed(5), domain: RandomDomain("test"), entity: 9)
    _ = whole.next()
    var resumed = RandomStream(key: whole.key, counter: whole.counter)
    #expect(whole.next() == resumed.next())
  }

  @Test func thinkTimeIsLognormal() {
    let distribution = LognormalDistribution(mean: 69e9, sigma: 1)
    let table = QuantileTable(distribution)
    var stream = RandomStream(seed: Seed(2), domain: RandomDomain("think"), entity: 0)
    let sample = (0..<50_000).map { _ in Double(table.value(bits: stream.next())) }
    #expect(kolmogorovSmirnov(sample, cumulative(distribution)) < 1.95)
    let mean = sample.reduce(0, +) / 50_000
    #expect(abs(mean / 69e9 - 1) < 0.02)
    #expect(kolmogorovSmirnov(sample, cumulative(LognormalDistribution(mean: 75e9, sigma: 1))) > 1.95)
  }

  @Test func exponentialTableIsExponential() {
    let distribution = ExponentialDistribution(mean: 1e9)
    let table = QuantileTable(distribution)
    var stream = RandomStream(seed: Seed(3), domain: RandomDomain("exponential"), entity: 0)
    let sample = (0..<50_000).map { _ in Double(table.value(bits: stream.next())) }
    #expect(kolmogorovSmirnov(sample, cumulative(distribution)) < 1.95)
  }

  @Test func stratifiedZetaHoldsItsTotal() {
    let zeta = ZetaDistribution(alpha: 2.3, cutoff: 200)
    #expect(abs(zeta.mean - 2.27) < 0.02)
    #expect(abs(zeta.probability(of: 1) - 0.70) < 0.01)
    for count in [400, 10_000] {
      let order = StratifiedPermutation(count: count, seed: Seed(1), domain: RandomDomain("posts"))
      let total = (0..<count).reduce(0.0) { $0 + zeta.value(at: order.quantile(of: $1)) }
      #expect(abs(total / Double(count) / zeta.mean - 1) < 0.1)
    }
  }

  @Test func permutationIsOne() {
    for count in [1, 2, 3, 63, 64, 1000] {
      let order = StratifiedPermutation(count: count, seed: Seed(4), domain: RandomDomain("order"))
      #expect(Set((0..<count).map { order.rank(of: $0) }) == Set(0..<count))
    }
  }

  @Test func aliasTableFollowsItsWeights() {
    let weights = [1.0, 2, 3, 4]
    let table = AliasTable(weights: weights)
    var counts = [Double](repeating: 0, count: 4)
    var stream = RandomStream(seed: Seed(6), domain: RandomDomain("alias"), entity: 0)
    for _ in 0..<40_000 { counts[table.index(bits: stream.next())] += 1 }
    let chiSquare = zip(counts, weights).reduce(0.0) { sum, pair in
      let expected = pair.1 / 10 * 40_000
      return sum + (pair.0 - expected) * (pair.0 - expected) / expected
    }
    #expect(chiSquare < 16.3)  // 3 degrees of freedom, one in a thousand
  }

  @Test func zipfPrefersTheFirstPlaces() {
    let zipf = ZipfDistribution(exponent: 1, count: 20)
    var counts = [Double](repeating: 0, count: 5)
    var stream = RandomStream(seed: Seed(7), domain: RandomDomain("zipf"), entity: 0)
    for _ in 0..<30_000 { counts[zipf.rank(at: stream.nextUnit(), among: 5)] += 1 }
    let total = (1...5).reduce(0.0) { $0 + 1 / Double($1) }
    let chiSquare = counts.enumerated().reduce(0.0) { sum, entry in
      let expected = 30_000 / Double(entry.offset + 1) / total
      return sum + (entry.element - expected) * (entry.element - expected) / expected
    }
    #expect(chiSquare < 18.5)  // 4 degrees of freedom, one in a thousand
  }

  @Test func payloadChecksumSeesEveryByte() {
    let text = Payload.bytes(seed: 11, length: 100)
    #expect(Payload.fingerprint(seed: 11, length: 100) == UInt64(100) << 32 | UInt64(Payload.checksum(of: text.span)))
    for index in text.indices {
      var changed = text
      changed[index] ^= 1
      #expect(Payload.checksum(of: changed.span) != Payload.checksum(of: text.span))
    }
  }
}
