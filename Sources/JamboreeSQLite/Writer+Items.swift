import CSQLite
import JamboreeKit

/// Writes about items.
extension Writer {
  func publish(
    _ operation: Operation, _ arguments: Span<UInt64>, _ reply: inout Reply
  ) throws(SQLiteFailure) -> Outcome {
    let isReply = operation.object != 0
    guard operation.subject != .none, operation.object != operation.subject.rawValue, try !items.isTaken(operation.subject) else {
      return .rejected
    }
    var containers: [ContainerID] = []
    if !isReply {
      if operation.container != .none { containers.append(operation.container) }
      for index in 0..<arguments.count {
        let further = ContainerID(rawValue: arguments[index])
        if further != .none, !containers.contains(further) { containers.append(further) }
      }
    }
    let (bytes, fingerprint) = text.make(operation)
    try items.insert(operation, payload: fingerprint, text: try items.insert(text: bytes), containers: containers)
    try words?.insert(bytes, of: operation.subject, at: operation.intended, operation.flags)
    if isReply, !operation.flags.contains(.isPrivate), var parent = try items.find(ItemID(rawValue: operation.object)) {
      parent.row.replyCount += 1
      parent.row.lastActive = max(parent.row.lastActive, operation.intended)
      try items.update(parent)
    }
    reply.version = 1
    return .ok
  }

  func edit(_ operation: Operation, _ reply: inout Reply) throws(SQLiteFailure) -> Outcome {
    guard var item = try items.find(for: operation) else { return .notFound }
    guard item.row.version == operation.expectedVersion else {
      reply.version = item.row.version
      return .conflict
    }
    try words?.remove(of: item)
    try items.keepRevision(of: item)
    let (bytes, fingerprint) = text.make(operation)
    item.row.version += 1
    item.row.payload = fingerprint
    item.text = try items.insert(text: bytes)
    try items.update(item)
    try words?.insert(bytes, of: item.row.id, at: item.row.created, item.row.flags)
    reply.version = item.row.version
    return .ok
  }

  func delete(_ operation: Operation) throws(SQLiteFailure) -> Outcome {
    guard let item = try items.find(for: operation) else { return .notFound }
    try items.delete(item)
    try words?.remove(of: item)
    if item.isReply, !item.isPrivate, var parent = try items.find(item.row.parent) {
      parent.row.replyCount -= 1
      try items.update(parent)
    }
    return .ok
  }

  func react(_ operation: Operation) throws(SQLiteFailure) -> Outcome {
    guard var item = try items.find(for: operation) else { return .notFound }
    let kind = ReactionKind(rawValue: operation.kind)
    guard kind.accepts(operation.value) else { return .rejected }
    if kind == .download {
      item.row.downloadCount &+= operation.value
      try items.update(item)
      return .ok
    }
    let change = try items.replaceReaction(operation)
    switch kind {
    case .rating:
      item.row.ratingSum &+= change.value
      item.row.ratingCount += change.count
    case .vote: item.row.voteSum += change.value
    case .flag: item.row.flagCount += change.count
    default: return .ok
    }
    try items.update(item, ratingChange: kind == .rating ? Int64(change.value) : 0)
    return .ok
  }
}
