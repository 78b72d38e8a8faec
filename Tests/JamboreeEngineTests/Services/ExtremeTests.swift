import JamboreeEngine
import JamboreeKit
import JamboreeScenario
import Testing

@testable import JamboreeWorkloads

/// Whatever a scenario may say, a run of it comes to its end.
@Suite struct ExtremeTests {
  static let visited = platformServices.map { $0.descriptor.id }.filter { $0 != "jam" && $0 != "selection" }

  static let written = ["blogs", "bookmarks", "microblog", "network", "wiki", "media", "alumni", "moderation"]

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
    // Crowds come within the duration.
    let crowds = id == "public" && extreme.scenario.contains("duration=1s") ? ["viral.peak=0", "logins.peak=1s"] : []
    // Where all people do as much there are no writers.
    let said = extreme.service.filter { !$0.hasPrefix("writers") || Self.written.contains(id) }
    // One or two are employees, but where it is for others.
    let others = id == "alumni" && extreme.scenario.contains { $0 == "population.members=1" || $0 == "population.members=2" } ? ["population.employees=0"] : []
    let overrides = extreme.scenario + others + (size + crowds + said).map { "services.\(id).\($0)" }
    let finished = try simulate(loadPlan(Self.scenario(id), overrides: overrides, scale: extreme.scale))
    #expect(finished.outcomes[Outcome.ok] + finished.outcomes[Outcome.conflict] == finished.operations, "\(finished.outcomes)")
  }

  // MARK: More than can be numbered

  /// - Parameter member: one alone; else all of them.
  private static func refusal(_ id: String, _ overrides: [String], scale: Double, _ more: [String] = []) -> String? {
    do {
      _ = try ScenarioLoader.load(
        text: scenario(id), file: "test", overrides: overrides.map { "services.\(id).\($0)" } + more, scale: scale, services: services)
      return nil
    } catch { return "\(error)" }
  }

  /// Refused when the scenario is read, where the file or the flag says so.
  @Test func thereAreNoNumbersForMore() {
    func message(_ place: String, _ id: String, _ key: String, _ count: Int, _ scale: String, _ scaled: Int, _ most: Int = 16_777_214) -> String {
      "\(place): services.\(id).\(key): \(count) at scale \(scale), which makes \(scaled), are more than the \(most) that there are numbers for; "
        + "lower it or --scale"
    }
    for id in ["alumni", "moderation", "public"] {
      #expect(
        Self.refusal(id, ["seedPosts=1000000"], scale: 50)
          == message("--set services.\(id).seedPosts=1000000", id, "seedPosts", 1_000_000, "50", 50_000_000))
    }
    #expect(Self.refusal("wiki", [], scale: 100) == message("test:7", "wiki", "pages", 200_000, "100", 20_000_000))
    #expect(
      Self.refusal("media", ["items=10000000"], scale: 1.7)
        == message("--set services.media.items=10000000", "media", "items", 10_000_000, "1.7", 17_000_000))
    #expect(
      Self.refusal("public", ["readers=60_000_000"], scale: 2)
        == message("--set services.public.readers=60_000_000", "public", "readers", 60_000_000, "2", 120_000_000, 100_000_000))
    #expect(
      Self.refusal("public", ["viral.views=1e8"], scale: 1.5)
        == message("--set services.public.viral.views=1e8", "public", "viral.views", 100_000_000, "1.5", 150_000_000, 100_000_000))
    #expect(Self.refusal("alumni", [], scale: 2) == nil)
    #expect(Self.refusal("media", ["items=10000000"], scale: 1.6) == nil)
  }

  /// What members have made before the start has 23 bits for each of them.
  @Test(arguments: [("microblog", "messages", "raise writers.share"), ("bookmarks", "bookmarks", "raise writers.share")])
  func oneAuthorOfTooMuch(_ id: String, _ key: String, _ remedy: String) {
    let alone = ["population.members=1"]
    #expect(
      Self.refusal(id, ["participation=1", "\(key)=8500000"], scale: 1, alone)
        == "--set services.\(id).\(key)=8500000: services.\(id).\(key): one author would have about 8500000 of them, and there are numbers for "
        + "8388607; lower it, or \(remedy)")
    #expect(Self.refusal(id, ["participation=1", "\(key)=8300000"], scale: 1, alone) == nil)
    // Many have written it, though one in ten of them ten times as much.
    #expect(Self.refusal(id, ["participation=1", "\(key)=10000000"], scale: 1) == nil)
  }

  @Test func oneSharesTooMuch() {
    let place = "--set services.network.itemsPerMember=1000: services.network.itemsPerMember: one author would have about "
    let unequal = ["participation=1", "itemsPerMember=1000", "itemsSigma=4"]
    let many = ["population.members=50000", "population.employees=50000"]
    #expect(Self.refusal("network", unequal, scale: 1, many)?.hasPrefix(place) == true)
    #expect(Self.refusal("network", unequal, scale: 1, many)?.hasSuffix("lower it, or lower itemsSigma") == true)
    #expect(Self.refusal("network", ["participation=1", "itemsPerMember=1000", "itemsSigma=1"], scale: 1, many) == nil)
  }

  /// The estimate of the largest share against the shares themselves.
  @Test(arguments: [(0.5, 10), (1.5, 1_000), (3, 20_000), (4, 50_000)]) func theLargestShare(_ sigma: Double, _ count: Int) {
    let amounts = LognormalDistribution(mean: 1, sigma: sigma)
    let all = (0..<count).map { amounts.value(at: (Double($0) + 0.5) / Double(count)) }
    let exact = (all.max() ?? 0) / all.reduce(0, +)
    #expect(abs(largestShare(sigma: sigma, of: count) / exact - 1) < 0.15, "\(largestShare(sigma: sigma, of: count)) for \(exact)")
  }

  // MARK: What is kept from the start

  /// What is announced is about what is loaded.
  @Test(arguments: [
    ("wiki", ["pages=2000"]), ("media", ["items=500"]), ("alumni", ["seedPosts=300"]), ("moderation", ["seedPosts=250"]),
    ("public", ["seedPosts=150"]), ("blogs", ["seedPostsPerBlog=20", "owners=0.5", "participation=1"]),
    ("bookmarks", ["bookmarks=3000", "participation=1"]), ("microblog", ["messages=1500", "participation=1", "following=5"]),
    ("network", ["itemsPerMember=7", "participation=1"]),
  ]) func memorySharesAreOfWhatIsLoaded(_ id: String, _ overrides: [String]) throws {
    let all = overrides.map { "services.\(id).\($0)" }
    let scenario = try ScenarioLoader.load(text: Self.scenario(id), file: "test", overrides: all, scale: 2, services: services)
    let history = try loadPlan(Self.scenario(id), overrides: all, scale: 2).dataset().history
    var (items, places, ties) = (0.0, 0.0, 0.0)
    history.forEach { operation, arguments in
      if operation.verb == .publish { (items, places) = (items + 1, places + Double(arguments.count)) } else { ties += 1 }
    }
    var (announcedItems, announcedPlaces, announcedTies) = (0.0, 0.0, 0.0)
    for (share, place) in scenario.memoryShares where place.path.hasPrefix("services.\(id).") {
      switch share.kind {
      case .items(let further): (announcedItems, announcedPlaces) = (announcedItems + share.count, announcedPlaces + share.count * further)
      case .ties: announcedTies += share.count
      case .visitors: break
      }
    }
    #expect(abs(announcedItems / items - 1) < 0.02, "\(announcedItems) of \(items)")
    #expect(announcedTies >= 0.8 * ties && announcedTies <= 1.3 * ties, "\(announcedTies) of \(ties)")
    // Threads of messages count as places.
    if id != "microblog" { #expect(abs(announcedPlaces - places) < 0.1 * items, "\(announcedPlaces) of \(places)") }
  }
}

extension [Int64] {
  fileprivate subscript(outcome: Outcome) -> Int64 { self[Int(outcome.rawValue)] }
}
