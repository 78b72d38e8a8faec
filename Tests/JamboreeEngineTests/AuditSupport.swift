import JamboreeKit
import JamboreeTesting
import Synchronization

@testable import JamboreeEngine

/// A clock that a test moves.
final class VirtualClock: Sendable {
  private let nanoseconds = Atomic<UInt64>(1_000_000_000_000)
  var now: UInt64 { nanoseconds.load(ordering: .relaxed) }
  func advance(to time: UInt64) { nanoseconds.store(time, ordering: .relaxed) }
  func advance(by time: UInt64) { advance(to: now + time) }
}

typealias Unreliable = UnreliablePipeline<PipelinedAdapter<ModelBackend>>

let auditSeed = Seed(7)
let auditForums = (1...5).map { ContainerID(space: ContainerID.Space(service: 1, kind: 1), number: $0) }

func auditDataset(_ history: [Operation] = []) -> Dataset {
  Dataset(
    population: Population(
      regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [0], roles: [.contributor],
      affiliations: [.employee], interests: [1], graph: SocialGraph(offsets: [0, 0], targets: []), nameSeed: 1),
    containers: [], history: OperationLog(history))
}

/// A load on a backend under test: workers that take turns, each with an auditor and a session with many requests under way.
final class AuditedLoad<Backend: PipelinedStorageBackend> {
  let backend: Backend
  let clock: VirtualClock
  let settings: AuditSettings
  private(set) var auditors: [WriteAuditor]
  private var sessions: [Backend.Session]
  private var batch = CompletionBatch(capacity: 64)

  init(
    _ backend: Backend, history: [Operation] = [], workers: Int = 1, clock: VirtualClock = VirtualClock(),
    settings: AuditSettings = AuditSettings()
  ) throws {
    var settings = settings
    settings.workers = workers
    self.settings = settings
    (self.backend, self.clock) = (backend, clock)
    try backend.load(auditDataset(history))
    auditors = (0..<workers).map {
      WriteAuditor(settings: settings, seed: auditSeed, worker: $0, startNanoseconds: clock.now)
    }
    sessions = try (0..<workers).map { try backend.openSession($0, connections: 1) }
  }

  /// Puts writes under way all at once, through the worker of each one's actor, and waits for them.
  @discardableResult func write(_ operations: [Operation]) -> [Outcome] {
    var outcomes = [Outcome](repeating: .ok, count: operations.count)
    for (number, operation) in operations.enumerated() {
      sessions[worker(of: operation)].submit(operation, arguments: Span(), token: Token(rawValue: UInt64(number)))
    }
    var left = operations.count
    while left > 0 {
      for worker in sessions.indices {
        batch.removeAll()
        sessions[worker].poll(until: .distantFuture, into: &batch)
        for position in 0..<batch.count {
          let number = Int(batch.token(at: position).rawValue)
          outcomes[number] = batch.outcome(at: position)
          auditors[worker].completed(operations[number], outcomes[number], completedNanoseconds: clock.now)
          left -= 1
        }
      }
    }
    return outcomes
  }

  private func worker(of operation: Operation) -> Int { Int(operation.actor.rawValue) % sessions.count }

  /// Sends the probes that fall due until a time, each at its own moment; they are answered at once.
  func probe(until end: UInt64) {
    while let due = auditors.compactMap(\.nextProbeNanoseconds).min(), due <= end {
      clock.advance(to: max(due, clock.now))
      for worker in auditors.indices {
        // What the backend still has to do by now is done before the probe is sent.
        batch.removeAll()
        sessions[worker].poll(until: .distantFuture, into: &batch)
        while let probe = auditors[worker].nextProbe(now: clock.now) {
          sessions[worker].submit(probe.operation, arguments: Span(), token: Token(rawValue: 1 << 40))
          repeat {
            batch.removeAll()
            sessions[worker].poll(until: .distantFuture, into: &batch)
          } while batch.count == 0
          let outcome = batch.outcome(at: 0)
          batch.withReply(at: 0) {
            auditors[worker].probeCompleted(probe.id, outcome, reply: $0, sentNanoseconds: clock.now, now: clock.now)
          }
        }
      }
    }
    clock.advance(to: max(end, clock.now))
  }

  /// Ends the load and reads back.
  /// - Parameter change: what becomes of an answer on its way.
  func report(
    history: [Operation]? = [], deadlineNanoseconds: UInt64 = .max,
    change: @escaping (Operation, Outcome, inout Reply) -> Outcome = { _, outcome, _ in outcome }
  ) throws -> AuditReport {
    let records = auditors.map { $0.finish() }
    sessions.removeAll()
    var readBack = AuditReadBack(records, history: history.map { OperationLog($0) }, settings: settings, seed: auditSeed)
    let session = ChangingSession(try backend.openSession(99, connections: 1), change)
    return readBack.run(through: session, deadlineNanoseconds: deadlineNanoseconds) { [clock] in clock.now }
  }
}

/// A session whose answers are changed on their way.
final class ChangingSession<Base: PipelinedStorageSession>: PipelinedStorageSession {
  private let base: Base
  private let change: (Operation, Outcome, inout Reply) -> Outcome
  private var operations: [Token: Operation] = [:]

  init(_ base: Base, _ change: @escaping (Operation, Outcome, inout Reply) -> Outcome) {
    self.base = base
    self.change = change
  }

  func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
    operations[token] = operation
    base.submit(operation, arguments: arguments, token: token)
  }

  func submitAtomically(_ group: borrowing OperationGroup, token: Token) { base.submitAtomically(group, token: token) }

  func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
    var inner = CompletionBatch(capacity: 16)
    base.poll(until: deadline, into: &inner)
    for position in 0..<inner.count {
      let token = inner.token(at: position)
      var outcome = inner.outcome(at: position)
      inner.withReply(at: position) { reply in
        if let operation = operations.removeValue(forKey: token) { outcome = change(operation, outcome, &reply) }
        completions.complete(token, outcome) { swap(&$0, &reply) }
      }
    }
  }
}

/// Short ways to make writes.
enum Writing {
  static func operation(_ verb: Verb, _ subject: ItemID, by actor: MemberID) -> Operation {
    var operation = Operation(verb: verb, action: ActionID(0), actor: actor, intended: .zero)
    operation.subject = subject
    return operation
  }

  static func publish(_ item: ItemID, in forum: ContainerID = auditForums[0], answers parent: ItemID = .none) -> Operation {
    var publish = operation(.publish, item, by: item.author)
    publish.container = parent == .none ? forum : .none
    publish.object = parent.rawValue
    publish.payloadSeed = mix64(item.rawValue)
    publish.payloadLength = 20
    return publish
  }

  static func edit(_ item: ItemID, by actor: MemberID? = nil, expecting version: UInt32) -> Operation {
    var edit = operation(.edit, item, by: actor ?? item.author)
    edit.expectedVersion = version
    edit.payloadSeed = mix64(item.rawValue &+ UInt64(version))
    edit.payloadLength = 30
    return edit
  }

  static func react(_ item: ItemID, _ kind: ReactionKind, _ value: Int32, by actor: MemberID) -> Operation {
    var react = operation(.react, item, by: actor)
    react.kind = kind.rawValue
    react.value = value
    return react
  }

  static func delete(_ item: ItemID) -> Operation { operation(.delete, item, by: item.author) }
}
