import Glibc
import JamboreeKit
import JamboreePopulation
import Testing

@testable import JamboreeWorkloads

/// How much is done, and by whom.
@Suite struct VisitBudgetTests {
  private static let weights = [60.0, 25, 5, 8, 2]
  private static let oneRegion = [Region(name: "UTC", share: 1, utcOffsetMinutes: 0)]

  @Test(arguments: [1, 3, 37, 1_000, 20_000], [1, 2, 3] as [UInt64])
  func totalsHoldToRounding(_ members: Int, _ seed: UInt64) {
    for (days, workingDays) in [(1, 1.0), (7, 5.24)] {
      let model = ToyPlan(
        members: members, regions: Self.oneRegion, seed: seed, startMinuteOfWeek: days == 1 ? 24 * 60 : 0,
        durationNanoseconds: Int64(days) * 24 * hourNanoseconds
      ).model()
      #expect(model.roster.count == Int((Double(members) * 0.8).rounded()))
      for activity in 0..<5 {
        let wanted = Double(model.roster.count) * 5 * workingDays * Self.weights[activity] / 100
        #expect(abs(Double(model.total(activity)) - wanted) < 0.501, "\(model.total(activity)) of activity \(activity), wanted \(wanted)")
      }
    }
  }

  /// A service's total is the same number of actions a user at every scale.
  @Test func totalsScale() {
    let whole = ToyPlan(members: 40_000).model()
    for scale in [0.5, 0.1, 0.01] {
      let part = ToyPlan(members: Int(40_000 * scale), scale: scale).model()
      for activity in 0..<5 { #expect(abs(Double(part.total(activity)) - scale * Double(whole.total(activity))) <= 2) }
    }
  }

  @Test(arguments: [0.05, 0.4, 1]) func whoComes(_ dailyActive: Double) {
    for days in [1, 2, 4] {
      var plan = ToyPlan(members: 5_000, durationNanoseconds: Int64(days) * 24 * hourNanoseconds)
      plan.parameters.dailyActive = dailyActive
      plan.startMinuteOfWeek = 0
      plan.regions = Self.oneRegion
      let model = plan.model()
      #expect(abs(Double(model.comingCount) - 4_000 * (1 - pow(1 - dailyActive, Double(days)))) <= 1.001)
      // Each of them does something, where there is enough for all.
      #expect((0..<model.comingCount).allSatisfy { model.budget(0, of: $0) >= 1 })
    }
  }

  /// A half of a day has the weight of its hours, and an hour of the night hardly any.
  @Test func partsOfADay() {
    let hours = Arrivals.office.localHours
    func plan(_ hours: Double) -> ToyPlan {
      ToyPlan(
        members: 20_000, regions: Self.oneRegion, durationNanoseconds: Int64(hours * Double(hourNanoseconds)))
    }
    for (length, weight) in [(12.0, hours[..<12].reduce(0, +)), (9.5, hours[..<9].reduce(0, +) + hours[9] / 2), (0.25, hours[0] / 4)] {
      let share = weight / hours.total
      let model = plan(length).model()
      #expect(abs(Double(model.total(0)) - 16_000 * 5 * 0.6 * share) < 1.001)
      #expect(abs(Double(model.comingCount) - 16_000 * (1 - pow(0.6, share))) <= 1.001)
    }
    // A second of a night without visitors.
    var empty = plan(1.0 / 3600)
    empty.parameters.arrivals.localHours[0] = 0
    #expect(empty.model().comingCount == 0)
  }

  /// A day that has other hours for other parts of the world counts by how many people live there.
  @Test func daysCountByRegion() {
    var arrivals = Arrivals(localHours: [Double](repeating: 0, count: 24), weekendFactor: 1)
    arrivals.localHours[12] = 1
    var plan = ToyPlan(members: 10_000, durationNanoseconds: hourNanoseconds)
    plan.regions = [Region(name: "Noon", share: 3, utcOffsetMinutes: 720), Region(name: "Night", share: 1, utcOffsetMinutes: 0)]
    plan.parameters.arrivals = arrivals
    #expect(abs(Double(plan.model().total(0)) - 0.75 * 8_000 * 5 * 0.6) <= 1)
  }

  // MARK: Who does it

  @Test func writersAndHeavyWriters() {
    for (share, heavyShare, factor) in [(0.1, 0.1, 10.0), (0.25, 0.5, 3), (1, 0.02, 40)] {
      var plan = ToyPlan(members: 20_000)
      plan.parameters.actionsPerDay = 40
      plan.parameters.writers = VisitParameters.Writers(share: share, heavyShare: heavyShare, heavyFactor: factor)
      let model = plan.model()
      let (writers, weights) = model.writers()
      #expect(abs(Double(writers.count) - share * Double(model.comingCount)) <= 1)
      let heavy = weights.count { $0 == factor }
      #expect(heavy == Int((Double(writers.count) * heavyShare).rounded()))
      let edits = Dictionary(uniqueKeysWithValues: (0..<model.comingCount).map { (model.roster[$0], Double(model.budget(3, of: $0))) })
      #expect(Set(writers).count == writers.count)
      let written = writers.map { edits[$0.rawValue] ?? -1 }
      #expect(written.total == Double(model.total(3)))
      // Nobody else writes, and the two classes differ by the factor.
      #expect(abs(written[..<heavy].mean / written[heavy...].mean - factor) < 0.02 * factor)
      // Within a class amounts are geometric.
      func isGeometric(_ amounts: [Double]) -> Bool { chiSquareOfGeometric(amounts, first: 0) < 6 }
      #expect(isGeometric(Array(written[..<heavy])) && isGeometric(Array(written[heavy...])))
    }
  }

  /// Chi-square against geometric amounts with the sample's own mean. They are dealt out by strata, so it is far below its limit.
  private func chiSquareOfGeometric(_ amounts: [Double], first: Int) -> Double {
    let mean = amounts.mean - Double(first)
    var counts = [Double](repeating: 0, count: 2_000)
    for amount in amounts { counts[min(Int(amount) - first, 1_999)] += 1 }
    let ratio = mean / (1 + mean)
    return chiSquare(counts, (0..<2_000).map { pow(ratio, Double($0)) * (1 - ratio) * Double(amounts.count) }).value
  }

  @Test func amountsAreGeometricFromOneOrEven() {
    let model = ToyPlan(members: 50_000).model()
    func amounts(_ activity: Int) -> [Double] { (0..<model.comingCount).map { Double(model.budget(activity, of: $0)) } }
    #expect(amounts(0).min() == 1)
    #expect(chiSquareOfGeometric(amounts(0), first: 1) < 5)
    #expect(chiSquareOfGeometric(amounts(1), first: 0) < 5)
    // 5% of 12.5 actions for each who comes: nobody clicks twice.
    #expect(amounts(2).max() == 1 && abs(amounts(2).mean - 0.625) < 1e-3)
  }

  /// Who does much of one thing does not do much of another.
  @Test func activitiesAreIndependent() {
    let model = ToyPlan(members: 20_000).model()
    let pairs = (0..<model.comingCount).map { (Double(model.budget(0, of: $0)), Double(model.budget(1, of: $0))) }
    let (a, b) = (pairs.map(\.0).mean, pairs.map(\.1).mean)
    let covariance = pairs.map { ($0.0 - a) * ($0.1 - b) }.mean
    let correlation = covariance / (pairs.map { pow($0.0 - a, 2) }.mean * pairs.map { pow($0.1 - b, 2) }.mean).squareRoot()
    #expect(abs(correlation) < 4 / Double(pairs.count).squareRoot())
  }

  @Test(arguments: [0.01, 0.2, 1]) func onlyOwnersPublish(_ share: Double) {
    var plan = ToyPlan(members: 4_000, owners: share)
    plan.parameters.dailyActive = 0.9
    let model = plan.model()
    #expect(model.ownerCount == Int((3_200 * share).rounded()))
    let places = model.roster.indices.compactMap { model.place(ofOwner: $0) }
    #expect(places.sorted() == Array(0..<model.ownerCount))
    let owners = model.owners()
    for participant in model.roster.indices {
      if let place = model.place(ofOwner: participant) {
        #expect(owners[place].rawValue == model.roster[participant])
      } else if participant < model.comingCount, model.budget(4, of: participant) > 0 {
        Issue.record("participant \(participant) owns nothing and publishes")
      }
    }
    #expect(abs(Double(model.total(4)) - 3_200 * 5 * 0.02) <= 1)
  }

  /// In a sample without owners and without writers, what they would have done is done all the same.
  @Test func nothingIsLostWithoutOwners() {
    var plan = ToyPlan(members: 200, owners: 0)
    plan.parameters.writers.share = 0
    plan.mix[3] = 0
    #expect(abs(Double(plan.model().total(4)) - 160 * 5 * 2 / 92) <= 1)
  }

  // MARK: Extremes

  /// A thousand actions a day for a year: more than 16 bits hold.
  @Test(arguments: [1, 50]) func aBusyYear(_ members: Int) throws {
    var plan = ToyPlan(members: members, startMinuteOfWeek: 0, durationNanoseconds: 364 * 24 * hourNanoseconds, owners: 1)
    plan.regions = Self.oneRegion
    plan.parameters = VisitParameters(participation: 1, dailyActive: 1, actionsPerDay: 1000, actionsPerVisit: 1)
    let model = plan.model()
    for activity in 0..<5 {
      let wanted = Double(members) * 1000 * 52 * 5.24 * Self.weights[activity] / 100
      #expect(abs(Double(model.total(activity)) - wanted) <= 2)
    }
    let agents = (0..<shardCount).map { VisitAgents(Toy(model: model), shard: $0) }
    #expect(agents.reduce(0) { $0 + $1.count } == members)
  }

  /// One of ten thousand does nearly all, and no more than there are numbers for.
  @Test func oneWriterOfAll() {
    var plan = ToyPlan(members: 20_000)
    plan.parameters = VisitParameters(
      participation: 1, dailyActive: 1, actionsPerDay: 1000, actionsPerVisit: 1000,
      writers: VisitParameters.Writers(share: 1, heavyShare: 0.00005, heavyFactor: 10_000))
    plan.mix = [0, 0, 0, 1, 0]
    let model = plan.model()
    let most = (0..<model.comingCount).map { model.budget(3, of: $0) }.max()
    #expect(abs(Double(most ?? 0) - 20_000_000 * 10_000 / 29_999) < 2)
    #expect(abs(model.total(3) - 20_000_000) <= 2)
    plan.parameters.actionsPerDay = 1000
    plan.durationNanoseconds = 72 * hourNanoseconds
    let longer = plan.model()
    #expect((0..<longer.comingCount).map { longer.budget(3, of: $0) }.max() == UInt32(BudgetDeal.mostOfOne))
  }

  /// Amounts far above the table's cells keep their sum and their shape, which is then exponential.
  @Test func largeGeometricAmounts() {
    for (mean, count) in [(1_000.5, 1), (5_000, 999), (262_000, 2_000), (1e8, 300), (1e16, 1)] {
      let deal = StratifiedBudget(geometricFrom: 1, mean: mean, count: count)
      let amounts = (0..<count).map { Double(deal.amount(of: $0)) }
      #expect(abs(amounts.total - mean * Double(count)) <= max(0.501, 1e-9 * mean))
      #expect(amounts == amounts.sorted() && amounts.allSatisfy { $0 >= 1 })
      if count > 100 { #expect(kolmogorovSmirnov(amounts) { 1 - exp(-max($0 - 1, 0) / (mean - 1)) } < 0.1) }
    }
    // Both sides of where cells begin to hold more than one amount.
    let (fine, coarse) = (
      StratifiedBudget(geometricFrom: 0, mean: 1000, count: 5_000), StratifiedBudget(geometricFrom: 0, mean: 1000.01, count: 5_000)
    )
    #expect((0..<5_000).allSatisfy { abs(fine.amount(of: $0) - coarse.amount(of: $0)) <= 2 })
  }

  @Test func nobodyIsThere() throws {
    for change in [{ $0.participation = 0 }, { $0.actionsPerDay = 0 }, { ($0.dailyActive, $0.actionsPerDay) = (0, 0) }]
      as [(inout VisitParameters) -> Void]
    {
      var plan = ToyPlan(members: 50)
      change(&plan.parameters)
      #expect(try VisitPlay(plan.model()).actions.isEmpty)
    }
    #expect(ToyPlan(members: 50, audience: .alumni).model().roster.isEmpty)
    #expect(ToyPlan(members: 50, audience: .public_(count: 0, first: 0)).model().roster.isEmpty)
  }
}
