import Dispatch
import JamboreeKit

/// Everything in this process's memory: 64 partitions by author, written in parallel, read without locks.
///
/// See the module's README for the data model and what it guarantees.
public final class MemoryBackend: BlockingStorageBackend, @unchecked Sendable {
  // Safe to share: the engine reads and writes in separate phases; within the write phase a partition has one writer;
  // `endTick` runs alone.
  public static let descriptor = BackendDescriptor(
    id: "memory", version: "1", summary: "in this process's memory: no I/O, gone at the end",
    writers: .partitioned, atomicGroups: false)

  let partitions: [Partition]
  /// By partition: whether something was written there in this tick.
  let hasEffects: UnsafeMutablePointer<Bool>
  /// The partitions' items, by the same number.
  let stores: UnsafeMutablePointer<UnsafeMutablePointer<ItemTable>>
  /// Where items are listed. Changed between ticks only.
  let containers: UnsafeMutablePointer<ContainerList>
  /// Containers beyond an item's own.
  var alsoListed: [ItemID: [ContainerID]] = [:]
  private(set) var population: Population?
  /// Empty where the run does not search.
  let words = WordIndex()
  /// Members by name, where the run asks for them.
  var directory: Directory?

  public init(options: OptionValues) throws(BackendError) {
    let hasEffects = UnsafeMutablePointer<Bool>.allocate(capacity: shardCount)
    hasEffects.initialize(repeating: false, count: shardCount)
    self.hasEffects = hasEffects
    partitions = (0..<shardCount).map { Partition(number: $0, hasEffects: hasEffects + $0) }
    stores = .allocate(capacity: shardCount)
    for (number, partition) in partitions.enumerated() { (stores + number).initialize(to: partition.store) }
    containers = .allocate(capacity: 1)
    containers.initialize(to: ContainerList())
  }

  deinit {
    stores.deallocate()
    hasEffects.deallocate()
    containers.deinitialize(count: 1)
    containers.deallocate()
  }

  public func load(_ dataset: Dataset) throws(BackendError) {
    population = dataset.population
    if dataset.verbs.contains(.directory) { directory = Directory(dataset.population) }
    for partition in partitions {
      partition.keeps = Partition.Indexes(dataset.verbs)
      partition.store.pointee.connections.load(dataset.population.graph)
      if partition.keeps.authors { partition.store.pointee.keepAuthors(memberCount: dataset.population.count / shardCount + 1) }
    }
    for container in dataset.containers where container.id != .none { _ = containers.pointee.make(container.id) }
    try write(dataset.history)
    mergeTick()
  }

  /// Each partition's writes in their order, the partitions at the same time: as in the write phase of a tick.
  private func write(_ history: OperationLog) throws(BackendError) {
    var places = [[Int]](repeating: [], count: shardCount)
    for (place, write) in history.operations.enumerated() { places[Int(write.ownerKey % UInt64(shardCount))].append(place) }
    let failures = Guarded<[(place: Int, outcome: Outcome)]>([])
    let byPartition = places
    DispatchQueue.concurrentPerform(iterations: shardCount) { number in
      var reply = Reply()
      for place in byPartition[number] {
        let outcome = history.withArguments(of: place) { partitions[number].write(history.operations[place], arguments: $0, into: &reply) }
        guard outcome != .ok else { continue }
        failures.withLock { $0.append((place, outcome)) }
        return
      }
    }
    guard let first = failures.withLock({ $0.min { $0.place < $1.place } }) else { return }
    let write = history.operations[first.place]
    throw BackendError(
      .failed, "memory: loading: \(write.verb.name) of item \(write.subject.rawValue) ended \(first.outcome.name)")
  }

  public func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(self) }

  public func endTick(_ tick: TickID) throws(BackendError) { mergeTick() }

  public func finish() throws(BackendError) {}

  @inline(__always) func partition(of ownerKey: UInt64) -> Partition { partitions[Int(ownerKey % UInt64(shardCount))] }

  @inline(__always) func item(_ reference: ItemReference) -> StoredItem {
    stores[reference.partition].pointee.items[reference.index]
  }

  @inline(__always) func locate(_ id: ItemID) -> ItemReference? {
    let number = Int(id.ownerKey % UInt64(shardCount))
    return stores[number].pointee.index(of: id).map { ItemReference(partition: number, index: $0) }
  }

  public final class Session: StorageSession {
    private let store: MemoryBackend

    init(_ store: MemoryBackend) { self.store = store }

    public func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      if operation.verb.isWrite {
        return store.partition(of: operation.ownerKey).write(operation, arguments: arguments, into: &reply)
      }
      return store.read(operation, arguments: arguments, into: &reply)
    }
  }
}
