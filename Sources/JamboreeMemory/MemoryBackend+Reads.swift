import JamboreeKit

extension MemoryBackend {
  func read(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
    switch operation.verb {
    case .item: return readItem(operation, &reply)
    case .thread: return readThread(operation, &reply)
    case .listing:
      containers.pointee.find(operation.container)?.pointee.read(operation, into: &reply) { self.item($0) }
      return .ok
    case .revisions: return readRevisions(operation, &reply)
    case .recentByAuthors: return readRecent(operation, arguments, &reply)
    case .connections: return readConnections(operation, &reply)
    case .counts: return readCounts(arguments, &reply)
    case .scan: return scan(operation, &reply)
    case .inbox: return readInbox(operation, &reply)
    case .notifications: return readNotifications(operation, &reply)
    case .search: return search(operation, &reply)
    case .profile: return readProfile(operation, &reply)
    case .directory:
      if directory != nil { directory?.read(operation, &reply) }
      return .ok
    default: return .rejected
    }
  }

  @inline(__always) private func readItem(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let reference = locate(operation.subject) else { return .notFound }
    let item = item(reference)
    guard item.isVisible(to: operation.actor) else { return .notFound }
    let row = item.row
    guard operation.expectedVersion == 0 || operation.expectedVersion == row.version else { return .conflict }
    reply.items.append(row)
    return .ok
  }

  @inline(__always) private func readThread(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let reference = locate(operation.subject) else { return .notFound }
    let store = stores[reference.partition]
    let top = store.pointee.items[reference.index]
    guard top.isVisible(to: operation.actor) else { return .notFound }
    let limit = Int(operation.limit)
    guard limit > 0 else { return .ok }
    if top.thread == StoredItem.noThread {
      reply.items.append(top.row)
    } else {
      store.pointee.threads.pointer(to: Int(top.thread)).pointee.read(
        skip: Int(clamping: operation.object), limit: limit, viewer: operation.actor, into: &reply)
    }
    return .ok
  }

  private func readRevisions(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let reference = locate(operation.subject) else { return .notFound }
    let present = item(reference)
    guard present.isVisible(to: operation.actor) else { return .notFound }
    let limit = Int(operation.limit)
    if limit > 0 { reply.items.append(present.row) }
    stores[reference.partition].pointee.forEachEarlierText(reference.index) { earlier in
      guard reply.items.count < limit else { return false }
      // What people have said since belongs to the item, not to one of its texts.
      var row = present.row
      row.version = earlier.version
      row.payload = earlier.payload
      reply.items.append(row)
      return true
    }
    return .ok
  }

  private func readConnections(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard operation.object <= UInt64(UInt32.max) else { return .ok }
    let member = MemberID(UInt32(operation.object))
    let store = stores[Int(member.rawValue % UInt32(shardCount))]
    store.pointee.connections.read(member, operation.kind) { others in
      for place in 0..<min(others.count, Int(operation.limit)) { reply.keys.append(UInt64(others[place])) }
    }
    return .ok
  }

  private func readCounts(_ arguments: Span<UInt64>, _ reply: inout Reply) -> Outcome {
    for index in 0..<arguments.count {
      let container = containers.pointee.find(ContainerID(rawValue: arguments[index]))
      reply.keys.append(UInt64(container?.pointee.publicCount ?? 0))
      guard let container else { continue }
      reply.count += container.pointee.publicCount
      reply.sum += container.pointee.ratingSum
    }
    return .ok
  }

  private func scan(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    var found: [(id: ItemID, reference: ItemReference)] = []
    for partition in 0..<shardCount {
      for index in 0..<stores[partition].pointee.count {
        let item = stores[partition].pointee.items[index]
        guard item.id >= operation.subject, item.isVisible(to: operation.actor) else { continue }
        found.append((item.id, ItemReference(partition: partition, index: index)))
      }
    }
    found.sort { $0.id < $1.id }
    for entry in found.prefix(Int(operation.limit)) { reply.items.append(item(entry.reference).row) }
    return .ok
  }
}
