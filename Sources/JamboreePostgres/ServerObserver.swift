import CLibPQ
import Glibc
import JamboreeKit

/// Asks a server what it uses, over a connection of its own. Whatever fails is not known, and nothing else comes of it.
struct ServerObserver: ~Copyable {
  private let settings: PostgresBackend.Settings
  private var handle: OpaquePointer?
  /// The server's first process, where it is on this machine.
  private var postmaster: Int32?
  private var connectAt: UInt64 = 0

  init(_ settings: PostgresBackend.Settings) { self.settings = settings }

  deinit { PQfinish(handle) }

  mutating func close() {
    PQfinish(handle)
    handle = nil
    postmaster = nil
  }

  mutating func usage() -> ServerUsage? {
    if PQstatus(handle) != CONNECTION_OK { connect() }
    guard PQstatus(handle) == CONNECTION_OK else { return nil }
    var usage = postmaster.map { ServerProcesses(postmaster: $0).usage() } ?? ServerUsage()
    usage.logBytes = number("SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint END")
    usage.dataBytes = number(
      """
      SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = \(literal(settings.schema)) AND c.relkind IN ('r', 'm')
      """)
    // A server that has gone has used nothing that could be told.
    return PQstatus(handle) == CONNECTION_OK ? usage : nil
  }

  /// One attempt, now and then: a server that is just starting has more to do.
  private mutating func connect() {
    guard monotonicNow() >= connectAt else { return }
    connectAt = monotonicNow() + 5_000_000_000
    close()
    handle = PQconnectdb(settings.connectionString + "&connect_timeout=2")
    guard PQstatus(handle) == CONNECTION_OK else { return }
    // Neither may it wait for somebody's lock, nor may the size of a large schema take the run's time.
    PQclear(PQexec(handle, "SET statement_timeout = 1000; SET lock_timeout = 200; SET jit = off; SET client_min_messages = error"))
    guard isLocal, let own = number("SELECT pg_backend_pid()").flatMap({ Int32(exactly: $0) }) else { return }
    postmaster = ServerProcesses.postmaster(of: own)
  }

  /// Whether the server is reached within this machine.
  private var isLocal: Bool {
    if let host = PQhost(handle), host.pointee == CChar(UInt8(ascii: "/")) { return true }
    let address = PQhostaddr(handle).map { String(cString: $0) } ?? ""
    return address.hasPrefix("127.") || address == "::1"
  }

  /// The first column of the first row; nil when there is none, or the statement fails.
  private func number(_ sql: String) -> Int64? {
    let result = PQexec(handle, sql)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_TUPLES_OK, PQntuples(result) > 0, PQgetisnull(result, 0, 0) == 0 else { return nil }
    return Int64(String(cString: PQgetvalue(result, 0, 0)))
  }
}
