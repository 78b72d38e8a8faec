import JamboreeKit

/// Groups are all or none.
extension BackendConsistency {
  static let atomicityChecks: [Check] = [
    Check(
      "atomicity-commit", "Of a group that ended ok everything is there.", needs: [.publish, .item, .react], oneStream: .less
    ) { arena in
      let target = try arena.makeItems(1)[0]
      let made = Guarded<[ItemID]>([])
      try arena.race { thread, round, port in
        let author = MemberID(UInt32(thread) % Stage.memberCount)
        let first = Stage.publish(author, 10_000 + 2 * UInt32(round), in: Stage.forums[1], at: Int64(round))
        let second = Stage.publish(author, 10_001 + 2 * UInt32(round), answers: first.operation.subject, at: Int64(round) + 1)
        let download = Stage.react(target, by: author, 1, kind: .download)
        let answer = try port.perform([first, second, download])
        guard answer.outcome == .ok else { return 0 }
        made.access { $0 += [first.operation.subject, second.operation.subject] }
        return 1
      }
      try arena.instance.backend.endTick(1)
      let ids = made.access { $0 }
      for id in ids {
        let answer = try arena.reader.perform(Stage.read(.item, id, by: MemberID(1)))
        try require(answer.outcome == .ok, "item \(id.text) of a committed group: expected ok, got \(answer.outcome.name)")
      }
      let downloads = try arena.reader.perform(Stage.read(.item, target, by: MemberID(1))).items.first?.downloadCount
      try require(
        downloads == Int32(ids.count / 2), "downloads of committed groups: expected \(ids.count / 2), got \(downloads ?? -1)")
    },
    Check(
      "atomicity-rollback", "Of a group that failed nothing is there.", needs: [.publish, .item, .edit, .react], oneStream: .less
    ) { arena in
      let target = try arena.makeItems(1)[0]
      let undone = Guarded<[ItemID]>([])
      try arena.race { thread, round, port in
        let author = MemberID(UInt32(thread) % Stage.memberCount)
        let publish = Stage.publish(author, 10_000 + UInt32(round), in: Stage.forums[1], at: Int64(round))
        guard round % 2 == 0 else { return try port.perform([publish]).outcome == .ok ? 1 : 0 }
        // The item never gets that far.
        let answer = try port.perform([
          publish, Stage.react(target, by: author, 1, kind: .download), Stage.edit(target, by: author, expecting: 1_000_000),
        ])
        try require(answer.outcome == .conflict, "an edit of a version that there is not: expected conflict, got \(answer.outcome.name)")
        undone.access { $0.append(publish.operation.subject) }
        return 0
      }
      try arena.instance.backend.endTick(1)
      for id in undone.access({ $0 }) {
        let answer = try arena.reader.perform(Stage.read(.item, id, by: MemberID(1)))
        try require(answer.outcome == .notFound, "item \(id.text) of a group that failed: expected notFound, got \(answer.outcome.name)")
      }
      let downloads = try arena.reader.perform(Stage.read(.item, target, by: MemberID(1))).items.first?.downloadCount
      try require(downloads == 0, "downloads of groups that failed: expected 0, got \(downloads ?? -1)")
    },
  ]
}

/// What read committed excludes.
extension BackendConsistency {
  static let readCommittedChecks: [Check] = [
    Check(
      "G0", "Dirty write: two groups' writes to the same items do not mix.", needs: [.publish, .item, .react],
      isolation: .readCommitted, oneStream: .nothing
    ) { arena in
      let items = try arena.makeItems(2 * arena.pairs)
      // Each group writes its own mark on both items of a pair, as the same member: the later replaces the earlier.
      @Sendable func both(_ number: Int, _ mark: Int32) -> [Call] {
        [items[2 * number], items[2 * number + 1]].map { Stage.react($0, by: MemberID(15), mark) }
      }
      let met = try arena.duel(left: { both($0, 1) }, right: { both($0, 2) })
      try arena.instance.backend.endTick(1)
      for pair in met.indices {
        let sums = try [items[2 * pair], items[2 * pair + 1]].map {
          try arena.reader.perform(Stage.read(.item, $0, by: MemberID(1))).items.first?.ratingSum ?? -1
        }
        try require(sums[0] == sums[1], "pair \(pair), marked by two groups: expected the marks of one of them, got \(sums[0]) and \(sums[1])")
      }
    },
    Check(
      "G1a", "Aborted read: nobody sees what a group wrote that failed.", needs: [.publish, .item, .edit, .react],
      isolation: .readCommitted
    ) { arena in
      let items = try arena.makeItems(3)
      try arena.race { thread, round, port in
        let answer = try port.perform([
          Stage.edit(items[0], by: MemberID(1), expecting: 1), Stage.edit(items[1], by: MemberID(1), expecting: 1_000_000),
        ])
        try require(answer.outcome == .conflict, "an edit of a version that there is not: expected conflict, got \(answer.outcome.name)")
        return try port.perform([Stage.react(items[2], by: MemberID(2), 1, kind: .download)]).outcome == .ok ? 1 : 0
      } read: { port in
        let version = try port.perform(Stage.read(.item, items[0], by: MemberID(1))).items.first?.version
        try require(version == 1, "an item that only failed groups have edited: expected version 1, got \(version ?? 0)")
      }
    },
    Check(
      "G1b", "Intermediate read: nobody sees a value that the same group replaced.", needs: [.publish, .item, .edit],
      isolation: .readCommitted
    ) { arena in
      let items = try arena.makeItems(1)
      try arena.race { _, _, port in
        let version = try port.perform(Stage.read(.item, items[0], by: MemberID(1))).items.first?.version ?? 1
        let answer = try port.perform([
          Stage.edit(items[0], by: MemberID(1), expecting: version), Stage.edit(items[0], by: MemberID(1), expecting: version + 1),
        ])
        return answer.outcome == .ok ? 1 : 0
      } read: { port in
        let version = try port.perform(Stage.read(.item, items[0], by: MemberID(1))).items.first?.version ?? 0
        try require(version % 2 == 1, "an item that each group edits twice: expected an odd version, got \(version)")
      }
    },
    Check(
      "G1c", "Circular information flow: of two groups not each sees the other's write.", needs: [.publish, .item, .edit],
      isolation: .readCommitted, oneStream: .nothing
    ) { arena in
      let items = try arena.makeItems(2 * arena.pairs)
      let found = try arena.duel { number in
        [Stage.edit(items[2 * number], by: MemberID(1), expecting: 1), Stage.read(.item, items[2 * number + 1], by: MemberID(1))]
      } right: { number in
        [Stage.edit(items[2 * number + 1], by: MemberID(2), expecting: 1), Stage.read(.item, items[2 * number], by: MemberID(2))]
      }
      for (number, (left, right)) in found.enumerated() where left.outcome == .ok && right.outcome == .ok {
        let versions = (left.items.first?.version ?? 0, right.items.first?.version ?? 0)
        try require(versions.0 > 0 && versions.1 > 0, "a read within a group: expected a row, got none (pair \(number))")
        try require(versions != (2, 2), "pair \(number): each of two groups saw what the other wrote")
      }
    },
  ]
}
