import JamboreeKit

/// A pipelined backend over a blocking one, for testing what drives pipelined sessions: it completes requests in small
/// batches and out of order, the same way for the same seed.
public final class PipelinedAdapter<Base: BlockingStorageBackend>: PipelinedStorageBackend {
  public static var descriptor: BackendDescriptor { Base.descriptor }

  private let base: Base
  private let seed: UInt64

  public init(_ base: Base, seed: UInt64 = 1) {
    self.base = base
    self.seed = seed
  }

  public convenience init(options: OptionValues) throws(BackendError) { self.init(try Base(options: options)) }

  public func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  public func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  public func finish() throws(BackendError) { try base.finish() }

  public func openSession(_ id: SessionID, connections: Int) throws(BackendError) -> Session {
    Session(try base.openSession(id), seed: mix64(seed ^ UInt64(id)))
  }

  public final class Session: PipelinedStorageSession {
    private let base: Base.Session
    private var stream: RandomStream
    private var waiting: [(token: Token, perform: (inout Reply) -> Outcome, owner: UInt64?)] = []

    init(_ base: Base.Session, seed: UInt64) {
      self.base = base
      stream = RandomStream(key: seed)
    }

    public func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
      var copy: [UInt64] = []
      for index in 0..<arguments.count { copy.append(arguments[index]) }
      waiting.append(
        (
          token, { [base] reply in base.execute(operation, arguments: copy.span, into: &reply) },
          operation.verb.isWrite ? operation.ownerKey : nil
        ))
    }

    public func submitAtomically(_ group: borrowing OperationGroup, token: Token) {
      var operations: [Operation] = []
      var starts: [UInt32] = []
      var arguments: [UInt64] = []
      for index in 0..<group.count { operations.append(group.operations[index]) }
      for index in 0...group.count { starts.append(group.argumentStarts[index]) }
      for index in 0..<group.arguments.count { arguments.append(group.arguments[index]) }
      waiting.append(
        (
          token,
          { [base, operations, starts, arguments] reply in
            base.executeAtomically(
              OperationGroup(operations: operations.span, argumentStarts: starts.span, arguments: arguments.span), into: &reply)
          }, operations.first?.ownerKey
        ))
    }

    public func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
      for _ in 0..<(1 + stream.next(below: 7)) where !waiting.isEmpty && !completions.isFull {
        // Any request may be next, except that writes of one owner keep their order.
        let chosen = stream.next(below: waiting.count)
        let owner = waiting[chosen].owner
        let index = owner == nil ? chosen : waiting.firstIndex { $0.owner == owner } ?? chosen
        let request = waiting.remove(at: index)
        var outcome = Outcome.ok
        var reply = Reply()
        outcome = request.perform(&reply)
        completions.complete(request.token, outcome) { swap(&$0, &reply) }
      }
    }
  }
}
