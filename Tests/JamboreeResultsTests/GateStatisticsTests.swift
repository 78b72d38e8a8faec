import Foundation
import JamboreeKit
import JamboreeMetrics
import Testing

@testable import JamboreeResults

/// What a machine does to the figures of processes that are run one after the other, by a seed.
private struct Noise {
  /// Standard deviation, as a part of the figure.
  var deviation = 0.03
  /// Of each process with the one before.
  var autocorrelation = 0.0
  /// Chance that a process is disturbed, and then takes so much longer.
  var disturbed = (chance: 0.0, factor: 1.0)
  /// By which every process is slower than the one before.
  var drift = 0.0

  /// Factors of so many processes.
  func factors(_ count: Int, _ stream: inout RandomStream) -> [Double] {
    var state = Self.normal(&stream)
    let innovation = (1 - autocorrelation * autocorrelation).squareRoot()
    return (0..<count).map { index in
      if index > 0 { state = autocorrelation * state + innovation * Self.normal(&stream) }
      let extra = stream.nextUnit() < disturbed.chance ? disturbed.factor : 1
      return exp(deviation * state + drift * Double(index)) * extra
    }
  }

  /// Box and Muller's.
  private static func normal(_ stream: inout RandomStream) -> Double {
    (-2 * log(1 - stream.nextUnit())).squareRoot() * cos(2 * .pi * stream.nextUnit())
  }
}

/// Gates of a program against itself or one that is slower, as often as wanted.
private struct Trial {
  /// As many figures as a gate judges at most, and each with noise of its own, which makes for the most false alarms.
  var figures = 9
  /// Whether the one that may be shifted is a median, of which more is let pass.
  var lastIsMedian = false
  var replicates = 10
  var noise = Noise()
  /// The true shift of one of the figures; 0 for none.
  var shift = 0.0
  var seed: UInt64 = 1

  private func figure(_ index: Int) -> TimedFigure {
    let key = ProcessLatency.Key(kind: .service, name: "\(index)")
    if index == figures - 1, lastIsMedian { return TimedFigure(.p50(key)) }
    return index == 0 && figures > 1 ? TimedFigure(.operationsPerSecond) : TimedFigure(.mean(key))
  }

  private func stream(_ trial: Int) -> RandomStream { RandomStream(seed: Seed(seed), domain: RandomDomain("test.gate"), entity: UInt64(trial)) }
  private func factor(_ figure: Int) -> Double { figure == figures - 1 ? 1 + shift : 1 }

  private func isAlarm(_ estimates: [ShiftEstimate], leastTolerance: Double = 0) -> Bool {
    let judged = GateJudge(leastTolerance: leastTolerance).judge(estimates.enumerated().map { (figure($0.offset), $0.element) })
    return shift == 0 ? judged.contains { $0.verdict == .worse } : judged[figures - 1].verdict == .worse
  }

  /// The order in which the program runs them.
  func interleaved(_ trial: Int) -> [ShiftEstimate] {
    var stream = stream(trial)
    return (0..<figures).compactMap { figure in
      let factors = noise.factors(4 * replicates, &stream)
      let slower = factor(figure)
      return ShiftEstimate(
        (0..<replicates).map { round in
          let four = (0..<4).map { factors[4 * round + $0] }
          return round % 2 == 0
            ? InterleavedRound(baseline: (four[0], four[3]), now: (four[1] * slower, four[2] * slower))
            : InterleavedRound(baseline: (four[1], four[2]), now: (four[0] * slower, four[3] * slower))
        })
    }
  }

  func alarms(_ trials: Int) -> Int { (0..<trials).count { isAlarm(interleaved($0)) } }

  func alarmsAgainstStored(_ trials: Int) -> Int {
    (0..<trials).count { trial in
      var stream = stream(trial)
      let estimates = (0..<figures).compactMap { figure in
        let (then, now) = (noise.factors(2 * replicates, &stream), noise.factors(2 * replicates, &stream))
        return ShiftEstimate(baseline: then, now: now.map { $0 * factor(figure) })
      }
      return isAlarm(estimates, leastTolerance: GateJudge.toleranceBetweenSessions)
    }
  }
}

@Suite struct GateStatisticsTests {
  /// The bar: one alarm in a hundred over all figures, at 3% of noise.
  @Test(arguments: [0, 0.3]) func anUnchangedProgramPasses(_ autocorrelation: Double) {
    let trials = 2_500
    let alarms = Trial(noise: Noise(autocorrelation: autocorrelation), seed: 11).alarms(trials)
    #expect(Double(alarms) <= 0.01 * Double(trials), "\(alarms) of \(trials)")
    // Nor is it deaf.
    if autocorrelation == 0 { #expect(alarms > 0) }
  }

  /// The bar: nine of ten, of the one figure of nine that is 5% slower.
  @Test(arguments: [0, 0.3]) func aShiftOfFivePercentIsFound(_ autocorrelation: Double) {
    let trials = 1_000
    let found = Trial(noise: Noise(autocorrelation: autocorrelation), shift: 0.05, seed: 12).alarms(trials)
    #expect(Double(found) >= 0.9 * Double(trials), "\(found) of \(trials)")
  }

  @Test func noiseOfAnyOtherKindRaisesNoMoreAlarms() {
    let trials = 600
    for noise in [
      Noise(deviation: 0.003), Noise(deviation: 0.1), Noise(drift: 0.01), Noise(disturbed: (0.05, 1.4)),
      Noise(deviation: 0.06, autocorrelation: 0.6),
    ] {
      let alarms = Trial(noise: noise, seed: 13).alarms(trials)
      // Three standard errors above six.
      #expect(alarms <= 13, "\(alarms) of \(trials) with \(noise)")
    }
  }

  /// What the order and Holm's method are for: without them, the bars do not hold.
  @Test func neitherTheCorrectionNorTheOrderIsIdle() {
    let trials = 400
    let uncorrected = (0..<trials).count { trial in
      Trial(seed: 14).interleaved(trial).contains { $0.chanceOfRise < GateJudge().falseAlarms && $0.change > 0.02 }
    }
    #expect(Double(uncorrected) > 0.03 * Double(trials), "\(uncorrected)")
    var stream = RandomStream(seed: Seed(15), domain: RandomDomain("test.gate"), entity: 0)
    let drifting = Noise(deviation: 0.01, drift: 0.01).factors(40, &stream)
    let apart = ShiftEstimate(baseline: Array(drifting[..<20]), now: Array(drifting[20...]))
    let inTurn = ShiftEstimate(
      (0..<10).map { InterleavedRound(baseline: (drifting[4 * $0], drifting[4 * $0 + 3]), now: (drifting[4 * $0 + 1], drifting[4 * $0 + 2])) })
    #expect((apart?.change ?? 0) > 0.15)
    #expect(abs(inTurn?.change ?? 1) < 0.02)
  }

  /// Where the baseline's processes were run at another time, less is promised: 10% instead of 5%.
  @Test(arguments: [0, 0.3]) func storedProcessesServeForLargerShifts(_ autocorrelation: Double) {
    var trial = Trial(noise: Noise(autocorrelation: autocorrelation), seed: 16)
    #expect(trial.alarmsAgainstStored(600) <= 6)
    trial.shift = 0.1
    #expect(trial.alarmsAgainstStored(400) >= 360)
  }

  /// An improvement, or a worsening that is sure but small, is no failure.
  @Test func onlyAWorseningThatCountsFails() throws {
    func verdicts(_ factor: Double, _ figure: TimedFigure) -> FigureVerdict? {
      var stream = RandomStream(seed: Seed(17), domain: RandomDomain("test.gate"), entity: 0)
      let noise = Noise(deviation: 0.001).factors(40, &stream)
      let estimate = ShiftEstimate(
        (0..<10).map {
          InterleavedRound(baseline: (noise[4 * $0], noise[4 * $0 + 3]), now: (noise[4 * $0 + 1] * factor, noise[4 * $0 + 2] * factor))
        })
      return estimate.flatMap { GateJudge().judge([(figure, $0)]).first?.verdict }
    }
    let mean = TimedFigure(.mean(ProcessLatency.Key(kind: .ranking, name: "hot")))
    let median = TimedFigure(.p50(ProcessLatency.Key(kind: .ranking, name: "hot")))
    let tail = TimedFigure(.p99(ProcessLatency.Key(kind: .ranking, name: "hot")))
    let rate = TimedFigure(.operationsPerSecond)
    #expect(verdicts(1.05, mean) == .worse && verdicts(0.95, mean) == .better && verdicts(1.01, mean) == .same)
    #expect(verdicts(1.05, rate) == .better && verdicts(0.95, rate) == .worse && verdicts(0.99, rate) == .same)
    #expect(verdicts(1.04, median) == .same && verdicts(1.06, median) == .worse)
    #expect(verdicts(1.04, tail) == .same && verdicts(1.06, tail) == .worse)
  }

  /// What an interval leaves out by itself is not sure among many, or too small to count; sure is sure in both.
  @Test func anIntervalMayDifferFromTheVerdict() {
    func estimate(_ shift: Double, _ error: Double) -> ShiftEstimate {
      ShiftEstimate(logRatio: shift, standardError: error, degreesOfFreedom: 29, noise: 0.03)
    }
    let figures = (0..<9).map { TimedFigure(.mean(ProcessLatency.Key(kind: .service, name: "\($0)"))) }
    func judged(_ estimates: [ShiftEstimate]) -> [GateJudge.Judged] { GateJudge().judge(Array(zip(figures, estimates))) }
    let still = [ShiftEstimate](repeating: estimate(0, 0.01), count: 6)
    let found = judged([estimate(0.031, 0.01), estimate(0.01, 0.001), estimate(0.2, 0.01)] + still)
    #expect(found.map(\.verdict) == [.same, .same, .worse] + still.map { _ in .same })
    #expect(found.map(\.intervalDiffers) == [true, true, false] + still.map { _ in false })
    // Between one side of 0.75% and one of 0.5%.
    let alone = judged([estimate(0.0265, 0.01)])
    #expect(alone.first?.verdict == .worse && alone.first?.intervalDiffers == true)
  }

  @Test func holmStepsDownUntilOneStands() {
    // 0.01 / 3, then 0.01 / 2, then 0.01.
    #expect(GateJudge.rejected([0.004, 0.003, 0.2], 0.01) == [true, true, false])
    #expect(GateJudge.rejected([0.004, 0.0034, 0.2], 0.01) == [false, false, false])
    #expect(GateJudge.rejected([], 0.01).isEmpty)
  }

  /// What least squares gives for figures that were worked out by hand.
  @Test func theEstimateIsTheDifferenceOfTheMeans() throws {
    func e(_ x: Double) -> Double { exp(x) }
    let rounds = [
      InterleavedRound(baseline: (e(1), e(1.2)), now: (e(1.3), e(1.3))), InterleavedRound(baseline: (e(5), e(5)), now: (e(5.1), e(5.3))),
    ]
    let estimate = try #require(ShiftEstimate(rounds))
    #expect(abs(estimate.logRatio - 0.2) < 1e-12)
    #expect(estimate.degreesOfFreedom == 5)
    // Squares: half of 0.2 squared twice, and nothing between the rounds.
    #expect(abs(estimate.noise - (0.04 / 5).squareRoot()) < 1e-12)
    #expect(abs(estimate.standardError - (0.04 / 5 / 2).squareRoot()) < 1e-12)
    #expect(ShiftEstimate([rounds[0]]) == nil)
    #expect(ShiftEstimate([rounds[0], InterleavedRound(baseline: (1, 0), now: (1, 1))]) == nil)
    // Figures without any noise are no reason to divide by it.
    let still = try #require(ShiftEstimate([InterleavedRound](repeating: InterleavedRound(baseline: (2, 2), now: (2, 2)), count: 3)))
    #expect(still.chanceOfRise == 1 && still.change == 0)
  }

  /// As in printed tables.
  @Test func studentsDistributionIsTheTables() {
    for (freedom, chance, value) in [(1.0, 0.01, 31.820516), (5, 0.025, 2.570582), (10, 0.05, 1.812461), (29, 0.005, 2.756386), (120, 0.001, 3.159539)] {
      let student = StudentDistribution(degreesOfFreedom: freedom)
      #expect(abs(student.upperQuantile(chance) - value) < 2e-6)
      #expect(abs(student.upperTail(value) - chance) < 3e-8)
      #expect(abs(student.upperTail(-value) - (1 - chance)) < 3e-8)
    }
    #expect(StudentDistribution(degreesOfFreedom: 3).upperTail(0) == 0.5)
  }

  /// Where the noise is what it is taken to be, what is said to be found nine times in ten is.
  @Test func whatIsSaidToBeFoundIsFound() {
    let estimate = ShiftEstimate(logRatio: 0, standardError: 0.03 / 10.0.squareRoot(), degreesOfFreedom: 29, noise: 0.03)
    for isMedian in [false, true] {
      let key = ProcessLatency.Key(kind: .service, name: "0")
      let judged = GateJudge().judge([(TimedFigure(isMedian ? .p50(key) : .mean(key)), estimate)])
      let shift = GateJudge().findable(judged[0], among: 1)
      let trials = 1_500
      let found = Double(Trial(figures: 1, lastIsMedian: isMedian, shift: shift, seed: 19).alarms(trials)) / Double(trials)
      #expect(abs(found - 0.9) < 0.024, "\(found) at \(shift)")
    }
  }
}
