import JamboreeKit

/// Names, profiles, and what texts are found by.
extension BackendConformance {
  private static func item(_ author: UInt32, _ sequence: UInt32) -> ItemID {
    ItemID(author: MemberID(author), sequence: sequence)
  }

  private static let everybody = (0..<Stage.memberCount).map { MemberID($0) }

  static let memberChecks: [Check] = [
    Check("directory-pages", "A directory has everybody once, by name; a page goes on after a member.", needs: [.directory]) {
      trial in
      let viewer = MemberID(3)
      for limit in [0, 1, 3, 2000] as [UInt16] {
        try trial.read([Stage.directory(.none, by: viewer, limit: limit)])
        for member in everybody + [MemberID(Stage.memberCount), .firstAnonymous] {
          try trial.read([Stage.directory(.none, after: member, by: viewer, limit: limit)])
        }
      }
    },
    Check("directory-prefix", "With a prefix, a directory has those whose names begin with it.", needs: [.directory]) { trial in
      var prefixes = Set(Stage.prefixes)
      for member in everybody {
        let key = String(decoding: Stage.dataset.population.collationKey(of: member), as: UTF8.self)
        for length in [1, 2, 3, 5, 8] { prefixes.insert(String(key.prefix(length))) }
      }
      for prefix in prefixes.sorted() {
        try trial.read([
          Stage.directory(.none, prefix: prefix, by: MemberID(1)), Stage.directory(.none, prefix: prefix, by: MemberID(1), limit: 1),
          Stage.directory(.none, after: MemberID(7), prefix: prefix, by: MemberID(1)),
        ])
      }
    },
    Check(
      "directory-members", "A container's directory has those who have joined it, once each.", needs: [.directory, .join]
    ) { trial in
      for (index, member) in [9, 2, 2, 14, 5, 0].enumerated() {
        try trial.write(Stage.join(Stage.forums[index % 2], by: MemberID(UInt32(member))))
        try trial.write(Stage.join(Stage.unnamed, by: MemberID(UInt32(member))))
        if index % 3 == 2 { try trial.endTick() }
      }
      try trial.endTick()
      for container in Stage.forums + [Stage.unnamed, Stage.empty] {
        for limit in [1, 2, 2000] as [UInt16] { try trial.read([Stage.directory(container, by: MemberID(1), limit: limit)]) }
        for member in everybody { try trial.read([Stage.directory(container, after: member, by: MemberID(1))]) }
        for prefix in Stage.prefixes { try trial.read([Stage.directory(container, prefix: prefix, by: MemberID(1))]) }
      }
    },
    Check(
      "profiles", "A profile counts a member's ties, places and public items.",
      needs: [.profile, .publish, .delete, .react, .connect, .disconnect, .join]
    ) { trial in
      func look() throws {
        for member in everybody + [MemberID(Stage.memberCount), .firstAnonymous, .platform] {
          try trial.read([Stage.profile(member, by: MemberID(1))])
        }
      }
      try look()
      try trial.commit([
        Stage.publish(MemberID(2), 1, in: Stage.forums[0], at: 1), Stage.publish(MemberID(2), 2, answers: item(2, 1), at: 2),
        Stage.publish(MemberID(2), 3, in: Stage.forums[0], at: 3, flags: .isPrivate),
        Stage.publish(MemberID(2), 4, in: Stage.forums[1], at: 4), Stage.connect(MemberID(2), MemberID(9)),
        Stage.connect(MemberID(2), MemberID(9), kind: .friend), Stage.connect(MemberID(2), MemberID(3), undo: true),
        Stage.join(Stage.forums[0], by: MemberID(2)), Stage.join(Stage.forums[0], by: MemberID(2)),
        Stage.join(Stage.unnamed, by: MemberID(2)),
      ])
      try look()
      try trial.commit([
        Stage.react(item(2, 1), by: MemberID(5), 4), Stage.react(item(2, 2), by: MemberID(6), 2),
        Stage.delete(item(2, 4), by: MemberID(2)),
      ])
      try look()
    },
    Check(
      "search", "A search finds the items whose present text has the word, newest first.",
      needs: [.search, .publish, .edit, .delete]
    ) { trial in
      let words = [0, 1, 2, 3, 5, 9, 40, 63, 64, 500, 4159, 4160, Vocabulary.count - 1, Vocabulary.count, 1 << 40]
      func look() throws {
        for word in words {
          for limit in [1, 3, 1000] as [UInt16] {
            try trial.read([Stage.search(word, by: MemberID(1), limit: limit), Stage.search(word, by: MemberID(3), limit: limit)])
          }
        }
      }
      var calls: [Call] = []
      for sequence in 1...12 as ClosedRange<UInt32> {
        calls.append(
          Stage.publish(
            MemberID(sequence % 3 + 1), sequence, in: Stage.forums[0], answers: sequence % 4 == 3 ? item(2, 1) : .none,
            at: Int64(sequence / 2), flags: sequence % 5 == 0 ? .isPrivate : []))
        calls[calls.count - 1].operation.payloadLength = sequence * 40
      }
      try trial.commit(calls)
      try look()
      // Texts that are too short for a word, or for two.
      for (index, length) in ([0, 1, 2, 3, 4, 5] as [UInt32]).enumerated() {
        var call = Stage.publish(MemberID(4), UInt32(index) + 1, in: Stage.forums[0], at: 30)
        call.operation.payloadLength = length
        try trial.write(call)
      }
      try trial.endTick()
      try look()
      try trial.commit([
        Stage.edit(calls[5].operation.subject, by: calls[5].operation.actor, expecting: 1, text: 5),
        Stage.delete(calls[6].operation.subject, by: calls[6].operation.actor),
      ])
      try look()
      // Words around the end of what is searched: those of long texts that come later are not found by them.
      var around: Set<Int> = []
      let limit = UInt32(Payload.searchedBytes)
      var long: [Call] = []
      for (index, length) in (Array((limit - 4)...(limit + 6)) + [3 * limit]).enumerated() {
        var call = Stage.publish(MemberID(5), UInt32(index) + 1, in: Stage.forums[1], at: 40)
        call.operation.payloadLength = length
        Payload.forEachWord(seed: call.operation.payloadSeed, length: Int(length)) { around.insert($0) }
        long.append(call)
      }
      try trial.commit(long)
      func lookAround() throws {
        for word in around.sorted() { try trial.read([Stage.search(word, by: MemberID(1))]) }
      }
      try lookAround()
      for version in 1...3 as ClosedRange<UInt32> {
        var call = Stage.edit(long[11].operation.subject, by: MemberID(2), expecting: version, text: UInt64(version))
        call.operation.payloadLength = limit * version
        try trial.commit([call])
        try look()
        try lookAround()
      }
    },
  ]
}
