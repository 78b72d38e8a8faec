import JamboreeKit

/// Several sessions at once.
extension BackendConformance {
  private static let threads = 4

  static let parallelChecks: [Check] = [
    Check(
      "parallel-reads", "Sessions that read at the same time, on several threads, each get the right answers.",
      isContract: true
    ) { trial in
      if trial.claims(.publish) { try trial.commit(content()) }
      var calls: [Call] = []
      for viewer in [MemberID(1), MemberID(2), .firstAnonymous] {
        calls += Stage.everything(about: ids(), by: viewer, authors: (0..<8).map { MemberID($0) })
      }
      calls = calls.filter { trial.claims($0.operation.verb) }
      // Made-up answers are at least the same ones on every thread.
      let made = trial.descriptor.isSynthetic ? try trial.driver().perform(calls) : trial.model.answers(calls)
      let (instance, timeout, questions, expected) = (trial.instance, trial.timeoutNanoseconds, calls, made)
      try onThreads(threads) { thread in
        let driver = try openDriver(instance, session: thread + 1, timeoutNanoseconds: timeout)
        for round in 0..<5 {
          // Each thread begins elsewhere, so that different reads meet.
          let shift = (thread * 31 + round * 7) % max(questions.count, 1)
          let order = Array(questions.indices[shift...]) + Array(questions.indices[..<shift])
          let answers = try driver.perform(order.map { questions[$0] })
          for (place, index) in order.enumerated() {
            if let found = Answer.difference(expected: expected[index], got: answers[place]) {
              throw ConformanceFailure("thread \(thread), round \(round), \(questions[index].text): \(found)")
            }
          }
        }
      }
      trial.count(calls.count * threads * 5)
    },
    Check(
      "parallel-writes", "Partitions by owner, written on several threads at once, lose and mix up nothing.",
      needs: [.publish]
    ) { trial in
      guard trial.descriptor.writers == .partitioned else { throw ConformanceSkip("it takes one ordered stream of writes") }
      for round in 0..<3 as Range<UInt32> {
        var calls: [Call] = []
        for number in 1...30 as ClosedRange<UInt32> {
          for author in 0..<Stage.memberCount {
            let sequence = round * 100 + number
            let item = ItemID(author: MemberID(author), sequence: sequence)
            // What it answers belongs to another partition, and may be written later than it.
            let other = ItemID(author: MemberID((author + 1) % Stage.memberCount), sequence: sequence)
            let time = Int64(sequence) * 10
            if number % 3 == 0 {
              calls.append(
                Stage.publish(MemberID(author), sequence, answers: ItemID(rawValue: other.rawValue - 1), at: time))
            } else {
              calls.append(
                Stage.publish(MemberID(author), sequence, in: Stage.forums[2], at: time, further: [Stage.forums[3]]))
            }
            calls.append(Stage.react(item, by: MemberID((author + number) % Stage.memberCount), Int32(number % 5) + 1))
            calls.append(Stage.edit(item, by: MemberID(author), expecting: number % 4 == 0 ? 2 : 1))
            if number % 7 == 0 { calls.append(Stage.delete(item, by: MemberID(author))) }
            calls.append(Stage.connect(MemberID(author), MemberID((author * 7 + number) % Stage.memberCount)))
          }
        }
        try write(calls.filter { trial.claims($0.operation.verb) }, trial)
        try trial.endTick()
        let ids = (0..<Stage.memberCount).flatMap { author in
          [1, 2, 3, 7, 28].map { ItemID(author: MemberID(author), sequence: round * 100 + $0) }
        }
        try trial.read(Stage.everything(about: ids, by: MemberID(1), authors: (0..<4).map { MemberID($0) }))
        try trial.read((0..<Stage.memberCount).map { Stage.connections(MemberID($0), by: MemberID(1)) })
      }
    },
  ]

  /// Writes by partition, as the engine does: each partition in order, the partitions on several threads.
  private static func write(_ calls: [Call], _ trial: Trial) throws {
    let expected = trial.follow(calls)
    var partitions = [[Int]](repeating: [], count: shardCount)
    for (index, call) in calls.enumerated() { partitions[Int(call.operation.ownerKey % UInt64(shardCount))].append(index) }
    let (instance, timeout, all) = (trial.instance, trial.timeoutNanoseconds, partitions)
    try onThreads(threads) { thread in
      let driver = try openDriver(instance, session: thread + 1, timeoutNanoseconds: timeout)
      for partition in stride(from: thread, to: shardCount, by: threads) {
        let own = all[partition]
        let answers = try driver.perform(own.map { calls[$0] })
        for (place, index) in own.enumerated() {
          if let found = Answer.difference(expected: expected[index], got: answers[place]) {
            throw ConformanceFailure("partition \(partition), \(calls[index].text): \(found)")
          }
        }
      }
    }
    trial.count(calls.count)
  }

  private static func content() -> [Call] {
    var calls: [Call] = []
    for author in 0..<8 as Range<UInt32> {
      for number in 1...12 as ClosedRange<UInt32> {
        calls.append(
          Stage.publish(
            MemberID(author), number, in: Stage.forums[Int(number % 4)], at: Int64(number),
            flags: number == 5 ? .isPrivate : []))
        calls.append(
          Stage.publish(MemberID(author), 50 + number, answers: ItemID(author: MemberID(author), sequence: number), at: 20))
      }
    }
    return calls
  }

  private static func ids() -> [ItemID] {
    (0..<8).flatMap { author in [1, 5, 12].map { ItemID(author: MemberID(author), sequence: $0) } }
  }
}

extension ReferenceModel {
  func answers(_ calls: [Call]) -> [Answer] { calls.map { read($0) } }
}
