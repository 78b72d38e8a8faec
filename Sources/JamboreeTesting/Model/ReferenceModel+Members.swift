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

  mutating func join(_ operation: Operation) -> Answer {
    memberships.insert(Membership(member: operation.actor.rawValue, container: operation.container))
    return Answer(.ok)
  }

  func profile(_ operation: Operation) -> Answer {
    guard let population, operation.object < UInt64(population.count) else { return Answer(.notFound) }
    let member = UInt32(operation.object)
    func ties(_ kind: ConnectionKind) -> UInt64 {
      UInt64(self.ties.filter { $0.member == member && $0.kind == kind.rawValue }.count)
    }
    let own = items.filter { $0.id.author.rawValue == member && !$0.isDeleted && !$0.isPrivate }
    var answer = Answer(.ok)
    answer.keys = [
      UInt64(population.regionIndices[Int(member)]), ties(.follow), ties(.friend),
      UInt64(memberships.filter { $0.member == member }.count),
    ]
    answer.count = Int64(own.count)
    answer.sum = own.reduce(0) { $0 + Int64(row($1).ratingSum) }
    return answer
  }

  func directory(_ operation: Operation) -> Answer {
    guard let population else { return Answer(.ok) }
    // Members as their collation keys with the number behind, which sort as the directory does.
    let everybody = (0..<UInt32(population.count)).map { (key: population.collationKey(of: MemberID($0)), member: $0) }
      .sorted { $0.key == $1.key ? $0.member < $1.member : $0.key.lexicographicallyPrecedes($1.key) }
    var prefix = withUnsafeBytes(of: operation.payloadSeed.bigEndian) { Array($0) }
    if let end = prefix.firstIndex(of: 0) { prefix.removeSubrange(end...) }
    var rows = everybody
    if let place = everybody.firstIndex(where: { UInt64($0.member) == operation.object }) { rows.removeFirst(place + 1) }
    rows.removeAll { !$0.key.starts(with: prefix) }
    if operation.container != .none {
      rows.removeAll { !memberships.contains(Membership(member: $0.member, container: operation.container)) }
    }
    var answer = Answer(.ok)
    answer.keys = rows.prefix(Int(operation.limit)).map { UInt64($0.member) }
    return answer
  }
}
