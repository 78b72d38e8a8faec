import JamboreeKit

/// What becomes of writes.
extension BackendConformance {
  private static func item(_ author: UInt32, _ sequence: UInt32) -> ItemID {
    ItemID(author: MemberID(author), sequence: sequence)
  }

  static let writeChecks: [Check] = [
    Check("load", "What the dataset holds is there before the first tick, once.") { trial in
      let ids = Stage.dataset.history.operations.map(\.subject)
      try trial.read(Stage.everything(about: ids, by: MemberID(1), authors: [.platform]))
      for member in 0..<Stage.memberCount { try trial.read([Stage.connections(MemberID(member), by: MemberID(0))]) }
      try require(trial.comparisons > 0, "no read verb is claimed, so nothing that was loaded can be seen")
    },
    Check("read-your-tick", "A write is seen by every session once its tick has ended, and exactly once.", needs: [.publish])
    { trial in
      var known: [ItemID] = []
      for round in 1...4 as ClosedRange<UInt32> {
        for author in 1...3 as ClosedRange<UInt32> {
          try trial.write(Stage.publish(MemberID(author), round, in: Stage.forums[2], at: Int64(round * 10 + author)))
          known.append(item(author, round))
        }
        try trial.endTick()
        for session in 0..<3 {
          let viewer = MemberID(UInt32(session) + 4)
          try trial.read(
            Stage.everything(about: known, by: viewer, authors: [MemberID(1), MemberID(2), MemberID(3)]), session: session)
          if let listed = try trial.ids(Stage.listing(Stage.forums[2], by: viewer), session: session) {
            try require(
              listed == known.reversed(),
              "\(trial.place), session \(session), listing: expected \(known.count) items, newest first, got \(listed.count)"
            )
          }
        }
      }
    },
    Check(
      "owner-order", "Writes to one member's items take effect in the order in which they were made.",
      needs: [.publish, .edit]
    ) { trial in
      try trial.commit(interleavedEdits(owners: 5, edits: 6))
      let answers = try trial.read((0..<5).map { Stage.read(.item, item($0, 1), by: MemberID(9)) })
      for answer in answers {
        try require(
          answer.items.first?.version == 7,
          "\(trial.place), item after six edits: expected version 7, got \(answer.items.first?.version ?? 0)")
      }
      try trial.read((0..<5).map { Stage.read(.revisions, item($0, 1), by: MemberID(9)) })
    },
    Check(
      "edit-conflicts", "An edit needs the present version; a conflict reports it and changes nothing.",
      needs: [.publish, .edit]
    ) { trial in
      let page = item(1, 1)
      try trial.commit([Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1)])
      let steps: [(UInt32, Outcome, UInt32)] = [
        (1, .ok, 2), (1, .conflict, 2), (3, .conflict, 2), (0, .conflict, 2), (2, .ok, 3),
      ]
      for (expecting, outcome, version) in steps {
        let answer = try trial.write(Stage.edit(page, by: MemberID(2), expecting: expecting))
        try require(
          answer.outcome == outcome && answer.version == version,
          "edit expecting version \(expecting): expected \(outcome.name) with version \(version), "
            + "got \(answer.outcome.name) with version \(answer.version)"
        )
      }
      try trial.write(Stage.edit(item(1, 99), by: MemberID(2), expecting: 1))
      try trial.write(Stage.edit(.none, by: MemberID(2), expecting: 1))
      try trial.endTick()
      try trial.read(Stage.everything(about: [page], by: MemberID(3), authors: [MemberID(1)]))
    },
    Check(
      "deletion", "A deleted item is hidden from every read and its replies stay; its id is not free again.",
      needs: [.publish, .delete]
    ) { trial in
      let (top, reply, nested) = (item(1, 1), item(2, 1), item(3, 1))
      try trial.commit([
        Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1, further: [Stage.unnamed]),
        Stage.publish(MemberID(2), 1, answers: top, at: 2), Stage.publish(MemberID(3), 1, answers: reply, at: 3),
        Stage.publish(MemberID(4), 1, in: Stage.forums[0], at: 4),
      ])
      let all = Stage.everything(
        about: [top, reply, nested, item(5, 1)], by: MemberID(6), authors: (1...5).map { MemberID($0) })
      try trial.read(all)
      try trial.commit([Stage.delete(reply, by: MemberID(2))])
      try trial.read(all)
      // A reply in the very tick in which what it answers goes.
      try trial.commit([Stage.publish(MemberID(5), 1, answers: top, at: 9), Stage.delete(top, by: MemberID(1))])
      try trial.read(all)
      try trial.commit([
        Stage.publish(MemberID(1), 1, in: Stage.forums[1], at: 10), Stage.delete(top, by: MemberID(1)),
        Stage.delete(item(1, 77), by: MemberID(1)), Stage.delete(.none, by: MemberID(1)),
        Stage.publish(MemberID(7), 1, answers: top, at: 11),
      ])
      try trial.read(all)
    },
    Check(
      "reactions", "A later rating replaces the member's earlier one; sums and counts are exact wherever the item is shown.",
      needs: [.publish, .react]
    ) { trial in
      let (top, reply) = (item(1, 1), item(2, 1))
      try trial.commit([
        Stage.publish(MemberID(1), 1, in: Stage.forums[2], at: 1, further: [Stage.forums[3]]),
        Stage.publish(MemberID(2), 1, answers: top, at: 2),
      ])
      let all = Stage.everything(about: [top, reply], by: MemberID(6), authors: [MemberID(1), MemberID(2)])
      try trial.commit(
        (1...5).map { Stage.react(top, by: MemberID($0), Int32($0)) } + [Stage.react(reply, by: MemberID(1), 3)])
      try trial.read(all)
      if let shown = try trial.read([Stage.read(.item, top, by: MemberID(9))]).first?.items.first {
        try require(
          shown.ratingSum == 15 && shown.ratingCount == 5,
          "marks 1 to 5: expected sum 15 of 5, got sum \(shown.ratingSum) of \(shown.ratingCount)")
      }
      var calls = [
        Stage.react(top, by: MemberID(5), 1), Stage.react(top, by: MemberID(1), 4), Stage.react(top, by: MemberID(1), 2),
      ]
      calls += [6, -1, .max, .min].map { Stage.react(top, by: MemberID(3), $0) }
      calls += [Stage.react(item(1, 50), by: MemberID(3), 3), Stage.react(.none, by: MemberID(3), 3)]
      try trial.commit(calls)
      try trial.read(all)
    },
    Check(
      "votes-flags-downloads", "Votes, flags and downloads are summed on the item; 0 takes a reaction back; others are rejected.",
      needs: [.publish, .react]
    ) { trial in
      let (top, reply) = (item(1, 1), item(2, 1))
      try trial.commit([
        Stage.publish(MemberID(1), 1, in: Stage.forums[2], at: 1), Stage.publish(MemberID(2), 1, answers: top, at: 2),
      ])
      let all = Stage.everything(about: [top, reply], by: MemberID(6), authors: [MemberID(1), MemberID(2)])
      let steps: [(ReactionKind, [Int32])] = [
        (.vote, [1, -1, 0, 0, 1, 2, -2]), (.flag, [1, 1, 0, 1, 2, -1]), (.download, [1, 7, 0, -3, 1_000_000]),
        (.rating, [4, 0, 0, 5, 0]), (ReactionKind(rawValue: 200), [.max, 0, .min]),
      ]
      for (kind, values) in steps {
        for value in values {
          // Two members do the same, one of them to both items; a third one something else.
          try trial.commit([
            Stage.react(top, by: MemberID(3), value, kind: kind), Stage.react(reply, by: MemberID(3), value, kind: kind),
            Stage.react(top, by: MemberID(4), value, kind: kind), Stage.react(top, by: MemberID(5), 1, kind: kind),
          ])
          try trial.read(all)
        }
      }
      if let shown = try trial.read([Stage.read(.item, top, by: MemberID(9))]).first?.items.first {
        try require(
          shown.voteSum == 3 && shown.flagCount == 3 && shown.downloadCount == 2_000_021 && shown.ratingCount == 1,
          "expected votes 3, flags 3, downloads 2000021, ratings 1; got \(shown.voteSum), \(shown.flagCount), "
            + "\(shown.downloadCount), \(shown.ratingCount)")
      }
    },
    Check(
      "groups", "A group's writes are made in order up to the first that fails; where the backend promises it, all or none.",
      needs: [.publish, .edit]
    ) { trial in
      let made = (1...4).map { item($0, 1) }
      let all = Stage.everything(about: made, by: MemberID(9), authors: (1...4).map { MemberID($0) })
      try trial.write(group: [
        Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1), Stage.edit(made[0], by: MemberID(1), expecting: 1),
      ])
      try trial.endTick()
      try trial.read(all)
      // The last one meets another version: nothing of the group may stay, or all that went before it.
      let answer = try trial.write(
        group: [
          Stage.publish(MemberID(2), 1, in: Stage.forums[0], at: 2), Stage.publish(MemberID(3), 1, answers: made[0], at: 3),
          Stage.react(made[0], by: MemberID(3), 5), Stage.edit(made[0], by: MemberID(2), expecting: 2),
          Stage.edit(made[0], by: MemberID(2), expecting: 1),
        ].filter { trial.claims($0.operation.verb) })
      try require(
        answer.outcome == .conflict, "a group whose last edit is out of date: expected conflict, got \(answer.outcome.name)")
      try trial.endTick()
      try trial.read(all)
      if trial.descriptor.atomicGroups, let left = try trial.read([Stage.read(.item, made[1], by: MemberID(9))]).first {
        try require(
          left.outcome == .notFound, "the first write of a group that failed: expected notFound, got \(left.outcome.name)")
      }
      try trial.write(group: [Stage.publish(MemberID(4), 1, in: Stage.forums[0], at: 4)])
      try trial.endTick()
      try trial.read(all)
    },
    Check(
      "item-version", "An item that is read with an expected version is shown if it has that version, and else a conflict.",
      needs: [.publish, .edit, .item]
    ) { trial in
      let made = item(1, 1)
      try trial.commit([Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1), Stage.edit(made, by: MemberID(1), expecting: 1)])
      for version in [0, 1, 2, 3, .max] as [UInt32] {
        for subject in [made, item(2, 1)] {
          var read = Stage.read(.item, subject, by: MemberID(2))
          read.operation.expectedVersion = version
          try trial.read([read])
        }
      }
    },
    Check(
      "groups-with-reads", "The rows of a group's reads come in order; one that is not ok ends the group, with its writes.",
      needs: [.publish, .edit, .item, .listing, .thread]
    ) { trial in
      guard trial.descriptor.isolation != .none else { throw ConformanceSkip("it claims no isolation, and so no reads in groups") }
      let made = (1...3).map { item($0, 1) }
      let all = Stage.everything(about: made, by: MemberID(9), authors: (1...3).map { MemberID($0) })
      try trial.commit([
        Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1), Stage.publish(MemberID(2), 1, answers: made[0], at: 2),
      ])
      let reads = [
        Stage.read(.item, made[0], by: MemberID(9)), Stage.read(.thread, made[0], by: MemberID(9)),
        Stage.listing(Stage.forums[0], by: MemberID(9), limit: 3), Stage.read(.item, made[1], by: MemberID(9)),
      ]
      try trial.write(group: reads)
      try trial.write(group: [reads[0], Stage.edit(made[0], by: MemberID(1), expecting: 1), reads[0]])
      try trial.endTick()
      try trial.read(all)
      var dependent = reads[0]
      dependent.operation.expectedVersion = 1
      // Of an item that nobody makes, and of a version that is no more.
      for failing in [Stage.read(.item, item(4, 1), by: MemberID(9)), dependent] {
        let answer = try trial.write(group: [Stage.publish(MemberID(3), 1, in: Stage.forums[0], at: 3), failing])
        try require(answer.outcome != .ok, "a group whose last read is not ok: expected that outcome, got ok")
        try trial.endTick()
        try trial.read(all)
      }
    },
    Check(
      "connections", "Ties have a direction and a kind; the loaded graph can be undone; members come in ascending order.",
      needs: [.connect, .disconnect, .connections]
    ) { trial in
      let all = (0..<6).flatMap { member in
        [ConnectionKind.follow, .friend, ConnectionKind(rawValue: 130)].flatMap { kind in
          [0, 1, 2, 1000].map { Stage.connections(MemberID(member), kind: kind, by: MemberID(9), limit: $0) }
        }
      }
      try trial.read(all)
      try trial.commit([
        Stage.connect(MemberID(0), MemberID(9)), Stage.connect(MemberID(0), MemberID(9)),
        Stage.connect(MemberID(0), MemberID(1), undo: true), Stage.connect(MemberID(0), MemberID(2), undo: true),
        Stage.connect(MemberID(1), MemberID(0), kind: .friend), Stage.connect(MemberID(3), MemberID(0xEFFF_FFFF)),
        Stage.connect(MemberID(2), MemberID(4), kind: ConnectionKind(rawValue: 130)),
      ])
      try trial.read(all)
      try trial.commit([Stage.connect(MemberID(0), MemberID(1)), Stage.connect(MemberID(0), MemberID(9), undo: true)])
      try trial.read(all)
      try trial.read([Stage.connections(MemberID(5000), by: MemberID(0))])
    },
  ]
}
