import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeRankers
import Testing

@Suite struct TotalsTests {
  /// The flagship's rates at several scales of a population of 100,000.
  static let jam = """
    name: totals
    start: Tuesday 14:00
    duration: 72h
    tick: 60s
    population: { members: 160000, employees: 160000, graph: { meanDegree: 0 } }
    services: { jam: {} }
    """

  static func expect(_ finished: Finished, participants: Double) {
    let totals: [(String, Double, dispersion: Double)] = [
      ("jam.participants", 1, 1), ("jam.sessions", 2.2, 1), ("jam.pageViews", 57, 52), ("jam.posts", 0.5, 3), ("jam.ratings", 1, 2),
    ]
    for (name, each, dispersion) in totals {
      let target = each * participants
      let allowed = max(0.02, 3 * (dispersion * target).squareRoot() / target)
      let observed = Double(finished.timeline.total(name))
      #expect(abs(observed - target) <= allowed * target, "\(name): \(observed), wanted \(target)")
    }
  }

  @Test(arguments: [0.1, 0.02, 0.004]) func holdAtEveryScale(_ scale: Double) throws {
    let plan = try loadPlan(Self.jam, scale: scale)
    Self.expect(try simulate(plan, workers: 2), participants: 100_000 * scale)
  }

  @Test func holdWhateverBackendAndRanker() throws {
    let plan = try loadPlan(Self.jam, scale: 0.02)
    let null = BackendInstance.blocking(try NullBackend(options: noOptions()))
    Self.expect(try simulate(plan, backend: null), participants: 2000)
    Self.expect(try simulate(plan, ranker: RandomRanker(options: noOptions())), participants: 2000)
    Self.expect(try simulate(plan, ranker: ChronologicalRanker(options: noOptions())), participants: 2000)
  }

  @Test func twiceTheRateIsTwiceTheTotal() throws {
    let once = try simulate(loadPlan(Self.jam, scale: 0.02))
    let twice = try simulate(
      loadPlan(
        Self.jam, overrides: ["services.jam.posts.perParticipant=1", "services.jam.ratings.perParticipant=2"], scale: 0.02))
    for name in ["jam.posts", "jam.ratings"] {
      let ratio = Double(twice.timeline.total(name)) / Double(once.timeline.total(name))
      #expect(abs(ratio - 2) < 0.15, "\(name): \(ratio)")
    }
    #expect(twice.timeline.total("jam.sessions") == once.timeline.total("jam.sessions"))
  }

  @Test func withoutNegativeMoodNobodyIsNegative() throws {
    let overrides = ["services.jam.mood.floor=0", "services.jam.mood.drop=0"]
    let calm = try simulate(loadPlan(Self.jam, overrides: overrides, scale: 0.01))
    #expect(calm.timeline.total("jam.posts") > 100)
    #expect(calm.timeline.total("jam.negativePosts") == 0)
    #expect(try simulate(loadPlan(Self.jam, scale: 0.01)).timeline.total("jam.negativePosts") > 50)
  }

  @Test func withoutQualityNoRankerBeatsChance() throws {
    /// Mean over seeds of how much better than those posted the ideas are that get read. Readers crowd on few ideas, so
    /// one run is off by about 0.25 by chance alone; the mean of four by half of that.
    func lift(_ overrides: [String]) throws -> Double {
      let lifts = try (1...4).map { seed in
        let plan = try loadPlan(Self.jam, overrides: overrides + ["seed=\(seed)"], scale: 0.04)
        return try simulate(plan, workers: 2).metrics.first { $0.name == "jam.qualityLift" }?.value ?? .nan
      }
      return lifts.reduce(0, +) / 4
    }
    let blind = try lift(["services.jam.ratings.qualitySpread=0", "services.jam.ratings.perParticipant=4"])
    let seeing = try lift(["services.jam.ratings.qualitySpread=3", "services.jam.ratings.perParticipant=4"])
    #expect(abs(blind) < 0.4)
    #expect(seeing - blind > 0.25)
  }

  @Test func moodTurnsWhenTheScenarioSaysSo() throws {
    let finished = try simulate(loadPlan(Self.jam, scale: 0.1), workers: 2)
    let turn = finished.metrics.first { $0.name == "jam.moodTurn" }?.value ?? 0
    #expect(abs(turn - 16) < 5)
  }
}
