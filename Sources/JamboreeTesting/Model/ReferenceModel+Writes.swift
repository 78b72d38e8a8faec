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
        flags: operation.flags, texts: [fingerprint(operation)], sources: [source(operation)], value: operation.value,
        kind: operation.kind))
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
    let source = source(operation)
    change(operation.subject) {
      $0.texts.append(text)
      $0.sources.append(source)
    }
    return made(version: version + 1)
  }

  mutating func delete(_ operation: Operation) -> Answer {
    guard let item = find(operation.subject), item.isThere(for: operation.actor) else { return Answer(.notFound) }
    change(operation.subject) { $0.isDeleted = true }
    return Answer(.ok)
  }

  mutating func react(_ operation: Operation) -> Answer {
    guard let item = find(operation.subject), item.isThere(for: operation.actor) else { return Answer(.notFound) }
    let value = operation.value
    switch operation.kind {
    case ReactionKind.rating.rawValue:
      guard (0...5).contains(value) else { return Answer(.rejected) }
      change(operation.subject) { $0.ratings[operation.actor] = value == 0 ? nil : value }
    case ReactionKind.vote.rawValue:
      guard (-1...1).contains(value) else { return Answer(.rejected) }
      change(operation.subject) { $0.votes[operation.actor] = value == 0 ? nil : value }
    case ReactionKind.flag.rawValue:
      guard (0...1).contains(value) else { return Answer(.rejected) }
      change(operation.subject) { if value == 1 { $0.flagging.insert(operation.actor) } else { $0.flagging.remove(operation.actor) } }
    case ReactionKind.download.rawValue:
      guard value >= 1 else { return Answer(.rejected) }
      change(operation.subject) { $0.downloads &+= value }
    default: break
    }
    return Answer(.ok)
  }

  private func source(_ operation: Operation) -> TextSource {
    TextSource(seed: operation.payloadSeed, length: operation.payloadLength)
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
