import JamboreeKit
import Testing

@testable import JamboreeEngine

extension FollowerIndex {
  func followerCount(of author: UInt32) -> Int {
    var count = 0
    forEachFollower(of: author) { _ in count += 1 }
    return count
  }
}

/// Against sets, which are simple and slow.
@Suite struct FollowerIndexTests {
  private func population(_ members: Int, _ graph: SocialGraph) -> Population {
    Population(
      regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: members),
      roles: [ParticipationRole](repeating: .lurker, count: members), affiliations: [Affiliation](repeating: .employee, count: members),
      interests: [UInt64](repeating: 0, count: members), graph: graph)
  }

  private func tie(_ member: Int, _ other: Int, connects: Bool, kind: ConnectionKind = .follow) -> TieChange {
    var operation = Operation(verb: connects ? .connect : .disconnect, action: ActionID(0), actor: MemberID(UInt32(member)), intended: .zero)
    operation.object = UInt64(other)
    operation.kind = kind.rawValue
    return TieChange(operation)!
  }

  @Test(arguments: [ConnectionKind.follow, ConnectionKind(rawValue: 140)]) func bothDirectionsKeepWhatWasChanged(_ kind: ConnectionKind) throws {
    let members = 30
    var stream = RandomStream(seed: Seed(4), domain: RandomDomain("ties"), entity: 0)
    var offsets = [0]
    var targets: [UInt32] = []
    var wanted = [Set<UInt32>](repeating: [], count: members)
    for member in 0..<members {
      let row = (0..<members).filter { $0 != member && stream.chance(0.2) }.map { UInt32($0) }
      targets += row
      offsets.append(targets.count)
      if kind == .follow { wanted[member] = Set(row) }
    }
    func change() -> TieChange {
      let (member, other, connects) = (stream.next(below: members), UInt32(stream.next(below: members)), stream.chance(0.5))
      if connects { wanted[member].insert(other) } else { wanted[member].remove(other) }
      return tie(member, Int(other), connects: connects, kind: kind)
    }
    let history = (0..<200).map { _ in change() } + [tie(1, 2, connects: true, kind: ConnectionKind(rawValue: 141))]
    let base = FollowerIndex(
      FeedDescription(kind: kind, window: 10, showsOwn: false), population: population(members, SocialGraph(offsets: offsets, targets: targets)),
      ties: history, threshold: 9)
    let index = FollowerIndex(base: base)
    func check(_ index: FollowerIndex) {
      for member in 0..<UInt32(members) {
        var followed: [UInt32] = []
        index.forEachFollowed(by: member, limit: .max) { followed.append($0) }
        #expect(followed == wanted[Int(member)].sorted())
        var some: [UInt32] = []
        index.forEachFollowed(by: member, limit: 3) { some.append($0) }
        #expect(some == Array(followed.prefix(3)))
        var followers: [UInt32] = []
        index.forEachFollower(of: member) { followers.append($0) }
        #expect(followers == (0..<UInt32(members)).filter { wanted[Int($0)].contains(member) })
      }
    }
    check(index)
    for _ in 0..<400 {
      let member = stream.next(below: members)
      let (other, connects) = (UInt32(stream.next(below: members)), stream.chance(0.5))
      let isChange = wanted[member].contains(other) != connects
      if connects { wanted[member].insert(other) } else { wanted[member].remove(other) }
      #expect(index.apply(tie(member, Int(other), connects: connects, kind: kind)) == isChange)
    }
    index.settle()
    check(index)
    var encoder = StateEncoder()
    index.encode(into: &encoder)
    let restored = FollowerIndex(base: base)
    var decoder = StateDecoder(encoder.bytes)
    try restored.restore(from: &decoder)
    #expect(decoder.isAtEnd)
    check(restored)
    for author in 0..<UInt32(members) { #expect(restored.isPulled(author) == index.isPulled(author)) }
  }

  /// What an author has published while too many followed is in no inbox, so the author stays pulled when some go.
  @Test func whoWasAboveTheThresholdStaysPulled() {
    let index = FollowerIndex(
      FeedDescription(kind: .follow, window: 10, showsOwn: false), population: population(9, SocialGraph(memberCount: 9)), ties: [],
      threshold: 3)
    for member in 1...3 { _ = index.apply(tie(member, 0, connects: true)) }
    index.settle()
    #expect(!index.isPulled(0))
    // One more for a moment only: whether it came before or after the other's leaving must not matter.
    _ = index.apply(tie(4, 0, connects: true))
    _ = index.apply(tie(1, 0, connects: false))
    index.settle()
    #expect(!index.isPulled(0))
    _ = index.apply(tie(1, 0, connects: true))
    index.settle()
    #expect(index.isPulled(0))
    for member in 1...4 { _ = index.apply(tie(member, 0, connects: false)) }
    index.settle()
    #expect(index.isPulled(0) && index.followerCount(of: 0) == 0)
  }

  @Test func membersThatThereAreNotChangeNothing() {
    let index = FollowerIndex(
      FeedDescription(kind: .follow, window: 10, showsOwn: false), population: population(3, SocialGraph(memberCount: 3)), ties: [],
      threshold: .max)
    #expect(!index.apply(tie(7, 0, connects: true)))
    #expect(!index.apply(tie(0, 7, connects: true)))
    #expect(!index.isPulled(900) && index.followerCount(of: 900) == 0)
  }
}
