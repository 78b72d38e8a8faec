import Foundation
import JamboreeKit
import JamboreeResults

/// Runs side by side as `compare` tells of them: a line each and run, so that lines stay short however many runs there are.
struct ComparisonText {
  let comparison: RunComparison
  /// What fewer calls than this took is a matter of chance.
  static let fewCalls = 30.0
  /// Of the figures that differ, the most that are shown.
  static let mostFigures = 60

  func lines() -> [String] {
    [heads(), "", latencies()] + hints() + loads() + figures() + expectations() + differences()
  }

  private func heads() -> String {
    var table = TextTable(["run", "started (UTC)", "scenario", "backend", "ranker", "workers", "rate", "ratio", "digest"], left: [0, 1, 2, 3, 4, 8])
    for (index, run) in comparison.runs.enumerated() {
      table.add([
        run.run, Text.moment(unixNanoseconds: run.startedUnixNanoseconds), run.scenario, run.backend, RankerText.name(run),
        "\(run.workers)", Text.rate(run.operationsPerSecond), ratio(comparison.throughput.ratios[index]), run.pace == "max" ? run.digest : "none (a load)",
      ])
    }
    return table.text(indent: "")
  }

  private func isFew(_ row: RunComparison.LatencyRow) -> Bool { row.count.values.contains { $0.map { $0 < Self.fewCalls } ?? false } }

  private func latencies() -> String {
    var table = TextTable(["latency", "of", "run", "count", "mean", "ratio", "p50", "ratio", "p99", "ratio", "max"], left: [0, 1, 2])
    for row in comparison.rows {
      for (index, run) in comparison.runs.enumerated() {
        table.add([
          index == 0 ? row.name + (isFew(row) ? " *" : "") : "", index == 0 ? row.kind.rawValue : "", run.run,
          row.count.values[index].map(Text.grouped) ?? "-", time(row.mean.values[index]), ratio(row.mean.ratios[index]),
          time(row.p50.values[index]), ratio(row.p50.ratios[index]), time(row.p99.values[index]), ratio(row.p99.ratios[index]),
          time(row.max.values[index]),
        ])
      }
    }
    return table.text(indent: "")
  }

  private func hints() -> [String] {
    comparison.rows.contains(where: isFew) ? ["* fewer than \(Int(Self.fewCalls)) calls in a run: its ratios are a matter of chance"] : []
  }

  /// Stages next to each other, what the audits found and when a backend could not be reached.
  private func loads() -> [String] {
    var lines: [String] = []
    let stages = comparison.loads.map { $0?.stages ?? [] }
    if let most = stages.map(\.count).max(), most > 1 {
      var table = TextTable(["stage", "run", "rate", "starts", "response p50", "p99", "max", "errors"], left: [0, 1])
      for place in 0..<most {
        for (index, run) in comparison.runs.enumerated() where place < stages[index].count {
          let stage = stages[index][place]
          table.add([
            LoadParts.name(stage), run.run, LoadParts.rate(stage.ratePerSecond), LoadParts.rate(stage.startsPerSecond),
            time(Double(stage.responses.p50Nanoseconds)), time(Double(stage.responses.p99Nanoseconds)),
            time(Double(stage.responses.maxNanoseconds)), Text.grouped(stage.errors),
          ])
        }
      }
      lines += ["", table.text(indent: "")]
    }
    var told = TextTable(["load", "run", "what"], left: [0, 1, 2])
    var isTold = false
    for (run, load) in zip(comparison.runs, comparison.loads) {
      for remark in LoadParts.outages(load?.outages ?? []) + (load?.remarks ?? []) where ["outage", "outages", "audit"].contains(remark.label) {
        told.add([remark.label, run.run, remark.text])
        isTold = true
      }
    }
    return lines + (isTold ? ["", told.text(indent: "")] : [])
  }

  private func figures() -> [String] {
    guard !comparison.figures.isEmpty else { return [] }
    var table = TextTable(["figure that differs", "unit"] + comparison.runs.flatMap { [$0.run, "ratio"] }, left: [0, 1])
    for row in comparison.figures.prefix(Self.mostFigures) {
      table.add([row.name, row.unit] + comparison.runs.indices.flatMap { [row.figure.values[$0].map(Text.figure) ?? "-", ratio(row.figure.ratios[$0])] })
    }
    let left = comparison.figures.count - Self.mostFigures
    return ["", table.text(indent: "")] + (left > 0 ? ["and \(left) more; --json has all"] : [])
  }

  private func expectations() -> [String] {
    guard !comparison.expectations.isEmpty else { return [] }
    var table = TextTable(["expectation", "run", "observed", "limit", ""], left: [0, 1, 3, 4])
    for row in comparison.expectations {
      for (index, run) in comparison.runs.enumerated() {
        let check = row.checks[index]
        table.add([
          index == 0 ? row.name : "", run.run, check.map { ExpectationTable.observed($0.observed, passed: $0.passed) } ?? "-",
          check?.limit ?? "not stated", check.map(ExpectationTable.outcome) ?? "",
        ])
      }
    }
    return ["", table.text(indent: "")]
  }

  private func differences() -> [String] {
    guard !comparison.differences.isEmpty else { return [] }
    return ["", "Not the same in all runs, so mind what the ratios say:"] + comparison.differences.map { "  \($0)" }
  }

  private func time(_ value: Double?) -> String { value.map { Text.duration(nanoseconds: $0) } ?? "-" }
  private func ratio(_ value: Double?) -> String { value.map { String(format: "%.2fx", $0) } ?? "-" }
}
