import JamboreeKit

/// What `bench feed` lets members do: in the first half some authors publish, in the second their followers look at their feeds.
///
/// Each follower follows one *loud* author, one of those who publish, and some *quiet* ones, of whom there are a few items from before.
/// So a page is put together from as many authors as are followed, and a publication has as many recipients as a loud author has
/// followers.
struct FeedBenchService: Service {
  static let descriptor = ServiceDescriptor(
    id: "feedBench", summary: "authors who publish, and followers who look",
    actions: [
      ActionDescriptor(name: "feedBench.post", summary: "publish"),
      ActionDescriptor(name: "feedBench.look", summary: "look at the feed", isPageView: true),
    ],
    verbs: [.connections, .recentByAuthors, .publish])

  static let tickNanoseconds: Int64 = 1_000_000_000
  static let halfNanoseconds: Int64 = 100 * tickNanoseconds
  /// Of a quiet author.
  static let quietFollowers = 10
  static let itemsBefore = 2

  /// Of a loud author.
  let followers: Int
  /// Authors whom each follower follows.
  let following: Int
  let posts: Int
  let looks: Int
  let readers: Int

  init(followers: Int, following: Int, posts: Int, looks: Int) {
    self.followers = followers
    self.following = following
    self.posts = posts
    self.looks = looks
    // Whole groups, and enough of them that not always the same few look.
    readers = followers * max(1, (1_000 + followers - 1) / followers)
  }

  init(parameters: inout ParameterReader) throws(ConfigurationError) { self.init(followers: 1, following: 1, posts: 0, looks: 0) }

  var loud: Int { readers / followers }
  var quiet: Int { following > 1 ? max(readers * (following - 1) / Self.quietFollowers, following - 1) : 0 }

  var members: Int { readers + loud + quiet }

  /// Readers first, then loud authors, then quiet ones.
  func population() -> Population {
    var offsets = [0]
    var targets: [UInt32] = []
    offsets.reserveCapacity(members + 1)
    targets.reserveCapacity(readers * following)
    for reader in 0..<readers {
      targets.append(UInt32(readers + reader / followers))
      let first = reader * (following - 1)
      // Each quiet author comes once: there are at least as many as one reader follows.
      targets += (0..<(following - 1)).map { UInt32(readers + loud + (first + $0) % quiet) }.sorted()
      offsets.append(targets.count)
    }
    for _ in 0..<(loud + quiet) { offsets.append(targets.count) }
    let count = offsets.count - 1
    return Population(
      regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: count),
      roles: [ParticipationRole](repeating: .lurker, count: count), affiliations: [Affiliation](repeating: .employee, count: count),
      interests: [UInt64](repeating: 0, count: count), graph: SocialGraph(offsets: offsets, targets: targets))
  }

  func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService { PreparedFeedBench(self, setup) }
}

private final class PreparedFeedBench: PreparedService {
  private let service: FeedBenchService
  private let setup: ServiceSetup

  init(_ service: FeedBenchService, _ setup: ServiceSetup) { (self.service, self.setup) = (service, setup) }

  var metrics: [MetricDescriptor] { [] }
  var containers: [Dataset.Container] { [] }
  var feed: FeedDescription? { FeedDescription(kind: .follow, window: FeedBenchAgents.window, showsOwn: false) }
  var history: OperationLog {
    var log = OperationLog()
    let authors = service.loud + service.quiet
    for number in 0..<(authors * FeedBenchService.itemsBefore) {
      let author = MemberID(UInt32(service.readers + number % authors))
      var item = FeedBenchAgents.publication(author, 0x80_0000 + UInt32(number / authors), setup, at: SimTime(nanoseconds: Int64(number - 10_000_000)))
      item.flags = .isBackground
      log.append(item)
    }
    return log
  }
  func makeAgents(shard: Int) -> any ServiceAgents { FeedBenchAgents(service, setup, shard: shard) }
  func derivedMetrics(_ timeline: MetricTimeline) -> [Metric] { [] }
}

private final class FeedBenchAgents: ServiceAgents {
  static let window = 30

  private let service: FeedBenchService
  private let setup: ServiceSetup
  private let shard: Int
  let count: Int

  init(_ service: FeedBenchService, _ setup: ServiceSetup, shard: Int) {
    (self.service, self.setup, self.shard) = (service, setup, shard)
    let actors = service.readers + service.loud
    count = shard < actors ? (actors - shard - 1) / shardCount + 1 : 0
  }

  static func publication(_ author: MemberID, _ sequence: UInt32, _ setup: ServiceSetup, at time: SimTime) -> Operation {
    var publish = Operation(verb: .publish, action: setup.firstAction, actor: author, intended: time)
    publish.subject = ItemID(author: author, service: setup.serviceNumber, sequence: sequence)
    publish.payloadSeed = publish.subject.tieBreak
    publish.payloadLength = 140
    return publish
  }

  private func member(_ agent: UInt32) -> Int { Int(agent) * shardCount + shard }

  func start(_ context: inout AgentContext) {
    let half = FeedBenchService.halfNanoseconds
    for agent in 0..<UInt32(count) {
      let member = member(agent)
      if member < service.readers {
        for look in stride(from: member, to: service.looks, by: service.readers) {
          context.schedule(agent, at: SimTime(nanoseconds: half + Int64(look) * half / Int64(service.looks)))
        }
      } else {
        for post in stride(from: member - service.readers, to: service.posts, by: service.loud) {
          context.schedule(agent, at: SimTime(nanoseconds: Int64(post) * half / Int64(service.posts)), tag: UInt32(post / service.loud + 1))
        }
      }
    }
  }

  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    let member = MemberID(UInt32(member(agent)))
    guard tag == 0 else {
      context.write(Self.publication(member, tag, setup, at: context.now))
      return .writes
    }
    var read = FeedRead(action: ActionID(setup.firstAction.rawValue + 1), actor: member, intended: context.now, kind: .follow)
    (read.authors, read.window, read.pageLength) = (1_000, UInt16(Self.window), 20)
    return .feed(read)
  }

  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step { .done(outcome) }
  func encode(into encoder: inout StateEncoder) {}
  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {}
}
