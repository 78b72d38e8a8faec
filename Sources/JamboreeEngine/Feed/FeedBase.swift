import JamboreeKit

/// What a run's feeds are at its start: which kinds of ties they go by, and who follows whom. Shared by everything that is made of a
/// plan; nothing changes in it.
struct FeedBase: Sendable {
  let strategy: FeedStrategy
  let population: Population
  /// One a kind of tie; empty where nothing is delivered.
  let indexes: [FollowerIndex]
  /// Under which deliveries, and reads for new followers, are reported.
  let deliver, backfill: ActionID

  /// How many members one ``Verb/deliver`` names at most.
  static let recipientsPerCall = 1_000

  static let actions = [
    ActionDescriptor(name: "feed.deliver", summary: "put what was published into the inboxes of its author's followers"),
    ActionDescriptor(name: "feed.backfill", summary: "find what a new follower is given of an author's items"),
  ]

  /// - Parameter firstAction: of ``actions``; nil where nothing is delivered.
  init(_ strategy: FeedStrategy, _ services: [any PreparedService], _ population: Population, firstAction: ActionID?) {
    self.strategy = strategy
    self.population = population
    deliver = firstAction ?? ActionID(0)
    backfill = ActionID(deliver.rawValue + (firstAction == nil ? 0 : 1))
    guard firstAction != nil else {
      indexes = []
      return
    }
    var feeds: [FeedDescription] = []
    for feed in services.compactMap(\.feed) {
      if let index = feeds.firstIndex(where: { $0.kind == feed.kind }) {
        feeds[index] = FeedDescription(
          kind: feed.kind, window: max(feed.window, feeds[index].window), showsOwn: feed.showsOwn || feeds[index].showsOwn)
      } else {
        feeds.append(feed)
      }
    }
    var log = OperationLog()
    for service in services { log.append(service.history) }
    let ties = log.sortedByTime().operations.compactMap { TieChange($0) }
    indexes = feeds.map { FollowerIndex($0, population: population, ties: ties, threshold: strategy.threshold) }
  }

  /// The deliveries of what was published before the start, in the order of the publications; of each member's as many as an inbox
  /// holds.
  func deliveries(of history: OperationLog) -> (log: OperationLog, entries: [UInt32]) {
    var entries = [UInt32](repeating: 0, count: population.count)
    guard !indexes.isEmpty else { return (OperationLog(), entries) }
    var kept: [(delivery: Delivery, recipients: [UInt64])] = []
    let deleted = Set(history.operations.lazy.filter { $0.verb == .delete }.map(\.subject))
    for operation in history.operations.reversed() {
      guard let delivery = Delivery(operation, population), !deleted.contains(operation.subject) else { continue }
      var recipients: [UInt64] = []
      forEachRecipient(of: delivery, indexes) { recipients.append($0) }
      recipients.removeAll { entries[Int($0)] >= UInt32(inboxCapacity) }
      for recipient in recipients { entries[Int(recipient)] += 1 }
      if !recipients.isEmpty { kept.append((delivery, recipients)) }
    }
    var log = OperationLog()
    for (delivery, recipients) in kept.reversed() {
      for start in stride(from: 0, to: recipients.count, by: Self.recipientsPerCall) {
        log.append(operation(delivery), arguments: recipients[start..<min(start + Self.recipientsPerCall, recipients.count)])
      }
    }
    return (log, entries)
  }

  /// The call that puts an item into inboxes.
  func operation(_ delivery: Delivery) -> Operation {
    var operation = Operation(verb: .deliver, action: deliver, actor: delivery.item.author, intended: delivery.intended)
    operation.subject = delivery.item
    operation.object = UInt64(bitPattern: delivery.created.nanoseconds)
    operation.kind = DeliveryKind.feed.rawValue
    operation.flags = .isBackground
    return operation
  }

  /// The read that finds what a new follower is given.
  func operation(_ backfill: Backfill, _ index: FollowerIndex, at time: SimTime) -> Operation {
    var operation = Operation(verb: .recentByAuthors, action: self.backfill, actor: MemberID(backfill.member), intended: time)
    operation.limit = UInt16(index.feed.window)
    operation.flags = .isBackground
    return operation
  }
}

/// Shows those into whose inboxes an item goes, ascending and each once.
func forEachRecipient(of delivery: Delivery, _ indexes: [FollowerIndex], _ body: (UInt64) -> Void) {
  if delivery.recipient != Delivery.followers { return body(UInt64(delivery.recipient)) }
  let author = delivery.item.author.rawValue
  // With one kind of tie, as nearly always, the followers are in order already.
  if indexes.count == 1, !indexes[0].isPulled(author) {
    var isOwnDue = indexes[0].feed.showsOwn
    if !delivery.isPrivate {
      indexes[0].forEachFollower(of: author) { follower in
        if isOwnDue, follower >= author {
          isOwnDue = false
          if follower > author { body(UInt64(author)) }
        }
        body(UInt64(follower))
      }
    }
    if isOwnDue { body(UInt64(author)) }
    return
  }
  var recipients: [UInt32] = []
  for index in indexes where !index.isPulled(author) {
    if index.feed.showsOwn { recipients.append(author) }
    if !delivery.isPrivate { index.forEachFollower(of: author) { recipients.append($0) } }
  }
  recipients.sort()
  for place in recipients.indices where place == 0 || recipients[place] != recipients[place - 1] { body(UInt64(recipients[place])) }
}

/// An item that goes into inboxes.
struct Delivery: BitwiseCopyable, Sendable {
  /// Stands for the author's followers.
  static let followers = UInt32.max

  var item: ItemID
  var created: SimTime
  /// The publication's; for a new follower's items the moment at which they are given.
  var intended: SimTime
  /// A new follower who is given it; else ``followers``.
  var recipient = Delivery.followers
  var isPrivate = false

  init(item: ItemID, created: SimTime, to member: UInt32, at time: SimTime) {
    (self.item, self.created, recipient, intended) = (item, created, member, time)
  }

  /// Of a publication; nil for any other operation, and where the author is nobody whom members follow.
  @inline(__always) init?(_ operation: borrowing Operation, _ population: Population) {
    guard operation.verb == .publish, Int(operation.subject.author.rawValue) < population.count else { return nil }
    item = operation.subject
    created = operation.intended
    intended = operation.intended
    isPrivate = operation.flags.contains(.isPrivate)
  }
}

/// A new follower who is to be given an author's newest items.
struct Backfill: BitwiseCopyable, Hashable, Sendable {
  var member: UInt32
  var author: UInt32
  /// Which kind of tie.
  var index: UInt32
}
