import JamboreeKit

/// A graph from a file: an edge list in the form of the Stanford Network Analysis Project (SNAP), two node ids a line,
/// "who follows" and "who is followed".
///
/// Nodes become members in the order of their ids, whatever the order of the lines. Edges from a node to itself and edges that come a
/// second time are dropped. Memory: twelve bytes an edge and sixteen a node (of ids from 2^28 on, up to a hundred more) while it is read, of which four and eight stay.
public struct EdgeList: Sendable {
  public let graph: SocialGraph
  public let report: Report

  /// What was found in the file.
  public struct Report: Sendable, Hashable {
    public internal(set) var lines = 0
    public internal(set) var comments = 0
    /// Lines with more columns than the two that are read, such as weights or times.
    public internal(set) var widerLines = 0
    /// Different node ids.
    public internal(set) var nodes = 0
    /// Edges as they stand in the file: all lines but comments and empty ones.
    public internal(set) var listedEdges = 0
    /// From a node to itself; dropped.
    public internal(set) var selfEdges = 0
    /// That came before, in the same direction; dropped.
    public internal(set) var duplicateEdges = 0
    /// Pairs of nodes that the file connects in both directions. Kept: two people who follow each other.
    public internal(set) var reversedEdges = 0
  }

  /// Reads a file.
  /// - Parameters:
  ///   - path: a plain file, compressed with gzip or not.
  ///   - isMutual: each line connects both ways, as friendship does; a line and its opposite then say the same.
  ///   - limit: most nodes that there may be: what a population can have at most, `1 ... 100_000_000`.
  ///   - workers: how many threads sort at most; reading takes one.
  /// - Throws: ``EdgeListError``, naming the line, for anything that is no edge, and for a file without edges.
  public init(path: String, isMutual: Bool = false, limit: Int = 100_000_000, workers: Int = 1) throws(EdgeListError) {
    var report = Report()
    let (edges, ranks) = try EdgeList.read(path, limit: limit, &report)
    var graph = EdgeList.rows(edges, ranks, workers: workers)
    report.duplicateEdges = report.listedEdges - report.selfEdges - graph.edgeCount
    report.reversedEdges = EdgeList.mutualPairs(graph, workers: workers)
    if isMutual { graph = graph.undirected(workers: workers) }
    self.graph = graph
    self.report = report
  }

  private static func read(_ path: String, limit: Int, _ report: inout Report) throws(EdgeListError) -> (EdgePieces, [UInt32]) {
    var reader = EdgeListReader(path: path)
    var numbers = try NodeNumbers(path: path)
    let edges = EdgePieces()
    var listed = 0
    var selves = 0
    // Lists are mostly ordered by one of the ends.
    var last: (id: UInt128, number: UInt32)?
    try reader.read { from, to throws(EdgeListError) in
      listed &+= 1
      let source: UInt32
      if let last, last.id == from {
        source = last.number
      } else {
        source = numbers.number(of: from)
        last = (from, source)
      }
      if from == to { selves &+= 1 } else { edges.append(source, numbers.number(of: to)) }
      if numbers.count > limit {
        throw EdgeListError(path: path, line: nil, message: "has more than \(limit) nodes, which is the most that is supported; cut the graph down")
      }
    }
    report.lines = reader.lines
    report.comments = reader.comments
    report.widerLines = reader.widerLines
    report.listedEdges = listed
    report.selfEdges = selves
    report.nodes = numbers.count
    guard listed > selves else {
      let found = listed == 0 ? "has no edges" : "has only edges from a node to itself"
      throw reader.fail("\(found); an edge list has two node ids a line")
    }
    return (edges, numbers.ranks())
  }

  /// Compressed sparse rows of the edges, without those that come twice. Gives the pieces' memory back.
  private static func rows(_ edges: consuming EdgePieces, _ ranks: [UInt32], workers: Int) -> SocialGraph {
    var ends = [Int](repeating: 0, count: ranks.count + 1)
    edges.forEach { source, _ in ends[Int(ranks[Int(source)]) + 1] += 1 }
    for row in 1..<ends.count { ends[row] += ends[row - 1] }
    // Each row's next free place; in the end it is the next row's first, so that moved on by one these are the offsets.
    var places = ends
    let total = ends[ranks.count]
    let targets = [UInt32](unsafeUninitializedCapacity: total) { buffer, initializedCount in
      edges.drain { source, target in
        let row = Int(ranks[Int(source)])
        (buffer.baseAddress! + places[row]).initialize(to: ranks[Int(target)])
        places[row] += 1
      }
      initializedCount = total
    }
    return SocialGraph.sorted(offsets: ends, targets: consume targets, workers: workers)
  }

  /// How many pairs follow each other.
  private static func mutualPairs(_ graph: SocialGraph, workers: Int) -> Int {
    let chunk = 8_192
    let count = (graph.memberCount + chunk - 1) / chunk
    let sums = Parallel.column(count: count, workers: workers) { piece in
      var sum = 0
      for source in piece * chunk..<min((piece + 1) * chunk, graph.memberCount) {
        let member = MemberID(UInt32(truncatingIfNeeded: source))
        for target in graph.neighbors(of: member) where target > member.rawValue {
          if graph.hasEdge(from: MemberID(target), to: member) { sum += 1 }
        }
      }
      return sum
    }
    return sums.reduce(0, +)
  }
}

/// A growing list of edges that is never moved, and whose memory is given back as it is read for the last time.
final class EdgePieces {
  private static let capacity = 1 << 20
  private var pieces: [UnsafeMutablePointer<(UInt32, UInt32)>] = []
  private var used = EdgePieces.capacity

  deinit { for piece in pieces { piece.deallocate() } }

  @inline(__always) func append(_ source: UInt32, _ target: UInt32) {
    if used == Self.capacity {
      pieces.append(.allocate(capacity: Self.capacity))
      used = 0
    }
    (pieces[pieces.count &- 1] + used).initialize(to: (source, target))
    used &+= 1
  }

  func forEach(_ body: (UInt32, UInt32) -> Void) {
    for (index, piece) in pieces.enumerated() { Self.visit(piece, length(index), body) }
  }

  /// Like ``forEach(_:)``, the last piece first; afterwards there are no edges.
  func drain(_ body: (UInt32, UInt32) -> Void) {
    while let piece = pieces.popLast() {
      Self.visit(piece, used, body)
      piece.deallocate()
      used = Self.capacity
    }
  }

  private func length(_ index: Int) -> Int { index == pieces.count - 1 ? used : Self.capacity }

  @inline(__always) private static func visit(
    _ piece: UnsafeMutablePointer<(UInt32, UInt32)>, _ count: Int, _ body: (UInt32, UInt32) -> Void
  ) {
    for index in 0..<count { body(piece[index].0, piece[index].1) }
  }
}
