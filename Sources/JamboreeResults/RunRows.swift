import Foundation
import GRDB
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

// Reads the rows that belong to one run. The tables are strict and their columns not null, so a value that is there
// has the type that its column says; what the types cannot say goes through the column reader.

extension Row {
  /// A column's value; throws, where a subscript would stop the program, when it is missing or of another type.
  func get<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
    try decode(Value.self, forColumn: column)
  }
}

func environment(_ db: Database, _ id: Int64, _ path: String) throws -> RunEnvironment {
  guard let row = try Row.fetchOne(db, sql: "SELECT * FROM environment WHERE id = ?", arguments: [id]) else {
    throw ResultStoreError.corrupt(path, "a run's environment is missing")
  }
  return try RunEnvironment(
    kernel: row.get("kernel"), cpuModel: row.get("cpu_model"), logicalCores: row.get("logical_cores"),
    memoryBytes: row.get("memory_bytes"),
    compiler: row.get("compiler"), buildConfiguration: row.get("build_configuration"), bootID: row.get("boot_id"),
    gitCommit: row.get("git_commit"),
    gitDirty: row.get("git_dirty"), version: row.get("version"))
}

func phases(_ db: Database, _ run: String) throws -> [RunPhase] {
  try Row.fetchAll(db, sql: "SELECT * FROM phase WHERE run_id = ? ORDER BY position", arguments: [run]).map { row in
    try RunPhase(name: row.get("name"), startNanoseconds: row.get("start_ns"), durationNanoseconds: row.get("duration_ns"))
  }
}

func summaries(_ db: Database, _ run: String, _ reader: ColumnReader) throws -> [StoredSummary] {
  let rows = try Row.fetchAll(db, sql: "SELECT * FROM summary WHERE run_id = ? ORDER BY kind, name, outcome", arguments: [run])
  return try rows.map { row in
    try StoredSummary(
      kind: reader.value(row.get("kind"), in: "summary"), name: row.get("name"),
      outcome: reader.outcome(row.get("outcome"), in: "summary"), latency: latencySummary(row))
  }
}

/// Of a row that has the figures of a histogram.
func latencySummary(_ row: Row) throws -> LatencySummary {
  func unsigned(_ column: String) throws -> UInt64 { UInt64(clamping: try row.get(column) as Int64) }
  return try LatencySummary(
    count: unsigned("count"), meanNanoseconds: row.get("mean_ns"), p50Nanoseconds: unsigned("p50_ns"),
    p90Nanoseconds: unsigned("p90_ns"), p99Nanoseconds: unsigned("p99_ns"), p999Nanoseconds: unsigned("p999_ns"),
    maxNanoseconds: unsigned("max_ns"))
}

func metrics(_ db: Database, _ run: String, _ reader: ColumnReader) throws -> [Metric] {
  try Row.fetchAll(db, sql: "SELECT * FROM metric WHERE run_id = ? ORDER BY position", arguments: [run]).map { row in
    try Metric(
      name: row.get("name"), value: row.get("value") ?? .nan, unit: row.get("unit"),
      polarity: reader.value(row.get("polarity"), in: "metric"))
  }
}

func checks(_ db: Database, _ run: String) throws -> [CheckRecord] {
  try Row.fetchAll(db, sql: "SELECT * FROM check_result WHERE run_id = ? ORDER BY position", arguments: [run]).map { row in
    try CheckRecord(
      name: row.get("name"), observed: row.get("observed"), limit: row.get("limit"), passed: row.get("passed"),
      notHeldBecause: row.get("not_held_because"))
  }
}

func errorSamples(_ db: Database, _ run: String, _ reader: ColumnReader) throws -> [ErrorSample] {
  try Row.fetchAll(db, sql: "SELECT * FROM error_sample WHERE run_id = ? ORDER BY position", arguments: [run]).map { row in
    try ErrorSample(
      atNanoseconds: row.get("at_ns"), action: row.get("action"), verb: row.get("verb"),
      outcome: reader.outcome(row.get("outcome"), in: "error_sample"), message: row.get("message"))
  }
}

func timeline(_ db: Database, _ run: String, _ bucketNanoseconds: Int64, _ reader: ColumnReader) throws -> StoredTimeline {
  let rows = try Row.fetchAll(db, sql: "SELECT * FROM timeline WHERE run_id = ? ORDER BY bucket", arguments: [run])
  let series = try Row.fetchAll(db, sql: "SELECT * FROM timeline_metric WHERE run_id = ? ORDER BY position", arguments: [run])
    .map { row in
      try StoredTimeline.Series(
        descriptor: MetricDescriptor(name: row.get("name"), unit: row.get("unit"), kind: reader.metricKind(row.get("kind"))),
        values: reader.numbers(row.get("values"), in: "timeline_metric"), peakValue: row.get("peak_value"),
        peakNanoseconds: row.get("peak_ns"))
    }
  guard series.allSatisfy({ $0.values.count == rows.count }) else {
    throw ResultStoreError.corrupt(reader.path, "a run's timeline has another number of buckets than of values")
  }
  let buckets = try rows.enumerated().map { index, row in
    try TimelineBucket(
      start: SimTime(nanoseconds: row.get("start_ns")), wallNanoseconds: row.get("wall_ns"), operations: row.get("operations"),
      errors: row.get("errors"), latency: reader.histogram(row.get("latency"), in: "timeline"),
      values: series.map { $0.values[index] })
  }
  return StoredTimeline(bucketNanoseconds: bucketNanoseconds, buckets: buckets, series: series)
}
