import CSQLite
import JamboreeKit

/// One SQLite file in write-ahead mode: one connection writes and commits at each tick's end, the others read beside it.
///
/// See the module's README for the data model, the options and what it guarantees.
public final class SQLiteBackend: BlockingStorageBackend, @unchecked Sendable {
  // Safe to share: `load`, `openSession`, `endTick` and `finish` are called by one thread while no session works; a
  // session has a connection of its own, session 0 the writer's.
  let settings: Settings
  private let location: String
  private var file: DataFile?
  private var writer: Writer?
  /// Sessions may be opened by several threads at once.
  private let sessions = Guarded<[Session]>([])

  public init(options: OptionValues) throws(BackendError) {
    settings = Settings(options)
    location = options.location
  }

  /// Takes away what this process would leave behind if it ended now: temporary files, and files that are still being made.
  public static func removeUnfinishedFiles() { DataFile.removeAll() }

  public func load(_ dataset: Dataset) throws(BackendError) {
    let file = try DataFile(location: location)
    if try file.exists() { throw occupied(file) }
    try file.claim()
    // Another run may have been here between the two.
    if try file.exists() { throw occupied(file) }
    file.isUnfinished = true
    do {
      try Loader.load(dataset, into: file.path)
      try open(file, dataset)
    } catch {
      // Half of it is of no use to anybody.
      file.remove()
      throw error
    }
  }

  public func reopen(_ dataset: Dataset) throws(BackendError) -> Watermark {
    guard !location.isEmpty else {
      throw BackendError(.usage, "sqlite: a temporary file does not outlive its run; to go on with one later, name it: sqlite:FILE")
    }
    let file = try DataFile(location: location)
    guard try file.exists() else {
      throw BackendError(.usage, "sqlite: there is no data in \(file.path) to go on with; begin a new run there")
    }
    try file.claim()
    let connection = try Connection(path: file.path)
    defer { connection.close() }
    let (identity, mark) = try contents(connection)
    guard identity == dataset.identity else {
      throw BackendError(
        .usage, "sqlite: \(file.path) has the data of \(identity), and this run is \(dataset.identity); name another file, or remove it")
    }
    do {
      try open(file, dataset)
    } catch where error.kind == .failed {
      throw BackendError(.usage, "sqlite: \(file.path) is damaged (\(error.message)); restore it from a copy, or remove it and begin anew")
    }
    return mark
  }

  private func open(_ file: DataFile, _ dataset: Dataset) throws(BackendError) {
    let connection = try Connection(path: file.path)
    guard try connection.text("PRAGMA journal_mode = wal") == "wal" else {
      throw BackendError(.io, "sqlite: \(file.path) is on a file system without shared memory, which parallel reading needs; name another file")
    }
    try connection.execute(settings.pragmas)
    writer = try Writer(connection, verbs: dataset.verbs, commitsEachWrite: settings.commitsEachWrite)
    self.file = file
  }

  /// What was loaded, and the last tick that is in it, whole.
  private func contents(_ connection: Connection) throws(BackendError) -> (identity: String, mark: Watermark) {
    guard try connection.number("PRAGMA user_version") == Int64(Schema.version) else {
      throw BackendError(.usage, "sqlite: \(connection.path) was written by another version of Jamboree; remove it, or name another file")
    }
    guard try connection.number("SELECT count(*) FROM sqlite_schema WHERE name = 'platform'") == 1,
      let identity = try connection.text("SELECT value FROM platform WHERE key = 'dataset'"),
      let tick = try connection.number("SELECT value FROM platform WHERE key = 'tick'")
    else {
      throw BackendError(.usage, "sqlite: \(connection.path) was not loaded to the end; remove it, or name another file")
    }
    let isOpen = try connection.number("SELECT value FROM platform WHERE key = 'open'")
    return (identity, Watermark(tick: tick, isWhole: isOpen == nil))
  }

  private func occupied(_ file: DataFile) -> BackendError {
    let wayOut = "remove it, name another file, or let a run in virtual time go on with it by --reuse"
    // Who may write takes the log away again that SQLite makes beside the file.
    guard let connection = try? Connection(path: file.path) else {
      return BackendError(.usage, "sqlite: \(file.path) has the data of an earlier run; \(wayOut)")
    }
    defer { connection.close() }
    do {
      let (identity, mark) = try contents(connection)
      return BackendError(.usage, "sqlite: \(file.path) has the data of \(identity) up to tick \(mark.tick); \(wayOut)")
    } catch {
      return error
    }
  }

  public func openSession(_ id: SessionID) throws(BackendError) -> Session {
    guard let writer, let file else { throw BackendError(.failed, "sqlite: a session is opened before the data is loaded") }
    let connection: Connection
    if id == 0 {
      connection = writer.connection
    } else {
      connection = try Connection(path: file.path, readOnly: true)
      try connection.execute(settings.pragmas)
    }
    let reader = try Reader(connection, holdsTransaction: !settings.commitsEachWrite)
    let session = Session(reader: reader, writer: id == 0 ? writer : nil)
    sessions.withLock { $0.append(session) }
    return session
  }

  public func endTick(_ tick: TickID) throws(BackendError) {
    guard let writer, writer.hasWritten || writer.failure != nil else { return }
    // Before the commit: what somebody still reads of stays in the log, which would grow without end.
    for session in sessions.withLock({ $0 }) where session.writer == nil { session.reader.endTransaction() }
    try writer.commit(tick)
    if file?.isUnfinished == true { file?.isUnfinished = false }
  }

  public func finish() throws(BackendError) {
    for session in sessions.withLock({ $0 }) where session.writer == nil { session.reader.connection.close() }
    sessions.withLock { $0 = [] }
    defer {
      writer?.connection.close()
      writer = nil
      file = nil
    }
    file?.isUnfinished = false
    try writer?.finish()
  }

  public final class Session: StorageSession {
    let reader: Reader
    let writer: Writer?

    init(reader: Reader, writer: Writer?) {
      self.reader = reader
      self.writer = writer
    }

    public func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      guard operation.verb.isWrite else { return reader.read(operation, arguments: arguments, into: &reply) }
      // Every other session's connection only reads.
      guard let writer else { return .rejected }
      return writer.write(operation, arguments: arguments, into: &reply)
    }

    public func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      var writes = false
      for index in 0..<group.count where group.operations[index].verb.isWrite { writes = true }
      guard writes else { return reader.read(group, into: &reply) }
      guard let writer else { return .rejected }
      return writer.write(group, reader, into: &reply)
    }

    public var lastErrorText: String { reader.connection.lastMessage }
  }
}
