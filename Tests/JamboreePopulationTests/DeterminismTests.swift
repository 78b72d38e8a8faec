import JamboreeKit
import JamboreePopulation
import Testing

@Suite("Populations are a function of parameters and seed")
struct DeterminismTests {
  @Test("any number of workers makes the same population", arguments: [1, 2, 20_000])
  func workers(members: Int) {
    let one = population(members, workers: 1) { $0.employees = members / 2 }
    for workers in [2, 7, 0, 1_000] {
      #expect(one.isSame(as: population(members, workers: workers) { $0.employees = members / 2 }), "\(workers) workers")
    }
  }

  @Test("another seed makes another population with the same totals")
  func seeds() {
    let one = population(20_000, seed: 1) { $0.employees = 10_000 }
    let other = population(20_000, seed: 2) { $0.employees = 10_000 }
    #expect(one.regionIndices != other.regionIndices && one.regionIndices.sorted() == other.regionIndices.sorted())
    #expect(one.roles != other.roles && one.affiliations != other.affiliations && one.interests != other.interests)
    #expect(one.graph.offsets != other.graph.offsets && one.graph.targets != other.graph.targets)
    #expect(one.graph.degrees.sorted() == other.graph.degrees.sorted())
  }

  @Test("statistics of a small graph")
  func statistics() {
    // 0 -> 1, 2, 3; 1 -> 0; 2 -> 3; 3 -> nobody.
    let statistics = GraphStatistics(SocialGraph(offsets: [0, 3, 4, 5, 5], targets: [1, 2, 3, 0, 3]))
    #expect(statistics.edges == 5 && statistics.mean == 1.25)
    #expect(statistics.minimum == 0 && statistics.maximum == 3)
    #expect(statistics.p50 == 1 && statistics.p90 == 3 && statistics.p99 == 3)
    #expect(statistics.maximumInDegree == 2)
    #expect(statistics.reciprocity == 0.4)
  }

  @Test("statistics of graphs without edges or members")
  func emptyStatistics() {
    for members in [0, 1, 5] {
      let statistics = GraphStatistics(SocialGraph(memberCount: members))
      #expect(statistics.edges == 0 && statistics.mean == 0 && statistics.maximum == 0 && statistics.p99 == 0)
      #expect(statistics.maximumInDegree == 0 && statistics.reciprocity == 0)
    }
  }
}
