import JamboreeKit

/// What ties members.
extension ReferenceModel {
  mutating func tie(_ operation: Operation) -> Answer {
    let tie = Tie(
      member: operation.actor.rawValue, kind: operation.kind, other: UInt32(truncatingIfNeeded: operation.object))
    if operation.verb == .connect { ties.insert(tie) } else { ties.remove(tie) }
    return Answer(.ok)
  }

  func connections(_ operation: Operation) -> Answer {
    let others = ties.filter { UInt64($0.member) == operation.object && $0.kind == operation.kind }.map(\.other).sorted()
    var answer = Answer(.ok)
    answer.keys = others.prefix(Int(operation.limit)).map { UInt64($0) }
    return answer
  }
}
