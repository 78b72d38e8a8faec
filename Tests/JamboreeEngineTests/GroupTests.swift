import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeTesting
import Synchronization
import Testing

/// Each member publishes three items of its own, each together with an edit of a counter for which four members compete.
/// Only one of the four can have seen the version that its edit expects.
class GroupAgents: ScriptedAgents {
  class var editFirst: Bool { false }
  override class var initialItems: Int { 50 }

  private var published: [Int]
  private var version: [UInt32]
  private var tags: [UInt32]

  required init(shard: Int, setup: ServiceSetup, log: ScriptLog) {
    let count = (setup.population.count - shard + shardCount - 1) / shardCount
    published = [Int](repeating: 0, count: max(count, 0))
    version = published.map { UInt32($0) }
    tags = version
    super.init(shard: shard, setup: setup, log: log)
  }

  private func counter(_ agent: UInt32) -> ItemID { Self.platformItem(Int(members[Int(agent)].rawValue) % 50 + 1) }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    guard tag == tags[Int(agent)], published[Int(agent)] < 3, goesOn(context) else { return .idle }
    return .read(reading(counter(agent), by: agent, context))
  }

  override func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    published[Int(agent)] += 1
    let publish = publishing(published[Int(agent)], by: agent, context)
    var edit = operation(.edit, by: agent, context)
    edit.subject = counter(agent)
    edit.expectedVersion = reply.items[0].version
    context.write(Self.editFirst ? edit : publish)
    context.write(Self.editFirst ? publish : edit)
    // By then it is known whether they held.
    tags[Int(agent)] += 1
    context.schedule(agent, at: context.now + 3 * Self.tick, tag: tags[Int(agent)])
    log.add("try", members[Int(agent)], context.now)
    return .writes
  }

  override func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext) {
    log.add("ended", members[Int(agent)], context.now, Int64(outcome.rawValue))
    // Not below 0: an engine that fails a group twice is to fail the test and not to crash it.
    published[Int(agent)] = max(published[Int(agent)] - 1, 0)
    tags[Int(agent)] += 1
    context.schedule(agent, at: context.now, tag: tags[Int(agent)])
  }
}

final class EditFirstAgents: GroupAgents {
  override class var editFirst: Bool { true }
}

@Suite struct GroupTests {
  private func check<Agents: GroupAgents>(_ agents: Agents.Type, _ lanes: Lanes, workers: Int) throws -> String {
    let (members, each) = (200, 3)
    let store = try AtomicStore(options: noOptions())
    let log = ScriptLog()
    let simulation = try play(agents, members: members, on: lanes.instance(store), log: log, workers: workers)
    let versions = store.versions.withLock { $0 }

    // Every publication was made in the end, each with one edit and no edit without it.
    let own = versions.filter { $0.key.author != .platform }
    #expect(own.count == members * each)
    for member in 0..<UInt32(members) {
      for sequence in 1...UInt32(each) { #expect(own[ItemID(author: MemberID(member), sequence: sequence)] == 1) }
    }
    for counter in 1...50 { #expect(versions[ScriptedAgents.platformItem(counter)] == UInt32(1 + 4 * each)) }

    // The groups that failed changed nothing: else their publications would have been refused the second time.
    let failures = log.all("ended")
    #expect(failures.allSatisfy { $0.value == Int64(Outcome.conflict.rawValue) })
    // Of four at a counter, one is served in each tick: 3 + 2 + 1 wait, and so on.
    #expect(failures.count > members * each / 2)
    #expect(simulation.outcomes[Int(Outcome.conflict.rawValue)] == Int64(2 * failures.count))
    #expect(simulation.outcomes[Int(Outcome.rejected.rawValue)] == 0)
    let tries = log.all("try").count
    #expect(tries == members * each + failures.count)
    #expect(simulation.operationCount == Int64(3 * tries))
    // A group has one latency, as a call and as an action.
    let histograms = simulation.histograms()
    #expect(histograms[LatencyRecorder.Key(kind: .service, name: "script.act", outcome: .ok)]?.totalCount == UInt64(members * each))
    #expect(histograms[LatencyRecorder.Key(kind: .service, name: "script.act", outcome: .conflict)]?.totalCount == UInt64(failures.count))
    return simulation.digest.description
  }

  @Test func groupsAreAllOrNone() throws {
    let digest = try check(GroupAgents.self, .blocking, workers: 1)
    #expect(try check(GroupAgents.self, .blocking, workers: 3) == digest)
    #expect(try check(GroupAgents.self, .pipelined, workers: 1) == digest)
    #expect(try check(GroupAgents.self, .pipelined, workers: 3) == digest)
  }

  /// What fails half-way leaves nothing, whichever half is first: the order within a group changes nothing.
  @Test(arguments: Lanes.allCases) func inTheOtherOrderToo(_ lanes: Lanes) throws {
    #expect(try check(EditFirstAgents.self, lanes, workers: 2) == check(GroupAgents.self, lanes, workers: 2))
  }
}
