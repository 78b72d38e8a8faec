import CLibPQ
import Glibc
import JamboreeKit

/// A connection for what happens before and after a run: one call after the other.
final class ControlConnection {
  let handle: OpaquePointer

  /// Waits for the server to be there, as one does for a server that is just starting.
  /// - Throws: `unreachable` when it is not within the stated time; `usage` where it refuses who asks, or the address is none.
  init(_ settings: PostgresBackend.Settings) throws(BackendError) {
    let deadline = monotonicSeconds() + Double(settings.connectSeconds)
    var pause: UInt32 = 50_000
    while true {
      var complaint: UnsafeMutablePointer<CChar>?
      let parsed = PQconninfoParse(settings.connectionString, &complaint)
      PQconninfoFree(parsed)
      PQfreemem(complaint)
      guard parsed != nil else {
        throw BackendError(.usage, "postgres: the address cannot be read; it is //USER:PASSWORD@HOST:PORT/DATABASE, with what is special in a password written as %25")
      }
      let opened = PQconnectdb(settings.connectionString + "&connect_timeout=\(max(settings.connectSeconds, 2))")
      if let opened, PQstatus(opened) == CONNECTION_OK {
        handle = opened
        break
      }
      let message = opened.map { firstLine(PQerrorMessage($0)) } ?? "out of memory"
      // Without a socket nobody has been asked yet, and asking again is of no use.
      let isRefused = ["password", "authentication", "does not exist", "invalid", "no pg_hba.conf", "missing"].contains { message.contains($0) }
      PQfinish(opened)
      if isRefused { throw BackendError(.usage, "postgres: \(message); see 'jamboree backends' for what stands behind postgres:") }
      guard monotonicSeconds() < deadline else {
        throw BackendError(
          .unreachable,
          "postgres: not reachable within \(settings.connectSeconds) s (\(message)); start it (Scripts/servers up starts one here), name another, or wait longer with ?connectTimeout=SECONDS")
      }
      usleep(pause)
      pause = min(pause * 2, 1_000_000)
    }
  }

  deinit { PQfinish(handle) }

  func execute(_ sql: String) throws(BackendError) {
    let result = PQexec(handle, sql)
    defer { PQclear(result) }
    guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else { throw failure("") }
  }

  /// The first column of the first row, as text.
  func text(_ sql: String) throws(BackendError) -> String? {
    let result = PQexec(handle, sql)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw failure("") }
    return PQntuples(result) > 0 && PQgetisnull(result, 0, 0) == 0 ? String(cString: PQgetvalue(result, 0, 0)) : nil
  }

  /// Takes a schema away with all that is in it, if it is there.
  func drop(_ schema: String) throws(BackendError) {
    try execute("SET client_min_messages = error; DROP SCHEMA IF EXISTS \(quoted(schema)) CASCADE")
  }

  func failure(_ what: String) -> BackendError { failure(what, firstLine(PQerrorMessage(handle))) }

  func failure(_ what: String, _ message: String) -> BackendError {
    let kind: BackendError.Kind = PQstatus(handle) == CONNECTION_OK ? .failed : .unreachable
    // The classes of errors for a full disk and for other lacks.
    return BackendError(message.contains("No space left") ? .io : kind, "postgres: \(what)\(message)")
  }

  /// Copies rows into a table, in PostgreSQL's binary format.
  func copy(into table: String, _ write: (inout CopyBuffer) throws(BackendError) -> Void) throws(BackendError) {
    let result = PQexec(handle, "COPY \(table) FROM STDIN (FORMAT binary)")
    let status = PQresultStatus(result)
    PQclear(result)
    guard status == PGRES_COPY_IN else { throw failure("copying into \(table): ") }
    var buffer = CopyBuffer(handle)
    try write(&buffer)
    guard buffer.finish(), PQputCopyEnd(handle, nil) == 1 else { throw failure("copying into \(table): ") }
    var failed = false
    while let result = PQgetResult(handle) {
      if PQresultStatus(result) != PGRES_COMMAND_OK { failed = true }
      PQclear(result)
    }
    if failed { throw failure("copying into \(table): ") }
  }
}

/// Rows on their way to the server.
struct CopyBuffer: ~Copyable {
  private let handle: OpaquePointer
  private var bytes: [UInt8] = []
  private var isWhole = true

  fileprivate init(_ handle: OpaquePointer) {
    self.handle = handle
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
    let sent = bytes.withUnsafeBytes { PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count)) }
    isWhole = isWhole && sent == 1
    bytes.removeAll(keepingCapacity: true)
  }

  fileprivate mutating func finish() -> Bool {
    put(-1 as Int16)
    flush()
    return isWhole
  }
}

func firstLine(_ message: UnsafePointer<CChar>?) -> String {
  message.map { String(cString: $0).split(separator: "\n").first.map(String.init) ?? "" } ?? ""
}

func monotonicSeconds() -> Double { Double(monotonicNow()) * 1e-9 }

func monotonicNow() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
