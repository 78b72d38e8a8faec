import JamboreeKit
import JamboreePopulation

@testable import JamboreeEngine

/// A few members who publish, follow, unfollow and look at their feeds, all of it drawn from (seed, member) alone: what they do does
/// not depend on what they see, so the pages of two runs may be held against each other.
struct FeedTrial: Service {
  enum Act: Int, CaseIterable { case look, poll, post, follow, unfollow }

  static var descriptor: ServiceDescriptor {
    ServiceDescriptor(
      id: "trial", summary: "feeds of a few members",
      actions: Act.allCases.map { ActionDescriptor(name: "trial.\($0)", summary: "\($0)") },
      verbs: [.connections, .recentByAuthors, .publish, .connect, .disconnect])
  }

  var kind = ConnectionKind.follow
  var showsOwn = true
  /// At most so many of those followed count.
  var authors = 9
  var window = 8
  /// Of 100 acts, in the order of ``Act``.
  var weights = [40, 10, 22, 16, 12]
  var actsEach = 40
  let pages = PageLog()

  init() {}
  init(parameters: inout ParameterReader) throws(ConfigurationError) {}

  func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService { PreparedTrial(self, setup) }

  /// A plan of it, a tick being a second.
  func plan(_ feed: FeedStrategy, members: Int = 40, meanDegree: Double = 6, seed: UInt64 = 1, and others: [any Service] = []) throws
    -> SimulationPlan
  {
    let population = PopulationGenerator.generate(
      PopulationParameters(members: members, graph: GraphParameters(meanDegree: meanDegree)), seed: Seed(seed), workers: 1)
    return try SimulationPlan(
      population: population, services: [self] + others, seed: Seed(seed), scale: 1, startMinuteOfWeek: 0,
      durationNanoseconds: 600_000_000_000, tickNanoseconds: 1_000_000_000, bucketNanoseconds: 60_000_000_000, feed: feed)
  }
}

/// What members were shown, and what they have published.
final class PageLog: Sendable {
  struct Page: Hashable, Sendable {
    let time: SimTime
    let member: MemberID
    /// Everything that was found, and what of it makes the page.
    let rows: [ItemID]
    let page: [UInt16]
  }

  private let all = Guarded<[Page]>([])
  private let items = Guarded<[(item: ItemID, isPrivate: Bool)]>([])

  func add(_ page: Page) { all.withLock { $0.append(page) } }
  func add(_ item: ItemID, isPrivate: Bool) { items.withLock { $0.append((item, isPrivate)) } }

  /// Takes what there is, in an order that does not depend on which worker was first.
  func takePages() -> [Page] {
    all.withLock { all in
      defer { all = [] }
      return all.sorted { ($0.time, $0.member) < ($1.time, $1.member) }
    }
  }

  func takeItems() -> [(item: ItemID, isPrivate: Bool)] {
    items.withLock { items in
      defer { items = [] }
      return items
    }
  }
}

private final class PreparedTrial: PreparedService {
  let trial: FeedTrial
  let setup: ServiceSetup

  init(_ trial: FeedTrial, _ setup: ServiceSetup) { (self.trial, self.setup) = (trial, setup) }

  var metrics: [MetricDescriptor] { [] }
  var containers: [Dataset.Container] { [] }
  var feed: FeedDescription? { FeedDescription(kind: trial.kind, window: trial.window, showsOwn: trial.showsOwn) }
  func makeAgents(shard: Int) -> any ServiceAgents { TrialAgents(trial, setup, shard: shard) }
  func derivedMetrics(_ timeline: MetricTimeline) -> [Metric] { [] }

  /// Three items of everybody's, one of them private, and ties of the trial's kind that come and go.
  var history: OperationLog {
    var log = OperationLog()
    var stream = RandomStream(seed: setup.seed, domain: RandomDomain("trial.history"), entity: 0)
    let count = setup.population.count
    for number in 0..<(count * 3) {
      let author = MemberID(UInt32(number % count))
      var publish = Operation(verb: .publish, action: setup.firstAction, actor: author, intended: SimTime(nanoseconds: Int64(number - 1_000)))
      publish.subject = ItemID(author: author, service: setup.serviceNumber, sequence: 0x80_0000 + UInt32(number / count))
      if number / count == 1 { publish.flags = .isPrivate }
      log.append(publish)
    }
    for number in 0..<(count * 4) where trial.kind != .follow || trial.weights[3] > 0 {
      let member = UInt32(number % count)
      let other = UInt32(stream.next(below: count))
      guard other != member else { continue }
      var tie = Operation(
        verb: stream.chance(0.2) ? .disconnect : .connect, action: setup.firstAction, actor: MemberID(member),
        intended: SimTime(nanoseconds: Int64(number - 900)))
      tie.object = UInt64(other)
      tie.kind = trial.kind.rawValue
      log.append(tie)
    }
    return log
  }
}

private final class TrialAgents: ServiceAgents {
  private let trial: FeedTrial
  private let setup: ServiceSetup
  private let members: [MemberID]
  /// How many acts each has behind it.
  private var done: [UInt32]
  var count: Int { members.count }

  init(_ trial: FeedTrial, _ setup: ServiceSetup, shard: Int) {
    (self.trial, self.setup) = (trial, setup)
    members = stride(from: shard, to: setup.population.count, by: shardCount).map { MemberID(UInt32($0)) }
    done = members.map { _ in 0 }
  }

  func start(_ context: inout AgentContext) {
    for agent in members.indices { context.schedule(UInt32(agent), at: .zero) }
  }

  private func operation(_ verb: Verb, _ act: FeedTrial.Act, _ agent: UInt32, _ context: borrowing AgentContext) -> Operation {
    Operation(
      verb: verb, action: ActionID(setup.firstAction.rawValue + UInt16(act.rawValue)), actor: members[Int(agent)], intended: context.now)
  }

  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    let member = members[Int(agent)]
    guard done[Int(agent)] < UInt32(trial.actsEach) else { return .idle }
    done[Int(agent)] += 1
    var stream = RandomStream(
      seed: setup.seed, domain: RandomDomain("trial.\(setup.serviceNumber)"), entity: UInt64(member.rawValue) << 32 | UInt64(done[Int(agent)]))
    // Now and then twice in a tick, or right in the next one.
    context.schedule(agent, at: context.now + Int64(200_000_000 + stream.next(below: 2_000_000_000)))
    var left = stream.next(below: trial.weights.reduce(0, +))
    let act = FeedTrial.Act.allCases.first { act in
      left -= trial.weights[act.rawValue]
      return left < 0
    }
    switch act ?? .look {
    case .look, .poll:
      let isPoll = act == .poll
      var read = FeedRead(
        action: ActionID(setup.firstAction.rawValue + UInt16(isPoll ? 1 : 0)), actor: member, intended: context.now, kind: trial.kind)
      (read.authors, read.window, read.pageLength) = (UInt16(trial.authors), isPoll ? 1 : UInt16(trial.window), isPoll ? 0 : 5)
      read.showsOwn = trial.showsOwn && !isPoll
      return .feed(read)
    case .post:
      var publish = operation(.publish, .post, agent, context)
      publish.subject = ItemID(author: member, service: setup.serviceNumber, sequence: done[Int(agent)])
      publish.payloadLength = 10
      let isPrivate = stream.chance(0.25)
      if isPrivate { publish.flags = .isPrivate }
      if stream.chance(0.3) { publish.object = ItemID(author: MemberID(0), service: setup.serviceNumber, sequence: 0x80_0000).rawValue }
      trial.pages.add(publish.subject, isPrivate: isPrivate)
      context.write(publish)
      // Now and then in a group with a tie: a group of one owner.
      if stream.chance(0.2), trial.weights[3] > 0 { context.write(tie(.connect, .post, agent, &stream, context)) }
      return .writes
    case .follow:
      context.write(tie(.connect, .follow, agent, &stream, context))
      return .writes
    case .unfollow:
      context.write(tie(.disconnect, .unfollow, agent, &stream, context))
      return .writes
    }
  }

  private func tie(
    _ verb: Verb, _ act: FeedTrial.Act, _ agent: UInt32, _ stream: inout RandomStream, _ context: borrowing AgentContext
  ) -> Operation {
    var tie = operation(verb, act, agent, context)
    let count = setup.population.count
    // Anybody, but some far more often than others.
    let other = stream.next(below: stream.chance(0.5) ? count : 4)
    tie.object = UInt64(other == Int(members[Int(agent)].rawValue) ? (other + 1) % count : other)
    tie.kind = trial.kind.rawValue
    return tie
  }

  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    trial.pages.add(
      PageLog.Page(
        time: context.now, member: members[Int(agent)], rows: (0..<reply.items.count).map { reply.items.id(at: $0) },
        page: context.page.array))
    return .done(outcome)
  }

  func encode(into encoder: inout StateEncoder) { encoder.encode(done) }
  func restore(from decoder: inout StateDecoder) throws(StateMismatch) { done = try decoder.decodeArray(of: UInt32.self) }
}
