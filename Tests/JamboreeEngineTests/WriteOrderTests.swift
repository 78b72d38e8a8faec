import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeTesting
import Testing

/// Writes of one tick: members 0 and 2 make groups of their own items, member 1 a single write, the later the lower the
/// number.
class OwnGroupAgents: ScriptedAgents {
  override class var initialItems: Int { 1 }
  override func start(_ context: inout AgentContext) {
    for agent in members.indices {
      context.schedule(UInt32(agent), at: SimTime(nanoseconds: 900 - 400 * Int64(members[agent].rawValue)))
    }
  }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    context.write(publishing(1, by: agent, context))
    if members[Int(agent)].rawValue != 1 { context.write(second(agent, context)) }
    return .writes
  }

  func second(_ agent: UInt32, _ context: borrowing AgentContext) -> Operation { publishing(2, by: agent, context) }
}

/// The same; the second write of a group is about somebody else's item.
final class SharedGroupAgents: OwnGroupAgents {
  override class var verbs: Set<Verb> { [.publish, .react] }
  override func second(_ agent: UInt32, _ context: borrowing AgentContext) -> Operation {
    var rating = operation(.react, by: agent, context)
    rating.subject = Self.platformItem(1)
    rating.value = 3
    return rating
  }
}

/// Everybody writes once, all at the same time.
final class SimultaneousAgents: ScriptedAgents {
  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    context.write(publishing(1, by: agent, context))
    return .writes
  }
}

/// Members with even numbers edit items as they are, the others expect a version that nobody made; each tells member 0.
final class TellingAgents: ScriptedAgents {
  override class var initialItems: Int { 40 }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    let member = members[Int(agent)]
    guard member.rawValue > 0 else { return .idle }
    var edit = operation(.edit, by: agent, context)
    edit.subject = Self.platformItem(Int(member.rawValue))
    edit.expectedVersion = member.rawValue % 2 == 0 ? 1 : 7
    context.write(edit)
    if member.rawValue > 20 { context.write(publishing(1, by: agent, context)) }
    context.notify(
      Notice(
        to: MemberID(0), service: setup.serviceNumber, kind: 1, value: Int32(member.rawValue), item: .none,
        time: context.now))
    return .writes
  }

  override func receive(_ notice: Notice, _ context: inout AgentContext) {
    log.add("told", notice.to, context.now, Int64(notice.value))
  }
}

/// Tells before it has found anything to do, and then does nothing.
final class IdleTellingAgents: ScriptedAgents {
  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    context.notify(
      Notice(
        to: members[Int(agent)], service: setup.serviceNumber, kind: 1, value: 1, item: .none, time: context.now))
    return .idle
  }

  override func receive(_ notice: Notice, _ context: inout AgentContext) { log.add("told", notice.to, context.now) }
}

/// Reads once.
final class OneReadAgents: ScriptedAgents {
  override class var initialItems: Int { 1 }
  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    .read(reading(Self.platformItem(1), by: agent, context))
  }
}

@Suite struct WriteOrderTests {
  private func order<Agents: ScriptedAgents>(_ agents: Agents.Type, members: Int, workers: Int = 1) throws -> [[UInt32]] {
    let memory = try WatchedMemory()
    try play(agents, members: members, on: .blocking(memory), workers: workers)
    return memory.writes.withLock { $0.map { [$0.actor.rawValue, $0.subject.sequence] } }
  }

  /// Not by the number of the shard: who meant it earlier is served earlier.
  @Test func writesGoByIntendedTime() throws {
    #expect(try order(OwnGroupAgents.self, members: 3) == [[2, 1], [2, 2], [1, 1], [0, 1], [0, 2]])
  }

  @Test func groupsOfSeveralOwnersComeLast() throws {
    #expect(try order(SharedGroupAgents.self, members: 3) == [[1, 1], [2, 1], [2, 1], [0, 1], [0, 1]])
  }

  /// Who is served first among those of the same time does not go with the member's number.
  @Test func tiesFavourNobody() throws {
    let members = try order(SimultaneousAgents.self, members: 2000).map { Double($0[0]) }
    #expect(members.count == 2000)
    var covariance = 0.0
    for (place, member) in members.enumerated() { covariance += (Double(place) - 999.5) * (member - 999.5) }
    // Spearman's rank correlation; its standard error is 1 / sqrt(1999).
    let correlation = covariance / (2000.0 * (2000.0 * 2000.0 - 1) / 12)
    #expect(abs(correlation) < 4 / 44.7)
    #expect(try order(SimultaneousAgents.self, members: 2000, workers: 3).map { Double($0[0]) } == members)
  }

  @Test(arguments: Lanes.allCases) func failedWritesTellNobody(_ lanes: Lanes) throws {
    let log = ScriptLog()
    try play(TellingAgents.self, members: 41, on: lanes.instance(try AtomicStore(options: noOptions())), log: log)
    #expect(log.all("told").map(\.value) == (1...40).filter { $0 % 2 == 0 })
    // One tick later, as every notice.
    #expect(log.all("told").allSatisfy { $0.time.nanoseconds == ScriptedAgents.tick })
  }

  @Test(arguments: Lanes.allCases) func whoHasNothingToDoMayTell(_ lanes: Lanes) throws {
    let log = ScriptLog()
    try play(IdleTellingAgents.self, members: 3, on: lanes.instance(try AtomicStore(options: noOptions())), log: log)
    #expect(log.all("told").map(\.member.rawValue) == [0, 1, 2])
  }

  @Test func aLostRequestEndsTheRun() throws {
    let pipeline = FaultyPipeline(
      PipelinedAdapter(try AtomicStore(options: noOptions()), seed: 3), fault: .neverCompletes(number: 5))
    #expect {
      try play(OneReadAgents.self, members: 20, on: .pipelined(pipeline), stallNanoseconds: 30_000_000)
    } throws: { error in
      (error as? BackendError)?.kind == .unreachable
    }
  }
}
