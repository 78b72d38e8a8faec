import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeRankers
import JamboreeTesting
import Testing

@Suite struct DigestTests {
  @Test func workersDoNotChangeIt() throws {
    let plan = try loadPlan(denseJam)
    let one = try simulate(plan, workers: 1)
    #expect(one.operations > 50_000)
    #expect(one.outcomes[0] == one.operations)
    for workers in [2, 7] {
      let other = try simulate(plan, workers: workers)
      #expect(other.digest == one.digest)
      #expect(other.operations == one.operations)
      #expect(other.timeline.values == one.timeline.values)
    }
  }

  @Test func pipelinedSessionsDoNotChangeIt() throws {
    let plan = try loadPlan(denseJam, scale: 0.5)
    let blocking = try simulate(plan)
    for workers in [1, 3] {
      let adapter = PipelinedAdapter(try MemoryBackend(options: noOptions()), seed: 7)
      let pipelined = try simulate(plan, backend: .pipelined(adapter), workers: workers)
      #expect(pipelined.digest == blocking.digest)
      #expect(pipelined.operations == blocking.operations)
    }
  }

  @Test func whatHappensChangesIt() throws {
    let plan = try loadPlan(denseJam, scale: 0.5)
    let base = try simulate(plan).digest
    #expect(try simulate(loadPlan(denseJam, overrides: ["seed=2"], scale: 0.5)).digest != base)
    #expect(try simulate(plan, ranker: RandomRanker(options: noOptions())).digest != base)
    #expect(try simulate(plan, ranker: ChronologicalRanker(options: noOptions())).digest != base)
    let dropping = FaultyBackend(try MemoryBackend(options: noOptions()), fault: .dropsWrite(number: 5))
    #expect(try simulate(plan, backend: .blocking(dropping)).digest != base)
    #expect(try simulate(plan).digest == base)
  }

  @Test func pholdIsTheSameForAnyWorkers() {
    func run(_ workers: Int) -> Phold.Result {
      Phold(members: 4096, remote: 0.25, mean: 1, lookahead: 0.1, end: 20, seed: Seed(3), workers: workers).run()
    }
    let one = run(1)
    let expected = 4096.0 * 20
    #expect(abs(Double(one.events) - expected) < 0.01 * expected)
    #expect(abs(Double(one.remoteEvents) / Double(one.events) - 0.25) < 0.01)
    for workers in [2, 7] {
      let other = run(workers)
      #expect(other.events == one.events)
      #expect(other.digest == one.digest)
    }
  }
}
