import CLibPQ
import JamboreeKit

/// What a statement answered, in binary.
struct Rows {
  let result: OpaquePointer

  var count: Int { Int(PQntuples(result)) }

  /// A whole number of whatever width, or a truth value.
  @inline(__always) func int(_ row: Int, _ column: Int32) -> Int64 {
    let value = UnsafeRawPointer(PQgetvalue(result, Int32(row), column)!)
    switch PQgetlength(result, Int32(row), column) {
    case 8: return Int64(bigEndian: value.loadUnaligned(as: Int64.self))
    case 4: return Int64(Int32(bigEndian: value.loadUnaligned(as: Int32.self)))
    case 2: return Int64(Int16(bigEndian: value.loadUnaligned(as: Int16.self)))
    case 1: return Int64(value.load(as: UInt8.self))
    default: return 0
    }
  }

  @inline(__always) private func int32(_ row: Int, _ column: Int32) -> Int32 { Int32(truncatingIfNeeded: int(row, column)) }

  func bytes(_ row: Int, _ column: Int32) -> UnsafeBufferPointer<UInt8> {
    UnsafeRawBufferPointer(start: PQgetvalue(result, Int32(row), column), count: Int(PQgetlength(result, Int32(row), column)))
      .assumingMemoryBound(to: UInt8.self)
  }

  /// The columns of every statement that shows items begin alike.
  func item(_ row: Int) -> ItemRow {
    let traits = int(row, 11)
    return ItemRow(
      id: ItemID(rawValue: UInt64(bitPattern: int(row, 0))), created: SimTime(nanoseconds: int(row, 1)),
      lastActive: SimTime(nanoseconds: int(row, 2)), ratingSum: int32(row, 3), ratingCount: int32(row, 4),
      replyCount: int32(row, 5), version: UInt32(truncatingIfNeeded: int(row, 9)), payload: UInt64(bitPattern: int(row, 10)),
      parent: ItemID(rawValue: UInt64(bitPattern: int(row, 12))), value: Int32(truncatingIfNeeded: traits >> 32),
      voteSum: int32(row, 6), flagCount: int32(row, 7), downloadCount: int32(row, 8), topic: UInt16(truncatingIfNeeded: traits),
      kind: UInt8(truncatingIfNeeded: traits >> 16), flags: OperationFlags(rawValue: UInt8(truncatingIfNeeded: traits >> 24)))
  }

  /// Appends all rows; where the text was read too, their fingerprints are made from it.
  func appendItems(textColumn: Int32?, to reply: inout Reply) {
    for row in 0..<count {
      var item = item(row)
      if let textColumn { item.payload = fingerprint(row, textColumn, of: item.payload) }
      reply.items.append(item)
    }
  }

  func fingerprint(_ row: Int, _ column: Int32, of payload: UInt64) -> UInt64 {
    Payload.fingerprint(of: bytes(row, column).span, length: UInt32(truncatingIfNeeded: payload >> 32))
  }
}

/// What became of a request.
struct Answer {
  var outcome = Outcome.ok
  /// Of each of its statements, in order.
  var results: [OpaquePointer] = []
  /// What a conflict found.
  var version: UInt32 = 0
  var message = ""

  /// A statement that did not end well: what that means for the request.
  /// - Returns: whether the request may end otherwise when it is tried again.
  mutating func fail(_ result: OpaquePointer) -> Bool {
    let state = PQresultErrorField(result, 67 /* PG_DIAG_SQLSTATE, 'C' */).map { String(cString: $0) } ?? ""
    message = String(cString: PQresultErrorMessage(result)).split(separator: "\n").first.map(String.init) ?? ""
    if state.hasPrefix("JM00"), let raw = UInt8(state.dropFirst(4)), let own = Outcome(rawValue: raw) {
      outcome = own
      let primary = PQresultErrorField(result, 77 /* PG_DIAG_MESSAGE_PRIMARY, 'M' */).map { String(cString: $0) } ?? ""
      version = UInt32(primary) ?? 0
      return false
    }
    switch state {
    // Somebody else's transaction came first.
    case "40001", "40P01":
      outcome = .conflict
      return true
    // Its preparation was skipped along with a transaction that failed.
    case "26000":
      outcome = .failed
      return true
    case "57014", "55P03", "25P03": outcome = .timedOut
    case _ where ["08", "53", "57"].contains(String(state.prefix(2))) || state.isEmpty: outcome = .unavailable
    default: outcome = .failed
    }
    return false
  }

  func clear() { for result in results { PQclear(result) } }
}

/// Turns the results of a request into what the harness is told.
func decode(_ operation: Operation, _ answer: inout Answer, into reply: inout Reply) {
  guard answer.outcome == .ok else {
    reply.version = answer.version
    return
  }
  let results = answer.results.map { Rows(result: $0) }
  guard let first = results.first else { return answer.outcome = .failed }
  let wantsText = operation.flags.contains(.wantsText)
  func items(_ rows: Rows, _ reply: inout Reply) { rows.appendItems(textColumn: wantsText ? 13 : nil, to: &reply) }
  switch operation.verb {
  case .publish, .edit, .delete, .react:
    guard first.count == 1 else { return }
    answer.outcome = Outcome(rawValue: UInt8(truncatingIfNeeded: first.int(0, 0))) ?? .failed
    reply.version = UInt32(truncatingIfNeeded: first.int(0, 1))
  case .connect, .disconnect, .join, .deliver, .markRead: break
  case .item:
    guard first.count == 1 else { return answer.outcome = .notFound }
    guard operation.expectedVersion == 0 || first.item(0).version == operation.expectedVersion else {
      return answer.outcome = .conflict
    }
    items(first, &reply)
  case .thread:
    guard first.count == 1 else { return answer.outcome = .notFound }
    guard operation.limit > 0 else { return }
    for rows in results { items(rows, &reply) }
  case .revisions:
    guard first.count == 1 else { return answer.outcome = .notFound }
    guard operation.limit > 0 else { return }
    items(first, &reply)
    // What people have said since belongs to the item, not to one of its texts.
    var row = reply.items[0]
    for rows in results.dropFirst() {
      for index in 0..<rows.count {
        row.version = UInt32(truncatingIfNeeded: rows.int(index, 0))
        row.payload = UInt64(bitPattern: rows.int(index, 1))
        if wantsText { row.payload = rows.fingerprint(index, 2, of: row.payload) }
        reply.items.append(row)
      }
    }
  case .listing, .recentByAuthors, .scan, .search: items(first, &reply)
  case .inbox, .notifications:
    reply.count = first.count == 1 ? first.int(0, 0) : 0
    guard results.count > 1 else { return }
    let isNotice = operation.verb == .notifications
    results[1].appendItems(textColumn: wantsText ? (isNotice ? 16 : 13) : nil, to: &reply)
    guard isNotice else { return }
    for row in 0..<results[1].count {
      reply.keys.append(UInt64(bitPattern: results[1].int(row, 13)))
      reply.keys.append(UInt64(bitPattern: results[1].int(row, 14)) << 32 | UInt64(bitPattern: results[1].int(row, 15)))
    }
  case .directory, .connections:
    for row in 0..<first.count { reply.keys.append(UInt64(bitPattern: first.int(row, 0))) }
  case .profile:
    guard first.count == 1 else { return answer.outcome = .notFound }
    for column in 0..<4 as Range<Int32> { reply.keys.append(UInt64(bitPattern: first.int(0, column))) }
    reply.count = first.int(0, 4)
    reply.sum = first.int(0, 5)
  case .counts:
    for row in 0..<first.count {
      let count = first.int(row, 0)
      reply.keys.append(UInt64(bitPattern: count))
      reply.count += count
      reply.sum += first.int(row, 1)
    }
  }
}
