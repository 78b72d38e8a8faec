/// What a storage backend implements. All services compose these.
///
/// The fields of ``Operation`` that a verb reads, beyond `actor` and `intended`:
///
/// | verb | fields |
/// |---|---|
/// | `publish` | `subject` the new item, `container` where it is listed, arguments: further containers (tags, a person's page), `object` the item it answers or 0, `kind`, `topic`, `value`, `flags`, payload |
/// | `edit` | `subject`, `expectedVersion`, payload; `conflict` when the version is another |
/// | `delete` | `subject`: hidden from every read, its replies stay |
/// | `react` | `subject`, `kind` (``ReactionKind``), `value`; one per member, item and kind: a later one replaces it (a download adds up instead) |
/// | `connect`, `disconnect` | `object` the other member, `kind` (``ConnectionKind``) |
/// | `join` | `container` |
/// | `deliver` | `subject` the item, arguments: the members whose inboxes it goes to |
/// | `markRead` | `value` how many of the newest notifications or inbox entries |
/// | `item` | `subject` |
/// | `revisions` | `subject`, `limit`: newest first |
/// | `thread` | `subject` the item at the top, `limit` entries with the top one, `object` how many replies to skip: the top item, then its newest replies, newest first |
/// | `listing` | `container`, `order`, `limit`, `object` how many items to skip; items that answer another are not listed |
/// | `recentByAuthors` | arguments: the authors; `limit`, newest first over all of them, replies too |
/// | `inbox` | `limit`, newest first |
/// | `notifications` | `limit`, newest first |
/// | `directory` | `object` the member after whose name the page starts (`.max`: from the start), `payloadSeed` up to 8 bytes of prefix (big-endian, zero-filled), `limit`: ascending collation key |
/// | `profile` | `object` the member: name, counts |
/// | `connections` | `object` the member, `kind`, `limit`: ascending id |
/// | `counts` | arguments: containers; `count` public items and `sum` of their ratings |
/// | `search` | `payloadSeed` the term, `limit`, newest first |
/// | `scan` | `subject` the first id, `limit`: ascending id, replies too |
///
/// What every backend that claims a verb agrees on; `BackendConformance` checks it.
///
/// **What is there.** An item is *there* for a member from the end of the tick in which it was published (for later
/// writes to it, which have the same ``Operation/ownerKey``, at once) until it is deleted, and a private one for its
/// author (the one in its id) alone. To `item`, `revisions`, `thread`, `edit`, `delete` and `react`, an item that is not
/// there for the actor is `notFound`, whatever the reason; every other read leaves it out, and skips and limits count what
/// is left.
///
/// **Publishing.** An id is used once: a second `publish` of it is `rejected`, also after a deletion; so is one of
/// ``ItemID/none`` and one that answers itself. The author is the one in the id, whoever acts. ``ContainerID/none`` lists
/// nowhere; a container that is named twice lists the item once. Containers need not be made: one where nothing is
/// listed is an empty page, and `ok`.
///
/// **Replies.** An item whose `object` is not 0 is a reply: in that item's `thread`, in `recentByAuthors` and `scan`, and
/// not listed, whatever containers it names. It may answer a reply; a thread holds the direct ones. A backend does not
/// look at the answered item when it accepts a reply (it may belong to another writer), so a reply to a missing, deleted
/// or private one is `ok` and is there by itself. An item is published no later than in the tick of its first reply;
/// what `thread` shows of earlier replies is not defined.
///
/// **Rows.** ``ItemRow/replyCount`` is how many public direct replies are there; ``ItemRow/lastActive`` is the latest time
/// of creation among the item and all its public direct replies, those deleted since included. A private reply changes
/// neither. ``ItemRow/ratingSum`` and ``ItemRow/ratingCount`` are of the ratings in force; a rating outside 1 to 5 is
/// `rejected`, and no other kind of reaction shows in any of these reads. An `edit` changes version (from 1, by one) and
/// payload alone. Each row of `revisions` is the item as it is now, with the version and the payload of that revision.
/// Rows of `thread` and `listing` are current in every field.
///
/// **Order.** Equal times are ordered by ``ItemID/tieBreak``, larger first, in every verb that goes by time. The top of a
/// thread is on each of its pages.
///
/// **Pages.** A reply never has more entries than `limit`; 0 asks for none and only finds out whether the subject is
/// there. `item` and `counts` read no limit. A skip past the end is an empty page, and `ok`.
///
/// **Counts.** `count` and `sum` are added up over the arguments. Private items are not counted, not even for their
/// authors, so the answer is the same for everyone.
///
/// **Connections** have a direction, from the actor to `object`, and each kind is apart; a tie that holds both ways is
/// two of them. The graph that was loaded is of kind ``ConnectionKind/follow``. To connect twice, to disconnect what is
/// not connected and to join twice are `ok`. An author or member that nobody knows has an empty page, and `ok`.
///
/// **Replies to calls.** ``Reply/version`` is 1 after `publish`, the new version after `edit`, the present one after a
/// `conflict`; a group's is that of the last of its writes that gives one. Whatever a call has no use for stays as
/// ``Reply/reset()`` leaves it, and so does all of it for a read that is not `ok`. A verb that the descriptor does not
/// claim is `rejected`.
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
  /// By ``ItemRow/lastActive``, the time of the latest reply (or creation), newest first.
  case active
}

/// What a reaction is. Services may take further raw values from 128 up.
@frozen public struct ReactionKind: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// A mark of 1 to 5, in `value`; summed and counted on the item. Others are rejected.
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
