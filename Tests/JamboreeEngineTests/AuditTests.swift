import JamboreeKit
import JamboreeTesting
import Testing

@testable import JamboreeEngine

/// Random writes of few members to each other's items: replaced and withdrawn reactions, edits that conflict, private items,
/// replies to replies, deletions.
private struct Traffic {
  private var random = RandomStream(key: 11)
  private var items: [ItemID]
  private var versions: [ItemID: UInt32] = [:]
  private var sequence: UInt32 = 0

  init(known items: [ItemID] = []) { self.items = items }

  /// Writes that may be under way at the same time: one a member.
  mutating func writes(members: UInt32) -> [Operation] { (0..<members).map { write(by: MemberID($0)) } }

  private mutating func write(by member: MemberID) -> Operation {
    guard !items.isEmpty else { return publish(by: member) }
    let item = items[random.next(below: items.count)]
    switch random.next(below: 20) {
    case 0..<6: return publish(by: member)
    case 6..<10: return Writing.react(item, .rating, Int32(random.next(below: 6)), by: member)
    case 10..<12: return Writing.react(item, .vote, Int32(random.next(below: 3)) - 1, by: member)
    case 12: return Writing.react(item, .flag, Int32(random.next(below: 2)), by: member)
    case 13: return Writing.react(item, .download, 1 + Int32(random.next(below: 3)), by: member)
    case 14: return Writing.operation(.delete, item, by: member)
    case 15:
      var join = Writing.operation(.join, .none, by: member)
      join.container = auditForums[0]
      return join
    default:
      versions[item, default: 1] += 1
      return Writing.edit(item, by: member, expecting: versions[item, default: 1] - (random.chance(0.9) ? 1 : 2))
    }
  }

  private mutating func publish(by member: MemberID) -> Operation {
    sequence += 1
    let parent = random.chance(0.5) && !items.isEmpty ? items[random.next(below: items.count)] : ItemID.none
    let item = ItemID(author: member, sequence: sequence)
    var publish = Writing.publish(item, in: auditForums[random.next(below: auditForums.count)], answers: parent)
    if random.chance(0.1) { publish.flags = .isPrivate }
    items.append(item)
    return publish
  }
}

@Suite struct AuditTests {
  private func unreliable(_ fault: Unreliable.Fault, clock: VirtualClock = VirtualClock()) throws -> Unreliable {
    Unreliable(PipelinedAdapter(try ModelBackend(options: noOptions())), fault: fault, now: { clock.now })
  }

  private func item(_ number: Int, sequence: UInt32 = 1) -> ItemID { ItemID(author: MemberID(UInt32(number)), sequence: sequence) }

  /// As many writes of each kind, to items of their own, so that each error can be counted.
  private func writeApart(_ load: AuditedLoad<Unreliable>, count: Int) {
    // Kinds go through the items in orders of their own: what is dropped of one kind is not of the same item as of another.
    func each(_ offset: Int, _ make: (Int) -> Operation) {
      var number = 0
      while number < count {
        load.write((number..<min(number + 64, count)).map { make(($0 * 7919 + offset) % count) })
        number += 64
      }
    }
    each(0) { Writing.publish(item($0), in: auditForums[$0 % auditForums.count]) }
    each(101) { Writing.publish(item($0, sequence: 2), answers: item(($0 * 31 + 17) % count)) }
    each(0) { Writing.publish(item($0, sequence: 3), in: auditForums[$0 % auditForums.count]) }
    each(203) { Writing.edit(item($0), expecting: 1) }
    each(307) { Writing.react(item($0), .rating, 3, by: MemberID(UInt32($0) + 1)) }
    each(401) { Writing.react(item($0), .vote, 1, by: MemberID(UInt32($0) + 2)) }
    each(503) { Writing.react(item($0), .flag, 1, by: MemberID(UInt32($0) + 3)) }
    each(607) { Writing.react(item($0), .download, 2, by: MemberID(UInt32($0) + 4)) }
    each(709) { Writing.delete(item($0, sequence: 3)) }
  }

  @Test(arguments: [32 << 20, 60_000]) func aRightBackendIsCleanWhateverTheOutcomesThatNobodyKnows(byteLimit: Int) throws {
    var settings = AuditSettings()
    settings.byteLimit = byteLimit
    settings.probeShare = 0.5
    settings.probesPerSecond = 1000
    var history = (1...20).map { Writing.publish(ItemID(author: .platform, sequence: $0)) }
    history += history.map { Writing.react($0.subject, .rating, 4, by: MemberID(3)) }
    history.append(Writing.edit(history[0].subject, expecting: 1))
    let load = try AuditedLoad(unreliable(.losesAnswers(oneIn: 9)), history: history, workers: 2, settings: settings)
    var traffic = Traffic(known: history.map(\.subject))
    for _ in 0..<400 {
      load.write(traffic.writes(members: 12))
      load.probe(until: load.clock.now + 1_000_000)
    }
    load.probe(until: load.clock.now + 60_000_000_000)
    let report = try load.report(history: history)
    #expect(report.isClean, "\(report.findings) \(report.examples)")
    #expect(report.unknownWrites > 400 && report.acknowledgedWrites > 2000)
    #expect(report.unresolvedPresent > 10 && report.unresolvedAbsent > 10)
    #expect(report.notAuditedWrites.keys.sorted { $0.rawValue < $1.rawValue } == [.join])
    #expect(report.notReadBack == 0 && report.listingsNotRead == 0)
    #expect(report.probes > 200 && report.neverSeen == 0)
    if byteLimit > 1 << 20 {
      #expect(report.auditedShare == 1 && report.auditedItems > 1000)
    } else {
      #expect(report.auditedShare < 1 && report.auditedShare > 0.1 && report.auditedItems > 100)
    }
  }

  @Test func everyDroppedWriteIsFoundAndCountedOnce() throws {
    let load = try AuditedLoad(unreliable(.dropsAcknowledgedWrites(oneIn: 10_000)), workers: 2)
    writeApart(load, count: 12_000)
    let struck = load.backend.struckWrites
    let report = try load.report()
    #expect(report.findings[.lostItem] == struck[.init(verb: .publish)])
    #expect(report.findings[.lostDeletion] == struck[.init(verb: .delete)])
    #expect(report.findings[.staleVersion] == struck[.init(verb: .edit)])
    #expect(report.findings[.lostReaction] == struck.filter { $0.key.verb == .react }.values.reduce(0, +))
    #expect(report.lost + report.stale == struck.values.reduce(0, +))
    #expect(report.duplicated == 0)
    #expect(struck.count == 7 && report.auditedShare == 1)
    #expect(Set(report.examples.map(\.finding)) == [.lostItem, .lostDeletion, .staleVersion, .lostReaction])
    #expect(report.examples.allSatisfy { $0.acknowledgedNanoseconds != nil })
  }

  @Test func aShareOfTheItemsShowsThatShareOfTheDroppedWrites() throws {
    var settings = AuditSettings()
    settings.share = 0.25
    let load = try AuditedLoad(unreliable(.dropsAcknowledgedWrites(oneIn: 20)), workers: 2, settings: settings)
    writeApart(load, count: 2_000)
    let struck = load.backend.struckWrites.values.reduce(0, +)
    let report = try load.report()
    // A quarter of 900, give or take four standard deviations. A reply that is missed by its parent alone is not among them.
    let found = report.lost + report.stale - (report.findings[.lostReply] ?? 0)
    #expect(struck == 900 && (173...277).contains(found), "\(found) of \(struck)")
    #expect((report.findings[.lostReply] ?? 0) > 0)
    #expect(report.duplicated == 0 && report.auditedShare == 0.25)
  }

  @Test func everyWriteThatWasMadeTwiceIsFound() throws {
    let load = try AuditedLoad(unreliable(.repeatsWrites(oneIn: 100)))
    writeApart(load, count: 1_000)
    let struck = load.backend.struckWrites
    let report = try load.report()
    // 20 of the items are in listings, 10 are replies.
    #expect(report.findings[.unknownItem] == 20 && report.findings[.repeatedReply] == 10)
    #expect(report.findings[.repeatedEdit] == struck[.init(verb: .edit)])
    #expect(report.findings[.repeatedReaction] == struck.filter { $0.key.verb == .react }.values.reduce(0, +))
    #expect(report.duplicated == 80 && report.lost == 0 && report.stale == 0)
  }

  @Test func aLaggingReplicaBreaksReadYourWritesForAsLongAsItLags() throws {
    let clock = VirtualClock()
    var settings = AuditSettings()
    settings.probeShare = 1
    let load = try AuditedLoad(
      unreliable(.servesStaleReads(delayNanoseconds: 5_000_000), clock: clock), clock: clock, settings: settings)
    let start = clock.now
    for number in 0..<30 {
      load.probe(until: start + UInt64(number) * 100_000_000)
      load.write([number % 3 == 2 ? Writing.edit(item(number - 1), expecting: 1) : Writing.publish(item(number))])
    }
    load.probe(until: start + 10_000_000_000)
    let report = try load.report()
    #expect(report.probes == 30 && report.readYourWritesViolations == 30 && report.neverSeen == 0)
    // Asked for at 0, 1, 3 and 7 ms.
    #expect(report.staleness.totalCount == 30 && report.staleness.maxRecorded == 7_000_000 && report.staleness.min > 6_900_000)
    #expect(report.stalenessTimeline.map(\.probes) == [10, 10, 10])
    #expect(report.stalenessTimeline.allSatisfy { $0.violations == 10 && $0.maxStalenessNanoseconds == 7_000_000 })
    #expect(report.stalenessTimeline.map(\.startNanoseconds) == [0, 1_000_000_000, 2_000_000_000])
    #expect(report.lost + report.stale + report.duplicated == 0 && !report.isClean)
  }

  @Test func whatNoProbeShowsIsGivenUpUnlessSomebodyDeletedIt() throws {
    var settings = AuditSettings()
    settings.probeShare = 1
    let load = try AuditedLoad(unreliable(.dropsAcknowledgedWrites(oneIn: 10)), workers: 2, settings: settings)
    load.write((0..<20).map { Writing.publish(item($0)) })
    // Through another worker than the author's, before the first probe.
    var deletion = Writing.delete(item(4))
    deletion.actor = MemberID(5)
    load.write([deletion])
    load.probe(until: load.clock.now + 40_000_000_000)
    let report = try load.report()
    #expect(report.probes == 19 && report.neverSeen == 2 && report.readYourWritesViolations == 2)
    #expect(report.staleness.totalCount == 0)
    // Pauses of 100 ms to the 30 s at which it is given up.
    #expect(report.stalenessTimeline.first.map { (29_900_000_000...30_100_000_000).contains($0.maxStalenessNanoseconds) } == true)
    #expect(report.lost == 2)
  }
}
