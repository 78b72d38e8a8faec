import GRDB
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

extension ResultStore {
  /// The runs of the file, those that started last first.
  ///
  /// - Parameter limit: How many at most; nil for all.
  /// - Throws: ``ResultStoreError`` when the file cannot be read or is damaged.
  public func runs(limit: Int? = nil) throws -> [RunRecord] {
    let reader = ColumnReader(path: path)
    return try read { db in
      try Row.fetchAll(
        db, sql: "SELECT \(runColumns) FROM run ORDER BY started_unix_ns DESC, id DESC LIMIT ?",
        arguments: [limit.map { max(0, $0) } ?? -1]
      ).map { try runRecord(db, $0, reader) }
    }
  }

  /// Finds the run that a text names: the beginning of its name (upper and lower case are the same) as far as it is
  /// no other's, `last` for the one that started last, `last~1` for the one before.
  ///
  /// - Returns: The run's whole name.
  /// - Throws: ``ResultStoreError`` of kind `usage` when there is none or more than one.
  public func resolve(_ idOrPrefix: String) throws -> String {
    let text = idOrPrefix.lowercased()
    return try read { db in
      if let steps = RunIdentifier.stepsBack(text) { return try stepBack(db, steps, text) }
      guard RunIdentifier.isPrefix(text) else { throw try unknownRun(db, idOrPrefix) }
      // All names that begin with the prefix lie between it and it followed by something above the alphabet.
      let found = try Row.fetchAll(
        db, sql: "SELECT id, scenario_name, backend_id FROM run WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 6",
        arguments: [text, text + "~"])
      guard let first = found.first else { throw try unknownRun(db, idOrPrefix) }
      if found.count == 1 { return try first.get("id") }
      throw ResultStoreError(
        kind: .usage,
        message: try
          "More than one run in \(path) begins with “\(idOrPrefix)”: \(describe(found.prefix(5)))\(found.count > 5 ? ", ..." : ""). "
          + "Give more characters.")
    }
  }

  /// Everything that is stored of a run, except its histograms.
  ///
  /// - Parameter id: The run's whole name, as ``resolve(_:)`` returns it.
  /// - Throws: ``ResultStoreError`` of kind `usage` when there is no such run or its rows are damaged; of kind `io`
  ///   when the file cannot be read.
  public func detail(_ id: String) throws -> RunDetail {
    let reader = ColumnReader(path: path)
    return try read { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id = ?", arguments: [id]) else {
        throw try unknownRun(db, id)
      }
      return try RunDetail(
        record: runRecord(db, row, reader), identity: runIdentity(row, reader), verdictReason: row.get("verdict_reason"),
        environment: environment(db, row.get("environment_id"), path), phases: phases(db, id),
        summaries: summaries(db, id, reader), metrics: metrics(db, id, reader), checks: checks(db, id),
        errorSamples: errorSamples(db, id, reader), timeline: timeline(db, id, row.get("bucket_ns"), reader),
        load: storedLoad(db, id, reader),
        outcomes: reader.numbers(row.get("outcomes"), in: "run"), simulatedNanoseconds: row.get("simulated_ns"),
        clockCostNanoseconds: row.get("clock_cost_ns"))
    }
  }

  /// A histogram of a run: nanoseconds, exactly as they were recorded and merged.
  ///
  /// - Parameters:
  ///   - run: The run's whole name.
  ///   - kind: What the latencies are of.
  ///   - name: Name of the action, verb or ranker.
  ///   - outcome: How the calls ended.
  /// - Returns: Nil when there is no such run, or it has no such calls.
  /// - Throws: ``ResultStoreError`` when the file cannot be read or is damaged.
  public func histogram(run: String, kind: LatencyKind, name: String, outcome: Outcome = .ok) throws -> LatencyHistogram? {
    let row = try read { db in
      try Row.fetchOne(
        db, sql: "SELECT counts FROM histogram WHERE run_id = ? AND kind = ? AND name = ? AND outcome = ?",
        arguments: [run, kind.rawValue, name, outcome.name])
    }
    return try row.map { try ColumnReader(path: path).histogram($0.get("counts"), in: "histogram") }
  }

  private func stepBack(_ db: Database, _ steps: Int, _ text: String) throws -> String {
    let id = try String.fetchOne(
      db, sql: "SELECT id FROM run ORDER BY started_unix_ns DESC, id DESC LIMIT 1 OFFSET ?", arguments: [steps])
    if let id { return id }
    let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM run") ?? 0
    if count == 0 { throw ResultStoreError.noResults(path, "holds no runs") }
    throw ResultStoreError(
      kind: .usage,
      message: "There is no run “\(text)”: \(path) holds \(count == 1 ? "1 run" : "\(count) runs"), so the oldest is "
        + "\(count == 1 ? "last" : "last~\(count - 1)").")
  }

  private func unknownRun(_ db: Database, _ text: String) throws -> ResultStoreError {
    let newest = try Row.fetchAll(
      db, sql: "SELECT id, scenario_name, backend_id FROM run ORDER BY started_unix_ns DESC, id DESC LIMIT 5")
    if newest.isEmpty { return .noResults(path, "holds no runs") }
    return ResultStoreError(
      kind: .usage,
      message: try
        "No run in \(path) begins with “\(text)”. The newest are \(describe(newest[...])); “last” names the first of them, "
        + "and `jamboree list` shows all.")
  }

  private func describe(_ rows: ArraySlice<Row>) throws -> String {
    try rows.map { row in
      let (id, scenario, backend): (String, String, String) = try (row.get("id"), row.get("scenario_name"), row.get("backend_id"))
      return "\(id) (\(scenario), \(backend))"
    }.joined(separator: ", ")
  }
}

private let runColumns = """
  id, scenario_name, backend_id, ranker_id, ranker_options, status, verdict, started_unix_ns, wall_ns, measure_ns, operations, seed, scale, workers, \
  digest, pace, overrides
  """

private func runRecord(_ db: Database, _ row: Row, _ reader: ColumnReader) throws -> RunRecord {
  // Looked up on this machine, now: nobody has to notice the end of a run that was killed.
  let (status, _) = try runStatus(db, row.get("id"), reader, bootID: RunEnvironment.currentBootID)
  let (wall, measured, operations): (Int64, Int64, Int64) = try (row.get("wall_ns"), row.get("measure_ns"), row.get("operations"))
  return try RunRecord(
    run: row.get("id"), scenario: row.get("scenario_name"), backend: row.get("backend_id"), ranker: row.get("ranker_id"),
    rankerOptions: reader.texts(row.get("ranker_options"), in: "run"),
    status: status, verdict: reader.value(row.get("verdict"), in: "run"),
    startedUnixNanoseconds: row.get("started_unix_ns"), wallSeconds: Double(wall) / 1e9, measureSeconds: Double(measured) / 1e9,
    operations: operations, operationsPerSecond: measured > 0 ? Double(operations) * 1e9 / Double(measured) : 0,
    seed: Seed(UInt64(bitPattern: row.get("seed"))), scale: row.get("scale"), workers: row.get("workers"),
    digest: row.get("digest"), pace: row.get("pace"), overrides: reader.texts(row.get("overrides"), in: "run"))
}

private func runIdentity(_ row: Row, _ reader: ColumnReader) throws -> RunIdentity {
  try RunIdentity(
    scenarioName: row.get("scenario_name"), scenarioText: row.get("scenario_text"), scenarioHash: row.get("scenario_hash"),
    scenarioFolder: row.get("scenario_folder"), overrides: reader.texts(row.get("overrides"), in: "run"), seed: Seed(UInt64(bitPattern: row.get("seed"))),
    scale: row.get("scale"),
    workers: row.get("workers"), pace: row.get("pace"),
    backend: PlugInIdentity(
      id: row.get("backend_id"), version: row.get("backend_version"), location: row.get("backend_location"),
      options: reader.texts(row.get("backend_options"), in: "run")),
    ranker: PlugInIdentity(
      id: row.get("ranker_id"), version: row.get("ranker_version"), options: reader.texts(row.get("ranker_options"), in: "run")))
}
