import JamboreeKit
import JamboreeMetrics
import JamboreeRankers
import JamboreeScenario
import Testing

@testable import JamboreeEngine

@Suite struct QualityRunTests {
  private func simulation(
    _ overrides: [String] = [], ranker: any FeedRanker, workers: Int = 1, scale: Double = 0.5, judgedPages: Int = 4, backend: BackendInstance? = nil
  ) throws -> Simulation {
    let scenario = try ScenarioLoader.load(text: denseJam, file: "test", overrides: overrides, scale: scale, services: services)
    let plan = try SimulationPlan(
      population: loadPlan(denseJam, overrides: overrides, scale: scale).population, services: scenario.services, seed: scenario.seed,
      scale: scale, startMinuteOfWeek: scenario.startMinuteOfWeek, durationNanoseconds: scenario.durationNanoseconds,
      drainNanoseconds: scenario.drainNanoseconds, tickNanoseconds: scenario.tickNanoseconds,
      bucketNanoseconds: scenario.bucketNanoseconds, truth: scenario.truth, judgedPages: judgedPages)
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
    let rankers = try all().filter { ["hot", "chronological", "top", "bayesian"].contains(type(of: $0).descriptor.id) }
    #expect(rankers.count == 4)
    for ranker in rankers {
      let (mean, error) = try lift(["truth.qualitySpread=0"], ranker, "ndcg20")
      #expect(abs(mean) < 4 * error, "\(type(of: ranker).descriptor.id): \(mean), \(error)")
      #expect(abs(mean) < 0.02)
    }
  }

  /// Nor does the crowd: its marks tell of noise, so its order is none and its ten best are any ten.
  @Test func withoutQualityTheCrowdIsAtChance() throws {
    func precision(spread: Int) throws -> (mean: Double, byChance: Double) {
      var (found, chance) = (0.0, 0.0)
      for seed in 1...8 {
        let simulation = try simulation(["truth.qualitySpread=\(spread)", "seed=\(seed)"], ranker: hot())
        try simulation.run()
        let figures = figures(simulation)
        found += try #require(figures["quality.precisionAt10"])
        chance += 10 / Double(simulation.finishTimeline().0.total("jam.ideas"))
        // Where all ideas are equally good there is no true order for the crowd's to agree with.
        #expect((figures["quality.kendallTauAllIdeas"] == nil) == (spread == 0))
      }
      return (found / 8, chance / 8)
    }
    let (blind, seeing) = try (precision(spread: 0), precision(spread: 3))
    // Ten drawn of about forty: four standard errors of the mean of eight are 0.17.
    #expect(abs(blind.mean - blind.byChance) < 0.17, "\(blind)")
    #expect(seeing.mean > seeing.byChance + 0.2, "\(seeing)")
  }

  /// The figures about what was shown, from two pages that can be worked out by hand.
  @Test func figuresOfWhatWasShown() throws {
    let plan = try simulation(ranker: hot(), scale: 0.25, judgedPages: 1).plan
    // Three authors with two ideas each, 10 s apart, on topics 0, 1, 2, 0, 1, 2; the first one lies before the run.
    var items = ItemColumns(capacity: 6)
    // Every other one is among the good.
    let ids = try (0..<6).map { (place: Int) throws -> ItemID in
      let author = MemberID(UInt32(place / 2))
      let candidates = (1...1_000).map { ItemID(author: author, service: 0, sequence: UInt32($0)) }
      return try #require(candidates.first { id in (plan.truth.quality(of: id) >= GroundTruth.relevantFrom) == (place % 2 == 1) })
    }
    let created = (0..<6).map { Int64($0 * 10 - 10) }
    for (index, id) in ids.enumerated() {
      let time = SimTime(nanoseconds: created[index] * 1_000_000_000)
      items.append(ItemRow(id: id, created: time, lastActive: time, topic: UInt16(index % 3)))
    }
    let meter = QualityMeter(plan)
    func show(_ rows: [UInt16], at second: Int64) {
      var page = Buffer<UInt16>()
      for row in rows { page.append(row) }
      meter.look(at: items, page: page, of: MemberID(7), now: SimTime(nanoseconds: second * 1_000_000_000))
    }
    show([0, 3], at: 100)
    show([3, 2, 1], at: 200)
    let figures = Dictionary(uniqueKeysWithValues: QualityReport.metrics([meter]).map { ($0.name, $0.value) })
    #expect(figures["quality.pages"] == 2)
    // Ages 110 and 80, then 180, 190 and 200.
    #expect(figures["quality.freshnessSeconds"] == 152)
    // The third author is on neither.
    #expect(try abs(#require(figures["quality.authorCoverage"]) - 2.0 / 3) < 1e-12)
    // One topic of the two that a page of two could have had, then all three.
    #expect(try abs(#require(figures["quality.topicCoverage"]) - 0.75) < 1e-6)
    // 1, 1, 1, 2, 0 and 0 times; in order 0, 0, 1, 1, 1, 2: (-5 * 0 - 3 * 0 - 1 + 1 + 3 + 2 * 5) / (6 * 5).
    #expect(try abs(#require(figures["quality.gini"]) - 13.0 / 30) < 1e-12)
    // Of the good ones, published at 0, 20 and 40 s, the first is shown at 200 s, the second at 100 s and the third never.
    #expect(try abs(#require(figures["quality.discoveredShare"]) - 2.0 / 3) < 1e-12)
    #expect(figures["quality.timeToDiscoverySeconds"] == 200)
  }

  /// The marks tell of quality, so a crowd's order agrees with the true one; and does not where there is none.
  @Test func theCrowdFindsWhatThereIsToFind() throws {
    let found = try run(ranker: random())
    #expect(try #require(found["quality.kendallTauAllIdeas"]) > 0.3)
    #expect(found["quality.precisionAt10"] != nil)
  }
}
