import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeWorkloads
import Testing

@Suite struct PublicServiceTests {
  static let outside = """
    name: outside
    start: Tuesday 00:00
    duration: 72h
    tick: 5s
    population: { members: 20000, employees: 20000, graph: { meanDegree: 0 } }
    services:
      public:
        readers: 5000
        seedPosts: 100
        viral: { views: 40000, peak: 36h, width: 72h }
        logins: { share: 25%, peak: 57h, width: 10m }
    """

  @Test func totalsHold() throws {
    for scale in [0.25, 1] {
      let finished = try simulate(loadPlan(Self.outside, scale: scale), workers: 2)
      expectTotal(finished, "public.viral.views", 40_000, scale: scale, tolerance: 0.001)
      expectTotal(finished, "public.logins.logins", 5_000, scale: scale, tolerance: 0.001)
      // 0.8 actions of 5,000 readers on three days.
      expectTotal(finished, "public.pageViews", 12_000, scale: scale, tolerance: 0.01)
      expectTotal(finished, "public.external.posts", 60, scale: scale, tolerance: 0.1)
      #expect(finished.outcomes[0] == finished.operations)
    }
  }

  /// The crowd's cumulative shares are those on record.
  @Test func theCrowdFollowsItsCurve() throws {
    let finished = try simulate(loadPlan(Self.outside), workers: 2)
    let index = try #require(finished.timeline.index(of: "public.viral.views"))
    func share(by hour: Int) -> Double {
      Double(finished.timeline.values[..<(hour * 6)].reduce(0) { $0 + $1[index] }) / 40_000
    }
    for (hour, wanted) in [(12, 0.037), (24, 0.156), (30, 0.294), (36, 0.544), (42, 0.781), (48, 0.896), (60, 0.98)] {
      #expect(abs(share(by: hour) - wanted) < 0.008, "hour \(hour): \(share(by: hour))")
    }
  }

  /// All of a storm falls into its ten minutes, half of it into the two around the peak.
  @Test func aStormIsShort() throws {
    let plan = try loadPlan(Self.outside, overrides: ["measure.bucket=1m", "services.public.viral.views=0"])
    let finished = try simulate(plan, workers: 2)
    let index = try #require(finished.timeline.index(of: "public.logins.logins"))
    func logins(_ minutes: Range<Int>) -> Int64 { finished.timeline.values[minutes].reduce(0) { $0 + $1[index] } }
    let peak = 57 * 60
    #expect(logins((peak - 5)..<(peak + 5)) == 5_000)
    #expect(abs(Double(logins((peak - 1)..<(peak + 1))) - 2_500) < 200)
  }

  /// The busiest minute is known to the login, however long the buckets are; posts have a busiest hour.
  @Test func stormsHaveAPeak() throws {
    func metrics(_ overrides: String...) throws -> (Finished, [String: Double]) {
      let finished = try simulate(loadPlan(Self.outside, overrides: overrides + ["services.public.viral.views=0"]), workers: 2)
      return (finished, Dictionary(finished.metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
    }
    let (minutes, figures) = try metrics("measure.bucket=1m")
    let logins = try #require(minutes.timeline.index(of: "public.logins.logins"))
    let busiest = try #require(minutes.timeline.values.map { $0[logins] }.max())
    #expect(busiest > 1_100)
    #expect(figures["public.logins.peakMinutePerSecond"] == Double(busiest) / 60)
    let minute = try #require(figures["public.logins.peakMinute"])
    #expect(minutes.timeline.values[Int(minute)][logins] == busiest)
    #expect(try metrics().1["public.logins.peakMinutePerSecond"] == Double(busiest) / 60)
    let posts = try #require(minutes.timeline.hourly("public.external.posts").max())
    #expect(posts > 0 && figures["public.external.peakHourPerSecond"] == posts / 3600)
    let (_, none) = try metrics("services.public.logins.share=0", "services.public.external.share=0")
    #expect(none["public.logins.peakMinutePerSecond"] == nil && none["public.external.peakHourPerSecond"] == nil)
  }

  /// What of a crowd's curve lies outside the run is cut off; nobody is left out.
  @Test func aCrowdIsCompleteInAShortRun() throws {
    let short = try simulate(loadPlan(Self.outside, overrides: ["duration=24h", "services.public.viral.peak=12h", "services.public.logins.share=0"]), workers: 2)
    #expect(short.timeline.total("public.viral.views") == 40_000)
    let index = try #require(short.timeline.index(of: "public.viral.views"))
    #expect(short.timeline.values.allSatisfy { $0[index] < 40_000 / 24 })
  }

  /// Readers from outside look at the blogs of the same scenario, and at what employees post outside; they have no account and
  /// write nothing.
  @Test func theyReadWhatBlogsHavePublished() throws {
    let plan = try loadPlan(
      """
      name: beside
      start: Tuesday 00:00
      duration: 24h
      tick: 5s
      population: { members: 2000, employees: 2000, graph: { meanDegree: 0 } }
      services:
        blogs: { participation: 50% }
        public: { readers: 3000, dailyActive: 1, seedPosts: 20, viral: { views: 500, peak: 12h, width: 24h }, logins: { share: 10% } }
      """)
    let watcher = OperationWatcher()
    let finished = try simulate(plan, backend: .blocking(WatchedBackend(watcher)))
    let (blogs, outside): (UInt8, UInt8) = (0, 1)
    let fromOutside = watcher.operations.filter { $0.actor >= .firstAnonymous && $0.actor != .platform }
    #expect(fromOutside.allSatisfy { !$0.verb.isWrite })
    // Nobody else is behind the page views of readers and crowd.
    let own = watcher.operations.filter { !$0.verb.isWrite && Self.isPublic($0.action) && !Self.isLogin($0.action) }
    #expect(own.count == fromOutside.count && own.count > 3_000)
    let listed = Set(own.filter { $0.verb == .listing }.map(\.container))
    #expect(listed == [BlogService.publicPlace(ofService: blogs), ContainerID(space: ContainerID.Space(service: outside, kind: 1), number: 1)])
    let opened = own.filter { $0.verb == .thread }
    let ofBlogs = opened.filter { $0.subject.service == blogs }
    #expect(ofBlogs.count > 500 && opened.count - ofBlogs.count > 300)
    #expect(opened.allSatisfy { $0.subject.service == blogs || $0.subject.service == outside })
    #expect(finished.outcomes[0] == finished.operations)
  }

  private static func name(of action: ActionID) -> String {
    let names = BlogService.descriptor.actions.map(\.name) + PublicService.descriptor.actions.map(\.name)
    return names[Int(action.rawValue)]
  }
  private static func isPublic(_ action: ActionID) -> Bool { name(of: action).hasPrefix("public.") }
  private static func isLogin(_ action: ActionID) -> Bool { name(of: action) == "public.logIn" }

  /// Readers have no account: nobody of the population reads, and only employees post.
  @Test func readersAreAnonymous() throws {
    let alone = try simulate(loadPlan(Self.outside, overrides: ["services.public.external.share=0", "services.public.logins.share=0"], scale: 0.25), workers: 2)
    let none = try simulate(
      loadPlan(
        Self.outside,
        overrides: ["services.public.external.share=0", "services.public.logins.share=0", "population.members=1", "population.employees=1"], scale: 0.25),
      workers: 2)
    #expect(alone.timeline.total("public.pageViews") == none.timeline.total("public.pageViews"))
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.outside, scale: 0.05))
    try digestsAgree(Self.outside, scale: 0.05)
  }
}
