import JamboreeEngine
import JamboreeKit
import Testing

@Suite struct AlumniServiceTests {
  static let alumni = """
    name: alumni
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 60000, employees: 10000, alumni: 50000, graph: { meanDegree: 0 } }
    services: { alumni: {} }
    """

  @Test func aDayAtTwoScales() throws {
    for scale in [0.05, 0.2] {
      let finished = try simulate(loadPlan(Self.alumni, scale: scale), workers: 2)
      expectTotal(finished, "alumni.participants", 1_500, scale: scale, tolerance: 0.02)
      expectTotal(finished, "alumni.pageViews", 14_250, scale: scale, tolerance: 0.02)
      expectTotal(finished, "alumni.posts", 225, scale: scale, tolerance: 0.1)
      expectTotal(finished, "alumni.comments", 525, scale: scale, tolerance: 0.1)
      #expect(finished.outcomes[0] == finished.operations)
    }
  }

  /// Only those who are no employees any more come, and each of them lives by the clock of a region.
  @Test func onlyAlumniCome() throws {
    let plan = try loadPlan(Self.alumni, overrides: ["services.alumni.dailyActive=1", "services.alumni.actionsPerDay=6"], scale: 0.1)
    let finished = try simulate(plan, workers: 2)
    #expect(finished.timeline.total("alumni.participants") == 5_000)
    #expect(throws: ConfigurationError.self) { try loadPlan(Self.alumni, overrides: ["population.alumni=0"], scale: 0.1) }
  }

  /// They come in the evening: as many in the four hours from 19 as in the eight of the working day before them, in one region.
  @Test func theyComeInTheEvening() throws {
    let one = "population.regions=[{name: Here, share: 1, utcOffset: \"+00:00\"}]"
    let finished = try simulate(loadPlan(Self.alumni, overrides: [one], scale: 0.5), workers: 2)
    let index = try #require(finished.timeline.index(of: "alumni.visits"))
    func visits(_ hours: Range<Int>) -> Double {
      Double(finished.timeline.values[(hours.lowerBound * 6)..<(hours.upperBound * 6)].reduce(0) { $0 + $1[index] })
    }
    let total = visits(0..<24)
    // The hours' weights: 31.0 of 100.9 from 19 to 23, 0.4 from 3 to 4.
    #expect(abs(visits(19..<23) / total - 33.0 / 101.5) < 0.05)
    #expect(visits(2..<5) / total < 0.04)
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.alumni, scale: 0.05))
    try digestsAgree(Self.alumni, scale: 0.05)
  }
}
