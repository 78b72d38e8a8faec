import CLibPQ
import DequeModule
import Glibc
import JamboreeKit

/// One connection in pipeline mode: requests go out one after the other without waiting, and are answered in that order.
///
/// Reads that are sent together share a transaction; each write, and each group, is one of its own, which is acknowledged
/// when its commit is. Where the settings say so, writes that are sent together share one as well. A connection that is lost answers what was under way with `unavailable`, and comes back by itself.
final class PipelineConnection {
  /// What the server owes, in order.
  enum Debt {
    case preparation(Statement?)
    /// - keeps: whether its rows are part of the reply.
    case statement(keeps: Bool, endsOperation: Bool, endsRead: Bool)
    /// - writes: how many requests it acknowledges.
    case commit(writes: Int)
  }

  /// What was sent last, as long as nothing has followed that makes the server commit and answer.
  private enum Open { case nothing, reads, write, sharedWrites(Int) }

  /// Writes that share a transaction at most: each holds its rows' locks until all are done.
  private static let mostShared = 64

  private enum State {
    case connecting, up
    case down(until: UInt64)
  }

  // Used by one thread, and no access lasts while another one begins: to check that would cost as much as the rest.
  private let settings: PostgresBackend.Settings
  private let owners: OwnerPlaces
  @exclusivity(unchecked) private(set) var handle: OpaquePointer?
  @exclusivity(unchecked) private var state: State
  @exclusivity(unchecked) private var pauseNanoseconds: UInt64 = 50_000_000
  @exclusivity(unchecked) private var connectEvents: Int16 = 0
  @exclusivity(unchecked) private var connectDeadline: UInt64 = 0

  @exclusivity(unchecked) private var writer: RequestWriter
  @exclusivity(unchecked) private var isPrepared = [Bool](repeating: false, count: Statement.allCases.count)
  @exclusivity(unchecked) private var open = Open.nothing
  /// Something may be waiting to be sent.
  @exclusivity(unchecked) private var hasUnsent = false
  @exclusivity(unchecked) private var wantsToWrite = false
  /// Something could not be sent: what is owed is not to be relied on any more.
  @exclusivity(unchecked) private var isBroken = false

  @exclusivity(unchecked) var debts: Deque<Debt> = []
  @exclusivity(unchecked) var requests: Deque<Request> = []
  @exclusivity(unchecked) var answer = Answer()
  /// Of the first requests, which have their whole answer: how many they are, and how many have been passed on.
  @exclusivity(unchecked) var finished = (next: 0, count: 0)
  /// Something may have come in that was not looked at.
  @exclusivity(unchecked) var mayHaveAnswers = false
  /// Requests that end without the server's word.
  @exclusivity(unchecked) var unanswered: Deque<(token: Token, outcome: Outcome)> = []
  /// Requests that another transaction has taken the place of, or a failure of another one has taken along: to be sent again.
  @exclusivity(unchecked) var again: [Request] = []
  /// When those are sent, by the monotonic clock.
  @exclusivity(unchecked) var againAt: UInt64 = 0
  @exclusivity(unchecked) var lastErrorText = ""

  init(_ settings: PostgresBackend.Settings, owners: OwnerPlaces, indexesWords: Bool) {
    self.settings = settings
    self.owners = owners
    writer = RequestWriter(indexesWords: indexesWords)
    state = .down(until: 0)
  }

  deinit { PQfinish(handle) }

  var isUp: Bool { if case .up = state { true } else { false } }
  /// How many requests are under way; the largest number when it takes none.
  var load: Int { isUp ? requests.count : .max }
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
  /// When it will try to connect again; nil when it need not.
  var retryAt: UInt64? { if case .down(let until) = state { until } else { nil } }
  /// When something is to be done that no socket tells of.
  var wakesAt: UInt64 { min(retryAt ?? .max, again.isEmpty ? .max : againAt) }

  /// Whether what it waits for is there.
  @discardableResult func waitForSocket(milliseconds: Int32) -> Bool {
    var descriptor = pollfd(fd: socket, events: events, revents: 0)
    return Glibc.poll(&descriptor, 1, milliseconds) > 0 && descriptor.revents != 0
  }

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
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    PQenterPipelineMode(handle)
    PQsendQueryParams(handle, settings.setup, 0, nil, nil, nil, nil, 1)
    debts.append(.preparation(nil))
    PQpipelineSync(handle)
    debts.append(.commit(writes: 0))
    hasUnsent = true
  }

  func lose() {
    if let handle { lastErrorText = firstLine(PQerrorMessage(handle)) }
    for request in requests { end(request, .unavailable) }
    requests.removeAll()
    debts.removeAll()
    answer.reset()
    finished = (0, 0)
    open = .nothing
    isBroken = false
    hasUnsent = false
    wantsToWrite = false
    mayHaveAnswers = false
    state = .down(until: monotonicNow() + pauseNanoseconds)
    // Not all at once, when a server with many clients comes back.
    pauseNanoseconds = min(pauseNanoseconds * 2, 2_000_000_000)
  }

  /// Ends a request without the server's word.
  private func end(_ request: Request, _ outcome: Outcome) {
    owners.release(request)
    unanswered.append((request.token, outcome))
  }

  /// Ends what asks for nothing.
  func acknowledge(_ token: Token) { unanswered.append((token, .ok)) }

  /// A request has its answer.
  func release(_ request: Request) { owners.release(request) }

  // MARK: Sending

  /// Its preparation was skipped, or failed.
  func forget(_ statement: Statement) { isPrepared[statement.rawValue] = false }

  /// Writes a request into the memory of what is to be sent.
  /// - Parameter arguments: those of a single operation.
  func submit(_ request: Request, arguments: Span<UInt64>) {
    guard isUp else { return end(request, .unavailable) }
    let shares = settings.sharesTransactions && request.isWrite && !request.isGroup
    open(for: request, shares: shares)
    hasUnsent = true
    requests.append(request)
    if request.isGroup, let list = request.list {
      for index in list.operations.indices {
        list.withArguments(of: index) { write(list.operations[index], $0, inGroup: true, endsOperation: true) }
      }
    } else {
      write(request.operation, arguments, endsOperation: shares, endsRead: !request.isWrite)
    }
    loseIfBroken()
  }

  /// Ends what is open, unless the request may go along with it.
  private func open(for request: Request, shares: Bool) {
    switch open {
    case .reads where !request.isWrite: return
    case .sharedWrites(let count) where shares && count < Self.mostShared: open = .sharedWrites(count + 1)
    default:
      commit()
      open = shares ? .sharedWrites(1) : request.isWrite ? .write : .reads
    }
  }

  /// Sends a request again, with the arguments that it has kept.
  func repeated(_ request: Request) {
    guard let list = request.list, !request.isGroup else { return submit(request, arguments: Span()) }
    list.withArguments(of: 0) { submit(request, arguments: $0) }
  }

  private func write(
    _ operation: Operation, _ arguments: Span<UInt64>, inGroup: Bool = false, endsOperation: Bool, endsRead: Bool = false
  ) {
    let first = debts.count
    writer.write(operation, arguments: arguments, inGroup: inGroup) { send($0, $1) }
    guard debts.count > first, case .statement(let keeps, _, _) = debts[debts.count - 1] else { return }
    debts[debts.count - 1] = .statement(keeps: keeps, endsOperation: endsOperation, endsRead: endsRead)
  }

  private func send(_ statement: Statement, _ parameters: borrowing Parameters) {
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
    debts.append(.statement(keeps: statement.isShown, endsOperation: false, endsRead: false))
  }

  /// Ends what is open: the server commits, and answers. Put off until something follows or all is sent, since libpq pushes out
  /// what it holds along with it.
  private func commit() {
    let writes: Int
    switch open {
    case .nothing: return
    case .reads: writes = 0
    case .write: writes = 1
    case .sharedWrites(let count): writes = count
    }
    if PQpipelineSync(handle) == 0 { isBroken = true }
    debts.append(.commit(writes: writes))
    open = .nothing
  }

  /// Sends as much as the socket takes.
  func flush() {
    guard hasUnsent, isUp else { return }
    commit()
    let left = PQflush(handle)
    wantsToWrite = left == 1
    hasUnsent = wantsToWrite
    // A socket that takes no more was read from meanwhile.
    mayHaveAnswers = true
    if left < 0 { isBroken = true }
    loseIfBroken()
  }

  private func loseIfBroken() {
    if isUp, isBroken || PQstatus(handle) == CONNECTION_BAD { lose() }
  }

  /// Something is to be had at the socket, or may be written to it.
  func receive() {
    guard isUp else { return connect() }
    if PQconsumeInput(handle) == 0 || PQstatus(handle) == CONNECTION_BAD { return lose() }
    mayHaveAnswers = true
  }
}
