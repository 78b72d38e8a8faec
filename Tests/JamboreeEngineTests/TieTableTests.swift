import JamboreeKit
import Testing

@testable import JamboreeEngine

@Suite struct TieTableTests {
  private static let hour: Int64 = 3_600_000_000_000
  /// Members 5, 69, 133 ... are in shard 5.
  private let me = MemberID(69)

  private func table() -> TieTable { TieTable(shard: 5, memberCount: 1000) }

  private func react(_ author: UInt32, at hours: Double, by actor: MemberID? = nil, kind: ReactionKind = .rating, value: Int32 = 4) -> Operation {
    var react = Operation(
      verb: .react, action: ActionID(0), actor: actor ?? me, intended: SimTime(nanoseconds: Int64(hours * Double(Self.hour))))
    react.subject = ItemID(author: MemberID(author), service: 1, sequence: 9)
    (react.kind, react.value) = (kind.rawValue, value)
    return react
  }

  private func reply(to author: UInt32, at hours: Double) -> Operation {
    var publish = Operation(verb: .publish, action: ActionID(0), actor: me, intended: SimTime(nanoseconds: Int64(hours * Double(Self.hour))))
    publish.subject = ItemID(author: me, sequence: 1)
    publish.object = ItemID(author: MemberID(author), sequence: 3).rawValue
    return publish
  }

  private func connect(_ verb: Verb, to other: UInt32, at hours: Double) -> Operation {
    var connect = Operation(verb: verb, action: ActionID(0), actor: me, intended: SimTime(nanoseconds: Int64(hours * Double(Self.hour))))
    connect.object = UInt64(other)
    return connect
  }

  private func tie(_ table: TieTable, to author: UInt32, at hours: Double, of member: MemberID? = nil) -> Float {
    table.tie(of: member ?? me, to: MemberID(author), at: SimTime(nanoseconds: Int64(hours * Double(Self.hour))))
  }

  @Test func deedsAddUpAndHalveInADay() {
    let table = table()
    table.note(react(7, at: 10))
    // Not before the tick's end.
    #expect(tie(table, to: 7, at: 10) == 0)
    table.settle()
    #expect(tie(table, to: 7, at: 10) == 1)
    #expect(tie(table, to: 7, at: 34) == 0.5)
    #expect(tie(table, to: 7, at: 58) == 0.25)
    table.note(react(7, at: 34, kind: .vote, value: 1))
    table.note(reply(to: 8, at: 34))
    table.note(connect(.connect, to: 9, at: 34))
    table.settle()
    #expect(tie(table, to: 7, at: 34) == 1.5 && tie(table, to: 8, at: 34) == 2 && tie(table, to: 9, at: 34) == 4)
    #expect(tie(table, to: 10, at: 34) == 0)
    #expect(tie(table, to: 7, at: 34, of: MemberID(133)) == 0)
    // Seen from before the last deed it has not faded yet.
    #expect(tie(table, to: 8, at: 20) == 2)
  }

  @Test func whatWasMeantEarlierHasFaded() {
    let table = table()
    table.note(react(7, at: 48))
    table.note(react(8, at: 24))
    table.settle()
    #expect(tie(table, to: 7, at: 48) == 1 && tie(table, to: 8, at: 48) == 0.5)
  }

  @Test func whatBringsNobodyCloserCountsForNothing() {
    let table = table()
    let nothing = [
      react(7, at: 1, kind: .flag, value: 1), react(7, at: 1, kind: .vote, value: -1), react(7, at: 1, value: 0),
      react(me.rawValue, at: 1), react(MemberID.platform.rawValue, at: 1), reply(to: me.rawValue, at: 1),
      connect(.disconnect, to: 7, at: 1), react(7, at: 1, by: MemberID(0xF000_0005)), react(7, at: 1, by: MemberID(6)),
    ]
    for write in nothing { table.note(write) }
    var post = reply(to: 7, at: 1)
    post.object = 0
    table.note(post)
    var edit = Operation(verb: .edit, action: ActionID(0), actor: me, intended: .zero)
    edit.subject = ItemID(author: MemberID(7), sequence: 1)
    table.note(edit)
    table.settle()
    for author in [7, me.rawValue, MemberID.platform.rawValue] { #expect(tie(table, to: author, at: 1) == 0, "\(author)") }
  }

  @Test func toDisconnectEndsATie() {
    let table = table()
    for write in [connect(.connect, to: 9, at: 1), react(9, at: 1), react(4, at: 1), connect(.disconnect, to: 9, at: 1)] { table.note(write) }
    table.settle()
    #expect(tie(table, to: 9, at: 1) == 0 && tie(table, to: 4, at: 1) == 1)
  }

  @Test func theLeastGivesWay() {
    let table = table()
    for author in 0..<8 as Range<UInt32> { for _ in 0...((author + 3) % 8) { table.note(react(author, at: 1)) } }
    table.settle()
    for author in 0..<8 as Range<UInt32> { #expect(tie(table, to: author, at: 1) == Float((author + 3) % 8 + 1)) }
    // Author 5 has one mark.
    table.note(react(20, at: 1))
    table.settle()
    #expect(tie(table, to: 5, at: 1) == 0 && tie(table, to: 20, at: 1) == 1 && tie(table, to: 6, at: 1) == 2)
    // Who is known gives nobody's place away.
    table.note(react(6, at: 1))
    table.settle()
    #expect(tie(table, to: 6, at: 1) == 3 && tie(table, to: 20, at: 1) == 1)
  }

  /// Against one number after the other, for any number of items.
  @Test func aPageIsLookedUpAsOneByOne() {
    let table = table()
    var stream = RandomStream(key: mix64(4))
    for step in 0..<40 { table.note(react(UInt32(stream.next(below: 12)), at: Double(step))) }
    table.settle()
    let now = SimTime(nanoseconds: 50 * Self.hour)
    for count in [0, 1, 2, 7, 8, 9, 15, 16, 17, 500] {
      var items = (0..<count).map { ItemID(author: MemberID(UInt32(stream.next(below: 16))), service: 3, sequence: UInt32($0 + 1)) }
      if count > 8 { items[8] = ItemID(author: .platform, sequence: 1) }
      let result = UnsafeMutablePointer<Float>.allocate(capacity: count + 8)
      defer { result.deallocate() }
      for member in [me, MemberID(5), MemberID(0xF000_0009)] {
        result.update(repeating: -1, count: count + 8)
        table.look(items.span, of: member, at: now, into: result)
        for (index, item) in items.enumerated() { #expect(result[index] == table.tie(of: member, to: item.author, at: now)) }
        #expect((0..<count).allSatisfy { result[$0] >= 0 })
        if member == me, count == 500 { #expect((0..<count).contains { result[$0] > 0 }) }
      }
    }
  }

  @Test func aRestoredTableIsTheSame() throws {
    let table = table()
    for author in 0..<11 as Range<UInt32> { table.note(react(author, at: Double(author))) }
    table.settle()
    // Of the tick that is over: it counts from the next one on.
    table.note(react(30, at: 12))
    var encoder = StateEncoder()
    table.encode(into: &encoder)
    let other = self.table()
    var decoder = StateDecoder(encoder.bytes)
    try other.restore(from: &decoder)
    #expect(decoder.isAtEnd)
    for round in 0..<2 {
      for author in 0..<40 as Range<UInt32> { #expect(tie(other, to: author, at: 13) == tie(table, to: author, at: 13)) }
      #expect((tie(table, to: 30, at: 13) > 0) == (round == 1))
      table.settle()
      other.settle()
    }
    var foreign = StateDecoder(encoder.bytes)
    #expect(throws: StateMismatch.self) { try TieTable(shard: 5, memberCount: 100).restore(from: &foreign) }
  }

  @Test func everyMemberHasARow() {
    for count in [0, 1, 5, 6, 64, 65, 130] {
      for member in 0..<count {
        let table = TieTable(shard: member % shardCount, memberCount: count)
        table.note(react(500, at: 0, by: MemberID(UInt32(member))))
        table.settle()
        #expect(tie(table, to: 500, at: 0, of: MemberID(UInt32(member))) == 1)
      }
      let beyond = TieTable(shard: count % shardCount, memberCount: count)
      beyond.note(react(500, at: 0, by: MemberID(UInt32(count))))
      beyond.settle()
      #expect(tie(beyond, to: 500, at: 0, of: MemberID(UInt32(count))) == 0)
    }
  }
}
