import Glibc
import JamboreeKit

/// A fresh backend with its sessions, some of which write while others read.
final class Arena: Sendable {
  struct Progress: Sendable {
    /// Groups that were committed.
    var commits = 0
    /// Looks that readers took.
    var observations = 0
    /// Somebody has found something, so all can stop.
    var isOver = false
  }

  let instance: BackendInstance
  let progress = Guarded(Progress())
  /// How many commits and looks there have to be.
  let wanted: Int
  /// Those that may write; only one where the backend takes one stream of writes.
  private let writers: [Port]
  private let readers: [Port]
  private let timeoutNanoseconds: UInt64

  /// A session that one thread at a time uses.
  final class Port: Sendable {
    private let driver: Guarded<any Driver>
    init(_ driver: any Driver) { self.driver = Guarded(driver) }

    func perform(_ group: [Call]) throws -> Answer {
      try driver.access { driver in Result { try driver.perform(group: group) } }.get()
    }

    func perform(_ call: Call) throws -> Answer { try driver.access { driver in Result { try driver.perform(call) } }.get() }
  }

  init(_ suite: BackendConsistency) throws {
    instance = try suite.make()
    wanted = suite.commits
    timeoutNanoseconds = suite.timeoutNanoseconds
    try instance.backend.load(Stage.dataset)
    let count = suite.sessions
    let writing = instance.descriptor.writers == .single ? 1 : max(count / 2, 2)
    // All are opened before the first one works.
    var ports: [Port] = []
    for session in 0..<count {
      ports.append(Port(try openDriver(instance, session: session, timeoutNanoseconds: suite.timeoutNanoseconds)))
    }
    writers = Array(ports[..<writing])
    readers = Array(ports[writing...])
  }

  var writer: Port { writers[0] }
  /// Of a session that does not write.
  var reader: Port { readers[0] }

  /// Writes before or after a race. Each must end `ok`.
  func prepare(_ calls: [Call]) throws {
    for call in calls {
      let answer = try writer.perform(call)
      try require(answer.outcome == .ok, "\(call.text), before the race: expected ok, got \(answer.outcome.name)")
    }
    try instance.backend.endTick(0)
  }

  /// Items of their own for a check, by as many authors.
  func makeItems(_ count: Int) throws -> [ItemID] {
    let calls = (0..<count).map { number in
      Stage.publish(MemberID(UInt32(number) % Stage.memberCount), 1_000 + UInt32(number), in: Stage.forums[2], at: Int64(number))
    }
    try prepare(calls)
    return calls.map(\.operation.subject)
  }

  /// Lets writers and readers work at the same time until there are enough commits and looks.
  /// - Parameters:
  ///   - write: one group, by its thread's number and its own number there; returns how many commits it made.
  ///   - read: one look; throws what it finds wrong.
  func race(
    write: @escaping @Sendable (_ thread: Int, _ round: Int, _ port: Port) throws -> Int,
    read: (@Sendable (_ port: Port) throws -> Void)? = nil
  ) throws {
    let (writers, readers, wanted, progress) = (writers, read == nil ? [] : readers, wanted, progress)
    let deadline = monotonicNanoseconds() + timeoutNanoseconds
    // At least two threads write, through one session where it must be: in turn then.
    let writing = max(writers.count, 2)
    try onThreads(writing + readers.count) { thread in
      var round = 0
      while monotonicNanoseconds() < deadline {
        let isEnough = progress.access { $0.isOver || ($0.commits >= wanted && (read == nil || $0.observations >= wanted)) }
        if isEnough { return }
        do {
          if thread < writing {
            let commits = try write(thread, round, writers[thread % writers.count])
            progress.access { $0.commits += commits }
          } else {
            try read?(readers[thread - writing])
            progress.access { $0.observations += 1 }
          }
        } catch {
          progress.access { $0.isOver = true }
          throw error
        }
        round += 1
      }
    }
    try requireEnough(looks: read != nil)
  }

  /// How many pairs of groups a ``duel(left:right:)`` may take: both groups of a pair may end in a conflict, where each is
  /// ended because of the other, so twice as many as are wanted.
  var pairs: Int { 2 * wanted }

  /// Lets two threads perform a group each, again and again at the same time, until there are enough pairs and commits.
  /// - Parameters:
  ///   - left: a group by its number, below ``pairs``.
  ///   - right: the group that meets it.
  /// - Returns: the answers of both, by number.
  func duel(left: @escaping @Sendable (Int) -> [Call], right: @escaping @Sendable (Int) -> [Call]) throws
    -> [(left: Answer, right: Answer)]
  {
    let (writers, progress, wanted) = (writers, progress, wanted)
    let meeting = Guarded((arrived: 0, isEnough: false))
    let deadline = monotonicNanoseconds() + timeoutNanoseconds
    let answers = try onThreads(2) { [pairs] thread in
      var answers: [Answer] = []
      for number in 0..<pairs {
        meeting.access {
          $0.arrived += 1
          // Whoever comes last says for both whether they go on: what was committed up to here does not change any more.
          if $0.arrived == 2 * (number + 1) { $0.isEnough = number >= wanted && progress.access { $0.commits >= wanted } }
        }
        while meeting.access({ $0.arrived }) < 2 * (number + 1), monotonicNanoseconds() < deadline, !progress.access({ $0.isOver }) {
          sched_yield()
        }
        guard monotonicNanoseconds() < deadline, !progress.access({ $0.isOver }), !meeting.access({ $0.isEnough }) else { break }
        do {
          let answer = try writers[thread % writers.count].perform(thread == 0 ? left(number) : right(number))
          answers.append(answer)
          progress.access {
            if answer.outcome == .ok { $0.commits += 1 }
            $0.observations += 1
          }
        } catch {
          progress.access { $0.isOver = true }
          throw error
        }
      }
      return answers
    }
    try requireEnough(looks: false, in: answers[0].count == pairs ? "\(pairs) pairs of groups" : nil)
    return zip(answers[0], answers[1]).map { ($0, $1) }
  }

  /// - Parameter span: in what there should have been enough, if not in the time that a check has.
  private func requireEnough(looks: Bool, in span: String? = nil) throws {
    let made = progress.access { $0 }
    try require(
      made.commits >= wanted && (!looks || made.observations >= wanted),
      "only \(made.commits) commits\(looks ? " and \(made.observations) looks" : "") of \(wanted) in \(span ?? "\(timeoutNanoseconds / 1_000_000_000) s"): nothing is proved")
  }
}
