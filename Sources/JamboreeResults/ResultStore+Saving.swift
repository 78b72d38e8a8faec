import Foundation
import GRDB
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

extension ResultStore {
  /// - Throws: ``ResultStoreError`` of kind `usage` for what is no number.
  func checkNumbers(_ numbers: [(name: String, value: Double)]) throws {
    for (name, value) in numbers where !value.isFinite {
      throw ResultStoreError(
        kind: .usage, message: "The run is not kept: its \(name) is \(value), and a result file keeps numbers. Run it again.")
    }
  }
}

/// A run's figures as they are stored. Encoded before the transaction, so that the file is locked for as short as can be.
struct EncodedOutput {
  let output: RunOutput
  let histograms: [(key: LatencyRecorder.Key, bytes: Data, summary: LatencySummary)]

  init(_ output: RunOutput) throws {
    self.output = output
    histograms = try output.histograms.map {
      (key: $0.key, bytes: Data(try HistogramCoding.encode($0.value)), summary: LatencySummary($0.value))
    }
  }
}

/// Puts down what a run is; of what it measured there is nothing yet.
/// - Returns: its name.
func insertRun(
  _ db: Database, _ identity: RunIdentity, startedUnixNanoseconds: Int64, bucketNanoseconds: Int64, _ environment: RunEnvironment
) throws -> String {
  let run = try unusedIdentifier(db, startedUnixNanoseconds: startedUnixNanoseconds)
  try db.execute(
    sql: """
      INSERT INTO run (id, environment_id, scenario_name, scenario_text, scenario_hash, scenario_folder, overrides, seed, scale, workers, pace,
      backend_id, backend_version, backend_location, backend_options, ranker_id, ranker_version, ranker_options, started_unix_ns,
      wall_ns, measure_ns, simulated_ns, operations, outcomes, digest, clock_cost_ns, bucket_ns, status, verdict, verdict_reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, '[]', ?, 0, ?, ?, ?, ?)
      """,
    arguments: [
      run, environmentRow(db, environment), identity.scenarioName, identity.scenarioText, identity.scenarioHash,
      identity.scenarioFolder,
      jsonText(identity.overrides), Int64(bitPattern: identity.seed.rawValue), identity.scale, identity.workers, identity.pace,
      identity.backend.id, identity.backend.version, identity.backend.location, jsonText(identity.backend.options),
      identity.ranker.id, identity.ranker.version, jsonText(identity.ranker.options), startedUnixNanoseconds,
      RunDigest().description, bucketNanoseconds, RunStatus.running.rawValue, Verdict.interrupted.rawValue, unfinishedReason,
    ])
  return run
}

/// Puts what was measured in the place of what was there before.
func update(_ db: Database, _ run: String, _ encoded: EncodedOutput) throws {
  let output = encoded.output
  try db.execute(
    sql: """
      UPDATE run SET wall_ns = ?, measure_ns = ?, simulated_ns = ?, operations = ?, outcomes = ?, digest = ?, clock_cost_ns = ?
      WHERE id = ?
      """,
    arguments: [
      output.wallNanoseconds, output.operationNanoseconds, output.simulatedNanoseconds, output.operations,
      jsonText(output.outcomes), output.digest.description, output.clockCostNanoseconds, run,
    ])
  try insertPhases(db, run, output.phases)
  try insertHistograms(db, run, encoded)
  try insertTimeline(db, run, output)
  try insertMetrics(db, run, output.metrics)
  try insertErrorSamples(db, run, output.errorSamples.prefix(ErrorSample.limit))
}

private func unusedIdentifier(_ db: Database, startedUnixNanoseconds: Int64) throws -> String {
  // A name stands for 31 nanoseconds: of runs that started within them, the next free names tell which was saved first.
  for place in 0..<UInt64(1 << 20) {
    let id = RunIdentifier.make(unixNanoseconds: startedUnixNanoseconds, place: place)
    if try String.fetchOne(db, sql: "SELECT id FROM run WHERE id = ?", arguments: [id]) == nil { return id }
  }
  throw DatabaseError(resultCode: .SQLITE_CONSTRAINT, message: "no name is left for a run of this time")
}

/// The row of this environment, made if the file does not have it yet.
func environmentRow(_ db: Database, _ environment: RunEnvironment) throws -> Int64 {
  let values: StatementArguments = [
    environment.kernel, environment.cpuModel, environment.logicalCores, environment.memoryBytes, environment.compiler,
    environment.buildConfiguration, environment.bootID, environment.gitCommit, environment.gitDirty, environment.version,
  ]
  let known = try Int64.fetchOne(
    db,
    sql: """
      SELECT id FROM environment WHERE kernel = ? AND cpu_model = ? AND logical_cores = ? AND memory_bytes = ? AND compiler = ?
      AND build_configuration = ? AND boot_id = ? AND git_commit IS ? AND git_dirty IS ? AND version = ?
      """, arguments: values)
  if let known { return known }
  try db.execute(
    sql: """
      INSERT INTO environment (kernel, cpu_model, logical_cores, memory_bytes, compiler, build_configuration, boot_id, git_commit,
      git_dirty, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, arguments: values)
  return db.lastInsertedRowID
}

private func insertPhases(_ db: Database, _ run: String, _ phases: [RunPhase]) throws {
  try db.execute(sql: "DELETE FROM phase WHERE run_id = ? AND position >= ?", arguments: [run, phases.count])
  let statement = try db.makeStatement(
    sql: "INSERT OR REPLACE INTO phase (run_id, position, name, start_ns, duration_ns) VALUES (?, ?, ?, ?, ?)")
  for (position, phase) in phases.enumerated() {
    try statement.execute(arguments: [run, position, phase.name, phase.startNanoseconds, phase.durationNanoseconds])
  }
}

private func insertHistograms(_ db: Database, _ run: String, _ encoded: EncodedOutput) throws {
  let histogram = try db.makeStatement(
    sql: """
      INSERT INTO histogram (run_id, kind, name, outcome, counts) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET counts = excluded.counts
      """)
  let summary = try db.makeStatement(
    sql: """
      INSERT OR REPLACE INTO summary (run_id, kind, name, outcome, count, mean_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
  for (key, bytes, latency) in encoded.histograms {
    try histogram.execute(arguments: [run, key.kind.rawValue, key.name, key.outcome.name, bytes])
    try summary.execute(arguments: [
      run, key.kind.rawValue, key.name, key.outcome.name, Int64(clamping: latency.count), latency.meanNanoseconds,
      Int64(clamping: latency.p50Nanoseconds), Int64(clamping: latency.p90Nanoseconds), Int64(clamping: latency.p99Nanoseconds),
      Int64(clamping: latency.p999Nanoseconds), Int64(clamping: latency.maxNanoseconds),
    ])
  }
}

/// Adds the buckets that are not there yet: one that is over does not change any more. The last one that is there may have
/// been cut short by the end of an earlier part of the run, and is written anew.
private func insertTimeline(_ db: Database, _ run: String, _ output: RunOutput) throws {
  try db.execute(
    sql: "DELETE FROM timeline WHERE run_id = ? AND bucket >= ?", arguments: [run, max(output.buckets.count - 1, 0)])
  let known = try Int.fetchOne(db, sql: "SELECT count(*) FROM timeline WHERE run_id = ?", arguments: [run]) ?? 0
  let bucketStatement = try db.makeStatement(
    sql: "INSERT INTO timeline (run_id, bucket, start_ns, wall_ns, operations, errors, latency) VALUES (?, ?, ?, ?, ?, ?, ?)")
  for (position, bucket) in output.buckets.enumerated().dropFirst(known) {
    try bucketStatement.execute(arguments: [
      run, position, bucket.start.nanoseconds, bucket.wallNanoseconds, bucket.operations, bucket.errors,
      Data(try HistogramCoding.encode(bucket.latency)),
    ])
  }
  let metricStatement = try db.makeStatement(
    sql: """
      INSERT OR REPLACE INTO timeline_metric (run_id, position, name, unit, kind, peak_ns, peak_value, "values")
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """)
  for (position, descriptor) in output.timeline.descriptors.enumerated() {
    let values = output.buckets.map { position < $0.values.count ? $0.values[position] : 0 }
    try metricStatement.execute(arguments: [
      run, position, descriptor.name, descriptor.unit, text(descriptor.kind), output.timeline.peakTimes[position].nanoseconds,
      output.timeline.peakValues[position], jsonText(values),
    ])
  }
}

private func insertMetrics(_ db: Database, _ run: String, _ metrics: [Metric]) throws {
  try db.execute(sql: "DELETE FROM metric WHERE run_id = ? AND position >= ?", arguments: [run, metrics.count])
  let statement = try db.makeStatement(
    sql: "INSERT OR REPLACE INTO metric (run_id, position, name, value, unit, polarity) VALUES (?, ?, ?, ?, ?, ?)")
  for (position, metric) in metrics.enumerated() {
    // SQLite turns a number that is none into NULL, which is what the column's NULL means.
    try statement.execute(arguments: [run, position, metric.name, metric.value, metric.unit, metric.polarity.rawValue])
  }
}

func insertChecks(_ db: Database, _ run: String, _ checks: [CheckRecord]) throws {
  let statement = try db.makeStatement(
    sql: #"INSERT OR REPLACE INTO check_result (run_id, position, name, observed, "limit", passed, not_held_because) VALUES (?, ?, ?, ?, ?, ?, ?)"#)
  for (position, check) in checks.enumerated() {
    try statement.execute(arguments: [run, position, check.name, check.observed, check.limit, check.passed, check.notHeldBecause])
  }
}

private func insertErrorSamples(_ db: Database, _ run: String, _ samples: ArraySlice<ErrorSample>) throws {
  let statement = try db.makeStatement(
    sql: "INSERT OR REPLACE INTO error_sample (run_id, position, at_ns, action, verb, outcome, message) VALUES (?, ?, ?, ?, ?, ?, ?)")
  for (position, sample) in samples.enumerated() {
    try statement.execute(arguments: [
      run, position, sample.atNanoseconds, sample.action, sample.verb, sample.outcome.name, sample.message,
    ])
  }
}
