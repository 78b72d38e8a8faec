import JamboreeEngine
import JamboreeKit
import JamboreeMemory

/// A run on the memory backend, and what is there when it has ended.
struct Aftermath {
  let plan: SimulationPlan
  let finished: Finished
  private let session: any StorageSession

  init(_ plan: SimulationPlan) throws {
    self.plan = plan
    let backend = try MemoryBackend(options: noOptions())
    finished = try simulate(plan, backend: .blocking(backend), workers: 2)
    session = try backend.openSession(0)
  }

  func total(_ metric: String) -> Int { Int(finished.timeline.total(metric)) }

  /// All public items, replies too, that are of this service.
  func items(service: UInt8 = 0) -> [ItemRow] {
    read(.scan, limit: .max).rows.filter { $0.id.service == service }
  }

  /// Those of them that were published during the run.
  func newItems(service: UInt8 = 0) -> [ItemRow] {
    items(service: service).filter { $0.id.author != .platform && $0.id.sequence < 0x80_0000 }
  }

  /// Whom a member has ties to, of a kind.
  func ties(of member: Int, _ kind: ConnectionKind) -> [UInt64] {
    read(.connections, limit: .max) { ($0.object, $0.kind) = (UInt64(member), kind.rawValue) }.keys
  }

  /// Subjects of a member's notifications, and their kinds and actors.
  func notifications(of member: Int) -> [(item: ItemRow, kind: UInt8, actor: UInt32)] {
    let (rows, keys) = read(.notifications, limit: 1_024) { $0.actor = MemberID(UInt32(member)) }
    return rows.indices.map { (rows[$0], UInt8(keys[2 * $0 + 1] >> 32), UInt32(truncatingIfNeeded: keys[2 * $0 + 1])) }
  }

  private func read(
    _ verb: Verb, limit: UInt16, _ change: (inout Operation) -> Void = { _ in }
  ) -> (rows: [ItemRow], keys: [UInt64]) {
    var operation = Operation(verb: verb, action: ActionID(0), actor: MemberID(0), intended: .zero)
    operation.limit = limit
    change(&operation)
    var reply = Reply()
    let none: [UInt64] = []
    _ = session.execute(operation, arguments: none.span, into: &reply)
    return ((0..<reply.items.count).map { reply.items[$0] }, reply.keys)
  }
}
