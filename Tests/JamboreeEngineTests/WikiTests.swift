import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeMetrics
import Testing

/// Members who each want to make three edits to one of five pages: read it, write a version that follows what was read,
/// and, when somebody was faster, read again.
final class WikiAgents: ScriptedAgents {
  static let pages = 5
  static let edits = 3
  override class var initialItems: Int { pages }
  override class var actions: [String] { ["edit"] }

  private var made: [Int]
  private var tags: [UInt32]

  required init(shard: Int, setup: ServiceSetup, log: ScriptLog) {
    made = [Int](repeating: 0, count: (setup.population.count + shardCount - 1) / shardCount)
    tags = made.map { UInt32($0) }
    super.init(shard: shard, setup: setup, log: log)
  }

  static func page(of member: MemberID) -> Int { Int(member.rawValue) % pages + 1 }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    guard tag == tags[Int(agent)], made[Int(agent)] < Self.edits, goesOn(context) else { return .idle }
    return .read(reading(Self.platformItem(Self.page(of: members[Int(agent)])), by: agent, context))
  }

  override func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    var edit = operation(.edit, by: agent, context)
    edit.subject = reply.items.id(at: 0)
    edit.expectedVersion = reply.items[0].version
    context.write(edit)
    made[Int(agent)] += 1
    tags[Int(agent)] += 1
    // In the middle of a tick, so that the retry's time can be told from the tick's start.
    let time = context.now.nanoseconds / Self.tick * Self.tick + 5 * Self.tick + Self.tick / 2
    context.schedule(agent, at: SimTime(nanoseconds: time), tag: tags[Int(agent)])
    log.add("try", members[Int(agent)], context.now, Int64(edit.expectedVersion))
    return .writes
  }

  override func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext) {
    log.add("ended", members[Int(agent)], context.now, Int64(outcome.rawValue))
    made[Int(agent)] -= 1
    tags[Int(agent)] += 1
    context.schedule(agent, at: context.now, tag: tags[Int(agent)])
  }
}

@Suite struct WikiTests {
  @Test(arguments: [(Lanes.blocking, 1), (.blocking, 3), (.pipelined, 1), (.pipelined, 2)])
  func everyEditIsMadeInTheEnd(_ lanes: Lanes, _ workers: Int) throws {
    let members = 150
    let memory = try MemoryBackend(options: noOptions())
    let log = ScriptLog()
    let simulation = try play(WikiAgents.self, members: members, on: lanes.instance(memory), log: log, workers: workers)
    let edits = members * WikiAgents.edits

    var reply = Reply()
    let session = try memory.openSession(0)
    for page in 1...WikiAgents.pages {
      var read = Operation(verb: .item, action: ActionID(0), actor: MemberID(0), intended: .zero)
      read.subject = ScriptedAgents.platformItem(page)
      reply.reset()
      #expect(session.execute(read, arguments: Span(), into: &reply) == .ok)
      #expect(reply.items[0].version == UInt32(1 + edits / WikiAgents.pages))
    }
    let histograms = simulation.histograms()
    func count(_ outcome: Outcome) -> UInt64 {
      histograms[LatencyRecorder.Key(kind: .storage, name: "edit", outcome: outcome)]?.totalCount ?? 0
    }
    let tries = log.all("try")
    let failures = log.all("ended")
    #expect(count(.ok) == UInt64(edits))
    #expect(count(.conflict) == UInt64(failures.count))
    #expect(tries.count == edits + failures.count)
    #expect(failures.count > edits)
    // In each tick one edit of a page holds, and it is one that had seen the version before: no version is skipped.
    let held = Dictionary(grouping: tries) { [Int64(WikiAgents.page(of: $0.member)), $0.value] }
    #expect(held.count == edits)

    // Word comes at the start of the next tick, and the next try is made in that very tick.
    let byMember = Dictionary(grouping: tries, by: \.member)
    for failure in failures {
      #expect(failure.value == Int64(Outcome.conflict.rawValue))
      #expect(failure.time.nanoseconds % ScriptedAgents.tick == 0)
      let own = byMember[failure.member] ?? []
      #expect(own.contains { $0.time.nanoseconds / ScriptedAgents.tick == failure.time.nanoseconds / ScriptedAgents.tick - 1 })
      #expect(own.contains { $0.time == failure.time })
    }
  }

  @Test func itIsTheSameForAnyWorkersAndLanes() throws {
    func digest(_ lanes: Lanes, _ workers: Int) throws -> String {
      try play(WikiAgents.self, members: 150, on: lanes.instance(MemoryBackend(options: noOptions())), workers: workers)
        .digest.description
    }
    let one = try digest(.blocking, 1)
    for (lanes, workers) in [(Lanes.blocking, 2), (.blocking, 7), (.pipelined, 1), (.pipelined, 3)] {
      #expect(try digest(lanes, workers) == one)
    }
  }
}
