import Foundation
import JamboreeKit
import JamboreeMemory
import JamboreeMetrics
import JamboreeSQLite
import Testing

@testable import JamboreeEngine

/// Feeds of runs at wall-clock pace. What is late is no matter here: everything must add up all the same.
@Suite struct FeedLoadTests {
  private func run(_ plan: SimulationPlan, from: Int64 = 0, workers: Int = 2, _ backend: BackendInstance) throws -> RunOutput {
    var options = LoadOptions(settings: LoadSettings(), pace: .stages, connections: 4, inFlight: 16)
    options.settings.warmUpNanoseconds = 0
    options.fromNanoseconds = from
    options.settings.stages = [LoadSettings.Stage(shape: .step, ratePerSecond: 400, durationNanoseconds: 1_500_000_000)]
    let plugIn = PlugInIdentity(id: "test", version: "1", options: [])
    let identity = RunIdentity(
      scenarioName: "test", scenarioText: "", scenarioHash: "", overrides: [], seed: plan.seed, scale: 1, workers: workers, pace: options.text,
      backend: plugIn, ranker: plugIn)
    var driver = RunDriver(
      identity: identity, makePopulation: { (plan.population, []) }, makePlan: { _ in plan }, backend: backend, ranker: try hot(),
      workers: workers)
    driver.load = options
    driver.makeRehearsal = { () throws(BackendError) in
      .blocking(try MemoryBackend(options: try OptionValues(owner: "memory", given: [], descriptors: [])))
    }
    return try driver.run()
  }

  private func sqlite(_ body: (BackendInstance) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "jamboree-feed-\(UUID().uuidString).sqlite").path
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + suffix) } }
    try body(
      .blocking(
        try SQLiteBackend(
          options: OptionValues(
            owner: "sqlite", location: file, given: [(name: "groupCommit", value: "write"), (name: "synchronous", value: "off")],
            descriptors: SQLiteBackend.descriptor.options))))
  }

  private func value(_ name: String, _ output: RunOutput) -> Double? { output.metrics.first { $0.name == name }?.value }

  /// Nobody follows or unfollows: each item goes to as many as the graph says.
  @Test(arguments: [FeedStrategy.push, .hybrid(threshold: 5)]) func deliveriesFollowPublications(_ strategy: FeedStrategy) throws {
    var trial = FeedTrial()
    trial.weights = [40, 10, 50, 0, 0]
    let plan = try trial.plan(strategy)
    var followers = [Int](repeating: 0, count: plan.population.count)
    for target in plan.population.graph.targets { followers[Int(target)] += 1 }
    try sqlite { backend in
      let output = try run(plan, backend)
      #expect(output.outcomes[0] == output.operations && output.load?.unanswered == 0)
      let items = trial.pages.takeItems()
      #expect(items.count > 50)
      let expected = items.reduce(0) { sum, entry in
        let count = followers[Int(entry.item.author.rawValue)]
        return sum + (count <= strategy.threshold && !entry.isPrivate ? count + 1 : 0)
      }
      #expect(value("feed.publications", output) == Double(items.count { !$0.isPrivate }))
      #expect(value("feed.deliveries", output) == Double(expected))
      #expect(value("feed.reads", output) == Double(trial.pages.takePages().count))
      // Each call's response counts from the publication's intended start on.
      let response = try #require(output.histogram(.response, "feed.deliver"))
      let storage = try #require(output.histogram(.storage, "deliver"))
      #expect(response.totalCount == storage.totalCount && storage.totalCount > 0)
      #expect(LatencySummary(response).meanNanoseconds >= LatencySummary(storage).meanNanoseconds)
      #expect(value("feed.timeToVisibleSeconds", output) ?? 0 > 0)
    }
  }

  /// Members follow, and are given what was published before; also where a part of it was simulated before the load.
  @Test(arguments: [0, 10_000_000_000] as [Int64], [FeedStrategy.pull, .push, .hybrid(threshold: 8)]) func everythingComesBack(
    _ from: Int64, _ strategy: FeedStrategy
  ) throws {
    let trial = FeedTrial()
    try sqlite { backend in
      let output = try run(trial.plan(strategy), from: from, workers: 1, backend)
      #expect(output.outcomes[0] == output.operations && output.load?.unanswered == 0)
      let pages = trial.pages.takePages()
      #expect(pages.contains { $0.rows.count == trial.window })
      let hidden = Set(trial.pages.takeItems().filter(\.isPrivate).map(\.item))
      #expect(pages.allSatisfy { page in page.rows.allSatisfy { !hidden.contains($0) || $0.author == page.member } })
      #expect((value("feed.backfilled", output) ?? 0 > 0) == strategy.delivers)
    }
  }

  /// When the last of its calls has come back; not where one went wrong, nor where only the author is to see it.
  @Test func aPublicationBecomesVisibleOnce() throws {
    let members = 2_501
    let graph = SocialGraph(
      offsets: [0, 0] + (1..<members).map { $0 }, targets: [UInt32](repeating: 0, count: members - 1))
    let population = Population(
      regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: members),
      roles: [ParticipationRole](repeating: .lurker, count: members),
      affiliations: [Affiliation](repeating: .employee, count: members), interests: [UInt64](repeating: 0, count: members), graph: graph)
    var trial = FeedTrial()
    trial.weights = [40, 10, 50, 0, 0]
    let plan = try SimulationPlan(
      population: population, services: [trial], seed: Seed(1), scale: 1, startMinuteOfWeek: 0, durationNanoseconds: 60_000_000_000,
      tickNanoseconds: 1_000_000_000, bucketNanoseconds: 60_000_000_000, feed: .push)
    let feeds = LoadFeeds(try #require(plan.makeFeeds()))
    func publish(_ sequence: UInt32, isPrivate: Bool = false) -> [(delivery: Delivery, recipients: [UInt64])] {
      var write = JamboreeKit.Operation(verb: .publish, action: ActionID(0), actor: MemberID(0), intended: .zero)
      write.subject = ItemID(author: MemberID(0), sequence: sequence)
      if isPrivate { write.flags = .isPrivate }
      var calls: [(delivery: Delivery, recipients: [UInt64])] = []
      for call in feeds.consequences(of: write) {
        if case .deliver(let delivery, let recipients, of: _) = call { calls.append((delivery: delivery, recipients: recipients)) }
      }
      return calls
    }
    func figure(_ name: String) -> Double? { feeds.metrics(isFinal: true).first { $0.name == "feed.\(name)" }?.value }

    let first = publish(1)
    #expect(first.map(\.recipients.count) == [1_000, 1_000, 501])
    for (number, call) in first.enumerated() {
      #expect(figure("timeToVisibleSeconds") == 0)
      feeds.delivered(call.delivery, to: call.recipients, after: UInt64(number + 1) * 1_000_000_000)
    }
    #expect(figure("timeToVisibleSeconds") == 3)
    #expect(figure("deliveries") == 2_501)
    for (number, call) in publish(2).enumerated() {
      if number == 1 { feeds.lost(call.delivery) } else { feeds.delivered(call.delivery, to: call.recipients, after: 50_000_000_000) }
    }
    #expect(figure("timeToVisibleSeconds") == 3)
    #expect(figure("deliveries") == 4_002)
    let hidden = publish(3, isPrivate: true)
    #expect(hidden.map(\.recipients) == [[0]])
    for call in hidden { feeds.delivered(call.delivery, to: call.recipients, after: 50_000_000_000) }
    #expect(figure("timeToVisibleSeconds") == 3)
    #expect(figure("deliveries") == 4_002)
    #expect(figure("publications") == 2)
    // What takes a look at every member is for the end.
    #expect(figure("inboxBytes") ?? 0 > 0)
    #expect(!feeds.metrics(isFinal: false).contains { $0.name == "feed.inboxBytes" })
  }

  /// In the last tick before a load somebody has begun to follow, and nobody acts in it.
  @Test func theLoadGivesWhatTheTicksLeft() throws {
    let plan = try FeedTrial().plan(.push)
    let backend = try memory()
    try backend.backend.load(plan.dataset())
    let simulation = try Simulation(plan, backend: backend, ranker: hot(), workers: 1)
    simulation.start()
    let system = try #require(simulation.feeds)
    var tick: TickID = 1
    while system.backfills.isEmpty, tick < 40 {
      try simulation.run(until: tick)
      tick += 1
    }
    let pending = system.backfills
    func missing() -> Int { pending.count { system.isFresh($0.author, for: $0.member, index: Int($0.index)) } }
    #expect(!pending.isEmpty && missing() == pending.count)
    system.startAfter(simulation.lanes.compactMap(\.news))
    var options = LoadOptions(settings: LoadSettings(), pace: .stages, connections: 1, inFlight: 4)
    options.settings.warmUpNanoseconds = 0
    options.settings.stages = [LoadSettings.Stage(shape: .step, ratePerSecond: 100, durationNanoseconds: 200_000_000)]
    options.fromNanoseconds = simulation.simulatedNanoseconds
    options.audit = nil
    let load = try LoadRun(
      plan, options, shards: Simulation.makeShards(plan), feeds: system, backend: backend, ranker: .inProcess(hot()), workers: 1,
      clock: .monotonic)
    load.run(mail: []) { _, _ in false }
    #expect(missing() == 0)
    let backfilled = load.feedMetrics(isFinal: true).first { $0.name == "feed.backfilled" }
    #expect(backfilled?.value ?? 0 > 0)
  }
}
