import JamboreeKit

/// What the audit keeps of one write: 40 bytes.
///
/// Sorted by item, kind and key, with the order of the calls kept among equals, an item's events lie together, and in them
/// all that one member did to it in one way.
struct AuditEvent: BitwiseCopyable, Sendable {
  enum Kind: UInt8, Sendable {
    case publish, edit, deletion, rating, vote, flag, download
    /// A public reply to the item was published.
    case reply
  }

  struct Marks: OptionSet, BitwiseCopyable, Sendable {
    var rawValue: UInt8
    /// Nobody said whether it was done.
    static let isUnknown = Marks(rawValue: 1)
    /// The backend refused it: the item may be there all the same, made by an earlier try.
    static let isRefused = Marks(rawValue: 2)
    static let isPrivate = Marks(rawValue: 4)
    static let isReply = Marks(rawValue: 8)
    /// It was there before the load.
    static let isHistory = Marks(rawValue: 16)
  }

  var item: ItemID
  /// The container of what is published or the item that it answers; an edit's new version; who reacts; which item replies.
  var key: UInt64
  var payloadSeed: UInt64 = 0
  /// Length of a payload in bytes; a reaction's value as a bit pattern.
  var amount: UInt32 = 0
  /// When it was acknowledged, since the load's start.
  var milliseconds: UInt32
  var kind: Kind
  var marks: Marks

  var isUncertain: Bool { !marks.isDisjoint(with: [.isUnknown, .isRefused]) }

  static func areInOrder(_ a: AuditEvent, _ b: AuditEvent) -> Bool {
    if a.item != b.item { return a.item < b.item }
    if a.kind != b.kind { return a.kind.rawValue < b.kind.rawValue }
    return a.key < b.key
  }
}
