import ArgumentParser
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation

struct GraphBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Generate or import a graph of who follows whom, describe it and walk it.")

  @Option(parsing: .unconditional, help: "Members, 1 to 100,000,000. Default: 500,000.", transform: NumberArgument.members)
  var members: Int?
  @Option(
    parsing: .unconditional, help: "Mean number of people whom a member follows, 0 to 10,000. Default: 8.2.",
    transform: NumberArgument.number(0...10_000))
  var meanDegree: Double?
  @Option(help: "Import this edge list instead: two node ids a line, plain or gzip.")
  var file: String?
  @Flag(help: "Each line of the edge list connects both ways.")
  var mutual = false
  @Option(help: "Take the population of this scenario instead.")
  var scenario: String?
  @Flag(help: "Tell components and clustering too.")
  var describe = false
  @Option(help: "Write the graph to this file, as an edge list.")
  var write: String?
  @OptionGroup var flags: BenchFlags

  func validate() throws {
    if let file { try refuseEmpty(file, "--file", "followers.txt.gz") }
    if let write { try refuseEmpty(write, "--write", "followers.txt") }
    if let scenario { try refuseEmpty(scenario, "--scenario", "Scenarios/smoke.yaml") }
    let sources = [("--file", file != nil), ("--scenario", scenario != nil), ("--members or --mean-degree", members != nil || meanDegree != nil)]
    let given = sources.filter(\.1).map(\.0)
    guard given.count <= 1 else { throw ValidationError("\(given.joined(separator: " and ")) each name a graph; leave out all but one") }
    guard !mutual || file != nil else { throw ValidationError("--mutual is about the lines of an edge list; add --file, or leave it out") }
  }

  func run() throws {
    let source = try makeGraph()
    let graph = source.graph
    if let write { try Self.failing(Failure.io) { () throws(EdgeListError) in try EdgeListWriter.write(graph, to: write) } }
    // Walks every member's neighbours and their degrees: what fan-out and friend-of-friend reads do.
    let (sum, seconds, all) = flags.measure { () -> Int in
      var sum = 0
      for member in 0..<graph.memberCount {
        for neighbor in graph.neighbors(of: MemberID(UInt32(member))) { sum &+= graph.degree(of: MemberID(neighbor)) }
      }
      return sum
    }
    let rate = Double(graph.edgeCount) / seconds
    let statistics = GraphStatistics(graph)
    var lines = [
      "\(Text.grouped(Int64(graph.memberCount))) members, \(Text.grouped(Int64(graph.edgeCount))) edges",
      "followed: mean \(Text.significant(statistics.mean)), p50 \(statistics.p50), p90 \(statistics.p90), p99 \(statistics.p99), most \(statistics.maximum); most followers \(statistics.maximumInDegree); \(Text.percent(statistics.reciprocity)) of the edges go both ways",
    ]
    var members: [String: JSON] = [
      "members": .integer(Int64(graph.memberCount)), "edges": .integer(Int64(graph.edgeCount)),
      "meanOutDegree": JSON(statistics.mean), "minimumOutDegree": .integer(Int64(statistics.minimum)),
      "p50OutDegree": .integer(Int64(statistics.p50)),
      "p90OutDegree": .integer(Int64(statistics.p90)), "p99OutDegree": .integer(Int64(statistics.p99)),
      "maximumOutDegree": .integer(Int64(statistics.maximum)), "maximumInDegree": .integer(Int64(statistics.maximumInDegree)),
      "reciprocity": JSON(statistics.reciprocity), "operationsPerSecond": JSON(rate), "secondDegreeSum": .integer(Int64(sum)),
    ]
    if describe { tell(GraphStructure(graph, workers: flags.workerCount), &lines, &members) }
    if let report = source.report { tell(report, source.seconds, &lines, &members) }
    lines.append("a walk over all edges: \(Text.rate(rate)) edges, fastest of \(flags.runs)")
    let peak = ResourceUsage.now().peakResidentBytes
    lines.append("peak memory \(Text.bytes(Double(peak)))")
    members["peakResidentBytes"] = .integer(Int64(peak))
    try flags.report("graph", lines, members, all)
  }

  private func makeGraph() throws -> (graph: SocialGraph, report: EdgeList.Report?, seconds: Double) {
    let parameters: PopulationParameters
    var seed = flags.seed
    if let file {
      let start = monotonicNanoseconds()
      let list = try Self.failing { () throws(EdgeListError) in try EdgeList(path: file, isMutual: mutual, workers: flags.workerCount) }
      return (list.graph, list.report, Double(monotonicNanoseconds() - start) / 1e9)
    } else if let scenario {
      let loaded = try ScenarioChanges.load(scenario)
      (parameters, seed) = (loaded.population, loaded.seed.rawValue)
    } else {
      parameters = PopulationParameters(members: members ?? 500_000, graph: GraphParameters(meanDegree: meanDegree ?? 8.2))
    }
    try flags.checkMemory(parameters)
    let start = monotonicNanoseconds()
    let (population, report) = try Self.failing { () throws(EdgeListError) in
      try PopulationGenerator.make(parameters, seed: Seed(seed), workers: flags.workerCount)
    }
    return (population.graph, report, Double(monotonicNanoseconds() - start) / 1e9)
  }

  private func tell(_ structure: GraphStructure, _ lines: inout [String], _ members: inout [String: JSON]) {
    lines.append(
      "components: \(Text.grouped(Int64(structure.components))), the largest has \(Text.grouped(Int64(structure.largestComponent))) members; \(Text.grouped(Int64(structure.isolated))) members have no edge")
    let sampled = structure.sampledWedges.map { " (on \(Text.grouped(Int64($0))) wedges: +-0.002)" } ?? ""
    lines.append(
      "clustering: mean \(Text.significant(structure.meanClustering)), transitivity \(Text.significant(structure.transitivity))\(sampled)")
    members["components"] = .integer(Int64(structure.components))
    members["largestComponent"] = .integer(Int64(structure.largestComponent))
    members["isolatedMembers"] = .integer(Int64(structure.isolated))
    members["meanClustering"] = JSON(structure.meanClustering)
    members["transitivity"] = JSON(structure.transitivity)
    members["sampledWedges"] = structure.sampledWedges.map { .integer(Int64($0)) } ?? .null
  }

  private func tell(_ report: EdgeList.Report, _ seconds: Double, _ lines: inout [String], _ members: inout [String: JSON]) {
    lines.append(
      "imported: \(Text.grouped(Int64(report.lines))) lines (\(Text.grouped(Int64(report.comments))) comments, \(Text.grouped(Int64(report.widerLines))) with more than two columns), \(Text.grouped(Int64(report.nodes))) nodes, \(Text.grouped(Int64(report.listedEdges))) edges, \(Text.significant(seconds)) s, \(Text.rate(Double(report.listedEdges) / seconds)) edges")
    lines.append(
      "dropped: \(Text.grouped(Int64(report.duplicateEdges))) duplicate and \(Text.grouped(Int64(report.selfEdges))) self edges; kept: \(Text.grouped(Int64(report.reversedEdges))) pairs that are listed in both directions")
    members["import"] = .object([
      "lines": .integer(Int64(report.lines)), "comments": .integer(Int64(report.comments)), "widerLines": .integer(Int64(report.widerLines)),
      "nodes": .integer(Int64(report.nodes)), "listedEdges": .integer(Int64(report.listedEdges)),
      "duplicateEdges": .integer(Int64(report.duplicateEdges)), "selfEdges": .integer(Int64(report.selfEdges)),
      "reversedEdges": .integer(Int64(report.reversedEdges)), "seconds": JSON(seconds),
      "edgesPerSecond": JSON(Double(report.listedEdges) / seconds),
    ])
  }

  private static func failing<Value>(_ code: Int32 = Failure.usage, _ body: () throws(EdgeListError) -> Value) throws -> Value {
    do throws(EdgeListError) { return try body() } catch { throw Failure(code: code, message: error.description) }
  }
}
