import ArgumentParser
import JamboreeKit

/// Flags of `compare` that run a scenario under several rankers.
struct RankerFlags: ParsableArguments {
  @Option(
    name: .customLong("rankers"),
    help: ArgumentHelp(
      "Run the scenario under each of these rankers and seeds, keep the runs, and tell what each costs and what it does to the crowd: "
        + "id[?option=value&...],...", valueName: "ranker,..."))
  var list: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Seeds to run each ranker under: 1..10, or 1,2,5. Default: 1..3.", valueName: "seeds"),
    transform: SeedList.read)
  var seeds: SeedList?

  @Option(help: "Storage backend, as of 'run'. Default: memory.")
  var backend: String?

  @Option(parsing: .unconditional, help: "Worker threads, as of 'run'.", transform: NumberArgument.workers)
  var workers: Int?

  @Option(name: .customLong("set"), help: ArgumentHelp("Override a key of the scenario, as of 'run'.", valueName: "path=value"))
  var overrides: [String] = []

  @Option(parsing: .unconditional, help: "Multiply the population, as of 'run'.", transform: NumberArgument.number(0...100, isAbove: true))
  var scale: Double?

  private var names: [String] { (list ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init) }

  func check(_ scenarios: [String]) throws {
    guard scenarios.count == 1 else { throw ValidationError("--rankers takes one scenario file, not \(scenarios.count)") }
    guard names.count >= 2, !names.contains("") else {
      throw ValidationError("--rankers '\(list ?? "")': name two rankers or more, with commas between; see 'jamboree rankers'")
    }
    guard Set(names).count == names.count else { throw ValidationError("--rankers '\(list ?? "")': a ranker is named twice; leave one out") }
    try refuseTwice("--rankers", "ranker", in: overrides)
    // There are three where none is named.
    try refuseTwice("--seeds", "seed", in: overrides)
  }

  /// These flags do nothing to runs that were kept.
  func refuseAlone() throws {
    let given = [
      ("--seeds", seeds != nil), ("--backend", backend != nil), ("--workers", workers != nil), ("--set", !overrides.isEmpty),
      ("--scale", scale != nil),
    ].filter(\.1).map(\.0)
    guard given.isEmpty else { throw ValidationError("\(given.joined(separator: ", ")): only with --rankers, which runs a scenario") }
  }

  func comparison(scenario: String, results: String, json: Bool) throws -> RankerComparison {
    let commands = try names.map { name in
      var arguments = [scenario, "--ranker", name, "--results", results, "--no-floor"]
      if let backend { arguments += ["--backend", backend] }
      if let workers { arguments += ["--workers", "\(workers)"] }
      if let scale { arguments += ["--scale", "\(scale)"] }
      for override in overrides { arguments += ["--set", override] }
      let command = try RunCommand.parse(arguments)
      // A ranker that there is not is told before the first one has run.
      _ = try Composition.rankers.make(PlugInReference(name))
      return command
    }
    return RankerComparison(commands: commands, rankers: names, seeds: seeds?.seeds ?? [1, 2, 3], json: json)
  }
}
