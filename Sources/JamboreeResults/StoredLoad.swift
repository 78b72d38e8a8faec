import GRDB
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// What is kept of a load beside its latencies and figures.
public struct StoredLoad: Sendable, Hashable {
  /// Those of which whole buckets were measured, in order.
  public var stages: [StoredStage] = []
  /// In order of time; nanoseconds since the load's start.
  public var outages: [Outage] = []
  /// What was said of the run, in order: its parts, its starts, what the audit found.
  public var remarks: [RunRemark] = []

  public init(stages: [StoredStage] = [], outages: [Outage] = [], remarks: [RunRemark] = []) {
    (self.stages, self.outages, self.remarks) = (stages, outages, remarks)
  }
}

/// What came back in one stage of a load.
public struct StoredStage: Sendable, Hashable {
  public var shape: LoadSettings.Stage.Shape
  /// Starts a second that the stage asks for, at its end.
  public var ratePerSecond: Double
  /// Since the load's start.
  public var startNanoseconds: Int64
  public var startsPerSecond: Double
  public var errors: Int64
  /// Response times; to two digits.
  public var responses: LatencySummary

  public init(
    shape: LoadSettings.Stage.Shape, ratePerSecond: Double, startNanoseconds: Int64, startsPerSecond: Double, errors: Int64,
    responses: LatencySummary
  ) {
    (self.shape, self.ratePerSecond, self.startNanoseconds) = (shape, ratePerSecond, startNanoseconds)
    (self.startsPerSecond, self.errors, self.responses) = (startsPerSecond, errors, responses)
  }

  public init(_ report: StageReport) {
    self.init(
      shape: report.stage.shape, ratePerSecond: report.stage.ratePerSecond, startNanoseconds: report.startNanoseconds,
      startsPerSecond: report.startsPerSecond, errors: report.errors, responses: report.responses)
  }
}

/// Something that was said of a run, in words.
public struct RunRemark: Sendable, Hashable {
  /// What it is about, such as `audit`; empty where it goes on with the one before.
  public var label: String
  public var text: String

  public init(_ label: String, _ text: String) { (self.label, self.text) = (label, text) }
}

func insertLoad(_ db: Database, _ run: String, _ load: LoadReport, _ remarks: [RunRemark]) throws {
  let stage = try db.makeStatement(
    sql: """
      INSERT OR REPLACE INTO load_stage (run_id, position, shape, rate, start_ns, starts_per_second, errors, count, mean_ns, p50_ns,
      p90_ns, p99_ns, p999_ns, max_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
  for (position, report) in load.stages.filter({ $0.buckets > 0 }).enumerated() {
    let (kept, latency) = (StoredStage(report), report.responses)
    try stage.execute(arguments: [
      run, position, kept.shape.rawValue, kept.ratePerSecond, kept.startNanoseconds, kept.startsPerSecond, kept.errors,
      Int64(clamping: latency.count), latency.meanNanoseconds, Int64(clamping: latency.p50Nanoseconds),
      Int64(clamping: latency.p90Nanoseconds), Int64(clamping: latency.p99Nanoseconds), Int64(clamping: latency.p999Nanoseconds),
      Int64(clamping: latency.maxNanoseconds),
    ])
  }
  for (position, outage) in load.outages.enumerated() {
    try db.execute(
      sql: "INSERT OR REPLACE INTO outage (run_id, position, start_ns, end_ns, failures) VALUES (?, ?, ?, ?, ?)",
      arguments: [run, position, outage.startNanoseconds, outage.endNanoseconds, outage.failures])
  }
  for (position, remark) in remarks.enumerated() {
    try db.execute(
      sql: "INSERT OR REPLACE INTO remark (run_id, position, label, text) VALUES (?, ?, ?, ?)",
      arguments: [run, position, remark.label, remark.text])
  }
}

/// Nil where nothing was kept: of a run in virtual time, and of a load made before version 4.
func storedLoad(_ db: Database, _ run: String, _ reader: ColumnReader) throws -> StoredLoad? {
  func rows(_ table: String) throws -> [Row] {
    try Row.fetchAll(db, sql: "SELECT * FROM \(table) WHERE run_id = ? ORDER BY position", arguments: [run])
  }
  let load = try StoredLoad(
    stages: rows("load_stage").map { row in
      try StoredStage(
        shape: reader.value(row.get("shape"), in: "load_stage"), ratePerSecond: row.get("rate"), startNanoseconds: row.get("start_ns"),
        startsPerSecond: row.get("starts_per_second"), errors: row.get("errors"), responses: latencySummary(row))
    },
    outages: rows("outage").map {
      try Outage(startNanoseconds: $0.get("start_ns"), endNanoseconds: $0.get("end_ns"), failures: $0.get("failures"))
    },
    remarks: rows("remark").map { try RunRemark($0.get("label"), $0.get("text")) })
  return load == StoredLoad() ? nil : load
}
