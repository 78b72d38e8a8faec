import Glibc
import JamboreeKit
import Testing

@testable import JamboreePopulation

@Suite("Graph of who follows whom")
struct GraphTests {
  @Test(
    "rows ascend without repetition and without the member itself",
    arguments: [(1, 8.2), (2, 8.2), (3, 1), (149, 8.2), (151, 60), (997, 8.2), (1_000, 250), (20_000, 0.3), (70_000, 8.2)])
  func rows(members: Int, mean: Double) {
    let graph = graph(members, GraphParameters(meanDegree: mean))
    #expect(graph.memberCount == members)
    #expect(graph.brokenRule == nil)
  }

  @Test(
    "the mean degree is the one asked for, to half a percent",
    arguments: [(1_000, 8.2), (997, 0.5), (10_000, 8.2), (3_000, 102), (100_000, 0.1), (70_001, 8.2), (800, 300)])
  func mean(members: Int, mean: Double) {
    for seed in 1...2 as ClosedRange<UInt64> {
      let statistics = GraphStatistics(graph(members, seed: seed, GraphParameters(meanDegree: mean)))
      #expect(abs(statistics.mean - mean) <= 0.005 * mean, "seed \(seed): \(statistics.mean)")
    }
  }

  @Test("the mean survives a low maximum degree")
  func meanUnderMaximum() {
    let statistics = GraphStatistics(graph(50_000, GraphParameters(meanDegree: 10, maximumDegree: 15)))
    #expect(abs(statistics.mean - 10) < 0.05)
    #expect(statistics.maximum == 15)
  }

  @Test("degrees follow their distribution (Kolmogorov-Smirnov)", arguments: [(100_000, 8.2), (20_000, 102)])
  func degreeDistribution(members: Int, mean: Double) {
    let bound = 1.63 / Double(members).squareRoot()
    let degrees = graph(members, GraphParameters(meanDegree: mean)).degrees.sorted()
    let model = FriendCountDistribution(mean: mean)
    var distance = 0.0
    var place = 0
    for degree in 0...degrees.last! {
      while place < degrees.count && degrees[place] <= degree { place += 1 }
      // Rounding by a random fraction: P(D <= k) is the mean of F over k ... k + 1 (Simpson's rule).
      let low = model.cumulative(at: Double(degree))
      let middle = model.cumulative(at: Double(degree) + 0.5)
      let high = model.cumulative(at: Double(degree) + 1)
      distance = max(distance, abs(Double(place) / Double(degrees.count) - (low + 4 * middle + high) / 6))
    }
    // 1.63 / sqrt(n) is the 1% bound for independent draws; stratified ones lie far within it.
    #expect(distance < bound, "distance \(distance)")
    // The bound can tell: a mean 5% higher would be beyond it at the median.
    let other = FriendCountDistribution(mean: mean * 1.05)
    let median = Double(degrees[degrees.count / 2])
    #expect(abs(other.cumulative(at: median) - model.cumulative(at: median)) > bound)
  }

  @Test("the distribution has the published figures: median 99, mean 190, limit 5,000, 635 friends of a friend")
  func publishedFigures() {
    let model = FriendCountDistribution(mean: 190)
    #expect(abs(model.value(at: 0.5) - 99) < 0.01)
    #expect(model.value(at: 1 - 1e-12) <= 5_000.001)
    #expect(model.cumulative(at: 5_000) == 1 && model.cumulative(at: 0) == 0)
    var sum = 0.0
    var squares = 0.0
    for point in 0..<100_000 {
      let value = model.value(at: (Double(point) + 0.5) / 1e5)
      sum += value
      squares += value * value
    }
    #expect(abs(sum / 1e5 - 190) < 0.05)
    #expect(abs(squares / sum - 635) < 5)
    for quantile in [0.001, 0.1, 0.5, 0.9, 0.999] {
      #expect(abs(model.cumulative(at: model.value(at: quantile)) - quantile) < 1e-6)
    }
  }

  @Test("edges stay inside the community as often as asked", arguments: [0, 0.25, 0.5, 0.8, 1])
  func communityShare(share: Double) {
    let members = 30_000
    let graph = graph(members, seed: 5, GraphParameters(meanDegree: 8.2, communitySize: 300, communityShare: share))
    let layout = CommunityLayout(members: members, size: 300, seed: Seed(5))
    var communities = [Int](repeating: -1, count: members)
    for community in 0..<layout.count {
      for slot in layout.slots(of: community) { communities[layout.member(at: slot)] = community }
    }
    #expect(!communities.contains(-1))
    var inside = 0
    for member in 0..<members {
      for target in graph.neighbors(of: MemberID(UInt32(member))) where communities[Int(target)] == communities[member] {
        inside += 1
      }
    }
    #expect(abs(Double(inside) / Double(graph.edgeCount) - share) < 0.005)
  }

  @Test("communities are equal parts", arguments: [(1, 150), (2, 1), (100, 150), (997, 100), (1_000, 1_000), (1_001, 3)])
  func communities(members: Int, size: Int) {
    let layout = CommunityLayout(members: members, size: size, seed: Seed(1))
    var end = 0
    for community in 0..<layout.count {
      let slots = layout.slots(of: community)
      #expect(slots.lowerBound == end)
      #expect(slots.count == layout.largestSize || slots.count == layout.largestSize - 1)
      end = slots.upperBound
    }
    #expect(end == members)
  }

  @Test("followers are skewed as the popularity model has it")
  func popularity() {
    let members = 100_000
    let graph = graph(members, GraphParameters(meanDegree: 8.2, communityShare: 0))
    var followers = [Int](repeating: 0, count: members)
    for target in graph.targets { followers[Int(target)] += 1 }
    followers.sort(by: >)
    // Draws fall on the first r + 1 ranks with probability ((r + 2)^(1/4) - 1) / ((n + 1)^(1/4) - 1).
    let span = pow(Double(members) + 1, 0.25) - 1
    for ranks in [1_000, 10_000] {
      let share = Double(followers.prefix(ranks).reduce(0, +)) / Double(graph.edgeCount)
      #expect(abs(share - (pow(Double(ranks) + 1, 0.25) - 1) / span) < 0.02, "\(ranks) ranks: \(share)")
    }
    #expect(followers[0] > 200 * followers[members / 2])
  }

  @Test("everybody follows everybody when the mean is above what is possible", arguments: [1, 2, 3, 150, 400])
  func complete(members: Int) {
    for share in [0, 0.5, 1] {
      let graph = graph(members, GraphParameters(meanDegree: 1e9, communitySize: 20, communityShare: share))
      #expect(graph.edgeCount == members * (members - 1))
      #expect(graph.brokenRule == nil)
    }
  }

  @Test("parameters at their ends")
  func ends() {
    #expect(graph(1_000, GraphParameters(meanDegree: 0)).edgeCount == 0)
    #expect(graph(1_000, GraphParameters(meanDegree: -1)).edgeCount == 0)
    #expect(graph(1_000, GraphParameters(maximumDegree: 0)).edgeCount == 0)
    #expect(graph(1, GraphParameters()).edgeCount == 0)
    #expect(graph(2, GraphParameters()).targets == [1, 0])
    #expect(Set(graph(500, GraphParameters(meanDegree: 7, maximumDegree: 5)).degrees) == [5])
    for size in [1, 2, 1_000, 1_000_000] {
      let graph = graph(1_000, GraphParameters(communitySize: size, communityShare: 1))
      #expect(graph.brokenRule == nil)
      #expect(abs(GraphStatistics(graph).mean - 8.2) < 0.041)
    }
  }

  @Test("the benchmark's mean degrees")
  func benchmarkMean() {
    #expect(abs(GraphParameters.ldbcMeanDegree(members: 500_000) - 101.9) < 0.2)
    #expect(abs(GraphParameters.ldbcMeanDegree(members: 10_000) - 39.8) < 0.1)
    #expect(GraphParameters.ldbcMeanDegree(members: 1) == 1)
  }

  @Test("ids are sorted", arguments: [1, 2, 12, 13, 100, 3_000])
  func sorting(count: Int) {
    var stream = RandomStream(key: 9)
    for bound in [count, 4 * count, 100_000_000] {
      var ids = (0..<count).map { _ in UInt32(stream.next(below: bound)) }
      ids[count - 1] = UInt32(bound - 1)
      var buckets = [UInt32](repeating: 7, count: count + 1)
      var sorted = [UInt32](repeating: 0, count: count)
      var source = ids
      AscendingIDs.write(&source, count: count, below: bound, buckets: &buckets, to: &sorted)
      #expect(sorted == ids.sorted())
    }
  }
}
