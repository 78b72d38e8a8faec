import CLibPQ
import Glibc
import JamboreeKit

/// A connection for what happens before and after a run: one call after the other.
final class ControlConnection {
  let handle: OpaquePointer
  /// How long a server that is connected may say and take nothing: somewhat longer than it lets a statement take.
  private let silenceNanoseconds: UInt64
  /// What was last sent.
  private var statement = ""
  private let shouldStop: () -> Bool

  /// Waits for the server to be there, as one does for a server that is just starting.
  /// - Parameters:
  ///   - seconds: how long to wait for it; nil: as long as the settings say.
  ///   - shouldStop: asked while it waits for the server; once it is true, whatever waits throws.
  /// - Throws: `unreachable` when it is not within the stated time; `usage` where it refuses who asks, or the address is none.
  init(
    _ settings: PostgresBackend.Settings, seconds: Int64? = nil, shouldStop: @escaping () -> Bool = { false }
  ) throws(BackendError) {
    self.shouldStop = shouldStop
    let seconds = seconds ?? settings.connectSeconds
    let deadline = monotonicSeconds() + Double(seconds)
    var pause: UInt32 = 50_000
    while true {
      // Not longer at a time, for nothing else is heard meanwhile.
      let opened = PQconnectdb(settings.connectionString + "&connect_timeout=\(min(max(seconds, 2), 3))")
      if let opened, PQstatus(opened) == CONNECTION_OK {
        handle = opened
        // What the server remarks is for nobody to see among the lines of a run.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        silenceNanoseconds = settings.statementMilliseconds > 0 ? max(UInt64(settings.statementMilliseconds) + 10_000, 60_000) * 1_000_000 : .max
        break
      }
      // A name may stand for several addresses, each with a line of its own. Who is refused at one of them, or has asked for what there
      // is not, will be so again.
      let lines = opened.map { messageLines(of: PQerrorMessage($0)) } ?? ["out of memory"]
      // Unless another is on its way up.
      let isStarting = lines.contains { $0.contains("the database system is") }
      let refusal = isStarting ? nil : lines.first(where: Self.isRefusal)
      let (message, isRefused) = (refusal ?? lines.first ?? "", refusal != nil)
      let wayOut =
        message.contains("permission denied for database")
        ? "let its owner allow it: GRANT CONNECT ON DATABASE \(name(PQdb(opened))) TO \(name(PQuser(opened)))"
        : "see 'jamboree backends' for what stands behind postgres:"
      PQfinish(opened)
      if isRefused { throw BackendError(.usage, "postgres: \(message); \(wayOut)") }
      guard !shouldStop() else { throw Self.stopped }
      guard monotonicSeconds() < deadline else {
        throw BackendError(
          .unreachable,
          "postgres: not reachable within \(seconds) s (\(message)); start it (Scripts/servers up starts one here), name another, or wait longer with ?connectTimeout=SECONDS")
      }
      usleep(pause)
      pause = min(pause * 2, 1_000_000)
    }
  }

  deinit { PQfinish(handle) }

  private static func isRefusal(_ message: String) -> Bool {
    let ofServer = ["password", "authentication", "does not exist", "no pg_hba.conf", "not permitted", "unrecognized", "permission denied"]
    if message.contains("FATAL:"), ofServer.contains(where: { message.contains($0) }) { return true }
    // By an alert the server says why it does not want this client.
    let alerts = ["unknown ca", "handshake failure", "protocol version", "access denied", "decrypt error", "insufficient security"]
    if message.contains("SSL error: "), alerts.contains(where: { message.contains("alert \($0)") }) { return true }
    return [
      "no password supplied", "invalid sslmode", "invalid port", "invalid integer", "invalid channel_binding", "service file",
      "definition of service", "could not parse network address", "does not support SSL", "certificate", "private key file",
      "target_session_attrs",
    ].contains { message.contains($0) }
  }

  /// The next result of what was sent, and nil behind the last one; a server that is there and says nothing is not waited for for ever.
  func nextResult() throws(BackendError) -> OpaquePointer? {
    var last = monotonicNow()
    while true {
      let unsent = PQflush(handle)
      guard unsent >= 0 else { throw failure("") }
      if PQisBusy(handle) == 0 { return PQgetResult(handle) }
      guard try wait(forReading: true, forWriting: unsent > 0) else {
        guard monotonicNow() - last < silenceNanoseconds else { throw silent() }
        continue
      }
      last = monotonicNow()
      guard PQconsumeInput(handle) == 1 else { throw failure("") }
    }
  }

  private static let stopped = BackendError(.failed, "postgres: loading was stopped")

  func pause(seconds: Double) throws(BackendError) {
    let end = monotonicSeconds() + seconds
    while monotonicSeconds() < end {
      if shouldStop() { throw Self.stopped }
      usleep(100_000)
    }
  }

  /// Waits a moment for the socket.
  private func wait(forReading: Bool, forWriting: Bool) throws(BackendError) -> Bool {
    if shouldStop() { throw Self.stopped }
    var descriptor = pollfd(
      fd: PQsocket(handle), events: (forReading ? Int16(POLLIN) : 0) | (forWriting ? Int16(POLLOUT) : 0), revents: 0)
    return Glibc.poll(&descriptor, 1, 200) > 0
  }

  private func silent() -> BackendError {
    BackendError(
      .unreachable,
      "postgres: the server has said nothing for \(silenceNanoseconds / 1_000_000_000) s; see whether it is stopped, or wait longer with ?statementTimeout=MILLISECONDS")
  }

  /// Sends a statement, and waits for its last result.
  private func perform(_ sql: String) throws(BackendError) -> OpaquePointer? {
    statement = sql
    guard PQsetnonblocking(handle, 1) == 0, PQsendQuery(handle, sql) == 1 else { throw failure("") }
    var last: OpaquePointer?
    while let result = try nextResult() {
      // What failed stands, whatever comes after it.
      if let before = last, PQresultStatus(before) == PGRES_FATAL_ERROR { PQclear(result) } else {
        PQclear(last)
        last = result
      }
      if PQresultStatus(last) == PGRES_COPY_IN { break }
    }
    return last
  }

  /// Puts rows on their way; waits while the server takes none.
  fileprivate func send(_ bytes: UnsafeRawBufferPointer) throws(BackendError) {
    var last = monotonicNow()
    while true {
      switch PQputCopyData(handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count)) {
      case 1: return
      case 0:
        if try wait(forReading: false, forWriting: true) { last = monotonicNow() }
        guard monotonicNow() - last < silenceNanoseconds else { throw silent() }
        guard PQflush(handle) >= 0 else { throw failure("") }
      default: throw failure("")
      }
    }
  }

  func execute(_ sql: String) throws(BackendError) {
    let result = try perform(sql)
    defer { PQclear(result) }
    guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else { throw failure("", result) }
  }

  /// The first column of the first row, as text.
  func text(_ sql: String) throws(BackendError) -> String? {
    let result = try perform(sql)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw failure("", result) }
    return PQntuples(result) > 0 && PQgetisnull(result, 0, 0) == 0 ? String(cString: PQgetvalue(result, 0, 0)) : nil
  }

  /// Has the server end what it does for this connection, which is of no further use.
  func hangUp() { _ = shutdown(PQsocket(handle), Int32(SHUT_RDWR)) }

  /// Takes a schema away with all that is in it, if it is there.
  /// - Parameter lockMilliseconds: how long to wait for those who still use it; 0: for ever.
  func drop(_ schema: String, lockMilliseconds: Int = 0) throws(BackendError) {
    try execute("SET client_min_messages = error; SET lock_timeout = \(lockMilliseconds); DROP SCHEMA IF EXISTS \(quoted(schema)) CASCADE")
  }

  /// What has gone wrong, in the server's words, with the way out where these have none.
  /// - Parameter result: what says so; nil where it is the connection.
  func failure(_ what: String, _ result: OpaquePointer? = nil) -> BackendError {
    let own = firstLine(PQresultErrorMessage(result))
    let message = own.isEmpty ? firstLine(PQerrorMessage(handle)) : own
    if let wayOut = wayOut(sqlState(of: result)) { return BackendError(.usage, "postgres: \(what)\(message); \(wayOut)") }
    let kind: BackendError.Kind = PQstatus(handle) == CONNECTION_OK ? .failed : .unreachable
    // The classes of errors for a full disk and for other lacks.
    return BackendError(message.contains("No space left") ? .io : kind, "postgres: \(what)\(message)")
  }

  /// Where it is not the server that has failed, but somebody else who has to do something about it.
  private func wayOut(_ state: String) -> String? {
    let (user, database) = (name(PQuser(handle)), name(PQdb(handle)))
    switch state {
    case "42501":  // insufficient_privilege
      return statement.contains("CREATE SCHEMA")
        ? "let the database's owner allow it: GRANT CREATE ON DATABASE \(database) TO \(user)" : "let its owner grant \(user) that right, or name another user"
    case "25006":  // read_only_sql_transaction
      return PQparameterStatus(handle, "in_hot_standby").map { String(cString: $0) } == "on"
        ? "it is a standby: name its primary"
        : "name a server that takes writes, or let this one: ALTER ROLE \(user) SET default_transaction_read_only = off"
    case "3F000":  // invalid_schema_name
      return "the search_path that was set does not hold: name the server itself, or a pooler that keeps a session's settings"
    default: return nil
    }
  }

  /// Copies rows into a table, in PostgreSQL's binary format.
  func copy(into table: String, _ write: (inout CopyBuffer) throws(BackendError) -> Void) throws(BackendError) {
    let result = try perform("COPY \(table) FROM STDIN (FORMAT binary)")
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COPY_IN else { throw failure("copying into \(table): ", result) }
    var buffer = CopyBuffer(self)
    try write(&buffer)
    try buffer.finish()
    guard PQputCopyEnd(handle, nil) >= 0 else { throw failure("copying into \(table): ") }
    var failed = false
    while let result = try nextResult() {
      if PQresultStatus(result) != PGRES_COMMAND_OK { failed = true }
      PQclear(result)
    }
    if failed { throw failure("copying into \(table): ") }
  }
}

/// Rows on their way to the server.
struct CopyBuffer: ~Copyable {
  private let connection: ControlConnection
  private var bytes: [UInt8] = []
  /// What has gone wrong on the way: rows are added without looking at it.
  private var failure: BackendError?

  fileprivate init(_ connection: ControlConnection) {
    self.connection = connection
    bytes.reserveCapacity(1 << 17)
    bytes += Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [UInt8](repeating: 0, count: 8)
  }

  @inline(__always) private mutating func put<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func beginRow(_ fields: Int16) {
    if bytes.count > 1 << 16 { flush() }
    put(fields)
  }

  mutating func add<Value: FixedWidthInteger>(_ value: Value) {
    put(Int32(MemoryLayout<Value>.size))
    put(value)
  }

  mutating func add(bytes more: some Collection<UInt8>) {
    put(Int32(more.count))
    bytes.append(contentsOf: more)
  }

  private mutating func flush() {
    guard failure == nil else { return bytes.removeAll(keepingCapacity: true) }
    failure = bytes.withUnsafeBytes { bytes in
      do throws(BackendError) {
        try connection.send(bytes)
        return nil
      } catch { return error }
    }
    bytes.removeAll(keepingCapacity: true)
  }

  fileprivate mutating func finish() throws(BackendError) {
    put(-1 as Int16)
    flush()
    if let failure { throw failure }
  }
}

/// As SQL takes it.
private func name(_ text: UnsafePointer<CChar>?) -> String { text.map { quoted(String(cString: $0)) } ?? "" }

/// The five letters that say what kind of error it was; empty where it was none, or not the server's.
func sqlState(of result: OpaquePointer?) -> String {
  PQresultErrorField(result, 67 /* PG_DIAG_SQLSTATE, 'C' */).map { String(cString: $0) } ?? ""
}

func firstLine(_ message: UnsafePointer<CChar>?) -> String { messageLines(of: message).first ?? "" }

func messageLines(of message: UnsafePointer<CChar>?) -> [String] {
  message.map { String(cString: $0).split(separator: "\n").map(String.init) } ?? []
}

func monotonicSeconds() -> Double { Double(monotonicNow()) * 1e-9 }

func monotonicNow() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
