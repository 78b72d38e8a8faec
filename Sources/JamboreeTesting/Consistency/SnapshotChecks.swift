import JamboreeKit

/// What is counted on an item or follows from its version is not lost, whoever else writes.
extension BackendConsistency {
  static let updateChecks: [Check] = [
    Check(
      "LU", "Lost update: each acknowledged count and edit is in the total.", needs: [.publish, .item, .edit, .react],
      isolation: .readCommitted, oneStream: .less
    ) { arena in
      let items = try arena.makeItems(2)
      let acknowledged = Guarded((downloads: Int32(0), edits: UInt32(0)))
      try arena.race { thread, round, port in
        if round % 2 == 0 {
          let answer = try port.perform([Stage.react(items[0], by: MemberID(UInt32(thread) % Stage.memberCount), 1, kind: .download)])
          guard answer.outcome == .ok else { return 0 }
          acknowledged.access { $0.downloads += 1 }
          return 1
        }
        let version = try port.perform(Stage.read(.item, items[1], by: MemberID(1))).items.first?.version ?? 1
        let answer = try port.perform([Stage.edit(items[1], by: MemberID(1), expecting: version)])
        guard answer.outcome == .ok else { return 0 }
        acknowledged.access { $0.edits += 1 }
        return 1
      }
      try arena.instance.backend.endTick(1)
      let expected = acknowledged.access { $0 }
      let downloads = try arena.reader.perform(Stage.read(.item, items[0], by: MemberID(1))).items.first?.downloadCount
      try require(downloads == expected.downloads, "downloads: expected \(expected.downloads), got \(downloads ?? -1)")
      let version = try arena.reader.perform(Stage.read(.item, items[1], by: MemberID(1))).items.first?.version
      try require(
        version == expected.edits + 1, "the version after \(expected.edits) edits: expected \(expected.edits + 1), got \(version ?? 0)")
    },
  ]

  /// What a snapshot excludes: a group's reads are of one moment.
  static let snapshotChecks: [Check] = [
    Check(
      "IMP", "Item-many-preceders: a group that reads an item twice gets the same twice.", needs: [.publish, .item, .edit],
      isolation: .snapshot
    ) { arena in
      let items = try arena.makeItems(8)
      try arena.race { _, _, port in
        try editAll([items[0]], port) ? 1 : 0
      } read: { port in
        // The others take some time between the two looks.
        let versions = try look(items + [items[0]], port)
        try require(
          versions.first == versions.last, "one item twice in a group: expected the same version, got \(versions.first ?? 0) and \(versions.last ?? 0)")
      }
    },
    Check(
      "PMP", "Predicate-many-preceders: a group that lists a place twice gets the same twice.", needs: [.publish, .item, .listing],
      isolation: .snapshot
    ) { arena in
      let items = try arena.makeItems(8)
      try arena.race { thread, round, port in
        let publish = Stage.publish(
          MemberID(UInt32(thread) % Stage.memberCount), 10_000 + UInt32(round), in: Stage.forums[3], at: Int64(round) * 16 + Int64(thread))
        return try port.perform([publish]).outcome == .ok ? 1 : 0
      } read: { port in
        let listing = Stage.listing(Stage.forums[3], by: MemberID(1), limit: 10)
        let between = items.map { Stage.read(.item, $0, by: MemberID(1)) }
        let answer = try port.perform([listing] + between + [listing])
        try require(answer.outcome == .ok, "a group of reads: expected ok, got \(answer.outcome.name)")
        let rows = answer.items.map(\.id)
        try require(rows.count >= items.count, "a group with \(items.count) reads of items: expected as many rows, got \(rows.count)")
        let count = (rows.count - items.count) / 2
        try require(
          rows.count == items.count + 2 * count && Array(rows.prefix(count)) == Array(rows.suffix(count)),
          "one listing twice in a group: expected the same rows, got \(rows.prefix(count).map(\.text)) and \(rows.suffix(count).map(\.text))")
      }
    },
    Check(
      "OTV", "Observed transaction vanishes: what a group has seen of another it goes on to see.", needs: [.publish, .item, .edit],
      isolation: .snapshot
    ) { arena in
      let items = try arena.makeItems(4)
      try arena.race { _, _, port in
        try editAll(items, port) ? 1 : 0
      } read: { port in
        let versions = try look(items + items, port)
        let (first, second) = (versions.prefix(4).max() ?? 0, versions.suffix(4).min() ?? 0)
        try require(second >= first, "four items twice in a group: saw version \(first) and later version \(second)")
      }
    },
    Check(
      "FR", "Fractured read: a group sees all of another, or nothing.", needs: [.publish, .item, .edit], isolation: .snapshot
    ) { arena in
      let items = try arena.makeItems(4)
      try arena.race { _, _, port in
        try editAll(items, port) ? 1 : 0
      } read: { port in
        let versions = try look(items, port)
        try require(
          Set(versions).count == 1, "four items that are always edited together: expected one version, got \(versions)")
      }
    },
  ]

  static let serializableChecks: [Check] = [
    Check(
      "WS", "Write skew: of two groups that each write what the other depends on one fails.", needs: [.publish, .item, .edit],
      isolation: .serializable, oneStream: .less
    ) { arena in
      let items = try arena.makeItems(2 * arena.pairs)
      let found = try arena.duel { number in
        [depend(on: items[2 * number], version: 1), Stage.edit(items[2 * number + 1], by: MemberID(1), expecting: 1)]
      } right: { number in
        [depend(on: items[2 * number + 1], version: 1), Stage.edit(items[2 * number], by: MemberID(2), expecting: 1)]
      }
      // That both end in a conflict is no mistake: each may have been ended because of the other.
      for (number, (left, right)) in found.enumerated() {
        try require(
          left.outcome != .ok || right.outcome != .ok, "pair \(number): both groups were committed, each of which had made the other's ground untrue")
      }
    },
  ]

  /// Edits items that have one version, together.
  private static func editAll(_ items: [ItemID], _ port: Arena.Port) throws -> Bool {
    let version = try port.perform(Stage.read(.item, items[0], by: MemberID(1))).items.first?.version ?? 1
    return try port.perform(items.map { Stage.edit($0, by: MemberID(1), expecting: version) }).outcome == .ok
  }

  /// The versions of items, read in one group.
  private static func look(_ items: [ItemID], _ port: Arena.Port) throws -> [UInt32] {
    let answer = try port.perform(items.map { Stage.read(.item, $0, by: MemberID(1)) })
    try require(
      answer.outcome == .ok && answer.items.count == items.count,
      "a group of \(items.count) reads: expected ok and as many rows, got \(answer.outcome.name) and \(answer.items.count)")
    return answer.items.map(\.version)
  }

  private static func depend(on item: ItemID, version: UInt32) -> Call {
    var call = Stage.read(.item, item, by: MemberID(1))
    call.operation.expectedVersion = version
    return call
  }
}
