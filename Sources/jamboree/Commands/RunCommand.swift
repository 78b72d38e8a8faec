import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import JamboreeScenario

/// Flags that choose a scenario and change it.
struct ScenarioFlags: ParsableArguments {
  @Argument(help: "A scenario file, such as Scenarios/jam-500k.yaml.")
  var scenario: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Override a key: path=value, value in YAML, ~ for the default, as in --set services.jam.forums=8.", valueName: "path=value"))
  var overrides: [String] = []

  @Option(
    parsing: .unconditional, help: "Multiply the population, above 0 and at most 100; rates per member stay. Default: 1.",
    transform: NumberArgument.number(0...100, isAbove: true))
  var scale: Double = 1

  @Option(
    parsing: .unconditional, help: "Another seed is another run of the same scenario.", transform: NumberArgument.seed)
  var seed: UInt64?

  func load() throws(ConfigurationError) -> Scenario {
    let all = overrides + (seed.map { ["seed=\($0)"] } ?? [])
    return try ScenarioLoader.load(path: scenario, overrides: all, scale: scale, services: Composition.services)
  }
}

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a scenario and keep what was measured.")

  @OptionGroup var scenario: ScenarioFlags

  @Option(help: "Storage backend: id[:location][?option=value&...]. See 'jamboree backends'.")
  var backend = "memory"

  @Option(help: "Feed ranker: id[?option=value&...]. See 'jamboree rankers'.")
  var ranker = "hot"

  @Option(
    parsing: .unconditional, help: "Worker threads, 1 to 256; changes nothing but the time. Default: one a core.",
    transform: NumberArgument.workers)
  var workers: Int?

  @Option(help: "'max': virtual time, as fast as the machine allows.")
  var pace = "max"

  @Option(help: "SQLite file that keeps the results.")
  var results = Composition.defaultResults

  @Flag(help: "Leave out the short run on the null backend that shows the harness's own share of each latency.")
  var noFloor = false

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws {
    try refuseEmpty(results, "--results", Composition.defaultResults)
    guard pace == "max" else { throw ValidationError("--pace '\(pace)' is not supported; the only pace is 'max'") }
  }

  func run() throws {
    let loaded = try scenario.load()
    // Everything that can be refused is refused before the first second is spent.
    _ = try Composition.backends.make(PlugInReference(backend))
    _ = try Composition.rankers.make(PlugInReference(ranker))
    let workers = workers ?? ProcessInfo.processInfo.activeProcessorCount
    try MemoryNeed.check(loaded, workers: workers)
    // Closed again, so that no file of SQLite's lies beside it while nothing is written.
    _ = try ResultStore.open(path: results)

    let runner = ScenarioRunner(
      scenario: loaded, backend: backend, ranker: ranker, workers: workers)
    let progress = json ? nil : ProgressPrinter()
    let output = try runner.run(
      onProgress: { progress?.show($0) }, shouldStop: { Interruption.shared.shouldStop() })
    progress?.finish()

    var finished = judge(output, loaded)
    if !noFloor, !Interruption.shared.hasCome { finished.floor = try measureFloor(loaded, runner) }
    finished.output.metrics += finished.floor.keys.sorted().map {
      Metric(name: "floor.\($0).meanNanoseconds", value: finished.floor[$0] ?? 0, unit: "ns", polarity: .lowerIsBetter)
    }
    finished.id = try ResultStore.open(path: results).save(
      finished.output,
      checks: finished.checks.map { CheckRecord(name: $0.name, observed: $0.observed, limit: $0.limit, passed: $0.passed) },
      verdict: finished.verdict, verdictReason: finished.verdictReason,
      environment: RunEnvironment.current(version: Composition.version))

    if json {
      try RunJSON.make(finished).print()
    } else {
      try Console.print(RunText(run: finished).lines().joined(separator: "\n"))
    }
    if output.interrupted || Interruption.shared.hasCome { throw ExitCode(Failure.interrupted) }
    if finished.verdict == .failed || finished.checks.contains(where: { !$0.passed }) { throw ExitCode(Failure.checkFailed) }
  }

  private func judge(_ output: RunOutput, _ scenario: Scenario) -> FinishedRun {
    let checks = scenario.expectations.map {
      $0.evaluate(observed: FinishedRun.observed($0.metric, in: output), scale: scenario.scale)
    }
    let failed = checks.filter { !$0.passed }.map(\.name)
    let verdict: Verdict
    let reason: String
    if output.interrupted {
      (verdict, reason) = (.interrupted, "stopped at hour \(Text.significant(Double(output.simulatedNanoseconds) / 3.6e12))")
    } else if RunEnvironment.current(version: Composition.version).buildConfiguration == "debug" {
      (verdict, reason) = (.notComparable, "a debug build: its times mean nothing")
    } else if !failed.isEmpty {
      (verdict, reason) = (.failed, "expectations failed: \(failed.joined(separator: ", "))")
    } else {
      (verdict, reason) = (.passed, checks.isEmpty ? "no expectations were stated" : "all \(checks.count) expectations held")
    }
    return FinishedRun(
      id: nil, output: output, scenario: scenario, checks: output.interrupted ? [] : checks, verdict: verdict,
      verdictReason: reason, floor: [:], resultsPath: results)
  }

  /// Mean service time by action of a small run of the same scenario on the null backend.
  private func measureFloor(_ scenario: Scenario, _ runner: ScenarioRunner) throws -> [String: Double] {
    // About five thousand members who do everything within two hours: a fraction of a second.
    let scale = scenario.scale * min(1, 5_000 / Double(max(scenario.population.members, 1)))
    func shrunk(_ more: [String]) throws(ConfigurationError) -> Scenario {
      try ScenarioLoader.load(
        text: scenario.text, file: self.scenario.scenario, overrides: scenario.overrides + more, scale: scale,
        services: Composition.services)
    }
    var small = runner
    // A scenario whose other figures do not go with two hours is measured at its own length.
    small.scenario = try (scenario.durationNanoseconds > 7_200_000_000_000 ? try? shrunk(["duration=2h"]) : nil) ?? shrunk([])
    small.backend = "null"
    let output = try small.run(shouldStop: { Interruption.shared.hasCome })
    guard !output.interrupted else { return [:] }
    var floor: [String: Double] = [:]
    for action in output.actions {
      if let histogram = output.histogram(.service, action.name) { floor[action.name] = LatencySummary(histogram).meanNanoseconds }
    }
    return floor
  }
}
