import JamboreeKit

/// What a backend must answer, worked out the slow and obvious way from the text at ``Verb``: arrays, filters and sorts.
///
/// It shares no code with any backend. Effects show at once, not at the end of a tick, so a check asks it between ticks.
struct ReferenceModel: Sendable {
  /// An item with all that was ever said of it.
  struct Item: Sendable {
    let id: ItemID
    let parent: ItemID
    /// Where it is listed; empty for a reply.
    let containers: [ContainerID]
    let created: SimTime
    let topic: UInt16
    let flags: OperationFlags
    /// Fingerprints of its texts, oldest first: their number is the version.
    var texts: [UInt64]
    /// What the texts were made from.
    var sources: [TextSource]
    let value: Int32
    let kind: UInt8
    /// The reactions in force, by member and kind.
    var ratings: [MemberID: Int32] = [:]
    var votes: [MemberID: Int32] = [:]
    var flagging: Set<MemberID> = []
    var downloads: Int32 = 0
    var isDeleted = false

    var isPrivate: Bool { flags.contains(.isPrivate) }

    func isThere(for viewer: MemberID) -> Bool { !isDeleted && (!isPrivate || id.author == viewer) }
  }

  struct TextSource: Hashable, Sendable {
    let seed: UInt64
    let length: UInt32
  }

  /// Who is tied to whom: `member` to `other`.
  struct Tie: Hashable, Sendable {
    let member: UInt32
    let kind: UInt8
    let other: UInt32
  }

  /// Something that was handed to a member.
  struct Delivery: Hashable, Sendable {
    let recipient: UInt32
    let kind: UInt8
    let subject: ItemID
    let object: UInt64
    let actor: MemberID
    let time: SimTime
  }

  /// A member in a container.
  struct Membership: Hashable, Sendable {
    let member: UInt32
    let container: ContainerID
  }

  /// The verbs whose meaning it knows.
  static let verbs = Set(Verb.allCases)

  /// In the order in which they were published.
  private(set) var items: [Item] = []
  /// Places in ``items``, by id and by the item answered.
  private(set) var places: [ItemID: Int] = [:]
  private(set) var replyPlaces: [ItemID: [Int]] = [:]
  var ties: Set<Tie> = []
  private(set) var population: Population?
  /// In the order in which they were made.
  var deliveries: [Delivery] = []
  var memberships: Set<Membership> = []
  /// Until when each member has seen its inbox and its notifications.
  var inboxMarks: [UInt32: SimTime] = [:]
  var notificationMarks: [UInt32: SimTime] = [:]

  init() {}

  init(_ dataset: Dataset) {
    population = dataset.population
    let graph = dataset.population.graph
    for member in 0..<UInt32(graph.memberCount) {
      for other in graph.neighbors(of: MemberID(member)) {
        ties.insert(Tie(member: member, kind: ConnectionKind.follow.rawValue, other: other))
      }
    }
    dataset.history.forEach { operation, arguments in
      _ = perform(Call(operation, (0..<arguments.count).map { arguments[$0] }))
    }
  }

  /// Performs a write or a read and says what a backend must answer.
  mutating func perform(_ call: Call) -> Answer {
    switch call.operation.verb {
    case .publish: publish(call)
    case .edit: edit(call.operation)
    case .delete: delete(call.operation)
    case .react: react(call.operation)
    case .connect, .disconnect: tie(call.operation)
    case .join: join(call.operation)
    case .deliver: deliver(call)
    case .markRead: markRead(call.operation)
    default: read(call)
    }
  }

  /// Performs calls as a group: all or none if `atomic`, else up to the first that fails.
  mutating func perform(group: [Call], atomic: Bool) -> Answer {
    let before = self
    var version: UInt32 = 0
    var outcome = Outcome.ok
    var rows: [ItemRow] = []
    for call in group {
      let answer = perform(call)
      rows += answer.items
      if answer.version != 0 { version = answer.version }
      outcome = answer.outcome
      if outcome != .ok {
        // As of any read that is not ok, nothing but the outcome is told of a group that one has ended.
        if !call.operation.verb.isWrite { version = 0 }
        break
      }
    }
    if outcome != .ok, atomic { self = before }
    var answer = Answer(outcome)
    answer.version = version
    if outcome == .ok { answer.items = rows }
    return answer
  }

  /// What a read must answer.
  func read(_ call: Call) -> Answer {
    switch call.operation.verb {
    case .item: item(call.operation)
    case .revisions: revisions(call.operation)
    case .thread: thread(call.operation)
    case .listing: listing(call.operation)
    case .recentByAuthors: recentByAuthors(call)
    case .counts: counts(call)
    case .scan: scan(call.operation)
    case .connections: connections(call.operation)
    case .inbox: inbox(call.operation)
    case .notifications: notifications(call.operation)
    case .directory: directory(call.operation)
    case .profile: profile(call.operation)
    case .search: search(call.operation)
    default: Answer(.rejected)
    }
  }

  // MARK: What the other files build on

  func find(_ id: ItemID) -> Item? { places[id].map { items[$0] } }

  /// All that ever answered an item, whether there or not.
  func replies(to id: ItemID) -> [Item] { (replyPlaces[id] ?? []).map { items[$0] } }

  mutating func append(_ item: Item) {
    places[item.id] = items.count
    if item.parent != .none { replyPlaces[item.parent, default: []].append(items.count) }
    items.append(item)
  }

  mutating func change(_ id: ItemID, _ body: (inout Item) -> Void) {
    if let place = places[id] { body(&items[place]) }
  }

  /// An item as a read shows it.
  func row(_ item: Item) -> ItemRow {
    let replies = replies(to: item.id).filter { !$0.isPrivate }
    return ItemRow(
      id: item.id, created: item.created, lastActive: replies.map(\.created).reduce(item.created, max),
      ratingSum: item.ratings.values.reduce(0, +), ratingCount: Int32(item.ratings.count),
      replyCount: Int32(replies.filter { !$0.isDeleted }.count), version: UInt32(item.texts.count),
      payload: item.texts.last ?? 0, parent: item.parent, value: item.value, voteSum: item.votes.values.reduce(0, +),
      flagCount: Int32(item.flagging.count), downloadCount: item.downloads, topic: item.topic, kind: item.kind,
      flags: item.flags)
  }

  /// Rows by a time, latest first; equal times by tie break, larger first.
  func ordered(_ rows: [ItemRow], by time: (ItemRow) -> SimTime) -> [ItemRow] {
    rows.sorted { a, b in time(a) != time(b) ? time(a) > time(b) : a.id.tieBreak > b.id.tieBreak }
  }

  /// The page that a skip and a limit cut out.
  func page(_ rows: [ItemRow], skip: UInt64 = 0, limit: Int) -> [ItemRow] {
    Array(rows.dropFirst(Int(clamping: skip)).prefix(limit))
  }
}
