import JamboreeKit

/// Reads back, after a load, what its writes were acknowledged as.
///
/// Nothing may write while it reads. Every item that the load wrote to and that is in the sample is read by its author,
/// with its text; the containers of those that are to be listed are paged through, newest first, until ``AuditSettings/listingRowLimit``.
///
/// Items that were there before the load have counts from then. Where `history` tells of it, they are audited as all others
/// are; where it does not, no more is expected of them than what the load did: a count may be higher, never lower.
struct AuditReadBack {
  private let settings: AuditSettings
  /// Of the workers; their logs are merged by now, and not held twice.
  private let workers: [(counts: AuditCounts, probes: ProbeSchedule)]
  private var judge: AuditJudge

  /// - Parameters:
  ///   - records: of all workers of the load.
  ///   - history: what was there before the load, as in ``Dataset/history``, empty for nothing; nil when it is not known.
  ///   - settings: as the workers had them.
  ///   - seed: as the workers had it.
  init(_ records: [AuditRecord], history: OperationLog?, settings: AuditSettings, seed: Seed) {
    self.settings = settings
    workers = records.map { ($0.counts, $0.probes) }
    judge = AuditJudge(
      AuditLedger(records, history: history, settings: settings, seed: seed), exampleLimit: max(settings.exampleLimit, 0))
  }

  /// - Parameters:
  ///   - session: with nothing under way. When the deadline passes, reads are left under way in it.
  ///   - deadlineNanoseconds: what has not been read by then counts as not read.
  ///   - now: the clock of the deadline.
  mutating func run(
    through session: any PipelinedStorageSession, deadlineNanoseconds: UInt64, now: @escaping () -> UInt64
  ) -> AuditReport {
    for worker in workers { judge.count(worker.counts) }
    var reads = WindowedReads(
      session, limit: settings.readsUnderWay, deadlineNanoseconds: deadlineNanoseconds, now: now)
    readItems(&reads)
    judge.judgeReplies()
    readListings(&reads)
    judge.addProbes(workers.map(\.probes))
    return judge.report
  }

  private mutating func readItems(_ reads: inout WindowedReads) {
    var index = 0
    var (audited, answered) = (0, 0)
    let ledger = judge.ledger
    reads.run {
      while index < ledger.count, !ledger.isAudited(at: index) { index += 1 }
      guard index < ledger.count else { return nil }
      defer { index += 1 }
      audited += 1
      let item = ledger.item(at: index)
      var read = Operation(verb: .item, action: ActionID(0), actor: item.author, intended: .zero)
      read.subject = item
      read.flags = .wantsText
      return (index, read)
    } completed: { number, outcome, reply in
      switch outcome {
      case .ok where reply.items.count > 0 && reply.items[0].id == ledger.item(at: number):
        judge.isPresent(at: number, reply.items[0])
        answered += 1
      case .notFound:
        judge.isAbsent(at: number)
        answered += 1
      default: break
      }
      return nil
    }
    for rest in index..<max(ledger.count, index) where ledger.isAudited(at: rest) { audited += 1 }
    judge.note {
      $0.auditedItems = audited
      $0.notReadBack = audited - answered
    }
  }

  private mutating func readListings(_ reads: inout WindowedReads) {
    var listings = AuditedListings(judge)
    var (next, rowsLeft) = (0, settings.listingRowLimit)
    let page = max(settings.listingPageRows, 1)
    reads.run {
      guard next < listings.count, rowsLeft > 0 else { return nil }
      defer { next += 1 }
      rowsLeft -= Int(page)
      return (next, listings.read(next, limit: page))
    } completed: { number, outcome, reply in
      guard outcome == .ok else { return nil }
      for row in 0..<reply.items.count {
        let item = reply.items.id(at: row)
        if !listings.see(item, in: number, judge.ledger) { judge.isStranger(item) }
      }
      rowsLeft += Int(page) - reply.items.count
      if reply.items.count < Int(page) {
        listings.end(number)
        return nil
      }
      guard rowsLeft > 0 else { return nil }
      rowsLeft -= Int(page)
      return listings.read(number, limit: page)
    }
    for number in 0..<listings.count {
      for (index, times) in listings.entries(of: number) {
        if listings.isEnded(number) || times > 1 {
          judge.isListed(at: index, times: times)
        } else if times == 0, judge.found[index] == .present {
          judge.note { $0.listingsNotRead += 1 }
        }
      }
    }
  }
}
