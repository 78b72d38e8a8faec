import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import Testing

@testable import JamboreeWorkloads

@Suite struct NotificationServiceTests {
  /// Forty people, each with a blog, who comment on each other all the time, and look at what they are told.
  static let town = """
    name: town
    start: Tuesday 08:00
    duration: 2h
    tick: 5s
    population: { members: 40, employees: 40, graph: { meanDegree: 0 } }
    services:
      blogs:
        participation: 1
        dailyActive: 1
        actionsPerDay: 400
        actionsPerVisit: 10
        owners: 100%
        seedPostsPerBlog: 1
        writers: { share: 1, heavyShare: 0 }
        mix: { readPost: 6, comment: 4, browseBlog: 2 }
      notifications:
        participation: 1
        dailyActive: 1
        actionsPerDay: 600
        actionsPerVisit: 10
        mix: { poll: 70, list: 20, open: 10 }
    """

  private static func run(_ overrides: String..., text: String = town) throws -> (Finished, MemoryBackend) {
    let backend = try MemoryBackend(options: noOptions())
    return (try simulate(loadPlan(text, overrides: overrides), backend: .blocking(backend), workers: 2), backend)
  }

  /// What all members have been told, newest first, and how much of it they have not seen.
  private static func told(_ backend: MemoryBackend) throws -> [(unread: Int64, rows: [ItemRow], causes: [UInt64])] {
    var reader = try BackendReader(backend)
    return (0..<40 as Range<UInt32>).map { member in
      let rows = reader.rows(.notifications, as: MemberID(member))
      return (reader.reply.count, rows, reader.reply.keys)
    }
  }

  @Test func authorsAreToldOfComments() throws {
    let (finished, backend) = try Self.run()
    let told = try Self.told(backend)
    let comments = finished.timeline.total("blogs.comments")
    // Some are about the author's own posts, and are told to nobody.
    let rows = told.reduce(0) { $0 + $1.rows.count }
    #expect(comments > 100 && Int64(rows) <= comments && Int64(rows) > comments * 8 / 10)
    for (member, (unread, rows, causes)) in told.enumerated() {
      // Nothing has been marked.
      #expect(unread == Int64(rows.count))
      #expect(rows.allSatisfy { Int($0.parent.author.rawValue) == member && Int($0.id.author.rawValue) != member })
      #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.created >= $1.created })
      for (index, row) in rows.enumerated() {
        #expect(causes[2 * index + 1] == UInt64(DeliveryKind.reply.rawValue) << 32 | UInt64(row.id.author.rawValue))
      }
    }
    #expect(told.contains { $0.unread > 0 })
    #expect(finished.timeline.total("notifications.unreadSeen") > 0)
    #expect(finished.outcomes[Int(Outcome.ok.rawValue)] == finished.operations)
  }

  /// Who marks all as read has nothing unread of what came before; it stays in the list.
  @Test func whatIsMarkedIsRead() throws {
    let (finished, backend) = try Self.run(
      "services.notifications.mix={ list: 1, markRead: 2 }", "services.notifications.arrivals.localHours=[\(Self.lateHours)]",
      "services.blogs.arrivals.localHours=[\(Self.earlyHours)]", "population.regions=[{ name: Here, share: 1 }]", "duration=6h",
      "services.blogs.thinkTime.mean=1s", "tick=30s")
    #expect(finished.timeline.total("notifications.marks") > 400 && finished.timeline.total("blogs.comments") > 400)
    let told = try Self.told(backend)
    #expect(told.contains { !$0.rows.isEmpty })
    // What is done most is done by everybody, and here after the last comment.
    #expect(told.allSatisfy { $0.unread == 0 })
  }
  private static let earlyHours = (0..<24).map { $0 == 8 ? "1" : "0" }.joined(separator: ", ")
  private static let lateHours = (0..<24).map { $0 == 12 ? "1" : "0" }.joined(separator: ", ")

  /// The counts that polls show go down with marks.
  @Test func marksLowerTheCounts() throws {
    func unreadSeen(_ mix: String) throws -> Double {
      let (finished, _) = try Self.run("services.notifications.mix=\(mix)")
      return Double(finished.timeline.total("notifications.unreadSeen")) / Double(finished.timeline.total("notifications.polls"))
    }
    let (without, with) = (try unreadSeen("{ poll: 80, list: 20 }"), try unreadSeen("{ poll: 80, markRead: 20 }"))
    #expect(without > 1 && with < without / 2, "\(without), \(with)")
  }

  /// What is opened is a comment on a post of one's own.
  @Test func whatIsOpenedIsOnesOwn() throws {
    let plan = try loadPlan(Self.town)
    let backend = ItemWatch(try MemoryBackend(options: noOptions()))
    let finished = try simulate(plan, backend: .blocking(backend), workers: 2)
    let openings = backend.reads.withLock { $0 }.filter { plan.catalog[$0.action].name == "notifications.open" }
    // Early on there is nothing to be opened yet.
    #expect(openings.count > 100, "\(openings.count) of \(finished.timeline.total("notifications.opened"))")
    #expect(Int64(openings.count) == finished.timeline.total("notifications.opened"))
    #expect(Int64(openings.count) < finished.timeline.total("notifications.opens"))
    #expect(openings.allSatisfy { $0.found == $0.subject && $0.parent.author == $0.actor })
  }

  @Test func nothingIsDeliveredWithoutTheService() throws {
    let alone = Self.town.split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { !$0.hasPrefix("  notifications:") }.joined(separator: "\n")
    let (with, _) = try Self.run()
    let (without, backend) = try Self.run(text: alone)
    #expect(try Self.told(backend).allSatisfy { $0.rows.isEmpty && $0.unread == 0 })
    #expect(without.timeline.total("blogs.comments") == with.timeline.total("blogs.comments"))
    #expect(without.metrics.allSatisfy { !$0.name.hasPrefix("notifications") })
  }

  /// The defaults: four actions in five ask for the number alone, and only looks at a page count as such.
  @Test func mostActionsArePolls() throws {
    let text = """
      name: polls
      start: Tuesday 00:00
      duration: 24h
      tick: 5s
      population: { members: 5000, employees: 5000, graph: { meanDegree: 0 } }
      services: { notifications: {} }
      """
    for scale in [0.2, 1] {
      let finished = try simulate(loadPlan(text, scale: scale))
      // 40% of 5,000 people, 2.5 actions each.
      for (name, wanted) in [("polls", 4_000.0), ("lists", 750), ("opens", 200), ("marks", 50), ("pageViews", 950)] {
        expectTotal(finished, "notifications.\(name)", wanted, scale: scale, tolerance: 0.011)
      }
      #expect(finished.timeline.total("notifications.unreadSeen") == 0)
      // Nobody tells anything, so there is nothing to be opened.
      #expect(finished.timeline.total("notifications.opened") == 0)
    }
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.town))
    try digestsAgree(Self.town, scale: 1)
  }
}

/// Memory, with an eye on the items that are opened.
private final class ItemWatch: BlockingStorageBackend {
  static let descriptor = MemoryBackend.descriptor

  struct Read: Sendable {
    let action: ActionID
    let actor: MemberID
    let subject, found, parent: ItemID
  }

  private let base: MemoryBackend
  let reads = Guarded<[Read]>([])

  init(_ base: MemoryBackend) { self.base = base }
  convenience init(options: OptionValues) throws(BackendError) { self.init(try MemoryBackend(options: options)) }
  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), self) }

  final class Session: StorageSession {
    private let base: any StorageSession
    private let watch: ItemWatch

    init(_ base: any StorageSession, _ watch: ItemWatch) { (self.base, self.watch) = (base, watch) }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      let outcome = base.execute(operation, arguments: arguments, into: &reply)
      guard operation.verb == .item else { return outcome }
      let row = reply.items.count > 0 ? reply.items[0] : ItemRow(id: .none, created: .zero, lastActive: .zero)
      let read = Read(
        action: operation.action, actor: operation.actor, subject: operation.subject, found: row.id, parent: row.parent)
      watch.reads.withLock { $0.append(read) }
      return outcome
    }

    func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      base.executeAtomically(group, into: &reply)
    }
  }
}
