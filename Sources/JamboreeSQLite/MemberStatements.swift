import CSQLite
import JamboreeKit

/// Reads about members: who is tied to whom, who is called what.
struct MemberStatements {
  private let connections: Statement
  private let region: Statement
  private let connectionCount: Statement
  private let membershipCount: Statement
  private let itemTotals: Statement
  private let sortKey: Statement
  private let names: Statement
  private let namesOfContainer: Statement

  init(_ connection: Connection) throws(BackendError) {
    connections = try connection.prepare("SELECT other FROM connection WHERE member = ?1 AND kind = ?2 ORDER BY other LIMIT ?3")
    region = try connection.prepare("SELECT region FROM member WHERE id = ?1")
    connectionCount = try connection.prepare("SELECT count(*) FROM connection WHERE member = ?1 AND kind = ?2")
    membershipCount = try connection.prepare("SELECT count(*) FROM membership WHERE member = ?1")
    itemTotals = try connection.prepare(
      "SELECT count(*), ifnull(sum(rating_sum), 0) FROM item WHERE author = ?1 AND reader = 0 AND deleted = 0")
    sortKey = try connection.prepare("SELECT sort_key FROM member WHERE id = ?1")
    // Keys are shorter than the last bound, and none is as large.
    names = try connection.prepare(
      "SELECT id FROM member WHERE (sort_key, id) > (?1, ?2) AND sort_key < ?3 ORDER BY sort_key, id LIMIT ?4")
    namesOfContainer = try connection.prepare(
      """
      SELECT member FROM membership WHERE container = ?5 AND (sort_key, member) > (?1, ?2) AND sort_key < ?3
      ORDER BY sort_key, member LIMIT ?4
      """)
  }

  func connections(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    connections.bind(1, operation.object)
    connections.bind(2, Int64(operation.kind))
    connections.bind(3, Int64(operation.limit))
    return readKeys(connections, &reply)
  }

  func profile(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    region.bind(1, operation.object)
    let code = region.step()
    let value = region.int(0)
    region.reset()
    guard code == SQLITE_ROW else { return code == SQLITE_DONE ? .notFound : outcome(of: code) }
    reply.keys.append(UInt64(bitPattern: value))
    for kind in [ConnectionKind.follow, .friend] {
      connectionCount.bind(1, operation.object)
      connectionCount.bind(2, Int64(kind.rawValue))
      let code = readNumbers(connectionCount) { reply.keys.append(UInt64($0.int(0))) }
      guard code == .ok else { return code }
    }
    membershipCount.bind(1, operation.object)
    let places = readNumbers(membershipCount) { reply.keys.append(UInt64($0.int(0))) }
    guard places == .ok else { return places }
    itemTotals.bind(1, operation.object)
    return readNumbers(itemTotals) {
      reply.count = $0.int(0)
      reply.sum = $0.int(1)
    }
  }

  func directory(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    var prefix = withUnsafeBytes(of: operation.payloadSeed.bigEndian) { Array($0) }
    if let end = prefix.firstIndex(of: 0) { prefix.removeSubrange(end...) }
    // The page starts behind a member's place or at the prefix, whichever comes later.
    // Whoever has joined without being in the population has an empty key, and is in no directory.
    var (start, member): ([UInt8], Int64) = (prefix.isEmpty ? [0] : prefix, -1)
    if operation.object < UInt64(UInt32.max) {
      sortKey.bind(1, operation.object)
      let code = sortKey.step()
      if code == SQLITE_ROW {
        let key = Array(sortKey.bytes(0))
        if !key.lexicographicallyPrecedes(prefix) { (start, member) = (key, Int64(operation.object)) }
      }
      sortKey.reset()
      guard code == SQLITE_ROW || code == SQLITE_DONE else { return outcome(of: code) }
    }
    let end = prefix + [UInt8](repeating: 0xFF, count: 9)
    let statement = operation.container == .none ? names : namesOfContainer
    return start.withUnsafeBytes { start in
      end.withUnsafeBytes { end in
        statement.bindBlob(1, start)
        statement.bind(2, member)
        statement.bindBlob(3, end)
        statement.bind(4, Int64(operation.limit))
        if operation.container != .none { statement.bind(5, operation.container.rawValue) }
        return readKeys(statement, &reply)
      }
    }
  }

  private func readKeys(_ statement: Statement, _ reply: inout Reply) -> Outcome {
    var code = statement.step()
    while code == SQLITE_ROW {
      reply.keys.append(UInt64(bitPattern: statement.int(0)))
      code = statement.step()
    }
    statement.reset()
    return outcome(of: code)
  }

  private func readNumbers(_ statement: Statement, _ body: (Statement) -> Void) -> Outcome {
    let code = statement.step()
    if code == SQLITE_ROW { body(statement) }
    statement.reset()
    return outcome(of: code)
  }
}
