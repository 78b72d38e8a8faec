import JamboreeEngine
import JamboreeKit
import JamboreeMemory

/// Is told of all that a run of one worker does, and what it was answered.
protocol BackendWatcher: AnyObject, Sendable {
  func saw(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: borrowing Reply)
  func endTick()
}

extension BackendWatcher {
  func endTick() {}
}

/// Keeps what was done, in order.
final class OperationWatcher: BackendWatcher {
  private let seen = Guarded<[Operation]>([])
  var operations: [Operation] { seen.withLock { $0 } }

  func saw(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: borrowing Reply) { seen.withLock { $0.append(operation) } }
}

/// A backend that a watcher looks over.
final class WatchedBackend: BlockingStorageBackend {
  static var descriptor: BackendDescriptor { MemoryBackend.descriptor }
  private let base: MemoryBackend
  private let watcher: any BackendWatcher

  init(_ watcher: any BackendWatcher) throws {
    base = try MemoryBackend(options: noOptions())
    self.watcher = watcher
  }

  init(options: OptionValues) throws(BackendError) { throw BackendError(.usage, "made in code") }
  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func endTick(_ tick: TickID) throws(BackendError) {
    try base.endTick(tick)
    watcher.endTick()
  }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), watcher) }

  final class Session: StorageSession {
    private let base: MemoryBackend.Session
    private let watcher: any BackendWatcher

    init(_ base: MemoryBackend.Session, _ watcher: any BackendWatcher) {
      self.base = base
      self.watcher = watcher
    }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      let outcome = base.execute(operation, arguments: arguments, into: &reply)
      watcher.saw(operation, arguments, reply)
      return outcome
    }
  }
}
