import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreePopulation
import JamboreeSQLite
import Testing

@testable import JamboreeWorkloads

@Suite struct NetworkServiceTests {
  /// A working day of the network's members.
  static let network = """
    name: network
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 53000, employees: 53000, graph: { meanDegree: 8.2 } }
    services: { network: { participation: 1 } }
    """

  /// Four hundred people with eight friends each, who all come within two hours, in which they do a tenth of a day's work.
  static let busy = """
    name: busy
    start: Tuesday 09:00
    duration: 2h
    tick: 5s
    population: { members: 400, employees: 400, graph: { meanDegree: 8, maximumDegree: 8 } }
    services:
      network: { participation: 1, dailyActive: 1, actionsPerDay: 200, actionsPerVisit: 10, writers: { share: 50% } }
    """

  private static func busy(mix: String, _ others: String...) throws -> SimulationPlan {
    try loadPlan(busy, overrides: ["services.network.mix={ \(mix) }"] + others)
  }

  @Test func aDayAtEveryScale() throws {
    for scale in [0.05, 0.25] {
      let plan = try loadPlan(Self.network, scale: scale)
      let finished = try simulate(plan, workers: 2)
      let totals = [
        ("statuses", 350.0), ("photos", 200), ("lists", 122), ("comments", 600), ("contributions", 1_272), ("connects", 100),
        ("disconnects", 8), ("profiles", 7_000), ("feeds", 8_000), ("suggestions", 870), ("pageViews", 15_870),
      ]
      // Rounding alone: none of them is lost or done twice.
      for (name, wanted) in totals {
        #expect(abs(Double(finished.timeline.total("network.\(name)")) - wanted * scale) <= 2, "\(name)")
      }
      let share = try #require(finished.metrics.first { $0.name == "network.readShare" }?.value)
      #expect(abs(share - 0.92) < 0.005)
      #expect(finished.outcomes[0] == finished.operations)
      #expect(plan.dataset().history.count == Int(10_600 * scale))
    }
  }

  /// Twice as much is contributed, and nothing else changes.
  @Test func pointsDoubleContributionsAlone() throws {
    let without = try simulate(loadPlan(Self.network, scale: 0.1))
    let with = try simulate(loadPlan(Self.network, overrides: ["services.network.points=true"], scale: 0.1))
    for name in ["statuses", "photos", "lists", "comments"] {
      let before = without.timeline.total("network.\(name)")
      #expect(abs(with.timeline.total("network.\(name)") - 2 * before) <= 1 && before > 10, "\(name)")
    }
    for name in ["feeds", "profiles", "suggestions", "pageViews", "connects", "disconnects", "participants"] {
      #expect(with.timeline.total("network.\(name)") == without.timeline.total("network.\(name)"), "\(name)")
    }
  }

  // MARK: What is left in the backend

  private static let everybody = NetworkService.publicPlace(ofService: 0)

  @Test func whatIsSharedIsListed() throws {
    let backend = try MemoryBackend(options: noOptions())
    let plan = try Self.busy(mix: "status: 3, photo: 2, list: 1, comment: 4, readFeed: 10")
    let finished = try simulate(plan, backend: .blocking(backend))
    func total(_ name: String) -> Int { Int(finished.timeline.total("network.\(name)")) }
    var reader = try BackendReader(backend)
    let rows = reader.rows(.listing, as: MemberID(0)) { $0.container = Self.everybody }
    let earlier = rows.filter { $0.created < .zero }
    let new = rows.filter { $0.created >= .zero }
    // A fifth of an item for each of 400 members, in the twelve days before.
    #expect(earlier.count == 80 && earlier.allSatisfy { $0.created.nanoseconds >= -12 * 86_400_000_000_000 })
    func count(_ rows: [ItemRow], _ kind: NetworkService.Kind) -> Int { rows.count { $0.kind == kind.rawValue } }
    #expect(count(new, .status) == total("statuses") && count(new, .list) == total("lists"))
    let photos = new.filter { $0.kind == NetworkService.Kind.photo.rawValue }
    #expect(photos.count == total("photos") && photos.count > 300)
    #expect(photos.reduce(0) { $0 + Int($1.value) * 1024 } == total("photoBytes"))
    // Lognormal with mean 500 KiB: three standard errors of it, and the median at e^-0.32 of it.
    let mean = photos.reduce(0) { $0 + Double($1.value) } / Double(photos.count)
    #expect(abs(mean / 500 - 1) < 3 * 0.95 / Double(photos.count).squareRoot(), "\(mean)")
    let below = Double(photos.count { $0.value < 363 }) / Double(photos.count)
    #expect(abs(below - 0.5) < 3 * 0.5 / Double(photos.count).squareRoot(), "\(below)")
    #expect(rows.allSatisfy { $0.kind == NetworkService.Kind.photo.rawValue || $0.value == 0 })
    // Of comments the listing has only their number, and some are of comments.
    #expect(rows.reduce(0) { $0 + Int($1.replyCount) } <= total("comments"))
    #expect(rows.reduce(0) { $0 + Int($1.replyCount) } > total("comments") / 3)
  }

  @Test func whoIsAnsweredIsToldWhereThereAreNotifications() throws {
    let backend = try MemoryBackend(options: noOptions())
    let text = Self.busy + "\n  notifications: { participation: 1, dailyActive: 1, actionsPerDay: 1 }"
    let mix = "services.network.mix={ status: 1, comment: 4, readFeed: 10 }"
    let finished = try simulate(loadPlan(text, overrides: [mix]), backend: .blocking(backend))
    var reader = try BackendReader(backend)
    let comments = reader.rows(.recentByAuthors, as: MemberID(0), arguments: Array(0..<400)) { _ in }
      .filter { $0.kind == NetworkService.Kind.comment.rawValue }
    #expect(comments.count > 1_000 && comments.count == Int(finished.timeline.total("network.comments")))
    #expect(comments.allSatisfy { $0.parent != .none })
    var heard: [ItemID] = []
    for member in 0..<400 as Range<UInt32> {
      let told = reader.rows(.notifications, as: MemberID(member))
      #expect(told.allSatisfy { $0.parent.author.rawValue == member && $0.id.author.rawValue != member })
      heard += told.map(\.id)
    }
    #expect(heard.sorted() == comments.filter { $0.id.author != $0.parent.author }.map(\.id).sorted())
  }

  // MARK: Friends

  private func friends(of member: UInt64, _ reader: inout BackendReader) -> [UInt64] {
    #expect(reader.outcome(.connections, as: MemberID(0)) { $0.object = member } == .ok)
    return reader.reply.keys
  }

  /// Every connection that is made is one more, so it is to nobody who was a friend already, and to a friend of a friend.
  @Test func whoIsSuggestedIsAFriendOfAFriendAndNoFriendYet() throws {
    let backend = try MemoryBackend(options: noOptions())
    let plan = try Self.busy(mix: "connect: 1, suggestions: 4", "services.network.actionsPerDay=100")
    let finished = try simulate(plan, backend: .blocking(backend))
    var reader = try BackendReader(backend)
    let all = (0..<400 as Range<UInt64>).map { friends(of: $0, &reader) }
    let graph = plan.population.graph
    var new = 0
    for member in all.indices {
      let before = graph.neighbors(of: MemberID(UInt32(member))).map { UInt64($0) }
      #expect(before.count == 8 && before.allSatisfy(all[member].contains) && !all[member].contains(UInt64(member)))
      for other in all[member] where !before.contains(other) {
        new += 1
        #expect(all[member].contains { $0 != other && all[Int($0)].contains(other) }, "\(member), \(other)")
      }
    }
    let connects = Int(finished.timeline.total("network.connects"))
    #expect(connects > 700 && new == connects)
    // A page has six people at most, and few of them are friends already.
    let pages = finished.timeline.total("network.suggestions")
    let candidates = finished.timeline.total("network.candidates")
    #expect(candidates > 5 * pages && candidates <= 6 * (pages + Int64(connects)))
  }

  /// Without friends a feed is what everybody shares; who then connects to an author has one of a friend's.
  @Test func feedsShowThoseWithWhomOneIsConnected() throws {
    func friendFeeds(_ mix: String, degree: Int) throws -> Double {
      let changes = [
        "services.network.itemsPerMember=1", "population.graph={ meanDegree: \(degree) }", "services.network.mix={ \(mix) }",
      ]
      let finished = try simulate(loadPlan(Self.busy, overrides: changes))
      #expect(finished.timeline.total("network.feeds") > 1_000)
      return try #require(finished.metrics.first { $0.name == "network.friendFeedShare" }?.value)
    }
    #expect(try friendFeeds("readFeed: 10, status: 1", degree: 0) == 0)
    #expect(try friendFeeds("readFeed: 10, status: 1, connect: 3", degree: 0) > 0.3)
    #expect(try friendFeeds("readFeed: 10, status: 1", degree: 8) > 0.8)
  }

  @Test func whoIsDisconnectedIsNoFriendAnyMore() throws {
    let backend = try MemoryBackend(options: noOptions())
    let finished = try simulate(Self.busy(mix: "disconnect: 1", "services.network.actionsPerDay=20"), backend: .blocking(backend))
    var reader = try BackendReader(backend)
    let left = (0..<400 as Range<UInt64>).reduce(0) { $0 + friends(of: $1, &reader).count }
    let disconnects = Int(finished.timeline.total("network.disconnects"))
    // Some want to lose more friends than they have.
    #expect(left >= 3_200 - disconnects && left < 3_200 - disconnects * 9 / 10, "\(left), \(disconnects)")
  }

  // MARK: What members choose

  /// The visitors' behaviour without an engine, as the service with number 3.
  private func behaviour(_ members: Int = 1_000) throws -> Network {
    var reader = ParameterReader.defaults()
    let parameters = try NetworkParameters(&reader)
    let population = PopulationGenerator.generate(
      PopulationParameters(members: members, employees: members, graph: GraphParameters(meanDegree: 0)), seed: Seed(1), workers: 1)
    let setup = ServiceSetup(
      population: population, seed: Seed(1), scale: 1, startMinuteOfWeek: 24 * 60, durationNanoseconds: 86_400_000_000_000,
      tickNanoseconds: 5_000_000_000, serviceNumber: 3, firstAction: ActionID(0), firstMetric: 0)
    return Network(parameters, VisitModel(NetworkService.outline, parameters.visits, setup))
  }

  private func visit() -> Visit { Visit(Visitor(member: 7, participant: 7, visitsLeft: 1), number: 0, region: 0) }

  /// Of the friend's friends each is suggested and remembered as often as any other, but for friends and the visitor.
  @Test func everyFriendOfAFriendMayBeSuggested() throws {
    let network = try behaviour()
    var (visit, stream) = (visit(), RandomStream(key: 1))
    var context = AgentContext(metricCount: NetworkService.outline.metricNames.count)
    let suggestions = Network.Activity.suggestions.rawValue
    func next(_ stage: UInt8, _ keys: [UInt64]) -> Step {
      var reply = Reply()
      for key in keys { reply.keys.append(key) }
      visit.stage = stage
      return network.resume(suggestions, &visit, outcome: .ok, reply: reply, &stream, &context)
    }
    var asked = [Double](repeating: 0, count: 30)
    var remembered = asked
    for _ in 0..<6_000 {
      guard case .read(let own) = network.begin(suggestions, &visit, &stream, &context) else { return #expect(Bool(false)) }
      #expect(own.verb == .connections && own.object == 7 && own.kind == ConnectionKind.follow.rawValue)
      guard case .read(let friend) = next(1, [2, 4, 6]) else { return #expect(Bool(false)) }
      asked[Int(friend.object)] += 1
      guard case .read(let again) = next(2, [4, 6, 7, 11, 13, 15, 17, 19, 21, 23]) else { return #expect(Bool(false)) }
      #expect(again.verb == .connections && again.object == 7)
      guard case .done(.ok) = next(3, [2, 4, 6]) else { return #expect(Bool(false)) }
      if visit.place != 0 { remembered[Int(visit.place) - 1] += 1 }
    }
    for friend in [2, 4, 6] { #expect(abs(asked[friend] / 6_000 - 1 / 3) < 0.02) }
    #expect([4, 6, 7].allSatisfy { remembered[$0] == 0 })
    for other in stride(from: 11, through: 23, by: 2) { #expect(remembered[other] > 500, "\(other): \(remembered[other])") }
    #expect(remembered.reduce(0, +) == 6_000)
    // Whom the page has left in mind is the one who is connected to, once.
    let connect = network.begin(Network.Activity.connect.rawValue, &visit, &stream, &context)
    guard case .writes = connect else { return #expect(Bool(false)) }
    #expect(context.writes[0].verb == .connect && context.writes[0].object > 10 && visit.place == 0)
    // A friend without any friends leaves nobody to suggest.
    _ = network.begin(suggestions, &visit, &stream, &context)
    _ = next(1, [2])
    guard case .done(.ok) = next(2, []) else { return #expect(Bool(false)) }
    #expect(visit.place == 0)
  }

  @Test func profilesAreOfAuthorsAndOfFriends() throws {
    let network = try behaviour()
    var stream = RandomStream(key: 2)
    var context = AgentContext(metricCount: NetworkService.outline.metricNames.count)
    let view = Network.Activity.viewProfile.rawValue
    var friend = Reply()
    friend.keys.append(5)
    var authors = 0
    for _ in 0..<4_000 {
      var visit = visit()
      visit.lastRead = ItemID(author: MemberID(9), service: 3, sequence: 1)
      guard case .read(let first) = network.begin(view, &visit, &stream, &context) else { return #expect(Bool(false)) }
      if first.verb == .profile {
        authors += 1
        #expect(first.object == 9)
        continue
      }
      visit.stage = 1
      guard case .read(let second) = network.resume(view, &visit, outcome: .ok, reply: friend, &stream, &context) else {
        return #expect(Bool(false))
      }
      #expect(first.verb == .connections && second.verb == .profile && second.object == 5)
    }
    // Three standard errors around six tenths.
    #expect(abs(Double(authors) / 4_000 - 0.6) < 3 * (0.24 / 4_000).squareRoot())
    // Who has neither read anything nor any friends looks at the profile that is left.
    var visit = visit()
    _ = network.begin(view, &visit, &stream, &context)
    visit.stage = 1
    guard case .read(let own) = network.resume(view, &visit, outcome: .ok, reply: Reply(), &stream, &context) else {
      return #expect(Bool(false))
    }
    #expect(own.verb == .profile && own.object == 7)
  }

  /// Before the start, too, a few have shared most: of a lognormal with sigma 1.5, a tenth has 59% (1 - F(1.2816 - 1.5)).
  @Test func whatWasSharedBeforeIsUnequal() throws {
    let model = try behaviour(20_000).model
    var reader = ParameterReader.defaults()
    var parameters = try NetworkParameters(&reader)
    parameters.itemsPerMember = 20
    let network = Network(parameters, model)
    let log = network.history.operations
    var amounts = [Double](repeating: 0, count: 20_000)
    var kinds = [Double](repeating: 0, count: 3)
    var last = SimTime(nanoseconds: .min)
    for item in log {
      #expect(item.intended >= last && item.intended < .zero)
      last = item.intended
      amounts[Int(item.actor.rawValue)] += 1
      kinds[Int(item.kind)] += 1
    }
    let people = Double(model.roster.count)
    #expect(abs(Double(log.count) - 20 * people) <= 1)
    let top = amounts.sorted(by: >).prefix(Int(people / 10)).reduce(0, +) / Double(log.count)
    #expect(abs(top - 0.586) < 0.03, "\(top)")
    for (kind, share) in [350.0, 200, 122].enumerated() { #expect(abs(kinds[kind] / Double(log.count) - share / 672) < 0.01) }
  }

  // MARK: Runs

  @Test(arguments: [
    (
      "feed={ pageLength: 200 }",
      "services.network.feed.pageLength: a page of 200 cannot be filled from a window of 30; lower it, or raise window"
    ),
    ("points=perhaps", "services.network.points: expected true or false, found 'perhaps'"),
    ("photoSize={ mean: 0 }", "services.network.photoSize.mean: '0' is out of range: expected a number from 1 to 1000000"),
    (
      "writers={ share: 0 }",
      "services.network.writers: nobody writes, but 'status' is in the mix; raise writers.share, or give a mix without it"
    ),
  ]) func refused(change: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try loadPlan(Self.busy, overrides: ["services.network.\(change)"]) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  /// Where nothing was shared and nobody has friends, every action still comes to its end.
  @Test func anEmptyNetworkRuns() throws {
    let mix = "comment: 1, connect: 1, disconnect: 1, viewProfile: 1, readFeed: 1, suggestions: 1"
    let finished = try simulate(Self.busy(mix: mix, "services.network.itemsPerMember=0", "population.graph={ meanDegree: 0 }"))
    #expect(finished.outcomes[0] == finished.operations && finished.timeline.total("network.pageViews") > 3_000)
    #expect(finished.timeline.total("network.candidates") == 0 && finished.timeline.total("network.friendFeeds") == 0)
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.network, scale: 0.05))
    try digestsAgree(Self.network, scale: 0.05)
  }

  @Test func theSameOnSQLite() throws {
    let plan = try loadPlan(Self.network, scale: 0.05)
    let sqlite = BackendInstance.blocking(
      try SQLiteBackend(options: OptionValues(owner: "sqlite", given: [], descriptors: SQLiteBackend.descriptor.options)))
    #expect(try simulate(plan, backend: sqlite).digest == simulate(plan).digest)
  }
}
