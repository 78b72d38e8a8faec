import JamboreeKit

/// A pipelined backend that is wrong in one way, over one that is right.
public final class FaultyPipeline<Base: PipelinedStorageBackend>: PipelinedStorageBackend {
  /// The kinds of error.
  public enum Fault: Sendable {
    /// Completes a session's n-th request twice.
    case completesTwice(number: Int)
    /// Never completes a session's n-th request.
    case neverCompletes(number: Int)
    /// Completes a session's n-th request with a token that nobody submitted.
    case mixesUpTokens(number: Int)
    /// Holds every other write back until the next poll, whoever owns it.
    case breaksOwnerOrder
  }

  public static var descriptor: BackendDescriptor { Base.descriptor }

  private let base: Base
  private let fault: Fault

  public init(_ base: Base, fault: Fault) {
    self.base = base
    self.fault = fault
  }

  /// A faulty backend is made in code, with a fault; it cannot be named on a command line.
  public convenience init(options: OptionValues) throws(BackendError) {
    throw BackendError(.usage, "a faulty backend needs a fault; use init(_:fault:)")
  }

  public func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  public func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  public func finish() throws(BackendError) { try base.finish() }

  public func openSession(_ id: SessionID, connections: Int) throws(BackendError) -> Session {
    Session(try base.openSession(id, connections: connections), fault)
  }

  public final class Session: PipelinedStorageSession {
    private let base: Base.Session
    private let fault: Fault
    private var submitted = 0
    private var extra: [Token] = []
    private var swallowed: Set<Token> = []
    private var renamed: Set<Token> = []
    private var heldBack: [(call: Call, token: Token)] = []

    init(_ base: Base.Session, _ fault: Fault) {
      self.base = base
      self.fault = fault
    }

    public func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
      note(token)
      if case .breaksOwnerOrder = fault, operation.verb.isWrite, submitted % 2 == 0 {
        heldBack.append((Call(operation, (0..<arguments.count).map { arguments[$0] }), token))
      } else {
        base.submit(operation, arguments: arguments, token: token)
      }
    }

    public func submitAtomically(_ group: borrowing OperationGroup, token: Token) {
      note(token)
      base.submitAtomically(group, token: token)
    }

    private func note(_ token: Token) {
      submitted += 1
      switch fault {
      case .completesTwice(let number) where submitted == number: extra.append(token)
      case .neverCompletes(let number) where submitted == number: swallowed.insert(token)
      case .mixesUpTokens(let number) where submitted == number: renamed.insert(token)
      default: break
      }
    }

    public func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
      for (call, token) in heldBack { base.submit(call.operation, arguments: call.arguments.span, token: token) }
      heldBack.removeAll()
      var inner = CompletionBatch(capacity: 1)
      while !completions.isFull {
        inner.removeAll()
        base.poll(until: deadline, into: &inner)
        if inner.count == 0 { break }
        let token = inner.token(at: 0)
        if swallowed.contains(token) { continue }
        let shown = renamed.contains(token) ? Token(rawValue: token.rawValue ^ 1 << 40) : token
        let outcome = inner.outcome(at: 0)
        inner.withReply(at: 0) { reply in completions.complete(shown, outcome) { swap(&$0, &reply) } }
      }
      // The second completion comes last, when the request seems long done.
      for token in extra where !completions.isFull { completions.complete(token, .ok) }
      if !completions.isFull { extra.removeAll() }
    }
  }
}
