import CSQLite
import JamboreeKit

/// An open database, used by one thread at a time.
final class Connection {
  let handle: OpaquePointer
  let path: String

  /// - Throws: `io` when it cannot be opened.
  init(path: String, readOnly: Bool = false, create: Bool = false) throws(BackendError) {
    var opened: OpaquePointer?
    let mode = readOnly ? SQLITE_OPEN_READONLY : create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE
    // SQLite would take `:memory:` and `file:...` for something else than the name of a file.
    let code = sqlite3_open_v2(path.hasPrefix("/") ? path : "./" + path, &opened, mode | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      sqlite3_close_v2(opened)
      throw Connection.error(code, "cannot be opened", path: path)
    }
    handle = opened
    self.path = path
    sqlite3_extended_result_codes(opened, 1)
    // Some forty statements are kept prepared, which would take up all of the usual room, and each step would then go to the
    // allocator: a third of a point read.
    _ = jamboree_sqlite3_lookaside(opened, 1200, 1000)
    sqlite3_busy_timeout(opened, 5000)
  }

  deinit { close() }

  private var isOpen = true

  /// Finalizes all statements and closes.
  func close() {
    guard isOpen else { return }
    isOpen = false
    while let statement = sqlite3_next_stmt(handle, nil) { sqlite3_finalize(statement) }
    sqlite3_close_v2(handle)
  }

  func execute(_ sql: String) throws(BackendError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code) }
  }

  /// - Parameter sql: one statement, which will be used many times.
  func prepare(_ sql: String) throws(BackendError) -> Statement {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw error(code) }
    return Statement(handle: statement)
  }

  /// The first column of the first row; nil without one.
  func number(_ sql: String) throws(BackendError) -> Int64? {
    let statement = try prepare(sql)
    defer { sqlite3_finalize(statement.handle) }
    let code = statement.step()
    guard code == SQLITE_ROW else {
      guard code == SQLITE_DONE else { throw error(code) }
      return nil
    }
    return statement.int(0)
  }

  func text(_ sql: String) throws(BackendError) -> String? {
    let statement = try prepare(sql)
    defer { sqlite3_finalize(statement.handle) }
    let code = statement.step()
    guard code == SQLITE_ROW else {
      guard code == SQLITE_DONE else { throw error(code) }
      return nil
    }
    return statement.string(0)
  }

  /// False once SQLite has rolled a transaction back by itself, as on a full disk.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  var lastMessage: String { sqlite3_errmsg(handle).map { String(cString: $0) } ?? "unknown error" }

  func error(_ code: Int32) -> BackendError { Connection.error(code, lastMessage, path: path) }

  private static func error(_ code: Int32, _ message: String, path: String) -> BackendError {
    let text = sqlite3_errstr(code).map { String(cString: $0) } ?? "error \(code)"
    let detail = message == text ? text : "\(message) (\(text))"
    switch code & 0xFF {
    case SQLITE_FULL:
      return BackendError(.io, "sqlite: the disk that holds \(path) is full; make room, or name a file on another disk")
    case SQLITE_BUSY, SQLITE_LOCKED:
      return BackendError(.io, "sqlite: \(path) is locked by another process; wait for it to end, or name another file")
    case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_IOERR:
      return BackendError(.io, "sqlite: \(path): \(detail); check the folder, its permissions and its free space")
    case SQLITE_NOTADB:
      return BackendError(.usage, "sqlite: \(path) is not a SQLite database; it was left as it is, name another file")
    case SQLITE_CORRUPT:
      return BackendError(.usage, "sqlite: \(path) is damaged: \(detail); remove it, or name another file")
    default: return BackendError(.failed, "sqlite: \(path): \(detail)")
    }
  }
}
