import CSQLite
import JamboreeKit

/// Writes about members: ties, places, deliveries.
struct MemberWrites {
  private let connect: Statement
  private let disconnect: Statement
  private let join: Statement
  private let toInbox: Statement
  private let toNotifications: Statement
  private let trimInbox: Statement
  private let trimNotifications: Statement
  private let markInbox: Statement
  private let markNotifications: Statement

  init(_ connection: Connection) throws(BackendError) {
    connect = try connection.prepare("INSERT OR IGNORE INTO connection VALUES (?1, ?2, ?3)")
    disconnect = try connection.prepare("DELETE FROM connection WHERE member = ?1 AND kind = ?2 AND other = ?3")
    join = try connection.prepare(
      "INSERT OR IGNORE INTO membership VALUES (?1, ifnull((SELECT sort_key FROM member WHERE id = ?2), x''), ?2)")
    toInbox = try connection.prepare("INSERT OR IGNORE INTO inbox VALUES (?1, ?2, ?3, ?4, ?5)")
    toNotifications = try connection.prepare("INSERT OR IGNORE INTO notification VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    trimInbox = try connection.prepare(
      """
      DELETE FROM inbox WHERE member = ?1 AND (created, tie) <
      (SELECT created, tie FROM inbox WHERE member = ?1 ORDER BY created DESC, tie DESC LIMIT 1 OFFSET \(inboxCapacity - 1))
      """)
    trimNotifications = try connection.prepare(
      """
      DELETE FROM notification WHERE member = ?1 AND (delivered, tie) <
      (SELECT delivered, tie FROM notification WHERE member = ?1 ORDER BY delivered DESC, tie DESC LIMIT 1 OFFSET \(inboxCapacity - 1))
      """)
    func mark(_ column: String) throws(BackendError) -> Statement {
      try connection.prepare(
        """
        INSERT INTO seen (member, \(column)) VALUES (?1, ?2)
        ON CONFLICT (member) DO UPDATE SET \(column) = max(ifnull(\(column), ?2), ?2)
        """)
    }
    markInbox = try mark("inbox_until")
    markNotifications = try mark("notifications_until")
  }

  func tie(_ operation: Operation) throws(SQLiteFailure) -> Outcome {
    let statement = operation.verb == .connect ? connect : disconnect
    statement.bind(1, operation.actor.rawValue)
    statement.bind(2, Int64(operation.kind))
    statement.bind(3, UInt32(truncatingIfNeeded: operation.object))
    try statement.done()
    return .ok
  }

  func join(_ operation: Operation) throws(SQLiteFailure) -> Outcome {
    join.bind(1, operation.container.rawValue)
    join.bind(2, operation.actor.rawValue)
    try join.done()
    return .ok
  }

  func deliver(_ operation: Operation, _ arguments: Span<UInt64>) throws(SQLiteFailure) -> Outcome {
    let isFeed = operation.kind == DeliveryKind.feed.rawValue
    let tie = deliveryTieBreak(
      subject: operation.subject, object: operation.object, kind: operation.kind, actor: operation.actor)
    for index in 0..<arguments.count {
      let recipient = UInt32(truncatingIfNeeded: arguments[index])
      let statement = isFeed ? toInbox : toNotifications
      statement.bind(1, recipient)
      if isFeed {
        statement.bind(2, operation.object)
        statement.bind(3, operation.subject.tieKey)
        statement.bind(4, operation.subject.rawValue)
        statement.bind(5, operation.intended.nanoseconds)
      } else {
        statement.bind(2, operation.intended.nanoseconds)
        statement.bind(3, Int64(bitPattern: tie ^ (1 << 63)))
        statement.bind(4, operation.subject.rawValue)
        statement.bind(5, operation.object)
        statement.bind(6, Int64(operation.kind))
        statement.bind(7, operation.actor.rawValue)
      }
      try statement.done()
      // What nobody can see any more goes now and then: to look for it each time would cost more than it frees.
      guard mix64(operation.subject.rawValue ^ UInt64(recipient)) & 63 == 0 else { continue }
      let trim = isFeed ? trimInbox : trimNotifications
      trim.bind(1, recipient)
      try trim.done()
    }
    return .ok
  }

  func markRead(_ operation: Operation) throws(SQLiteFailure) -> Outcome {
    let statement = operation.kind == DeliveryKind.feed.rawValue ? markInbox : markNotifications
    statement.bind(1, operation.actor.rawValue)
    statement.bind(2, operation.object)
    try statement.done()
    return .ok
  }
}
