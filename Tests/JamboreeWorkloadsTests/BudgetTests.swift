import Glibc
import JamboreeKit
import Testing

@testable import JamboreeWorkloads

@Suite struct BudgetTests {
  /// P(k) in proportion to k^-2.3 for k in 1 ... 200, worked out here.
  private static let zeta: [Double] = {
    let weights = (1...200).map { pow(Double($0), -2.3) }
    return weights.map { $0 / weights.total }
  }()
  private static let zetaMean = zeta.enumerated().reduce(0.0) { $0 + Double($1.offset + 1) * $1.element }

  @Test(arguments: [200, 5_000, 80_000]) func postsPerPosterAreZeta(_ members: Int) throws {
    let model = try makeModel(members: members)
    var counts = [Double](repeating: 0, count: 201)
    for participant in 0..<model.participantCount { counts[model.posts(of: participant)] += 1 }
    let participants = Double(model.participantCount)
    let posters = participants - counts[0]
    // 0.5 posts a participant over 2.27 a poster: 22%.
    #expect(abs(posters - 0.5 / Self.zetaMean * participants) <= 1)
    let expected = Self.zeta.map { $0 * posters }
    let test = chiSquare(Array(counts.dropFirst()), expected)
    #expect(test.value < chiSquareLimit(max(test.cells - 1, 1)))
    // Dealt out in equal steps of the quantile: a step that holds two amounts and the rounding move one person each.
    for posts in 1...200 { #expect(abs(counts[posts] - expected[posts - 1]) <= 2, "\(posts) posts") }
    // The sum is exact, but for rounding the number of posters.
    let sum = counts.enumerated().reduce(0.0) { $0 + Double($1.offset) * $1.element }
    #expect(abs(sum - 0.5 * participants) <= 2, "\(sum) posts of \(participants) participants")
  }

  @Test func sessionsAndRatingsAreGeometric() throws {
    let model = try makeModel(members: 32_000)
    let weights = model.curve.relativeWeights
    #expect(abs(zip(CalibratedCurve.shares, weights).reduce(0) { $0 + $1.0 * $1.1 } - 1) < 1e-12)
    let participants = Double(model.participantCount)
    var ratings = [Double](repeating: 0, count: 60)
    for participant in 0..<model.participantCount {
      ratings[min(model.ratings(of: participant), 59)] += 1
    }
    let ratingShares = (0..<60).map { pow(0.5, Double($0 + 1)) }
    #expect(chiSquare(ratings, ratingShares.map { $0 * participants }).value < 5)
    func mean(_ counts: [Double]) -> Double { counts.enumerated().reduce(0.0) { $0 + Double($1.offset) * $1.element } / participants }
    #expect(abs(mean(ratings) - 1) < 0.001)
    // 1 + geometric, with a mean of 2.2 over all regions and more where the event's busy hours fall into the day.
    for region in 0..<4 {
      var sessions = [Double](repeating: 0, count: 60)
      for participant in 0..<model.participantCount { sessions[min(model.sessions(of: participant, region: region), 59)] += 1 }
      let wanted = 2.2 * weights[region]
      let shares = [0] + (0..<59).map { pow((wanted - 1) / wanted, Double($0)) / wanted }
      #expect(chiSquare(sessions, shares.map { $0 * participants }).value < 5)
      #expect(abs(mean(sessions) - wanted) < 0.001)
    }
  }

  /// What a participant has set out to do is done by the end of the last visit, all of it and no more.
  @Test func budgetsAreSpentToTheLast() throws {
    let model = try makeModel(members: 3_200) { $0.pagesPerSession = 3 }
    let play = JamPlay(model)
    var posts: [MemberID: Int] = [:]
    var ratings: [MemberID: Int] = [:]
    var joins: [MemberID: Int] = [:]
    for write in play.writes {
      switch write.verb {
      case .publish: posts[write.actor, default: 0] += 1
      case .react: ratings[write.actor, default: 0] += 1
      default: joins[write.actor, default: 0] += 1
      }
    }
    let visits = Dictionary(grouping: play.visits, by: \.member)
    for member in 0..<model.population.count {
      let id = MemberID(UInt32(member))
      let number = model.participantNumber(of: member)
      #expect(visits[id]?.count ?? 0 == number.map { model.sessions(of: $0, region: Int(model.population.regionIndices[member])) } ?? 0)
      #expect(posts[id] ?? 0 == number.map { model.posts(of: $0) } ?? 0)
      #expect(ratings[id] ?? 0 == number.map { model.ratings(of: $0) } ?? 0)
      #expect(joins[id] ?? 0 == (number == nil ? 0 : 1))
    }
    let sequences = Dictionary(grouping: play.writes.filter { $0.verb == .publish }, by: \.actor)
    for (_, own) in sequences { #expect(Set(own.map(\.subject)).count == own.count) }
  }

  /// Who takes part is drawn without regard to the region: each sample of 62.5% scatters as one without replacement does.
  @Test func regionsHaveTheirShares() throws {
    var total = 0.0
    let seeds = 1...12 as ClosedRange<UInt64>
    for seed in seeds {
      let model = try makeModel(members: 8_000, seed: seed)
      var counts = [Double](repeating: 0, count: 4)
      for member in 0..<8_000 where model.participantNumber(of: member) != nil {
        counts[Int(model.population.regionIndices[member])] += 1
      }
      #expect(counts.total == 5_000)
      // Drawn without replacement: the variance is that of 8,000 people of whom 5,000 are taken.
      total += chiSquare(counts, CalibratedCurve.shares.map { $0 * 5_000 }).value / (1 - 0.625)
    }
    #expect(total < chiSquareLimit(3 * seeds.count))
    #expect(total > chiSquareFloor(3 * seeds.count))
  }

  /// A short jam lies in some regions' nights: who takes part there comes once all the same, and the mean holds.
  @Test func visitsHoldWhereARegionSleeps() {
    let shares = [45.0, 27, 17, 11]
    let means = JamModel.sessionMeans(2.2, weights: [1.6, 0.9, 0.2, 0.05], shares: shares)
    #expect(means.min() == 1)
    #expect(means[0] > means[1] && means[1] > 1)
    let mean = zip(means, shares).reduce(0) { $0 + $1.0 * $1.1 } / 100
    #expect(abs(mean - 2.2) < 1e-9)
    // Where nobody sleeps through it, the proportion is kept to the last bit.
    #expect(JamModel.sessionMeans(2.2, weights: [1.1, 0.9], shares: [1, 1]) == [2.2 * 1.1, 2.2 * 0.9])
    #expect(JamModel.sessionMeans(1, weights: [1.5, 0.5], shares: [1, 1]) == [1.5, 0.5])
  }
}
