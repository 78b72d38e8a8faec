import JamboreeKit

/// What holds for every backend, one with made-up replies included.
extension BackendConformance {
  static let contractChecks: [Check] = [
    Check(
      "lifecycle", "Sessions open, ticks without writes end, and the backend finishes without an error.", isContract: true
    ) { trial in
      for session in 0..<3 { try trial.read([Stage.listing(Stage.empty, by: MemberID(1))], session: session) }
      for _ in 0..<3 { try trial.endTick() }
      let empty = try trial.driver().perform(group: [])
      try require(empty.outcome == .ok, "a group of no writes: expected ok, got \(empty.outcome.name)")
    },
    Check("unclaimed-verbs", "A verb that the descriptor does not claim is rejected.", isContract: true) { trial in
      let unclaimed = Verb.allCases.filter { !trial.claims($0) }
      if unclaimed.isEmpty { throw ConformanceSkip("the backend claims every verb") }
      for verb in unclaimed {
        let answer = try trial.driver().perform(Call(Stage.operation(verb, by: MemberID(1))))
        trial.count(1)
        try require(
          answer.outcome == .rejected, "\(verb.name), which is not claimed: expected rejected, got \(answer.outcome.name)")
      }
    },
    Check("page-limits", "A reply never has more entries than its limit.", isContract: true) { trial in
      try seed(trial)
      for limit in [0, 1, 2, 3, 10, 1000] as [UInt16] {
        for call in pages(limit: limit) where trial.claims(call.operation.verb) {
          let answer = try trial.driver().perform(call)
          trial.count(1)
          try require(
            max(answer.items.count, answer.keys.count) <= Int(limit),
            "\(call.text): expected at most \(limit) entries, got \(max(answer.items.count, answer.keys.count))")
        }
      }
    },
    Check("repeatable-reads", "The same question gets the same answer again, and in every session.", isContract: true) {
      trial in
      try seed(trial)
      let calls = pages(limit: 20).filter { trial.claims($0.operation.verb) }
      let first = try trial.driver().perform(calls)
      for session in [0, 1, 2] {
        let again = try trial.driver(session).perform(calls)
        trial.count(calls.count)
        for (index, call) in calls.enumerated() {
          if let found = Answer.difference(expected: first[index], got: again[index]) {
            throw ConformanceFailure("\(call.text), asked again in session \(session): \(found)")
          }
        }
      }
    },
    Check(
      "pipelined-contract", "Each token completes exactly once, and nothing completes that was not submitted.",
      isContract: true
    ) { trial in
      guard case .pipelined = trial.instance else { throw ConformanceSkip("its calls block") }
      let reads = pages(limit: 5).filter { trial.claims($0.operation.verb) }
      if reads.isEmpty { throw ConformanceSkip("the backend claims no read that has pages") }
      // More than a batch holds and more than a window, through two sessions; the driver counts completions.
      for session in [0, 1] {
        for count in [1, 6, 7, 8, 200] {
          let calls = (0..<count).map { reads[$0 % reads.count] }
          let answers = try trial.driver(session).perform(calls)
          trial.count(count)
          try require(answers.count == count, "\(count) requests: expected as many completions, got \(answers.count)")
        }
      }
      if trial.claims(.publish) { try seed(trial) }
    },
    Check(
      "pipelined-owner-order", "Writes with one owner take effect in the order in which they were submitted.",
      needs: [.publish, .edit]
    ) { trial in
      guard case .pipelined = trial.instance else { throw ConformanceSkip("its calls block") }
      // An odd number of owners: what treats every other request differently meets each owner both ways.
      try trial.commit(interleavedEdits(owners: 7, edits: 8))
    },
  ]

  /// Items, a reply and a rating, as far as the backend claims the verbs.
  private static func seed(_ trial: Trial) throws {
    var calls = (1...12 as ClosedRange<UInt32>).map {
      Stage.publish(MemberID($0 % 4), $0, in: Stage.forums[0], at: Int64($0))
    }
    calls.append(Stage.publish(MemberID(5), 1, answers: ItemID(author: MemberID(1), sequence: 1), at: 20))
    calls.append(Stage.react(ItemID(author: MemberID(1), sequence: 1), by: MemberID(6), 4))
    try trial.commit(calls.filter { trial.claims($0.operation.verb) })
  }

  /// One question of every kind that has pages.
  private static func pages(limit: UInt16) -> [Call] {
    let viewer = MemberID(2)
    let item = ItemID(author: MemberID(1), sequence: 1)
    var calls = ListingOrder.allCases.map { Stage.listing(Stage.forums[0], by: viewer, $0, limit: limit) }
    calls += [Verb.thread, .revisions, .scan].map { Stage.read($0, item, by: viewer, limit: limit) }
    calls.append(Stage.recent([MemberID(0), MemberID(1), MemberID(2)], by: viewer, limit: limit))
    calls.append(Stage.connections(MemberID(4), by: viewer, limit: limit))
    for verb in [Verb.inbox, .notifications, .search, .directory] {
      var operation = Stage.operation(verb, by: viewer)
      operation.limit = limit
      operation.object = .max
      calls.append(Call(operation))
    }
    return calls
  }

  /// Each owner publishes an item and edits it again and again; out of order, an edit would meet another version.
  static func interleavedEdits(owners: UInt32, edits: UInt32) -> [Call] {
    var calls: [Call] = []
    for owner in 0..<owners { calls.append(Stage.publish(MemberID(owner), 1, in: Stage.forums[0], at: Int64(owner))) }
    for version in 1...edits {
      for owner in 0..<owners {
        let item = ItemID(author: MemberID(owner), sequence: 1)
        calls.append(Stage.edit(item, by: MemberID((owner + version) % Stage.memberCount), expecting: version))
      }
    }
    return calls
  }
}
