import JamboreeKit
import JamboreeMemory
import Testing

@Suite struct MemoryTests {
  private let forum = ContainerID(rawValue: 1 << 48 | 1)

  private func make() throws -> (MemoryBackend, MemoryBackend.Session) {
    let backend = try MemoryBackend(options: OptionValues(owner: "memory", given: [], descriptors: []))
    let population = Population(
      regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [0, 0], roles: [.lurker, .lurker],
      affiliations: [.employee, .employee], interests: [1, 1], graph: SocialGraph(memberCount: 2))
    try backend.load(Dataset(population: population, containers: [Dataset.Container(id: forum, name: "f")], history: OperationLog()))
    return (backend, try backend.openSession(0))
  }

  private func publish(_ author: UInt32, _ sequence: UInt32, at seconds: Double, answers: ItemID = .none) -> Operation {
    var operation = Operation(verb: .publish, action: ActionID(0), actor: MemberID(author), intended: SimTime(seconds: seconds))
    operation.subject = ItemID(author: MemberID(author), sequence: sequence)
    operation.container = forum
    operation.object = answers.rawValue
    operation.payloadLength = 10
    return operation
  }

  private func listing(_ order: ListingOrder, skip: UInt64 = 0, limit: UInt16 = 1000) -> Operation {
    var operation = Operation(verb: .listing, action: ActionID(0), actor: MemberID(1), intended: .zero)
    operation.container = forum
    operation.order = order
    operation.object = skip
    operation.limit = limit
    return operation
  }

  private func ids(_ session: MemoryBackend.Session, _ operation: Operation) -> [UInt32] {
    var reply = Reply()
    let outcome = session.execute(operation, arguments: Span(), into: &reply)
    #expect(outcome == .ok)
    return (0..<reply.items.count).map { reply.items[$0].id.sequence }
  }

  /// Who is no member has no place of their own in the index by author, which grows with them.
  @Test func authorsWhoAreNoMembersAreFound() throws {
    let (backend, session) = try make()
    // All in one partition.
    let authors = (0..<20).map { 0x4000_0000 + UInt32($0) * UInt32(shardCount) }
    var reply = Reply()
    for (number, author) in authors.enumerated() {
      #expect(session.execute(publish(author, 1, at: Double(number)), arguments: Span(), into: &reply) == .ok)
    }
    try backend.endTick(1)
    var recent = Operation(verb: .recentByAuthors, action: ActionID(0), actor: MemberID(1), intended: .zero)
    recent.limit = 100
    reply.reset()
    let asked = authors.map { UInt64($0) }
    #expect(session.execute(recent, arguments: asked.span, into: &reply) == .ok)
    #expect((0..<reply.items.count).map { reply.items[$0].id.author.rawValue } == authors.reversed())
  }

  /// More than the listing keeps ready, so that both of its halves are read and moved between.
  @Test func listingsKeepBothOrdersBeyondTheirFront() throws {
    let (backend, session) = try make()
    var reply = Reply()
    for number in 1...1500 as ClosedRange<UInt32> {
      #expect(session.execute(publish(0, number, at: Double(number)), arguments: Span(), into: &reply) == .ok)
      if number % 100 == 0 { try backend.endTick(TickID(number)) }
    }
    #expect(ids(session, listing(.newest, limit: 2000)) == (1...1500).reversed())
    #expect(ids(session, listing(.newest, skip: 700, limit: 3)) == [800, 799, 798])

    // A reply brings an old idea to the front of the active ones only.
    let old = ItemID(author: MemberID(0), sequence: 3)
    #expect(session.execute(publish(1, 1, at: 2000, answers: old), arguments: Span(), into: &reply) == .ok)
    try backend.endTick(2000)
    #expect(ids(session, listing(.active, limit: 2)) == [3, 1500])
    #expect(ids(session, listing(.newest, limit: 2)) == [1500, 1499])
    #expect(Set(ids(session, listing(.active, limit: 2000))).count == 1500)
  }

  @Test func aLaterRatingReplacesTheEarlier() throws {
    let (backend, session) = try make()
    var reply = Reply()
    let idea = ItemID(author: MemberID(0), sequence: 1)
    _ = session.execute(publish(0, 1, at: 1), arguments: Span(), into: &reply)
    try backend.endTick(0)
    for (member, mark) in [(0, 5), (1, 2), (1, 4)] as [(UInt32, Int32)] {
      var rating = Operation(verb: .react, action: ActionID(0), actor: MemberID(member), intended: .zero)
      rating.subject = idea
      rating.value = mark
      #expect(session.execute(rating, arguments: Span(), into: &reply) == .ok)
    }
    try backend.endTick(1)
    reply.reset()
    _ = session.execute(listing(.newest), arguments: Span(), into: &reply)
    #expect(reply.items[0].ratingSum == 9)
    #expect(reply.items[0].ratingCount == 2)
  }

  @Test func editsWantThePresentVersion() throws {
    let (backend, session) = try make()
    var reply = Reply()
    _ = session.execute(publish(0, 1, at: 1), arguments: Span(), into: &reply)
    try backend.endTick(0)
    var edit = Operation(verb: .edit, action: ActionID(0), actor: MemberID(1), intended: .zero)
    edit.subject = ItemID(author: MemberID(0), sequence: 1)
    edit.expectedVersion = 1
    #expect(session.execute(edit, arguments: Span(), into: &reply) == .ok)
    #expect(session.execute(edit, arguments: Span(), into: &reply) == .conflict)
    #expect(reply.version == 2)
    edit.subject = ItemID(author: MemberID(0), sequence: 99)
    #expect(session.execute(edit, arguments: Span(), into: &reply) == .notFound)
  }
}
