import ArgumentParser
import Foundation
import JamboreeKit
import JamboreeResults

/// Flags of commands that read stored results.
struct ResultsFlags: ParsableArguments {
  @Option(help: "SQLite file with results.")
  var results = Composition.defaultResults

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws { try refuseEmpty(results, "--results", Composition.defaultResults) }

  /// Whether there is certainly no such file. What cannot be reached may be there: opening it says why.
  var isMissing: Bool {
    var status = stat()
    return stat(results, &status) != 0 && errno == ENOENT
  }

  func open() throws -> ResultStore {
    guard !isMissing else {
      throw Failure(code: Failure.usage, message: "\(results): no such result file; 'jamboree run' makes one, --results names another")
    }
    return try ResultStore.open(path: results, readOnly: true)
  }
}

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the runs that were kept, newest first.")

  @OptionGroup var flags: ResultsFlags

  @Option(parsing: .unconditional, help: "At most this many, 1 or more.", transform: NumberArgument.integer(1...Int.max))
  var limit: Int?

  func run() throws {
    // Nothing has been run yet: that is an empty list, not an error, as long as nobody named a file.
    let isMissing = flags.results == Composition.defaultResults && flags.isMissing
    let runs = isMissing ? [] : try flags.open().runs(limit: limit)
    if flags.json {
      try JSON.object(["runs": .array(runs.map(StoredRunJSON.record))]).print()
      return
    }
    guard !runs.isEmpty else {
      try Console.print("no runs yet; try 'jamboree run Scenarios/smoke.yaml'")
      return
    }
    var table = TextTable(
      ["run", "started (UTC)", "scenario", "backend", "ranker", "scale", "seed", "pace", "workers", "operations", "rate", "wall", "verdict", "--set"],
      left: [0, 1, 2, 3, 4, 7, 12, 13])
    for run in runs {
      table.add([
        run.run, Text.moment(unixNanoseconds: run.startedUnixNanoseconds), run.scenario, run.backend, RankerText.name(run),
        Text.significant(run.scale), "\(run.seed.rawValue)", shortPace(run), "\(run.workers)", Text.grouped(run.operations), Text.rate(run.operationsPerSecond),
        Text.significant(run.wallSeconds) + " s", outcome(of: run),
        printable(run.overrides.joined(separator: " "), limit: 40),
      ])
    }
    try Console.print(table.text(indent: ""))
  }
}

/// Without what else makes loads differ: `show` has all of it.
private func shortPace(_ run: RunRecord) -> String { run.pace.components(separatedBy: " (")[0] }

/// The verdict, once there is one.
func outcome(of run: RunRecord) -> String { run.status == .running ? "running" : run.verdict.rawValue }

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one run that was kept.")

  @Argument(help: ArgumentHelp("A run's id or the start of it; 'last', 'last~1', ...", valueName: "run"))
  var name = "last"

  @OptionGroup var flags: ResultsFlags

  func run() throws {
    let store = try flags.open()
    let detail = try store.detail(store.resolve(name))
    if flags.json {
      try StoredRunJSON.detail(detail).print()
      return
    }
    try Console.print(StoredRunText(detail: detail).lines().joined(separator: "\n"))
  }
}

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Put two or more runs side by side, with ratios to the first; or run a scenario under several rankers.")

  @Argument(help: ArgumentHelp("Runs: ids, the start of ids, 'last', 'last~1', ...; with --rankers, a scenario file.", valueName: "run"))
  var names: [String]

  @OptionGroup var flags: ResultsFlags

  @OptionGroup(title: "Rankers") var rankers: RankerFlags

  func validate() throws {
    if rankers.list != nil { return try rankers.check(names) }
    try rankers.refuseAlone()
    guard names.count >= 2 else { throw ValidationError("name two runs or more; 'jamboree list' shows them") }
  }

  func run() throws {
    if rankers.list != nil {
      return try rankers.comparison(scenario: names[0], results: flags.results, json: flags.json).run()
    }
    let store = try flags.open()
    let details = try names.map { try store.detail(store.resolve($0)) }
    let comparison = RunComparison(details)
    if flags.json {
      try StoredRunJSON.comparison(comparison).print()
      return
    }
    try Console.print(ComparisonText(comparison: comparison).lines().joined(separator: "\n"))
  }
}
