/// What a storage backend implements. All services compose these.
///
/// The fields of ``Operation`` that a verb reads, beyond `actor` and `intended`:
///
/// | verb | fields |
/// |---|---|
/// | `publish` | `subject` the new item, `container` where it is listed, arguments: further containers (tags, a person's page), `object` the item it answers or 0, `kind`, `topic`, `value`, `flags`, payload |
/// | `edit` | `subject`, `expectedVersion`, payload; `conflict` when the version is another |
/// | `delete` | `subject`: hidden from every read, its replies stay |
/// | `react` | `subject`, `kind` (``ReactionKind``), `value`; one per member, item and kind: a later one replaces it, `value` 0 withdraws it (a download adds up instead) |
/// | `connect`, `disconnect` | `object` the other member, `kind` (``ConnectionKind``) |
/// | `join` | `container` |
/// | `deliver` | `subject` the item, `kind` (``DeliveryKind``), `object` the item that caused it or 0 (for ``DeliveryKind/feed``: nanoseconds of virtual time at which the subject was created), arguments: the members to whom |
/// | `markRead` | `kind` (``DeliveryKind/feed`` for the inbox, any other for the notifications), `object` nanoseconds of virtual time: what was delivered until then has been seen |
/// | `item` | `subject`, `expectedVersion` (0: any); `conflict` when the version is another, so that a group can depend on what it does not change |
/// | `revisions` | `subject`, `limit`: newest first |
/// | `thread` | `subject` the item at the top, `limit` entries with the top one, `object` how many replies to skip: the top item, then its newest replies, newest first |
/// | `listing` | `container`, `order`, `limit`, `object` how many items to skip; items that answer another are not listed |
/// | `recentByAuthors` | arguments: the authors; `limit`, newest first over all of them, replies too |
/// | `inbox` | `limit`: items, newest first |
/// | `notifications` | `limit`, newest first |
/// | `directory` | `container` whose members are listed, or none for everybody; `object` the member after whose name the page starts (`.max`: from the start), `payloadSeed` up to 8 bytes of prefix (big-endian, zero-filled), `limit`: ascending collation key |
/// | `profile` | `object` the member |
/// | `connections` | `object` the member, `kind`, `limit`: ascending id |
/// | `counts` | arguments: containers; public items and the sum of their ratings |
/// | `search` | `payloadSeed` the number of a word of ``Vocabulary``, which ends within the first ``Payload/searchedBytes`` of a text; `limit`, newest first, replies too |
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
/// **Replies.** An item whose `object` is not 0 is a reply: in that item's `thread`, in `recentByAuthors`, `search` and
/// `scan`, and not listed, whatever containers it names. It may answer a reply; a thread holds the direct ones. A backend
/// does not look at the answered item when it accepts a reply (it may belong to another writer), so a reply to a missing,
/// deleted or private one is `ok` and is there by itself. An item is published no later than in the tick of its first
/// reply; what `thread` shows of earlier replies is not defined.
///
/// **Reactions.** A rating is 1 to 5, a vote -1 or 1, a flag 1, a download 1 or more; 0 withdraws a rating, a vote or a
/// flag, and to withdraw what was never given is `ok`. Any other value of these kinds is `rejected`. Reactions of other
/// kinds are kept, one per member, and show in no read here.
///
/// **Rows.** ``ItemRow/parent``, ``ItemRow/kind``, ``ItemRow/topic``, ``ItemRow/value`` and ``ItemRow/flags`` are as
/// published. ``ItemRow/replyCount`` is how many public direct replies are there; ``ItemRow/lastActive`` is the latest
/// time of creation among the item and all its public direct replies, those deleted since included. A private reply
/// changes neither. ``ItemRow/ratingSum``, ``ItemRow/ratingCount``, ``ItemRow/voteSum`` and ``ItemRow/flagCount`` are of
/// the reactions in force, ``ItemRow/downloadCount`` is the sum of all downloads. An `edit` changes version (from 1, by
/// one) and payload alone. Each row of `revisions` is the item as it is now, with the version and the payload of that
/// revision. Rows are current in every field, wherever they are shown.
///
/// **Text.** ``ItemRow/payload`` is the length and the checksum of the text. A backend that stores text may keep that
/// fingerprint in a column and answer from it; for an operation with ``OperationFlags/wantsText`` it reads the text of
/// every row that it shows and makes the fingerprint from what it read (``Payload/fingerprint(of:length:)``), because that
/// is what a page with the text costs.
///
/// **Order.** Equal times are ordered by ``ItemID/tieBreak``, larger first, in every verb that goes by time. The top of a
/// thread is on each of its pages.
///
/// **Pages.** A reply never has more entries than `limit`; 0 asks for none and only finds out whether the subject is
/// there. `item`, `counts` and `profile` read no limit. A skip past the end is an empty page, and `ok`.
///
/// **Counts.** ``Reply/keys`` has the number of items for each argument in turn; ``Reply/count`` and ``Reply/sum`` are
/// added up over the arguments. Private items are not counted, not even for their authors, so the answer is the same for
/// everyone.
///
/// **Connections** have a direction, from the actor to `object`, and each kind is apart; a tie that holds both ways is
/// two of them. The graph that was loaded is of kind ``ConnectionKind/follow``. To connect twice, to disconnect what is
/// not connected and to join twice are `ok`. An author or member that nobody knows has an empty page, and `ok`.
///
/// **Deliveries.** A member has an *inbox*, of items delivered with ``DeliveryKind/feed``, and *notifications*, of those
/// with another kind. Whether the item is there is not looked at when it is delivered, only when it is shown. What is
/// delivered in a tick is there from the tick's end. Both hold the ``inboxCapacity`` newest entries, counting those
/// whose items are not there (any more); a backend may drop the others for good.
/// - The inbox is ordered by the deliveries' `object`, which is the time of creation of the item. A delivery that repeats
///   another's subject and `object` changes nothing.
/// - Notifications are ordered by the delivery's `intended`; equal times by the mix of
///   ``deliveryTieBreak(subject:object:kind:actor:)``, larger first; a delivery that is the same in all of time, subject,
///   object, kind and actor is in them once. Each entry is a row of the subject in ``Reply/items`` and two keys:
///   `object`, and `kind << 32 | actor`. One whose subject is not there for the member is left out.
/// - ``Reply/count`` is how many of the entries held (shown or not) were delivered after the time until which `markRead`
///   says that all has been seen. A mark with an earlier time than the one in force changes nothing; all marks are `ok`.
///
/// **Names.** `directory` answers the members' numbers in ``Reply/keys``, ordered by ``Population/collationKey(of:)``
/// compared bytewise, then by number; with a prefix, those whose key begins with it (a prefix ends at its first zero byte). The members of a container are those
/// who have joined it. A page that starts after a member starts after where that member would be, whether or not it is one
/// of them; one that is not in the population is as good as `.max`.
///
/// **Profiles.** ``Reply/keys`` has the member's region, how many members it follows and is a friend of
/// (``ConnectionKind``), how many containers it has joined; ``Reply/count`` how many public items (replies too) it has
/// there, ``Reply/sum`` the sum of their ratings. `notFound` for who is not in the population.
///
/// **Replies to calls.** ``Reply/version`` is 1 after `publish`, the new version after `edit`, the present one after a
/// `conflict`; a group's is that of the last of its writes that gives one. Whatever a call has no use for stays as
/// ``Reply/reset()`` leaves it, and so does all of it for a read that is not `ok`. A verb that the descriptor does not
/// claim is `rejected`.
@frozen public enum Verb: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  // Writes from 0, reads from 32: the numbers are in every digest, so a new verb must not move another.
  case publish = 0, edit = 1, delete = 2, react = 3, connect = 4, disconnect = 5, join = 6, deliver = 7, markRead = 8
  case item = 32, revisions = 33, thread = 34, listing = 35, recentByAuthors = 36, inbox = 37, notifications = 38
  case directory = 39, profile = 40, connections = 41, counts = 42, search = 43, scan = 44

  @inlinable public var isWrite: Bool { rawValue < 32 }

  public var name: String { "\(self)" }
}

/// How many entries an inbox holds, and how many the notifications of a member.
public let inboxCapacity = 1024

/// The order among notifications of the same time.
@inlinable public func deliveryTieBreak(subject: ItemID, object: UInt64, kind: UInt8, actor: MemberID) -> UInt64 {
  mix64(subject.rawValue ^ mix64(object ^ mix64(UInt64(kind) << 32 | UInt64(actor.rawValue))))
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
  /// A mark of 1 to 5, in `value`; summed and counted on the item.
  @inlinable public static var rating: ReactionKind { ReactionKind(rawValue: 0) }
  /// For (1) or against (-1), in `value`; summed on the item.
  @inlinable public static var vote: ReactionKind { ReactionKind(rawValue: 1) }
  /// A member's word that the item breaks the rules; counted on the item.
  @inlinable public static var flag: ReactionKind { ReactionKind(rawValue: 2) }
  /// Fetched so many times, in `value`; added up on the item.
  @inlinable public static var download: ReactionKind { ReactionKind(rawValue: 3) }

  /// Whether a value makes sense for the kind; others are rejected. See ``Verb``.
  @inlinable public func accepts(_ value: Int32) -> Bool {
    switch self {
    case .rating: value >= 0 && value <= 5
    case .vote: value >= -1 && value <= 1
    case .flag: value == 0 || value == 1
    case .download: value >= 1
    default: true
    }
  }
}

/// What ties two members. Services may take further raw values from 128 up.
@frozen public struct ConnectionKind: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  @inlinable public static var follow: ConnectionKind { ConnectionKind(rawValue: 0) }
  @inlinable public static var friend: ConnectionKind { ConnectionKind(rawValue: 1) }
}

/// Why something is delivered to a member. Services may take further raw values from 128 up.
@frozen public struct DeliveryKind: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Somebody whom the member follows has made it: it goes into the inbox. All other kinds are notifications.
  @inlinable public static var feed: DeliveryKind { DeliveryKind(rawValue: 0) }
  @inlinable public static var reply: DeliveryKind { DeliveryKind(rawValue: 1) }
  @inlinable public static var mention: DeliveryKind { DeliveryKind(rawValue: 2) }
  @inlinable public static var reaction: DeliveryKind { DeliveryKind(rawValue: 3) }
  @inlinable public static var connection: DeliveryKind { DeliveryKind(rawValue: 4) }
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
  /// A read whose reader is shown the text of every row, not its title alone: see ``Verb``.
  @inlinable public static var wantsText: OperationFlags { OperationFlags(rawValue: 8) }
}
