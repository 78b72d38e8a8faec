import Dispatch
import JamboreeKit
import JamboreeTesting
import Testing

@testable import JamboreeEngine

/// What an audit says of answers that are wrong in one place, and what it does where memory, time or knowledge end.
@Suite struct AuditLimitTests {
  private func item(_ number: Int, sequence: UInt32 = 1) -> ItemID { ItemID(author: MemberID(UInt32(number)), sequence: sequence) }

  private func model() throws -> PipelinedAdapter<ModelBackend> { PipelinedAdapter(try ModelBackend(options: noOptions())) }

  /// A load of 50 items in a forum, each with a reply and a rating.
  private func load(_ settings: AuditSettings = AuditSettings(), history: [Operation] = []) throws -> AuditedLoad<
    PipelinedAdapter<ModelBackend>
  > {
    let load = try AuditedLoad(model(), history: history, settings: settings)
    load.write((0..<50).map { Writing.publish(item($0)) })
    load.write((0..<50).map { Writing.publish(item($0, sequence: 2), answers: item(49 - $0)) })
    load.write((0..<50).map { Writing.react(item($0), .rating, 2, by: MemberID(99)) })
    return load
  }

  // MARK: Answers that are wrong in one place

  private func findings(_ change: @escaping (Operation, Outcome, inout Reply) -> Outcome) throws -> [AuditFinding: Int] {
    try load().report(change: change).findings
  }

  private func change(_ field: WritableKeyPath<ItemRow, Int32>, to value: Int32) throws -> [AuditFinding: Int] {
    try findings { [wanted = item(7)] operation, outcome, reply in
      if operation.verb == .item, operation.subject == wanted { reply.items[0][keyPath: field] = value }
      return outcome
    }
  }

  @Test func eachFieldOfARowIsLookedAt() throws {
    #expect(try change(\.ratingCount, to: 1) == [:])
    #expect(try change(\.ratingCount, to: 0) == [.lostReaction: 1])
    #expect(try change(\.ratingCount, to: 3) == [.repeatedReaction: 2])
    #expect(try change(\.ratingSum, to: 1) == [.lostReaction: 1])
    #expect(try change(\.ratingSum, to: 5) == [.lostReaction: 1])
    #expect(try change(\.replyCount, to: 0) == [.lostReply: 1])
    #expect(try change(\.replyCount, to: 2) == [.repeatedReply: 1])
    #expect(try change(\.flagCount, to: 1) == [.repeatedReaction: 1])
    #expect(try change(\.voteSum, to: -2) == [.repeatedReaction: 2])
    #expect(try change(\.downloadCount, to: 4) == [.repeatedReaction: 1])
    let wrong = try load().report { [wanted = item(7)] operation, outcome, reply in
      if operation.verb == .item, operation.subject == wanted { reply.items[0].payload ^= 1 }
      return outcome
    }
    #expect(wrong.findings == [.wrongText: 1] && wrong.stale == 1)
    #expect(wrong.examples.map(\.item) == [item(7)])
  }

  @Test func aListingShowsEachItemOnce() throws {
    func listing(_ body: @escaping (inout Reply) -> Void) throws -> [AuditFinding: Int] {
      try findings { operation, outcome, reply in
        if operation.verb == .listing, reply.items.count > 0 { body(&reply) }
        return outcome
      }
    }
    #expect(try listing { $0.items.remove(at: 3) } == [.lostFromListing: 1])
    #expect(try listing { $0.items.append($0.items[3]) } == [.listedTwice: 1])
    #expect(try listing { $0.items[3].id = ItemID(author: MemberID(5), sequence: 77) } == [.lostFromListing: 1, .unknownItem: 1])
    // One that was deleted and whose row is still in the listing.
    let load = try load()
    load.write([Writing.delete(item(7))])
    let report = try load.report { [gone = item(7)] operation, outcome, reply in
      if operation.verb == .listing {
        var row = reply.items[0]
        row.id = gone
        reply.items.append(row)
      }
      return outcome
    }
    #expect(report.findings == [.listedAfterDeletion: 1] && report.stale == 1)
  }

  @Test func pagesOfAListingAreReadToTheEndOrToTheLimit() throws {
    var settings = AuditSettings()
    settings.listingPageRows = 7
    let whole = try load(settings).report()
    #expect(whole.isClean && whole.listingsNotRead == 0)
    settings.listingRowLimit = 21
    let part = try load(settings).report()
    #expect(part.isClean && part.listingsNotRead == 50 - 21)
  }

  // MARK: Unknown outcomes

  /// Two members' ratings whose outcome nobody knows, over one that was acknowledged.
  @Test(arguments: [(0, 0, true), (2, 7, true), (1, 2, true), (3, 12, false), (0, 8, false)])
  func anUnknownRatingMayCountOrNot(extraCount: Int32, extraSum: Int32, isClean: Bool) throws {
    let load = try load()
    for (member, value) in [(1, 2), (2, 5)] as [(UInt32, Int32)] {
      load.auditors[0].completed(
        Writing.react(item(7), .rating, value, by: MemberID(member)), .timedOut, completedNanoseconds: load.clock.now)
    }
    let report = try load.report { [wanted = item(7)] operation, outcome, reply in
      if operation.verb == .item, operation.subject == wanted {
        reply.items[0].ratingCount += extraCount
        reply.items[0].ratingSum += extraSum
      }
      return outcome
    }
    #expect(report.unknownWrites == 2 && report.isClean == isClean, "\(report.examples)")
  }

  @Test func aReplacedReactionThatWasLostIsALostWrite() throws {
    let load = try load()
    // Acknowledged, and never made: a withdrawal, and a vote from for to against.
    load.write([Writing.react(item(8), .vote, 1, by: MemberID(98))])
    for lost in [Writing.react(item(7), .rating, 0, by: MemberID(99)), Writing.react(item(8), .vote, -1, by: MemberID(98))] {
      load.auditors[0].completed(lost, .ok, completedNanoseconds: load.clock.now)
    }
    let report = try load.report()
    #expect(report.findings == [.lostReaction: 2] && report.lost == 2)
  }

  // MARK: What was there before

  @Test func ofItemsFromBeforeNoMoreIsExpectedThanIsKnown() throws {
    let old = ItemID(author: .platform, sequence: 1)
    let history = [Writing.publish(old), Writing.react(old, .rating, 5, by: MemberID(1)), Writing.publish(item(1, sequence: 9), answers: old)]
    func report(_ known: [Operation]?, loses: Bool) throws -> AuditReport {
      let load = try load(history: history)
      load.write([Writing.react(old, .flag, 1, by: MemberID(2)), Writing.edit(old, by: MemberID(3), expecting: 1)])
      if loses {
        load.auditors[0].completed(Writing.react(old, .flag, 1, by: MemberID(4)), .ok, completedNanoseconds: load.clock.now)
      }
      return try load.report(history: known)
    }
    for known in [history, nil] {
      let right = try report(known, loses: false)
      #expect(right.isClean && right.auditedItems == 101 && right.tellsUnknownItems == (known != nil))
      #expect(try report(known, loses: true).findings == [.lostReaction: 1])
    }
    // With half a history, what is there counts for more than was ever written.
    let half = try report([history[0]], loses: false)
    #expect(half.findings == [.repeatedReaction: 1, .repeatedReply: 1])
  }

  // MARK: Time and errors

  @Test func whatCannotBeReadBackIsNeitherRightNorWrong() throws {
    let unavailable = try load().report { operation, outcome, reply in
      operation.subject.author.rawValue < 10 || operation.verb == .listing ? .unavailable : outcome
    }
    #expect(unavailable.isClean && unavailable.auditedItems == 100 && unavailable.notReadBack == 20)
    #expect(unavailable.listingsNotRead == 40)
    let late = try load()
    let nothing = try late.report(deadlineNanoseconds: late.clock.now)
    #expect(nothing.isClean && nothing.auditedItems == 100 && nothing.notReadBack == 100)
    // The clock passes the deadline while it reads.
    let slow = try load()
    let some = try slow.report(deadlineNanoseconds: slow.clock.now + 30) { [clock = slow.clock] _, outcome, _ in
      clock.advance(by: 1)
      return outcome
    }
    #expect(some.isClean && (30..<100).contains(100 - some.notReadBack))
  }

  // MARK: Memory

  @Test func aMillionWritesStayWithinTheBoundAndTheSampleIsUniform() throws {
    var settings = AuditSettings()
    settings.byteLimit = 400_000
    settings.workers = 2
    let auditors = (0..<2).map { WriteAuditor(settings: settings, seed: auditSeed, worker: $0, startNanoseconds: 0) }
    // The second worker has a twentieth of the writes, so it keeps more of its own.
    for number in 0..<1_000_000 {
      let post = item(number / 10)
      let write = number % 10 == 0 ? Writing.publish(post) : Writing.react(post, .rating, 3, by: MemberID(UInt32(number % 10)))
      auditors[number % 20 == 19 ? 1 : 0].completed(write, .ok, completedNanoseconds: UInt64(number))
    }
    let records = auditors.map { $0.finish() }
    for record in records {
      #expect(record.log.events.count * MemoryLayout<AuditEvent>.stride <= 200_000)
      #expect(record.log.events.count * MemoryLayout<AuditEvent>.stride >= 40_000)
    }
    #expect(records[0].log.threshold < records[1].log.threshold)
    let ledger = AuditLedger(records, history: OperationLog(), settings: settings, seed: auditSeed)
    // Of each item of the sample all writes are there, and it is the share of the 100,000 that it says.
    let items = (0..<ledger.count).map { ledger.events(at: $0) }
    #expect(items.allSatisfy { $0.count == 10 })
    let expected = ledger.share * 100_000
    #expect(abs(Double(items.count) - expected) < 4 * expected.squareRoot() && items.count > 100)
  }

  @Test func oneItemThatIsTooMuchForMemoryGivesTheOthersUpAndNoMore() {
    var settings = AuditSettings()
    settings.byteLimit = 0
    let auditor = WriteAuditor(settings: settings, seed: auditSeed, worker: 0, startNanoseconds: 0)
    for number in 0..<100_000 {
      auditor.completed(Writing.react(item(1), .rating, 3, by: MemberID(UInt32(number))), .ok, completedNanoseconds: 0)
    }
    #expect(auditor.finish().log.events.count <= 64)
  }

  /// Items outside the sample whose deletions were forgotten are in their parents' counts, or not.
  @Test func moreDeletionsThanThereIsRoomForAccuseNobody() throws {
    var settings = AuditSettings()
    settings.share = 0.5
    settings.byteLimit = 400 * MemoryLayout<AuditEvent>.stride
    let load = try load(settings)
    load.write((0..<50).map { Writing.delete(item($0, sequence: 2)) })
    for sequence in 10..<20 as Range<UInt32> {
      load.write((0..<50).map { Writing.publish(item($0, sequence: sequence)) })
      load.write((0..<50).map { Writing.delete(item($0, sequence: sequence)) })
    }
    let report = try load.report()
    #expect(report.isClean && !report.tellsLostReplies && report.auditedItems > 10, "\(report.examples)")
  }

  @Test func probesStayWithinTheirRateAndTheirNumberUnderWay() {
    var settings = AuditSettings()
    settings.probeShare = 1
    settings.probesPerSecond = 20
    settings.probesUnderWay = 3
    let auditor = WriteAuditor(settings: settings, seed: auditSeed, worker: 0, startNanoseconds: 1_000)
    for number in 0..<500 { auditor.completed(Writing.publish(item(number)), .ok, completedNanoseconds: 5_000) }
    var probes: [AuditProbe] = []
    while let probe = auditor.nextProbe(now: 5_000) { probes.append(probe) }
    #expect(probes.count == 3 && auditor.nextProbeNanoseconds == nil)
    auditor.probeCompleted(probes[0].id, .timedOut, reply: Reply(), sentNanoseconds: 5_000, now: 6_000)
    #expect(auditor.nextProbeNanoseconds == 5_000)
    var count = 3
    var now: UInt64 = 6_000
    var waiting = Array(probes[1...])
    while count < 200, now < 40_000_000_000 {
      for probe in waiting { auditor.probeCompleted(probe.id, .timedOut, reply: Reply(), sentNanoseconds: now, now: now) }
      waiting.removeAll()
      while let probe = auditor.nextProbe(now: now) { waiting.append(probe) }
      count += waiting.count
      now = max(auditor.nextProbeNanoseconds ?? now, now + 1)
    }
    #expect(Set(waiting.map(\.id)).isSubset(of: 0..<20))
    let record = auditor.finish()
    #expect(record.probes.unanswered == 20 && record.probes.unseen.isEmpty)
  }

  // MARK: Threads

  @Test func workersOnThreadsOfTheirOwnAgreeOnWhatWasDropped() throws {
    let backend = UnreliablePipeline(try model(), fault: .dropsAcknowledgedWrites(oneIn: 50))
    var settings = AuditSettings()
    settings.workers = 4
    let records = Guarded<[AuditRecord]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { [settings] worker in
      let auditor = WriteAuditor(settings: settings, seed: auditSeed, worker: worker, startNanoseconds: 0)
      guard let session = try? backend.openSession(worker, connections: 1) else { return }
      var batch = CompletionBatch(capacity: 16)
      for number in 0..<500 {
        let write = Writing.publish(ItemID(author: MemberID(UInt32(worker)), sequence: UInt32(number + 1)), in: auditForums[worker])
        session.submit(write, arguments: Span(), token: Token(rawValue: 1))
        repeat {
          batch.removeAll()
          session.poll(until: .distantFuture, into: &batch)
        } while batch.count == 0
        auditor.completed(write, batch.outcome(at: 0), completedNanoseconds: UInt64(number))
      }
      records.withLock { $0.append(auditor.finish()) }
    }
    var readBack = AuditReadBack(records.withLock { $0 }, history: OperationLog(), settings: settings, seed: auditSeed)
    let report = readBack.run(through: try backend.openSession(9, connections: 1), deadlineNanoseconds: .max) { 0 }
    #expect(report.acknowledgedWrites == 2_000 && report.auditedItems == 2_000)
    #expect(report.findings == [.lostItem: 40])
  }
}
