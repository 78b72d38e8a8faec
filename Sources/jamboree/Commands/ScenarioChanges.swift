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

  @Option(
    help: ArgumentHelp(
      "How the pages of those whom a member follows are put together: pull, push, or hybrid, of which authors with more followers than "
        + "the threshold (1000) are pulled and the others pushed. Default: the scenario's.", valueName: "pull|push|hybrid[:threshold]"),
    transform: { text in
      guard let strategy = FeedStrategy(text) else {
        throw ValidationError(
          "expected pull, push, hybrid or hybrid:THRESHOLD with a threshold from 0 to \(FeedStrategy.thresholds.upperBound), as in hybrid:1000")
      }
      return strategy
    })
  var feed: FeedStrategy?

  func validate() throws {
    if seed != nil { try refuseTwice("--seed", "seed", in: overrides) }
    if feed != nil { try refuseTwice("--feed", "feed", in: overrides) }
  }

  func load(_ path: String) throws(ConfigurationError) -> Scenario {
    let all = overrides + (seed.map { ["seed=\($0)"] } ?? []) + (feed?.overrides ?? [])
    return try ScenarioLoader.load(path: path, overrides: all, scale: scale ?? 1, services: Composition.services, rankers: Composition.rankers)
  }

  /// A scenario as it is in its file.
  static func load(_ path: String) throws(ConfigurationError) -> Scenario {
    try ScenarioLoader.load(path: path, services: Composition.services, rankers: Composition.rankers)
  }
}

/// Refuses a key of the scenario that a flag of its own gives, too: one of the two would do nothing, without a word.
/// - Parameter key: a key at the scenario's top; those below it are meant as well.
func refuseTwice(_ flag: String, _ key: String, in overrides: [String]) throws {
  guard let override = overrides.first(where: { isOverride($0, of: key) }) else { return }
  throw ValidationError("\(flag) and --set \(printable(override)) are two ways to say the same; leave one out")
}

/// Whether an override is of a key at the scenario's top, or of one below it.
func isOverride(_ override: String, of key: String) -> Bool { override.prefix { $0 != "=" && $0 != "." } == key }
