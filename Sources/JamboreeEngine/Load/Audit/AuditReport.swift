import Histogram
import JamboreeMetrics
import JamboreeKit

/// Something that was acknowledged and is not so, or is so and nobody asked for it.
public enum AuditFinding: String, Sendable, CaseIterable {
  /// An item that was published and not deleted is not there.
  case lostItem
  /// An item that was deleted is there.
  case lostDeletion
  /// Fewer ratings, votes, flags or downloads than were acknowledged, or a replaced or withdrawn one in force.
  case lostReaction
  /// A parent counts fewer replies than there must be. A reply that was itself found lost is not counted once more.
  case lostReply
  /// An item that is there is not in its container's listing.
  case lostFromListing
  /// A version lower than was acknowledged; counts the missing edits.
  case staleVersion
  /// Another text than the acknowledged one of the version.
  case wrongText
  /// A listing shows an item that was deleted, and that is gone.
  case listedAfterDeletion
  /// A listing shows an item that nobody published.
  case unknownItem
  /// A version higher than can be accounted for.
  case repeatedEdit
  /// More ratings, votes, flags or downloads than can be accounted for.
  case repeatedReaction
  /// A parent counts more replies than can be accounted for.
  case repeatedReply
  /// An item is twice in its container's listing.
  case listedTwice

  public enum Category: Sendable { case lost, stale, duplicated }

  public var category: Category {
    switch self {
    case .lostItem, .lostDeletion, .lostReaction, .lostReply, .lostFromListing: .lost
    case .staleVersion, .wrongText, .listedAfterDeletion: .stale
    case .unknownItem, .repeatedEdit, .repeatedReaction, .repeatedReply, .listedTwice: .duplicated
    }
  }
}

/// What an audit found. Counts of findings are of writes where those can be told apart, and then lower bounds: two errors
/// on one item may hide each other.
public struct AuditReport: Sendable {
  public struct Example: Sendable, Hashable {
    public let finding: AuditFinding
    public let item: ItemID
    /// When the last write to the item was acknowledged, in nanoseconds since the load's start, to the millisecond; nil when
    /// none was.
    public let acknowledgedNanoseconds: UInt64?
    /// What was expected and what was found, in words.
    public let text: String
  }

  /// What probes of the writes that were acknowledged within some time found.
  public struct StalenessBucket: Sendable, Hashable {
    /// Since the load's start.
    public let startNanoseconds: UInt64
    /// Writes that were probed, with an answer.
    public let probes: Int
    /// Of those, the ones that the first answered probe did not show.
    public let violations: Int
    /// The longest time from an acknowledgement to the start of the probe that showed the write or, of one that was never
    /// seen, of the last probe. 0 without violations.
    public let maxStalenessNanoseconds: UInt64
  }

  // MARK: What was audited

  /// Writes that ended `ok` during the load, of all verbs.
  public internal(set) var acknowledgedWrites = 0
  /// Writes that ended in an error, so that nobody knows whether they were done, of all verbs.
  public internal(set) var unknownWrites = 0
  /// Of both, those that no audit looks at, by verb; reactions that show in no read are under `react`.
  public internal(set) var notAuditedWrites: [Verb: Int] = [:]
  /// The share of items that was audited; 0 ... 1.
  public internal(set) var auditedShare = 0.0
  /// Items that the load wrote to, within that share.
  public internal(set) var auditedItems = 0
  /// Of those, the ones that could not be read back, for errors or for want of time.
  public internal(set) var notReadBack = 0
  /// Audited items that are to be listed, whose listing was not read far enough to tell.
  public internal(set) var listingsNotRead = 0
  /// Whether items that nobody published could be told: only where it is known what was there before the load.
  public internal(set) var tellsUnknownItems = false
  /// Whether too few replies could be told: not when there were more deletions than there was memory for.
  public internal(set) var tellsLostReplies = false

  // MARK: What was found

  public internal(set) var findings: [AuditFinding: Int] = [:]
  /// Lost writes and items: the sum of the findings of that category. Likewise the next two.
  public var lost: Int { count(.lost) }
  public var stale: Int { count(.stale) }
  public var duplicated: Int { count(.duplicated) }
  /// Nothing lost, stale or duplicated, and no member who could not read what it had written.
  public var isClean: Bool { findings.values.allSatisfy { $0 == 0 } && readYourWritesViolations == 0 }
  /// A few findings, by the order of the items, no more than a quarter of them of a kind.
  public internal(set) var examples: [Example] = []

  /// Publishes, edits and deletions of audited items whose outcome was unknown, that were found done...
  public internal(set) var unresolvedPresent = 0
  /// ...and those that were not.
  public internal(set) var unresolvedAbsent = 0

  // MARK: Read your writes

  /// Writes that their authors asked for at once, with an answer.
  public internal(set) var probes = 0
  /// Writes of which no probe was answered.
  public internal(set) var unansweredProbes = 0
  /// Writes that the first answered probe did not show.
  public internal(set) var readYourWritesViolations = 0
  /// Of those, the ones that no probe showed until it was given up or the load ended.
  public internal(set) var neverSeen = 0
  /// Of violations that ended: nanoseconds from the acknowledgement to the start of the first probe that showed the write.
  public internal(set) var staleness = LatencyHistogram.latencies(digits: .two)
  /// By time of acknowledgement, in order; what has no probes is left out.
  public internal(set) var stalenessTimeline: [StalenessBucket] = []
  /// Length of a bucket: a second or, of loads of more than an hour, a power of two of them.
  public internal(set) var stalenessBucketNanoseconds: UInt64 = 1_000_000_000

  private func count(_ category: AuditFinding.Category) -> Int {
    findings.reduce(0) { $0 + ($1.key.category == category ? $1.value : 0) }
  }

  /// Counts a finding, and keeps it as an example where there is room.
  mutating func add(
    _ finding: AuditFinding, count: Int = 1, _ item: ItemID, acknowledgedMilliseconds: UInt32?, limit: Int,
    _ text: @autoclosure () -> String
  ) {
    findings[finding, default: 0] += count
    guard examples.count < limit, examples.count(where: { $0.finding == finding }) < max(limit / 4, 1) else { return }
    examples.append(
      Example(
        finding: finding, item: item, acknowledgedNanoseconds: acknowledgedMilliseconds.map { UInt64($0) * 1_000_000 },
        text: text()))
  }
}
