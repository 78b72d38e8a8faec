import JamboreeKit

/// A place that lists items, in every order that may be asked for.
struct Container: ~Copyable {
  var newest = Listing(order: .newest)
  var active = Listing(order: .active)
  var hasPrivate = false
  /// What `counts` answers: public items only, so that the answer is the same for every viewer.
  var publicCount: Int64 = 0
  var ratingSum: Int64 = 0

  func read(_ operation: Operation, into reply: inout Reply, _ store: Listing.Store) {
    let skip = Int(clamping: operation.object)
    switch operation.order {
    case .newest:
      newest.read(
        skip: skip, limit: Int(operation.limit), viewer: operation.actor, hasPrivate: hasPrivate, into: &reply, store)
    case .active:
      active.read(
        skip: skip, limit: Int(operation.limit), viewer: operation.actor, hasPrivate: hasPrivate, into: &reply, store)
    }
  }
}

/// Containers by id; none is ever taken out.
struct ContainerList: ~Copyable {
  private var numbers = IdentifierTable()
  private var memory: UnsafeMutablePointer<Container>
  private var count = 0
  private var capacity = 16

  init() { memory = .allocate(capacity: 16) }

  deinit {
    memory.deinitialize(count: count)
    memory.deallocate()
  }

  /// Where a container is until the next one is made, or nil when nothing was ever listed there.
  @inline(__always) func find(_ id: ContainerID) -> UnsafeMutablePointer<Container>? {
    numbers.find(id.rawValue).map { memory + $0 }
  }

  /// The same; made when it is not there yet. `id` is not ``ContainerID/none``.
  mutating func make(_ id: ContainerID) -> UnsafeMutablePointer<Container> {
    if let known = find(id) { return known }
    if count == capacity {
      let grown = UnsafeMutablePointer<Container>.allocate(capacity: capacity * 2)
      grown.moveInitialize(from: memory, count: count)
      memory.deallocate()
      memory = grown
      capacity *= 2
    }
    (memory + count).initialize(to: Container())
    numbers.insert(id.rawValue, count)
    count += 1
    return memory + count - 1
  }
}
