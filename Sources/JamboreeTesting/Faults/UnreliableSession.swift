import JamboreeKit

extension UnreliablePipeline {
  public final class Session: PipelinedStorageSession {
    /// A request as the base knows it.
    private enum Request {
      /// Passed on, and answered as the base answers.
      case plain(Token)
      /// Passed on, and answered otherwise.
      case disguised(Token, Outcome)
      /// The fault's own: nobody is told.
      case hidden
    }

    private let base: Base.Session
    private let owner: UnreliablePipeline
    private var requests: [Token: Request] = [:]
    private var lastToken: UInt64 = 0
    /// Answers to requests that were not passed on, or not yet.
    private var pretended: [(token: Token, outcome: Outcome, version: UInt32)] = []
    /// Writes that were acknowledged and are still to be made, in order.
    private var delayed: [(dueNanoseconds: UInt64, calls: [Call], isGroup: Bool)] = []
    private var nextDelayed = 0

    init(_ base: Base.Session, _ owner: UnreliablePipeline) {
      self.base = base
      self.owner = owner
    }

    deinit {
      // What was acknowledged is made in the end, though nobody asks any more.
      passOnDelayed(until: .max)
      var unheard = CompletionBatch(capacity: 64)
      while !requests.isEmpty {
        unheard.removeAll()
        base.poll(until: .distantFuture, into: &unheard)
        if unheard.count == 0 { break }
        for position in 0..<unheard.count { requests[unheard.token(at: position)] = nil }
      }
    }

    public func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
      guard operation.verb.isWrite else { return pass(operation, arguments, .plain(token)) }
      switch owner.fault {
      case .dropsAcknowledgedWrites(let count) where owner.strike(operation, oneIn: count) != nil:
        pretend(operation, token)
      case .repeatsWrites(let count) where owner.strike(operation, oneIn: count) != nil:
        pass(operation, arguments, .plain(token))
        if let again = again(operation) { pass(again, arguments, .hidden) }
      case .losesAnswers(let count):
        guard let turn = owner.strike(operation, oneIn: count) else { return pass(operation, arguments, .plain(token)) }
        if turn % 2 == 1 {
          pass(operation, arguments, .disguised(token, .timedOut))
        } else {
          pretended.append((token, .timedOut, 0))
        }
      case .servesStaleReads(let delay):
        let call = Call(operation, (0..<arguments.count).map { arguments[$0] })
        delayed.append((owner.now() + delay, [call], false))
        pretend(operation, token)
      default: pass(operation, arguments, .plain(token))
      }
    }

    /// A group counts as a write of the class of its first.
    public func submitAtomically(_ group: borrowing OperationGroup, token: Token) {
      guard group.count > 0, group.operations[group.count - 1].verb.isWrite else { return pass(group, .plain(token)) }
      let (first, last) = (group.operations[0], group.operations[group.count - 1])
      switch owner.fault {
      case .dropsAcknowledgedWrites(let count) where owner.strike(first, oneIn: count) != nil: pretend(last, token)
      case .losesAnswers(let count):
        guard let turn = owner.strike(first, oneIn: count) else { return pass(group, .plain(token)) }
        if turn % 2 == 1 { pass(group, .disguised(token, .timedOut)) } else { pretended.append((token, .timedOut, 0)) }
      case .servesStaleReads(let delay):
        var calls: [Call] = []
        for index in 0..<group.count {
          let arguments = group.arguments(of: index)
          calls.append(Call(group.operations[index], (0..<arguments.count).map { arguments[$0] }))
        }
        delayed.append((owner.now() + delay, calls, true))
        pretend(last, token)
      default: pass(group, .plain(token))
      }
    }

    public func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
      var inner = CompletionBatch(capacity: 1)
      while true {
        passOnDelayed(until: owner.now())
        while !pretended.isEmpty, !completions.isFull {
          let answer = pretended.removeFirst()
          completions.complete(answer.token, answer.outcome) { $0.version = answer.version }
        }
        guard !completions.isFull, !requests.isEmpty else { return }
        // Does not wait where something has completed, and not past what is to be made in between.
        var limit = completions.count > 0 ? MonotonicInstant(nanoseconds: 0) : deadline
        if nextDelayed < delayed.count {
          limit = min(limit, MonotonicInstant(nanoseconds: delayed[nextDelayed].dueNanoseconds))
        }
        inner.removeAll()
        base.poll(until: limit, into: &inner)
        guard inner.count > 0 else {
          if limit < deadline, completions.count == 0 { continue }
          return
        }
        let outcome = inner.outcome(at: 0)
        switch requests.removeValue(forKey: inner.token(at: 0)) {
        case .plain(let token): inner.withReply(at: 0) { reply in completions.complete(token, outcome) { swap(&$0, &reply) } }
        case .disguised(let token, let shown): completions.complete(token, shown)
        case .hidden, nil: break
        }
      }
    }

    private func nextToken(_ request: Request) -> Token {
      lastToken += 1
      let token = Token(rawValue: lastToken)
      requests[token] = request
      return token
    }

    private func pass(_ operation: Operation, _ arguments: Span<UInt64>, _ request: Request) {
      base.submit(operation, arguments: arguments, token: nextToken(request))
    }

    private func pass(_ group: borrowing OperationGroup, _ request: Request) {
      base.submitAtomically(group, token: nextToken(request))
    }

    /// Answers as if a write had been made.
    private func pretend(_ operation: Operation, _ token: Token) {
      let version: UInt32 = operation.verb == .publish ? 1 : operation.verb == .edit ? operation.expectedVersion &+ 1 : 0
      pretended.append((token, .ok, version))
    }

    private func again(_ operation: Operation) -> Operation? {
      var again = operation
      switch operation.verb {
      case .publish: again.subject.rawValue |= 1 << 30
      case .react: again.actor = MemberID(operation.actor.rawValue | 1 << 30)
      case .edit: again.expectedVersion &+= 1
      default: return nil
      }
      return again
    }

    private func passOnDelayed(until nanoseconds: UInt64) {
      while nextDelayed < delayed.count, delayed[nextDelayed].dueNanoseconds <= nanoseconds {
        let (_, calls, isGroup) = delayed[nextDelayed]
        nextDelayed += 1
        if isGroup {
          var starts: [UInt32] = [0]
          for call in calls { starts.append(starts[starts.count - 1] + UInt32(call.arguments.count)) }
          let (operations, arguments) = (calls.map(\.operation), calls.flatMap(\.arguments))
          pass(
            OperationGroup(operations: operations.span, argumentStarts: starts.span, arguments: arguments.span), .hidden)
        } else {
          for call in calls { pass(call.operation, call.arguments.span, .hidden) }
        }
      }
      // Now and then, so that it costs nothing by and large.
      if nextDelayed > 1024, nextDelayed * 2 > delayed.count {
        delayed.removeFirst(nextDelayed)
        nextDelayed = 0
      }
    }
  }
}
