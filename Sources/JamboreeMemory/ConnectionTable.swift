import JamboreeKit

/// Whom the members of one partition are tied to: what the graph that was loaded says, and the whole list of each member for whom
/// that has changed.
struct ConnectionTable: ~Copyable {
  private var graph = SocialGraph(memberCount: 0)
  /// Where a changed list is, by member and kind.
  private var numbers = IdentifierTable()
  private var lists: [[UInt32]] = []

  /// - Parameter graph: who follows whom before the first change.
  mutating func load(_ graph: SocialGraph) { self.graph = graph }

  /// Never 0.
  @inline(__always) private func key(_ member: MemberID, _ kind: UInt8) -> UInt64 {
    (UInt64(member.rawValue) + 1) << 8 | UInt64(kind)
  }

  /// Shows those whom a member is tied to, ascending.
  @inline(__always) func read<Result>(
    _ member: MemberID, _ kind: UInt8, _ body: (UnsafeBufferPointer<UInt32>) -> Result
  ) -> Result {
    if let number = numbers.find(key(member, kind)) { return lists[number].withUnsafeBufferPointer(body) }
    let loaded = loaded(member, kind)
    return graph.targets.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[loaded])) }
  }

  mutating func change(of member: MemberID, _ kind: UInt8, to other: UInt32, isTied: Bool) {
    let number: Int
    if let known = numbers.find(key(member, kind)) {
      number = known
    } else {
      number = lists.count
      numbers.insert(key(member, kind), number)
      lists.append(Array(graph.targets[loaded(member, kind)]))
    }
    var (low, high) = (0, lists[number].count)
    while low < high {
      let middle = (low + high) / 2
      if lists[number][middle] < other { low = middle + 1 } else { high = middle }
    }
    let isThere = low < lists[number].count && lists[number][low] == other
    if isTied, !isThere { lists[number].insert(other, at: low) }
    if !isTied, isThere { lists[number].remove(at: low) }
  }

  /// A member's places in the graph's list: it has who follows whom, and nothing of other kinds.
  @inline(__always) private func loaded(_ member: MemberID, _ kind: UInt8) -> Range<Int> {
    let row = Int(member.rawValue)
    guard kind == ConnectionKind.follow.rawValue, row < graph.memberCount else { return 0..<0 }
    return graph.offsets[row]..<graph.offsets[row + 1]
  }
}
