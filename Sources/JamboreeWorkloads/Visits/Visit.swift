import JamboreeKit

/// A member's presence in a service, whether online or not. What a visit needs is taken along into it and brought back at its end.
struct Visitor: BitwiseCopyable {
  var member: UInt32
  /// The place in the roster.
  var participant: UInt32
  /// How many random numbers have been drawn.
  var draws: UInt32 = 0
  /// Tag of the only wake-up that counts.
  var tag: UInt32 = 0
  /// Where the next visit lies in the region's order of arrivals, in 2^-32.
  var quantile: UInt32 = 0
  /// How many items the member has published in the service.
  var published: UInt32 = 0
  var visitsLeft: UInt32
}

/// A visit that is under way.
public struct Visit: BitwiseCopyable {
  public static let mostActivities = 10
  public static let mostTargets = 6

  public let member: UInt32
  public let participant: UInt32
  /// The number of the visitor within the shard.
  let visitor: UInt32
  var draws: UInt32
  /// Tag of the only wake-up that counts.
  var tag: UInt32 = 0
  var published: UInt32
  /// The activity under way, by its number.
  public var activity: UInt8 = 0
  /// How many replies it has had: an action of several reads goes by this.
  public var stage: UInt8 = 0
  /// How often the activity has been begun anew after a conflict.
  public var retries: UInt8 = 0
  /// Whether the next wake-up is to begin it anew.
  var isRetry = false
  /// Whether the writes under way belong to an action that is done again when they end in a conflict.
  public var retriesConflicts = false
  let region: UInt8
  private(set) var targetCount: UInt8 = 0
  /// Of each activity, what is still to be done in the visit.
  var left: InlineArray<10, UInt16> = InlineArray(repeating: 0)
  /// What was opened last.
  public var lastRead = ItemID.none
  /// Where the visitor is: a container, a page, a member, as the service has it.
  public var place: UInt64 = 0
  /// For the service's own use between two steps of an action.
  public var note: UInt64 = 0
  private var targets: InlineArray<6, ItemID> = InlineArray(repeating: .none)

  init(_ visitor: Visitor, number: UInt32, region: UInt8) {
    member = visitor.member
    participant = visitor.participant
    self.visitor = number
    draws = visitor.draws
    published = visitor.published
    self.region = region
  }

  /// Forgets what was meant to be opened.
  public mutating func clearTargets() { targetCount = 0 }

  /// Adds to what will be opened; the first ones stay if there is no room.
  public mutating func addTarget(_ item: ItemID) {
    guard Int(targetCount) < Visit.mostTargets else { return }
    targets[Int(targetCount)] = item
    targetCount += 1
  }

  /// Whether an item is among what is to be opened.
  func hasTarget(_ item: ItemID) -> Bool {
    for index in 0..<Int(targetCount) where targets[index] == item { return true }
    return false
  }

  /// Takes what is to be opened next; nil when there is nothing.
  public mutating func takeTarget() -> ItemID? {
    guard targetCount > 0 else { return nil }
    targetCount -= 1
    return targets[Int(targetCount)]
  }
}
