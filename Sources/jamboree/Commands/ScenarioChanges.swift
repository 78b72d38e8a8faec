import ArgumentParser
import JamboreeKit
import JamboreeScenario

/// Flags that change a scenario.
struct ScenarioChanges: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override a key: path=value, value in YAML, ~ for the default, as in --set services.jam.forums=8.", valueName: "path=value"))
  var overrides: [String] = []

  @Option(
    parsing: .unconditional, help: "Multiply the population, above 0 and at most 100; rates per member stay. Default: 1.",
    transform: NumberArgument.number(0...100, isAbove: true))
  var scale: Double?

  @Option(
    parsing: .unconditional, help: "Another seed is another run of the same scenario.", transform: NumberArgument.seed)
  var seed: UInt64?

  func load(_ path: String) throws(ConfigurationError) -> Scenario {
    let all = overrides + (seed.map { ["seed=\($0)"] } ?? [])
    return try ScenarioLoader.load(path: path, overrides: all, scale: scale ?? 1, services: Composition.services, rankers: Composition.rankers)
  }

  /// A scenario as it is in its file.
  static func load(_ path: String) throws(ConfigurationError) -> Scenario {
    try ScenarioLoader.load(path: path, services: Composition.services, rankers: Composition.rankers)
  }
}
