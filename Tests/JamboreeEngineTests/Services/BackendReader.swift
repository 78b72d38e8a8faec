import JamboreeKit

/// Reads a backend as some member, after a run.
struct BackendReader: ~Copyable {
  private let session: any StorageSession
  var reply = Reply()

  init(_ backend: some BlockingStorageBackend) throws { session = try backend.openSession(0) }

  mutating func outcome(
    _ verb: Verb, as member: MemberID, arguments: [UInt64] = [], _ change: (inout Operation) -> Void = { _ in }
  ) -> Outcome {
    var read = Operation(verb: verb, action: ActionID(0), actor: member, intended: SimTime(nanoseconds: 1 << 50))
    read.limit = .max
    change(&read)
    reply.reset()
    return session.execute(read, arguments: arguments.span, into: &reply)
  }

  /// The rows of what is read.
  mutating func rows(
    _ verb: Verb, as member: MemberID, arguments: [UInt64] = [], _ change: (inout Operation) -> Void = { _ in }
  ) -> [ItemRow] {
    _ = outcome(verb, as: member, arguments: arguments, change)
    return (0..<reply.items.count).map { reply.items[$0] }
  }
}
