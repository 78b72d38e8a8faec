import JamboreeKit
import JamboreeTesting

/// A backend that ends groups with a conflict, whatever they hold.
final class EndsGroups<Base: BlockingStorageBackend>: BlockingStorageBackend {
  typealias Rule = @Sendable ([Operation]) -> Bool

  static var descriptor: BackendDescriptor { Base.descriptor }

  private let base: Base
  private let isEnded: Rule

  init(_ base: Base, where isEnded: @escaping Rule) { (self.base, self.isEnded) = (base, isEnded) }
  init(options: OptionValues) throws(BackendError) { (base, isEnded) = (try Base(options: options), { _ in false }) }
  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), isEnded) }

  final class Session: StorageSession {
    private let base: Base.Session
    private let isEnded: Rule

    init(_ base: Base.Session, _ isEnded: @escaping Rule) { (self.base, self.isEnded) = (base, isEnded) }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      base.execute(operation, arguments: arguments, into: &reply)
    }

    func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      var operations: [Operation] = []
      for index in 0..<group.count { operations.append(group.operations[index]) }
      return isEnded(operations) ? .conflict : base.executeAtomically(group, into: &reply)
    }
  }
}
