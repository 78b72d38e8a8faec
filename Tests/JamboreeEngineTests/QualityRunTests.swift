import JamboreeKit
import JamboreeMetrics
import JamboreeRankers
import JamboreeScenario
import Testing

@testable import JamboreeEngine

@Suite struct QualityRunTests {
  private func simulation(
    _ overrides: [String] = [], ranker: any FeedRanker, workers: Int = 1, scale: Double = 0.5, backend: BackendInstance? = nil
  ) throws -> Simulation {
    let scenario = try ScenarioLoader.load(text: denseJam, file: "test", overrides: overrides, scale: scale, services: services)
    let plan = try SimulationPlan(
      population: loadPlan(denseJam, overrides: overrides, scale: scale).population, services: scenario.services, seed: scenario.seed,
      scale: scale, startMinuteOfWeek: scenario.startMinuteOfWeek, durationNanoseconds: scenario.durationNanoseconds,
      drainNanoseconds: scenario.drainNanoseconds, tickNanoseconds: scenario.tickNanoseconds,
      bucketNanoseconds: scenario.bucketNanoseconds, truth: scenario.truth, judgedPages: 4)
    let backend = try backend ?? memory()
    try backend.backend.load(plan.dataset())
    let simulation = try Simulation(plan, backend: backend, ranker: ranker, workers: workers)
    simulation.start()
    return simulation
  }

  private func figures(_ simulation: Simulation) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: (simulation.qualityMetrics + simulation.judgeCrowd()).map { ($0.name, $0.value) })
  }

  private func run(_ overrides: [String] = [], ranker: any FeedRanker, workers: Int = 1, scale: Double = 0.5) throws -> [String: Double] {
    let simulation = try simulation(overrides, ranker: ranker, workers: workers, scale: scale)
    try simulation.run()
    return figures(simulation)
  }

  private func random() throws -> any FeedRanker { try RandomRanker(options: noOptions()) }

  /// Every figure, to the last bit.
  @Test func workersDoNotChangeIt() throws {
    let one = try run(ranker: hot())
    #expect(one["quality.pages"].map { $0 > 500 } == true)
    #expect(one.count >= 13)
    for workers in [2, 7] { #expect(try run(ranker: hot(), workers: workers) == one) }
  }

  /// One page in so many, as the plan says.
  @Test func onePageInSoManyIsJudged() throws {
    let simulation = try simulation(ranker: hot(), scale: 1)
    try simulation.run()
    let ranked = try #require(simulation.histograms()[LatencyRecorder.Key(kind: .ranking, name: "hot", outcome: .ok)]).totalCount
    let expected = Double(ranked) / 4
    let judged = try #require(figures(simulation)["quality.pages"])
    #expect(expected > 1_000)
    #expect(abs(judged - expected) < 4 * (expected * 0.75).squareRoot())
  }

  @Test func aRestoredRunHasIt() throws {
    let whole = try run(ranker: hot())
    let backend = try memory()
    let first = try simulation(ranker: hot(), backend: backend)
    try first.run(until: 301)
    let restored = try Simulation(first.plan, backend: backend, ranker: hot(), workers: 2)
    try restored.restore(from: first.checkpoint())
    try restored.run()
    #expect(figures(restored) == whole)
  }

  /// Difference to chance over eight seeds, in standard errors.
  private func lift(_ overrides: [String], _ ranker: any FeedRanker, _ name: String) throws -> (mean: Double, error: Double) {
    let lifts = try (1...8).map { seed in
      let figures = try run(overrides + ["seed=\(seed)"], ranker: ranker, scale: 0.25)
      return try #require(figures["quality.\(name)"]) - #require(figures["quality.\(name)ByChance"])
    }
    let interval = try #require(MeanInterval(lifts))
    return (interval.mean, try #require(interval.halfWidth) / 2.365)
  }

  @Test(arguments: ["ndcg20", "recall20", "mrr"]) func aShuffleIsAtChance(_ name: String) throws {
    let (mean, error) = try lift([], random(), name)
    #expect(abs(mean) < 4 * error)
    #expect(abs(mean) < 0.01)
  }

  /// Where all items are equally good and topics do not matter, no order is better than another.
  @Test func withoutDifferencesEveryRankerIsAtChance() throws {
    for ranker in try all() {
      let figures = try run(["truth.qualitySpread=0", "truth.interestWeight=0"], ranker: ranker, scale: 0.25)
      #expect(figures["quality.ndcg20"] == 1)
      #expect(figures["quality.ndcg20ByChance"] == 1)
      #expect(figures["quality.recall20"] == nil)
      #expect(figures["quality.timeToDiscoverySeconds"] == nil)
    }
  }

  /// Every ranker that ships and is in this process.
  private func all() throws -> [any FeedRanker] {
    return try platformRankers.map { type in
      try type.init(options: OptionValues(owner: type.descriptor.id, given: [], descriptors: type.descriptor.options))
    }
  }

  /// Whoever knows what is true cannot be bettered, and the others fall short of it.
  @Test func theOracleIsTheCeiling() throws {
    for ranker in try all() {
      let ndcg = try #require(run(ranker: ranker, scale: 0.25)["quality.ndcg20"])
      #expect((ndcg > 0.9999) == (ranker is OracleRanker), "\(type(of: ranker).descriptor.id): \(ndcg)")
      #expect(ndcg <= 1)
    }
  }

  /// Quality apart, readers still care about topics; rankers that go by marks and age find nothing of that.
  @Test func withoutQualityPopularityRankersAreAtChance() throws {
    for ranker in try [hot(), ChronologicalRanker(options: noOptions())] {
      let (mean, error) = try lift(["truth.qualitySpread=0"], ranker, "ndcg20")
      #expect(abs(mean) < 4 * error)
      #expect(abs(mean) < 0.02)
    }
  }

  /// The marks tell of quality, so a crowd's order agrees with the true one; and does not where there is none.
  @Test func theCrowdFindsWhatThereIsToFind() throws {
    let found = try run(ranker: random())
    #expect(try #require(found["quality.kendallTauAllIdeas"]) > 0.3)
    #expect(found["quality.precisionAt10"] != nil)
  }
}
