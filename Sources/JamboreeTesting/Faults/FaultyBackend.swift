import JamboreeKit
import Synchronization

/// A backend that is wrong in one way, over one that is right: what a checker must be able to tell apart.
public final class FaultyBackend<Base: BlockingStorageBackend>: BlockingStorageBackend {
  public enum Fault: Sendable {
    /// Acknowledges the n-th write and does not make it.
    case dropsWrite(number: Int)
    /// Answers with the first two rows of every listing swapped.
    case breaksOrder
  }

  public static var descriptor: BackendDescriptor { Base.descriptor }

  private let base: Base
  private let fault: Fault
  private let writes = Atomic<Int>(0)

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
  public func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), self) }

  public final class Session: StorageSession {
    private let base: Base.Session
    private let owner: FaultyBackend

    init(_ base: Base.Session, _ owner: FaultyBackend) {
      self.base = base
      self.owner = owner
    }

    public func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      switch owner.fault {
      case .dropsWrite(let number) where operation.verb == .publish:
        if owner.writes.wrappingAdd(1, ordering: .relaxed).newValue == number {
          reply.version = 1
          return .ok
        }
      case .breaksOrder where operation.verb == .listing:
        let outcome = base.execute(operation, arguments: arguments, into: &reply)
        if reply.items.count > 1 {
          let first = reply.items[0]
          reply.items[0] = reply.items[1]
          reply.items[1] = first
        }
        return outcome
      default: break
      }
      return base.execute(operation, arguments: arguments, into: &reply)
    }
  }
}
