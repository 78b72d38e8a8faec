import JamboreeEngine
import JamboreeKit
import JamboreeScenario
import Testing

@testable import JamboreeWorkloads

/// Whatever a scenario may say, a run of it comes to its end.
@Suite struct ExtremeTests {
  static let visited = platformServices.map { $0.descriptor.id }.filter { $0 != "jam" && $0 != "selection" }

  /// What is said of a service, and of the scenario.
  struct Extreme: CustomTestStringConvertible {
    let testDescription: String
    var service: [String] = []
    var scenario: [String] = []
    var scale = 1.0
  }

  static let extremes = [
    Extreme(testDescription: "a second", service: ["actionsPerDay=1000"], scenario: ["duration=1s", "tick=1s", "drain=1h"]),
    Extreme(
      testDescription: "a year", service: ["actionsPerDay=1", "dailyActive=1", "participation=1"],
      scenario: ["duration=366d", "tick=10m", "measure.bucket=7d", "population.members=2"]),
    Extreme(testDescription: "ten thousandth", scenario: ["population.members=398455"], scale: 0.0001),
    Extreme(
      testDescription: "one member", service: ["participation=1", "dailyActive=1", "actionsPerDay=300", "actionsPerVisit=1"],
      scenario: ["population.members=1"]),
    Extreme(
      testDescription: "long visits", service: ["participation=1", "dailyActive=1", "actionsPerDay=300", "actionsPerVisit=1000"],
      scenario: ["population.members=2"]),
    Extreme(
      testDescription: "slow and uneven",
      service: ["participation=1", "thinkTime={ mean: 1h, sigma: 3 }", "writers={ share: 1e-9, heavyShare: 1, heavyFactor: 10000 }"]),
    Extreme(testDescription: "nobody", service: ["participation=0"]),
    Extreme(testDescription: "no employees", scenario: ["population.employees=0"]),
    Extreme(
      testDescription: "empty regions", service: ["participation=1"],
      scenario: ["population.regions=[{ name: A, share: 0 }, { name: B, share: 1e9, utcOffset: +14:00 }, { name: C, share: 0 }]"]),
    Extreme(testDescription: "least weights", service: ["arrivals={ localHours: [\(leastHours)], weekendFactor: 1000 }"]),
  ]
  private static let leastHours = (0..<24).map { $0 == 10 ? "5e-324" : "0" }.joined(separator: ", ")

  private static func scenario(_ id: String) -> String {
    let needed = platformServices.first { $0.descriptor.id == id }?.descriptor.requires ?? []
    let head = [
      "name: extreme", "start: Tuesday 00:00", "duration: 24h", "tick: 1m",
      "population: { members: 250, employees: 200, alumni: 50, graph: { meanDegree: 0 } }",
    ]
    return (head + ["services:", "  \(id): {}"] + needed.map { "  \($0): {}" }).joined(separator: "\n")
  }

  @Test(arguments: visited, extremes) func aRunEnds(_ id: String, _ extreme: Extreme) throws {
    // Content at the start takes time and shows nothing.
    let size = [
      "wiki": ["pages=20"], "bookmarks": ["bookmarks=20", "tags=50"], "moderation": ["seedPosts=5"],
      "public": ["readers=2", "seedPosts=5", "viral.views=50", "logins.share=1"],
    ][id] ?? []
    let overrides = extreme.scenario + (size + extreme.service).map { "services.\(id).\($0)" }
    let finished = try simulate(loadPlan(Self.scenario(id), overrides: overrides, scale: extreme.scale))
    #expect(finished.outcomes[Outcome.ok] + finished.outcomes[Outcome.conflict] == finished.operations, "\(finished.outcomes)")
  }

  // MARK: More than can be numbered

  private static func refusal(_ id: String, _ overrides: [String], scale: Double) -> String? {
    do {
      _ = try loadPlan(scenario(id), overrides: overrides.map { "services.\(id).\($0)" } + ["population.members=1"], scale: scale)
      return nil
    } catch { return "\(error)" }
  }

  @Test func thereAreNoNumbersForMore() {
    for (id, key, most) in [("alumni", "seedPosts", 16_777_214), ("moderation", "seedPosts", 16_777_214), ("public", "seedPosts", 16_777_214)] {
      #expect(
        Self.refusal(id, ["\(key)=1000000"], scale: 50)
          == "--scale 50: services.\(id).\(key): 1000000 would be 50000000, and there are numbers for \(most); lower it or the scale")
    }
    #expect(
      Self.refusal("wiki", [], scale: 100)
        == "--scale 100: services.wiki.pages: 200000 would be 20000000, and there are numbers for 16777214; lower it or the scale")
    #expect(
      Self.refusal("public", ["readers=60_000_000"], scale: 2)
        == "--scale 2: services.public.readers: 60000000 would be 120000000, and there are numbers for 100000000; lower it or the scale")
    #expect(
      Self.refusal("public", ["viral.views=1e8"], scale: 1.5)
        == "--scale 1.5: services.public.viral.views: 100000000 would be 150000000, and there are numbers for 100000000; lower it or the scale")
    #expect(Self.refusal("alumni", [], scale: 2) == nil)
  }
}

extension [Int64] {
  fileprivate subscript(outcome: Outcome) -> Int64 { self[Int(outcome.rawValue)] }
}
