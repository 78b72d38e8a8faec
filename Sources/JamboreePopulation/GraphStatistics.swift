import JamboreeKit

/// What a graph looks like, to compare with what was asked for.
public struct GraphStatistics: Sendable, Hashable {
  /// How many directed edges there are.
  public let edges: Int
  /// Mean number of people whom a member follows.
  public let mean: Double
  /// Fewest people whom a member follows.
  public let minimum: Int
  /// Most people whom a member follows.
  public let maximum: Int
  /// Half of the members follow at most this many people.
  public let p50: Int
  /// Nine tenths of the members follow at most this many people.
  public let p90: Int
  /// All but a hundredth of the members follow at most this many people.
  public let p99: Int
  /// Most followers that a member has.
  public let maximumInDegree: Int
  /// Share of the edges whose opposite exists as well, `0 ... 1`; 0 without edges. From about a million edges up it is
  /// measured on a million of them, evenly spaced.
  public let reciprocity: Double

  /// Takes time linear in the edges, on the calling thread, and four bytes a member.
  public init(_ graph: SocialGraph) {
    let members = graph.memberCount
    edges = graph.edgeCount
    mean = members > 0 ? Double(graph.edgeCount) / Double(members) : 0
    let offsets = graph.offsets
    var largest = 0
    for member in 0..<members { largest = max(largest, offsets[member + 1] - offsets[member]) }
    var histogram = [Int](repeating: 0, count: largest + 1)
    for member in 0..<members { histogram[offsets[member + 1] - offsets[member]] += 1 }
    maximum = largest
    minimum = histogram.firstIndex { $0 > 0 } ?? 0
    func percentile(_ share: Double) -> Int {
      let wanted = Int((share * Double(members)).rounded(.up))
      var seen = 0
      for (degree, count) in histogram.enumerated() {
        seen += count
        if seen >= wanted { return degree }
      }
      return largest
    }
    p50 = percentile(0.5)
    p90 = percentile(0.9)
    p99 = percentile(0.99)
    var followers = [UInt32](repeating: 0, count: members)
    for target in graph.targets { followers[Int(target)] += 1 }
    maximumInDegree = Int(followers.max() ?? 0)
    reciprocity = GraphStatistics.reciprocity(graph)
  }

  private static func reciprocity(_ graph: SocialGraph) -> Double {
    let step = max(graph.edgeCount / 1_048_576, 1)
    var sampled = 0
    var mutual = 0
    var edge = 0
    for source in 0..<graph.memberCount {
      while edge < graph.offsets[source + 1] {
        sampled += 1
        if graph.hasEdge(from: MemberID(graph.targets[edge]), to: MemberID(UInt32(source))) { mutual += 1 }
        edge += step
      }
    }
    return sampled > 0 ? Double(mutual) / Double(sampled) : 0
  }
}
