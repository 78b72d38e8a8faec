import JamboreeKit

/// What writes do to items.
extension ReferenceModel {
  mutating func publish(_ call: Call) -> Answer {
    let operation = call.operation
    let parent = ItemID(rawValue: operation.object)
    guard operation.subject != .none, parent != operation.subject, places[operation.subject] == nil else {
      return Answer(.rejected)
    }
    var containers: [ContainerID] = []
    if parent == .none {
      for container in [operation.container] + call.arguments.map({ ContainerID(rawValue: $0) })
      where container != .none && !containers.contains(container) {
        containers.append(container)
      }
    }
    append(
      Item(
        id: operation.subject, parent: parent, containers: containers, created: operation.intended, topic: operation.topic,
        flags: operation.flags, texts: [fingerprint(operation)]))
    return made(version: 1)
  }

  mutating func edit(_ operation: Operation) -> Answer {
    guard let item = find(operation.subject), item.isThere(for: operation.actor) else { return Answer(.notFound) }
    let version = UInt32(item.texts.count)
    guard version == operation.expectedVersion else {
      var answer = Answer(.conflict)
      answer.version = version
      return answer
    }
    let text = fingerprint(operation)
    change(operation.subject) { $0.texts.append(text) }
    return made(version: version + 1)
  }

  mutating func delete(_ operation: Operation) -> Answer {
    guard let item = find(operation.subject), item.isThere(for: operation.actor) else { return Answer(.notFound) }
    change(operation.subject) { $0.isDeleted = true }
    return Answer(.ok)
  }

  mutating func react(_ operation: Operation) -> Answer {
    guard let item = find(operation.subject), item.isThere(for: operation.actor) else { return Answer(.notFound) }
    // Other kinds are kept for services' own use and show in no read that is modelled.
    guard operation.kind == ReactionKind.rating.rawValue else { return Answer(.ok) }
    guard (1...5).contains(operation.value) else { return Answer(.rejected) }
    change(operation.subject) { $0.ratings[operation.actor] = operation.value }
    return Answer(.ok)
  }

  private func fingerprint(_ operation: Operation) -> UInt64 {
    Payload.fingerprint(seed: operation.payloadSeed, length: operation.payloadLength)
  }

  private func made(version: UInt32) -> Answer {
    var answer = Answer(.ok)
    answer.version = version
    return answer
  }
}
