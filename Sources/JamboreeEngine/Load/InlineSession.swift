import JamboreeKit

/// A backend that answers at once, as one with many requests under way: for the null backend, whose calls never wait.
final class InlineSession: PipelinedStorageSession {
  private let base: any StorageSession
  private var waiting: [(call: RecordedCall, token: Token)] = []
  private var next = 0

  init(_ base: any StorageSession) { self.base = base }

  var lastErrorText: String { base.lastErrorText }

  func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
    waiting.append((RecordedCall(operation, arguments), token))
  }

  func submitAtomically(_ group: borrowing OperationGroup, token: Token) {
    waiting.append((RecordedCall(group), token))
  }

  func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
    while next < waiting.count, !completions.isFull {
      let (call, token) = waiting[next]
      next += 1
      completions.complete(token) { call.perform(on: base, into: &$0) }
    }
    guard next > waiting.count / 2 else { return }
    waiting.removeFirst(next)
    next = 0
  }
}

/// A call that is kept until it is made.
struct RecordedCall: Sendable {
  private let operations: InlineOrMany
  private let argumentStarts: [UInt32]
  private let arguments: [UInt64]

  private enum InlineOrMany: Sendable {
    case one(Operation)
    case group([Operation])
  }

  init(_ operation: Operation, _ arguments: Span<UInt64>) {
    operations = .one(operation)
    argumentStarts = []
    self.arguments = arguments.isEmpty ? [] : (0..<arguments.count).map { arguments[$0] }
  }

  init(_ group: borrowing OperationGroup) {
    var copied: [Operation] = []
    for index in 0..<group.count { copied.append(group.operations[index]) }
    operations = .group(copied)
    argumentStarts = (0..<group.argumentStarts.count).map { group.argumentStarts[$0] }
    arguments = (0..<group.arguments.count).map { group.arguments[$0] }
  }

  /// The key of which writes keep their order; nil for reads.
  var ownerKey: UInt64? {
    switch operations {
    case .one(let operation): operation.verb.isWrite ? operation.ownerKey : nil
    case .group(let operations): (operations.first { $0.verb.isWrite } ?? operations.first)?.ownerKey
    }
  }

  func perform(on session: any StorageSession, into reply: inout Reply) -> Outcome {
    switch operations {
    case .one(let operation): session.execute(operation, arguments: arguments.span, into: &reply)
    case .group(let operations):
      session.executeAtomically(
        OperationGroup(operations: operations.span, argumentStarts: argumentStarts.span, arguments: arguments.span), into: &reply)
    }
  }
}
