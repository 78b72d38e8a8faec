import Dispatch
import Foundation
import GRDB
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import Synchronization

/// Writes a run down while it is under way: once at its beginning, at each checkpoint, and at its end. What was written
/// at a checkpoint is there whatever happens to the process afterwards.
///
/// Checkpoints are encoded and written beside the run. One that comes while the last is still being written is left out.
public final class RunRecorder: Sendable {
  /// The run's name.
  public let run: String
  private let store: ResultStore
  /// False for one that was taken up.
  private let isNew: Bool
  private let queue = DispatchQueue(label: "results", qos: .utility)
  private struct State {
    var isWriting = false
    var writingNanoseconds: UInt64 = 0
    /// What went wrong with the last checkpoint.
    var failure: ResultStoreError?
  }
  private let state = Mutex(State())

  init(run: String, store: ResultStore, isNew: Bool) {
    self.run = run
    self.store = store
    self.isNew = isNew
  }

  /// Writes down what was measured so far; returns at once.
  public func checkpoint(_ output: RunOutput) {
    let isFree = state.withLock { state in
      defer { state.isWriting = true }
      return !state.isWriting
    }
    guard isFree else { return }
    queue.async { [self] in
      let start = monotonicNanoseconds()
      var failure: ResultStoreError?
      do {
        let encoded = try EncodedOutput(output)
        try store.write { db in
          try update(db, run, encoded)
          try insertCheckpoint(db, run, tick: output.tick)
        }
      } catch let error as ResultStoreError {
        failure = error
      } catch {
        failure = ResultStoreError(kind: .io, message: "\(store.path): \(error)")
      }
      state.withLock { state in
        state.isWriting = false
        state.writingNanoseconds &+= monotonicNanoseconds() &- start
        state.failure = failure
      }
    }
  }

  /// How long checkpoints have taken to encode and to write, beside the run.
  public var writingNanoseconds: UInt64 { state.withLock { $0.writingNanoseconds } }

  /// Why the last checkpoint was not written, if it was not. The run goes on without: what it measures may still be kept
  /// at its end.
  public var checkpointFailure: ResultStoreError? { state.withLock { $0.failure } }

  /// Writes down everything, in one transaction, and lets go of the run.
  /// - Parameters:
  ///   - output: What came of the run.
  ///   - checks: The scenario's expectations, in the order in which they are shown.
  ///   - verdict: Whether the figures may be used.
  ///   - verdictReason: Why, in words.
  ///   - remarks: Of a load: what else is said of it.
  /// - Throws: ``ResultStoreError`` of kind `io` when the file is locked, cannot be written, or the disk is full, of kind
  ///   `usage` for a cost of the clock that is no number; ``HistogramCodingError`` for a histogram with another layout than
  ///   the recorders use. The run is then as the last checkpoint left it.
  public func finish(
    _ output: RunOutput, checks: [CheckRecord], verdict: Verdict, verdictReason: String, remarks: [RunRemark] = []
  ) throws {
    queue.sync {}
    try store.checkNumbers([("clock's cost", output.clockCostNanoseconds)])
    let encoded = try EncodedOutput(output)
    try store.write { db in
      try update(db, run, encoded)
      // The figures are of this tick now, and no more of the last checkpoint's.
      if output.interrupted { try insertCheckpoint(db, run, tick: output.tick) }
      try conclude(db, run, output.interrupted ? .interrupted : .finished, verdict, verdictReason)
      try insertChecks(db, run, checks)
      if let load = output.load { try insertLoad(db, run, load, remarks) }
    }
  }

  /// Lets go of a run that was broken off, and of the file: what the last checkpoint wrote is what there is of the run. A
  /// new one without a checkpoint has measured nothing, and is taken away. One that has ended meanwhile is left as it is.
  /// Nothing can be written any more after it.
  /// - Returns: whether anything of it is kept.
  @discardableResult public func abandon(reason: String) throws -> Bool {
    queue.sync {}
    defer { store.close() }
    return try store.write { db in
      let status = try String.fetchOne(db, sql: "SELECT status FROM run WHERE id = ?", arguments: [run])
      guard status == RunStatus.running.rawValue else { return status != nil }
      let isEmpty = try isNew && Int.fetchOne(db, sql: "SELECT count(*) FROM checkpoint WHERE run_id = ?", arguments: [run]) == 0
      if isEmpty {
        try db.execute(sql: "DELETE FROM run WHERE id = ?", arguments: [run])
      } else {
        try conclude(db, run, .interrupted, .interrupted, reason)
      }
      return !isEmpty
    }
  }
}

extension ResultStore {
  /// Puts down a run that begins now.
  /// - Parameter bucketNanoseconds: length of the buckets of its timeline.
  /// - Throws: ``ResultStoreError`` of kind `io` when the file is locked, cannot be written, or the disk is full.
  public func begin(
    _ identity: RunIdentity, startedUnixNanoseconds: Int64, bucketNanoseconds: Int64, environment: RunEnvironment
  ) throws -> RunRecorder {
    try checkNumbers([("scale", identity.scale)])
    let run = try write { db in
      let run = try insertRun(
        db, identity, startedUnixNanoseconds: startedUnixNanoseconds, bucketNanoseconds: bucketNanoseconds, environment)
      try insertLease(db, run, bootID: environment.bootID)
      return run
    }
    return RunRecorder(run: run, store: self, isNew: true)
  }

  /// Takes up a run that was interrupted.
  /// - Parameters:
  ///   - run: its whole name.
  ///   - workers: how many it goes on with.
  ///   - isMeasuredAgain: its timeline and its samples of errors begin anew.
  /// - Throws: ``ResultStoreError`` of kind `usage` when it came to its end or is still under way.
  public func resume(_ run: String, workers: Int, isMeasuredAgain: Bool, environment: RunEnvironment) throws -> RunRecorder {
    try write { db in
      let (status, lease) = try runStatus(db, run, ColumnReader(path: path), bootID: environment.bootID)
      switch status {
      case .finished:
        throw ResultStoreError(
          kind: .usage, message: "Run \(run) came to its end: there is nothing to go on with. `jamboree show \(run)` shows it.")
      case .running:
        throw ResultStoreError(
          kind: .usage, message: "Run \(run) is still under way, in process \(lease?.processID ?? 0). Stop that one, or wait for its end.")
      case .interrupted: break
      }
      try db.execute(
        sql: "UPDATE run SET status = ?, verdict = ?, verdict_reason = ?, workers = ?, environment_id = ? WHERE id = ?",
        arguments: [
          RunStatus.running.rawValue, Verdict.interrupted.rawValue, unfinishedReason, workers, environmentRow(db, environment), run,
        ])
      if isMeasuredAgain {
        for table in ["timeline", "timeline_metric", "error_sample"] {
          try db.execute(sql: "DELETE FROM \(table) WHERE run_id = ?", arguments: [run])
        }
      }
      try insertLease(db, run, bootID: environment.bootID)
    }
    return RunRecorder(run: run, store: self, isNew: false)
  }

  /// Where an interrupted run stood when it last wrote it down; nil when it never did.
  /// - Parameter run: its whole name.
  public func checkpoint(of run: String) throws -> RunCheckpoint? {
    let reader = ColumnReader(path: path)
    return try read { db in
      guard let tick = try Int64.fetchOne(db, sql: "SELECT tick FROM checkpoint WHERE run_id = ?", arguments: [run]),
        let row = try Row.fetchOne(db, sql: "SELECT digest, measure_ns, bucket_ns FROM run WHERE id = ?", arguments: [run])
      else { return nil }
      let rows = try Row.fetchAll(db, sql: "SELECT * FROM histogram WHERE run_id = ?", arguments: [run])
      var histograms: [LatencyRecorder.Key: LatencyHistogram] = [:]
      for row in rows {
        let key = try LatencyRecorder.Key(
          kind: reader.value(row.get("kind"), in: "histogram"), name: row.get("name"),
          outcome: reader.outcome(row.get("outcome"), in: "histogram"))
        histograms[key] = try reader.histogram(row.get("counts"), in: "histogram")
      }
      return try RunCheckpoint(
        tick: tick, digest: row.get("digest"), measureNanoseconds: row.get("measure_ns"), histograms: histograms,
        buckets: timeline(db, run, row.get("bucket_ns"), reader).buckets, errorSamples: errorSamples(db, run, reader))
    }
  }
}

/// What is said of a run for as long as it has not ended, and for ever when it does not get to say anything else.
let unfinishedReason = "it has not come to its end"

private func insertCheckpoint(_ db: Database, _ run: String, tick: TickID) throws {
  try db.execute(
    sql: "INSERT OR REPLACE INTO checkpoint (run_id, taken_unix_ns, tick) VALUES (?, ?, ?)",
    arguments: [run, unixNanoseconds(), tick])
}

private func insertLease(_ db: Database, _ run: String, bootID: String) throws {
  let lease = Lease.own(bootID: bootID)
  try db.execute(
    sql: "INSERT OR REPLACE INTO lease (run_id, process_id, process_start, boot_id) VALUES (?, ?, ?, ?)",
    arguments: [run, lease.processID, lease.processStart, lease.bootID])
}

/// Whether a run came to its end, is under way, or was left: it has no end, and nobody holds its lease any more.
func runStatus(_ db: Database, _ run: String, _ reader: ColumnReader, bootID: String) throws -> (RunStatus, Lease?) {
  guard let text = try String.fetchOne(db, sql: "SELECT status FROM run WHERE id = ?", arguments: [run]) else {
    throw ResultStoreError(kind: .usage, message: "There is no run \(run) in \(reader.path). `jamboree list` shows all.")
  }
  let status: RunStatus = try reader.value(text, in: "run")
  guard status == .running,
    let row = try Row.fetchOne(db, sql: "SELECT * FROM lease WHERE run_id = ?", arguments: [run])
  else { return (status == .running ? .interrupted : status, nil) }
  let lease = try Lease(processID: row.get("process_id"), processStart: row.get("process_start"), bootID: row.get("boot_id"))
  return (lease.isAlive(bootID: bootID) ? .running : .interrupted, lease)
}

/// Puts the end of a run down.
func conclude(_ db: Database, _ run: String, _ status: RunStatus, _ verdict: Verdict, _ reason: String) throws {
  try db.execute(
    sql: "UPDATE run SET status = ?, verdict = ?, verdict_reason = ? WHERE id = ?",
    arguments: [status.rawValue, verdict.rawValue, reason, run])
  try db.execute(sql: "DELETE FROM lease WHERE run_id = ?", arguments: [run])
  if status == .finished { try db.execute(sql: "DELETE FROM checkpoint WHERE run_id = ?", arguments: [run]) }
}
