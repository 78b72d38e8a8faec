import Foundation
import JamboreeKit
import Testing

@testable import JamboreeEngine

private let second: Int64 = 1_000_000_000

private func take(_ count: Int, _ arrivals: LoadSettings.Arrivals, rate: Double, seed: UInt64) -> [Int64] {
  var schedule = ArrivalSchedule(rate: rate, durationNanoseconds: 86_400 * second, arrivals: arrivals, seed: Seed(seed))
  return (0..<count).compactMap { _ in schedule.next() }
}

/// The largest distance between the gaps' distribution and the exponential one of a rate (Kolmogorov and Smirnov's D).
private func distance(of times: [Int64], fromExponentialAt rate: Double) -> Double {
  let gaps = zip([0] + times, times).map { Double($1 - $0) / 1e9 }.sorted()
  let count = Double(gaps.count)
  return gaps.enumerated().reduce(0) { largest, gap in
    let expected = 1 - exp(-gap.element * rate)
    return max(largest, expected - Double(gap.offset) / count, Double(gap.offset + 1) / count - expected)
  }
}

/// Above this, one in 1,000 samples of the distribution itself would lie: sqrt(-ln(0.001 / 2) / 2 / n), for large n.
private func criticalDistance(_ count: Int) -> Double { (-log(0.0005) / 2 / Double(count)).squareRoot() }

/// Standard deviations by which the scatter of counts differs from Poisson's, whose variance is its mean: the sum of
/// squared deviations over the mean has a chi-squared distribution, here near enough to a normal one.
private func dispersion(of counts: [Int]) -> Double {
  let mean = Double(counts.reduce(0, +)) / Double(counts.count)
  let degrees = Double(counts.count - 1)
  let statistic = counts.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / mean
  return (statistic - degrees) / (2 * degrees).squareRoot()
}

private func countsPerSecond(_ times: [Int64], seconds: Int) -> [Int] {
  var counts = [Int](repeating: 0, count: seconds)
  for time in times { counts[Int(time / second)] += 1 }
  return counts
}

@Suite struct PoissonArrivalTests {
  private static let count = 20_000

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64], [0.7, 1000, 250_000])
  func gapsAreExponential(_ seed: UInt64, _ rate: Double) {
    let times = take(Self.count, .poisson, rate: rate, seed: seed)
    #expect(times.count == Self.count)
    #expect(distance(of: times, fromExponentialAt: rate) < criticalDistance(Self.count))
  }

  /// The same function refuses what is not exponential, or not at this rate.
  @Test func theTestOfGapsCanFail() {
    let critical = criticalDistance(Self.count)
    #expect(distance(of: take(Self.count, .constant, rate: 1000, seed: 1), fromExponentialAt: 1000) > 10 * critical)
    for seed in [1, 2, 3] as [UInt64] {
      let times = take(Self.count, .poisson, rate: 1000, seed: seed)
      #expect(distance(of: times, fromExponentialAt: 1100) > critical)
      #expect(distance(of: times, fromExponentialAt: 900) > critical)
      // Every second one: gaps of two exponentials.
      let thinned = times.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
      #expect(distance(of: thinned, fromExponentialAt: 500) > criticalDistance(thinned.count))
    }
  }

  /// Also from one second to the next nothing evens out or comes in bunches.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func countsScatterAsTheyShould(_ seed: UInt64) {
    func counts(_ arrivals: LoadSettings.Arrivals) -> [Int] {
      var schedule = ArrivalSchedule(rate: 50, durationNanoseconds: 2000 * second, arrivals: arrivals, seed: Seed(seed))
      var times: [Int64] = []
      while let time = schedule.next() { times.append(time) }
      return countsPerSecond(times, seconds: 2000)
    }
    let poisson = counts(.poisson)
    #expect(abs(dispersion(of: poisson)) < 3.3)
    #expect(abs(Double(poisson.reduce(0, +)) - 100_000) < 3.3 * 100_000.squareRoot())
    #expect(abs(dispersion(of: counts(.constant))) > 3.3)
    // The same counts in pairs of equal ones: bunches.
    #expect(abs(dispersion(of: poisson.map { 2 * $0 })) > 3.3)
  }

  /// The gaps' order has no memory: neighbours do not go together.
  @Test(arguments: [1, 2, 3] as [UInt64]) func neighboursAreIndependent(_ seed: UInt64) {
    let times = take(Self.count, .poisson, rate: 1000, seed: seed)
    let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) / 1e6 - 1 }
    let correlation = zip(gaps, gaps.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / gaps.reduce(0) { $0 + $1 * $1 }
    #expect(abs(correlation) < 3.3 / Double(Self.count).squareRoot())
  }

  @Test func aRampsCountsFollowTheQuadratic() {
    let stages = [
      LoadSettings.Stage(shape: .ramp, ratePerSecond: 2000, durationNanoseconds: 100 * second),
      LoadSettings.Stage(shape: .ramp, ratePerSecond: 0, durationNanoseconds: 100 * second),
    ]
    for seed in [1, 2, 3] as [UInt64] {
      var schedule = ArrivalSchedule(arrivals: .poisson, stages: stages, seed: Seed(seed))
      var tenths = [Int](repeating: 0, count: 20)
      var last: Int64 = 0
      while let time = schedule.next() {
        #expect(time >= last)
        last = time
        tenths[Int(time / (10 * second))] += 1
      }
      for (index, count) in tenths.enumerated() {
        let expected = Double(1000 * (2 * (index < 10 ? index : 19 - index) + 1))
        #expect(abs(Double(count) - expected) < 4 * expected.squareRoot(), "seed \(seed), tenth \(index)")
      }
    }
  }

  @Test func theSeedAloneDecides() {
    let times = take(100, .poisson, rate: 1000, seed: 1)
    #expect(take(100, .poisson, rate: 1000, seed: 1) == times)
    #expect(take(100, .poisson, rate: 1000, seed: 2) != times)
    // Another rate stretches the same sequence.
    let slower = take(100, .poisson, rate: 10, seed: 1)
    #expect(zip(times, slower).allSatisfy { abs($1 - 100 * $0) <= 51 })
  }

  /// A stream holds no more numbers than its counter counts, so a schedule takes one after another.
  @Test func streamsFollowOneAnother() {
    let times = take((1 << 20) + 20_000, .poisson, rate: 1000, seed: 1)
    let later = times[(1 << 20)...].map { $0 - times[(1 << 20) - 1] }
    #expect(zip(times, later).allSatisfy { $0 != $1 })
    #expect(distance(of: Array(later), fromExponentialAt: 1000) < criticalDistance(later.count))
  }
}

@Suite struct SharedScheduleTests {
  private static let stages = [
    LoadSettings.Stage(shape: .ramp, ratePerSecond: 3000, durationNanoseconds: 1_234_567_891),
    LoadSettings.Stage(shape: .step, ratePerSecond: 700.7, durationNanoseconds: 2_500_000_003),
    LoadSettings.Stage(shape: .step, ratePerSecond: 0, durationNanoseconds: second),
    LoadSettings.Stage(shape: .spike, ratePerSecond: 9000, durationNanoseconds: 333_333_333),
    LoadSettings.Stage(shape: .step, ratePerSecond: 3, durationNanoseconds: 1_000_000),
    LoadSettings.Stage(shape: .ramp, ratePerSecond: 0, durationNanoseconds: 3 * second),
  ]

  private func part(_ arrivals: LoadSettings.Arrivals, worker: Int, of workers: Int) -> [Int64] {
    var schedule = ArrivalSchedule(arrivals: arrivals, stages: Self.stages, seed: Seed(7), worker: worker, of: workers)
    var times: [Int64] = []
    while let time = schedule.next() { times.append(time) }
    return times
  }

  @Test(arguments: LoadSettings.Arrivals.allCases, [1, 2, 7, 100]) func workersShareOneSchedule(_ arrivals: LoadSettings.Arrivals, _ workers: Int) {
    let whole = part(arrivals, worker: 0, of: 1)
    #expect(whole.count > 6000)
    let parts = (0..<workers).map { part(arrivals, worker: $0, of: workers) }
    #expect(parts.reduce(0) { $0 + $1.count } == whole.count)
    for (index, time) in whole.enumerated() where parts[index % workers].count <= index / workers || parts[index % workers][index / workers] != time {
      Issue.record("arrival \(index) of \(workers) workers is not at \(time)")
      return
    }
  }

  /// Where a worker that is one of more than there are arrivals has nothing to do.
  @Test func thereMayBeNoneForAWorker() {
    #expect(part(.constant, worker: 9_999_999, of: 10_000_000).isEmpty)
    #expect(part(.poisson, worker: 9_999_999, of: 10_000_000).isEmpty)
  }
}
