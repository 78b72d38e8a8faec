import CLibPQ
import DequeModule
import JamboreeKit

extension PipelineConnection {
  /// How often a transaction is tried that others come before.
  private static var mostTries: UInt8 { 20 }

  /// Passes on what has come to its end, as far as there is room.
  func collect(into completions: inout CompletionBatch) {
    while !completions.isFull {
      if finished.next < finished.count {
        finishNext(&completions)
      } else if mayHaveAnswers {
        takeNext()
      } else {
        break
      }
    }
    if !again.isEmpty, monotonicNow() >= againAt { repeatAll() }
    while !completions.isFull, let ended = unanswered.popFirst() { completions.complete(ended.token, ended.outcome) }
  }

  /// Those who meet again and again get out of each other's way: by chance, and for longer each time, 12.8 ms at most.
  private static func pauseNanoseconds(tries: UInt8) -> UInt64 {
    tries < 3 ? 0 : .random(in: 0..<(100_000 << min(UInt64(tries), 7)))
  }

  private func repeatAll() {
    let requests = again
    again = []
    for request in requests { repeated(request) }
    flush()
  }

  /// Takes the next result of the first thing that the server owes.
  private func takeNext() {
    guard let debt = debts.first, isUp, PQisBusy(handle) == 0 else {
      mayHaveAnswers = false
      return
    }
    let result = PQgetResult(handle)
    if PQstatus(handle) == CONNECTION_BAD {
      PQclear(result)
      return lose()
    }
    switch debt {
    case .preparation(let statement):
      guard let result else {
        debts.removeFirst()
        return
      }
      defer { PQclear(result) }
      let status = PQresultStatus(result)
      guard status != PGRES_COMMAND_OK else { return }
      // What comes after a failure in the same transaction is skipped, preparations too.
      if let statement { forget(statement) }
      guard status == PGRES_FATAL_ERROR else { return }
      // It is the first step of the request that needs it; of the connection itself, if of none.
      guard statement != nil, !requests.isEmpty else { return lose() }
      answer.fail(result)
      lastErrorText = answer.message
    case .statement(let keeps, let endsOperation, let endsRead):
      if let result { return take(result, keeps: keeps) }
      debts.removeFirst()
      if endsOperation { answer.endOperation() }
      if endsRead { finish(1) }
    case .commit(let writes):
      guard let result else { return }
      let status = PQresultStatus(result)
      if status == PGRES_FATAL_ERROR, writes > 0 { answer.fail(result) }
      PQclear(result)
      guard status == PGRES_PIPELINE_SYNC else { return }
      debts.removeFirst()
      if writes > 0 { finish(writes) }
    }
  }

  private func take(_ result: OpaquePointer, keeps: Bool) {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
      if keeps { return answer.append(result) }
    case PGRES_PIPELINE_ABORTED: answer.skip()
    default:
      if answer.outcome == .ok, !answer.mayBeRepeated { answer.fail(result) }
      if answer.outcome.isError { lastErrorText = answer.message }
    }
    PQclear(result)
  }

  /// The first requests have their whole answer: one, or all that share a transaction.
  private func finish(_ count: Int) { finished = (0, count) }

  private func finishNext(_ completions: inout CompletionBatch) {
    let (place, count) = finished
    finished.next += 1
    defer { if finished.next == count { answer.reset() } }
    var request = requests.removeFirst()
    // What failed took the others along, which can be done again without it.
    if answer.mayBeRepeated || (count > 1 && answer.outcome != .ok && answer.failedOperation != place) {
      if request.tries < Self.mostTries {
        againAt = max(againAt, monotonicNow() + Self.pauseNanoseconds(tries: request.tries))
        request.tries += 1
        again.append(request)
        return
      }
      answer.giveUp()
    }
    release(request)
    completions.complete(request.token) { reply in answer.decode(request, place: place, of: count, into: &reply) }
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
