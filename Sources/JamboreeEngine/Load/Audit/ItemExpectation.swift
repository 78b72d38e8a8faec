import JamboreeKit

/// What must be found of an item, from all that was acknowledged of it and all whose outcome is not known.
struct ItemExpectation {
  /// Whether something was done.
  enum Certainty { case never, perhaps, surely }

  /// What a sum over members' reactions of one kind may be.
  struct Interval {
    var least: Int64 = 0
    var most: Int64 = 0
  }

  /// A kind of reaction of which each member has one.
  struct Reactions {
    var count = Interval()
    var sum = Interval()
    /// Members whose acknowledged reaction counts for nothing: one of those that comes up is a lost withdrawal.
    var withdrawals: Int64 = 0
    /// Some member reacted more than once, so that one lost write may change the sum by more than one reaction.
    var hasReplacements = false
    /// Members whose acknowledged reaction is below 0 or above it, or replaced another.
    var canMissNegative = false
    var canMissPositive = false
  }

  var published = Certainty.never
  var isHistory = false
  var isPrivate = false
  var isReply = false
  /// Published by a write that ended in an error.
  var isPublishUnknown = false
  /// Where it is listed; none for a reply.
  var container = ContainerID.none
  /// Something that ended `ok` proves that it was there.
  var isProven = false
  var deletion = Certainty.never
  var hasUnknownDeletion = false
  /// The latest version that was acknowledged, 1 for the publishing; 0 for none. Its text:
  var version: UInt32 = 0
  var payloadSeed: UInt64 = 0
  var payloadLength: UInt32 = 0
  var acknowledgedEdits: UInt32 = 0
  var unknownEdits: UInt32 = 0
  var ratings = Reactions()
  var votes = Reactions()
  var flags = Reactions()
  var downloads = Interval()
  /// The largest number of downloads in one acknowledged write.
  var largestDownload: Int64 = 0
  var lastAcknowledgedMilliseconds: UInt32 = 0

  /// Whether all that was ever done to it is known.
  var isWhole: Bool { published != .never }

  static func deletion(in events: ArraySlice<AuditEvent>) -> Certainty {
    var found = Certainty.never
    for event in events where event.kind == .deletion {
      if !event.isUncertain { return .surely }
      found = .perhaps
    }
    return found
  }

  /// - Parameter events: all of the item's, in order.
  init(_ events: ArraySlice<AuditEvent>) {
    deletion = Self.deletion(in: events)
    var index = events.startIndex
    while index < events.endIndex {
      let event = events[index]
      var end = index + 1
      while end < events.endIndex, events[end].kind == event.kind, events[end].key == event.key { end += 1 }
      let group = events[index..<end]
      for event in group where !event.isUncertain && !event.marks.contains(.isHistory) {
        lastAcknowledgedMilliseconds = max(lastAcknowledgedMilliseconds, event.milliseconds)
      }
      switch event.kind {
      case .publish: for event in group { publish(event) }
      case .edit: for event in group { edit(event) }
      case .deletion: hasUnknownDeletion = group.contains { $0.marks.contains(.isUnknown) }
      case .rating: react(group, \.ratings)
      case .vote: react(group, \.votes)
      case .flag: react(group, \.flags)
      case .download: for event in group { download(event) }
      // The replies' own fates decide: see ``AuditJudge``.
      case .reply: break
      }
      index = end
    }
    if isProven { published = published == .never ? .never : .surely }
  }

  private mutating func publish(_ event: AuditEvent) {
    // Of what has the id that was refused, nothing is known.
    if event.marks.contains(.isRefused) { return }
    if event.marks.contains(.isUnknown) {
      isPublishUnknown = true
      guard published == .never else { return }
      published = .perhaps
    } else {
      published = .surely
      isProven = true
    }
    isHistory = event.marks.contains(.isHistory)
    isPrivate = event.marks.contains(.isPrivate)
    isReply = event.marks.contains(.isReply)
    container = isReply ? .none : ContainerID(rawValue: event.key)
    (version, payloadSeed, payloadLength) = (1, event.payloadSeed, event.amount)
  }

  private mutating func edit(_ event: AuditEvent) {
    guard !event.isUncertain else {
      unknownEdits += 1
      return
    }
    acknowledgedEdits += 1
    isProven = true
    // Edits come by version: the last one is the latest.
    (version, payloadSeed, payloadLength) = (UInt32(truncatingIfNeeded: event.key), event.payloadSeed, event.amount)
  }

  /// - Parameter group: what one member did, in order.
  private mutating func react(_ group: ArraySlice<AuditEvent>, _ path: WritableKeyPath<ItemExpectation, Reactions>) {
    var possible: [Int64] = []
    var acknowledged: Int64?
    var acknowledgedCount = 0
    for event in group {
      let value = Int64(Int32(bitPattern: event.amount))
      if event.isUncertain {
        possible.append(value)
      } else {
        acknowledged = value
        acknowledgedCount += 1
      }
    }
    if acknowledged != nil { isProven = true }
    possible.append(acknowledged ?? 0)
    let (least, most) = (possible.min() ?? 0, possible.max() ?? 0)
    self[keyPath: path].count.least += possible.contains(0) ? 0 : 1
    self[keyPath: path].count.most += possible.contains { $0 != 0 } ? 1 : 0
    self[keyPath: path].sum.least += least
    self[keyPath: path].sum.most += most
    if acknowledged == 0 { self[keyPath: path].withdrawals += 1 }
    if acknowledgedCount > 1 { self[keyPath: path].hasReplacements = true }
    if let acknowledged, acknowledged < 0 || acknowledgedCount > 1 { self[keyPath: path].canMissNegative = true }
    if let acknowledged, acknowledged > 0 || acknowledgedCount > 1 { self[keyPath: path].canMissPositive = true }
  }

  private mutating func download(_ event: AuditEvent) {
    let value = Int64(Int32(bitPattern: event.amount))
    downloads.most += value
    guard !event.isUncertain else { return }
    isProven = true
    downloads.least += value
    largestDownload = max(largestDownload, value)
  }

  /// The versions that may be found; the upper end only where all of it is known.
  var versions: ClosedRange<UInt32> {
    let least = max(1 &+ acknowledgedEdits, version, 1)
    // An unknown edit may be one that the acknowledged versions already count.
    return least...max(least, 1 &+ acknowledgedEdits &+ unknownEdits)
  }
}
