import JamboreeKit
import JamboreeMetrics
import JamboreeResults

/// JSON of stored runs and comparisons.
enum StoredRunJSON {
  static func record(_ run: RunRecord) -> JSON { .object(members(run)) }

  private static func members(_ run: RunRecord) -> [String: JSON] {
    [
      "run": .string(run.run), "scenario": .string(run.scenario), "backend": .string(run.backend),
      "ranker": .string(run.ranker), "rankerOptions": .array(run.rankerOptions.map { .string($0) }),
      "status": .string(run.status.rawValue), "verdict": .string(run.verdict.rawValue),
      "startedUnixNanoseconds": .integer(run.startedUnixNanoseconds), "wallSeconds": JSON(run.wallSeconds),
      "measureSeconds": JSON(run.measureSeconds), "operations": .integer(run.operations),
      "operationsPerSecond": JSON(run.operationsPerSecond), "seed": .unsigned(run.seed.rawValue), "scale": JSON(run.scale),
      "workers": .integer(Int64(run.workers)), "digest": .string(run.digest), "pace": .string(run.pace), "overrides": .array(run.overrides.map { .string($0) }),
    ]
  }

  static func detail(_ detail: RunDetail) -> JSON {
    var result = members(detail.record)
    result["verdictReason"] = .string(detail.verdictReason)
    result["scenarioHash"] = .string(detail.identity.scenarioHash)
    result["scenarioText"] = .string(detail.identity.scenarioText)
    result["backendOptions"] = .array(detail.identity.backend.options.map { .string($0) })
    let environment = detail.environment
    result["environment"] = .object([
      "kernel": .string(environment.kernel), "cpuModel": .string(environment.cpuModel),
      "logicalCores": .integer(Int64(environment.logicalCores)), "memoryBytes": .integer(environment.memoryBytes),
      "compiler": .string(environment.compiler), "buildConfiguration": .string(environment.buildConfiguration),
      "version": .string(environment.version), "gitCommit": environment.gitCommit.map { .string($0) } ?? .null,
      "gitDirty": environment.gitDirty.map { .boolean($0) } ?? .null,
    ])
    for kind in LatencyKind.allCases {
      var latencies: [String: JSON] = [:]
      for row in detail.summaries where row.kind == kind && row.outcome == .ok { latencies[row.name] = RunJSON.summary(row.latency) }
      result[kind == .service ? "latency" : kind.rawValue] = .object(latencies)
    }
    result["metrics"] = .object(Dictionary(detail.metrics.map { ($0.name, JSON($0.value)) }, uniquingKeysWith: { $1 }))
    result["totals"] = .object(
      Dictionary(
        detail.timeline.series.map { series in
          let total = series.descriptor.kind == .gauge ? series.peakValue : series.values.reduce(0, +)
          return (series.descriptor.name, JSON.integer(total))
        }, uniquingKeysWith: { $1 }))
    result["timeline"] = .object([
      "bucketNanoseconds": .integer(detail.timeline.bucketNanoseconds),
      "series": .object(
        Dictionary(
          detail.timeline.series.map { ($0.descriptor.name, JSON.array($0.values.map { .integer($0) })) },
          uniquingKeysWith: { $1 })),
    ])
    result["expectations"] = .array(detail.checks.map(RunJSON.expectation))
    result["load"] = detail.load.map(load) ?? .null
    return .object(result)
  }

  private static func load(_ load: StoredLoad) -> JSON {
    .object([
      "stages": .array(
        load.stages.map { stage in
          .object([
            "shape": .string(stage.shape.rawValue), "rate": JSON(stage.ratePerSecond),
            "startSeconds": JSON(Double(stage.startNanoseconds) / 1e9), "startsPerSecond": JSON(stage.startsPerSecond),
            "errors": .integer(stage.errors), "response": RunJSON.summary(stage.responses),
          ])
        }),
      "outages": .array(load.outages.map(RunJSON.outage)),
      "remarks": .array(load.remarks.map { .object(["label": .string($0.label), "text": .string($0.text)]) }),
    ])
  }

  static func comparison(_ comparison: RunComparison) -> JSON {
    func figure(_ figure: ComparedFigure) -> JSON {
      .object(["values": .array(figure.values.map { JSON($0) }), "ratios": .array(figure.ratios.map { JSON($0) })])
    }
    return .object([
      "runs": .array(comparison.runs.map(record)),
      "operationsPerSecond": figure(comparison.throughput),
      "rows": .array(
        comparison.rows.map { row in
          .object([
            "kind": .string(row.kind.rawValue), "name": .string(row.name), "count": figure(row.count),
            "meanNanoseconds": figure(row.mean), "p50Nanoseconds": figure(row.p50), "p90Nanoseconds": figure(row.p90),
            "p99Nanoseconds": figure(row.p99), "p999Nanoseconds": figure(row.p999), "maxNanoseconds": figure(row.max),
          ])
        }),
      "figures": .array(
        comparison.figures.map { row in
          .object(["name": .string(row.name), "unit": .string(row.unit), "figure": figure(row.figure)])
        }),
      "expectations": .array(
        comparison.expectations.map { row in
          .object(["name": .string(row.name), "runs": .array(row.checks.map { $0.map(RunJSON.expectation) ?? .null })])
        }),
      "loads": .array(comparison.loads.map { $0.map(load) ?? .null }),
      "differences": .array(comparison.differences.map { .string($0) }),
    ])
  }
}
