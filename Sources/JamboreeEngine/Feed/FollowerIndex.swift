import JamboreeKit

/// Who follows whom by one kind of tie, in both directions, and whose items are not delivered because too many follow.
///
/// The harness's own: no backend needs to know a member's followers. As loaded, with the ties of the history; changed between ticks.
final class FollowerIndex: @unchecked Sendable {
  let feed: FeedDescription
  private let threshold: Int
  private let following: MemberLists
  private let followers: MemberLists
  /// Authors who have had more followers than the threshold. They stay: what they published meanwhile is in no inbox.
  @exclusivity(unchecked) private var pulled: [Bool]
  /// Whose count has grown in this tick.
  @exclusivity(unchecked) private var grown: [UInt32] = []

  /// - Parameter ties: connections and disconnections before the start, in order of time.
  init(_ feed: FeedDescription, population: Population, ties: [TieChange], threshold: Int) {
    self.feed = feed
    self.threshold = threshold
    following = Self.rows(feed.kind, population, ties)
    followers = following.reversed()
    let followers = followers
    pulled = (0..<followers.memberCount).map { followers.count(of: UInt32($0)) > threshold }
  }

  /// As it was at the start: for a run of its own.
  init(base other: FollowerIndex) {
    (feed, threshold) = (other.feed, other.threshold)
    (following, followers) = (MemberLists(base: other.following), MemberLists(base: other.followers))
    let followers = followers
    pulled = (0..<followers.memberCount).map { followers.count(of: UInt32($0)) > other.threshold }
  }

  private static func rows(_ kind: ConnectionKind, _ population: Population, _ ties: [TieChange]) -> MemberLists {
    let graph = kind == .follow ? population.graph : SocialGraph(memberCount: population.count)
    let own = ties.filter { $0.kind == kind.rawValue && Int($0.member) < population.count && Int($0.other) < population.count }
    guard !own.isEmpty else { return MemberLists(graph) }
    // The last change of each pair counts.
    let order = own.indices.sorted { (own[$0].member, own[$0].other, $0) < (own[$1].member, own[$1].other, $1) }
    var offsets = [0]
    var targets: [UInt32] = []
    offsets.reserveCapacity(population.count + 1)
    targets.reserveCapacity(graph.edgeCount + own.count)
    var next = 0
    for member in 0..<population.count {
      let row = graph.neighbors(of: MemberID(UInt32(member)))
      var place = row.startIndex
      while next < order.count, Int(own[order[next]].member) == member {
        let other = own[order[next]].other
        while next + 1 < order.count, Int(own[order[next + 1]].member) == member, own[order[next + 1]].other == other { next += 1 }
        while place < row.endIndex, row[place] < other {
          targets.append(row[place])
          place += 1
        }
        if place < row.endIndex, row[place] == other { place += 1 }
        if own[order[next]].connects { targets.append(other) }
        next += 1
      }
      targets.append(contentsOf: row[place...])
      offsets.append(targets.count)
    }
    return MemberLists(offsets: offsets, targets: targets)
  }

  /// Whether an author's items are asked for when somebody looks, rather than delivered.
  func isPulled(_ author: UInt32) -> Bool { Int(author) < pulled.count && pulled[Int(author)] }

  /// Those whom a member follows, ascending.
  @inline(__always) func forEachFollowed(by member: UInt32, limit: Int, _ body: (UInt32) -> Void) {
    following.forEach(of: member, limit: limit, body)
  }

  /// Those who follow an author, ascending.
  @inline(__always) func forEachFollower(of author: UInt32, _ body: (UInt32) -> Void) { followers.forEach(of: author, body) }

  /// Carries out a change; false when it changes nothing.
  func apply(_ change: TieChange) -> Bool {
    guard Int(change.member) < following.memberCount, Int(change.other) < following.memberCount else { return false }
    guard change.connects else {
      _ = followers.remove(change.member, of: change.other)
      return following.remove(change.other, of: change.member)
    }
    _ = followers.insert(change.member, of: change.other)
    grown.append(change.other)
    return following.insert(change.other, of: change.member)
  }

  /// All of a tick's changes are carried out: only now does it count how many follow, so that their order does not.
  func settle() {
    for author in grown where followers.count(of: author) > threshold { pulled[Int(author)] = true }
    grown.removeAll(keepingCapacity: true)
  }

  func encode(into encoder: inout StateEncoder) {
    following.encode(into: &encoder)
    followers.encode(into: &encoder)
    encoder.encode(pulled.indices.filter { pulled[$0] }.map { UInt32($0) })
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    try following.restore(from: &decoder)
    try followers.restore(from: &decoder)
    for author in pulled.indices { pulled[author] = false }
    for author in try decoder.decodeArray(of: UInt32.self) {
      guard Int(author) < pulled.count else { throw StateMismatch("the checkpoint is of other members") }
      pulled[Int(author)] = true
    }
  }
}

/// A tie between two members that was made or undone.
struct TieChange: BitwiseCopyable, Sendable {
  var member: UInt32
  var other: UInt32
  /// A ``ConnectionKind``.
  var kind: UInt8
  /// Made, not undone.
  var connects: Bool

  init?(_ operation: borrowing Operation) {
    let (verb, object) = (operation.verb, operation.object)
    guard verb == .connect || verb == .disconnect, object <= UInt64(UInt32.max) else { return nil }
    member = operation.actor.rawValue
    other = UInt32(truncatingIfNeeded: operation.object)
    kind = operation.kind
    connects = operation.verb == .connect
  }
}
