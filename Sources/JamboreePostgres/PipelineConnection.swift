import CLibPQ
import DequeModule
import Glibc
import JamboreeKit

/// One request that is under way.
struct Request {
  let token: Token
  /// One, or a group's.
  let operations: [Operation]
  let arguments: [UInt64]
  /// Where those of each operation begin, and where the last one's end.
  let argumentStarts: [Int]
  let isGroup: Bool
  let isWrite: Bool
  var answer = Answer()
  /// Where the results of each operation of a group begin.
  var resultStarts: [Int] = [0]
  /// It was not done, for no reason of its own: another transaction came first, or one before it failed.
  var mayBeRepeated = false
  var tries = 1

  /// A single operation.
  init(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
    self.token = token
    operations = [operation]
    self.arguments = (0..<arguments.count).map { arguments[$0] }
    argumentStarts = [0, arguments.count]
    isGroup = false
    isWrite = operation.verb.isWrite
  }

  init(_ group: borrowing OperationGroup, token: Token) {
    self.token = token
    var operations: [Operation] = []
    for index in 0..<group.count { operations.append(group.operations[index]) }
    self.operations = operations
    arguments = (0..<group.arguments.count).map { group.arguments[$0] }
    argumentStarts = (0..<group.argumentStarts.count).map { Int(group.argumentStarts[$0]) }
    isGroup = true
    isWrite = true
  }
}

/// One connection in pipeline mode: requests go out one after the other without waiting, and are answered in that order.
///
/// Reads that are sent together share a transaction; each write, and each group, is one of its own, which is acknowledged
/// when its commit is. A connection that is lost answers what was under way with `unavailable`, and comes back by itself.
final class PipelineConnection {
  /// What the server owes, in order.
  private enum Debt {
    case preparation(Statement?)
    /// - keeps: whether its rows are part of the reply.
    case statement(keeps: Bool, endsOperation: Bool, endsRead: Bool)
    case commit(endsWrite: Bool)
  }

  private enum State {
    case connecting, up
    case down(until: UInt64)
  }

  private let settings: PostgresBackend.Settings
  private var handle: OpaquePointer?
  private var state: State
  /// How often a transaction is tried that others come before.
  private static let mostTries = 20
  private var pauseNanoseconds: UInt64 = 50_000_000
  private var isPrepared = [Bool](repeating: false, count: Statement.allCases.count)
  private var debts: Deque<Debt> = []
  private(set) var requests: Deque<Request> = []
  /// Reads that nothing has followed yet which would make the server answer.
  private var hasOpenReads = false
  private(set) var wantsToWrite = false
  /// Something could not be sent: what is owed is not to be relied on any more.
  private var isBroken = false
  /// Requests that end without the server's word.
  private(set) var unanswered: Deque<Request> = []
  /// Reads that a failure of another one has taken along: to be sent again.
  private(set) var again: [Request] = []
  private(set) var lastErrorText = ""
  private var writer: RequestWriter

  init(_ settings: PostgresBackend.Settings, indexesWords: Bool) {
    self.settings = settings
    writer = RequestWriter(indexesWords: indexesWords)
    state = .down(until: 0)
  }

  deinit { PQfinish(handle) }

  var isUp: Bool { if case .up = state { true } else { false } }
  var isIdle: Bool { requests.isEmpty && unanswered.isEmpty && again.isEmpty }
  var socket: Int32 { handle.map { PQsocket($0) } ?? -1 }
  /// What to wait for at the socket, for `poll`.
  var events: Int16 {
    switch state {
    case .down: 0
    case .connecting: connectEvents
    case .up: Int16(POLLIN) | (wantsToWrite ? Int16(POLLOUT) : 0)
    }
  }
  private var connectEvents: Int16 = 0
  private var connectDeadline: UInt64 = 0

  /// Whether what it waits for is there.
  @discardableResult func waitForSocket(milliseconds: Int32) -> Bool {
    var descriptor = pollfd(fd: socket, events: events, revents: 0)
    return Glibc.poll(&descriptor, 1, milliseconds) > 0 && descriptor.revents != 0
  }
  /// When it will try to connect again; nil when it need not.
  var retryAt: UInt64? { if case .down(let until) = state { until } else { nil } }

  // MARK: Connecting

  /// Takes the next step towards a connection.
  func connect() {
    switch state {
    case .up: return
    case .down(let until):
      guard monotonicNow() >= until else { return }
      PQfinish(handle)
      handle = PQconnectStart(settings.connectionString)
      state = .connecting
      connectEvents = Int16(POLLOUT)
      connectDeadline = monotonicNow() + UInt64(settings.connectSeconds) * 1_000_000_000
      if handle == nil || PQstatus(handle) == CONNECTION_BAD { lose() }
    case .connecting:
      // libpq takes the socket to be ready, and would wait for it.
      guard waitForSocket(milliseconds: 0) else {
        if monotonicNow() > connectDeadline { lose() }
        return
      }
      switch PQconnectPoll(handle) {
      case PGRES_POLLING_READING: connectEvents = Int16(POLLIN)
      case PGRES_POLLING_WRITING: connectEvents = Int16(POLLOUT)
      case PGRES_POLLING_OK: begin()
      default: lose()
      }
    }
  }

  private func begin() {
    state = .up
    pauseNanoseconds = 50_000_000
    isPrepared = [Bool](repeating: false, count: isPrepared.count)
    PQsetnonblocking(handle, 1)
    PQenterPipelineMode(handle)
    PQsendQueryParams(handle, settings.setup, 0, nil, nil, nil, nil, 1)
    debts.append(.preparation(nil))
    PQpipelineSync(handle)
    debts.append(.commit(endsWrite: false))
  }

  private func lose() {
    if let handle { lastErrorText = firstLine(PQerrorMessage(handle)) }
    for var request in requests {
      request.answer.clear()
      request.answer = Answer(outcome: .unavailable, message: lastErrorText)
      unanswered.append(request)
    }
    requests = []
    debts = []
    hasOpenReads = false
    isBroken = false
    wantsToWrite = false
    state = .down(until: monotonicNow() + pauseNanoseconds)
    // Not all at once, when a server with many clients comes back.
    pauseNanoseconds = min(pauseNanoseconds * 2, 2_000_000_000)
  }

  // MARK: Sending

  func submit(_ request: Request) {
    guard isUp else {
      var request = request
      request.answer.outcome = .unavailable
      request.answer.message = lastErrorText
      unanswered.append(request)
      return
    }
    if request.isWrite { sendOpenReads() }
    requests.append(request)
    let arguments = request.arguments.span
    for (index, operation) in request.operations.enumerated() {
      let first = debts.count
      let own = arguments.extracting(request.argumentStarts[index]..<request.argumentStarts[index + 1])
      writer.write(operation, arguments: own, inGroup: request.isGroup) { send($0, &$1, endsOperation: false) }
      endOperation(from: first, endsRead: !request.isWrite)
    }
    if request.isWrite { commit(endsWrite: true) } else { hasOpenReads = true }
    loseIfBroken()
  }

  /// Ends a request as its answer stands.
  func finish(_ request: Request) { unanswered.append(request) }

  private func send(_ statement: Statement, _ parameters: inout Parameters, endsOperation: Bool) {
    if !isPrepared[statement.rawValue] {
      let kinds = statement.kinds.map(\.rawValue)
      PQsendPrepare(handle, statement.name, statement.sql, Int32(kinds.count), kinds)
      isPrepared[statement.rawValue] = true
      debts.append(.preparation(statement))
    }
    let sent = parameters.withPointers { count, values, lengths, formats in
      PQsendQueryPrepared(handle, statement.name, count, values, lengths, formats, 1)
    }
    if sent == 0 { isBroken = true }
    debts.append(.statement(keeps: statement.isShown, endsOperation: endsOperation, endsRead: false))
  }

  private func endOperation(from first: Int, endsRead: Bool) {
    guard debts.count > first, case .statement(let keeps, _, _) = debts[debts.count - 1] else { return }
    debts[debts.count - 1] = .statement(keeps: keeps, endsOperation: true, endsRead: endsRead)
  }

  private func commit(endsWrite: Bool) {
    if PQpipelineSync(handle) == 0 { isBroken = true }
    debts.append(.commit(endsWrite: endsWrite))
  }

  func sendOpenReads() {
    guard hasOpenReads else { return }
    hasOpenReads = false
    commit(endsWrite: false)
  }

  /// Sends as much as the socket takes.
  func flush() {
    guard isUp else { return }
    sendOpenReads()
    let left = PQflush(handle)
    wantsToWrite = left == 1
    if left < 0 { isBroken = true }
    loseIfBroken()
  }

  private func loseIfBroken() {
    if isUp, isBroken || PQstatus(handle) == CONNECTION_BAD { lose() }
  }

  // MARK: Receiving

  func receive() {
    guard isUp else { return connect() }
    if PQconsumeInput(handle) == 0 || PQstatus(handle) == CONNECTION_BAD { lose() }
  }

  func takeUnanswered() -> Request? { unanswered.popFirst() }
  func takeAgain() -> [Request] {
    defer { again = [] }
    return again
  }

  /// The next request that has come to its end.
  func next() -> Request? {
    while let debt = debts.first {
      guard isUp, PQisBusy(handle) == 0 else { return nil }
      let result = PQgetResult(handle)
      if PQstatus(handle) == CONNECTION_BAD {
        PQclear(result)
        lose()
        return nil
      }
      switch debt {
      case .preparation(let statement):
        guard let result else { debts.removeFirst(); continue }
        // What comes after a failure in the same transaction is skipped, preparations too.
        if PQresultStatus(result) != PGRES_COMMAND_OK, let statement { isPrepared[statement.rawValue] = false }
        if PQresultStatus(result) == PGRES_FATAL_ERROR {
          lastErrorText = firstLine(PQresultErrorMessage(result))
          // It is the first step of the request that needs it; of the connection itself, if of none.
          if statement == nil || requests.isEmpty {
            PQclear(result)
            lose()
            return nil
          }
          _ = requests[0].answer.fail(result)
        }
        PQclear(result)
      case .statement(let keeps, let endsOperation, let endsRead):
        if let result {
          take(result, keeps: keeps)
          continue
        }
        debts.removeFirst()
        if endsOperation { requests[0].resultStarts.append(requests[0].answer.results.count) }
        if endsRead, let request = finishFirst() { return request }
      case .commit(let endsWrite):
        guard let result else { continue }
        let status = PQresultStatus(result)
        if status == PGRES_FATAL_ERROR, endsWrite, !requests.isEmpty { requests[0].mayBeRepeated = requests[0].answer.fail(result) }
        PQclear(result)
        guard status == PGRES_PIPELINE_SYNC else { continue }
        debts.removeFirst()
        if endsWrite, let request = finishFirst() { return request }
      }
    }
    return nil
  }

  private func take(_ result: OpaquePointer, keeps: Bool) {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
      if keeps { requests[0].answer.results.append(result) } else { PQclear(result) }
      return
    case PGRES_PIPELINE_ABORTED:
      if requests[0].answer.outcome == .ok { requests[0].mayBeRepeated = true }
    default:
      if requests[0].answer.outcome == .ok, !requests[0].mayBeRepeated { requests[0].mayBeRepeated = requests[0].answer.fail(result) }
      if requests[0].answer.outcome.isError { lastErrorText = requests[0].answer.message }
    }
    PQclear(result)
  }

  private func finishFirst() -> Request? {
    var request = requests.removeFirst()
    guard request.mayBeRepeated else { return request }
    guard request.tries < Self.mostTries else {
      if request.answer.outcome == .ok { request.answer.outcome = .failed }
      return request
    }
    request.answer.clear()
    request.answer = Answer()
    request.resultStarts = [0]
    request.mayBeRepeated = false
    request.tries += 1
    again.append(request)
    return nil
  }
}

extension Statement {
  /// Whether what it answers is part of the reply.
  var isShown: Bool {
    switch self {
    case .demandItem, .trimInbox, .trimNotifications: false
    default: true
    }
  }
}
