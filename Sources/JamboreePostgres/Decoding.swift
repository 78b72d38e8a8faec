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

  func bytes(_ row: Int, _ column: Int32) -> UnsafeBufferPointer<UInt8> {
    UnsafeRawBufferPointer(start: PQgetvalue(result, Int32(row), column), count: Int(PQgetlength(result, Int32(row), column)))
      .assumingMemoryBound(to: UInt8.self)
  }

  /// The columns of every statement that shows items begin alike.
  @inline(__always) func item(_ row: Int) -> ItemRow { ItemRow(columns: { int(row, $0) }) }

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

/// What has come in for the request that is being answered: a connection has one, since it is answered in order.
struct Answer: ~Copyable {
  private(set) var outcome = Outcome.ok
  /// What a conflict found.
  private(set) var version: UInt32 = 0
  /// It was not done, for no reason of its own: another transaction came first, or one before it failed.
  private(set) var mayBeRepeated = false
  private(set) var message = ""
  /// The place of the operation that failed, among those of its transaction.
  private(set) var failedOperation = 0
  /// Of each of its statements, in order.
  private var results = Buffer<OpaquePointer>(capacity: 8)
  /// Where the results of each operation of a group, or of a shared transaction, end.
  private var ends = Buffer<Int>(capacity: 8)

  deinit { for index in 0..<results.count { PQclear(results[index]) } }

  /// Makes it ready for the next request.
  mutating func reset() {
    for index in 0..<results.count { PQclear(results[index]) }
    results.removeAll()
    ends.removeAll()
    outcome = .ok
    version = 0
    mayBeRepeated = false
    if !message.isEmpty { message = "" }
  }

  /// Takes a result over.
  mutating func append(_ result: OpaquePointer) { results.append(result) }

  mutating func endOperation() { ends.append(results.count) }

  /// A step was skipped, since one before it in its transaction failed.
  mutating func skip() {
    if outcome == .ok { mayBeRepeated = true }
  }

  /// It was tried as often as makes sense.
  mutating func giveUp() {
    if outcome == .ok { outcome = .failed }
  }

  /// A statement that did not end well: what that means for the request.
  mutating func fail(_ result: OpaquePointer) {
    let state = sqlState(of: result)
    message = firstLine(PQresultErrorMessage(result))
    mayBeRepeated = false
    failedOperation = ends.count
    if state.hasPrefix("JM00"), let raw = UInt8(state.dropFirst(4)), let own = Outcome(rawValue: raw) {
      outcome = own
      let primary = PQresultErrorField(result, 77 /* PG_DIAG_MESSAGE_PRIMARY, 'M' */).map { String(cString: $0) } ?? ""
      version = UInt32(primary) ?? 0
      return
    }
    switch state {
    // Somebody else's transaction came first.
    case "40001", "40P01":
      outcome = .conflict
      mayBeRepeated = true
    // Its preparation was skipped along with a transaction that failed.
    case "26000":
      outcome = .failed
      mayBeRepeated = true
    case "57014", "55P03", "25P03": outcome = .timedOut
    // A full disk or memory is a failure of a server that is there, and answers the next request.
    case "53300": outcome = .unavailable
    case _ where ["08", "57"].contains(String(state.prefix(2))) || state.isEmpty: outcome = .unavailable
    default: outcome = .failed
    }
  }

  /// Writes what was found into the reply of a request.
  /// - Parameters:
  ///   - place: the request's place among those that share its transaction.
  ///   - count: how many they are.
  /// - Returns: how the request ended.
  func decode(_ request: Request, place: Int, of count: Int, into reply: inout Reply) -> Outcome {
    guard outcome == .ok else {
      reply.version = version
      return outcome
    }
    if count > 1 {
      guard ends.count == count else { return .failed }
      let own = results.span.extracting((place == 0 ? 0 : ends[place - 1])..<ends[place])
      return JamboreePostgres.decode(request.operation, Results(own), into: &reply)
    }
    guard request.isGroup, let list = request.list else {
      return JamboreePostgres.decode(request.operation, Results(results.span), into: &reply)
    }
    guard ends.count == list.operations.count else { return .ok }
    // Rows of all reads in order; the version is that of the last write that gives one.
    var start = 0
    var outcome = Outcome.ok
    for (index, operation) in list.operations.enumerated() {
      let version = reply.version
      let own = JamboreePostgres.decode(operation, Results(results.span.extracting(start..<ends[index])), into: &reply)
      start = ends[index]
      if reply.version == 0 { reply.version = version }
      if own != .ok { outcome = own }
    }
    return outcome
  }
}

/// The results of an operation's statements, in order.
struct Results: ~Escapable {
  private let all: Span<OpaquePointer>

  @_lifetime(copy all) init(_ all: Span<OpaquePointer>) { self.all = all }

  var count: Int { all.count }
  subscript(index: Int) -> Rows { Rows(result: all[index]) }
}

/// Turns the results of an operation that ended well into what the harness is told.
private func decode(_ operation: Operation, _ results: borrowing Results, into reply: inout Reply) -> Outcome {
  guard results.count > 0 else { return .failed }
  let first = results[0]
  let textColumn: Int32? = operation.flags.contains(.wantsText) ? 13 : nil
  switch operation.verb {
  case .publish, .edit, .delete, .react:
    guard first.count == 1 else { return .ok }
    reply.version = UInt32(truncatingIfNeeded: first.int(0, 1))
    return Outcome(rawValue: UInt8(truncatingIfNeeded: first.int(0, 0))) ?? .failed
  case .connect, .disconnect, .join, .deliver, .markRead: break
  case .item:
    guard first.count == 1 else { return .notFound }
    guard operation.expectedVersion == 0 || first.item(0).version == operation.expectedVersion else { return .conflict }
    first.appendItems(textColumn: textColumn, to: &reply)
  case .thread:
    guard first.count == 1 else { return .notFound }
    guard operation.limit > 0 else { return .ok }
    for index in 0..<results.count { results[index].appendItems(textColumn: textColumn, to: &reply) }
  case .revisions:
    guard first.count == 1 else { return .notFound }
    guard operation.limit > 0 else { return .ok }
    // What people have said since belongs to the item, not to one of its texts.
    let place = reply.items.count
    first.appendItems(textColumn: textColumn, to: &reply)
    var row = reply.items[place]
    for number in 1..<max(results.count, 1) {
      let rows = results[number]
      for index in 0..<rows.count {
        row.version = UInt32(truncatingIfNeeded: rows.int(index, 0))
        row.payload = UInt64(bitPattern: rows.int(index, 1))
        if textColumn != nil { row.payload = rows.fingerprint(index, 2, of: row.payload) }
        reply.items.append(row)
      }
    }
  case .listing, .recentByAuthors, .scan, .search: first.appendItems(textColumn: textColumn, to: &reply)
  case .inbox, .notifications:
    reply.count = first.count == 1 ? first.int(0, 0) : 0
    guard results.count > 1 else { return .ok }
    let rows = results[1]
    guard operation.verb == .notifications else {
      rows.appendItems(textColumn: textColumn, to: &reply)
      return .ok
    }
    rows.appendItems(textColumn: textColumn.map { $0 + 3 }, to: &reply)
    for row in 0..<rows.count {
      reply.keys.append(UInt64(bitPattern: rows.int(row, 13)))
      reply.keys.append(UInt64(bitPattern: rows.int(row, 14)) << 32 | UInt64(bitPattern: rows.int(row, 15)))
    }
  case .directory, .connections:
    for row in 0..<first.count { reply.keys.append(UInt64(bitPattern: first.int(row, 0))) }
  case .profile:
    guard first.count == 1 else { return .notFound }
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
  return .ok
}
