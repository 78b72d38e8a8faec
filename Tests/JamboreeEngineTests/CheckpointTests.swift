import JamboreeKit
import JamboreeMemory
import JamboreeRankers
import Testing

@testable import JamboreeEngine

@Suite struct CheckpointTests {
  private func make(_ plan: SimulationPlan, _ backend: BackendInstance, workers: Int = 1) throws -> Simulation {
    try Simulation(plan, backend: backend, ranker: hot(), workers: workers)
  }

  /// Ticks of the dense jam: its first visits, its middle, and past the last visit's start.
  @Test(arguments: [3, 301, 700] as [TickID]) func aRestoredRunEndsLikeAnUninterruptedOne(_ stop: TickID) throws {
    let plan = try loadPlan(denseJam, scale: 0.25)
    let whole = try simulate(plan)

    let backend = try memory()
    try backend.backend.load(plan.dataset())
    let first = try make(plan, backend)
    first.start()
    try first.run(until: stop)
    let bytes = first.checkpoint()
    #expect(first.operationCount < whole.operations)

    // Another number of workers, over the state that the first run left in the backend.
    let second = try make(plan, backend, workers: 3)
    try second.restore(from: bytes)
    #expect(second.digest == first.digest)
    #expect(second.operationCount == first.operationCount)
    try second.run()
    #expect(second.digest.description == whole.digest)
    #expect(second.outcomes == whole.outcomes)
    let (timeline, buckets) = second.finishTimeline()
    #expect(timeline.values == whole.timeline.values)
    #expect(timeline.peakValues == whole.timeline.peakValues)
    #expect(timeline.peakTimes == whole.timeline.peakTimes)
    #expect(buckets.reduce(0) { $0 + $1.operations } == whole.operations)
    #expect(buckets.reduce(0) { $0 + Int64($1.latency.totalCount) } == whole.operations)
    let storage = second.histograms().filter { $0.key.kind == .storage }.reduce(0) { $0 + Int64($1.value.totalCount) }
    #expect(storage == whole.operations)
  }

  /// What the restored run would lose if agents, wheel or mail were left out shows in the digest; this is the mail's part:
  /// in some tick a notice is on its way.
  @Test func aCheckpointHoldsMailOnItsWay() throws {
    let plan = try loadPlan(denseJam, scale: 0.25)
    let backend = try memory()
    try backend.backend.load(plan.dataset())
    let simulation = try make(plan, backend)
    simulation.start()
    var stop: TickID = 1
    while simulation.exchange.incoming.messageCount() == 0, stop < 720 {
      try simulation.run(until: stop)
      stop += 1
    }
    let waiting = simulation.exchange.incoming.messageCount()
    #expect(waiting > 0)
    let restored = try make(plan, backend)
    try restored.restore(from: simulation.checkpoint())
    #expect(restored.exchange.incoming.messageCount() == waiting)
  }

  @Test func damagedOrForeignCheckpointsAreRefused() throws {
    let plan = try loadPlan(denseJam, scale: 0.05)
    let backend = try memory()
    let simulation = try make(plan, backend)
    simulation.start()
    let bytes = simulation.checkpoint()
    #expect(throws: StateMismatch.self) { try make(plan, backend).restore(from: []) }
    #expect(throws: StateMismatch.self) { try make(plan, backend).restore(from: Array("not a checkpoint".utf8)) }
    var stream = RandomStream(seed: Seed(5), domain: RandomDomain("damage"), entity: 0)
    for _ in 0..<40 {
      var damaged = bytes
      damaged[stream.next(below: bytes.count)] ^= UInt8(1 + stream.next(below: 255))
      #expect(throws: StateMismatch.self) { try make(plan, backend).restore(from: damaged) }
      #expect(throws: StateMismatch.self) { try make(plan, backend).restore(from: Array(bytes.prefix(stream.next(below: bytes.count)))) }
    }
    let other = try loadPlan(denseJam, overrides: ["seed=9"], scale: 0.05)
    #expect(throws: StateMismatch.self) { try make(other, backend).restore(from: bytes) }
    try make(plan, backend).restore(from: bytes)
  }

  /// Entries of a tick keep their order, which decides the order of writes: full and partly filled chunks, every level.
  @Test func aWheelIsRestoredInOrder() throws {
    var wheel = TimingWheel(tickNanoseconds: 10)
    var stream = RandomStream(seed: Seed(2), domain: RandomDomain("wheel"), entity: 0)
    for agent in 0..<2_000 as Range<UInt32> {
      let tick = [3, 40, 300, 70_000, Int64(stream.next(below: 5_000))][Int(agent % 5)]
      wheel.add(WakeEntry(time: tick * 10, agent: agent, tag: agent * 3), tick: tick)
    }
    var encoder = StateEncoder()
    wheel.encode(into: &encoder)
    var restored = TimingWheel(tickNanoseconds: 10)
    var decoder = StateDecoder(encoder.bytes)
    try restored.restore(from: &decoder)
    #expect(decoder.isAtEnd)
    #expect(restored.count == 2_000)
    #expect(drain(&restored) == drain(&wheel))
  }

  private func drain(_ wheel: inout TimingWheel) -> [[UInt32]] {
    let buffer = UnsafeMutablePointer<WakeEntry>.allocate(capacity: TimingWheel.batchCapacity)
    defer { buffer.deallocate() }
    var order: [[UInt32]] = []
    while let tick = wheel.nextTick() {
      wheel.advance(to: tick)
      var size = wheel.takeDue(into: buffer)
      while size > 0 {
        for index in 0..<size { order.append([UInt32(tick), buffer[index].agent, buffer[index].tag]) }
        size = wheel.takeDue(into: buffer)
      }
    }
    return order
  }
}
