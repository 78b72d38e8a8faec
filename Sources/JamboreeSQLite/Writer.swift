import CSQLite
import JamboreeKit

/// The writes, over the one connection that makes them.
///
/// A transaction is begun by a tick's first call and committed at its end with the tick's number, so that after a kill the
/// file holds whole ticks. With ``commitsEachWrite`` each write or group is one of its own.
final class Writer {
  let connection: Connection
  /// Why the run cannot go on: SQLite has rolled back what was to be kept.
  private(set) var failure: BackendError?
  let items: ItemStatements
  private let members: MemberWrites
  let words: WordStatements?
  private let begin: Statement
  private let commitTransaction: Statement
  private let mark: Statement
  /// Notes that a tick's writes have begun to be committed one by one, and that they have all been.
  private let openTick: Statement
  private let closeTick: Statement
  private let savepoint: Statement
  private let release: Statement
  private let rollBack: Statement
  private let commitsEachWrite: Bool
  /// The surrounding transaction is somebody else's.
  private let isLoading: Bool
  /// Whether anything was written since the last commit.
  private(set) var hasWritten = false
  var text = TextBuffer()

  init(_ connection: Connection, verbs: Set<Verb>, commitsEachWrite: Bool, isLoading: Bool = false) throws(BackendError) {
    self.connection = connection
    self.commitsEachWrite = commitsEachWrite
    self.isLoading = isLoading
    items = try ItemStatements(connection, verbs: verbs)
    members = try MemberWrites(connection)
    words = verbs.contains(.search) ? try WordStatements(connection) : nil
    begin = try connection.prepare("BEGIN IMMEDIATE")
    commitTransaction = try connection.prepare("COMMIT")
    mark = try connection.prepare("UPDATE platform SET value = ?1 WHERE key = 'tick'")
    openTick = try connection.prepare("INSERT OR IGNORE INTO platform VALUES ('open', 1)")
    closeTick = try connection.prepare("DELETE FROM platform WHERE key = 'open'")
    savepoint = try connection.prepare("SAVEPOINT one_group")
    release = try connection.prepare("RELEASE one_group")
    rollBack = try connection.prepare("ROLLBACK TO one_group")
  }

  func write(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
    transaction {
      do throws(SQLiteFailure) {
        return try perform(operation, arguments, &reply)
      } catch {
        return fail(error)
      }
    }
  }

  /// All or none.
  /// - Parameter reader: of the same connection, for the group's reads.
  func write(_ group: borrowing OperationGroup, _ reader: Reader, into reply: inout Reply) -> Outcome {
    let began = beginIfNeeded()
    guard began == .ok else { return began }
    do throws(SQLiteFailure) {
      try savepoint.done()
      for index in 0..<group.count {
        let operation = group.operations[index]
        let outcome =
          operation.verb.isWrite
          ? try perform(operation, group.arguments(of: index), &reply)
          : reader.read(operation, arguments: group.arguments(of: index), into: &reply)
        if outcome != .ok {
          try rollBack.done()
          try release.done()
          return commitIfEach(outcome)
        }
      }
      try release.done()
      return commitIfEach(.ok)
    } catch {
      // None of it, whatever it was that failed; where SQLite has rolled back all there is nothing to go back to.
      if connection.isInTransaction, rollBack.run() == SQLITE_DONE { _ = release.run() }
      return commitIfEach(fail(error))
    }
  }

  /// Ends a tick: everything written so far is there for everybody, and stays.
  func commit(_ tick: TickID) throws(BackendError) {
    if let failure { throw failure }
    guard hasWritten else { return }
    hasWritten = false
    mark.bind(1, tick)
    do throws(SQLiteFailure) {
      if commitsEachWrite {
        try begin.done()
        try closeTick.done()
      }
      try mark.done()
      if connection.isInTransaction { try commitTransaction.done() }
    } catch {
      _ = fail(error)
      throw failure ?? connection.error(error.code)
    }
  }

  /// Leaves a file without a log beside it.
  func finish() throws(BackendError) {
    if connection.isInTransaction { try connection.execute("ROLLBACK") }
    if failure == nil { try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
  }

  private func transaction(_ body: () -> Outcome) -> Outcome {
    let began = beginIfNeeded()
    guard began == .ok else { return began }
    return commitIfEach(body())
  }

  private func beginIfNeeded() -> Outcome {
    guard failure == nil else { return .failed }
    if isLoading { return .ok }
    let isFirst = !hasWritten
    hasWritten = true
    guard !connection.isInTransaction else { return .ok }
    var code = begin.run()
    if code == SQLITE_DONE, commitsEachWrite, isFirst { code = openTick.run() }
    return code == SQLITE_DONE ? .ok : outcome(of: code)
  }

  private func commitIfEach(_ ended: Outcome) -> Outcome {
    guard commitsEachWrite, !isLoading, failure == nil else { return ended }
    let code = commitTransaction.run()
    return code == SQLITE_DONE ? ended : fail(SQLiteFailure(code: code))
  }

  /// What a statement's failure means for the operation. Where SQLite has rolled back, or can write no more, the tick is
  /// lost, and so is the run.
  private func fail(_ error: SQLiteFailure) -> Outcome {
    let kind = error.code & 0xFF
    if !connection.isInTransaction || [SQLITE_FULL, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_READONLY].contains(kind) {
      if failure == nil { failure = connection.error(error.code) }
    }
    return outcome(of: error.code) == .timedOut ? .timedOut : .failed
  }

  private func perform(
    _ operation: Operation, _ arguments: Span<UInt64>, _ reply: inout Reply
  ) throws(SQLiteFailure) -> Outcome {
    switch operation.verb {
    case .publish: return try publish(operation, arguments, &reply)
    case .edit: return try edit(operation, &reply)
    case .delete: return try delete(operation)
    case .react: return try react(operation)
    case .deliver: return try members.deliver(operation, arguments)
    case .markRead: return try members.markRead(operation)
    case .connect, .disconnect: return try members.tie(operation)
    case .join: return try members.join(operation)
    default: return .rejected
    }
  }
}

/// A statement that did not do what it was asked for.
struct SQLiteFailure: Error {
  let code: Int32
}

extension Statement {
  /// Runs a statement that answers no rows.
  @inline(__always) func done() throws(SQLiteFailure) {
    let code = run()
    guard code == SQLITE_DONE else { throw SQLiteFailure(code: code) }
  }

  /// Shows the first row, if there is one.
  @inline(__always) func first<Value>(_ body: (Statement) -> Value) throws(SQLiteFailure) -> Value? {
    let code = step()
    let value = code == SQLITE_ROW ? body(self) : nil
    reset()
    guard code == SQLITE_ROW || code == SQLITE_DONE else { throw SQLiteFailure(code: code) }
    return value
  }
}

/// Room for one text.
struct TextBuffer: ~Copyable {
  private let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Payload.textLimit)

  deinit { bytes.deallocate() }

  /// The text of an operation and its fingerprint; valid until the next one.
  func make(_ operation: Operation) -> (text: UnsafeRawBufferPointer, fingerprint: UInt64) {
    let text = UnsafeMutableBufferPointer(rebasing: bytes[0..<min(Int(operation.payloadLength), Payload.textLimit)])
    var span = MutableSpan(_unsafeElements: text)
    Payload.write(seed: operation.payloadSeed, into: &span)
    return (UnsafeRawBufferPointer(text), Payload.fingerprint(of: span.span, length: operation.payloadLength))
  }
}
