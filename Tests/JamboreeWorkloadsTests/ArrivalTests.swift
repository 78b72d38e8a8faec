import Glibc
import JamboreeKit
import Testing

@testable import JamboreeWorkloads

@Suite struct ArrivalTests {
  /// Short visits, so that hardly anybody is still there when the next visit is due and has to wait.
  private static func shortVisits(members: Int, seed: UInt64 = 1) throws -> JamPlay {
    JamPlay(
      try makeModel(members: members, seed: seed) {
        $0.pagesPerSession = 2
        $0.think.meanNanoseconds = 1_000_000_000
        $0.posts.perParticipant = 0
        $0.ratings.perParticipant = 0
      })
  }

  /// The code's own share of each hour, over regions weighted by their share of the participants and how often those
  /// visit.
  private static func analyticPercent(_ model: JamModel) -> [Double] {
    (0..<72).map { hour in
      CalibratedCurve.shares.indices.reduce(0) {
        $0 + 100 * CalibratedCurve.shares[$1] * model.curve.relativeWeights[$1] * model.curve.share(region: $1, hour: hour)
      }
    }
  }

  /// The table's figures have two decimals, so each may be off by 0.005 of a percent and by no more.
  @Test func hourlySharesAreThoseOfTheTable() throws {
    let shares = Self.analyticPercent(try makeModel(members: 64))
    #expect(abs(shares.total - 100) < 1e-9)
    let off = zip(shares, CalibratedCurve.hourlyPercent).map { abs($0 - $1) }
    let worst = off.indices.max { off[$0] < off[$1] } ?? 0
    #expect(
      off[worst] <= 0.005 + 1e-9,
      "\(off.count { $0 > 0.005 + 1e-9 }) hours, worst \(worst): \(shares[worst]), wanted \(CalibratedCurve.hourlyPercent[worst])")
  }

  /// The same, from visits that were made: the table's rounding is far below the sampling error of 220,000 visits.
  @Test func visitsPerHourAreThoseOfTheTable() throws {
    let play = try Self.shortVisits(members: 160_000)
    var counts = [Double](repeating: 0, count: 72)
    for visit in play.visits { counts[Int(visit.start.nanoseconds / hourNanoseconds)] += 1 }
    let visits = Double(play.visits.count)
    #expect(abs(visits / 100_000 - 2.2) < 0.01)
    let total = CalibratedCurve.hourlyPercent.total
    let test = chiSquare(counts, CalibratedCurve.hourlyPercent.map { $0 / total * visits })
    #expect(test.cells == 72)
    #expect(test.value < chiSquareLimit(71), "chi-square \(test.value)")
  }

  @Test func curveIsThatOfItsFigures() throws {
    let model = try makeModel(members: 64)
    for region in 0..<4 {
      let cumulative = CalibratedCurve.cumulative(region: region)
      for hour in 0..<72 {
        #expect(abs(model.curve.share(region: region, hour: hour) - (cumulative[hour * 2 + 2] - cumulative[hour * 2])) < 1e-12)
      }
      for quantile in stride(from: 0.0005, to: 1, by: 0.001) {
        let time = model.curve.time(region: region, quantile: quantile)
        #expect(abs(CalibratedCurve.share(cumulative, by: Double(time.nanoseconds)) - quantile) < 1e-9)
      }
    }
  }

  /// A start's share of its region's curve is uniform, over the event and within the hour; and it is as irregular as
  /// chance, because every visit is drawn by itself: nothing here is stratified.
  @Test(arguments: 0..<4) func startsFollowTheDensityAndNothingElse(_ region: Int) throws {
    let play = try Self.shortVisits(members: 20_480, seed: 7)
    let cumulative = CalibratedCurve.cumulative(region: region)
    let starts = play.visits.filter { $0.region == region }.map { Double($0.start.nanoseconds) }
    let shares = starts.map { CalibratedCurve.share(cumulative, by: $0) }
    #expect(kolmogorovSmirnov(shares) { $0 } < 1.95)

    let withinHour = starts.map { start in
      let hour = Int(start / 3.6e12)
      let (from, to) = (cumulative[hour * 2], cumulative[hour * 2 + 2])
      return (CalibratedCurve.share(cumulative, by: start) - from) / (to - from)
    }
    #expect(kolmogorovSmirnov(withinHour) { $0 } < 1.95)

    // Gaps between neighbours in the time in which the density is even: exponential when visits are independent.
    let sorted = shares.sorted()
    let gaps = zip(sorted.dropFirst(), sorted).map { ($0 - $1) * Double(sorted.count) }
    #expect(kolmogorovSmirnov(gaps) { 1 - exp(-$0) } < 1.95)
    // Counts in equal cells scatter as a Poisson process does, neither more (bunches) nor less (a timetable).
    var cells = [Double](repeating: 0, count: sorted.count / 20)
    for share in shares { cells[min(Int(share * Double(cells.count)), cells.count - 1)] += 1 }
    let scatter = chiSquare(cells, cells.map { _ in Double(sorted.count) / Double(cells.count) })
    #expect(scatter.value < chiSquareLimit(scatter.cells - 1))
    #expect(scatter.value > chiSquareFloor(scatter.cells - 1))
  }
}
