import Glibc
import JamboreeKit
import JamboreePopulation
import Testing

@testable import JamboreeWorkloads

/// When visits begin, how many there are, and how long it takes from one action to the next.
@Suite struct VisitTimeTests {
  /// What everybody set out to do is done by the end of the last visit, in the order in which the items are numbered.
  @Test func budgetsAreSpentToTheLast() throws {
    let model = ToyPlan(members: 2_000, durationNanoseconds: 48 * hourNanoseconds).model()
    let play = try VisitPlay(model)
    var done = [[Int]](repeating: [0, 0, 0, 0, 0], count: 2_000)
    var published = [UInt32](repeating: 0, count: 2_000)
    for action in play.actions {
      let member = Int(action.actor.rawValue)
      done[member][Int(action.action)] += 1
      if action.action >= 3 {
        published[member] += 1
        #expect(action.subject == ItemID(author: action.actor, service: 0, sequence: published[member]))
      }
    }
    for participant in 0..<model.comingCount {
      #expect(done[Int(model.roster[participant])] == (0..<5).map { Int(model.budget($0, of: participant)) })
    }
    #expect(play.actions.count == (0..<5).reduce(0) { $0 + model.total($1) })
    // participants, visits, online, pageViews, then what each activity counts.
    #expect(play.counters[0] == Int64(model.comingCount) && play.counters[2] == 0)
    #expect(play.counters[1] == Int64(play.visits.count))
    #expect(play.counters[3] == Int64(model.total(0) + model.total(1)))
    #expect(Array(play.counters[4...]) == (0..<5).map { Int64(model.total($0)) })
  }

  /// Each participant comes as often as the amounts take visits, and does about as much each time.
  @Test func visitsPerParticipant() throws {
    var plan = ToyPlan(members: 3_000)
    plan.mix = [1, 0, 0, 0, 0]
    plan.parameters.actionsPerVisit = 4
    let model = plan.model()
    let play = try VisitPlay(model)
    var visits = [Int](repeating: 0, count: 3_000)
    for visit in play.visits { visits[Int(visit.member.rawValue)] += 1 }
    for participant in 0..<model.comingCount {
      let actions = model.budget(0, of: participant)
      #expect(visits[Int(model.roster[participant])] == max(Int((Double(actions) / 4).rounded()), 1))
    }
    // Actions of each visit: those between two starts of a member, in the order of time.
    #expect(play.thinkTimes.count == play.actions.count - play.visits.count)
    let perVisit = Double(play.actions.count) / Double(play.visits.count)
    #expect(abs(perVisit - 4) < 0.25, "\(perVisit) actions a visit")
  }

  @Test func aPageComesFirst() throws {
    let play = try VisitPlay(ToyPlan(members: 1_000).model())
    var others = 0
    for visit in Dictionary(grouping: play.actions, by: \.visit).values {
      // Whoever looks at a page at all has looked at one before anything else is done.
      if visit.contains(where: { $0.action < 2 }) { #expect(visit[0].action < 2) }
      if visit.contains(where: { $0.action > 1 }) { others += 1 }
    }
    #expect(others > 200)
  }

  @Test(arguments: [(30, 1.0), (5, 0.5), (600, 2)]) func thinkTimesAreLognormal(_ seconds: Int64, _ sigma: Double) throws {
    var plan = ToyPlan(members: 1_500)
    plan.parameters.think = ThinkTime(meanNanoseconds: seconds * 1_000_000_000, sigma: sigma)
    let times = try VisitPlay(plan.model()).thinkTimes.map { $0 / 1e9 }
    #expect(times.count > 4_000)
    let middle = log(Double(seconds)) - sigma * sigma / 2
    #expect(kolmogorovSmirnov(times) { normalCumulative((log(max($0, 1e-12)) - middle) / sigma) } < 1.95)
  }

  // MARK: Hours

  /// A visit at a time, of one action, so that nobody has to wait for the end of the one before.
  private static func hourly(_ change: (inout ToyPlan) -> Void) -> ToyPlan {
    var plan = ToyPlan(members: 12_000, startMinuteOfWeek: 0, durationNanoseconds: 168 * hourNanoseconds)
    plan.parameters = VisitParameters(participation: 1, dailyActive: 1, actionsPerDay: 0.5, actionsPerVisit: 1)
    plan.parameters.think = ThinkTime(meanNanoseconds: 1_000_000, sigma: 0)
    plan.mix = [1, 0, 0, 0, 0]
    change(&plan)
    return plan
  }

  /// A region's share of each hour of a week from Monday 00:00 UTC, worked out anew.
  private static func week(_ arrivals: Arrivals, offset: Int) -> [Double] {
    let halves = (0..<336).map { half in
      let local = (half * 30 + offset + 10_080) % 10_080
      return arrivals.localHours[local / 60 % 24] * (local >= 5 * 1440 ? arrivals.weekendFactor : 1)
    }
    let total = halves.total
    return (0..<168).map { (halves[2 * $0] + halves[2 * $0 + 1]) / total }
  }

  @Test func visitsFollowTheHoursOfEachRegion() throws {
    for arrivals in [Arrivals.office, .leisure] {
      let plan = Self.hourly { $0.parameters.arrivals = arrivals }
      let model = plan.model()
      let play = try VisitPlay(model)
      let regions = model.setup.population.regionIndices
      for (region, offset) in [-300, 60, 330, 540].enumerated() {
        let starts = play.visits.filter { Int(regions[Int($0.member.rawValue)]) == region }
        var counts = [Double](repeating: 0, count: 168)
        for visit in starts { counts[Int(visit.start.nanoseconds / hourNanoseconds)] += 1 }
        let test = chiSquare(counts, Self.week(arrivals, offset: offset).map { $0 * Double(starts.count) })
        #expect(starts.count > 2_500 && test.cells > 60)
        #expect(test.value < chiSquareLimit(test.cells - 1), "region \(region): \(test)")
        #expect(test.value > chiSquareFloor(test.cells - 1), "region \(region): \(test)")
      }
    }
  }

  /// A week has five working days and 0.12 of each day of its weekend, wherever it begins.
  @Test func workingDaysOfAWeek() {
    for start in [0, 1440, 6 * 1440 + 700] {
      let curve = ArrivalCurve(
        .office, regions: PopulationParameters.defaultRegions, startMinuteOfWeek: start / 30 * 30,
        durationNanoseconds: 168 * hourNanoseconds)
      #expect(curve.workingDays.allSatisfy { abs($0 - 5.24) < 1e-9 })
    }
    var arrivals = Arrivals.office
    arrivals.weekendFactor = 0
    let saturday = ArrivalCurve(
      arrivals, regions: [Region(name: "UTC", share: 1, utcOffsetMinutes: 0)], startMinuteOfWeek: 5 * 1440,
      durationNanoseconds: 24 * hourNanoseconds)
    #expect(saturday.workingDays == [0])
    // Without any weight they come evenly, if they come.
    #expect(saturday.time(region: 0, quantile: 0.5).nanoseconds == 12 * hourNanoseconds)
  }

  @Test func visitsOfTheLastHourBeginInTime() throws {
    for duration in [1_000_000_000, hourNanoseconds / 2 + 1, 366 * 24 * hourNanoseconds] {
      let curve = ArrivalCurve(
        .office, regions: PopulationParameters.defaultRegions, startMinuteOfWeek: 24 * 60, durationNanoseconds: duration)
      for region in 0..<4 {
        var last = SimTime.zero
        for quantile in [0x1p-33, 0.1, 0.5, 0.9, 1 - 0x1p-33] {
          let time = curve.time(region: region, quantile: quantile)
          #expect(time >= last && time.nanoseconds < duration)
          last = time
        }
      }
    }
  }

  // MARK: Crowds

  private static func burst(_ shape: [(hours: Double, share: Double)], peak: Int64, width: Int64, duration: Int64) -> BurstCurve {
    BurstCurve(
      shape, peak: SimTime(nanoseconds: peak * hourNanoseconds), widthNanoseconds: width * hourNanoseconds,
      durationNanoseconds: duration * hourNanoseconds)
  }

  /// The cumulative share of a shape at an hour: straight lines between its points.
  private static func share(_ shape: [(hours: Double, share: Double)], _ hours: Double) -> Double {
    guard hours > shape[0].hours else { return 0 }
    for (from, to) in zip(shape, shape.dropFirst()) where hours <= to.hours {
      return from.share + (hours - from.hours) / (to.hours - from.hours) * (to.share - from.share)
    }
    return 1
  }

  /// Whole, cut at the start, at the end and at both, stretched.
  @Test(arguments: [(50, 72, 200), (12, 72, 200), (60, 72, 72), (12, 72, 24), (50, 144, 200)] as [(Int64, Int64, Int64)])
  func crowdsFollowTheirCurve(_ peak: Int64, _ width: Int64, _ duration: Int64) throws {
    let shape = BurstCurve.flashCrowd
    var plan = Self.hourly { $0.curve = .burst(Self.burst(shape, peak: peak, width: width, duration: duration)) }
    plan.durationNanoseconds = duration * hourNanoseconds
    plan.parameters.actionsPerDay = 1
    let play = try VisitPlay(plan.model())
    // A crowd is one day of its own, however long the run is.
    #expect(play.visits.count == 12_000)
    func whole(_ hour: Double) -> Double { Self.share(shape, (hour - Double(peak)) * 72 / Double(width)) }
    let (first, last) = (whole(0), whole(Double(duration)))
    let hours = play.visits.map { Double($0.start.nanoseconds) / Double(hourNanoseconds) }
    #expect(hours.allSatisfy { $0 >= 0 && $0 < Double(duration) })
    #expect(kolmogorovSmirnov(hours) { (whole($0) - first) / (last - first) } < 1.95)
  }

  @Test func aCrowdOutsideTheRunIsEven() throws {
    for peak in [-100, 500] as [Int64] {
      let plan = Self.hourly {
        $0.curve = .burst(Self.burst(BurstCurve.rush, peak: peak, width: 10, duration: 24))
        $0.durationNanoseconds = 24 * hourNanoseconds
      }
      let hours = try VisitPlay(plan.model()).visits.map { Double($0.start.nanoseconds) / Double(hourNanoseconds) }
      #expect(kolmogorovSmirnov(hours) { min(max($0 / 24, 0), 1) } < 1.95)
    }
  }

  /// The narrowest crowd at the latest time that can be written.
  @Test func narrowCrowds() {
    let year = 8760 * hourNanoseconds
    for duration in [1_000_000_000, year, 366 * 24 * hourNanoseconds] {
      for peak in [0, duration / 2, year] {
        let curve = BurstCurve(
          BurstCurve.rush, peak: SimTime(nanoseconds: peak), widthNanoseconds: 1_000_000_000, durationNanoseconds: duration)
        for quantile in [0x1p-33, 0.5, 1 - 0x1p-33] {
          let time = curve.time(quantile: quantile).nanoseconds
          #expect(time >= 0 && time < duration)
        }
      }
    }
  }
}
