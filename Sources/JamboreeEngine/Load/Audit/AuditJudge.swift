import JamboreeKit

/// Holds what is read back against what was acknowledged.
struct AuditJudge {
  /// What reading an item back has shown.
  enum Found: UInt8 { case unknown, absent, present }

  let ledger: AuditLedger
  private let exampleLimit: Int
  private(set) var report = AuditReport()
  /// By the ledger's item.
  private(set) var found: [Found]
  private var replyCounts: [Int32]
  private var strangers: Set<ItemID> = []

  init(_ ledger: AuditLedger, exampleLimit: Int) {
    self.ledger = ledger
    self.exampleLimit = exampleLimit
    found = [Found](repeating: .unknown, count: ledger.count)
    replyCounts = [Int32](repeating: 0, count: ledger.count)
    report.auditedShare = ledger.share
    report.tellsUnknownItems = ledger.knowsHistory
    report.tellsLostReplies = ledger.knowsAllDeletions
  }

  /// Changes what the report says beside findings.
  mutating func note(_ body: (inout AuditReport) -> Void) { body(&report) }

  private mutating func add(
    _ finding: AuditFinding, count: Int64 = 1, at index: Int, _ expected: ItemExpectation, _ text: @autoclosure () -> String
  ) {
    report.add(
      finding, count: Int(count), ledger.item(at: index),
      acknowledgedMilliseconds: expected.isProven ? expected.lastAcknowledgedMilliseconds : nil, limit: exampleLimit, text())
  }

  // MARK: Items

  /// An item is not there.
  mutating func isAbsent(at index: Int) {
    found[index] = .absent
    let expected = ItemExpectation(ledger.events(at: index))
    if expected.deletion == .surely { return }
    if expected.deletion == .perhaps {
      // Where its publishing is not known either, there is no telling which of the two was done.
      if expected.isProven, expected.hasUnknownDeletion { report.unresolvedPresent += 1 }
      return
    }
    if expected.isProven {
      add(.lostItem, at: index, expected, "the item was acknowledged and is not there")
    } else if expected.isPublishUnknown {
      report.unresolvedAbsent += 1
    }
  }

  /// An item is there.
  mutating func isPresent(at index: Int, _ row: ItemRow) {
    found[index] = .present
    replyCounts[index] = row.replyCount
    let expected = ItemExpectation(ledger.events(at: index))
    if expected.deletion == .surely {
      return add(.lostDeletion, at: index, expected, "the deletion was acknowledged and the item is there")
    }
    if expected.hasUnknownDeletion { report.unresolvedAbsent += 1 }
    if expected.isPublishUnknown { report.unresolvedPresent += 1 }
    judgeText(index, expected, row)
    judge(
      index, expected, "ratings", expected.ratings, foundCount: Int64(row.ratingCount), foundSum: Int64(row.ratingSum))
    judge(index, expected, "flags", expected.flags, foundCount: Int64(row.flagCount), foundSum: Int64(row.flagCount))
    judgeVotes(index, expected, foundSum: Int64(row.voteSum))
    judgeDownloads(index, expected, found: Int64(row.downloadCount))
  }

  private mutating func judgeText(_ index: Int, _ expected: ItemExpectation, _ row: ItemRow) {
    let versions = expected.versions
    if expected.isWhole {
      let done = row.version > 1 + expected.acknowledgedEdits ? row.version - 1 - expected.acknowledgedEdits : 0
      report.unresolvedPresent += Int(min(done, expected.unknownEdits))
      report.unresolvedAbsent += Int(expected.unknownEdits - min(done, expected.unknownEdits))
    }
    if row.version < versions.lowerBound {
      add(
        .staleVersion, count: Int64(versions.lowerBound - row.version), at: index, expected,
        "expected version \(versions.lowerBound), found \(row.version)")
    } else if expected.isWhole, row.version > versions.upperBound {
      add(
        .repeatedEdit, count: Int64(row.version - versions.upperBound), at: index, expected,
        "expected version \(versions.upperBound) at most, found \(row.version)")
    } else if row.version == expected.version {
      // A later version is of an edit whose outcome is unknown.
      let fingerprint = Payload.fingerprint(seed: expected.payloadSeed, length: expected.payloadLength)
      if row.payload != fingerprint {
        add(
          .wrongText, at: index, expected,
          "version \(row.version): expected text \(String(fingerprint, radix: 16)), found \(String(row.payload, radix: 16))")
      }
    }
  }

  private mutating func judge(
    _ index: Int, _ expected: ItemExpectation, _ name: String, _ reactions: ItemExpectation.Reactions, foundCount: Int64,
    foundSum: Int64
  ) {
    let (count, sum) = (reactions.count, reactions.sum)
    let text = "expected \(count.least) to \(count.most) \(name), sum \(sum.least) to \(sum.most); found \(foundCount), sum \(foundSum)"
    if foundCount < count.least {
      add(.lostReaction, count: count.least - foundCount, at: index, expected, text)
    } else if foundSum < sum.least {
      add(.lostReaction, at: index, expected, text)
    } else if expected.isWhole, foundCount > count.most {
      // A withdrawal that was lost leaves one too many, just as a reaction made twice does.
      let lost = min(foundCount - count.most, reactions.withdrawals)
      if lost > 0 { add(.lostReaction, count: lost, at: index, expected, text) }
      if foundCount - count.most > lost {
        add(.repeatedReaction, count: foundCount - count.most - lost, at: index, expected, text)
      }
    } else if expected.isWhole, foundSum > sum.most {
      add(.lostReaction, at: index, expected, text)
    }
  }

  /// Only a sum tells of votes: one too few for is like one too many against, and counts as lost where anything could be.
  private mutating func judgeVotes(_ index: Int, _ expected: ItemExpectation, foundSum: Int64) {
    let votes = expected.votes
    guard expected.isWhole, foundSum < votes.sum.least || foundSum > votes.sum.most else { return }
    let distance = max(votes.sum.least - foundSum, foundSum - votes.sum.most)
    let step: Int64 = votes.hasReplacements ? 2 : 1
    let isLost = foundSum < votes.sum.least ? votes.canMissPositive : votes.canMissNegative
    add(
      isLost ? .lostReaction : .repeatedReaction, count: (distance + step - 1) / step, at: index, expected,
      "expected votes from \(votes.sum.least) to \(votes.sum.most), found \(foundSum)")
  }

  private mutating func judgeDownloads(_ index: Int, _ expected: ItemExpectation, found: Int64) {
    let downloads = expected.downloads
    let text = "expected \(downloads.least) to \(downloads.most) downloads, found \(found)"
    if found < downloads.least {
      let largest = max(expected.largestDownload, 1)
      add(.lostReaction, count: (downloads.least - found + largest - 1) / largest, at: index, expected, text)
    } else if expected.isWhole, found > downloads.most {
      add(.repeatedReaction, at: index, expected, text)
    }
  }

  // MARK: Replies

  /// Holds parents' counts of replies against the replies; to be called when all items have been read back.
  mutating func judgeReplies() {
    for index in 0..<ledger.count where found[index] == .present && ledger.isAudited(at: index) {
      let events = ledger.events(at: index)
      let expected = ItemExpectation(events)
      guard expected.deletion != .surely else { continue }
      var (least, most) = (Int64(0), Int64(0))
      for event in events where event.kind == .reply {
        let reply = ItemID(rawValue: event.key)
        let replyIndex = ledger.index(of: reply)
        let deletion = replyIndex.map { ItemExpectation.deletion(in: ledger.events(at: $0)) } ?? .never
        // What is known to be there or not, counts so: one error is not to be reported twice.
        switch replyIndex.map({ found[$0] }) ?? .unknown {
        case .absent: continue
        case .present: (least, most) = (least + 1, most + 1)
        case .unknown:
          if deletion == .surely { continue }
          most += 1
          if !event.isUncertain, deletion == .never { least += 1 }
        }
      }
      let count = Int64(replyCounts[index])
      let text = "expected \(least) to \(most) replies, found \(count)"
      if ledger.knowsAllDeletions, count < least {
        add(.lostReply, count: least - count, at: index, expected, text)
      } else if expected.isWhole, count > most {
        add(.repeatedReply, count: count - most, at: index, expected, text)
      }
    }
  }

  // MARK: Listings

  /// A listing has shown an item that belongs to the sample, and of which the ledger knows nothing.
  mutating func isStranger(_ item: ItemID) {
    guard ledger.knowsHistory, strangers.insert(item).inserted else { return }
    report.add(
      .unknownItem, item, acknowledgedMilliseconds: nil, limit: exampleLimit, "a listing shows an item that nobody published")
  }

  /// A container's listing has been read to its end.
  /// - Parameter times: how often the item was in it.
  mutating func isListed(at index: Int, times: Int) {
    guard found[index] != .unknown, times != (found[index] == .present ? 1 : 0) else { return }
    let expected = ItemExpectation(ledger.events(at: index))
    if found[index] == .absent {
      if expected.deletion != .never { add(.listedAfterDeletion, at: index, expected, "the item is gone and is listed") }
    } else if times == 0 {
      add(.lostFromListing, at: index, expected, "the item is there and is not listed")
    } else {
      add(.listedTwice, count: Int64(times - 1), at: index, expected, "the item is listed \(times) times")
    }
  }
}
