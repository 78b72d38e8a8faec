import Glibc
import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreePopulation
import JamboreeScenario
import JamboreeSQLite
import Testing

@testable import JamboreeWorkloads

@Suite struct BlogServiceTests {
  /// A working day of the reference platform's blogs, a twentieth of it at most.
  static let blogs = """
    name: blogs
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 398455, employees: 398455, graph: { meanDegree: 0 } }
    services: { blogs: {} }
    """

  /// Four hundred people who write much; a hundred of them own a blog with two posts in it.
  static let busy = """
    name: busy
    start: Tuesday 08:00
    duration: 2h
    tick: 5s
    population: { members: 400, employees: 400, graph: { meanDegree: 0 } }
    services:
      blogs:
        participation: 1
        dailyActive: 1
        actionsPerDay: 80
        actionsPerVisit: 10
        owners: 25%
        seedPostsPerBlog: 2
        writers: { share: 50% }
        mix: { publish: 1, readPost: 6, comment: 2, ratePost: 2, browseBlog: 4 }
    """

  @Test func aDayAtEveryScale() throws {
    for scale in [0.02, 0.05] {
      let plan = try loadPlan(Self.blogs, scale: scale)
      let finished = try simulate(plan, workers: 2)
      for (name, wanted) in [("posts", 400.0), ("comments", 400), ("ratings", 200), ("pageViews", 154_400)] {
        expectTotal(finished, "blogs.\(name)", wanted, scale: scale, tolerance: 0.005)
      }
      let reads = try #require(finished.metrics.first { $0.name == "blogs.readsPerContribution" }?.value)
      #expect(abs(reads - 193) < 1)
      #expect(finished.outcomes[0] == finished.operations)
      #expect(finished.timeline.total("blogs.emptyPages") == 0)
      // 17,000 blogs with three posts each, and the front page.
      let dataset = plan.dataset()
      #expect(abs(dataset.containers.count - 1 - Int(17_000 * scale)) <= 1)
      #expect(dataset.history.count == 3 * (dataset.containers.count - 1))
    }
  }

  // MARK: What is left in the backend

  private func listing(_ container: ContainerID, _ session: some StorageSession) -> [ItemRow] {
    var read = Operation(verb: .listing, action: ActionID(0), actor: MemberID(0), intended: .zero)
    read.container = container
    read.limit = 10_000
    return rows(read, session)
  }

  private func rows(_ read: Operation, _ session: some StorageSession) -> [ItemRow] {
    var reply = Reply()
    let none: [UInt64] = []
    #expect(session.execute(read, arguments: none.span, into: &reply) == .ok)
    return (0..<reply.items.count).map { reply.items[$0] }
  }

  @Test func postsAreInTheirOwnersBlogsAndOnTheFrontPage() throws {
    let backend = try MemoryBackend(options: noOptions())
    let finished = try simulate(loadPlan(Self.busy), backend: .blocking(backend))
    let session = try backend.openSession(0)
    var all: [ItemID] = []
    var owners: [MemberID] = []
    for number in 0..<100 {
      let posts = listing(BlogService.blog(number, ofService: 0), session)
      let author = try #require(posts.first?.id.author)
      owners.append(author)
      #expect(posts.allSatisfy { $0.id.author == author && $0.parent == .none })
      // What was there before is older than what came.
      #expect(posts.filter { $0.id.sequence > Blogs.firstSeedSequence - 1 }.count == 2)
      #expect(posts.allSatisfy { ($0.created < .zero) == ($0.id.sequence >= Blogs.firstSeedSequence) })
      all += posts.map(\.id)
    }
    #expect(Set(owners).count == 100)
    let front = listing(BlogService.publicPlace(ofService: 0), session)
    #expect(front.map(\.id).sorted() == all.sorted())
    let posts = finished.timeline.total("blogs.posts")
    #expect(posts > 100 && Int64(front.count) == 200 + posts)
  }

  @Test func commentsAreInThePostsThreadsAndItsAuthorHearsOfThem() throws {
    let backend = try MemoryBackend(options: noOptions())
    let text = Self.busy + "\n  notifications: { participation: 1, dailyActive: 1, actionsPerDay: 1 }"
    let finished = try simulate(loadPlan(text), backend: .blocking(backend))
    let session = try backend.openSession(0)
    var comments: [ItemRow] = []
    for post in listing(BlogService.publicPlace(ofService: 0), session) {
      var read = Operation(verb: .thread, action: ActionID(0), actor: MemberID(0), intended: .zero)
      read.subject = post.id
      read.limit = 10_000
      comments += rows(read, session).dropFirst()
    }
    #expect(comments.count > 200 && Int64(comments.count) == finished.timeline.total("blogs.comments"))
    let negative = comments.filter { $0.flags.contains(.isNegative) }.count
    #expect(Int64(negative) == finished.timeline.total("blogs.negativeComments"))
    // Three standard errors around a tenth.
    #expect(abs(Double(negative) - 0.1 * Double(comments.count)) < 3 * (0.09 * Double(comments.count)).squareRoot())
    var heard: [ItemID] = []
    for member in 0..<400 as Range<UInt32> {
      var read = Operation(verb: .notifications, action: ActionID(0), actor: MemberID(member), intended: .zero)
      read.limit = 1000
      let told = rows(read, session)
      #expect(told.allSatisfy { $0.parent.author.rawValue == member && $0.id.author.rawValue != member })
      heard += told.map(\.id)
    }
    let byOthers = comments.filter { $0.id.author != $0.parent.author }.map(\.id)
    #expect(heard.sorted() == byOthers.sorted())
  }

  /// Marks of what many have rated go by its quality, and lie around 3.
  @Test func marksFollowTheQuality() throws {
    let backend = try MemoryBackend(options: noOptions())
    let finished = try simulate(
      loadPlan(
        Self.busy,
        overrides: [
          "services.blogs.mix={ readPost: 6, ratePost: 6, browseBlog: 3 }", "services.blogs.blogSkew=0",
          "services.blogs.frontPageShare=0", "services.blogs.actionsPerDay=240",
        ]),
      backend: .blocking(backend))
    let session = try backend.openSession(0)
    let quality = LatentQuality(seed: Seed(1), domain: RandomDomain("blogs.quality"), truth: TruthSettings())
    let rated = listing(BlogService.publicPlace(ofService: 0), session).filter { $0.ratingCount > 4 }
      .map { (quality: Double(quality.thousandths(of: $0.id)) / 1000, mark: Double($0.ratingSum) / Double($0.ratingCount)) }
    #expect(rated.count > 80)
    let meanQuality = rated.reduce(0) { $0 + $1.quality } / Double(rated.count)
    let meanMark = rated.reduce(0) { $0 + $1.mark } / Double(rated.count)
    let products = rated.reduce(0) { $0 + ($1.quality - meanQuality) * ($1.mark - meanMark) }
    let squares = rated.reduce(0) { $0 + ($1.quality - meanQuality) * ($1.quality - meanQuality) }
    // The spread of 0.7, less what is lost at the ends of the scale: marks scatter by 1.2 and are cut 2.5 from their middle.
    #expect(abs(products / squares - 0.67) < 0.1, "\(products / squares)")
    let mean = try #require(finished.metrics.first { $0.name == "blogs.meanMark" }?.value)
    #expect(abs(mean - 3 - 0.67 * meanQuality) < 0.2, "\(mean), \(meanQuality)")
  }

  // MARK: What members choose

  /// The visitors' behaviour without an engine: 1,000 blogs.
  private func behaviour() throws -> Blogs {
    var reader = ParameterReader.defaults()
    var parameters = try BlogParameters(&reader)
    parameters.visits.participation = 1
    parameters.owners = 0.5
    let population = PopulationGenerator.generate(
      PopulationParameters(members: 2000, employees: 2000, graph: GraphParameters(meanDegree: 0)), seed: Seed(1), workers: 1)
    let setup = ServiceSetup(
      population: population, seed: Seed(1), scale: 1, startMinuteOfWeek: 24 * 60, durationNanoseconds: 86_400_000_000_000,
      tickNanoseconds: 5_000_000_000, serviceNumber: 3, firstAction: ActionID(0), firstMetric: 0)
    return Blogs(parameters, VisitModel(BlogService.outline, parameters.visits, setup, owners: parameters.owners))
  }

  private func visit() -> Visit { Visit(Visitor(member: 7, participant: 7, visitsLeft: 1), number: 0, region: 0) }

  @Test func readersChooseBlogsByZipfAndTheFrontPageByItsShare() throws {
    let blogs = try behaviour()
    var (visit, stream) = (visit(), RandomStream(key: 1))
    var context = AgentContext(metricCount: BlogService.outline.metricNames.count)
    var counts = [Double](repeating: 0, count: 1000)
    var front = 0.0
    for _ in 0..<100_000 {
      let step = blogs.begin(Blogs.Activity.browseBlog.rawValue, &visit, &stream, &context)
      guard case .ranked(let listing, let length) = step else { return #expect(Bool(false), "\(step)") }
      #expect(length == 10 && listing.limit == 100)
      if listing.container == BlogService.publicPlace(ofService: 3) {
        front += 1
      } else {
        counts[Int(listing.container.number) - 1] += 1
      }
    }
    #expect(abs(front / 100_000 - 0.3) < 0.01)
    // Least squares of the logarithms over the ranks that are counted well.
    let points = (1...50).map { (x: log(Double($0)), y: log(counts[$0 - 1])) }
    let (mx, my) = (points.reduce(0) { $0 + $1.x } / 50, points.reduce(0) { $0 + $1.y } / 50)
    let slope = points.reduce(0) { $0 + ($1.x - mx) * ($1.y - my) } / points.reduce(0) { $0 + ($1.x - mx) * ($1.x - mx) }
    #expect(abs(slope + 1) < 0.05, "\(slope)")
  }

  @Test func whatIsOpenedFirstGoesByThePlaceOnThePage() throws {
    let blogs = try behaviour()
    var (visit, stream) = (visit(), RandomStream(key: 2))
    var context = AgentContext(metricCount: BlogService.outline.metricNames.count)
    var reply = Reply()
    // What is shown is the reply's rows from the last to the first.
    for row in 0..<10 as Range<UInt32> {
      let id = ItemID(author: MemberID(1), sequence: 10 - row)
      reply.items.append(ItemRow(id: id, created: .zero, lastActive: .zero))
    }
    for row in (0..<10 as Range<UInt16>).reversed() { context.page.append(row) }
    var opened = [Double](repeating: 0, count: 10)
    for _ in 0..<20_000 {
      _ = blogs.resume(
        Blogs.Activity.browseBlog.rawValue, &visit, outcome: .ok, reply: reply, &stream, &context)
      var targets: [ItemID] = []
      while let target = visit.takeTarget() { targets.append(target) }
      #expect(Set(targets).count == targets.count && targets.count <= Visit.mostTargets)
      opened[Int(targets[0].sequence) - 1] += 1
    }
    let sum = (1...10).reduce(0) { $0 + 1 / Double($1) }
    for place in 1...10 {
      let share = 1 / Double(place) / sum
      #expect(abs(opened[place - 1] / 20_000 - share) < 4 * (share / 20_000).squareRoot(), "place \(place)")
    }
  }

  /// Who comments before having read anything reads something first.
  @Test func aCommentFindsItsPost() throws {
    let blogs = try behaviour()
    var (visit, stream) = (visit(), RandomStream(key: 3))
    var context = AgentContext(metricCount: BlogService.outline.metricNames.count)
    let comment = Blogs.Activity.comment.rawValue
    guard case .read(let listing) = blogs.begin(comment, &visit, &stream, &context) else { return #expect(Bool(false)) }
    #expect(listing.verb == .listing && listing.limit == 1)
    let post = ItemID(author: MemberID(9), service: 3, sequence: 5)
    var reply = Reply()
    reply.items.append(ItemRow(id: post, created: .zero, lastActive: .zero))
    let second = blogs.resume(comment, &visit, outcome: .ok, reply: reply, &stream, &context)
    guard case .read(let read) = second else { return #expect(Bool(false)) }
    #expect(read.verb == .thread && read.subject == post && read.flags.contains(.wantsText))
    let third = blogs.resume(comment, &visit, outcome: .ok, reply: reply, &stream, &context)
    guard case .writes = third else { return #expect(Bool(false)) }
    #expect(context.writes.count == 1 && context.writes[0].object == post.rawValue)
    // A blog without any post ends it.
    (visit, stream) = (self.visit(), RandomStream(key: 3))
    _ = blogs.begin(comment, &visit, &stream, &context)
    reply.reset()
    let last = blogs.resume(comment, &visit, outcome: .ok, reply: reply, &stream, &context)
    guard case .done(.ok) = last else { return #expect(Bool(false)) }
  }

  // MARK: Runs

  @Test func parametersThatContradictEachOtherAreRefused() throws {
    func refusal(_ keys: String) -> String? {
      let text = Self.blogs.replacing("services: { blogs: {} }", with: "services:\n  blogs:\n    " + keys)
      return #expect(throws: ConfigurationError.self) { try loadPlan(text, scale: 0.001) }?.description
    }
    #expect(
      refusal("reading: { pageLength: 200 }")
        == "test:8: services.blogs.reading.pageLength: a page of 200 cannot be filled from a window of 100; lower it, or raise window")
    #expect(
      refusal("owners: 0")
        == "test:8: services.blogs.owners: nobody owns a blog, but 'publish' is in the mix; raise it, or give a mix without publish")
    // Without owners there is the front page alone, and nothing on it.
    let text = Self.busy.replacing("owners: 25%", with: "owners: 0").replacing("publish: 1, ", with: "")
    let finished = try simulate(loadPlan(text))
    #expect(finished.timeline.total("blogs.frontPageBrowses") == finished.timeline.total("blogs.browses"))
    #expect(finished.timeline.total("blogs.emptyPages") >= finished.timeline.total("blogs.browses"))
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.busy))
    try digestsAgree(Self.busy, scale: 1)
  }

  /// What was posted before the start lies at times before zero: the same pages on another backend.
  @Test func theSameOnSQLite() throws {
    let plan = try loadPlan(Self.busy)
    let sqlite = BackendInstance.blocking(
      try SQLiteBackend(options: OptionValues(owner: "sqlite", given: [], descriptors: SQLiteBackend.descriptor.options)))
    #expect(try simulate(plan, backend: sqlite).digest == simulate(plan).digest)
  }
}
