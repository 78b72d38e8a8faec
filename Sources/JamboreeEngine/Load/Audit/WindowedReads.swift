import JamboreeKit

/// Sends reads through a session, so many at a time, until there are no more or time is up.
struct WindowedReads {
  private let session: any PipelinedStorageSession
  private let limit: Int
  private let deadlineNanoseconds: UInt64
  private let now: () -> UInt64
  /// Far from what a load's own requests are called, some of which may still complete.
  private var lastToken: UInt64 = 0xA0D1 << 48

  init(
    _ session: any PipelinedStorageSession, limit: Int, deadlineNanoseconds: UInt64, now: @escaping () -> UInt64
  ) {
    self.session = session
    self.limit = max(limit, 1)
    self.deadlineNanoseconds = deadlineNanoseconds
    self.now = now
  }

  /// - Parameters:
  ///   - next: what to read, with a number to know it by; nil for no more.
  ///   - completed: takes what came and says what to read next under the same number, if anything. A read that ended in an
  ///     error is repeated twice before it is handed over.
  mutating func run(
    next: () -> (number: Int, read: Operation)?, completed: (_ number: Int, Outcome, borrowing Reply) -> Operation?
  ) {
    var batch = CompletionBatch(capacity: min(limit, 64))
    var underWay: [Token: (number: Int, read: Operation, tries: Int)] = [:]
    var hasMore = true
    while now() < deadlineNanoseconds {
      while hasMore, underWay.count < limit {
        guard let (number, read) = next() else {
          hasMore = false
          break
        }
        submit((number, read, 1), &underWay)
      }
      if underWay.isEmpty { return }
      batch.removeAll()
      session.poll(until: MonotonicInstant(nanoseconds: deadlineNanoseconds), into: &batch)
      for position in 0..<batch.count {
        guard let request = underWay.removeValue(forKey: batch.token(at: position)) else { continue }
        let outcome = batch.outcome(at: position)
        if outcome.isError, request.tries < 3 {
          submit((request.number, request.read, request.tries + 1), &underWay)
        } else if let read = batch.withReply(at: position, { completed(request.number, outcome, $0) }) {
          submit((request.number, read, 1), &underWay)
        }
      }
    }
  }

  private mutating func submit(
    _ request: (number: Int, read: Operation, tries: Int),
    _ underWay: inout [Token: (number: Int, read: Operation, tries: Int)]
  ) {
    lastToken += 1
    let token = Token(rawValue: lastToken)
    underWay[token] = request
    session.submit(request.read, arguments: Span(), token: token)
  }
}
