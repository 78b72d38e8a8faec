import ArgumentParser
import Foundation
import JamboreeKit
import JamboreeMetrics
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
      ["run", "started (UTC)", "scenario", "backend", "ranker", "scale", "workers", "operations", "rate", "wall", "verdict"],
      left: [0, 1, 2, 3, 4, 10])
    for run in runs {
      table.add([
        run.run, Text.moment(unixNanoseconds: run.startedUnixNanoseconds), run.scenario, run.backend, run.ranker,
        Text.significant(run.scale), "\(run.workers)", Text.grouped(run.operations), Text.rate(run.operationsPerSecond),
        Text.significant(run.wallSeconds) + " s", outcome(of: run),
      ])
    }
    try Console.print(table.text(indent: ""))
  }
}

/// The verdict, once there is one.
private func outcome(of run: RunRecord) -> String { run.status == .running ? "running" : run.verdict.rawValue }

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
    let record = detail.record
    try Console.print("\(record.run): \(record.scenario), \(record.backend) backend, \(record.ranker) ranker")
    try Console.print("  started     \(Text.moment(unixNanoseconds: record.startedUnixNanoseconds)) UTC")
    try Console.print("  scenario    \(detail.identity.scenarioHash), seed \(record.seed.rawValue), scale \(Text.significant(record.scale)), \(record.workers) workers")
    for override in detail.identity.overrides { try Console.print("  --set       \(override)") }
    try Console.print("  machine     \(detail.environment.cpuModel), \(detail.environment.logicalCores) cores, \(Text.bytes(Double(detail.environment.memoryBytes))), \(detail.environment.kernel)")
    try Console.print("  build       \(detail.environment.version) \(detail.environment.buildConfiguration), \(detail.environment.compiler)\(detail.environment.gitCommit.map { ", commit \($0.prefix(12))" } ?? "")\(detail.environment.gitDirty == true ? " with changes" : "")")
    try Console.print("  operations  \(Text.grouped(record.operations)) in \(Text.significant(record.measureSeconds)) s (\(Text.rate(record.operationsPerSecond))), \(Text.significant(record.wallSeconds)) s in all")
    try Console.print("  digest      \(detail.identity.pace == "max" ? record.digest : "none: what a server answers to a load depends on when it is asked")")
    if detail.identity.pace != "max" { try Console.print("  pace        \(detail.identity.pace)") }
    try Console.print("  verdict     \(outcome(of: record)): \(detail.verdictReason)\n")
    var table = TextTable(["latency", "of", "outcome", "count", "mean", "p50", "p90", "p99", "p99.9", "max"], left: [0, 1, 2])
    for row in detail.summaries {
      let latency = row.latency
      func time(_ value: UInt64) -> String { Text.duration(nanoseconds: Double(value)) }
      table.add([
        row.name, row.kind.rawValue, row.outcome.name, Text.grouped(Int64(clamping: latency.count)),
        Text.duration(nanoseconds: latency.meanNanoseconds), time(latency.p50Nanoseconds), time(latency.p90Nanoseconds),
        time(latency.p99Nanoseconds), time(latency.p999Nanoseconds), time(latency.maxNanoseconds),
      ])
    }
    try Console.print(table.text() + "\n")
    var figures = TextTable(["figure", "value", "unit"], left: [0, 2])
    for metric in detail.metrics { figures.add([metric.name, figure(metric.value), metric.unit]) }
    for series in detail.timeline.series {
      let total = series.descriptor.kind == .gauge ? series.peakValue : series.values.reduce(0, +)
      figures.add([series.descriptor.name, Text.grouped(total), series.descriptor.unit])
    }
    try Console.print(figures.text())
    guard !detail.checks.isEmpty else { return }
    var checks = TextTable(["expectation", "observed", "limit", ""], left: [0, 2, 3])
    for check in detail.checks {
      checks.add([check.name, check.observed.map(figure) ?? "none", check.limit, check.passed ? "ok" : "FAILED"])
    }
    try Console.print("\n" + checks.text())
  }

  private func figure(_ value: Double) -> String { abs(value) >= 1000 ? Text.grouped(value) : Text.significant(value) }
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
    var heads = TextTable(["run", "started (UTC)", "scenario", "backend", "ranker", "workers", "rate", "ratio", "digest"], left: [0, 1, 2, 3, 4, 8])
    for (index, run) in comparison.runs.enumerated() {
      heads.add([
        run.run, Text.moment(unixNanoseconds: run.startedUnixNanoseconds), run.scenario, run.backend, run.ranker,
        "\(run.workers)", Text.rate(run.operationsPerSecond), ratio(comparison.throughput.ratios[index]), run.digest,
      ])
    }
    try Console.print(heads.text(indent: "") + "\n")
    var header = ["latency", "of"]
    for run in comparison.runs { header += ["mean \(run.run)", "ratio", "p50", "ratio", "p99", "ratio", "max"] }
    var table = TextTable(header, left: [0, 1])
    for row in comparison.rows {
      var cells = [row.name, row.kind.rawValue]
      for index in comparison.runs.indices {
        cells += [
          time(row.mean.values[index]), ratio(row.mean.ratios[index]), time(row.p50.values[index]),
          ratio(row.p50.ratios[index]), time(row.p99.values[index]), ratio(row.p99.ratios[index]), time(row.max.values[index]),
        ]
      }
      table.add(cells)
    }
    try Console.print(table.text(indent: ""))
    if !comparison.differences.isEmpty {
      try Console.print("\nNot the same in all runs, so mind what the ratios say:")
      for difference in comparison.differences { try Console.print("  \(difference)") }
    }
  }

  private func time(_ value: Double?) -> String { value.map { Text.duration(nanoseconds: $0) } ?? "-" }
  private func ratio(_ value: Double?) -> String { value.map { String(format: "%.2fx", $0) } ?? "-" }
}
