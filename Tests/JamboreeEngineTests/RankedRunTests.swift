import JamboreeKit
import JamboreeMemory
import JamboreeMetrics
import JamboreeRankers
import JamboreeTesting
import Testing

@testable import JamboreeEngine

/// Answers at once, with items that members have made.
private final class MembersItemsBackend: BlockingStorageBackend {
  static let descriptor = BackendDescriptor(
    id: "members-items", version: "1", summary: "made-up items by members", writers: .partitioned, atomicGroups: true, isSynthetic: true)

  init(options: OptionValues) throws(BackendError) {}
  func load(_ dataset: Dataset) throws(BackendError) {}
  func endTick(_ tick: TickID) throws(BackendError) {}
  func finish() throws(BackendError) {}
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session() }

  final class Session: StorageSession {
    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      guard !operation.verb.isWrite else { return .ok }
      for number in 0..<min(Int(operation.limit), 40) {
        reply.items.append(ItemRow(id: ItemID(author: MemberID(UInt32(number)), sequence: 1), created: .zero, lastActive: .zero))
      }
      return .ok
    }
  }
}

/// Whole runs with each ranker.
@Suite struct RankedRunTests {
  static let registry: RankerRegistry = {
    var registry = RankerRegistry()
    for ranker in platformRankers { registry.register(ranker) }
    return registry
  }()

  private func ranker(_ text: String) throws -> any FeedRanker {
    guard case .inProcess(let ranker) = try Self.registry.make(PlugInReference(text)).ranker else {
      throw PlugInError(.usage, "\(text) is in another process")
    }
    return ranker
  }

  /// As `affinity`, but for what it asks for.
  private struct TieBlindRanker: FeedRanker {
    static let descriptor = RankerDescriptor(id: "tie-blind", version: "1", summary: "affinity without ties")
    let base: any FeedRanker
    init(_ base: any FeedRanker) { self.base = base }
    init(options: OptionValues) throws(RankerError) { throw RankerError(.usage, "made by hand") }
    func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
      base.score(candidates, for: viewer, into: &scores)
    }
  }

  @Test func everyRankerShowsAnotherFeed() throws {
    let plan = try loadPlan(denseJam, scale: 0.25)
    var digests: [String: String] = [:]
    for descriptor in Self.registry.descriptors {
      let digest = try simulate(plan, ranker: ranker(descriptor.id)).digest
      #expect(digests[digest] == nil, "\(descriptor.id) and \(digests[digest] ?? "")")
      digests[digest] = descriptor.id
    }
    #expect(digests.count == 10)
  }

  /// The ties are part of what is shown, and they are the same for any number of workers and both ways to a backend.
  @Test func tiesDoNotDependOnWorkers() throws {
    let plan = try loadPlan(denseJam, scale: 0.5)
    let one = try simulate(plan, ranker: ranker("affinity"))
    #expect(try simulate(plan, ranker: TieBlindRanker(ranker("affinity"))).digest != one.digest)
    for workers in [2, 7] { #expect(try simulate(plan, ranker: ranker("affinity"), workers: workers).digest == one.digest) }
    for workers in [1, 3] {
      let adapter = PipelinedAdapter(try MemoryBackend(options: noOptions()), seed: 7)
      #expect(try simulate(plan, backend: .pipelined(adapter), ranker: ranker("affinity"), workers: workers).digest == one.digest)
    }
  }

  @Test(arguments: registry.descriptors.map(\.id) + ["diversified?base=affinity&lambda=0.5"]) func noneDependsOnWorkers(_ text: String) throws {
    let plan = try loadPlan(denseJam, scale: 0.25)
    let one = try simulate(plan, ranker: ranker(text))
    for workers in [2, 7] { #expect(try simulate(plan, ranker: ranker(text), workers: workers).digest == one.digest) }
    let adapter = PipelinedAdapter(try MemoryBackend(options: noOptions()), seed: 5)
    #expect(try simulate(plan, backend: .pipelined(adapter), ranker: ranker(text), workers: 2).digest == one.digest)
  }

  @Test(arguments: [301, 700] as [TickID]) func tiesGoOnAfterACheckpoint(_ stop: TickID) throws {
    let plan = try loadPlan(denseJam, scale: 0.25)
    let whole = try simulate(plan, ranker: ranker("affinity"))
    let backend = try memory()
    try backend.backend.load(plan.dataset())
    let first = try Simulation(plan, backend: backend, ranker: ranker("affinity"), workers: 1)
    first.start()
    try first.run(until: stop)
    let bytes = first.checkpoint()
    let second = try Simulation(plan, backend: backend, ranker: ranker("affinity"), workers: 3)
    try second.restore(from: bytes)
    try second.run()
    #expect(second.digest.description == whole.digest)
    // Without the ties it is no run of this ranker's.
    let other = try Simulation(plan, backend: backend, ranker: hot(), workers: 1)
    #expect(throws: StateMismatch.self) { try other.restore(from: bytes) }
  }

  /// Tables cost memory, and are for those who look at them.
  @Test func nobodyElseKeepsTies() throws {
    let plan = try loadPlan(denseJam, scale: 0.05)
    for descriptor in Self.registry.descriptors {
      let simulation = try Simulation(plan, backend: memory(), ranker: ranker(descriptor.id), workers: 1)
      let keeps = simulation.shards.contains { $0.ties != nil }
      #expect(keeps == ["affinity", "engagement"].contains(descriptor.id), "\(descriptor.id)")
    }
    #expect(try Simulation(plan, backend: memory(), ranker: ranker("engagement?tie=0"), workers: 1).shards[0].ties == nil)
  }

  @Test(arguments: [1, 3]) func aLoadKeepsTiesToo(_ workers: Int) throws {
    let plan = try loadPlan(denseJam)
    let affinity = try ranker("affinity")
    let ties = plan.makeTies(for: .inProcess(affinity))
    let shards = Simulation.makeShards(plan, ties: ties)
    for shard in shards { shard.start() }
    var options = LoadOptions(settings: LoadSettings(), pace: .stages, connections: 4, inFlight: 16)
    options.settings.warmUpNanoseconds = 0
    options.settings.stages = [LoadSettings.Stage(shape: .step, ratePerSecond: 4_000, durationNanoseconds: 700_000_000)]
    let run = try LoadRun(
      plan, options, shards: shards, backend: .blocking(MembersItemsBackend(options: noOptions())), ranker: .inProcess(affinity), workers: workers, clock: .monotonic)
    run.run(mail: []) { _, _ in false }
    #expect(run.report(at: monotonicNanoseconds()).starts > 0)
    #expect(try ties.contains { try tiedMembers(of: $0) > 0 })
  }

  private func tiedMembers(of table: TieTable) throws -> Int {
    var encoder = StateEncoder()
    table.encode(into: &encoder)
    var decoder = StateDecoder(encoder.bytes)
    var count = 0
    for _ in 0..<(try decoder.decode(Int.self)) {
      _ = try decoder.decode(SIMD8<UInt32>.self)
      if try decoder.decode(SIMD8<Float>.self) != SIMD8<Float>() { count += 1 }
      _ = try decoder.decode(Int64.self)
    }
    return count
  }

  // MARK: Feeds, one at a time

  private func reply(_ count: Int) -> Reply {
    var reply = Reply()
    var random = RandomStream(key: mix64(3))
    for index in 0..<count {
      reply.items.append(
        ItemRow(
          id: ItemID(author: MemberID(UInt32(random.next(below: 90))), sequence: UInt32(index + 1)),
          created: SimTime(nanoseconds: Int64(random.nextUnit() * 3e14)), lastActive: .zero, ratingSum: Int32(random.next(below: 900)),
          ratingCount: Int32(random.next(below: 300)), replyCount: Int32(random.next(below: 50)), topic: UInt16(random.next(below: 64))))
    }
    return reply
  }

  private func look(_ second: Int) -> Operation {
    var listing = Operation(
      verb: .listing, action: ActionID(0), actor: MemberID(UInt32(second % 50)), intended: SimTime(nanoseconds: 300_000_000_000_000 + Int64(second) * 1_000_000_000))
    listing.container = ContainerID(rawValue: UInt64(second % 7))
    return listing
  }

  /// Hands its candidates on to the oracle, and asks for all that the oracle asks for.
  private struct OracleInDisguise: FeedRanker {
    static let descriptor = RankerDescriptor(id: "disguise", version: "1", summary: "the oracle's scores", needs: OracleRanker.descriptor.needs)
    let oracle: OracleRanker
    init(options: OptionValues) throws(RankerError) { oracle = try OracleRanker(options: options) }
    func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
      oracle.score(candidates, for: viewer, into: &scores)
    }
  }

  /// What items are worth is lent to the oracle itself and to nobody who has it at hand: for those all are worth the same.
  @Test func theTruthIsForTheOracleAlone() throws {
    let settings = TruthSettings()
    let truth = GroundTruth(settings, qualities: [LatentQuality(seed: Seed(3), domain: RandomDomain("test.quality"), truth: settings)])
    func page(_ ranker: any FeedRanker, _ truth: GroundTruth?) -> [UInt16] {
      let desk = FeedDesk(ranker: ranker, salt: 9, interests: [UInt64](repeating: 0xF0F0_1234, count: 50), truth: truth)
      var page = Buffer<UInt16>()
      desk.rank(look(3), reply(500), pageLength: 20, into: &page)
      return page.array
    }
    let oracle = try OracleRanker(options: noOptions())
    let blind = page(oracle, nil)
    #expect(page(oracle, truth) != blind)
    #expect(page(try OracleInDisguise(options: noOptions()), truth) == blind)
    #expect(Set(page(DiversifiedRanker(over: oracle, lambda: 1), truth)) == Set(blind))
  }

  /// The page that a desk makes is what sorting all scores makes; with a shortlist, what the ranker makes of that.
  @Test(arguments: registry.descriptors.map(\.id)) func pagesAreTheBestByScore(_ id: String) throws {
    let ranker = try ranker(id)
    let desk = FeedDesk(ranker: ranker, salt: 9, interests: [UInt64](repeating: 0xF0F0_1234, count: 50))
    let ties = (0..<shardCount).map { TieTable(shard: $0, memberCount: 50) }
    for member in 0..<50 as Range<UInt32> {
      var react = Operation(verb: .react, action: ActionID(0), actor: MemberID(member), intended: .zero)
      react.subject = ItemID(author: MemberID(member + 3), sequence: 1)
      react.value = 5
      ties[Int(member)].note(react)
      ties[Int(member)].settle()
    }
    if ranker.needs.contains(.ties) { desk.ties = ties }
    var page = Buffer<UInt16>()
    for (second, count) in [1, 2, 19, 20, 21, 63, 500, 500, 1300].enumerated() {
      let reply = reply(count)
      let operation = look(second)
      desk.rank(operation, reply, pageLength: 20, into: &page)
      var scores = [Float](repeating: 0, count: count)
      let lent = ranker.needs.contains(.ties) ? (0..<count).map { row in
        ties[Int(operation.actor.rawValue)].tie(of: operation.actor, to: reply.items[row].id.author, at: operation.intended)
      } : []
      let viewer = ViewerContext(
        member: operation.actor, now: operation.intended, interests: ranker.needs.contains(.interests) ? 0xF0F0_1234 : 0, salt: 9)
      let candidates = FeedCandidates(reply.items, ties: lent.span, relevances: Span())
      var span = scores.mutableSpan
      ranker.score(candidates, for: viewer, into: &span)
      var order = (0..<count).map { UInt16($0) }
      func key(_ row: UInt16) -> (Float, UInt64) { (scores[Int(row)], mix64(reply.items[Int(row)].id.rawValue ^ 9) >> 32) }
      order.sort { key($0) > key($1) }
      order = Array(order.prefix(max(20, ranker.shortlist)))
      if ranker.shortlist > 0 {
        var rows = order.mutableSpan
        ranker.arrange(&rows, pageLength: 20, of: candidates, scores: scores.span, for: viewer)
      }
      #expect(page.array == Array(order.prefix(20)), "\(count) candidates")
    }
  }

  @Test(arguments: registry.descriptors.map(\.id)) func aFeedReadAllocatesNothing(_ id: String) throws {
    let ranker = try ranker(id)
    let desk = FeedDesk(ranker: ranker, salt: 9, interests: [UInt64](repeating: 0xF0F0_1234, count: 50))
    if ranker.needs.contains(.ties) { desk.ties = (0..<shardCount).map { TieTable(shard: $0, memberCount: 50) } }
    let reply = reply(500)
    var page = Buffer<UInt16>(capacity: 32)
    // The first grows what is kept.
    for second in 0..<70 { desk.rank(look(second), reply, pageLength: 20, into: &page) }
    let before = ThreadAllocations.bytes()
    for second in 0..<200 { desk.rank(look(second), reply, pageLength: 20, into: &page) }
    let bytes = ThreadAllocations.bytes() - before
    #expect(bytes == 0)
    #expect(page.count == 20)
  }
}
