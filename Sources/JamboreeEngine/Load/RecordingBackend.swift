import JamboreeKit

/// A backend that keeps every write that ended well, so that what a simulation has made can be loaded into another one.
final class RecordingBackend: BlockingStorageBackend, @unchecked Sendable {
  // Safe to share: a session's log belongs to its worker; `endTick` and `log` are used while no session works.
  static let descriptor = BackendDescriptor(
    id: "recording", version: "1", summary: "keeps the writes that another backend has made", writers: .partitioned,
    atomicGroups: true)

  private let base: any BlockingStorageBackend
  private var sessions: [Session] = []
  private(set) var log = OperationLog()

  init(_ base: any BlockingStorageBackend) { self.base = base }

  convenience init(options: OptionValues) throws(BackendError) {
    throw BackendError(.usage, "a recording backend is made in code, over another one")
  }

  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func finish() throws(BackendError) { try base.finish() }

  func endTick(_ tick: TickID) throws(BackendError) {
    // Groups of several owners come last in a tick, and are made by the first session.
    for session in sessions.dropFirst() { session.moveLog(to: &log) }
    sessions.first?.moveLog(to: &log)
    try base.endTick(tick)
  }

  func openSession(_ id: SessionID) throws(BackendError) -> Session {
    let session = Session(try base.openAnySession(id))
    sessions.append(session)
    return session
  }

  final class Session: StorageSession {
    private let base: any StorageSession
    private var log = OperationLog()

    init(_ base: any StorageSession) { self.base = base }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      let outcome = base.execute(operation, arguments: arguments, into: &reply)
      if outcome == .ok, operation.verb.isWrite { keep(operation, arguments) }
      return outcome
    }

    func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      let outcome = base.executeAtomically(group, into: &reply)
      guard outcome == .ok else { return outcome }
      for index in 0..<group.count where group.operations[index].verb.isWrite {
        keep(group.operations[index], group.arguments(of: index))
      }
      return outcome
    }

    var lastErrorText: String { base.lastErrorText }

    private func keep(_ operation: Operation, _ arguments: Span<UInt64>) {
      log.append(operation, arguments: (0..<arguments.count).map { arguments[$0] })
    }

    fileprivate func moveLog(to all: inout OperationLog) {
      guard log.count > 0 else { return }
      all.append(log)
      log = OperationLog()
    }
  }
}
