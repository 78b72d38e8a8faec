import JamboreeKit

/// Reads that begin with one item.
extension ReferenceModel {
  func item(_ operation: Operation) -> Answer {
    guard let item = find(operation.subject), item.isThere(for: operation.actor) else { return Answer(.notFound) }
    guard operation.expectedVersion == 0 || operation.expectedVersion == UInt32(item.texts.count) else { return Answer(.conflict) }
    var answer = Answer(.ok)
    answer.items = [row(item)]
    return answer
  }

  func revisions(_ operation: Operation) -> Answer {
    guard let item = find(operation.subject), item.isThere(for: operation.actor) else { return Answer(.notFound) }
    var rows: [ItemRow] = []
    for (index, text) in item.texts.enumerated().reversed() {
      var row = row(item)
      row.version = UInt32(index + 1)
      row.payload = text
      rows.append(row)
    }
    var answer = Answer(.ok)
    answer.items = page(rows, limit: Int(operation.limit))
    return answer
  }

  func thread(_ operation: Operation) -> Answer {
    guard let top = find(operation.subject), top.isThere(for: operation.actor) else { return Answer(.notFound) }
    let replies = replies(to: top.id).filter { $0.isThere(for: operation.actor) }.map { row($0) }
    var answer = Answer(.ok)
    let limit = Int(operation.limit)
    if limit > 0 {
      answer.items = [row(top)] + page(ordered(replies, by: \.created), skip: operation.object, limit: limit - 1)
    }
    return answer
  }
}
