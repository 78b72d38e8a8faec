import JamboreeKit

extension SocialGraph {
  /// A graph from rows in any order and with repetitions.
  /// - Parameters:
  ///   - offsets: as in ``offsets``, one more than there are members.
  ///   - targets: members; none is in its own row.
  static func sorted(offsets: [Int], targets given: consuming [UInt32], workers: Int) -> SocialGraph {
    // Taken over, not copied: there may be hundreds of millions.
    var targets = consume given
    let members = offsets.count - 1
    let counts = targets.withUnsafeMutableBufferPointer { buffer in
      // No two rows share an entry.
      nonisolated(unsafe) let base = buffer
      return Parallel.column(count: members, workers: workers) { member in
        var row = UnsafeMutableBufferPointer(rebasing: base[offsets[member]..<offsets[member + 1]])
        row.sort()
        var kept = 0
        for target in row where kept == 0 || row[kept - 1] != target {
          row[kept] = target
          kept += 1
        }
        return kept
      }
    }
    var compact = [0]
    compact.reserveCapacity(members + 1)
    var end = 0
    targets.withUnsafeMutableBufferPointer { buffer in
      for member in 0..<members {
        let start = offsets[member]
        if start != end { for index in 0..<counts[member] { buffer[end + index] = buffer[start + index] } }
        end += counts[member]
        compact.append(end)
      }
    }
    targets.removeLast(targets.count - end)
    return SocialGraph(offsets: compact, targets: targets)
  }

  /// The graph in which each edge counts in both directions.
  func undirected(workers: Int) -> SocialGraph {
    var ends = [Int](repeating: 0, count: memberCount + 1)
    for source in 0..<memberCount { ends[source + 1] += offsets[source + 1] - offsets[source] }
    for target in targets { ends[Int(target) + 1] += 1 }
    for row in 1..<ends.count { ends[row] += ends[row - 1] }
    var places = ends
    let total = 2 * edgeCount
    let both = [UInt32](unsafeUninitializedCapacity: total) { buffer, initializedCount in
      func add(_ target: UInt32, to row: Int) {
        (buffer.baseAddress! + places[row]).initialize(to: target)
        places[row] += 1
      }
      for source in 0..<memberCount {
        for target in targets[offsets[source]..<offsets[source + 1]] {
          add(target, to: source)
          add(UInt32(truncatingIfNeeded: source), to: Int(target))
        }
      }
      initializedCount = total
    }
    return SocialGraph.sorted(offsets: ends, targets: consume both, workers: workers)
  }

  /// The same edges among more members, of whom the new ones have none.
  /// - Parameter count: ``memberCount`` or more.
  func extended(to count: Int) -> SocialGraph {
    count == memberCount
      ? self : SocialGraph(offsets: offsets + [Int](repeating: edgeCount, count: count - memberCount), targets: targets)
  }

  func hasEdge(from source: MemberID, to target: MemberID) -> Bool {
    var low = offsets[Int(source.rawValue)]
    let end = offsets[Int(source.rawValue) + 1]
    var high = end
    while low < high {
      let middle = (low + high) / 2
      if targets[middle] < target.rawValue { low = middle + 1 } else { high = middle }
    }
    return low < end && targets[low] == target.rawValue
  }
}
