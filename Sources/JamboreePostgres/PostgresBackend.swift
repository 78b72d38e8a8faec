import CLibPQ
import DequeModule
import Glibc
import JamboreeKit
import Synchronization

/// A PostgreSQL server: each write is a transaction, and many requests are under way on each connection.
///
/// See the module's README for the data model, the options and what it guarantees.
public final class PostgresBackend: PipelinedStorageBackend, @unchecked Sendable {
  // Safe to share: `load`, `openSession`, `endTick` and `finish` are called by one thread while no session works.
  let settings: Settings
  private var indexesWords = false
  private var isLoaded = false
  /// Holds the schema's lock while no session does.
  private var keeper: ControlConnection?
  private let observer: Mutex<ServerObserver>

  public init(options: OptionValues) throws(BackendError) {
    settings = try Settings(options)
    observer = Mutex(ServerObserver(settings))
  }

  deinit { dropTemporarySchema() }

  public func removeLeftovers(shouldStop: @escaping @Sendable () -> Bool) {
    // Of a server that is not there, loading tells.
    guard let control = try? ControlConnection(settings, seconds: 1, shouldStop: shouldStop) else { return }
    TemporarySchema.removeLeft(control)
  }

  public func load(_ dataset: Dataset) throws(BackendError) { try load(dataset, shouldStop: { false }) }

  public func load(_ dataset: Dataset, shouldStop: @escaping @Sendable () -> Bool) throws(BackendError) {
    let control = try ControlConnection(settings, shouldStop: shouldStop)
    if settings.isTemporary { try control.execute("SELECT \(TemporarySchema.hold(settings.schema))") }
    indexesWords = dataset.verbs.contains(.search)
    let isThere = try control.text("SELECT 1 FROM pg_namespace WHERE nspname = \(literal(settings.schema))") != nil
    if isThere { throw occupied() }
    try Loader(control, settings).load(dataset, shouldStop: shouldStop)
    isLoaded = true
    if settings.isTemporary { keeper = control }
  }

  /// Each write was committed by itself, so what is there may end anywhere in a tick: enough to look at, not to go on from.
  public func reopen(_ dataset: Dataset) throws(BackendError) -> Watermark {
    guard !settings.isTemporary else {
      throw BackendError(.usage, "postgres: a schema of its own goes with its run; to look at one later, name it: ?schema=NAME")
    }
    let control = try ControlConnection(settings)
    let schema = quoted(settings.schema)
    guard try control.text("SELECT to_regclass(\(literal(schema + ".platform")))") != nil else {
      throw BackendError(.usage, "postgres: there is no data in schema '\(settings.schema)'; begin a new run there")
    }
    guard try control.text("SELECT value FROM \(schema).platform WHERE key = 'version'") == "\(Schema.version)" else {
      throw BackendError(.usage, "postgres: schema '\(settings.schema)' was written by another version of Jamboree; remove it, or name another")
    }
    let identity = try control.text("SELECT value FROM \(schema).platform WHERE key = 'dataset'") ?? ""
    guard identity == dataset.identity else {
      throw BackendError(
        .usage, "postgres: schema '\(settings.schema)' has the data of \(identity), and this run is \(dataset.identity); name another")
    }
    indexesWords = dataset.verbs.contains(.search)
    isLoaded = true
    return Watermark(tick: -1, isWhole: false)
  }

  private func occupied() -> BackendError {
    BackendError(
      .usage, "postgres: schema '\(settings.schema)' is there already; name another with ?schema=NAME, or remove it: DROP SCHEMA \(quoted(settings.schema)) CASCADE")
  }

  public func openSession(_ id: SessionID, connections: Int) throws(BackendError) -> Session {
    guard isLoaded else { throw BackendError(.failed, "postgres: a session is opened before the data is loaded") }
    let owners = OwnerPlaces()
    var opened: [PipelineConnection] = []
    for _ in 0..<max(connections, 1) {
      let connection = PipelineConnection(settings, owners: owners, indexesWords: indexesWords)
      try connection.connectNow(seconds: settings.connectSeconds)
      opened.append(connection)
    }
    return Session(opened, owners: owners)
  }

  /// Nothing is left to do: each write was committed when it was acknowledged.
  public func endTick(_ tick: TickID) throws(BackendError) {}

  public func finish() throws(BackendError) {
    // One that still waits for a server that has stopped answering is left to it.
    _ = observer.withLockIfAvailable { $0.close() }
    dropTemporarySchema()
  }

  public func serverUsage() -> ServerUsage? { observer.withLock { $0.usage() } }

  public func discard() throws(BackendError) {
    guard isLoaded else { return }
    try ControlConnection(settings).drop(settings.schema)
    isLoaded = false
  }

  private func dropTemporarySchema() {
    guard settings.isTemporary, isLoaded else { return }
    // A server that is gone is waited for once.
    isLoaded = false
    try? ControlConnection(settings).drop(settings.schema)
    keeper = nil
  }
}

extension PipelineConnection {
  /// Blocks until it is up.
  func connectNow(seconds: Int64) throws(BackendError) {
    let deadline = monotonicNow() + UInt64(seconds) * 1_000_000_000
    while !isUp {
      connect()
      if isUp { return }
      guard monotonicNow() < deadline else {
        throw BackendError(.unreachable, "postgres: no connection within \(seconds) s (\(lastErrorText.isEmpty ? "no answer" : lastErrorText)); \(advice)")
      }
      if retryAt != nil { usleep(10_000) } else { waitForSocket(milliseconds: 100) }
    }
  }

  private var advice: String {
    lastErrorText.contains("too many") || lastErrorText.contains("connection slots")
      ? "ask for fewer with --connections, or raise the server's max_connections" : "see whether it is up, or wait longer with ?connectTimeout=SECONDS"
  }
}

extension PostgresBackend.Settings {
  init(_ options: OptionValues) throws(BackendError) {
    let name = options.text("schema")
    isTemporary = name.isEmpty
    schema = isTemporary ? TemporarySchema.newName() : name
    guard schema.utf8.count <= 63, !schema.hasPrefix("pg_"), !schema.utf8.contains(0) else {
      throw BackendError(.usage, "postgres: schema '\(printable(schema))' is no name for one; use at most 63 bytes, and not pg_...")
    }
    isolation = options.text("isolation") == "serializable" ? "serializable" : "read committed"
    synchronousCommit = options.text("synchronousCommit")
    sharesTransactions = options.text("transaction") == "shared"
    connectSeconds = options.integer("connectTimeout")
    statementMilliseconds = options.integer("statementTimeout")
    connectionString = try Self.connectionString(options, schema: schema)
  }

  private static func connectionString(_ options: OptionValues, schema: String) throws(BackendError) -> String {
    // Quoted by libpq in its messages, such an address would show a part of the password.
    let authority = options.location.drop { $0 == "/" }.prefix { $0 != "?" }
    guard authority.count(where: { $0 == "@" }) <= 1, !(authority.prefix { $0 != "@" }).contains("/") || !authority.contains("@") else {
      throw BackendError(.usage, "postgres: an address has one '@', behind the password; write '/', '@' and '%' in a password as %2F, %40 and %25")
    }
    // So would a port that is none.
    let hosts = (authority.split(separator: "@", omittingEmptySubsequences: false).last ?? "").prefix { $0 != "/" }
    for host in hosts.split(separator: ",") {
      guard let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") else { continue }
      guard host[colon...].dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }) else {
        throw BackendError(
          .usage, "postgres: what stands behind a host's ':' is no port; an address is //USER:PASSWORD@HOST:PORT/DATABASE, each part optional")
      }
    }
    var base = options.location.isEmpty ? defaultServer : "postgres:" + options.location
    if base.isEmpty { base = "postgres://" }
    guard base.hasPrefix("postgres://") || base.hasPrefix("postgresql://") else {
      throw BackendError(.usage, "postgres: what stands after 'postgres:' is //USER:PASSWORD@HOST:PORT/DATABASE; see 'jamboree backends'")
    }
    // As the server's own views show it.
    var parameters = ["application_name=\(percentEncoded(applicationName(schema)))"]
    for name in ["sslmode", "sslrootcert", "sslcert", "sslkey"] where !options.text(name).isEmpty {
      parameters.append("\(name)=\(percentEncoded(options.text(name)))")
    }
    let string = base + (base.contains("?") ? "&" : "?") + parameters.joined(separator: "&")
    // libpq's own complaint would show a part of the password.
    var complaint: UnsafeMutablePointer<CChar>?
    let parsed = PQconninfoParse(string, &complaint)
    PQconninfoFree(parsed)
    PQfreemem(complaint)
    guard parsed != nil else {
      throw BackendError(.usage, "postgres: the address cannot be read; it is //USER:PASSWORD@HOST:PORT/DATABASE, with what is special in a password written as %25")
    }
    return string
  }

  /// The server cuts longer names, and says so for each connection.
  private static func applicationName(_ schema: String) -> String {
    String(decoding: "jamboree \(schema)".utf8.prefix(63), as: UTF8.self)
  }

  /// The server that libpq's variables name; else the one that `Scripts/servers` has started.
  private static var defaultServer: String {
    for name in ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE", "PGUSER"] where getenv(name) != nil { return "" }
    guard let folder = getenv("JAMBOREE_SERVERS").map({ String(cString: $0) }),
      let file = fopen(folder + "/postgres.url", "r")
    else { return "" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    guard fgets(&line, Int32(line.count), file) != nil else { return "" }
    return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// What is set on each connection.
  var values: [(name: String, value: String)] {
    [
      ("search_path", quoted(schema)), ("default_transaction_isolation", isolation), ("synchronous_commit", synchronousCommit),
      ("statement_timeout", "\(statementMilliseconds)"),
    ] + Self.planner
  }

  /// What each connection is told first, as one statement.
  var setup: String {
    "SELECT "
      + (values.map { "set_config(\(literal($0.name)), \(literal($0.value)), false)" } + (isTemporary ? [TemporarySchema.hold(schema)] : []))
      .joined(separator: ", ")
  }
}

private func percentEncoded(_ text: String) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var bytes: [UInt8] = []
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"):
      bytes.append(byte)
    default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// A text as SQL takes it.
func literal(_ text: String) -> String { "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'" }
