import JamboreeKit
import JamboreePopulation
import Testing

@Suite("Traits of members")
struct TraitTests {
  @Test("regions, roles and affiliations hold their shares to within a member", arguments: [1, 2, 10, 997, 40_000, 200_003])
  func stratifiedShares(members: Int) {
    let everybody = population(members) {
      $0.employees = members * 3 / 4
      $0.graph.meanDegree = 0
    }
    #expect(everybody.count == members)
    for (index, region) in everybody.regions.enumerated() {
      let dealt = count(UInt8(index), in: everybody.regionIndices)
      #expect(abs(Double(dealt) - region.share * Double(members)) <= 1.001, "\(region.name)")
    }
    #expect(abs(Double(count(.leader, in: everybody.roles)) - 0.01 * Double(members)) <= 1.001)
    #expect(abs(Double(count(.contributor, in: everybody.roles)) - 0.09 * Double(members)) <= 1.001)
    #expect(count(.employee, in: everybody.affiliations) == members * 3 / 4)
  }

  @Test("the traits do not depend on each other")
  func independence() {
    let members = 200_000
    let everybody = population(members) {
      $0.employees = members / 2
      $0.graph.meanDegree = 0
    }
    var employed = [Double](repeating: 0, count: 4)
    var leading = [Double](repeating: 0, count: 4)
    var leadingEmployees = 0.0
    for member in 0..<members {
      let region = Int(everybody.regionIndices[member])
      if everybody.affiliations[member] == .employee { employed[region] += 1 }
      if everybody.roles[member] == .leader {
        leading[region] += 1
        if everybody.affiliations[member] == .employee { leadingEmployees += 1 }
      }
    }
    for (index, region) in everybody.regions.enumerated() {
      let size = region.share * Double(members)
      // Five standard deviations of independent draws.
      #expect(abs(employed[index] - size / 2) < 5 * (size / 4).squareRoot(), "\(region.name)")
      #expect(abs(leading[index] - size / 100) < 5 * (size / 100).squareRoot(), "\(region.name)")
    }
    #expect(abs(leadingEmployees - 1_000) < 5 * 1_000.0.squareRoot())
  }

  @Test("neighbouring ids do not share their traits more often than chance has it")
  func noRuns() {
    let regions = population(100_000) { $0.graph.meanDegree = 0 }.regionIndices
    var same = 0
    for member in 1..<regions.count where regions[member] == regions[member - 1] { same += 1 }
    let chance = 0.45 * 0.45 + 0.27 * 0.27 + 0.17 * 0.17 + 0.11 * 0.11
    #expect(abs(Double(same) / Double(regions.count) - chance) < 0.01)
  }

  @Test("each member cares about as many topics as asked", arguments: [(64, 3), (64, 0), (64, 63), (64, 64), (1, 3), (5, 4), (7, 100)])
  func interests(topics: Int, wanted: Int) {
    let everybody = population(2_000) {
      $0.topicCount = topics
      $0.interestsPerMember = wanted
      $0.graph.meanDegree = 0
    }
    for interests in everybody.interests {
      #expect(interests.nonzeroBitCount == min(topics, wanted))
      #expect(topics == 64 || interests >> UInt64(topics) == 0)
    }
  }

  @Test("topics are popular in their order, at the slope of tags")
  func topicPopularity() {
    let interests = population(100_000) {
      $0.interestsPerMember = 1
      $0.graph.meanDegree = 0
    }.interests
    let harmonic = (1...64).reduce(0.0) { $0 + 1 / Double($1) }
    for topic in [0, 1, 3, 9] {
      let share = Double(count(1 << UInt64(topic), in: interests)) / 100_000
      #expect(abs(share - 1 / Double(topic + 1) / harmonic) < 0.007, "topic \(topic)")
    }
  }

  @Test("the defaults are the reference platform's")
  func defaults() {
    let parameters = PopulationParameters(members: 400_000)
    let everybody = population(400_000) { $0.graph.meanDegree = 0 }
    #expect(count(.employee, in: everybody.affiliations) == 398_455)
    #expect(parameters.regions.map(\.utcOffsetMinutes) == [-300, 60, 330, 540])
    #expect(abs(parameters.regions.reduce(0) { $0 + $1.share } - 1) < 1e-12)
    #expect(parameters.graph.meanDegree == 8.2)
  }

  @Test("no employees, no regions, regions without a share, shares out of range")
  func edges() {
    #expect(count(.guest, in: population(100) { $0.employees = 0 }.affiliations) == 100)
    let nowhere = population(100) { $0.regions = [] }
    #expect(nowhere.regions.count == 1 && count(0, in: nowhere.regionIndices) == 100)
    let some = population(100) {
      $0.regions = [
        Region(name: "a", share: 0, utcOffsetMinutes: 0), Region(name: "b", share: 3, utcOffsetMinutes: 0),
        Region(name: "c", share: 1, utcOffsetMinutes: 0), Region(name: "d", share: 0, utcOffsetMinutes: 0),
      ]
    }
    #expect((0..<4).map { count(UInt8($0), in: some.regionIndices) } == [0, 75, 25, 0])
    #expect(count(.leader, in: population(100) { $0.leaderShare = 2 }.roles) == 100)
    #expect(count(.lurker, in: population(100) { ($0.leaderShare, $0.contributorShare) = (0, 0) }.roles) == 100)
  }
}
