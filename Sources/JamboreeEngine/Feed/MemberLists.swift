import JamboreeKit

/// For each member an ascending list of others: compressed rows as they were at the start, and what has changed since.
///
/// Who follows whom, in either direction. Changed by one thread while no other reads.
final class MemberLists: @unchecked Sendable {
  /// What has changed of one member's row. Both ascending; `added` has nothing of the row, `removed` nothing else.
  private struct Change {
    var added: [UInt32] = []
    var removed: [UInt32] = []
  }

  private let offsets: [Int]
  private let targets: [UInt32]
  @exclusivity(unchecked) private var changes: [UInt32: Change] = [:]

  /// - Parameters:
  ///   - offsets: where each member's row begins in `targets`; one more than there are members.
  ///   - targets: ascending within a row, none twice.
  init(offsets: [Int], targets: [UInt32]) {
    self.offsets = offsets
    self.targets = targets
  }

  init(_ graph: SocialGraph) { (offsets, targets) = (graph.offsets, graph.targets) }

  /// The same rows, without changes: what is at the start is shared.
  init(base other: MemberLists) { (offsets, targets) = (other.offsets, other.targets) }

  var memberCount: Int { offsets.count - 1 }

  private func row(of member: UInt32) -> Range<Int> {
    Int(member) < memberCount ? offsets[Int(member)]..<offsets[Int(member) + 1] : 0..<0
  }

  func count(of member: UInt32) -> Int {
    let base = row(of: member).count
    guard !changes.isEmpty, let change = changes[member] else { return base }
    return base + change.added.count - change.removed.count
  }

  /// Shows a member's list, ascending, up to a number of entries.
  @inline(__always) func forEach(of member: UInt32, limit: Int = .max, _ body: (UInt32) -> Void) {
    let row = row(of: member)
    var left = limit
    guard !changes.isEmpty, let change = changes[member] else {
      for place in row.prefix(limit) { body(targets[place]) }
      return
    }
    var (place, added, removed) = (row.lowerBound, 0, 0)
    while left > 0 {
      if place < row.upperBound, removed < change.removed.count, targets[place] == change.removed[removed] {
        place += 1
        removed += 1
        continue
      }
      if added < change.added.count, place == row.upperBound || change.added[added] < targets[place] {
        body(change.added[added])
        added += 1
      } else if place < row.upperBound {
        body(targets[place])
        place += 1
      } else {
        return
      }
      left -= 1
    }
  }

  /// Adds an entry; false when it was there.
  func insert(_ other: UInt32, of member: UInt32) -> Bool {
    var change = changes[member] ?? Change()
    if baseContains(other, of: member) {
      let (index, isThere) = place(of: other, in: change.removed)
      guard isThere else { return false }
      change.removed.remove(at: index)
    } else {
      let (index, isThere) = place(of: other, in: change.added)
      guard !isThere else { return false }
      change.added.insert(other, at: index)
    }
    changes[member] = change.added.isEmpty && change.removed.isEmpty ? nil : change
    return true
  }

  /// Takes an entry out; false when it was not there.
  func remove(_ other: UInt32, of member: UInt32) -> Bool {
    var change = changes[member] ?? Change()
    if baseContains(other, of: member) {
      let (index, isThere) = place(of: other, in: change.removed)
      guard !isThere else { return false }
      change.removed.insert(other, at: index)
    } else {
      let (index, isThere) = place(of: other, in: change.added)
      guard isThere else { return false }
      change.added.remove(at: index)
    }
    changes[member] = change.added.isEmpty && change.removed.isEmpty ? nil : change
    return true
  }

  private func baseContains(_ other: UInt32, of member: UInt32) -> Bool {
    let row = row(of: member)
    var (low, high) = (row.lowerBound, row.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if targets[middle] < other { low = middle + 1 } else { high = middle }
    }
    return low < row.upperBound && targets[low] == other
  }

  private func place(of other: UInt32, in list: [UInt32]) -> (index: Int, isThere: Bool) {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle] < other { low = middle + 1 } else { high = middle }
    }
    return (low, low < list.count && list[low] == other)
  }

  /// The same in the other direction, changes left out: whom a row names, and in whose rows each is named.
  func reversed() -> MemberLists {
    var starts = [Int](repeating: 0, count: memberCount + 1)
    for target in targets where Int(target) < memberCount { starts[Int(target) + 1] += 1 }
    for member in 0..<memberCount { starts[member + 1] += starts[member] }
    var places = starts
    var sources = [UInt32](repeating: 0, count: starts[memberCount])
    // Members in order: so the rows are ascending.
    for member in 0..<memberCount {
      for place in offsets[member]..<offsets[member + 1] where Int(targets[place]) < memberCount {
        sources[places[Int(targets[place])]] = UInt32(member)
        places[Int(targets[place])] += 1
      }
    }
    return MemberLists(offsets: starts, targets: sources)
  }

  // MARK: Checkpoints

  func encode(into encoder: inout StateEncoder) {
    let members = changes.keys.sorted()
    encoder.encode(members)
    for member in members {
      encoder.encode(changes[member]?.added ?? [])
      encoder.encode(changes[member]?.removed ?? [])
    }
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    changes = [:]
    for member in try decoder.decodeArray(of: UInt32.self) {
      changes[member] = Change(added: try decoder.decodeArray(of: UInt32.self), removed: try decoder.decodeArray(of: UInt32.self))
    }
  }
}
