import JamboreeKit
import JamboreeMemory
import JamboreeMetrics
import Synchronization

/// Keeps versions only, and applies groups all or none.
final class AtomicStore: BlockingStorageBackend {
  static let descriptor = BackendDescriptor(
    id: "atomic", version: "1", summary: "all or none", writers: .partitioned, verbs: [.publish, .edit, .item, .listing],
    atomicGroups: true)

  let versions = Guarded<[ItemID: UInt32]>([:])

  init(options: OptionValues) throws(BackendError) {}
  func load(_ dataset: Dataset) throws(BackendError) {
    for item in dataset.history.operations { versions.withLock { $0[item.subject] = 1 } }
  }
  func endTick(_ tick: TickID) throws(BackendError) {}
  func finish() throws(BackendError) {}
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(self) }

  final class Session: StorageSession {
    private let store: AtomicStore
    init(_ store: AtomicStore) { self.store = store }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      let (outcome, version) = store.versions.withLock { ($0.apply(operation), $0[operation.subject] ?? 0) }
      if operation.verb == .item, outcome == .ok {
        reply.items.append(ItemRow(id: operation.subject, created: .zero, lastActive: .zero, version: version))
      }
      return outcome
    }

    func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      var operations: [Operation] = []
      for index in 0..<group.count { operations.append(group.operations[index]) }
      return store.versions.withLock { versions in
        var changed = versions
        for operation in operations {
          let outcome = changed.apply(operation)
          if outcome != .ok { return outcome }
        }
        versions = changed
        return .ok
      }
    }
  }
}

extension [ItemID: UInt32] {
  fileprivate mutating func apply(_ operation: Operation) -> Outcome {
    switch operation.verb {
    case .publish:
      guard self[operation.subject] == nil else { return .rejected }
      self[operation.subject] = 1
    case .edit:
      guard let version = self[operation.subject] else { return .notFound }
      guard version == operation.expectedVersion else { return .conflict }
      self[operation.subject] = version + 1
    default: return self[operation.subject] == nil ? .notFound : .ok
    }
    return .ok
  }
}

/// Memory, with an eye on what reaches it, and with faults that a test sets.
final class WatchedMemory: BlockingStorageBackend {
  static let descriptor = BackendDescriptor(
    id: "watched", version: "1", summary: "memory with one writer", writers: .single, verbs: MemoryBackend.descriptor.verbs)

  struct Write: Hashable, Sendable {
    let session: SessionID
    let tick: TickID
    let verb: Verb
    let actor: MemberID
    let subject: ItemID
  }

  private let base: MemoryBackend
  let writes = Guarded<[Write]>([])
  let reads = Atomic<Int>(0)
  /// The tick that is under way.
  let tick = Atomic<Int64>(0)
  /// The tick whose end fails.
  let failingTick: TickID?
  /// What each call adds to a clock, by verb.
  let clock: ManualClock?
  let costs: [Verb: UInt64]

  init(failingTick: TickID? = nil, clock: ManualClock? = nil, costs: [Verb: UInt64] = [:]) throws {
    base = try MemoryBackend(options: noOptions())
    self.failingTick = failingTick
    self.clock = clock
    self.costs = costs
  }

  init(options: OptionValues) throws(BackendError) {
    base = try MemoryBackend(options: options)
    (failingTick, clock, costs) = (nil, nil, [:])
  }

  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func endTick(_ tick: TickID) throws(BackendError) {
    if tick == failingTick { throw BackendError(.io, "the disk is full at tick \(tick)") }
    try base.endTick(tick)
    self.tick.store(tick + 1, ordering: .relaxed)
  }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(self, try base.openSession(id), id) }

  final class Session: StorageSession {
    private let owner: WatchedMemory
    private let base: MemoryBackend.Session
    private let id: SessionID

    init(_ owner: WatchedMemory, _ base: MemoryBackend.Session, _ id: SessionID) {
      (self.owner, self.base, self.id) = (owner, base, id)
    }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      if operation.verb.isWrite {
        let write = Write(
          session: id, tick: owner.tick.load(ordering: .relaxed), verb: operation.verb, actor: operation.actor,
          subject: operation.subject)
        owner.writes.withLock { $0.append(write) }
      } else {
        owner.reads.wrappingAdd(1, ordering: .relaxed)
      }
      owner.clock?.advance(byNanoseconds: owner.costs[operation.verb] ?? 0)
      return base.execute(operation, arguments: arguments, into: &reply)
    }
  }
}
