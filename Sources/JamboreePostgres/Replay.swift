import CLibPQ
import DequeModule
import JamboreeKit

/// What has happened before a run, through the same functions as what will: many calls under way, answered in their order.
///
/// Some hundreds share a transaction: a commit for each would take most of the time, and one for all would leave every version of
/// a row that changes often in the way of the next change.
struct Replay: ~Copyable {
  /// What the server owes, in order.
  private enum Debt {
    case preparation
    case statement(verb: Verb, subject: ItemID)
    case commit
  }

  /// Writes that share a transaction.
  private static let window = 256

  private let control: ControlConnection
  private var writer: RequestWriter
  private var isPrepared = Set<Statement>()
  private var debts: Deque<Debt> = []
  private var isBroken = false

  init(_ control: ControlConnection, indexesWords: Bool) {
    self.control = control
    writer = RequestWriter(indexesWords: indexesWords)
  }

  /// - Throws: what a write that does not end `ok` says; the connection is of no further use then.
  mutating func run(_ history: OperationLog) throws(BackendError) {
    guard history.count > 0 else { return }
    guard PQenterPipelineMode(control.handle) == 1 else { throw control.failure("loading: ") }
    var inWindow = 0
    var open = 0
    try history.forEach { (write, arguments) throws(BackendError) in
      send(write, arguments)
      inWindow += 1
      guard inWindow == Self.window else { return }
      commit()
      inWindow = 0
      open += 1
      // The server has the next ones at hand while the answers to these are read.
      if open == 2 {
        try receive()
        open = 1
      }
    }
    commit()
    while !debts.isEmpty { try receive() }
    guard PQexitPipelineMode(control.handle) == 1 else { throw control.failure("loading: ") }
  }

  private mutating func send(_ write: Operation, _ arguments: Span<UInt64>) {
    let handle = control.handle
    writer.write(write, arguments: arguments, inGroup: false) { statement, parameters in
      if isPrepared.insert(statement).inserted {
        let kinds = statement.kinds.map(\.rawValue)
        if PQsendPrepare(handle, statement.name, statement.sql, Int32(kinds.count), kinds) == 0 { isBroken = true }
        debts.append(.preparation)
      }
      let sent = parameters.withPointers { count, values, lengths, formats in
        PQsendQueryPrepared(handle, statement.name, count, values, lengths, formats, 1)
      }
      if sent == 0 { isBroken = true }
      debts.append(.statement(verb: write.verb, subject: write.subject))
    }
  }

  private mutating func commit() {
    if PQpipelineSync(control.handle) == 0 { isBroken = true }
    debts.append(.commit)
  }

  /// Takes what is owed up to the next commit.
  private mutating func receive() throws(BackendError) {
    while let debt = debts.first {
      if isBroken { throw control.failure("loading: ") }
      guard let result = try control.nextResult() else {
        guard PQstatus(control.handle) == CONNECTION_OK else { throw control.failure("loading: ") }
        if case .commit = debt { continue }
        debts.removeFirst()
        continue
      }
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_PIPELINE_SYNC:
        debts.removeFirst()
        return
      case PGRES_TUPLES_OK:
        guard case .statement(let verb, let subject) = debt, PQntuples(result) == 1 else { continue }
        let outcome = Outcome(rawValue: UInt8(truncatingIfNeeded: Rows(result: result).int(0, 0))) ?? .failed
        guard outcome == .ok else {
          throw BackendError(.failed, "postgres: loading: \(verb.name) of item \(subject.rawValue) ended \(outcome.name)")
        }
      case PGRES_COMMAND_OK: continue
      default:
        throw control.failure("loading: ", result)
      }
    }
  }
}
