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
    var quality: [String: JSON] = [:]
    // What there is not to tell is null, not absent: a reader need not know when each is told.
    for name in QualityReport.names { quality[name] = JSON(output.metrics.first { $0.name == QualityReport.prefix + name }?.value) }
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
      "rankerOptions": .array(output.identity.ranker.options.map { .string($0) }),
      "digest": output.load == nil ? .string(output.digest.description) : .null,
      "digestIsReproducible": output.load == nil ? .boolean(output.isReproducible) : .null,
      "firstRankingError": output.rankingFailures.flatMap { $0.firstText.isEmpty ? nil : .string($0.firstText) } ?? .null,
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
      "quality": .object(quality),
      "latency": latencies(.service, output),
      "response": latencies(.response, output),
      "lateness": latencies(.lateness, output),
      "storage": latencies(.storage, output),
      "ranking": latencies(.ranking, output),
      "floorMeanNanoseconds": .object(run.floor.mapValues { JSON($0) }),
      "expectations": .array(run.records.map(expectation)),
      "results": .string(run.resultsPath),
      "load": output.load.map { load($0, output) } ?? .null,
    ])
  }

  /// `passed` is null for one that the run is not held to, and `notHeldBecause` null for one that it is.
  static func expectation(_ check: CheckRecord) -> JSON {
    .object([
      "name": .string(check.name), "observed": JSON(check.observed), "limit": .string(check.limit),
      "passed": check.notHeldBecause == nil ? .boolean(check.passed) : .null,
      "notHeldBecause": check.notHeldBecause.map { .string($0) } ?? .null,
    ])
  }

  private static func load(_ load: LoadReport, _ output: RunOutput) -> JSON {
    .object([
      "pace": .string(load.pace), "connections": .integer(Int64(load.connections)), "inFlight": .integer(Int64(load.inFlight)),
      "warmUpSeconds": JSON(Double(load.warmUpNanoseconds) / 1e9), "measureSeconds": JSON(Double(load.measureNanoseconds) / 1e9),
      "drainSeconds": JSON(Double(load.drainNanoseconds) / 1e9), "virtualSeconds": JSON(Double(load.virtualNanoseconds) / 1e9),
      "starts": .integer(load.starts), "lateStarts": .integer(load.lateStarts), "achievedRate": JSON(load.achievedRate),
      "intendedRate": JSON(load.intendedRate), "peakInFlight": .integer(Int64(load.peakInFlight)),
      "audit": load.audit.map(audit) ?? .null, "auditFailure": load.auditFailure.map { .string($0) } ?? .null,
      "unanswered": .integer(load.unanswered), "unstarted": .integer(load.unstarted), "ranOut": .boolean(load.ranOut),
      "timeline": .array(
        output.buckets.map { bucket in
          .object([
            "startSeconds": JSON(bucket.start.seconds), "operations": .integer(bucket.operations), "errors": .integer(bucket.errors),
            "starts": output.timeline.index(of: "load.allStarts").map { .integer(bucket.values[$0]) } ?? .null,
            "response": summary(LatencySummary(bucket.latency)),
          ])
        }),
      "stages": .array(
        load.stages.map { stage in
          .object([
            "shape": .string(stage.stage.shape.rawValue), "rate": JSON(stage.stage.ratePerSecond),
            "startSeconds": JSON(Double(stage.startNanoseconds) / 1e9), "startsPerSecond": JSON(stage.startsPerSecond),
            "errors": .integer(stage.errors), "response": summary(stage.responses),
            "firstTenth": stage.wear.map { summary($0.first) } ?? .null, "lastTenth": stage.wear.map { summary($0.last) } ?? .null,
          ])
        }),
      "outages": .array(load.outages.map(outage)),
    ])
  }

  static func outage(_ outage: Outage) -> JSON {
    .object([
      "startSeconds": JSON(Double(outage.startNanoseconds) / 1e9), "endSeconds": JSON(outage.endNanoseconds.map { Double($0) / 1e9 }),
      "failures": .integer(outage.failures),
    ])
  }

  private static func audit(_ audit: AuditReport) -> JSON {
    func count(_ value: Int) -> JSON { .integer(Int64(value)) }
    var findings: [String: JSON] = [:]
    for finding in AuditFinding.allCases { findings[finding.rawValue] = count(audit.findings[finding] ?? 0) }
    return .object([
      "acknowledgedWrites": count(audit.acknowledgedWrites), "unknownWrites": count(audit.unknownWrites),
      "auditedShare": JSON(audit.auditedShare), "auditedItems": count(audit.auditedItems), "notReadBack": count(audit.notReadBack),
      "listingsNotRead": count(audit.listingsNotRead), "lost": count(audit.lost), "stale": count(audit.stale),
      "duplicated": count(audit.duplicated), "findings": .object(findings), "isClean": .boolean(audit.isClean),
      "unresolvedPresent": count(audit.unresolvedPresent), "unresolvedAbsent": count(audit.unresolvedAbsent),
      "probes": count(audit.probes), "unansweredProbes": count(audit.unansweredProbes),
      "readYourWritesViolations": count(audit.readYourWritesViolations), "neverSeen": count(audit.neverSeen),
      "staleness": summary(LatencySummary(audit.staleness)),
      "stalenessTimeline": .array(
        audit.stalenessTimeline.map { bucket in
          .object([
            "startSeconds": JSON(Double(bucket.startNanoseconds) / 1e9), "probes": count(bucket.probes),
            "violations": count(bucket.violations), "maxStalenessSeconds": JSON(Double(bucket.maxStalenessNanoseconds) / 1e9),
          ])
        }),
      "examples": .array(
        audit.examples.map { example in
          .object([
            "finding": .string(example.finding.rawValue), "item": .unsigned(example.item.rawValue), "text": .string(example.text),
            "acknowledgedSeconds": JSON(example.acknowledgedNanoseconds.map { Double($0) / 1e9 }),
          ])
        }),
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
