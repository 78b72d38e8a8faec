import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import Testing

/// Takes 15 ns for a ranking, on a clock that moves only when told to.
private struct TimedRanker: FeedRanker {
  static let descriptor = RankerDescriptor(id: "timed", version: "1", summary: "takes 15 ns")
  let clock: ManualClock?

  init(clock: ManualClock) { self.clock = clock }
  init(options: OptionValues) throws(RankerError) { clock = nil }

  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    for index in 0..<candidates.count { scores[index] = Float(index) }
    clock?.advance(byNanoseconds: 15)
  }
}

/// One member who does one action of each make-up, so many times as the action's number says.
final class TimedAgents: ScriptedAgents {
  override class var initialItems: Int { 3 }
  override class var actions: [String] { ["read", "readTwice", "list", "write", "readAndWrite", "writeTwo", "listAndWriteTwo"] }

  /// The action under way, and how far it has come.
  private var action = 0
  private var done = 0
  private var step = 0
  private var written = 0

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    guard action < Self.actions.count else { return .idle }
    step = 0
    return advance(agent, &context)
  }

  override func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    step += 1
    return advance(agent, &context)
  }

  private func advance(_ agent: UInt32, _ context: inout AgentContext) -> Step {
    let read = Step.read(reading(Self.platformItem(1), by: agent, context, action: action))
    let list = Step.ranked(listing(3, by: agent, context, action: action), pageLength: 2)
    switch (action, step) {
    case (0, 0), (1, 0), (1, 1), (4, 0): return read
    case (2, 0), (6, 0): return list
    case (3, _), (4, _): return write(1, agent, &context)
    case (5, _), (6, _): return write(2, agent, &context)
    default:
      end(agent, &context)
      return .done(.ok)
    }
  }

  private func write(_ count: Int, _ agent: UInt32, _ context: inout AgentContext) -> Step {
    for _ in 0..<count {
      written += 1
      context.write(publishing(written, by: agent, context, action: action))
    }
    end(agent, &context)
    return .writes
  }

  private func end(_ agent: UInt32, _ context: inout AgentContext) {
    done += 1
    if done > action { (action, done) = (action + 1, 0) }
    context.schedule(agent, at: context.now)
  }
}

@Suite struct LatencyTests {
  /// A reading of the clock costs nothing, a read of an item 100 ns, a listing 250 ns, its ranking 15 ns, a write 40 ns.
  @Test(arguments: Lanes.allCases) func histogramsHoldExactlyWhatTheClockSays(_ lanes: Lanes) throws {
    let clock = ManualClock(nanoseconds: 1_000)
    let memory = try WatchedMemory(clock: clock, costs: [.item: 100, .listing: 250, .publish: 40])
    let simulation = try play(
      TimedAgents.self, members: 1, on: lanes.instance(memory), ranker: TimedRanker(clock: clock), clock: .manual(clock))
    let histograms = simulation.histograms()
    func expect(_ kind: LatencyKind, _ name: String, _ count: UInt64, _ nanoseconds: UInt64) {
      let summary = histograms[LatencyRecorder.Key(kind: kind, name: name, outcome: .ok)].map { LatencySummary($0) }
      #expect(summary?.count == count, "\(kind) \(name)")
      #expect(summary?.meanNanoseconds == Double(nanoseconds), "\(kind) \(name)")
      for value in [summary?.p50Nanoseconds, summary?.p99Nanoseconds, summary?.maxNanoseconds] {
        #expect(value == nanoseconds, "\(kind) \(name)")
      }
    }
    expect(.service, "script.read", 1, 100)
    expect(.service, "script.readTwice", 2, 200)
    expect(.service, "script.list", 3, 265)
    expect(.service, "script.write", 4, 40)
    expect(.service, "script.readAndWrite", 5, 140)
    expect(.service, "script.writeTwo", 6, 80)
    expect(.service, "script.listAndWriteTwo", 7, 345)
    expect(.storage, "item", 1 + 2 * 2 + 5, 100)
    expect(.storage, "listing", 3 + 7, 250)
    expect(.ranking, "timed", 3 + 7, 15)
    // Single writes take 40 ns each, groups of two count as one call of 80 ns.
    let publish = histograms[LatencyRecorder.Key(kind: .storage, name: "publish", outcome: .ok)].map { LatencySummary($0) }
    #expect(publish?.count == 4 + 5 + 6 + 7)
    #expect(publish?.p50Nanoseconds == 80)
    let mean: Double = (9 * 40 + 13 * 80) / 22
    #expect(publish?.meanNanoseconds == mean)
    #expect(histograms.count == 7 + 3 + 1)
    // An operation is a storage call, though: each write of a group is one.
    let operations: Int64 = 10 + 10 + 9 + 2 * 13
    #expect(simulation.operationCount == operations)
  }

  /// The timeline's histograms hold the storage calls, each bucket its own.
  @Test func bucketsHoldTheStorageCalls() throws {
    let clock = ManualClock(nanoseconds: 1_000)
    let memory = try WatchedMemory(clock: clock, costs: [.item: 100, .listing: 250, .publish: 40])
    let simulation = try play(
      TimedAgents.self, members: 1, on: .blocking(memory), ranker: TimedRanker(clock: clock), clock: .manual(clock))
    let (_, buckets) = simulation.finishTimeline()
    #expect(buckets.count == 1)
    guard let bucket = buckets.first else { return }
    #expect(bucket.operations == simulation.operationCount)
    #expect(bucket.latency.totalCount == 10 + 10 + 22)
    // Two digits are kept of these.
    #expect((248...252).contains(bucket.latency.maxRecorded))
  }
}
