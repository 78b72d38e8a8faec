import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import JamboreeScenario

/// The summary at the end of a load run, for an architect: what was put on, what came back, whether it may be believed.
struct LoadText {
  let run: FinishedRun
  let load: LoadReport
  private var output: RunOutput { run.output }

  func lines() -> [String] {
    let identity = output.identity
    var lines = [
      "", run.scenario.title,
      "  load at \(identity.pace), scale \(Text.significant(run.scenario.scale)), seed \(run.scenario.seed.rawValue), \(identity.backend.id) backend, "
        + "\(RankerText.name(identity.ranker)) ranker, \(Text.counted(Int64(identity.workers), "worker"))",
      "",
    ]
    lines += parts().map(item)
    let outages = LoadParts.outages(load.outages).map(item)
    guard load.starts > 0 else { return lines + outages + [""] + errors() + ranker() + ending() }
    lines += outages + [""]
    if load.stages.count > 1 || load.stages.contains(where: { $0.wear != nil }) {
      lines += [LoadParts.stages(load.stages.filter { $0.buckets > 0 }.map { StoredStage($0) })] + wear().map(item) + [""]
    }
    lines += responses() + [""] + services() + [""] + calls() + [""] + lateness() + [""]
    lines += errors() + ranker()
    let audit = audited().map(item)
    if !audit.isEmpty { lines += audit + [""] }
    if !run.checks.isEmpty { lines += [ExpectationTable.text(run.checks), ""] }
    return lines + ending()
  }

  /// What is kept of it in words: stages, outages and latencies are kept as figures.
  var remarks: [RunRemark] { parts() + wear() + audited() }

  private func audited() -> [RunRemark] {
    (load.audit.map(AuditText.remarks) ?? []) + (load.auditFailure.map { [RunRemark("audit", "could not be made: \($0)")] } ?? [])
  }

  // MARK: What was put on

  private func parts() -> [RunRemark] {
    func seconds(_ nanoseconds: Int64) -> String { "\(Text.significant(Double(nanoseconds) / 1e9)) s" }
    var lines = [
      RunRemark("parts", "\(seconds(load.warmUpNanoseconds)) of warm-up, \(seconds(load.measureNanoseconds)) measured, \(seconds(load.drainNanoseconds)) of drain")
    ]
    let intended = load.intendedRate.map { ", \(Text.grouped($0))/s intended" } ?? ""
    lines.append(RunRemark("starts", "\(Text.grouped(load.starts)) actions (\(rate(load.achievedRate))\(intended)), \(Text.grouped(Int64(load.peakInFlight))) of \(Text.grouped(Int64(load.inFlight))) in flight at most"))
    lines.append(RunRemark("up to", load.virtualNanoseconds < 360_000_000_000 ? "\(Text.span(nanoseconds: load.virtualNanoseconds)) into the scenario" : "hour \(Text.significant(Double(load.virtualNanoseconds) / 3.6e12)) of the scenario"))
    if let feeds = FeedText.line(output, run.scenario.feed) { lines.append(RunRemark("feeds", feeds)) }
    if load.ranOut { lines.append(RunRemark("ran out", "nobody was left to act: the load ended early; raise --scale, or begin earlier")) }
    if load.unanswered > 0 {
      lines.append(RunRemark("unanswered", "\(Text.grouped(load.unanswered)) actions when the drain was over; they count as timedOut"))
    }
    if load.unstarted > 0 {
      lines.append(RunRemark("never started", "\(Text.grouped(load.unstarted)) actions, for which there was no room before the drain was over; no latency tells of them"))
    }
    return lines
  }

  private func rate(_ perSecond: Double) -> String { LoadParts.rate(perSecond) }

  // MARK: What came back

  private func responses() -> [String] {
    var table = LatencyTable("response time", hasFloor: true)
    for action in output.actions {
      if let histogram = output.histogram(.response, action.name) { table.add(action.name, histogram, floorNanoseconds: run.floor[action.name]) }
    }
    let failed = Outcome.allCases.reduce(0) { $0 + ($1.isError ? output.outcomes[Int($1.rawValue)] : 0) }
    return [table.text()] + (failed > 0 ? [item("", "of actions that were answered; what failed is counted below")] : [])
  }

  private func wear() -> [RunRemark] {
    func time(_ value: UInt64) -> String { Text.duration(nanoseconds: Double(value)) }
    return load.stages.compactMap(\.wear).map { first, last in
      RunRemark(
        "soak",
        "p50 \(time(first.p50Nanoseconds)) in its first tenth, \(time(last.p50Nanoseconds)) in its last; p99 \(time(first.p99Nanoseconds)) and \(time(last.p99Nanoseconds))")
    }
  }

  private func services() -> [String] {
    var table = LatencyTable("service time")
    for action in output.actions {
      if let histogram = output.histogram(.service, action.name) { table.add(action.name, histogram) }
    }
    return [table.text()]
  }

  private func calls() -> [String] {
    var table = LatencyTable("storage call")
    for verb in Verb.allCases {
      if let histogram = output.histogram(.storage, verb.name) { table.add(verb.name, histogram) }
    }
    for (key, histogram) in output.histograms.sorted(by: { $0.key.name < $1.key.name }) where key.kind == .ranking {
      table.add("ranking: \(key.name)", histogram)
    }
    return [table.text()]
  }

  private func lateness() -> [String] {
    var table = LatencyTable("late start, by")
    for name in ["generator", "backend"] {
      if let histogram = output.histogram(.lateness, name) { table.add(name, histogram) }
    }
    return [table.text()]
  }

  private func errors() -> [String] {
    let counted = Outcome.allCases.filter { $0 != .ok && output.outcomes[Int($0.rawValue)] > 0 }
    guard !counted.isEmpty else { return [] }
    var lines = [item("not ok", counted.map { "\(Text.grouped(output.outcomes[Int($0.rawValue)])) \($0.name)" }.joined(separator: ", "))]
    if let first = output.errorSamples.first(where: { !$0.message.isEmpty }) { lines.append(item("first error", "\(first.action): \(first.message)")) }
    return lines + [""]
  }

  private func ranker() -> [String] {
    output.rankingFailures.flatMap(RankerText.trouble).map { [item("ranker", $0), ""] } ?? []
  }

  private func ending() -> [String] {
    var lines = [
      item("run", "\(Text.grouped(output.operations)) operations measured (\(rate(output.operationsPerSecond))), \(Text.grouped(output.errors)) errors, \(Text.significant(Double(output.wallNanoseconds) / 1e9)) s in all")
    ]
    func metric(_ name: String) -> Double? { output.metrics.first { $0.name == name }?.value }
    if let user = metric("process.userCPUSeconds"), let system = metric("process.systemCPUSeconds") {
      lines.append(item("generator", "\(Text.significant(user + system)) s of processor time, \(metric("process.peakResidentBytes").map { Text.bytes($0) } ?? "-") at most"))
    }
    if let server = load.server { lines += serverLines(server) }
    lines.append(item("clock", String(format: "%.0f ns a reading, about one in each latency", output.clockCostNanoseconds)))
    if let failure = load.finishFailure { lines.append(item("left behind", failure)) }
    lines.append(item("verdict", "\(run.verdict.rawValue): \(run.verdictReason)"))
    if let id = run.id { lines.append(item("results", "\(run.resultsPath), run \(id)  (jamboree show \(id))")) }
    return lines
  }

  private func serverLines(_ server: ServerCost) -> [String] {
    func bytes(_ value: Int64?) -> String? { value.map { Text.bytes(Double($0)) } }
    let parts = [
      server.cpuNanoseconds.map { "\(Text.significant(Double($0) / 1e9)) s of processor time" },
      bytes(server.residentBytes).map { $0 + (server.memoryMeasure == .proportional ? " of memory" : " of memory, its cache aside") },
      bytes(server.diskReadBytes).map { "\($0) read" }, bytes(server.diskWrittenBytes).map { "\($0) written" },
      bytes(server.logBytes).map { "\($0) of log" }, bytes(server.dataBytes).map { "\($0) of data" },
    ].compactMap(\.self)
    return parts.isEmpty ? [] : [item("server", parts.joined(separator: ", "))]
  }

  private func item(_ remark: RunRemark) -> String { item(remark.label, remark.text) }
  private func item(_ name: String, _ value: String) -> String { "  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + "  " + value }
}

/// What was expected, and what came of it.
enum ExpectationTable {
  static func text(_ checks: [CheckResult]) -> String {
    var table = TextTable(["expectation", "observed", "limit", ""], left: [0, 2, 3])
    for check in checks {
      table.add([check.name, observed(check.observed, passed: check.passed), check.limit, check.passed ? "ok" : "FAILED"])
    }
    return table.text()
  }

  static func outcome(_ check: CheckRecord) -> String { check.notHeldBecause == nil ? check.passed ? "ok" : "FAILED" : "not held against it" }

  /// With as many digits as it takes to see why it failed.
  static func observed(_ value: Double?, passed: Bool) -> String {
    guard let value else { return "none" }
    if abs(value) >= 1000 { return Text.grouped(value) }
    if value == value.rounded(), !passed { return Text.significant(value) }
    return !passed ? String(format: "%.5g", value) : abs(value) < 1 ? String(format: "%.3g", value) : Text.significant(value)
  }
}
