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
