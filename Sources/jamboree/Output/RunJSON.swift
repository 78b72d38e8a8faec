import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults

/// The object that `run --json` prints.
enum RunJSON {
  static func make(_ run: FinishedRun) -> JSON {
    let output = run.output
    var totals: [String: JSON] = [:]
    for descriptor in output.timeline.descriptors { totals[descriptor.name] = .integer(output.timeline.total(descriptor.name)) }
    var outcomes: [String: JSON] = [:]
    for outcome in Outcome.allCases { outcomes[outcome.name] = .integer(output.outcomes[Int(outcome.rawValue)]) }
    var phases: [String: JSON] = [:]
    // A resumed run has two parts that were measured.
    for phase in output.phases { phases[phase.name] = JSON(Double(output.durationNanoseconds(ofPhase: phase.name)) / 1e9) }
    var metrics: [String: JSON] = [:]
    for metric in output.metrics { metrics[metric.name] = JSON(metric.value) }
    let peak = output.metrics.first { $0.name == "process.peakResidentBytes" }?.value
    return .object([
      "run": run.id.map { .string($0) } ?? .null,
      "scenario": .string(output.identity.scenarioName),
      "seed": .unsigned(output.identity.seed.rawValue),
      "scale": JSON(output.identity.scale),
      "workers": .integer(Int64(output.identity.workers)),
      "pace": .string(output.identity.pace),
      "backend": .string(output.identity.backend.id),
      "ranker": .string(output.identity.ranker.id),
      "digest": .string(output.digest.description),
      "verdict": .string(run.verdict.rawValue),
      "verdictReason": .string(run.verdictReason),
      "operations": .integer(output.operations),
      "errors": .integer(output.errors),
      "outcomes": .object(outcomes),
      "wallSeconds": JSON(Double(output.wallNanoseconds) / 1e9),
      "measureSeconds": JSON(Double(output.durationNanoseconds(ofPhase: "measure")) / 1e9),
      "simulatedSeconds": JSON(Double(output.simulatedNanoseconds) / 1e9),
      "phaseSeconds": .object(phases),
      "operationsPerSecond": JSON(output.operationsPerSecond),
      "peakResidentBytes": JSON(peak),
      "clockCostNanoseconds": JSON(output.clockCostNanoseconds),
      "totals": .object(totals),
      "metrics": .object(metrics),
      "latency": latencies(.service, output),
      "storage": latencies(.storage, output),
      "ranking": latencies(.ranking, output),
      "floorMeanNanoseconds": .object(run.floor.mapValues { JSON($0) }),
      "expectations": .array(
        run.checks.map { check in
          .object([
            "name": .string(check.name), "observed": JSON(check.observed), "limit": .string(check.limit),
            "passed": .boolean(check.passed),
          ])
        }),
      "results": .string(run.resultsPath),
    ])
  }

  static func summary(_ latency: LatencySummary) -> JSON {
    .object([
      "count": .unsigned(latency.count), "meanNanoseconds": JSON(latency.meanNanoseconds),
      "p50Nanoseconds": .unsigned(latency.p50Nanoseconds), "p90Nanoseconds": .unsigned(latency.p90Nanoseconds),
      "p99Nanoseconds": .unsigned(latency.p99Nanoseconds), "p999Nanoseconds": .unsigned(latency.p999Nanoseconds),
      "maxNanoseconds": .unsigned(latency.maxNanoseconds),
    ])
  }

  private static func latencies(_ kind: LatencyKind, _ output: RunOutput) -> JSON {
    var members: [String: JSON] = [:]
    for (key, histogram) in output.histograms where key.kind == kind && key.outcome == .ok {
      members[key.name] = summary(LatencySummary(histogram))
    }
    return .object(members)
  }
}
