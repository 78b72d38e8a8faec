import Foundation
import GRDB
import JamboreeKit
import JamboreeMetrics
import Testing

@testable import JamboreeEngine
@testable import JamboreeResults

@Suite struct RoundTripTests {
  @Test func everyFieldComesBack() throws {
    let folder = try TemporaryFolder()
    var output = makeOutput()
    let checks = [
      CheckRecord(name: "jam.rate p99", observed: 1234.5, limit: "< 20 ms", passed: true),
      CheckRecord(name: "errors", observed: nil, limit: "= 0", passed: false),
      CheckRecord(name: "jam.posts", observed: 3, limit: ">= 0", passed: true, notHeldBecause: "withinNoise"),
    ]
    let samples = [
      ErrorSample(atNanoseconds: 5, action: "jam.rate", verb: "react", outcome: .timedOut, message: "no answer in 5 s")
    ]
    output.errorSamples = samples
    // Written by one store, read by another, which reads only.
    let run = try ResultStore.open(path: folder.file("a/b/r.sqlite")).save(
      output, checks: checks, verdict: .failed, verdictReason: "errors", environment: environment)
    let store = try ResultStore.open(path: folder.file("a/b/r.sqlite"), readOnly: true)
    let detail = try store.detail(run)

    let record = RunRecord(
      run: run, scenario: "jam-night", backend: "sqlite", ranker: "hot", rankerOptions: output.identity.ranker.options, status: .finished, verdict: .failed,
      startedUnixNanoseconds: output.startedUnixNanoseconds, wallSeconds: Double(output.wallNanoseconds) / 1e9, measureSeconds: 2,
      operations: 1_000_003, operationsPerSecond: output.operationsPerSecond, seed: output.identity.seed, scale: 0.25, workers: 2,
      digest: output.digest.description, pace: "max", overrides: output.identity.overrides)
    #expect(detail.record == record)
    #expect(try store.runs() == [record])

    #expect(detail.identity == output.identity)
    #expect(detail.verdictReason == "errors")
    #expect(detail.environment == environment)
    #expect(detail.phases.map(\.name) == output.phases.map(\.name))
    #expect(detail.phases.map(\.startNanoseconds) == output.phases.map(\.startNanoseconds))
    #expect(detail.phases.map(\.durationNanoseconds) == output.phases.map(\.durationNanoseconds))
    #expect(detail.metrics == output.metrics)
    #expect(detail.checks == checks)
    #expect(detail.load == nil)
    #expect(detail.errorSamples == samples)
    #expect(detail.outcomes == output.outcomes)
    #expect(detail.simulatedNanoseconds == output.simulatedNanoseconds)
    #expect(detail.clockCostNanoseconds == output.clockCostNanoseconds)
    try expectSameTimeline(detail.timeline, output)

    #expect(detail.summaries.count == output.histograms.count)
    for (key, histogram) in output.histograms {
      #expect(detail.summary(key.kind, key.name, key.outcome) == LatencySummary(histogram))
      let stored = try #require(try store.histogram(run: run, kind: key.kind, name: key.name, outcome: key.outcome))
      #expect(stored == histogram)
      #expect(stored.maxRecorded == histogram.maxRecorded)
    }
    #expect(try store.histogram(run: run, kind: .response, name: "jam.rate") == nil)
  }

  /// A load's stages, outages and what was said of it.
  @Test func loadsComeBack() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    var output = makeOutput()
    output.identity.pace = "stages (constant, 8 connections, 128 in flight)"
    var load = LoadReport(
      pace: "stages", connections: 8, inFlight: 128, warmUpNanoseconds: 0, measureNanoseconds: 1, drainNanoseconds: 0, virtualNanoseconds: 0,
      starts: 10, startsInTime: 10, lateStarts: 0, latenessLimitNanoseconds: 1, latenessShare: 0, peakInFlight: 1, unanswered: 0,
      unstarted: 0, ranOut: false,
      outages: [
        Outage(startNanoseconds: 5, endNanoseconds: 9, failures: 3), Outage(startNanoseconds: 12, endNanoseconds: nil, failures: 1),
      ])
    var settings = LoadSettings()
    settings.warmUpNanoseconds = 0
    settings.stages = [
      LoadSettings.Stage(shape: .ramp, ratePerSecond: 100, durationNanoseconds: 1_200_000_000_000),
      LoadSettings.Stage(shape: .soak, ratePerSecond: 200, durationNanoseconds: 1_800_000_000_000),
      // Too short for a bucket of its own.
      LoadSettings.Stage(shape: .spike, ratePerSecond: 300, durationNanoseconds: 60_000_000_000),
    ]
    load.stages = StageReport.make(settings, output.timeline, output.buckets, until: 3_060_000_000_000)
    output.load = load
    let remarks = [RunRemark("audit", "3 writes acknowledged: nothing lost"), RunRemark("", "more of it")]
    let recorder = try store.begin(
      output.identity, startedUnixNanoseconds: 1, bucketNanoseconds: output.timeline.bucketNanoseconds, environment: environment)
    try recorder.finish(output, checks: [], verdict: .passed, verdictReason: "", remarks: remarks)
    let detail = try store.detail(recorder.run)
    #expect(load.stages.count == 3)
    #expect(detail.load == StoredLoad(stages: load.stages.prefix(2).map { StoredStage($0) }, outages: load.outages, remarks: remarks))
    #expect(detail.load?.stages[1].responses.count ?? 0 > 0 && detail.load?.stages[1].errors ?? 0 > 0)
    #expect(detail.record.pace == output.identity.pace)
    #expect(RunComparison([detail, detail]).loads == [detail.load, detail.load])
  }

  private func expectSameTimeline(_ stored: StoredTimeline, _ output: RunOutput) throws {
    #expect(stored.bucketNanoseconds == output.timeline.bucketNanoseconds)
    #expect(stored.series.map(\.descriptor) == output.timeline.descriptors)
    #expect(stored.series.map(\.peakValue) == output.timeline.peakValues)
    #expect(stored.series.map(\.peakNanoseconds) == output.timeline.peakTimes.map(\.nanoseconds))
    #expect(try #require(stored.series("jam.pageViews")).values == output.timeline.values.map { $0[0] })
    #expect(stored.buckets.count == output.buckets.count)
    for (a, b) in zip(stored.buckets, output.buckets) {
      #expect(a.start == b.start)
      #expect(a.wallNanoseconds == b.wallNanoseconds)
      #expect(a.operations == b.operations)
      #expect(a.errors == b.errors)
      #expect(a.latency == b.latency)
      #expect(a.values == b.values)
    }
  }

  @Test func unusualValues() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    var output = makeOutput(OutputShape(buckets: 0, interrupted: true))
    output.metrics = [Metric(name: "none", value: .nan, unit: "ratio")]
    output.histograms = [:]
    output.phases = []
    output.errorSamples = (0..<150).map { ErrorSample(atNanoseconds: $0, action: "a", verb: "b", outcome: .failed, message: "") }
    var bare = environment
    (bare.gitCommit, bare.gitDirty) = (nil, nil)
    let run = try store.save(
      output, checks: [], verdict: .interrupted, verdictReason: "", environment: bare)
    let detail = try store.detail(run)
    #expect(detail.metrics.first?.value.isNaN == true)
    #expect(detail.record.status == .interrupted)
    #expect(detail.record.operationsPerSecond == 0)
    #expect(detail.summaries.isEmpty && detail.timeline.buckets.isEmpty && detail.phases.isEmpty)
    #expect(detail.environment == bare)
    #expect(detail.errorSamples.count == ErrorSample.limit)
  }

  @Test func equalEnvironmentsAreStoredOnce() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    var bare = environment
    (bare.gitCommit, bare.gitDirty) = (nil, nil)
    for value in [environment, bare, environment, bare] { try store.save(OutputShape(buckets: 1), environment: value) }
    #expect(try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM environment") } == 2)
  }

  @Test func schemaIsStrictAndSound() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    let run = try store.save(OutputShape())
    try store.read { db in
      #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
      #expect(try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").isEmpty)
      #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
      let loose = try String.fetchAll(
        db,
        sql:
          "SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'"
      )
      #expect(loose == [])
    }
    // Removing a run removes all that belongs to it.
    try store.write { db in try db.execute(sql: "DELETE FROM run WHERE id = ?", arguments: [run]) }
    for table in ["phase", "histogram", "summary", "timeline", "timeline_metric", "metric", "check_result", "error_sample"] {
      #expect(try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") } == 0, "\(table)")
    }
  }

  @Test func everyColumnIsDocumentedAndTheExamplesRun() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(
      contentsOf: root.appendingPathComponent("Sources/JamboreeResults/JamboreeResults.docc/ResultFile.md"), encoding: .utf8)
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    try store.save(OutputShape())
    try store.read { db in
      for table in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'") {
        let section = page.components(separatedBy: "\n### ").first { $0.hasPrefix(table + "\n") }
        for column in try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table]) {
          #expect(section?.contains("`\(column)`") == true, "\(table).\(column)")
        }
      }
      let examples = page.components(separatedBy: "```sql\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
      #expect(examples.count == 2)
      for example in examples { #expect(try !Row.fetchAll(db, sql: example).isEmpty) }
    }
  }

  @Test func aRunIsKeptWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    try store.save(OutputShape())
    try store.write { db in
      try db.execute(sql: "CREATE TRIGGER stop BEFORE INSERT ON metric BEGIN SELECT RAISE(ABORT, 'stopped'); END")
    }
    #expect(throws: ResultStoreError.self) { try store.save(OutputShape()) }
    // It has begun, and of its end there is nothing.
    #expect(try store.runs().map(\.operations).min() == 0)
    for table in ["histogram", "phase", "timeline", "metric"] {
      #expect(try store.read { try Int.fetchOne($0, sql: "SELECT count(DISTINCT run_id) FROM \(table)") } == 1)
    }
  }
}
