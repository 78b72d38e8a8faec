import JamboreeKit
import Synchronization

/// A backend that is wrong in one way, over one that is right: what a checker must be able to tell apart.
public final class FaultyBackend<Base: BlockingStorageBackend>: BlockingStorageBackend {
  /// The kinds of error.
  public enum Fault: Sendable {
    /// Acknowledges the n-th `publish` and does not make it.
    case dropsWrite(number: Int)
    /// Answers `failed` to the n-th `publish` and does not make it, as on a full disk.
    case failsWrite(number: Int)
    /// Makes the n-th `publish` twice, the second time under an id of its own, as a client that retries does.
    case duplicatesWrite(number: Int)
    /// Acknowledges the n-th `react` and does not make it.
    case losesRating(number: Int)
    /// Answers with the first two rows of every listing swapped.
    case breaksOrder
    /// Answers listings as they were before the last tick ended, as a replica that lags does.
    case servesStalePage
    /// Shows private items to everybody.
    case showsPrivate
    /// Takes edits whatever version they expect.
    case ignoresConflicts
    /// Acknowledges the n-th `deliver` and does not make it.
    case losesDelivery(number: Int)
    /// Acknowledges that things have been read, and forgets it.
    case forgetsMarks
    /// Answers with the first two members of every directory page swapped.
    case breaksNames
    /// Leaves the oldest item out of every search that finds several.
    case losesHit
  }

  public static var descriptor: BackendDescriptor { Base.descriptor }

  private let base: Base
  private let fault: Fault
  private let writes = Atomic<Int>(0)
  private let memory = Mutex(Memory())

  /// What some faults must remember.
  private struct Memory {
    var privateItems: Set<ItemID> = []
    /// Listings as operations, with the rows that were there before the last tick.
    var stale: [ContainerID: [[ItemRow]]] = [:]
  }

  public init(_ base: Base, fault: Fault) {
    self.base = base
    self.fault = fault
  }

  /// A faulty backend is made in code, with a fault; it cannot be named on a command line.
  public convenience init(options: OptionValues) throws(BackendError) {
    throw BackendError(.usage, "a faulty backend needs a fault; use init(_:fault:)")
  }

  public func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }

  public func endTick(_ tick: TickID) throws(BackendError) {
    if case .servesStalePage = fault { keepPages(try base.openSession(.max)) }
    try base.endTick(tick)
  }

  public func finish() throws(BackendError) { try base.finish() }
  public func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), self) }

  /// Reads the first page of every container in which something was published, before the base has ended the tick.
  private func keepPages(_ session: Base.Session) {
    let containers = memory.withLock { Array($0.stale.keys) }
    for container in containers {
      let pages = ListingOrder.allCases.map { order in
        var listing = Operation(verb: .listing, action: ActionID(0), actor: .platform, intended: .zero)
        listing.container = container
        listing.order = order
        listing.limit = 1000
        var reply = Reply()
        _ = session.execute(listing, arguments: Span(), into: &reply)
        return (0..<reply.items.count).map { reply.items[$0] }
      }
      memory.withLock { $0.stale[container] = pages }
    }
  }

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
        if isTurn(number) {
          reply.version = 1
          return .ok
        }
      case .failsWrite(let number) where operation.verb == .publish:
        if isTurn(number) { return .failed }
      case .duplicatesWrite(let number) where operation.verb == .publish:
        if isTurn(number) {
          var again = operation
          again.subject.rawValue |= 1 << 30
          _ = base.execute(again, arguments: arguments, into: &reply)
          reply.reset()
        }
      case .losesRating(let number) where operation.verb == .react:
        if isTurn(number) { return .ok }
      case .losesDelivery(let number) where operation.verb == .deliver:
        if isTurn(number) { return .ok }
      case .forgetsMarks where operation.verb == .markRead: return .ok
      case .breaksNames where operation.verb == .directory:
        let outcome = base.execute(operation, arguments: arguments, into: &reply)
        if reply.keys.count > 1 { reply.keys.swapAt(0, 1) }
        return outcome
      case .losesHit where operation.verb == .search:
        let outcome = base.execute(operation, arguments: arguments, into: &reply)
        if reply.items.count > 1 { reply.items.truncate(to: reply.items.count - 1) }
        return outcome
      case .ignoresConflicts where operation.verb == .edit:
        return editAnyway(operation, into: &reply)
      case .breaksOrder where operation.verb == .listing:
        let outcome = base.execute(operation, arguments: arguments, into: &reply)
        if reply.items.count > 1 {
          let first = reply.items[0]
          reply.items[0] = reply.items[1]
          reply.items[1] = first
        }
        return outcome
      case .servesStalePage:
        if operation.verb == .listing { return stalePage(operation, into: &reply) }
        if operation.verb == .publish { owner.memory.withLock { _ = $0.stale[operation.container, default: []] } }
      case .showsPrivate:
        return executeShowingPrivate(operation, arguments: arguments, into: &reply)
      default: break
      }
      return base.execute(operation, arguments: arguments, into: &reply)
    }

    private func isTurn(_ number: Int) -> Bool { owner.writes.wrappingAdd(1, ordering: .relaxed).newValue == number }

    private func editAnyway(_ operation: Operation, into reply: inout Reply) -> Outcome {
      let outcome = base.execute(operation, arguments: Span(), into: &reply)
      guard outcome == .conflict else { return outcome }
      var again = operation
      again.expectedVersion = reply.version
      reply.reset()
      return base.execute(again, arguments: Span(), into: &reply)
    }

    private func stalePage(_ operation: Operation, into reply: inout Reply) -> Outcome {
      let pages = owner.memory.withLock { $0.stale[operation.container] } ?? []
      let rows = pages.isEmpty ? [] : pages[Int(operation.order.rawValue)]
      for row in rows.dropFirst(Int(clamping: operation.object)).prefix(Int(operation.limit)) { reply.items.append(row) }
      return .ok
    }

    /// Hands private items on as public ones, and marks them as private again when they are shown.
    private func executeShowingPrivate(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      var operation = operation
      if operation.verb == .publish, operation.flags.contains(.isPrivate) {
        operation.flags.remove(.isPrivate)
        owner.memory.withLock { _ = $0.privateItems.insert(operation.subject) }
      }
      let outcome = base.execute(operation, arguments: arguments, into: &reply)
      let privateItems = owner.memory.withLock { $0.privateItems }
      for index in 0..<reply.items.count where privateItems.contains(reply.items[index].id) {
        reply.items[index].flags.insert(.isPrivate)
      }
      return outcome
    }
  }
}
