import ArgumentParser
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation
import JamboreeScenario

struct StartBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Bring a scenario's members to their first wake-ups: time, memory, bytes a sleeping agent.")

  @Argument(help: "A scenario file.")
  var scenario: String = "Scenarios/jam-500k.yaml"
  @Option(
    parsing: .unconditional, help: "Members instead of the scenario's, 1 to 100,000,000.", transform: NumberArgument.members)
  var members: Int?
  @Option(name: .customLong("set"), help: ArgumentHelp("Override a key of the scenario.", valueName: "path=value"))
  var overrides: [String] = []
  @OptionGroup var flags: BenchFlags

  private struct Started {
    let members: Int
    let agents: Int
    let engineBytes: Int64
  }

  func run() throws {
    let count = members.map { ["population.members=\($0)", "population.employees=\($0)"] } ?? []
    let loaded = try ScenarioLoader.load(
      path: scenario, overrides: overrides + count + ["seed=\(flags.seed)"], scale: 1, services: Composition.services)
    try flags.checkMemory(loaded.population, bytesEach: 200)
    let (started, seconds, all) = try flags.measure { try start(loaded) }
    let rate = Double(started.members) / seconds
    let bytes = Double(started.engineBytes) / Double(max(started.agents, 1))
    let usage = ResourceUsage.now()
    try flags.report(
      "start",
      [
        "\(Text.grouped(Int64(started.members))) members, \(Text.grouped(Int64(started.agents))) agents asleep after \(Text.significant(seconds)) s, fastest of \(flags.runs)",
        "engine state \(Text.significant(bytes)) B an agent; peak memory \(Text.bytes(Double(usage.peakResidentBytes))), population included",
      ],
      [
        "members": .integer(Int64(started.members)), "agents": .integer(Int64(started.agents)), "operationsPerSecond": JSON(rate),
        "bytesPerOfflineAgent": JSON(bytes), "peakResidentBytes": .integer(Int64(usage.peakResidentBytes)),
      ], all)
  }

  private func start(_ scenario: Scenario) throws -> Started {
    let population = PopulationGenerator.generate(scenario.population, seed: scenario.seed, workers: flags.workerCount)
    let plan = try SimulationPlan(
      population: population, services: scenario.services, seed: scenario.seed, scale: scenario.scale,
      startMinuteOfWeek: scenario.startMinuteOfWeek, durationNanoseconds: scenario.durationNanoseconds,
      drainNanoseconds: scenario.drainNanoseconds,
      tickNanoseconds: scenario.tickNanoseconds, bucketNanoseconds: scenario.bucketNanoseconds)
    let backend = try Composition.backends.make(PlugInReference("null")).instance
    let ranker = try Composition.rankers.make(PlugInReference("chronological")).ranker
    let before = ResourceUsage.now().allocatedBytes
    let simulation = try Simulation(plan, backend: backend, ranker: ranker, workers: flags.workerCount)
    simulation.start()
    let after = ResourceUsage.now().allocatedBytes
    return Started(members: population.count, agents: simulation.agentCount, engineBytes: max(after - before, 0))
  }
}
