import Foundation
import JamboreeKit
import JamboreeMemory
import JamboreePostgres
import JamboreeRankers
import JamboreeScenario
import JamboreeSQLite
import JamboreeTesting
import Testing

@testable import JamboreeEngine

private let strategies: [FeedStrategy] = [.pull, .push, .hybrid(threshold: 8), .hybrid(threshold: 0)]

private func sqlite() throws -> BackendInstance {
  .blocking(try SQLiteBackend(options: OptionValues(owner: "test", given: [], descriptors: SQLiteBackend.descriptor.options)))
}

private func chronological() throws -> any FeedRanker { try ChronologicalRanker(options: noOptions()) }

private func value(_ name: String, _ metrics: [Metric]) -> Double? { metrics.first { $0.name == name }?.value }

/// As long as inboxes hold what a page is made from, nobody can tell how it was put together.
@Suite struct FeedStrategyTests {
  private static let trials: [FeedTrial] = {
    var other = FeedTrial()
    (other.kind, other.showsOwn, other.authors) = (ConnectionKind(rawValue: 130), false, 100)
    return [FeedTrial(), other]
  }()

  @Test(arguments: trials.indices) func allStrategiesShowTheSamePages(_ number: Int) throws {
    let trial = Self.trials[number]
    var pages: [[PageLog.Page]] = []
    for strategy in strategies {
      let finished = try simulate(trial.plan(strategy), ranker: chronological())
      #expect(finished.outcomes[0] == finished.operations)
      pages.append(trial.pages.takePages())
      // Some of what is to be told apart: items of the run, new followers, and items in inboxes that must not be shown.
      if strategy == .push { #expect(value("feed.backfilled", finished.metrics) ?? 0 > 100) }
      if case .hybrid(8) = strategy { #expect(value("feed.deliveries", finished.metrics) ?? 0 > 100) }
    }
    #expect(pages[0].count > 500)
    #expect(pages[0].count { $0.rows.count == trial.window } > 300)
    for (strategy, other) in zip(strategies, pages).dropFirst() {
      #expect(other.count == pages[0].count)
      let first = zip(pages[0], other).first { $0 != $1 }
      #expect(first == nil, "\(strategy.text): \(first.map { "\($0.0) and \($0.1)" } ?? "")")
    }
    // Private items are shown to their authors, and to nobody else.
    let hidden = Set(trial.pages.takeItems().filter(\.isPrivate).map(\.item))
    let shown = pages[1].flatMap { page in page.rows.filter { hidden.contains($0) }.map { $0.author == page.member } }
    #expect(shown.contains(true) == trial.showsOwn && !shown.contains(false))
  }

  /// Deliveries and reads for new followers are operations of the run like all others.
  @Test(arguments: strategies.dropFirst()) func neitherWorkersNorBackendsChangeTheDigest(_ strategy: FeedStrategy) throws {
    let trial = FeedTrial()
    let plan = try trial.plan(strategy)
    let one = try simulate(plan)
    let pages = trial.pages.takePages()
    var others: [(String, BackendInstance, Int)] = [
      ("2 workers", try memory(), 2), ("7 workers", try memory(), 7), ("sqlite", try sqlite(), 1), ("sqlite, 3 workers", try sqlite(), 3),
      ("pipelined", .pipelined(PipelinedAdapter(try MemoryBackend(options: noOptions()), seed: 5)), 2),
    ]
    if ProcessInfo.processInfo.environment["JAMBOREE_SERVERS"] != nil {
      let postgres = try PostgresBackend(
        options: OptionValues(
          owner: "test", given: [(name: "synchronousCommit", value: "off")], descriptors: PostgresBackend.descriptor.options))
      others.append(("postgres", .pipelined(postgres), 2))
    }
    for (name, backend, workers) in others {
      let other = try simulate(plan, backend: backend, workers: workers)
      try backend.backend.finish()
      #expect(other.digest == one.digest, "\(name)")
      #expect(other.outcomes == one.outcomes, "\(name)")
      #expect(trial.pages.takePages() == pages, "\(name)")
      let feeds = other.metrics.filter { $0.name.hasPrefix("feed.") }
      #expect(feeds == one.metrics.filter { $0.name.hasPrefix("feed.") }, "\(name)")
    }
  }

  /// The services that ship, together: two kinds of ties share the inboxes, notifications come in between.
  @Test(arguments: [Strategy.push, .hybrid]) func servicesDoTheSameWhateverTheStrategy(_ strategy: Strategy) throws {
    let text = MicroblogServiceTests.dense.replacing("meanDegree: 0", with: "meanDegree: 8")
      + "\n  network: { participation: 1, dailyActive: 1, actionsPerDay: 20, actionsPerVisit: 10 }"
    let pulled = try simulate(loadPlan(text))
    let plan = try loadPlan(text, overrides: strategy.overrides)
    let one = try simulate(plan)
    #expect(pulled.timeline.values == one.timeline.values)
    #expect(pulled.timeline.total("network.feeds") > 200 && pulled.timeline.total("microblog.timelines") > 200)
    #expect(value("feed.deliveries", one.metrics) ?? 0 > 1_000)
    for workers in [2, 7] { #expect(try simulate(plan, workers: workers).digest == one.digest) }
    #expect(try simulate(plan, backend: sqlite(), workers: 2).digest == one.digest)
  }

  enum Strategy: CaseIterable, Sendable {
    case push, hybrid
    var overrides: [String] { (self == .push ? FeedStrategy.push : .hybrid(threshold: 10)).overrides }
  }

  @Test(arguments: ["blue-twit", "social-blue"], Strategy.allCases) func shippedScenariosKeepTheirTotals(
    _ name: String, _ strategy: Strategy
  ) throws {
    let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let text = try String(contentsOf: root.appending(path: "Scenarios/\(name).yaml"), encoding: .utf8)
    let pulled = try simulate(loadPlan(text, scale: 0.02))
    let plan = try loadPlan(text, overrides: strategy.overrides, scale: 0.02)
    let one = try simulate(plan)
    #expect(one.digest != pulled.digest)
    #expect(one.timeline.values == pulled.timeline.values)
    for workers in [2, 7] { #expect(try simulate(plan, workers: workers).digest == one.digest) }
    #expect(try simulate(plan, backend: sqlite(), workers: 2).digest == one.digest)
  }

  /// What the tests above would say of a backend that loses one delivery among many. Some of these nobody looks at.
  @Test func aLostDeliveryShows() throws {
    let trial = FeedTrial()
    _ = try simulate(trial.plan(.pull), ranker: chronological())
    let pages = trial.pages.takePages()
    let plan = try trial.plan(.push)
    let shown = try [3, 30, 60, 90, 120, 150].count { number in
      let broken = FaultyBackend(try MemoryBackend(options: noOptions()), fault: .losesDelivery(number: number))
      _ = try simulate(plan, backend: .blocking(broken), ranker: chronological())
      return trial.pages.takePages() != pages
    }
    #expect(shown >= 3)
  }

  @Test(arguments: [FeedStrategy.push, .hybrid(threshold: 8)], [1, 7, 20, 43] as [TickID]) func aRestoredRunEndsLikeAnUninterruptedOne(
    _ strategy: FeedStrategy, _ stop: TickID
  ) throws {
    let trial = FeedTrial()
    let plan = try trial.plan(strategy)
    let whole = try simulate(plan)
    let pages = trial.pages.takePages()

    let backend = try memory()
    try backend.backend.load(plan.dataset())
    let first = try Simulation(plan, backend: backend, ranker: hot(), workers: 2)
    first.start()
    try first.run(until: stop)
    let second = try Simulation(plan, backend: backend, ranker: hot(), workers: 3)
    try second.restore(from: first.checkpoint())
    try second.run()
    #expect(second.digest.description == whole.digest)
    #expect(second.outcomes == whole.outcomes)
    #expect(trial.pages.takePages() == pages)
    #expect(second.metrics().filter { $0.name.hasPrefix("feed.") } == whole.metrics.filter { $0.name.hasPrefix("feed.") })
    // Another strategy's checkpoint is of another run.
    let other = try Simulation(trial.plan(.hybrid(threshold: 9)), backend: memory(), ranker: hot(), workers: 1)
    #expect(throws: StateMismatch.self) { try other.restore(from: first.checkpoint()) }
  }

  /// Nobody follows or unfollows, so what is delivered follows from the graph alone.
  @Test func writeAmplificationIsThatOfTheGraph() throws {
    var trial = FeedTrial()
    (trial.weights, trial.actsEach) = ([20, 0, 80, 0, 0], 20)
    for (showsOwn, threshold) in [(true, Int.max), (false, .max), (true, 5), (false, 5)] {
      trial.showsOwn = showsOwn
      let plan = try trial.plan(threshold == .max ? .push : .hybrid(threshold: threshold))
      var followers = [Int](repeating: 0, count: plan.population.count)
      for target in plan.population.graph.targets { followers[Int(target)] += 1 }
      #expect(followers.max() ?? 0 > 5)
      let finished = try simulate(plan, workers: 2)
      let items = trial.pages.takeItems()
      var (expected, own) = (0, 0)
      for (item, isPrivate) in items {
        let count = followers[Int(item.author.rawValue)]
        guard count <= threshold else { continue }
        // A private item is in its author's inbox, and no delivery of a publication.
        if !isPrivate { expected += count + (showsOwn ? 1 : 0) } else if showsOwn { own += 1 }
      }
      #expect((own > 0) == showsOwn)
      let published = items.count { !$0.isPrivate }
      #expect(value("feed.publications", finished.metrics) == Double(published))
      #expect(value("feed.deliveries", finished.metrics) == Double(expected))
      #expect(value("feed.writeAmplification", finished.metrics) == Double(expected) / Double(published))
      #expect(value("feed.backfilled", finished.metrics) == 0)
      // Of the history everybody has two public items, and with what is one's own a private one.
      let before = followers.reduce(0) { $0 + ($1 <= threshold ? 2 * $1 + (showsOwn ? 3 : 0) : 0) }
      #expect(value("feed.inboxBytes", finished.metrics) == Double(48 * (before + expected + own)))
      // An item is visible at the end of its tick.
      let seconds = try #require(value("feed.timeToVisibleSeconds", finished.metrics))
      #expect(seconds > 0.4 && seconds < 1)
      trial.pages.takePages().forEach { #expect($0.rows.count <= trial.window) }
    }
  }

  /// Whether the data were made before or not.
  @Test func whatInboxesHoldAtTheStartIsKnown() throws {
    let trial = FeedTrial()
    let (plan, other) = try (trial.plan(.push), trial.plan(.push))
    _ = other.dataset()
    let held = try #require(plan.makeFeeds()).heldEntries([])
    let others = try #require(other.makeFeeds()).heldEntries([])
    #expect(held == others && held > 0)
  }

  /// More than one call takes: the recipients are named a thousand at a time, each once.
  @Test func manyFollowersTakeSeveralCalls() throws {
    let members = 2_501
    let targets = [UInt32](repeating: 0, count: members - 1)
    let graph = SocialGraph(offsets: [0, 0] + (1..<members).map { $0 }, targets: targets)
    let index = FollowerIndex(
      FeedDescription(kind: .follow, window: 8, showsOwn: false),
      population: Population(
        regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: members),
        roles: [ParticipationRole](repeating: .lurker, count: members),
        affiliations: [Affiliation](repeating: .employee, count: members), interests: [UInt64](repeating: 0, count: members), graph: graph),
      ties: [], threshold: .max)
    #expect(index.followerCount(of: 0) == members - 1)
    let item = ItemID(author: MemberID(0), sequence: 1)
    var delivery = Delivery(item: item, created: .zero, to: Delivery.followers, at: .zero)
    var recipients: [UInt64] = []
    forEachRecipient(of: delivery, [index]) { recipients.append($0) }
    #expect(recipients == (1..<UInt64(members)).map { $0 })
    delivery.isPrivate = true
    forEachRecipient(of: delivery, [index]) { _ in Issue.record("a private item has no recipients") }
  }
}
