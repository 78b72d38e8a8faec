import JamboreeKit

extension PostgresBackend {
  public static let descriptor = BackendDescriptor(
    id: "postgres", version: "1", summary: "a PostgreSQL server through libpq's pipeline mode",
    options: [
      OptionDescriptor(
        name: "schema", kind: .text, defaultValue: "",
        summary: "the schema that holds the data; one of its own that goes with the run when left out"),
      OptionDescriptor(
        name: "isolation", kind: .choice(["readCommitted", "serializable"]), defaultValue: "readCommitted",
        summary: "of every transaction"),
      OptionDescriptor(
        name: "synchronousCommit", kind: .choice(["on", "off", "local"]), defaultValue: "on",
        summary: "whether a commit waits for the log to be on disk"),
      OptionDescriptor(
        name: "transaction", kind: .choice(["each", "shared"]), defaultValue: "each",
        summary: "each: every write is one of its own; shared: writes that are sent together share one, and its acknowledgement"),
      OptionDescriptor(
        name: "connectTimeout", kind: .integer(1...3600), defaultValue: "10",
        summary: "how long to try to reach the server before the run, s"),
      OptionDescriptor(
        name: "statementTimeout", kind: .integer(0...86_400_000), defaultValue: "60000",
        summary: "how long a statement may take, ms; 0: for ever"),
      OptionDescriptor(name: "sslmode", kind: .text, defaultValue: "", summary: "TLS, as libpq has it: disable, prefer, require, verify-full, ..."),
      OptionDescriptor(name: "sslrootcert", kind: .text, defaultValue: "", summary: "file of the authorities that are trusted, as libpq has it"),
      OptionDescriptor(name: "sslcert", kind: .text, defaultValue: "", summary: "file of the client's certificate, as libpq has it"),
      OptionDescriptor(name: "sslkey", kind: .text, defaultValue: "", summary: "file of the client's key, as libpq has it"),
    ],
    location: "//USER:PASSWORD@HOST:PORT/DATABASE, each part optional (what is left out: libpq's environment variables)",
    durability: .power, writers: .partitioned, atomicGroups: true, isolation: .serializable,
    concurrentOptions: ["isolation=serializable"], placeOption: "schema")

  struct Settings: Sendable {
    /// As libpq takes it; may hold a password, so it is shown to nobody.
    let connectionString: String
    let schema: String
    let isTemporary: Bool
    let isolation: String
    let synchronousCommit: String
    /// Whether writes that are sent together share a transaction.
    let sharesTransactions: Bool
    let connectSeconds: Int64
    let statementMilliseconds: Int64

    /// The plans are to be those of a table of full size, also while it is still empty: each statement has one index to go
    /// by, and no plan that reads a whole table would ever do.
    static let planner = [
      ("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("enable_bitmapscan", "off"),
      ("enable_hashjoin", "off"), ("enable_mergejoin", "off"), ("max_parallel_workers_per_gather", "0"), ("jit", "off"),
      ("client_min_messages", "warning"),
    ]
  }
}

/// An identifier as SQL takes it.
func quoted(_ name: String) -> String { "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\"" }
