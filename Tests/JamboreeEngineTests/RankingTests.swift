import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import Testing

/// Not a number for items whose sequence the test gives, the sequence for all others.
private struct BrokenRanker: FeedRanker {
  static let descriptor = RankerDescriptor(id: "broken", version: "1", summary: "not always a number")
  let broken: @Sendable (UInt32) -> Bool

  init(_ broken: @escaping @Sendable (UInt32) -> Bool) { self.broken = broken }
  init(options: OptionValues) throws(RankerError) { broken = { _ in false } }

  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    for index in 0..<candidates.count {
      let sequence = candidates.ids[index].sequence
      // Either sign: as a bit pattern a positive NaN is above every number, a negative one below.
      let nothing: Float = sequence % 4 == 1 ? .nan : -.nan
      scores[index] = broken(sequence) ? nothing : Float(sequence)
    }
  }
}

/// 0 for odd sequences, -0 for even ones.
private struct TyingRanker: FeedRanker {
  static let descriptor = RankerDescriptor(id: "tying", version: "1", summary: "two scores")
  let salts = Guarded<Set<UInt64>>([])

  init() {}
  init(options: OptionValues) throws(RankerError) {}

  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    let salt = viewer.salt
    salts.withLock { _ = $0.insert(salt) }
    for index in 0..<candidates.count { scores[index] = candidates.ids[index].sequence % 2 == 1 ? 0 : -0.0 }
  }
}

/// Looks at pages of 1 to 12 of the ten items that there are, then at one item alone.
final class LookingAgents: ScriptedAgents {
  override class var initialItems: Int { 10 }
  private var looks: [Int]

  required init(shard: Int, setup: ServiceSetup, log: ScriptLog) {
    looks = [Int](repeating: 0, count: (setup.population.count + shardCount - 1) / shardCount)
    super.init(shard: shard, setup: setup, log: log)
  }

  override func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    guard looks[Int(agent)] < 12 else { return .idle }
    looks[Int(agent)] += 1
    return .ranked(listing(20, by: agent, context), pageLength: looks[Int(agent)])
  }

  override func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    if reply.items.count == 1 {
      log.add("rows after a plain read", members[Int(agent)], context.now, Int64(context.page.count))
      context.schedule(agent, at: context.now + Self.tick)
      return .done(.ok)
    }
    for place in 0..<context.page.count {
      let sequence = reply.items.id(at: Int(context.page[place])).sequence
      log.add("page \(looks[Int(agent)])", members[Int(agent)], SimTime(nanoseconds: Int64(place)), Int64(sequence))
    }
    return .read(reading(Self.platformItem(1), by: agent, context))
  }
}

@Suite struct RankingTests {
  @Test(arguments: TickTests.ways) func notANumberIsCountedAndShownLast(_ lanes: Lanes, _ workers: Int) throws {
    let log = ScriptLog()
    let simulation = try play(
      LookingAgents.self, members: 150, on: lanes.instance(MemoryBackend(options: noOptions())), log: log, workers: workers,
      ranker: BrokenRanker { $0 % 2 == 1 })
    for length in 1...12 {
      for (_, rows) in Dictionary(grouping: log.all("page \(length)"), by: \.member) {
        let shown = rows.map(\.value)
        #expect(shown.count == min(length, 10))
        // 2, 4, 6, 8 and 10 have a score; the others follow only when there is room, and none is shown twice.
        #expect(Array(shown.prefix(5)) == Array([10, 8, 6, 4, 2].prefix(length)))
        #expect(Set(shown).count == shown.count)
      }
    }
    let expected = 150 * 12 * 5
    #expect(simulation.notANumberScores == expected)
    #expect(simulation.metrics().first { $0.name == "ranking.notANumberScores" }?.value == Double(expected))
  }

  /// As RankerProtocol.md has it, for those who give equal scores.
  @Test func equalScoresAreOrderedByIDAndSalt() throws {
    func mix(_ number: UInt64) -> UInt64 {
      var x = number
      x ^= x >> 27
      x = x &* 0x3C79_AC49_2BA7_B653
      x ^= x >> 33
      x = x &* 0x1C69_B3F7_4AC4_AE35
      return x ^ x >> 27
    }
    let (log, ranker) = (ScriptLog(), TyingRanker())
    try play(LookingAgents.self, members: 7, on: memory(), log: log, ranker: ranker)
    let salts = ranker.salts.withLock { $0 }
    #expect(salts.count == 1)
    let salt = try #require(salts.first)
    let expected = [1, 0].flatMap { parity in
      (1...10).filter { $0 % 2 == parity }.sorted {
        mix(ScriptedAgents.platformItem($0).rawValue ^ salt) >> 32 > mix(ScriptedAgents.platformItem($1).rawValue ^ salt) >> 32
      }
    }
    for length in 1...12 {
      for (_, rows) in Dictionary(grouping: log.all("page \(length)"), by: \.member) {
        #expect(rows.sorted { $0.time < $1.time }.map { Int($0.value) } == Array(expected.prefix(length)))
      }
    }
  }

  @Test func pagesAreFullWhenNothingIsANumber() throws {
    let log = ScriptLog()
    let simulation = try play(
      LookingAgents.self, members: 1, on: memory(), log: log, ranker: BrokenRanker { _ in true })
    for length in 1...12 { #expect(Set(log.all("page \(length)").map(\.value)).count == min(length, 10)) }
    #expect(simulation.notANumberScores == 12 * 10)
  }

  @Test func withoutThemNoneIsCounted() throws {
    let simulation = try play(LookingAgents.self, members: 5, on: memory(), ranker: BrokenRanker { _ in false })
    #expect(simulation.notANumberScores == 0)
  }

  /// A page belongs to the listing that it was made of: a service must not find it again beside another reply.
  @Test(arguments: Lanes.allCases) func aPlainReadHasNoPage(_ lanes: Lanes) throws {
    let log = ScriptLog()
    try play(LookingAgents.self, members: 5, on: lanes.instance(MemoryBackend(options: noOptions())), log: log)
    let rows = log.all("rows after a plain read")
    #expect(rows.count == 5 * 12)
    #expect(rows.allSatisfy { $0.value == 0 })
  }
}
