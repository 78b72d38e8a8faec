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
        return sum + (count <= strategy.threshold ? (entry.isPrivate ? 0 : count) + 1 : 0)
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
}
