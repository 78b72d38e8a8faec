import ArgumentParser
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation

/// `Scripts/bench/postgres-load` holds it against psql.
struct PostgresLoadBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postgres-load", abstract: "How long members and whom they follow take to be loaded into a PostgreSQL server.")

  @Argument(help: "The server: postgres[://USER:PASSWORD@HOST:PORT/DATABASE][?option=value&...].")
  var backend = "postgres"
  @Option(parsing: .unconditional, help: "The schema of the data, which must not be there yet.")
  var schema = "jamboree_bench"
  @Option(parsing: .unconditional, help: "Members, 1 to 100,000,000. Default: 500,000.", transform: NumberArgument.members)
  var members = 500_000
  @Option(parsing: .unconditional, help: "Whom each follows in the mean, 0 to 1,000. Default: 8.2.", transform: NumberArgument.number(0...1_000))
  var meanDegree = 8.2
  @Flag(help: "Leave the data.")
  var keep = false
  @Flag(help: "Print the server's address, without its password, on a line of its own first.")
  var address = false
  @OptionGroup var flags: BenchFlags

  func run() throws {
    let parameters = PopulationParameters(members: members, graph: GraphParameters(meanDegree: meanDegree))
    try flags.checkMemory(parameters)
    let population = PopulationGenerator.generate(parameters, seed: Seed(flags.seed), workers: flags.workerCount)
    let opened = try Composition.postgres(PlugInReference(backend).adding(["schema=\(schema)"]))
    if address { try Console.print(opened.connectionString) }
    let dataset = Dataset(
      identity: "bench postgres-load", population: population, containers: [], history: OperationLog(), verbs: [.item, .directory])
    let start = monotonicNanoseconds()
    try opened.load(dataset)
    let seconds = Double(monotonicNanoseconds() - start) / 1e9
    try opened.finish()
    if !keep { try opened.discard() }
    try flags.report(
      "postgres-load", ["\(Text.grouped(Int64(members))) members loaded in \(Text.significant(seconds)) s"],
      ["members": .integer(Int64(members)), "loadSeconds": JSON(seconds)], [seconds])
  }
}
