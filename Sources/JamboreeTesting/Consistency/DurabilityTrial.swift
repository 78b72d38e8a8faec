import JamboreeKit

/// Two halves of a check that what was acknowledged outlives the process: one writes until it is killed, the other, in
/// another process, looks for what the first was told.
public enum DurabilityTrial {
  /// So often a write that met another's transaction is tried again.
  private static let mostRepeats = 1_000

  /// Without these there is nothing to write, or no way to look for it.
  public static let verbs: Set<Verb> = [.publish, .item]

  /// Loads a small dataset and writes without end, `sessions` sessions in turn where only one may write, else all at once.
  /// - Parameters:
  ///   - sessions: how many authors write, 1 ... 16; each counts its own writes from 1.
  ///   - acknowledge: told of each write that was acknowledged, in the author's order; false ends the trial.
  /// - Throws: what the backend throws, and ``TrialFailure`` when a write does not end `ok`; the other sessions end then, too.
  public static func write(
    to instance: BackendInstance, sessions: Int, acknowledge: @escaping @Sendable (_ session: Int, _ number: Int) -> Bool
  ) throws {
    try instance.backend.load(Stage.dataset)
    let sessions = min(max(sessions, 1), Int(Stage.memberCount))
    let threads = instance.descriptor.writers == .single ? 1 : sessions
    let drivers = try (0..<threads).map { Guarded(try openDriver(instance, session: $0, timeoutNanoseconds: 10_000_000_000)) }
    let isOver = Guarded(false)
    try onThreads(threads) { thread in
      // Whoever ends first ends the trial: nobody would hear of a failed write while the others went on.
      defer { isOver.access { $0 = true } }
      var number = 1
      while true {
        for session in stride(from: thread, to: sessions, by: threads) {
          if isOver.access({ $0 }) { return }
          var answer = try drivers[thread].access { driver in Result { try driver.perform(group: group(session, number)) } }.get()
          // Somebody else's transaction came first, and this one was not done: whoever asks for such an isolation tries again.
          for _ in 0..<mostRepeats where answer.outcome == .conflict {
            answer = try drivers[thread].access { driver in Result { try driver.perform(group: group(session, number)) } }.get()
          }
          guard answer.outcome == .ok else {
            throw TrialFailure(description: "write \(number) of session \(session): expected ok, got \(answer.outcome.name)")
          }
          guard acknowledge(session, number) else { return }
        }
        number += 1
      }
    }
  }

  /// Goes on with what the writer left, and looks for everything that was acknowledged, and where groups are claimed to be
  /// all or none also for the write of each session that was under way: it may be there, whole.
  /// - Parameter acknowledged: the last number of each session; 0 for none.
  /// - Returns: how many items were looked for, and the first that is not there as it was written, as a sentence; nil when
  ///   all are.
  /// - Throws: what the backend throws.
  public static func check(_ instance: BackendInstance, acknowledged: [Int]) throws -> (looked: Int, complaint: String?) {
    _ = try instance.backend.reopen(Stage.dataset)
    let driver = try openDriver(instance, session: 0, timeoutNanoseconds: 10_000_000_000)
    let end = instance.descriptor.atomicGroups ? 1 : 0
    var looked = 0
    for (session, last) in acknowledged.enumerated() {
      for number in stride(from: 1, through: last + end, by: 1) {
        let calls = group(session, number)
        // What the reference model has after the same group.
        var model = ReferenceModel(Stage.dataset)
        _ = model.perform(group: calls, atomic: true)
        let reads = calls.map { Stage.read(.item, $0.operation.subject, by: MemberID(1)) }
        let answers = try reads.map { try driver.perform($0) }
        looked += reads.count
        if number > last, answers.allSatisfy({ $0.outcome == .notFound }) { continue }
        for (read, answer) in zip(reads, answers) {
          guard let found = Answer.difference(expected: model.read(read), got: answer) else { continue }
          let write =
            number > last
            ? "a part of write \(number) of session \(session), which was under way"
            : "acknowledged write \(number) of \(last) of session \(session)"
          return (looked, "\(write), \(read.text): \(found)")
        }
      }
    }
    return (looked, nil)
  }

  /// Why so few acknowledged writes prove nothing, as a sentence; nil when they will do.
  /// - Parameter acknowledged: how many of each session, over all kills.
  public static func shortfall(acknowledged: [Int], kills: Int) -> String? {
    let all = acknowledged.reduce(0, +)
    if all < kills { return "only \(all) writes were acknowledged before \(kills) kills: nothing is proved" }
    return acknowledged.firstIndex(of: 0).map {
      "no write of session \($0) was acknowledged before any of \(kills) kills: nothing is proved of it"
    }
  }

  /// An item and a reply to it: both are there, or the group was not kept whole.
  private static func group(_ session: Int, _ number: Int) -> [Call] {
    let author = MemberID(UInt32(session))
    let item = Stage.publish(author, 2 * UInt32(number), in: Stage.forums[session % 4], at: Int64(number))
    return [item, Stage.publish(author, 2 * UInt32(number) + 1, answers: item.operation.subject, at: Int64(number) + 1)]
  }

  /// A write that the backend did not take.
  public struct TrialFailure: Error, CustomStringConvertible {
    public let description: String
  }
}
