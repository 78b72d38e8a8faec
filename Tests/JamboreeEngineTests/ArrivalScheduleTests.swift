import Foundation
import JamboreeKit
import Testing

@testable import JamboreeEngine

private typealias Stage = LoadSettings.Stage
private let second: Int64 = 1_000_000_000

private func stage(_ shape: Stage.Shape, _ rate: Double, seconds: Double) -> Stage {
  Stage(shape: shape, ratePerSecond: rate, durationNanoseconds: Int64(seconds * 1e9))
}

private func all(_ schedule: ArrivalSchedule) -> [Int64] {
  var schedule = schedule
  var times: [Int64] = []
  while let time = schedule.next() { times.append(time) }
  return times
}

/// With constant arrivals.
private func all(_ stages: Stage...) -> [Int64] {
  all(ArrivalSchedule(arrivals: .constant, stages: stages, seed: Seed(1)))
}

private func poisson(_ stages: Stage...) -> [Int64] {
  all(ArrivalSchedule(arrivals: .poisson, stages: stages, seed: Seed(1)))
}

/// How many times lie in each of some equal parts of a range.
private func counts(_ times: [Int64], in range: Range<Double>, parts: Int) -> [Int] {
  var counts = [Int](repeating: 0, count: parts)
  for time in times {
    let part = (Double(time) / 1e9 - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(parts)
    if part >= 0, part < Double(parts) { counts[Int(part)] += 1 }
  }
  return counts
}

private func isAscending(_ times: [Int64]) -> Bool { zip(times, times.dropFirst()).allSatisfy { $0 <= $1 } }

/// `(k + 1/2) / rate` seconds in nanoseconds, to the nearest, in whole numbers alone; `rate` is whole.
private func exactTime(_ k: Int64, rate: Int64) -> Int64 {
  let (quotient, remainder) = (2 * UInt64(rate)).dividingFullWidth((2 * UInt64(k) + 1).multipliedFullWidth(by: UInt64(second)))
  return Int64(quotient) + (remainder >= UInt64(rate) ? 1 : 0)
}

@Suite struct ConstantArrivalTests {
  @Test func spacingIsExact() {
    let times = all(ArrivalSchedule(rate: 10_000, durationNanoseconds: 5 * second, arrivals: .constant, seed: Seed(1)))
    #expect(times == (0..<50_000).map { 50_000 + $0 * 100_000 })
  }

  @Test(arguments: [1, 3, 7, 333, 9_999, 10_000, 48_611, 1_600_000, 10_000_000] as [Int64])
  func nothingAddsUpInAMonth(_ rate: Int64) {
    for hours in [1, 24, 31 * 24] as [Int64] {
      let count = rate * hours * 3600
      for k in [0, 1, count / 3, count - 12_345, count - 2, count - 1] where k >= 0 {
        var schedule = ArrivalSchedule(
          rate: Double(rate), durationNanoseconds: hours * 3600 * second, arrivals: .constant, seed: Seed(1), worker: Int(k), of: Int(count))
        #expect(schedule.next() == exactTime(k, rate: rate), "arrival \(k) of \(count)")
        #expect(schedule.next() == nil)
      }
    }
  }

  @Test func everyStageGetsItsNumber() {
    let times = all(
      stage(.step, 100, seconds: 10), stage(.step, 0, seconds: 5), stage(.soak, 250, seconds: 4), stage(.ramp, 50, seconds: 10),
      stage(.step, 0.5, seconds: 10))
    #expect(isAscending(times))
    #expect(counts(times, in: 0..<10, parts: 1) == [1000])
    #expect(counts(times, in: 10..<15, parts: 5) == [0, 0, 0, 0, 0])
    #expect(counts(times, in: 15..<19, parts: 4) == [250, 250, 250, 250])
    #expect(counts(times, in: 19..<29, parts: 1) == [1500])
    #expect(counts(times, in: 29..<39, parts: 1) == [5])
    #expect(times.count == 1000 + 1000 + 1500 + 5)
  }

  /// A stage that ends between two arrivals hands the begun gap to the next, where it goes on at that one's rate.
  @Test func aBegunGapIsCarriedOver() {
    // The first arrival comes at 0.5 of a gap: after 0.3 at 1/s, the 0.2 that are left take 20 ms at 10/s.
    #expect(all(stage(.step, 1, seconds: 0.3), stage(.step, 10, seconds: 0.3)) == [320_000_000, 420_000_000, 520_000_000])
    // Stages too short for one arrival each make one together.
    #expect(all(stage(.step, 1, seconds: 0.2), stage(.step, 0, seconds: 1), stage(.step, 1, seconds: 0.2), stage(.step, 1, seconds: 0.2)) == [1_500_000_000])
  }

  @Test func nothingComesOfNothing() {
    #expect(all().isEmpty)
    #expect(all(stage(.step, 0, seconds: 100), stage(.ramp, 0, seconds: 100)).isEmpty)
    #expect(poisson(stage(.step, 0, seconds: 100)).isEmpty)
    #expect(all(ArrivalSchedule(rate: 100, durationNanoseconds: 0, arrivals: .poisson, seed: Seed(1))).isEmpty)
    // Out of range, from a caller that did not check: the nearest rate within it, and never a trap.
    for rate in [-5, .nan, -.infinity] as [Double] { #expect(all(stage(.step, rate, seconds: 1), stage(.ramp, rate, seconds: 1)).isEmpty) }
    #expect(all(stage(.step, .infinity, seconds: 0.001)).count == 10_000)
    #expect(poisson(stage(.step, 1e-300, seconds: 1e6), stage(.ramp, 1e-300, seconds: 1)).isEmpty)
  }

  @Test func timesStayWithinTheirStage() {
    // The only arrival would round to the very end.
    let stages = [Stage(shape: .step, ratePerSecond: 1000, durationNanoseconds: 500_001), Stage(shape: .step, ratePerSecond: 0, durationNanoseconds: second)]
    #expect(all(ArrivalSchedule(arrivals: .constant, stages: stages, seed: Seed(1))) == [500_000])
    let edge = RatePiece(startNanoseconds: 5, durationNanoseconds: 1000, firstRate: 1e6, lastRate: 1e6)
    #expect(edge.nanoseconds(whole: 0, fraction: 0.9999) == 5 + 999)
  }

  @Test func theSeedMakesNoDifference() {
    func times(_ seed: Seed) -> [Int64] {
      all(ArrivalSchedule(rate: 70, durationNanoseconds: 9 * second, arrivals: .constant, seed: seed))
    }
    #expect(times(Seed(1)) == times(Seed(2)))
  }
}

@Suite struct RampTests {
  /// From 0 to r in d seconds, r d / 2 (x / d)^2 come by x; a tenth has so much of the whole as its odd number of 100.
  @Test func countsFollowTheQuadratic() {
    let up = all(stage(.ramp, 1000, seconds: 100))
    #expect(counts(up, in: 0..<100, parts: 10) == (0..<10).map { 500 * (2 * $0 + 1) })
    let both = all(stage(.step, 1000, seconds: 1), stage(.ramp, 0, seconds: 100), stage(.ramp, 1000, seconds: 100))
    #expect(counts(both, in: 1..<101, parts: 10) == (0..<10).map { 500 * (2 * $0 + 1) }.reversed())
    #expect(counts(both, in: 101..<201, parts: 10) == (0..<10).map { 500 * (2 * $0 + 1) })
    #expect(isAscending(both))
    // From 200 to 400: 200 x + x^2.
    let part = all(stage(.step, 200, seconds: 10), stage(.ramp, 400, seconds: 100))
    #expect(counts(part, in: 10..<110, parts: 10) == (0..<10).map { 2000 + 100 * (2 * $0 + 1) })
  }

  @Test func timesAreTheInverse() {
    // At 2 x a second, x^2 come by x.
    let up = all(stage(.ramp, 20, seconds: 10))
    #expect(up.count == 100)
    for (k, time) in up.enumerated() { #expect(abs(Double(time) - (Double(k) + 0.5).squareRoot() * 1e9) <= 0.51) }
    // A falling one is a rising one backwards.
    let down = all(stage(.step, 20, seconds: 1), stage(.ramp, 0, seconds: 10)).dropFirst(20)
    #expect(down.count == 100)
    for (time, mirrored) in zip(down, up.reversed()) { #expect(abs(time - second + mirrored - 10 * second) <= 1) }
  }

  /// Far out, where counts are large and the rate falls to nothing, the last gaps are still right.
  @Test func longRampsArePreciseAtTheirEnds() throws {
    let day = 86_400.0
    let count = 10_000.0 * day / 2
    for (isUp, rates) in [(true, (0.0, 10_000.0)), (false, (10_000.0, 0.0))] {
      let piece = RatePiece(startNanoseconds: 0, durationNanoseconds: Int64(day) * second, firstRate: rates.0, lastRate: rates.1)
      for k in [0.5, 1.5, 1e6 + 0.5] {
        // From the end at which the rate is 0: rate x^2 / (2 d) come in x.
        let distance = (k * 2 * day / 10_000).squareRoot() * 1e9
        let place = isUp ? k : count - k
        let time = Double(piece.nanoseconds(whole: place.rounded(.down), fraction: 0.5))
        #expect(abs(time - (isUp ? distance : day * 1e9 - distance)) <= 1, "\(isUp) \(k)")
      }
    }
  }

  @Test(arguments: [0, 1e-13, -1e-13, 1e-9, -1e-9, 1e-6, -1e-6] as [Double])
  func aRampThatHardlyRisesIsAStep(_ change: Double) {
    let flat = all(stage(.step, 1000, seconds: 101))
    let ramp = all(stage(.step, 1000, seconds: 1), stage(.ramp, 1000 * (1 + change), seconds: 100))
    #expect(flat.count == ramp.count)
    // By its end, it is half the change of the whole ahead.
    let allowed = Int64((abs(change) * 50e9).rounded(.up)) + 1
    #expect(zip(flat, ramp).allSatisfy { abs($0 - $1) <= allowed })
    if abs(change) >= 1e-9, let last = flat.last, let other = ramp.last { #expect(abs(last - other) > allowed / 2) }
  }

  @Test func aSpikeGoesBack() {
    let times = all(
      stage(.step, 100, seconds: 10), stage(.spike, 2000, seconds: 1), stage(.ramp, 300, seconds: 10), stage(.spike, 0, seconds: 5),
      stage(.spike, 50, seconds: 2), stage(.ramp, 300, seconds: 10))
    #expect(counts(times, in: 10..<11, parts: 1) == [2000])
    // From 100, not from 2000.
    #expect(counts(times, in: 11..<21, parts: 10) == (0..<10).map { 110 + 20 * $0 })
    #expect(counts(times, in: 21..<26, parts: 1) == [0])
    #expect(counts(times, in: 26..<28, parts: 1) == [100])
    #expect(counts(times, in: 28..<38, parts: 10) == [Int](repeating: 300, count: 10))
    // Before the first stage the rate is 0.
    #expect(counts(all(stage(.spike, 500, seconds: 1), stage(.ramp, 100, seconds: 10)), in: 1..<11, parts: 2) == [125, 375])
  }
}
