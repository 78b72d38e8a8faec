import GRDB

/// The tables of a result file. ResultFile in this module's documentation tells what is in each column.
///
/// A migration that was released is never edited: files that have it keep it as it was. A change is a new one below.
enum ResultSchema {
  /// `Jamb`, in the header of each result file; tells it from other programs' databases.
  static let applicationID = 0x4A61_6D62

  /// Those that every file has once it is made.
  static let tables = [
    "environment", "run", "phase", "histogram", "summary", "timeline", "timeline_metric", "metric", "check_result", "error_sample",
  ]

  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("v1", foreignKeyChecks: .immediate) { db in try db.execute(sql: version1) }
    migrator.registerMigration("v2", foreignKeyChecks: .immediate) { db in try db.execute(sql: version2) }
    migrator.registerMigration("v3", foreignKeyChecks: .immediate) { db in try db.execute(sql: version3) }
    migrator.registerMigration("v4", foreignKeyChecks: .immediate) { db in try db.execute(sql: version4) }
    return migrator
  }()

  private static let version1 = """
    CREATE TABLE environment (
      id INTEGER PRIMARY KEY,
      kernel TEXT NOT NULL,
      cpu_model TEXT NOT NULL,
      logical_cores INTEGER NOT NULL,
      memory_bytes INTEGER NOT NULL,
      compiler TEXT NOT NULL,
      build_configuration TEXT NOT NULL,
      boot_id TEXT NOT NULL,
      git_commit TEXT,
      git_dirty INTEGER,
      version TEXT NOT NULL
    ) STRICT;

    CREATE TABLE run (
      id TEXT PRIMARY KEY NOT NULL,
      environment_id INTEGER NOT NULL REFERENCES environment (id),
      scenario_name TEXT NOT NULL,
      scenario_text TEXT NOT NULL,
      scenario_hash TEXT NOT NULL,
      overrides TEXT NOT NULL,
      seed INTEGER NOT NULL,
      scale REAL NOT NULL,
      workers INTEGER NOT NULL,
      pace TEXT NOT NULL,
      backend_id TEXT NOT NULL,
      backend_version TEXT NOT NULL,
      backend_options TEXT NOT NULL,
      ranker_id TEXT NOT NULL,
      ranker_version TEXT NOT NULL,
      ranker_options TEXT NOT NULL,
      started_unix_ns INTEGER NOT NULL,
      wall_ns INTEGER NOT NULL,
      measure_ns INTEGER NOT NULL,
      simulated_ns INTEGER NOT NULL,
      operations INTEGER NOT NULL,
      outcomes TEXT NOT NULL,
      digest TEXT NOT NULL,
      clock_cost_ns REAL NOT NULL,
      bucket_ns INTEGER NOT NULL,
      status TEXT NOT NULL,
      verdict TEXT NOT NULL,
      verdict_reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX run_by_start ON run (started_unix_ns, id);
    CREATE INDEX run_by_scenario ON run (scenario_name, started_unix_ns);
    CREATE INDEX run_by_environment ON run (environment_id);

    CREATE TABLE phase (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      start_ns INTEGER NOT NULL,
      duration_ns INTEGER NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE histogram (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      outcome TEXT NOT NULL,
      counts BLOB NOT NULL,
      PRIMARY KEY (run_id, kind, name, outcome)
    ) STRICT;

    CREATE TABLE summary (
      run_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      outcome TEXT NOT NULL,
      count INTEGER NOT NULL,
      mean_ns REAL NOT NULL,
      p50_ns INTEGER NOT NULL,
      p90_ns INTEGER NOT NULL,
      p99_ns INTEGER NOT NULL,
      p999_ns INTEGER NOT NULL,
      max_ns INTEGER NOT NULL,
      PRIMARY KEY (run_id, kind, name, outcome),
      FOREIGN KEY (run_id, kind, name, outcome) REFERENCES histogram (run_id, kind, name, outcome) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE timeline (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      bucket INTEGER NOT NULL,
      start_ns INTEGER NOT NULL,
      wall_ns INTEGER NOT NULL,
      operations INTEGER NOT NULL,
      errors INTEGER NOT NULL,
      latency BLOB NOT NULL,
      PRIMARY KEY (run_id, bucket)
    ) STRICT;

    CREATE TABLE timeline_metric (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      unit TEXT NOT NULL,
      kind TEXT NOT NULL,
      peak_ns INTEGER NOT NULL,
      peak_value INTEGER NOT NULL,
      "values" TEXT NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT;

    CREATE TABLE metric (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      value REAL,
      unit TEXT NOT NULL,
      polarity TEXT NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX metric_by_name ON metric (name, run_id);

    CREATE TABLE check_result (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      observed REAL,
      "limit" TEXT NOT NULL,
      passed INTEGER NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE error_sample (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      at_ns INTEGER NOT NULL,
      action TEXT NOT NULL,
      verb TEXT NOT NULL,
      outcome TEXT NOT NULL,
      message TEXT NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT, WITHOUT ROWID;
    """
  /// Runs that are under way: who makes them, and how far they had come when they last wrote it down.
  private static let version2 = """
    ALTER TABLE run ADD COLUMN backend_location TEXT NOT NULL DEFAULT '';

    CREATE TABLE lease (
      run_id TEXT PRIMARY KEY NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      process_id INTEGER NOT NULL,
      process_start INTEGER NOT NULL,
      boot_id TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checkpoint (
      run_id TEXT PRIMARY KEY NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      taken_unix_ns INTEGER NOT NULL,
      tick INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  /// Scenarios that name files.
  private static let version3 = """
    ALTER TABLE run ADD COLUMN scenario_folder TEXT NOT NULL DEFAULT '';
    """

  /// What a load tells beside its latencies; expectations that a run is not held to.
  private static let version4 = """
    ALTER TABLE check_result ADD COLUMN not_held_because TEXT;

    CREATE TABLE load_stage (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      shape TEXT NOT NULL,
      rate REAL NOT NULL,
      start_ns INTEGER NOT NULL,
      starts_per_second REAL NOT NULL,
      errors INTEGER NOT NULL,
      count INTEGER NOT NULL,
      mean_ns REAL NOT NULL,
      p50_ns INTEGER NOT NULL,
      p90_ns INTEGER NOT NULL,
      p99_ns INTEGER NOT NULL,
      p999_ns INTEGER NOT NULL,
      max_ns INTEGER NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outage (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      start_ns INTEGER NOT NULL,
      end_ns INTEGER,
      failures INTEGER NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE remark (
      run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      label TEXT NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT, WITHOUT ROWID;
    """
}
