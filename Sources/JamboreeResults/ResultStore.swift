import GRDB
import Glibc
import Synchronization

/// One file of results: every run that was saved in it, with all that was measured.
///
/// Any number of processes may have a file open; they write one after another, each in one transaction: the beginning of a
/// run, what it had measured at a checkpoint, its end. The store may be used from any thread.
public final class ResultStore: Sendable {
  /// The path as it was given.
  public let path: String
  let queue: DatabaseQueue
  let busySeconds: Double
  private let isReadOnly: Bool
  private let claim: ResultFileClaim
  /// Locked while the file is used: GRDB must not be asked for anything once it is closed.
  private let isClosed = Mutex(false)

  /// Opens a result file, and makes it and its folder when they are missing.
  ///
  /// A file that is anything else than a result file is refused and not changed in any way.
  ///
  /// - Parameters:
  ///   - path: The file; a relative path is relative to the working directory.
  ///   - readOnly: Changes no result and makes no file, so it must exist. Tables of an older version are brought up to date
  ///     where the file may be written.
  /// - Throws: ``ResultStoreError`` of kind `usage` for a file that is not a result file, is damaged, was written by
  ///   a newer version, or (read-only) does not exist; of kind `io` for one that cannot be read or written.
  public static func open(path: String, readOnly: Bool = false) throws -> ResultStore {
    try ResultStore(path: path, readOnly: readOnly, busySeconds: 5)
  }

  /// - Parameter busySeconds: How long to wait for another process that holds the file's lock.
  init(path: String, readOnly: Bool, busySeconds: Double) throws {
    guard !path.isEmpty else { throw ResultStoreError.noResults("A path without characters", "names no file") }
    self.path = path
    self.busySeconds = busySeconds
    isReadOnly = readOnly
    claim = try ResultFileClaim(path: path, readOnly: readOnly)
    if readOnly && claim.isEmpty { throw ResultStoreError.noResults(path, "holds no results yet") }
    // SQLite would take `:memory:` and `file:...` for something else than the name of a file.
    let file = path.hasPrefix("/") ? path : "./" + path
    do {
      // Who opens a file for reading only cannot take away the log that SQLite makes beside it: where the file may be
      // written it is opened so, and what is read is read by transactions that cannot write.
      let cannotWrite = readOnly && access(file, W_OK) != 0
      var configuration = Self.configuration(readOnly: cannotWrite, busySeconds: busySeconds)
      do {
        queue = try DatabaseQueue(path: file, configuration: configuration)
      } catch let error as DatabaseError {
        guard readOnly, !cannotWrite, ResultStoreError.isLackOfRoom(error, path: path) else { throw error }
        // The index of the log, which processes share, needs room on the disk. Who has the file alone keeps it in memory.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        queue = try DatabaseQueue(path: file, configuration: configuration)
      }
      if !readOnly {
        try Self.waitingForOthers(seconds: busySeconds) {
          try queue.writeWithoutTransaction { db in try Self.mark(db, path: path) }
        }
      }
      try queue.read { db in try Self.check(db, path: path) }
      if readOnly {
        let applied = try queue.read { db in try ResultSchema.migrator.appliedIdentifiers(db) }
        guard !applied.isEmpty else { throw ResultStoreError.noResults(path, "holds no results yet") }
        if applied.count < ResultSchema.migrator.migrations.count {
          guard !cannotWrite else { throw ResultStoreError.older(path) }
          try Self.waitingForOthers(seconds: busySeconds) { try Self.migrate(queue) }
        }
      } else {
        try Self.waitingForOthers(seconds: busySeconds) { try Self.migrate(queue) }
      }
    } catch let error as DatabaseError {
      throw ResultStoreError.wrapping(error, path: path, busySeconds: busySeconds)
    }
  }

  deinit {
    // Before the claim ends: after that, the file's bytes may be looked at again.
    close()
  }

  /// Lets go of the file; the last one that does so takes SQLite's log beside it away.
  func close() {
    isClosed.withLock { isClosed in
      try? queue.close()
      isClosed = true
    }
  }

  private static func configuration(readOnly: Bool, busySeconds: Double) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.busyMode = .timeout(busySeconds)
    configuration.label = "results"
    return configuration
  }

  /// Makes an empty file ours and puts it into write-ahead mode, in this order: the mark must be in the file itself
  /// before anything can be in the log beside it.
  private static func mark(_ db: Database, path: String) throws {
    if try applicationID(db) != ResultSchema.applicationID {
      try db.inTransaction(.immediate) {
        // Another process may have been faster.
        if try applicationID(db) == ResultSchema.applicationID { return .commit }
        guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0 else {
          throw ResultStoreError.notOurs(path, "it is a SQLite database of another program")
        }
        try db.execute(sql: "PRAGMA application_id = \(ResultSchema.applicationID)")
        return .commit
      }
    }
    // In one transaction: what another process makes meanwhile must be seen whole or not at all.
    try db.inTransaction(.deferred) {
      try check(db, path: path)
      return .commit
    }
    let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
    guard mode == "wal" else {
      throw ResultStoreError.inaccessible(path, "is on a file system without shared memory, which results need")
    }
  }

  /// SQLite does not wait, whatever it was told, where two connections change the journal mode at the same time: it
  /// answers at once that the file is busy. This waits in its place.
  private static func waitingForOthers(seconds: Double, _ body: () throws -> Void) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      do { return try body() } catch let error as DatabaseError {
        guard error.resultCode == .SQLITE_BUSY, ContinuousClock.now < deadline else { throw error }
        usleep(5000)
      }
    }
  }

  /// The migrator looks at what is missing before it takes the file's lock, so of several processes that meet at a new
  /// file all but one can find the tables made under their hands, at each version anew. That is no damage: whoever finds
  /// that the file has come farther meanwhile goes on from there.
  private static func migrate(_ queue: DatabaseQueue) throws {
    var before = try appliedMigrations(queue)
    while true {
      do { return try ResultSchema.migrator.migrate(queue) } catch let error as DatabaseError {
        let now = try appliedMigrations(queue)
        guard now.count > before.count else { throw error }
        before = now
      }
    }
  }

  private static func appliedMigrations(_ queue: DatabaseQueue) throws -> Set<String> {
    try queue.read { db in
      db.clearSchemaCache()
      guard try db.tableExists("grdb_migrations") else { return [] }
      return try ResultSchema.migrator.appliedIdentifiers(db)
    }
  }

  private static func applicationID(_ db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
  }

  /// Refuses a file that has our mark and not our tables. Without the list of migrations it can only be new, which is one
  /// page without a table; a damaged or foreign one would else be filled up.
  private static func check(_ db: Database, path: String) throws {
    // GRDB remembers which tables there are, and another process may have made them since.
    db.clearSchemaCache()
    guard try db.tableExists("grdb_migrations") else {
      let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      guard tables == 0, pages <= 1 else { throw ResultStoreError.corrupt(path, "the list of its tables' versions is missing") }
      return
    }
    let applied = try ResultSchema.migrator.appliedIdentifiers(db)
    let unknown = applied.subtracting(ResultSchema.migrator.migrations).sorted()
    guard unknown.isEmpty else { throw ResultStoreError.newer(path, unknown) }
    guard !applied.isEmpty else { return }
    let present = Set(try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'"))
    let missing = ResultSchema.tables.filter { !present.contains($0) }
    guard missing.isEmpty else { throw ResultStoreError.corrupt(path, "it has no table \(missing.joined(separator: ", "))") }
  }

  /// Reads in one transaction, so that all of it is of one moment.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try explaining { try queue.read(body) }
  }

  /// Writes in one transaction: all of it is kept, or nothing.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    guard !isReadOnly else { throw ResultStoreError.inaccessible(path, "cannot be written, having been opened for reading only") }
    return try explaining {
      try queue.writeWithoutTransaction { db in
        // Immediate: waits for another writer now, rather than failing in the middle.
        try db.execute(sql: "BEGIN IMMEDIATE")
        do {
          let value = try body(db)
          try db.execute(sql: "COMMIT")
          return value
        } catch {
          // A full disk rolls back by itself.
          if db.isInsideTransaction { try? db.execute(sql: "ROLLBACK") }
          throw error
        }
      }
    }
  }

  private func explaining<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try isClosed.withLock { isClosed in
        guard !isClosed else { throw ResultStoreError.inaccessible(path, "was closed") }
        return try body()
      }
    } catch let error as DatabaseError {
      throw ResultStoreError.wrapping(error, path: path, busySeconds: busySeconds)
    } catch is RowDecodingError {
      throw ResultStoreError.corrupt(path, "a column holds what cannot be in it")
    }
  }
}
