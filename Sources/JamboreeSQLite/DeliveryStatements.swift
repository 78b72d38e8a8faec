import CSQLite
import JamboreeKit

/// Reads of inboxes and notifications. What is held is looked through whole: how many of it are new is part of the answer.
struct DeliveryStatements {
  private let inbox: Statement
  private let notifications: Statement
  private let seen: Statement

  init(_ connection: Connection) throws(BackendError) {
    inbox = try connection.prepare(
      "SELECT item, delivered FROM inbox WHERE member = ?1 ORDER BY created DESC, tie DESC LIMIT \(inboxCapacity)")
    notifications = try connection.prepare(
      """
      SELECT item, delivered, object, kind, actor FROM notification WHERE member = ?1 ORDER BY delivered DESC, tie DESC
      LIMIT \(inboxCapacity)
      """)
    seen = try connection.prepare("SELECT inbox_until, notifications_until FROM seen WHERE member = ?1")
  }

  func inbox(_ operation: Operation, _ reader: Reader, _ reply: inout Reply) -> Outcome {
    read(inbox, mark: 0, operation, reader, &reply) { _, _ in }
  }

  func notifications(_ operation: Operation, _ reader: Reader, _ reply: inout Reply) -> Outcome {
    read(notifications, mark: 1, operation, reader, &reply) { statement, reply in
      reply.keys.append(UInt64(bitPattern: statement.int(2)))
      reply.keys.append(UInt64(bitPattern: statement.int(3)) << 32 | UInt64(bitPattern: statement.int(4)))
    }
  }

  private func read(
    _ statement: Statement, mark column: Int32, _ operation: Operation, _ reader: Reader, _ reply: inout Reply,
    _ add: (Statement, inout Reply) -> Void
  ) -> Outcome {
    seen.bind(1, operation.actor.rawValue)
    var code = seen.step()
    var mark: Int64?
    if code == SQLITE_ROW, sqlite3_column_type(seen.handle, column) != SQLITE_NULL { mark = seen.int(column) }
    seen.reset()
    guard code == SQLITE_ROW || code == SQLITE_DONE else { return outcome(of: code) }

    statement.bind(1, operation.actor.rawValue)
    var failure = Outcome.ok
    code = statement.step()
    while code == SQLITE_ROW, failure == .ok {
      if mark.map({ statement.int(1) > $0 }) ?? true { reply.count += 1 }
      if reply.items.count < Int(operation.limit) {
        // What is not there for the member is left out.
        let found = reader.readItem(ItemID(rawValue: UInt64(bitPattern: statement.int(0))), viewer: operation.actor, &reply)
        if found == .ok { add(statement, &reply) } else if found != .notFound { failure = found }
      }
      code = statement.step()
    }
    statement.reset()
    return failure == .ok ? outcome(of: code) : failure
  }
}
