import JamboreeKit
import JamboreeMetrics
import JamboreeResults

/// A baseline as text and as JSON.
enum BaselineOutput {
  static func text(_ baseline: Baseline) -> String {
    let (run, environment) = (baseline.run, baseline.environment)
    var lines = [
      "\(baseline.name): \(run.scenario), \(run.backend) backend, \(run.ranker) ranker",
      "  set           \(Text.moment(unixNanoseconds: baseline.createdUnixSeconds * 1_000_000_000)) UTC",
      "  scenario      \(run.scenarioHash), seed \(run.seed), scale \(Text.significant(run.scale)), \(run.workers) workers",
    ]
    lines += run.overrides.map { "  --set         \($0)" }
    lines += [
      "  machine       \(environment.cpuModel), \(environment.logicalCores) cores, \(Text.bytes(Double(environment.memoryBytes))), \(environment.kernel)",
      "  build         \(environment.version) \(environment.buildConfiguration), \(environment.compiler)"
        + (environment.gitCommit.map { ", commit \($0.prefix(12))" } ?? "") + (environment.gitDirty == true ? " with changes" : ""),
      "  operations    \(Text.grouped(baseline.behaviour.operations))",
      "  digest        \(baseline.behaviour.digest)",
    ]
    if let count = baseline.instructions {
      lines.append("  instructions  \(Text.grouped(Int64(clamping: count.count))) (\(count.tool), one worker, scale \(Text.significant(count.scale)))")
    }
    for (name, figure) in baseline.behaviour.quality.sorted(by: { $0.key < $1.key }) { lines.append("  quality.\(name)  \(Text.significant(figure.value))") }
    let rates = baseline.processes.map(\.operationsPerSecond)
    lines += [
      "  processes     \(baseline.processes.count), from \(Text.rate(rates.min() ?? 0)) to \(Text.rate(rates.max() ?? 0)) operations", "",
    ]
    var table = LatencyTable("latency, all processes")
    for stored in baseline.histograms {
      if let histogram = stored.histogram { table.add(stored.kind == LatencyKind.service.rawValue ? stored.name : "\(stored.kind): \(stored.name)", histogram) }
    }
    lines.append(table.text())
    return lines.joined(separator: "\n")
  }

  /// What a list shows of it.
  static func head(_ baseline: Baseline) -> JSON { .object(members(baseline)) }

  static func json(_ baseline: Baseline) -> JSON {
    var members = members(baseline)
    var latencies: [String: [String: JSON]] = [:]
    for stored in baseline.histograms {
      if let histogram = stored.histogram { latencies[stored.kind, default: [:]][stored.name] = RunJSON.summary(LatencySummary(histogram)) }
    }
    for kind in LatencyKind.allCases { members[kind == .service ? "latency" : kind.rawValue] = .object(latencies[kind.rawValue] ?? [:]) }
    members["operationsPerSecond"] = .array(baseline.processes.map { JSON($0.operationsPerSecond) })
    members["outcomes"] = .object(baseline.behaviour.outcomes.mapValues { .integer($0) })
    members["quality"] = .object(baseline.behaviour.quality.mapValues { JSON($0.value) })
    members["instructions"] =
      baseline.instructions.map { .object(["tool": .string($0.tool), "scale": JSON($0.scale), "count": .unsigned($0.count)]) } ?? .null
    let environment = baseline.environment
    members["environment"] = .object([
      "kernel": .string(environment.kernel), "cpuModel": .string(environment.cpuModel), "logicalCores": .integer(Int64(environment.logicalCores)),
      "memoryBytes": .integer(environment.memoryBytes), "compiler": .string(environment.compiler),
      "buildConfiguration": .string(environment.buildConfiguration), "version": .string(environment.version),
      "gitCommit": environment.gitCommit.map { .string($0) } ?? .null, "gitDirty": environment.gitDirty.map { .boolean($0) } ?? .null,
    ])
    return .object(members)
  }

  private static func members(_ baseline: Baseline) -> [String: JSON] {
    [
      "name": .string(baseline.name), "format": .integer(Int64(baseline.format)), "createdUnixSeconds": .integer(baseline.createdUnixSeconds),
      "scenario": .string(baseline.run.scenario), "scenarioHash": .string(baseline.run.scenarioHash), "seed": .unsigned(baseline.run.seed),
      "scale": JSON(baseline.run.scale), "overrides": .array(baseline.run.overrides.map { .string($0) }), "backend": .string(baseline.run.backend),
      "ranker": .string(baseline.run.ranker), "workers": .integer(Int64(baseline.run.workers)), "digest": .string(baseline.behaviour.digest),
      "operations": .integer(baseline.behaviour.operations), "processes": .integer(Int64(baseline.processes.count)),
    ]
  }
}
