import JamboreeKit

/// The reference model as a backend: slow, obviously right, with groups that are all or none. What the conformance
/// suite itself is tested on, and what a new backend's answers may be held against.
public final class ModelBackend: BlockingStorageBackend {
  public static let descriptor = BackendDescriptor(
    id: "model", version: "1", summary: "the conformance suite's reference model: right, not fast", writers: .single,
    verbs: ReferenceModel.verbs, atomicGroups: true, isolation: .serializable)

  private let model = Guarded(ReferenceModel())

  public init(options: OptionValues) throws(BackendError) {}

  public func load(_ dataset: Dataset) throws(BackendError) { model.access { $0 = ReferenceModel(dataset) } }
  public func endTick(_ tick: TickID) throws(BackendError) {}
  public func finish() throws(BackendError) {}
  public func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(self) }

  public final class Session: StorageSession {
    private let owner: ModelBackend

    init(_ owner: ModelBackend) { self.owner = owner }

    public func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      let call = Call(operation, copy(arguments))
      return reply.take(owner.model.access { $0.perform(call) })
    }

    public func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      var calls: [Call] = []
      for index in 0..<group.count { calls.append(Call(group.operations[index], copy(group.arguments(of: index)))) }
      return reply.take(owner.model.access { $0.perform(group: calls, atomic: true) })
    }

    private func copy(_ span: Span<UInt64>) -> [UInt64] { (0..<span.count).map { span[$0] } }

  }
}
