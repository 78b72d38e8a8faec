import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeSQLite
import JamboreeTesting
import Testing

@testable import JamboreeWorkloads

@Suite struct BookmarkServiceTests {
  /// A working day of the reference platform.
  static let dogear = """
    name: dogear
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 398455, employees: 398455, graph: { meanDegree: 0 } }
    services: { bookmarks: {} }
    """

  /// A few people who keep a lot in an hour, half of it for themselves.
  static let secretive = """
    name: secretive
    start: Tuesday 10:00
    duration: 1h
    tick: 5s
    population: { members: 40, employees: 40, graph: { meanDegree: 0 } }
    services:
      bookmarks:
        participation: 1
        actionsPerDay: 600
        actionsPerVisit: 20
        thinkTime: { mean: 5s }
        mix: { add: 10, browseTag: 10, browsePerson: 10, followLink: 10 }
        writers: { share: 1 }
        bookmarks: 200
        tags: 30
        links: { internet: 1, intranet: 1, private: 2 }
    """

  @Test func aDayHasItsBookmarksAndViewsAtEveryScale() throws {
    for scale in [0.1, 0.5] {
      let finished = try simulate(loadPlan(Self.dogear, scale: scale), workers: 2)
      expectTotal(finished, "bookmarks.bookmarks", 365, scale: scale, tolerance: 0.03)
      expectTotal(finished, "bookmarks.views", 7_300, scale: scale, tolerance: 0.002)
      expectTotal(finished, "bookmarks.tagViews", 4_380, scale: scale, tolerance: 0.003)
      expectTotal(finished, "bookmarks.clicks", 7_650, scale: scale, tolerance: 0.002)
      // Whoever follows a link finds one, as something was kept before.
      #expect(finished.timeline.total("bookmarks.opened") == finished.timeline.total("bookmarks.clicks"))
      #expect(finished.timeline.total("bookmarks.privateShown") == 0)
    }
  }

  /// Just over half of the visitors follow a link, and none of them two.
  @Test func aClickIsOneEach() throws {
    let overrides = ["services.bookmarks.mix={ followLink: 1 }", "services.bookmarks.actionsPerDay=0.51"]
    let plan = try loadPlan(Self.dogear, overrides: overrides, scale: 0.1)
    let finished = try simulate(plan)
    let clicks = finished.timeline.total("bookmarks.clicks")
    #expect(abs(clicks - 765) <= 1)
    #expect(finished.timeline.total("bookmarks.participants") == clicks)
  }

  /// A click is counted at its bookmark.
  @Test func clicksAreCountedAtTheBookmarks() throws {
    let plan = try loadPlan(Self.secretive)
    let backend = try MemoryBackend(options: noOptions())
    let finished = try simulate(plan, backend: .blocking(backend))
    var reader = try BackendReader(backend)
    var clicks: Int64 = 0
    for member in 0..<40 as Range<UInt32> {
      let rows = reader.rows(.listing, as: MemberID(member)) { $0.container = Self.place(1, Int(member)) }
      clicks += rows.reduce(0) { $0 + Int64($1.downloadCount) }
    }
    #expect(clicks == finished.timeline.total("bookmarks.opened"))
    #expect(clicks > 200)
  }

  // MARK: What is private

  /// Half of all bookmarks are private; whoever is not their owner tries everything to see one.
  @Test(arguments: ["memory", "sqlite"]) func whatIsPrivateIsShownToItsOwnerAlone(_ name: String) throws {
    let plan = try loadPlan(Self.secretive)
    if name == "memory" {
      try spy(on: MemoryBackend(options: noOptions()), plan)
    } else {
      let options = try OptionValues(owner: "sqlite", given: [], descriptors: SQLiteBackend.descriptor.options)
      try spy(on: SQLiteBackend(options: options), plan)
    }
  }

  private func spy(on backend: some BlockingStorageBackend, _ plan: SimulationPlan) throws {
    // Reads that no service here makes have to be answered too.
    let dataset = plan.dataset()
    try backend.load(Dataset(population: dataset.population, containers: dataset.containers, history: dataset.history))
    let simulation = try Simulation(plan, backend: .blocking(backend), ranker: hot(), workers: 2)
    simulation.start()
    try simulation.run()
    let (timeline, _) = simulation.finishTimeline()
    var reader = try BackendReader(backend)
    // Owners see all that they kept, on their own pages.
    var all: Set<ItemID> = []
    var secrets: Set<ItemID> = []
    var open = [Int](repeating: 0, count: 40)
    for member in 0..<40 {
      for row in reader.rows(.listing, as: MemberID(UInt32(member)), { $0.container = Self.place(1, member) }) {
        #expect(row.id.author == MemberID(UInt32(member)))
        all.insert(row.id)
        if row.flags.contains(.isPrivate) { secrets.insert(row.id) } else { open[member] += 1 }
      }
    }
    #expect(all.count == 200 + Int(timeline.total("bookmarks.bookmarks")))
    let before = dataset.history.operations.count { $0.flags.contains(.isPrivate) }
    #expect(secrets.count == before + Int(timeline.total("bookmarks.private")))
    #expect(secrets.count > all.count / 3 && before > 50)
    #expect(timeline.total("bookmarks.privateShown") == 0)
    for secret in secrets.sorted() {
      for verb in [Verb.item, .thread, .revisions] {
        #expect(reader.rows(verb, as: secret.author, { $0.subject = secret }).first?.id == secret)
      }
    }
    // That somebody is told of it does not show it either.
    let told = try #require(all.subtracting(secrets).min())
    for item in secrets.union([told]).sorted() {
      for kind in [DeliveryKind.feed, .mention] {
        let outcome = reader.outcome(.deliver, as: item.author, arguments: [3, 31]) { ($0.subject, $0.kind) = (item, kind.rawValue) }
        #expect(outcome == .ok)
      }
    }
    try backend.endTick(1_000_000)

    for spy in [MemberID(3), MemberID(31), .firstAnonymous] {
      let others = secrets.filter { $0.author != spy }
      var shown: Set<ItemID> = []
      var found: Set<ItemID> = []
      func look(_ verb: Verb, arguments: [UInt64] = [], _ change: (inout Operation) -> Void = { _ in }) {
        for row in reader.rows(verb, as: spy, arguments: arguments, change) { found.insert(row.id) }
        shown.formUnion(found)
      }
      /// Whether what is open to all was found since the last time.
      func foundAll() -> Bool {
        defer { found = [] }
        return found.isSuperset(of: all.subtracting(secrets)) && found.isDisjoint(with: others)
      }
      for order in ListingOrder.allCases {
        for member in 0..<40 { look(.listing) { ($0.container, $0.order) = (Self.place(1, member), order) } }
        for tag in 0..<30 { look(.listing) { ($0.container, $0.order) = (Self.place(2, tag), order) } }
        look(.listing) { ($0.container, $0.order) = (Self.place(3, 0), order) }
      }
      #expect(foundAll())
      look(.recentByAuthors, arguments: (0..<40).map { UInt64($0) })
      #expect(foundAll())
      look(.scan)
      #expect(foundAll())
      for word in 0..<300 { look(.search) { $0.payloadSeed = UInt64(word) } }
      #expect(foundAll())
      for verb in [Verb.inbox, .notifications] {
        look(verb)
        #expect(spy.isAnonymous || found.contains(told))
        found = []
      }
      #expect(shown.isDisjoint(with: others))
      for item in others.sorted() {
        for verb in [Verb.item, .thread, .revisions] {
          #expect(reader.outcome(verb, as: spy, { $0.subject = item }) == .notFound)
        }
      }
      // Not by their number either.
      for member in 0..<40 {
        _ = reader.rows(.counts, as: spy, arguments: [Self.place(1, member).rawValue])
        #expect(reader.reply.count == Int64(open[member]))
        _ = reader.rows(.profile, as: spy, { $0.object = UInt64(member) })
        #expect(reader.reply.count == Int64(open[member]))
      }
      _ = reader.rows(.counts, as: spy, arguments: [Self.place(3, 0).rawValue])
      #expect(reader.reply.count == Int64(open.reduce(0, +)))
    }
  }

  /// Should a backend show what is private to somebody else, the run tells.
  @Test func whatABackendGivesAwayIsCounted() throws {
    let backend = try Indiscreet(options: noOptions())
    let finished = try simulate(loadPlan(Self.secretive), backend: .blocking(backend))
    #expect(finished.timeline.total("bookmarks.privateShown") > 100)
  }

  // MARK: The model

  /// Kinds of links, number of tags and how often each is given are as claimed.
  @Test func linksAndTagsFollowTheirDistributions() throws {
    let history = try loadPlan(Self.dogear).dataset().history
    var (internet, hidden, tags) = (0, 0, 0)
    var uses = [Int](repeating: 0, count: 5_000)
    history.forEach { bookmark, arguments in
      let isPrivate = bookmark.flags.contains(.isPrivate)
      if isPrivate { hidden += 1 } else if bookmark.kind == 0 { internet += 1 }
      let listed = (0..<arguments.count).map { ContainerID(rawValue: arguments[$0]) }
      let own = listed.filter { $0.space.rawValue & 0xFF == 2 }
      #expect(listed.count - own.count == (isPrivate ? 0 : 1), "the front page has what is public")
      #expect(Set(own).count == own.count)
      tags += own.count
      for tag in own { uses[Int(tag.number) - 1] += 1 }
    }
    let count = Double(history.count)
    #expect(history.count == 36_500)
    #expect(abs(Double(internet) / count - 56.0 / 99) < 0.01)
    #expect(abs(Double(hidden) / count - 5.0 / 99) < 0.005)
    #expect(abs(Double(tags) / count - 2.5) < 0.03)
    // The slope between the 4th to 16th and the 256th to 1024th: that tags of a bookmark differ flattens the first few.
    func mean(_ ranks: Range<Int>) -> Double { uses[ranks].reduce(0) { $0 + Double($1) } / Double(ranks.count) }
    let slope = 64 * mean(256..<1024) / mean(4..<16)
    #expect(slope > 0.85 && slope < 1.15, "\(slope)")
  }

  @Test(arguments: [
    (
      "links={ internet: 0, intranet: 0, private: 0 }",
      "services.bookmarks.links: all weights are 0; at least one kind of bookmark needs a weight above 0"
    ),
    ("tags=2", "services.bookmarks.tagsPerBookmark: 2.5 tags each are more than the 2 there are; lower it, or raise tags"),
    ("reading.pageLength=0", "services.bookmarks.reading.pageLength: '0' is out of range: expected a whole number from 1 to 500"),
  ]) func refused(change: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try loadPlan(Self.dogear, overrides: ["services.bookmarks.\(change)"]) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.dogear, scale: 0.05))
    try digestsAgree(Self.dogear, scale: 0.05)
  }

  private static func place(_ kind: UInt8, _ number: Int) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: 0, kind: kind), number: UInt64(number) + 1)
  }
}

/// A backend that answers a listing as if somebody else had asked: on a person's page, the person.
private final class Indiscreet: BlockingStorageBackend {
  static var descriptor: BackendDescriptor { MemoryBackend.descriptor }
  private let base: MemoryBackend

  init(options: OptionValues) throws(BackendError) { base = try MemoryBackend(options: options) }

  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id)) }

  final class Session: StorageSession {
    private let base: MemoryBackend.Session
    init(_ base: MemoryBackend.Session) { self.base = base }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      var asked = operation
      if operation.verb == .listing { asked.actor = MemberID(UInt32(operation.container.number - 1)) }
      return base.execute(asked, arguments: arguments, into: &reply)
    }
  }
}
