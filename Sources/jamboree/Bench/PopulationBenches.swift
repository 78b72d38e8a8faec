import ArgumentParser
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation

struct PopulationBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "population", abstract: "Generate a population with its graph.")

  @Option(parsing: .unconditional, help: "Members, 1 to 100,000,000. Default: 500,000.", transform: NumberArgument.members)
  var members = 500_000
  @Option(
    parsing: .unconditional, help: "Mean number of people whom a member follows, 0 to 10,000. Default: 8.2.",
    transform: NumberArgument.number(0...10_000))
  var meanDegree = 8.2
  @OptionGroup var flags: BenchFlags

  func run() throws {
    let parameters = PopulationParameters(members: members, graph: GraphParameters(meanDegree: meanDegree))
    try flags.checkMemory(parameters)
    let (population, seconds, all) = flags.measure {
      PopulationGenerator.generate(parameters, seed: Seed(flags.seed), workers: flags.workerCount)
    }
    let rate = Double(members) / seconds
    let usage = ResourceUsage.now()
    try flags.report(
      "population",
      [
        "\(Text.grouped(Int64(population.count))) members, \(Text.grouped(Int64(population.graph.edgeCount))) edges in \(Text.significant(seconds)) s, fastest of \(flags.runs)",
        "\(Text.rate(rate)) members on \(flags.workerCount) workers; peak memory \(Text.bytes(Double(usage.peakResidentBytes)))",
      ],
      [
        "members": .integer(Int64(population.count)), "edges": .integer(Int64(population.graph.edgeCount)),
        "meanDegree": JSON(Double(population.graph.edgeCount) / Double(population.count)), "operationsPerSecond": JSON(rate),
        "peakResidentBytes": .integer(Int64(usage.peakResidentBytes)),
      ], all)
  }
}

struct GraphBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Generate a graph, describe its degrees and walk it.")

  @Option(parsing: .unconditional, help: "Members, 1 to 100,000,000. Default: 500,000.", transform: NumberArgument.members)
  var members = 500_000
  @Option(
    parsing: .unconditional, help: "Mean number of people whom a member follows, 0 to 10,000. Default: 8.2.",
    transform: NumberArgument.number(0...10_000))
  var meanDegree = 8.2
  @OptionGroup var flags: BenchFlags

  func run() throws {
    let parameters = PopulationParameters(members: members, graph: GraphParameters(meanDegree: meanDegree))
    try flags.checkMemory(parameters)
    let graph = PopulationGenerator.generate(parameters, seed: Seed(flags.seed), workers: flags.workerCount).graph
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
    try flags.report(
      "graph",
      [
        "\(Text.grouped(Int64(graph.memberCount))) members, \(Text.grouped(Int64(graph.edgeCount))) edges",
        "followed: mean \(Text.significant(statistics.mean)), p50 \(statistics.p50), p90 \(statistics.p90), p99 \(statistics.p99), most \(statistics.maximum); most followers \(statistics.maximumInDegree)",
        "a walk over all edges: \(Text.rate(rate)) edges, fastest of \(flags.runs)",
      ],
      [
        "members": .integer(Int64(graph.memberCount)), "edges": .integer(Int64(graph.edgeCount)),
        "meanOutDegree": JSON(statistics.mean), "p50OutDegree": .integer(Int64(statistics.p50)),
        "p90OutDegree": .integer(Int64(statistics.p90)), "p99OutDegree": .integer(Int64(statistics.p99)),
        "maximumOutDegree": .integer(Int64(statistics.maximum)),
        "maximumInDegree": .integer(Int64(statistics.maximumInDegree)), "operationsPerSecond": JSON(rate),
        "secondDegreeSum": .integer(Int64(sum)),
      ], all)
  }
}
