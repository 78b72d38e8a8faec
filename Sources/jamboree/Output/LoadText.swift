import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeScenario

/// The summary at the end of a load run, for an architect: what was put on, what came back, whether it may be believed.
struct LoadText {
  let run: FinishedRun
  let load: LoadReport
  private var output: RunOutput { run.output }

  func lines() -> [String] {
    let identity = output.identity
    var lines = [
      "", "\(run.scenario.name): \(run.scenario.summary)",
      "  load at \(identity.pace), scale \(Text.significant(run.scenario.scale)), seed \(run.scenario.seed.rawValue), \(identity.backend.id) backend, "
        + "\(identity.ranker.id) ranker, \(identity.workers) worker\(identity.workers == 1 ? "" : "s")",
      "",
    ]
    lines += parts()
    guard load.starts > 0 else { return lines + outages() + [""] + errors() + ranker() + ending() }
    lines += outages() + [""]
    if load.stages.count > 1 || load.stages.contains(where: { $0.wear != nil }) { lines += stages() + [""] }
    lines += responses() + [""] + services() + [""] + calls() + [""] + lateness() + [""]
    lines += errors() + ranker()
    if let audit = load.audit { lines += AuditText.lines(audit) + [""] }
    if let failure = load.auditFailure { lines += [item("audit", "could not be made: \(failure)"), ""] }
    if !run.checks.isEmpty { lines += [ExpectationTable.text(run.checks), ""] }
    return lines + ending()
  }

  // MARK: What was put on

  private func parts() -> [String] {
    func seconds(_ nanoseconds: Int64) -> String { "\(Text.significant(Double(nanoseconds) / 1e9)) s" }
    var lines = [
      item("parts", "\(seconds(load.warmUpNanoseconds)) of warm-up, \(seconds(load.measureNanoseconds)) measured, \(seconds(load.drainNanoseconds)) of drain")
    ]
    let intended = load.intendedRate.map { ", \(Text.grouped($0))/s intended" } ?? ""
    lines.append(item("starts", "\(Text.grouped(load.starts)) actions (\(rate(load.achievedRate))\(intended)), \(Text.grouped(Int64(load.peakInFlight))) of \(Text.grouped(Int64(load.inFlight))) in flight at most"))
    lines.append(item("up to", "hour \(Text.significant(Double(load.virtualNanoseconds) / 3.6e12)) of the scenario"))
    if let feeds = FeedText.line(output, run.scenario.feed) { lines.append(item("feeds", feeds)) }
    if load.ranOut { lines.append(item("ran out", "nobody was left to act: the load ended early; raise --scale, or begin earlier")) }
    if load.unanswered > 0 {
      lines.append(item("unanswered", "\(Text.grouped(load.unanswered)) actions when the drain was over; they count as timedOut"))
    }
    if load.unstarted > 0 {
      lines.append(item("never started", "\(Text.grouped(load.unstarted)) actions, for which there was no room before the drain was over; no latency tells of them"))
    }
    return lines
  }

  private func rate(_ perSecond: Double) -> String { perSecond >= 100 ? "\(Text.grouped(perSecond))/s" : "\(Text.significant(perSecond))/s" }

  private func outages() -> [String] {
    let shown = load.outages.prefix(10).map { outage in
      let start = "from \(Text.significant(Double(outage.startNanoseconds) / 1e9)) s"
      let end = outage.endNanoseconds.map { "for \(Text.duration(nanoseconds: Double($0 - outage.startNanoseconds))), then it was back" } ?? "to the end"
      return item("outage", "\(start) \(end); \(Text.grouped(outage.failures)) requests failed")
    }
    return load.outages.count > 10 ? shown + [item("outages", "\(load.outages.count) in all")] : shown
  }

  // MARK: What came back

  private func responses() -> [String] {
    var table = LatencyTable("response time", hasFloor: true)
    for action in output.actions {
      if let histogram = output.histogram(.response, action.name) { table.add(action.name, histogram, floorNanoseconds: run.floor[action.name]) }
    }
    let failed = Outcome.allCases.reduce(0) { $0 + ($1.isError ? output.outcomes[Int($1.rawValue)] : 0) }
    return [table.text()] + (failed > 0 ? [item("", "of actions that were answered; what failed is counted below")] : [])
  }

  private func stages() -> [String] {
    var table = TextTable(["stage", "rate", "starts", "response p50", "p99", "max", "errors"])
    func time(_ value: UInt64) -> String { Text.duration(nanoseconds: Double(value)) }
    for stage in load.stages where stage.buckets > 0 {
      table.add([
        "\(stage.stage.shape.rawValue) at \(Text.significant(Double(stage.startNanoseconds) / 1e9)) s", rate(stage.stage.ratePerSecond),
        rate(stage.startsPerSecond), time(stage.responses.p50Nanoseconds), time(stage.responses.p99Nanoseconds),
        time(stage.responses.maxNanoseconds), Text.grouped(stage.errors),
      ])
    }
    let wear = load.stages.compactMap(\.wear).map { first, last in
      item("soak", "p50 \(time(first.p50Nanoseconds)) in its first tenth, \(time(last.p50Nanoseconds)) in its last; p99 \(time(first.p99Nanoseconds)) and \(time(last.p99Nanoseconds))")
    }
    return [table.text()] + wear
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

  private func item(_ name: String, _ value: String) -> String { "  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + "  " + value }
}

/// What was expected, and what came of it.
enum ExpectationTable {
  static func text(_ checks: [CheckResult]) -> String {
    var table = TextTable(["expectation", "observed", "limit", ""], left: [0, 2, 3])
    for check in checks {
      table.add([check.name, check.observed.map(number) ?? "none", check.limit, check.passed ? "ok" : "FAILED"])
    }
    return table.text()
  }

  private static func number(_ value: Double) -> String { abs(value) >= 1000 ? Text.grouped(value) : Text.significant(value) }
}
