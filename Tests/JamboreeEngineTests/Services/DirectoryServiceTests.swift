import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeScenario
import Testing

@testable import JamboreeWorkloads

@Suite struct DirectoryServiceTests {
  /// The blogs are there for their owners: hardly anybody comes to them.
  static let directory = """
    name: directory
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 398455, employees: 398455, graph: { meanDegree: 0 } }
    services:
      blogs: { dailyActive: 0.001, actionsPerDay: 0.002 }
      directory: {}
    """

  @Test func aDayAtEveryScale() throws {
    for scale in [0.02, 0.05] {
      let finished = try simulate(loadPlan(Self.directory, scale: scale), workers: 2)
      expectTotal(finished, "directory.browses", 3000, scale: scale, tolerance: 0.005)
      expectTotal(finished, "directory.finds", 2000, scale: scale, tolerance: 0.005)
      #expect(finished.timeline.total("directory.pageViews") == Int64(5000 * scale))
      // Three pages in the mean for each who comes.
      let (pages, visits) = (finished.timeline.total("directory.nextPages"), finished.timeline.total("directory.visits"))
      let browses = finished.timeline.total("directory.browses")
      #expect(pages > browses / 3 && pages < browses && browses > visits, "\(pages) of \(browses) in \(visits) visits")
      #expect(finished.timeline.total("directory.rowsShown") > 20 * browses)
    }
  }

  // MARK: Rows

  /// A directory in a backend as it is at the start, and who owns a blog, in the order of the names.
  private struct Stage {
    let population: Population
    let session: MemoryBackend.Session
    let owners: [UInt32]

    init(scale: Double) throws {
      let dataset = try loadPlan(DirectoryServiceTests.directory, scale: scale).dataset()
      let backend = try MemoryBackend(options: noOptions())
      try backend.load(dataset)
      population = dataset.population
      session = try backend.openSession(0)
      // From the blogs' own posts, not from who has joined.
      var owners = Set<UInt32>()
      for write in dataset.history.operations where write.verb == .publish { owners.insert(write.subject.author.rawValue) }
      let population = population
      let keys = owners.map { (key: population.collationKey(of: MemberID($0)), member: $0) }
      self.owners = keys.sorted { $0.key == $1.key ? $0.member < $1.member : $0.key.lexicographicallyPrecedes($1.key) }
        .map(\.member)
    }

    func page(after: UInt64, prefix: UInt64 = 0, limit: UInt16 = 1000) -> [UInt32] {
      var read = Operation(verb: .directory, action: ActionID(0), actor: MemberID(0), intended: .zero)
      read.container = DirectoryService.bloggers(ofService: 1)
      (read.object, read.payloadSeed, read.limit) = (after, prefix, limit)
      var reply = Reply()
      let none: [UInt64] = []
      #expect(session.execute(read, arguments: none.span, into: &reply) == .ok)
      return reply.keys.map { UInt32($0) }
    }
  }

  /// A visitor who turns all pages sees each blogger once.
  @Test func fromTheFirstPageToTheLast() throws {
    let stage = try Stage(scale: 0.05)
    #expect(abs(stage.owners.count - 850) <= 1)
    let directory = try behaviour { $0.fromStartShare = 1 }
    var visit = Visit(Visitor(member: 7, participant: 7, visitsLeft: 1), number: 0, region: 0)
    var stream = RandomStream(key: 1)
    var context = AgentContext(metricCount: DirectoryService.outline.metricNames.count)
    var reply = Reply()
    var seen: [UInt32] = []
    for _ in 0...(stage.owners.count / 50) {
      let step = directory.begin(BlogDirectory.Activity.browse.rawValue, &visit, &stream, &context)
      guard case .read(let read) = step else { return #expect(Bool(false)) }
      #expect(read.container == DirectoryService.bloggers(ofService: 1) && read.limit == 50 && read.payloadSeed == 0)
      reply.reset()
      reply.keys = stage.page(after: read.object, limit: read.limit).map { UInt64($0) }
      seen += reply.keys.map { UInt32($0) }
      _ = directory.resume(
        BlogDirectory.Activity.browse.rawValue, &visit, outcome: .ok, reply: reply, &stream, &context)
    }
    #expect(seen == stage.owners)
    // Behind the last page it begins anew.
    guard case .read(let read) = directory.begin(0, &visit, &stream, &context) else { return #expect(Bool(false)) }
    #expect(read.object == .max)
  }

  /// What is typed is two to six letters of a blogger's name, but for the misspelled; it finds who begins with it, all and alone.
  @Test func aPrefixFindsThoseWhoBeginWithIt() throws {
    let stage = try Stage(scale: 0.05)
    for misspelled in [0.0, 1] {
      let directory = try behaviour { $0.misspelled = misspelled }
      var visit = Visit(Visitor(member: 7, participant: 7, visitsLeft: 1), number: 0, region: 0)
      var stream = RandomStream(key: 2)
      var context = AgentContext(metricCount: DirectoryService.outline.metricNames.count)
      var lengths = [Int](repeating: 0, count: 9)
      var empty = 0
      for _ in 0..<300 {
        let step = directory.begin(BlogDirectory.Activity.find.rawValue, &visit, &stream, &context)
        guard case .read(let read) = step else { return #expect(Bool(false)) }
        let letters = (0..<8).map { UInt8(truncatingIfNeeded: read.payloadSeed >> UInt64(56 - 8 * $0)) }.filter { $0 != 0 }
        lengths[letters.count] += 1
        let found = stage.page(after: read.object, prefix: read.payloadSeed)
        let wanted = stage.owners.filter { stage.population.collationKey(of: MemberID($0)).starts(with: letters) }
        #expect(found == wanted)
        if found.isEmpty { empty += 1 }
      }
      #expect(lengths[2...6].allSatisfy { $0 > 30 } && lengths[2...6].reduce(0, +) == 300)
      #expect(misspelled == 0 ? empty == 0 : empty > 100, "\(empty) of 300 found nobody")
    }
  }

  /// The visitors' behaviour without an engine, with the rows that the scenario has.
  private func behaviour(_ change: (inout DirectoryParameters) -> Void) throws -> BlogDirectory {
    let plan = try loadPlan(Self.directory, scale: 0.05)
    var reader = ParameterReader.defaults()
    var parameters = try DirectoryParameters(&reader)
    change(&parameters)
    let setup = ServiceSetup(
      population: plan.population, seed: Seed(1), scale: 0.05, startMinuteOfWeek: 24 * 60,
      durationNanoseconds: 86_400_000_000_000, tickNanoseconds: 5_000_000_000, serviceNumber: 1, firstAction: ActionID(0),
      firstMetric: 0)
    var bloggers: [MemberID] = []
    for write in plan.dataset().history.operations where write.verb == .join { bloggers.append(write.actor) }
    return BlogDirectory(parameters, VisitModel(DirectoryService.outline, parameters.visits, setup), bloggers: bloggers)
  }

  // MARK: Runs

  @Test func misspelledNamesAreThoseThatFindNothing() throws {
    func empty(_ misspelled: Double) throws -> Int64 {
      let overrides = ["services.directory.misspelled=\(misspelled)", "services.directory.mix={ find: 1 }"]
      return try simulate(loadPlan(Self.directory, overrides: overrides, scale: 0.05)).timeline.total("directory.emptyFinds")
    }
    #expect(try empty(0) == 0)
    #expect(try empty(1) > 80)
  }

  @Test func whatCannotBeIsRefused() throws {
    func refusal(_ services: String) -> String? {
      let text = Self.directory.replacing(
        "services:\n  blogs: { dailyActive: 0.001, actionsPerDay: 0.002 }\n  directory: {}", with: "services:\n" + services)
      return #expect(throws: ConfigurationError.self) { try loadPlan(text, scale: 0.001) }?.description
    }
    #expect(
      refusal("  directory: {}")
        == "test:7: services.directory: works on what 'blogs' leaves, which is not there; add services.blogs, or leave directory out")
    #expect(
      refusal("  blogs: {}\n  directory:\n    shortestPrefix: 7")
        == "test:9: services.directory.shortestPrefix: 7 letters at least are more than 6 at most; lower it, or raise longestPrefix")
  }

  /// The order in which a scenario names the two is no matter, and without any blog there is an empty directory.
  @Test func beforeTheBlogsOrWithoutAny() throws {
    let text = Self.directory.replacing("  blogs: { dailyActive: 0.001, actionsPerDay: 0.002 }\n  directory: {}",
      with: "  directory: {}\n  blogs: { dailyActive: 0.001, actionsPerDay: 0.002 }")
    #expect(try simulate(loadPlan(text, scale: 0.02)).timeline.total("directory.rowsShown") > 1000)
    let none = try simulate(
      loadPlan(Self.directory, overrides: ["services.blogs.owners=0", "services.blogs.mix={ readPost: 1 }"], scale: 0.02))
    #expect(none.timeline.total("directory.rowsShown") == 0)
    #expect(none.timeline.total("directory.emptyFinds") == none.timeline.total("directory.finds"))
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.directory, scale: 0.02))
    try digestsAgree(Self.directory, scale: 0.02)
  }
}
