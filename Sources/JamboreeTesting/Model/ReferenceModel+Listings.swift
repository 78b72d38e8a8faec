import JamboreeKit

/// Reads that gather items.
extension ReferenceModel {
  func listing(_ operation: Operation) -> Answer {
    let rows = items.filter { $0.containers.contains(operation.container) && $0.isThere(for: operation.actor) }.map {
      row($0)
    }
    let inOrder =
      switch operation.order {
      case .newest: ordered(rows, by: \.created)
      case .active: ordered(rows, by: \.lastActive)
      }
    var answer = Answer(.ok)
    answer.items = page(inOrder, skip: operation.object, limit: Int(operation.limit))
    return answer
  }

  func recentByAuthors(_ call: Call) -> Answer {
    let rows = items.filter {
      call.arguments.contains(UInt64($0.id.author.rawValue)) && $0.isThere(for: call.operation.actor)
    }.map { row($0) }
    var answer = Answer(.ok)
    answer.items = page(ordered(rows, by: \.created), limit: Int(call.operation.limit))
    return answer
  }

  func scan(_ operation: Operation) -> Answer {
    let found = items.filter { $0.id >= operation.subject && $0.isThere(for: operation.actor) }.sorted { $0.id < $1.id }
    var answer = Answer(.ok)
    answer.items = found.prefix(Int(operation.limit)).map { row($0) }
    return answer
  }

  func counts(_ call: Call) -> Answer {
    var answer = Answer(.ok)
    for argument in call.arguments {
      let before = answer.count
      defer { answer.keys.append(UInt64(answer.count - before)) }
      for item in items where item.containers.contains(ContainerID(rawValue: argument)) && !item.isDeleted && !item.isPrivate
      {
        answer.count += 1
        answer.sum += Int64(row(item).ratingSum)
      }
    }
    return answer
  }

  /// Looks at the words of the texts themselves.
  func search(_ operation: Operation) -> Answer {
    guard operation.payloadSeed < UInt64(Vocabulary.count) else { return Answer(.ok) }
    let word = Vocabulary.word(Int(operation.payloadSeed))
    let rows = items.filter { item in
      guard item.isThere(for: operation.actor), let source = item.sources.last else { return false }
      let bytes = Payload.bytes(seed: source.seed, length: Int(source.length))
      let text = String(decoding: bytes.prefix(Payload.searchedLength(of: bytes)), as: UTF8.self)
      return text.split(whereSeparator: { $0 == " " || $0 == "." }).contains { $0 == word }
    }.map { row($0) }
    var answer = Answer(.ok)
    answer.items = page(ordered(rows, by: \.created), limit: Int(operation.limit))
    return answer
  }
}
