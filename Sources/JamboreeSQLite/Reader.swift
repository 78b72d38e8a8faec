import CSQLite
import JamboreeKit

/// The reads, over one connection. All of a tick are one transaction: what they see is of one moment, and locks are taken
/// once. With `groupCommit=write` each statement is a transaction of its own.
final class Reader {
  let connection: Connection
  private let begin: Statement
  private let end: Statement
  private let holdsTransaction: Bool
  private let item: Statement
  private let exists: Statement
  private let newest: Statement
  private let active: Statement
  private let replies: Statement
  private let scan: Statement
  private let revisions: Statement
  private let body: Statement
  private let revisionBody: Statement
  private let recentKeys: Statement
  private let containerTotals: Statement
  let members: MemberStatements
  let deliveries: DeliveryStatements
  private let words: Statement?
  private var recent = RecentMerge()

  init(_ connection: Connection, holdsTransaction: Bool) throws(BackendError) {
    self.connection = connection
    self.holdsTransaction = holdsTransaction
    begin = try connection.prepare("BEGIN")
    end = try connection.prepare("COMMIT")
    // `?1` is always the viewer, as the key under which private items are shown to it.
    let visible = "(reader = 0 OR reader = ?1)"
    item = try connection.prepare("SELECT \(Schema.itemColumns) FROM item WHERE id = ?2 AND deleted = 0 AND \(visible)")
    exists = try connection.prepare("SELECT 1 FROM item WHERE id = ?2 AND deleted = 0 AND \(visible)")
    newest = try connection.prepare(
      "SELECT card FROM listing WHERE container = ?2 AND \(visible) ORDER BY created DESC, tie DESC LIMIT ?3 OFFSET ?4")
    active = try connection.prepare(
      """
      SELECT card FROM listing INDEXED BY listing_by_activity WHERE container = ?2 AND \(visible)
      ORDER BY active DESC, tie DESC LIMIT ?3 OFFSET ?4
      """)
    replies = try connection.prepare(
      """
      SELECT \(Schema.itemColumns) FROM item INDEXED BY item_by_parent
      WHERE parent = ?2 AND parent <> 0 AND deleted = 0 AND \(visible) ORDER BY created DESC, tie DESC LIMIT ?3 OFFSET ?4
      """)
    scan = try connection.prepare(
      "SELECT \(Schema.itemColumns) FROM item WHERE id BETWEEN ?2 AND ?3 AND deleted = 0 AND \(visible) ORDER BY id LIMIT ?4")
    revisions = try connection.prepare("SELECT version, payload FROM earlier_revision WHERE item = ?1 ORDER BY version DESC LIMIT ?2")
    body = try connection.prepare("SELECT body FROM text WHERE id = (SELECT text FROM item WHERE id = ?1)")
    revisionBody = try connection.prepare(
      "SELECT body FROM text WHERE id = (SELECT text FROM earlier_revision WHERE item = ?1 AND version = ?2)")
    recentKeys = try connection.prepare(
      "SELECT created, tie, id FROM item WHERE author = ?2 AND deleted = 0 AND \(visible) ORDER BY created DESC, tie DESC LIMIT ?3")
    containerTotals = try connection.prepare("SELECT item_count, rating_sum FROM container WHERE id = ?1")
    members = try MemberStatements(connection)
    deliveries = try DeliveryStatements(connection)
    // Only where the run searches is there an index of words.
    words = try connection.number("SELECT 1 FROM sqlite_schema WHERE name = 'word'") == nil
      ? nil
      : connection.prepare(
        "SELECT item FROM word WHERE word = ?2 AND \(visible) ORDER BY created DESC, tie DESC LIMIT ?3")
  }

  /// Lets go of the moment that was read of, so that the next read sees what has been committed since.
  func endTransaction() {
    if connection.isInTransaction { _ = end.run() }
  }

  /// Reads of one moment.
  func read(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
    let begins = !connection.isInTransaction
    if begins {
      let code = begin.run()
      guard code == SQLITE_DONE else { return JamboreeSQLite.outcome(of: code) }
    }
    defer { if begins, !holdsTransaction { endTransaction() } }
    for index in 0..<group.count {
      let outcome = read(group.operations[index], arguments: group.arguments(of: index), into: &reply)
      if outcome != .ok { return outcome }
    }
    return .ok
  }

  func read(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
    if holdsTransaction, !connection.isInTransaction {
      let code = begin.run()
      guard code == SQLITE_DONE else { return JamboreeSQLite.outcome(of: code) }
    }
    let outcome = perform(operation, arguments, &reply)
    if outcome == .ok, operation.flags.contains(.wantsText) {
      let read = readTexts(of: operation.verb == .revisions, &reply)
      if read != .ok {
        reply.reset()
        return read
      }
    } else if outcome != .ok {
      reply.reset()
    }
    return outcome
  }

  @inline(__always)
  private func perform(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: inout Reply) -> Outcome {
    switch operation.verb {
    case .item:
      let found = readItem(operation.subject, viewer: operation.actor, &reply)
      guard found == .ok, operation.expectedVersion != 0 else { return found }
      return reply.items[reply.items.count - 1].version == operation.expectedVersion ? .ok : .conflict
    case .thread: return readThread(operation, &reply)
    case .listing: return readListing(operation, &reply)
    case .revisions: return readRevisions(operation, &reply)
    case .recentByAuthors: return readRecent(operation, arguments, &reply)
    case .counts: return readCounts(arguments, &reply)
    case .scan: return readScan(operation, &reply)
    case .search: return readSearch(operation, &reply)
    case .connections: return members.connections(operation, &reply)
    case .profile: return members.profile(operation, &reply)
    case .directory: return members.directory(operation, &reply)
    case .inbox: return deliveries.inbox(operation, self, &reply)
    case .notifications: return deliveries.notifications(operation, self, &reply)
    default: return .rejected
    }
  }

  /// Appends the item, if it is there for the viewer.
  @inline(__always) func readItem(_ id: ItemID, viewer: MemberID, _ reply: inout Reply) -> Outcome {
    item.bind(1, StoredForm.viewerKey(viewer))
    item.bind(2, id.rawValue)
    let code = item.step()
    if code == SQLITE_ROW { reply.items.append(ItemRow(item)) }
    item.reset()
    return code == SQLITE_ROW ? .ok : code == SQLITE_DONE ? .notFound : outcome(of: code)
  }

  private func readThread(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard operation.limit > 0 else { return readExistence(operation) }
    let top = readItem(operation.subject, viewer: operation.actor, &reply)
    guard top == .ok, operation.limit > 1 else { return top }
    // Private replies are not counted, so there may be some even where the count is 0.
    bindPage(replies, key: operation.subject.rawValue, operation, limit: Int64(operation.limit) - 1)
    return appendRows(replies, &reply)
  }

  private func appendRows(_ statement: Statement, _ reply: inout Reply) -> Outcome {
    var code = statement.step()
    while code == SQLITE_ROW {
      reply.items.append(ItemRow(statement))
      code = statement.step()
    }
    statement.reset()
    return outcome(of: code)
  }

  private func readExistence(_ operation: Operation) -> Outcome {
    exists.bind(1, StoredForm.viewerKey(operation.actor))
    exists.bind(2, operation.subject.rawValue)
    let code = exists.run(expectingRow: ())
    return code == SQLITE_ROW ? .ok : code == SQLITE_DONE ? .notFound : outcome(of: code)
  }

  @inline(__always) private func readListing(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    let statement = operation.order == .newest ? newest : active
    bindPage(statement, key: operation.container.rawValue, operation, limit: Int64(operation.limit))
    var code = statement.step()
    while code == SQLITE_ROW {
      let card = statement.bytes(0)
      guard let start = card.baseAddress, card.count == Card.byteCount else {
        code = SQLITE_CORRUPT
        break
      }
      reply.items.append(ItemRow(card: start))
      code = statement.step()
    }
    statement.reset()
    return outcome(of: code)
  }

  @inline(__always) private func bindPage(_ statement: Statement, key: UInt64, _ operation: Operation, limit: Int64) {
    statement.bind(1, StoredForm.viewerKey(operation.actor))
    statement.bind(2, key)
    statement.bind(3, limit)
    statement.bind(4, Int64(clamping: operation.object))
  }

  private func readRevisions(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    let found = readItem(operation.subject, viewer: operation.actor, &reply)
    guard found == .ok else { return found }
    reply.items.truncate(to: Int(operation.limit))
    guard operation.limit > 1 else { return .ok }
    // What people have said since belongs to the item, not to one of its texts.
    var row = reply.items[0]
    revisions.bind(1, operation.subject.rawValue)
    revisions.bind(2, Int64(operation.limit) - 1)
    var code = revisions.step()
    while code == SQLITE_ROW {
      row.version = UInt32(truncatingIfNeeded: revisions.int(0))
      row.payload = UInt64(bitPattern: revisions.int(1))
      reply.items.append(row)
      code = revisions.step()
    }
    revisions.reset()
    return outcome(of: code)
  }

  /// The newest of each author, merged: no more is read of anybody than can still be on the page.
  private func readRecent(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: inout Reply) -> Outcome {
    let limit = Int(operation.limit)
    guard limit > 0 else { return .ok }
    recent.begin(limit: limit)
    recentKeys.bind(1, StoredForm.viewerKey(operation.actor))
    recentKeys.bind(3, Int64(limit))
    for index in 0..<arguments.count where !recent.hasSeen(author: arguments[index]) {
      recentKeys.bind(2, arguments[index])
      var code = recentKeys.step()
      while code == SQLITE_ROW {
        let entry = RecentMerge.Entry(
          time: recentKeys.int(0), tie: recentKeys.int(1), id: ItemID(rawValue: UInt64(bitPattern: recentKeys.int(2))))
        guard recent.offer(entry) else {
          code = SQLITE_DONE
          break
        }
        code = recentKeys.step()
      }
      recentKeys.reset()
      guard code == SQLITE_DONE else { return outcome(of: code) }
    }
    for id in recent.page() {
      let found = readItem(id, viewer: operation.actor, &reply)
      guard found == .ok else { return found }
    }
    return .ok
  }

  private func readCounts(_ arguments: Span<UInt64>, _ reply: inout Reply) -> Outcome {
    for index in 0..<arguments.count {
      containerTotals.bind(1, arguments[index])
      let code = containerTotals.step()
      let count = code == SQLITE_ROW ? containerTotals.int(0) : 0
      let sum = code == SQLITE_ROW ? containerTotals.int(1) : 0
      containerTotals.reset()
      guard code == SQLITE_ROW || code == SQLITE_DONE else { return outcome(of: code) }
      reply.keys.append(UInt64(bitPattern: count))
      reply.count += count
      reply.sum += sum
    }
    return .ok
  }

  /// Ids have no sign and SQLite's integers do: the upper half of the ids is a range of its own, and comes second.
  private func readScan(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    let start = Int64(bitPattern: operation.subject.rawValue)
    let negative: (Int64, Int64) = (.min, -1)
    let ranges = start < 0 ? [(start, negative.1)] : [(start, Int64.max), negative]
    scan.bind(1, StoredForm.viewerKey(operation.actor))
    for (first, last) in ranges where reply.items.count < Int(operation.limit) {
      scan.bind(2, first)
      scan.bind(3, last)
      scan.bind(4, Int64(operation.limit) - Int64(reply.items.count))
      let found = appendRows(scan, &reply)
      guard found == .ok else { return found }
    }
    return .ok
  }

  private func readSearch(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let words, operation.payloadSeed < UInt64(Vocabulary.count) else { return .ok }
    var word = Vocabulary.word(Int(operation.payloadSeed))
    return word.withUTF8 { bytes in
      words.bind(1, StoredForm.viewerKey(operation.actor))
      words.bindText(2, UnsafeRawBufferPointer(bytes))
      words.bind(3, Int64(operation.limit))
      var code = words.step()
      var failure = Outcome.ok
      while code == SQLITE_ROW, failure == .ok {
        failure = readItem(ItemID(rawValue: UInt64(bitPattern: words.int(0))), viewer: operation.actor, &reply)
        code = words.step()
      }
      words.reset()
      return failure == .ok ? outcome(of: code) : failure
    }
  }

  /// Reads the text of every row again and makes its fingerprint from what was read.
  private func readTexts(of revisions: Bool, _ reply: inout Reply) -> Outcome {
    for index in 0..<reply.items.count {
      var row = reply.items[index]
      // The first row of an item's revisions is its present text.
      let statement = revisions && index > 0 ? revisionBody : body
      statement.bind(1, row.id.rawValue)
      if revisions && index > 0 { statement.bind(2, row.version) }
      let code = statement.step()
      if code == SQLITE_ROW {
        let text = statement.bytes(0)
        row.payload = Payload.fingerprint(
          of: Span(_unsafeElements: text.assumingMemoryBound(to: UInt8.self)), length: UInt32(truncatingIfNeeded: row.payload >> 32))
        reply.items.update(row, at: index)
      }
      statement.reset()
      guard code == SQLITE_ROW else { return code == SQLITE_DONE ? .failed : outcome(of: code) }
    }
    return .ok
  }
}

extension Statement {
  /// Runs a statement that answers one row or none, and tells which: `SQLITE_ROW` or `SQLITE_DONE`.
  @inline(__always) func run(expectingRow: Void) -> Int32 {
    let code = step()
    reset()
    return code
  }
}

/// What a statement's last result means for the operation.
func outcome(of code: Int32) -> Outcome {
  switch code & 0xFF {
  case SQLITE_DONE, SQLITE_ROW, SQLITE_OK: .ok
  case SQLITE_BUSY, SQLITE_LOCKED: .timedOut
  default: .failed
  }
}
