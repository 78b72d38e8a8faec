import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// One scenario under several seeds: what comes of it on average, and how sure that is.
struct SeedSeries {
  var command: RunCommand
  let seeds: [UInt64]

  func run() throws {
    let runs = try Self.perform([command], seeds: seeds) { run in if !command.json { try Console.print(Self.note(run)) } }[0]
    if runs.isEmpty, !command.json { throw Failure(code: Failure.interrupted, message: "stopped before a run had come to its end: there is nothing to tell") }
    let figures = SeriesFigures(runs)
    if command.json {
      try json(runs, figures).print()
    } else {
      try Console.print(text(runs, figures).joined(separator: "\n"))
    }
    if let code = Self.exitCode(runs) { throw ExitCode(code) }
  }

  /// Runs every command under every seed, in turn, so that what changes on the machine meanwhile meets all alike. Stops when a
  /// person asks it to.
  /// - Parameter tell: called with each run that came to its end.
  /// - Throws: ``Failure`` for a backend that can take one run alone, before the first one; what a run throws.
  /// - Returns: by command, in the order of the seeds, the runs that came to their ends.
  static func perform(_ commands: [RunCommand], seeds: [UInt64], tell: (FinishedRun) throws -> Void) throws -> [[FinishedRun]] {
    if commands.count * seeds.count > 1 {
      for command in commands { try Composition.refuseNamedPlace(command.backend ?? "memory") }
    }
    var runs = [[FinishedRun]](repeating: [], count: commands.count)
    for seed in seeds {
      for index in commands.indices {
        var command = commands[index]
        command.changes.seed = seed
        command.seeds = nil
        // The harness's own share is the same for all.
        command.noFloor = true
        let finished: FinishedRun
        // A run that was stopped before anything of it was measured leaves those before it.
        do { finished = try command.perform(progress: nil) } catch is RunStopped { return runs }
        guard !finished.output.interrupted else { return runs }
        runs[index].append(finished)
        try tell(finished)
        guard !Interruption.shared.hasCome else { return runs }
      }
    }
    return runs
  }

  /// The most serious of the runs' exit codes.
  static func exitCode(_ runs: [FinishedRun]) -> Int32? {
    if Interruption.shared.hasCome { return Failure.interrupted }
    let codes = runs.compactMap(\.failureCode)
    return [Failure.invalid, Failure.checkFailed].first(where: codes.contains)
  }

  /// A run that has ended; its ranker with the options, in which alone two may differ.
  static func note(_ run: FinishedRun) -> String {
    let ndcg = FinishedRun.observed("quality.ndcg20", in: run.output).map { String(format: ", nDCG@20 %.3f", $0) } ?? ""
    return "seed \(run.output.identity.seed.rawValue), \(RankerText.name(run.output.identity.ranker)): \(run.verdict.rawValue)\(ndcg), "
      + "\(Text.rate(run.output.operationsPerSecond)), kept as \(run.id ?? "-")"
  }

  private func text(_ runs: [FinishedRun], _ figures: SeriesFigures) -> [String] {
    var table = TextTable(["figure", "mean", "95% interval", "lowest", "highest", "seeds"], left: [0])
    for figure in figures.all {
      guard let interval = figure.interval else { continue }
      table.add([
        figure.name, SeriesFigures.number(interval.mean),
        interval.low.map { "\(SeriesFigures.number($0)) ... \(SeriesFigures.number(interval.high ?? $0))" } ?? "-",
        SeriesFigures.number(figure.values.min() ?? 0), SeriesFigures.number(figure.values.max() ?? 0),
        figure.share ?? "\(runs.count)",
      ])
    }
    let failed = runs.filter { $0.failureCode != nil }
    return [
      "", "\(runs.first?.scenario.name ?? ""): \(runs.count) \(runs.count == 1 ? "seed" : "seeds")", table.text(),
      runs.count < seeds.count
        ? "  stopped after \(runs.count) of \(seeds.count) seeds"
        : failed.isEmpty
        ? "  all \(runs.count) \(runs[0].verdict.rawValue)"
        : "  \(failed.count) of \(runs.count) did not pass: " + failed.map { "seed \($0.output.identity.seed.rawValue): \($0.verdictReason)" }.joined(separator: "; "),
    ]
  }

  private func json(_ runs: [FinishedRun], _ figures: SeriesFigures) -> JSON {
    .object([
      "scenario": .string(runs.first?.scenario.name ?? ""),
      "seeds": .array(runs.map { .unsigned($0.output.identity.seed.rawValue) }),
      "quality": figures.quality, "operationsPerSecond": figures.json("operationsPerSecond"),
      "runs": .array(runs.map(RunJSON.make)),
      "passed": .boolean(runs.count == seeds.count && runs.allSatisfy { $0.failureCode == nil }),
    ])
  }
}

/// The figures of several runs that differ in their seeds, by name.
struct SeriesFigures {
  /// One figure, of the runs that have it.
  struct Figure {
    let name: String
    let values: [Double]
    /// Of each value, its run's.
    let seeds: [UInt64]
    /// How many runs there are.
    let runs: Int

    /// Nil when no run has it.
    var interval: MeanInterval? {
      let quality = name.hasPrefix(QualityReport.prefix) ? String(name.dropFirst(QualityReport.prefix.count)) : nil
      return MeanInterval(values, within: quality.map(QualityReport.range(of:)) ?? 0 ... .infinity)
    }

    /// `2 of 3`; nil where all runs have it.
    var share: String? { values.count < runs ? "\(values.count) of \(runs)" : nil }
  }
  /// In the order of the quality report, then speed. Those that no run has are left out.
  let all: [Figure]

  init(_ runs: [FinishedRun]) {
    let ranker = runs.first?.output.identity.ranker.id ?? ""
    let names = QualityReport.names.map { QualityReport.prefix + $0 } + ["operationsPerSecond", "\(ranker).meanNanoseconds", "\(ranker).p99Nanoseconds"]
    all = names.compactMap { name in
      let found = runs.compactMap { run in
        FinishedRun.observed(name, in: run.output).map { ($0, run.output.identity.seed.rawValue) }
      }
      return found.isEmpty ? nil : Figure(name: name, values: found.map(\.0), seeds: found.map(\.1), runs: runs.count)
    }
  }

  /// Nil when no run has it.
  subscript(name: String) -> Figure? { all.first { $0.name == name } }

  func json(_ name: String) -> JSON {
    guard let figure = self[name], let interval = figure.interval else { return .null }
    return .object([
      "mean": JSON(interval.mean), "low": JSON(interval.low), "high": JSON(interval.high),
      "values": .array(figure.values.map { JSON($0) }), "seeds": .array(figure.seeds.map { .unsigned($0) }),
    ])
  }

  /// Without the prefix; null for what no run has.
  var quality: JSON {
    .object(Dictionary(uniqueKeysWithValues: QualityReport.names.map { ($0, json(QualityReport.prefix + $0)) }))
  }

  static func number(_ value: Double) -> String {
    abs(value) >= 1000 ? Text.grouped(value) : abs(value) >= 10 ? Text.significant(value) : String(format: "%.4f", value)
  }
}
