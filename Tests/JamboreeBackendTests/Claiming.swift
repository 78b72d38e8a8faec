import JamboreeKit
import JamboreeMemory
import JamboreeTesting

/// What somebody says of a backend.
protocol Claims {
  static var descriptor: BackendDescriptor { get }
  /// Whether it rejects what it does not claim, as it should.
  static var isStrict: Bool { get }
}

extension Claims {
  static var isStrict: Bool { true }
}

/// A backend with claims that are not its own.
final class Claiming<Base: BlockingStorageBackend, Told: Claims>: BlockingStorageBackend {
  static var descriptor: BackendDescriptor { Told.descriptor }

  private let base: Base

  init(_ base: Base) { self.base = base }
  init(options: OptionValues) throws(BackendError) { base = try Base(options: options) }
  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  /// What goes on with the data of an earlier process is the same backend here.
  func reopen(_ dataset: Dataset) throws(BackendError) -> Watermark { Watermark(tick: -1) }
  func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id)) }

  final class Session: StorageSession {
    private let base: Base.Session

    init(_ base: Base.Session) { self.base = base }

    private func performs(_ verb: Verb) -> Bool { !Told.isStrict || Told.descriptor.verbs.contains(verb) }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      guard performs(operation.verb) else { return .rejected }
      return base.execute(operation, arguments: arguments, into: &reply)
    }

    func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      for index in 0..<group.count where !performs(group.operations[index].verb) { return .rejected }
      return base.executeAtomically(group, into: &reply)
    }
  }
}

/// For memory, which makes groups one by one.
enum AtomicGroups: Claims {
  static let descriptor = BackendDescriptor(
    id: "promises", version: "1", summary: "", writers: .single, verbs: MemoryBackend.descriptor.verbs, atomicGroups: true)
}

/// Does more than it says.
enum Modest: Claims {
  static let descriptor = BackendDescriptor(
    id: "modest", version: "1", summary: "", writers: .partitioned, verbs: Set(Verb.allCases).subtracting([.search, .scan]))
  static let isStrict = false
}

/// Reads that have pages are not among its verbs.
enum NoPages: Claims {
  static let descriptor = BackendDescriptor(
    id: "no-pages", version: "1", summary: "", writers: .single, verbs: [.publish, .edit, .item, .counts, .profile])
}

enum NoReactions: Claims {
  static let descriptor = BackendDescriptor(
    id: "no-reactions", version: "1", summary: "", writers: .partitioned, verbs: Set(Verb.allCases).subtracting([.react]),
    atomicGroups: true, isolation: .serializable)
}

enum Durable: Claims {
  static let descriptor = BackendDescriptor(
    id: "durable", version: "1", summary: "", durability: .process, writers: .partitioned, atomicGroups: true,
    isolation: .serializable)
}

/// Durable, with groups that are made one by one.
enum DurableOneByOne: Claims {
  static let descriptor = BackendDescriptor(
    id: "durable", version: "1", summary: "", durability: .process, writers: .partitioned, atomicGroups: false)
}
