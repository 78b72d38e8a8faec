import Glibc
import JamboreeKit

/// How a graph hangs together, whatever the direction of its edges: components and clustering.
public struct GraphStructure: Sendable, Hashable {
  /// How many weakly connected components there are; a member without edges is one.
  public let components: Int
  /// Members of the largest component.
  public let largestComponent: Int
  /// Members who have no edge in either direction.
  public let isolated: Int
  /// Mean over all members of the share of their pairs of neighbours who are neighbours themselves, `0 ... 1`; a member with
  /// fewer than two counts as 0, as in the figures that SNAP and NetworkX give (Watts and Strogatz 1998).
  public let meanClustering: Double
  /// Share of all pairs of neighbours of a member who are neighbours themselves, `0 ... 1`: three times the triangles over the wedges.
  public let transitivity: Double
  /// How many wedges (a member with two neighbours) each of the two was measured on; nil when they were all counted.
  ///
  /// Above 16 million wedges they are sampled (Seshadhri, Pinar and Kolda, "Triadic measures on graphs: the power of wedge
  /// sampling", 2013): by Hoeffding's bound a million samples are within 0.002 of the truth 999 times in 1,000.
  public let sampledWedges: Int?

  /// Takes eight bytes an edge and twenty a member, and time linear in them but for the sorting of each member's neighbours.
  public init(_ graph: SocialGraph, workers: Int) {
    self.init(graph, workers: workers, wedgeLimit: 1 << 24, samples: 1 << 20)
  }

  init(_ graph: SocialGraph, workers: Int, wedgeLimit: Int, samples: Int) {
    let parts = Components(graph)
    components = parts.count
    largestComponent = parts.largest
    let graph = graph.undirected(workers: workers)
    let wedges = Wedges(graph)
    isolated = wedges.isolated
    if wedges.total == 0 {
      (meanClustering, transitivity, sampledWedges) = (0, 0, nil)
    } else if wedges.total <= Double(wedgeLimit) {
      (meanClustering, transitivity) = wedges.count(workers: workers)
      sampledWedges = nil
    } else {
      (meanClustering, transitivity) = wedges.sample(samples)
      sampledWedges = samples
    }
  }
}

/// Weakly connected components by union and find, with path halving and union by size.
private struct Components {
  private(set) var count: Int
  private(set) var largest = 0

  init(_ graph: SocialGraph) {
    count = graph.memberCount
    var parents = (0..<graph.memberCount).map { UInt32(truncatingIfNeeded: $0) }
    var sizes = [UInt32](repeating: 1, count: graph.memberCount)
    func root(_ member: UInt32) -> UInt32 {
      var member = member
      while parents[Int(member)] != member {
        parents[Int(member)] = parents[Int(parents[Int(member)])]
        member = parents[Int(member)]
      }
      return member
    }
    for source in 0..<graph.memberCount {
      var one = root(UInt32(truncatingIfNeeded: source))
      for target in graph.targets[graph.offsets[source]..<graph.offsets[source + 1]] {
        var other = root(target)
        if one == other { continue }
        if sizes[Int(one)] < sizes[Int(other)] { swap(&one, &other) }
        parents[Int(other)] = one
        sizes[Int(one)] += sizes[Int(other)]
        count -= 1
      }
    }
    largest = Int(sizes.max() ?? 0)
  }
}

/// The pairs of neighbours that each member of an undirected graph has.
private struct Wedges {
  private let graph: SocialGraph
  /// Of all members together.
  let total: Double
  let isolated: Int

  init(_ graph: SocialGraph) {
    self.graph = graph
    var (total, isolated) = (0.0, 0)
    for member in 0..<graph.memberCount {
      let degree = graph.offsets[member + 1] - graph.offsets[member]
      if degree == 0 { isolated += 1 }
      total += Double(degree) * Double(degree - 1) / 2
    }
    (self.total, self.isolated) = (total, isolated)
  }

  func count(workers: Int) -> (mean: Double, transitivity: Double) {
    let graph = graph
    let closed = Parallel.column(count: graph.memberCount, workers: workers) { member in
      let neighbors = graph.neighbors(of: MemberID(UInt32(truncatingIfNeeded: member)))
      var closed = 0
      for one in neighbors.indices {
        for other in neighbors[one...].dropFirst() where graph.hasEdge(from: MemberID(neighbors[one]), to: MemberID(other)) {
          closed += 1
        }
      }
      return closed
    }
    var (mean, all) = (0.0, 0)
    for (member, closed) in closed.enumerated() where closed > 0 {
      let degree = Double(graph.offsets[member + 1] - graph.offsets[member])
      mean += Double(closed) / (degree * (degree - 1) / 2)
      all += closed
    }
    return (mean / Double(graph.memberCount), Double(all) / total)
  }

  /// The same, from wedges at random: of members at random, and of members by how many wedges they have.
  func sample(_ samples: Int) -> (mean: Double, transitivity: Double) {
    var stream = RandomStream(seed: Seed(1), domain: RandomDomain("population.wedges"), entity: 0)
    var (byMember, byWedge) = (0, 0)
    let eligible = (0..<graph.memberCount).filter { graph.offsets[$0 + 1] - graph.offsets[$0] >= 2 }.map { UInt32(truncatingIfNeeded: $0) }
    // Evenly spaced over all wedges from a random start, so that one walk finds them all.
    let step = total / Double(samples)
    var next = step * stream.nextUnit()
    var passed = 0.0
    for member in eligible {
      let degree = Double(graph.offsets[Int(member) + 1] - graph.offsets[Int(member)])
      passed += degree * (degree - 1) / 2
      while next < passed {
        if isClosed(member, &stream) { byWedge += 1 }
        next += step
      }
    }
    for _ in 0..<samples {
      if isClosed(eligible[stream.next(below: eligible.count)], &stream) { byMember += 1 }
    }
    let share = Double(eligible.count) / Double(graph.memberCount)
    return (share * Double(byMember) / Double(samples), Double(byWedge) / Double(samples))
  }

  /// Whether two of the member's neighbours, taken at random, are neighbours themselves.
  private func isClosed(_ member: UInt32, _ stream: inout RandomStream) -> Bool {
    let neighbors = graph.neighbors(of: MemberID(member))
    let one = stream.next(below: neighbors.count)
    var other = stream.next(below: neighbors.count - 1)
    if other >= one { other += 1 }
    return graph.hasEdge(
      from: MemberID(neighbors[neighbors.startIndex + one]), to: MemberID(neighbors[neighbors.startIndex + other]))
  }
}
