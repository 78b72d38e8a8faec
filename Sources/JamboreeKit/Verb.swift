/// What a storage backend implements. All services compose these.
///
/// The fields of ``Operation`` that a verb reads, beyond `actor` and `intended`:
///
/// | verb | fields |
/// |---|---|
/// | `publish` | `subject` the new item, `container` where it is listed, arguments: further containers (tags, a person's page), `object` the item it answers or 0, `kind`, `topic`, `value`, payload |
/// | `edit` | `subject`, `expectedVersion`, payload; `conflict` when the version is another |
/// | `delete` | `subject`: hidden from every read, its replies stay |
/// | `react` | `subject`, `kind` (``ReactionKind``), `value`; one per member, item and kind: a later one replaces it (a download adds up instead) |
/// | `connect`, `disconnect` | `object` the other member, `kind` (``ConnectionKind``) |
/// | `join` | `container` |
/// | `deliver` | `subject` the item, arguments: the members whose inboxes it goes to |
/// | `markRead` | `value` how many of the newest notifications or inbox entries |
/// | `item` | `subject` |
/// | `revisions` | `subject`, `limit`: newest first |
/// | `thread` | `subject` the item at the top, `limit`, `object` how many replies to skip: the top item, then its newest replies, newest first |
/// | `listing` | `container`, `order`, `limit`, `object` how many items to skip; items that answer another are not listed |
/// | `recentByAuthors` | arguments: the authors; `limit`, newest first over all of them |
/// | `inbox` | `limit`, newest first |
/// | `notifications` | `limit`, newest first |
/// | `directory` | `object` the member after whose name the page starts (`.max`: from the start), `payloadSeed` up to 8 bytes of prefix (big-endian, zero-filled), `limit`: ascending collation key |
/// | `profile` | `object` the member: name, counts |
/// | `connections` | `object` the member, `kind`, `limit`, ascending id, or newest first with `order` `.newest` |
/// | `counts` | arguments: containers; `count` items and `sum` of their reactions |
/// | `search` | `payloadSeed` the term, `limit`, newest first |
/// | `scan` | `subject` the first id, `limit`: ascending id |
@frozen public enum Verb: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  case publish, edit, delete, react, connect, disconnect, join, deliver, markRead
  case item, revisions, thread, listing, recentByAuthors, inbox, notifications
  case directory, profile, connections, counts, search, scan

  @inlinable public var isWrite: Bool { rawValue <= Verb.markRead.rawValue }

  public var name: String { "\(self)" }
}

/// The order of a listing. Ties are broken by ``ItemID/tieBreak``, larger first.
@frozen public enum ListingOrder: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  /// By time of creation, newest first.
  case newest
  /// By the time of the latest reply (or creation), newest first.
  case active
}

/// What a reaction is. Services may take further raw values from 128 up.
@frozen public struct ReactionKind: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// A mark of 1 to 5, in `value`; summed and counted on the item.
  @inlinable public static var rating: ReactionKind { ReactionKind(rawValue: 0) }
  @inlinable public static var vote: ReactionKind { ReactionKind(rawValue: 1) }
  @inlinable public static var flag: ReactionKind { ReactionKind(rawValue: 2) }
  @inlinable public static var download: ReactionKind { ReactionKind(rawValue: 3) }
}

/// What ties two members. Services may take further raw values from 128 up.
@frozen public struct ConnectionKind: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  @inlinable public static var follow: ConnectionKind { ConnectionKind(rawValue: 0) }
  @inlinable public static var friend: ConnectionKind { ConnectionKind(rawValue: 1) }
}

/// Marks on an operation.
@frozen public struct OperationFlags: OptionSet, BitwiseCopyable, Sendable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Only the author may ever be shown the item.
  @inlinable public static var isPrivate: OperationFlags { OperationFlags(rawValue: 1) }
  /// The item's tone is negative.
  @inlinable public static var isNegative: OperationFlags { OperationFlags(rawValue: 2) }
  /// The harness did it, not a member: seed content and fan-out.
  @inlinable public static var isBackground: OperationFlags { OperationFlags(rawValue: 4) }
}
