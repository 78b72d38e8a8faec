import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeTesting
import Synchronization
import Testing

/// What a backend with one writer is promised: one stream, through one session, in one order.
@Suite struct SingleWriterTests {
  private func stream(_ plan: SimulationPlan, _ lanes: Lanes, workers: Int) throws -> [WatchedMemory.Write] {
    let memory = try WatchedMemory()
    _ = try simulate(plan, backend: lanes.instance(memory), workers: workers)
    return memory.writes.withLock { $0 }
  }

  @Test func theOrderIsTheSameForAnyWorkers() throws {
    // A long tick, so that each is large enough to be shared out among the workers.
    let plan = try loadPlan(denseJam, overrides: ["tick=60s", "services.jam.ratings.perParticipant=10"], scale: 0.4)
    let one = try stream(plan, .blocking, workers: 1)
    #expect(one.count > 4000)
    #expect(Set(one.map(\.tick)).count > 20)
    #expect(one.map(\.tick) == one.map(\.tick).sorted())
    #expect(one.allSatisfy { $0.session == 0 })
    for workers in [2, 7] { #expect(try stream(plan, .blocking, workers: workers) == one) }
  }

  /// A thousand writes in a tick, which a backend with several writers would get from all workers at once.
  @Test(arguments: Lanes.allCases) func largeTicksAreNotSplit(_ lanes: Lanes) throws {
    func stream(_ workers: Int) throws -> [WatchedMemory.Write] {
      let memory = try WatchedMemory()
      try play(EagerAgents.self, members: 1000, on: lanes.instance(memory), workers: workers)
      return memory.writes.withLock { $0 }
    }
    let one = try stream(1)
    #expect(one.count == 5 * 1000)
    for workers in [2, 7] {
      let other = try stream(workers)
      #expect(other.allSatisfy { $0.session == 0 })
      // A pipeline may complete writes of different authors in any order.
      if lanes == .blocking { #expect(other == one) }
      #expect(Dictionary(grouping: other, by: \.actor) == Dictionary(grouping: one, by: \.actor))
    }
  }

  /// A pipelined session may complete out of order; what has one owner stays in order.
  @Test func eachOwnersOrderHoldsInPipelines() throws {
    let plan = try loadPlan(denseJam, overrides: ["tick=60s"], scale: 0.3)
    func byOwner(_ writes: [WatchedMemory.Write]) -> [UInt64: [ItemID]] {
      Dictionary(grouping: writes) { $0.verb == .join ? UInt64($0.actor.rawValue) : $0.subject.ownerKey }
        .mapValues { $0.map(\.subject) }
    }
    let blocking = byOwner(try stream(plan, .blocking, workers: 1))
    let pipelined = try stream(plan, .pipelined, workers: 3)
    let same = byOwner(pipelined) == blocking
    #expect(same)
    #expect(pipelined.allSatisfy { $0.session == 0 })
  }
}
