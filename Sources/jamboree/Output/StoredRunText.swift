import JamboreeKit
import JamboreeMetrics
import JamboreeResults

/// One run as `show` tells of it.
struct StoredRunText {
  let detail: RunDetail

  func lines() -> [String] {
    var lines = heading()
    if let load = detail.load { lines += self.load(load) }
    lines += [latencies(), "", figures()]
    if !detail.checks.isEmpty { lines += ["", expectations()] }
    return lines
  }

  private func heading() -> [String] {
    let (record, environment) = (detail.record, detail.environment)
    let commit = environment.gitCommit.map { ", commit \($0.prefix(12))" } ?? ""
    let isLoad = record.pace != "max"
    var lines = [
      "\(record.run): \(record.scenario), \(record.backend) backend, \(RankerText.name(detail.identity.ranker)) ranker",
      "  started     \(Text.moment(unixNanoseconds: record.startedUnixNanoseconds)) UTC",
      "  scenario    \(detail.identity.scenarioHash), seed \(record.seed.rawValue), scale \(Text.significant(record.scale)), "
        + Text.counted(Int64(record.workers), "worker"),
    ]
    lines += detail.identity.overrides.map { "  --set       \($0)" }
    lines += [
      "  machine     \(environment.cpuModel), \(environment.logicalCores) cores, \(Text.bytes(Double(environment.memoryBytes))), \(environment.kernel)",
      "  build       \(environment.version) \(environment.buildConfiguration), \(environment.compiler)\(commit)\(environment.gitDirty == true ? " with changes" : "")",
      "  operations  \(Text.grouped(record.operations)) in \(Text.significant(record.measureSeconds)) s (\(Text.rate(record.operationsPerSecond))), \(Text.significant(record.wallSeconds)) s in all",
      "  digest      \(isLoad ? "none: what a server answers to a load depends on when it is asked" : record.digest)",
    ]
    if isLoad { lines.append("  pace        \(record.pace)") }
    return lines + ["  verdict     \(outcome(of: record)): \(detail.verdictReason)", ""]
  }

  private func load(_ load: StoredLoad) -> [String] {
    func line(_ remark: RunRemark) -> String { "  " + remark.label.padding(toLength: 14, withPad: " ", startingAt: 0) + "  " + remark.text }
    var lines = (LoadParts.outages(load.outages) + load.remarks).map(line)
    if !load.stages.isEmpty { lines += ["", LoadParts.stages(load.stages)] }
    return lines.isEmpty ? [] : lines + [""]
  }

  private func latencies() -> String {
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
    return table.text()
  }

  /// What came of the run first, what it cost last.
  private func figures() -> String {
    var figures = TextTable(["figure", "value", "unit"], left: [0, 2])
    for series in detail.timeline.series {
      let total = series.descriptor.kind == .gauge ? series.peakValue : series.values.reduce(0, +)
      figures.add([series.descriptor.name, Text.grouped(total), series.descriptor.kind == .gauge ? "\(series.descriptor.unit) at most" : series.descriptor.unit])
    }
    for metric in detail.metrics.filter({ !$0.isOfMachine }) + detail.metrics.filter(\.isOfMachine) {
      figures.add([metric.name, Text.figure(metric.value), metric.unit])
    }
    return figures.text()
  }

  private func expectations() -> String {
    var checks = TextTable(["expectation", "observed", "limit", ""], left: [0, 2, 3])
    for check in detail.checks {
      checks.add([
        check.name, ExpectationTable.observed(check.observed, passed: check.passed), check.limit, ExpectationTable.outcome(check),
      ])
    }
    return checks.text()
  }
}
