import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import Testing

/// In each of four ticks every member reads what two neighbours write in this tick and what they wrote in the last one,
/// then writes an item itself. One neighbour lives in another shard, one in the same; some act earlier, some later.
final class ReadingAgents: ScriptedAgents {
  private var round: [Int]
  private var asked: [Int]

  required init(shard: Int, setup: ServiceSetup, log: ScriptLog) {
    round = [Int](repeating: 0, count: (setup.population.count + shardCount - 1) / shardCount)
    asked = round
    super.init(shard: shard, setup: setup, log: log)
  }

  private func time(_ agent: UInt32) -> SimTime {
    let spread = Int64(mix64(UInt64(members[Int(agent)].rawValue)) % UInt64(Self.tick))
    return SimTime(nanoseconds: Int64(round[Int(agent)]) * Self.tick + spread)
  }

  override func start(_ context: inout AgentContext) {
    for agent in members.indices { context.schedule(UInt32(agent), at: time(UInt32(agent))) }
  }

  /// Four reads: the one neighbour's item of this tick and of the last, then the other's.
  private func next(_ agent: UInt32, _ context: inout AgentContext) -> Step {
    let step = asked[Int(agent)]
    let distance: UInt32 = step < 2 ? 1 : 64
    let neighbour = MemberID((members[Int(agent)].rawValue + distance) % UInt32(setup.population.count))
    let sequence = UInt32(round[Int(agent)] + 1 - step % 2)
    return .read(reading(ItemID(author: neighbour, sequence: max(sequence, 1)), by: agent, context))
  }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    guard round[Int(agent)] < 4 else { return .idle }
    asked[Int(agent)] = 0
    return next(agent, &context)
  }

  override func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    let isOfThisTick = asked[Int(agent)] % 2 == 0 || round[Int(agent)] == 0
    log.add(isOfThisTick ? "this" : "last", members[Int(agent)], context.now, Int64(outcome.rawValue))
    asked[Int(agent)] += 1
    if asked[Int(agent)] < 4 { return next(agent, &context) }
    round[Int(agent)] += 1
    context.write(publishing(round[Int(agent)], by: agent, context))
    context.schedule(agent, at: time(agent))
    return .writes
  }
}

/// Writes five items, each wake-up asked for at once, and before each reads the one it wrote last.
class EagerAgents: ScriptedAgents {
  /// How many wake-ups each has from the start, all in the first tick.
  class var firstWakes: Int { 1 }
  private var written: [Int]

  required init(shard: Int, setup: ServiceSetup, log: ScriptLog) {
    written = [Int](repeating: 0, count: (setup.population.count + shardCount - 1) / shardCount)
    super.init(shard: shard, setup: setup, log: log)
  }

  override func start(_ context: inout AgentContext) {
    for agent in members.indices {
      for wake in 0..<Self.firstWakes { context.schedule(UInt32(agent), at: SimTime(nanoseconds: Int64(wake) * 1000)) }
    }
  }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    guard written[Int(agent)] > 0 else { return write(agent, &context) }
    guard written[Int(agent)] < 5 else { return .idle }
    return .read(reading(own(agent, written[Int(agent)]), by: agent, context))
  }

  override func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    log.add("own", members[Int(agent)], context.now, Int64(outcome.rawValue))
    return write(agent, &context)
  }

  private func write(_ agent: UInt32, _ context: inout AgentContext) -> Step {
    written[Int(agent)] += 1
    context.write(publishing(written[Int(agent)], by: agent, context))
    context.schedule(agent, at: context.now)
    return .writes
  }
}

final class DoublyWokenAgents: EagerAgents {
  override class var firstWakes: Int { 2 }
}

/// Sends word to a member of another shard and to one of its own; who receives it passes it on, three times in all.
final class NotifyingAgents: ScriptedAgents {
  override func start(_ context: inout AgentContext) {
    for agent in members.indices {
      context.schedule(UInt32(agent), at: SimTime(nanoseconds: Int64(members[agent].rawValue) * 7_000_000))
    }
  }

  private func send(from member: MemberID, left: Int32, _ context: inout AgentContext) {
    for distance in [1, 64] as [UInt32] {
      let to = MemberID((member.rawValue + distance) % UInt32(setup.population.count))
      context.notify(Notice(to: to, service: setup.serviceNumber, kind: 1, value: left, item: .none, time: context.now))
    }
  }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    send(from: members[Int(agent)], left: 2, &context)
    return .done(.ok)
  }

  override func receive(_ notice: Notice, _ context: inout AgentContext) {
    log.add("received", notice.to, context.now, context.now - notice.time)
    if notice.value > 0 { send(from: notice.to, left: notice.value - 1, &context) }
  }
}

@Suite struct TickTests {
  static let ways: [(Lanes, Int)] = [(.blocking, 1), (.blocking, 3), (.pipelined, 1), (.pipelined, 2)]

  @Test(arguments: ways) func aTicksReadsDoNotSeeItsWrites(_ lanes: Lanes, _ workers: Int) throws {
    let log = ScriptLog()
    let memory = try MemoryBackend(options: noOptions())
    try play(ReadingAgents.self, members: 256, on: lanes.instance(memory), log: log, workers: workers)
    let (this, last) = (log.all("this"), log.all("last"))
    #expect(this.count == 256 * (4 * 2 + 2))
    #expect(last.count == 256 * 3 * 2)
    #expect(this.allSatisfy { $0.value == Int64(Outcome.notFound.rawValue) })
    #expect(last.allSatisfy { $0.value == Int64(Outcome.ok.rawValue) })
  }

  @Test(arguments: ways) func whoHasWrittenActsAgainInALaterTick(_ lanes: Lanes, _ workers: Int) throws {
    let log = ScriptLog()
    let memory = try WatchedMemory()
    try play(EagerAgents.self, members: 200, on: lanes.instance(memory), log: log, workers: workers)
    // So it always finds what it wrote.
    #expect(log.all("own").count == 200 * 4)
    #expect(log.all("own").allSatisfy { $0.value == Int64(Outcome.ok.rawValue) })
    for (_, own) in Dictionary(grouping: memory.writes.withLock { $0 }, by: \.actor) {
      #expect(own.map(\.tick) == [0, 1, 2, 3, 4])
      #expect(own.map(\.subject.sequence) == [1, 2, 3, 4, 5])
    }
  }

  @Test(arguments: Lanes.allCases) func soDoesWhoWasToBeWokenAnyway(_ lanes: Lanes) throws {
    let log = ScriptLog()
    let memory = try WatchedMemory()
    try play(DoublyWokenAgents.self, members: 10, on: lanes.instance(memory), log: log)
    #expect(log.all("own").allSatisfy { $0.value == Int64(Outcome.ok.rawValue) })
    let writes = Dictionary(grouping: memory.writes.withLock { $0 }, by: \.actor).values
    #expect(writes.allSatisfy { own in Set(own.map(\.tick)).count == own.count })
  }

  @Test(arguments: ways) func noticesArriveOneTickLater(_ lanes: Lanes, _ workers: Int) throws {
    let log = ScriptLog()
    let memory = try MemoryBackend(options: noOptions())
    try play(NotifyingAgents.self, members: 256, on: lanes.instance(memory), log: log, workers: workers)
    let received = log.all("received")
    #expect(received.count == 256 * (2 + 4 + 8))
    for entry in received {
      // At the start of the tick that follows the one in which it was sent.
      let sent = entry.time.nanoseconds - entry.value
      #expect(entry.time.nanoseconds == (sent / ScriptedAgents.tick + 1) * ScriptedAgents.tick)
    }
  }
}
