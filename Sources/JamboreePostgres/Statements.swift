import Glibc
import JamboreeKit

/// What is prepared on each connection, when it is first used there.
enum Statement: Int, CaseIterable {
  case item, itemWithText, existence, replies, repliesWithText, newest, newestWithText, active, activeWithText
  case revisions, revisionsWithText, recent, recentWithText, counts, scan, scanWithText, search, searchWithText
  case connections, profile, directory, directoryOfContainer
  case inboxCount, inbox, inboxWithText, notificationCount, notifications, notificationsWithText
  case publish, edit, remove, react, connect, disconnect, join, deliverFeed, deliverNotice, trimInbox, trimNotifications
  case markInbox, markNotifications
  case demandPublish, demandEdit, demandRemove, demandReact, demandItem

  /// Object ids of PostgreSQL's types.
  enum Kind: UInt32 { case int8 = 20, text = 25, bytea = 17, int8Array = 1016, textArray = 1009 }

  /// As C takes it, made once.
  var name: UnsafePointer<CChar> { Self.names[rawValue] }
  nonisolated(unsafe) private static let names: UnsafePointer<UnsafePointer<CChar>> = {
    let names = UnsafeMutablePointer<UnsafePointer<CChar>>.allocate(capacity: allCases.count)
    for statement in allCases { (names + statement.rawValue).initialize(to: UnsafePointer(strdup("s\(statement.rawValue)"))) }
    return UnsafePointer(names)
  }()

  private static let columns = """
    i.id, i.created, i.active, i.rating_sum, i.rating_count, i.reply_count, i.vote_sum, i.flag_count, i.download_count,
    i.version, i.payload, i.traits, i.parent
    """
  /// Of the text that the row shows.
  private static let body = ", (SELECT r.body FROM revision r WHERE r.item = i.id AND r.version = i.version)"
  /// `$1` is always the viewer.
  private static func visible(_ table: String) -> String { "(\(table).reader = 0 OR \(table).reader = $1)" }
  private static var present: String { "NOT i.deleted AND \(visible("i"))" }
  private static let newestFirst = "created DESC, tie DESC"

  private static func listing(_ order: String, _ body: String) -> String {
    """
    SELECT \(columns)\(body) FROM (
      SELECT l.item, l.\(order), l.tie FROM listing l WHERE l.container = $2 AND \(visible("l"))
      ORDER BY l.\(order) DESC, l.tie DESC LIMIT $3 OFFSET $4) l
    JOIN item i ON i.id = l.item ORDER BY l.\(order) DESC, l.tie DESC
    """
  }

  private static func deliveries(_ columns: String, _ table: String, _ time: String, _ more: String) -> String {
    """
    SELECT \(columns) FROM (
      SELECT * FROM \(table) WHERE member = $2 ORDER BY \(time) DESC, tie DESC LIMIT \(inboxCapacity)) e
    JOIN item i ON i.id = e.item AND \(present) ORDER BY e.\(time) DESC, e.tie DESC\(more) LIMIT $3
    """
  }

  private static func unseen(_ table: String, _ time: String, _ mark: String) -> String {
    """
    SELECT count(*) FROM (
      SELECT delivered FROM \(table) WHERE member = $1 ORDER BY \(time) DESC, tie DESC LIMIT \(inboxCapacity)) e
    WHERE delivered > coalesce((SELECT \(mark) FROM seen WHERE member = $1), \(Int64.min + 1))
    """
  }

  private static func trim(_ table: String, _ time: String) -> String {
    """
    DELETE FROM \(table) e USING unnest($1::bigint[]) m WHERE e.member = m AND (e.\(time), e.tie) < (
      SELECT \(time), tie FROM \(table) WHERE member = m ORDER BY \(time) DESC, tie DESC LIMIT 1 OFFSET \(inboxCapacity - 1))
    """
  }

  private static func mark(_ column: String) -> String {
    """
    INSERT INTO seen AS s (member, \(column)) VALUES ($1, $2)
    ON CONFLICT (member) DO UPDATE SET \(column) = greatest(s.\(column), excluded.\(column))
    """
  }

  private static func names(_ table: String, _ id: String, _ more: String) -> String {
    // The page starts behind a member's place or at the prefix, whichever comes later.
    """
    SELECT \(id) FROM \(table) WHERE \(more)(sort_key, \(id)) > (
      coalesce((SELECT m.sort_key FROM member m WHERE m.id = $1 AND m.sort_key >= $2), $3),
      coalesce((SELECT m.id FROM member m WHERE m.id = $1 AND m.sort_key >= $2), -1)) AND sort_key < $4
    ORDER BY sort_key, \(id) LIMIT $5
    """
  }

  var sql: String {
    let columns = Self.columns
    func row(_ body: String) -> String { "SELECT \(columns)\(body) FROM item i WHERE i.id = $2 AND \(Self.present)" }
    func replies(_ body: String) -> String {
      """
      SELECT \(columns)\(body) FROM item i WHERE i.parent = $2 AND i.parent <> 0 AND \(Self.present)
      ORDER BY i.created DESC, i.tie DESC LIMIT $3 OFFSET $4
      """
    }
    func revisions(_ body: String) -> String {
      """
      SELECT r.version, r.payload\(body) FROM item i JOIN revision r ON r.item = i.id AND r.version < i.version
      WHERE i.id = $2 AND \(Self.present) ORDER BY r.version DESC LIMIT $3
      """
    }
    func recent(_ body: String) -> String {
      """
      SELECT \(columns)\(body) FROM (SELECT DISTINCT unnest($2::bigint[]) AS author) a CROSS JOIN LATERAL (
        SELECT * FROM item i WHERE i.author = a.author AND \(Self.present) ORDER BY i.created DESC, i.tie DESC LIMIT $3) i
      ORDER BY i.created DESC, i.tie DESC LIMIT $3
      """
    }
    // Ids have no sign and PostgreSQL's integers do: the upper half of the ids is a range of its own, and comes second.
    func scan(_ body: String) -> String {
      """
      SELECT \(columns)\(body) FROM (
        (SELECT 0 AS part, i.* FROM item i WHERE i.id >= $2 AND (i.id >= 0 OR $2 < 0) AND ($2 >= 0 OR i.id < 0) AND \(Self.present)
         ORDER BY i.id LIMIT $3)
        UNION ALL
        (SELECT 1 AS part, i.* FROM item i WHERE $2 >= 0 AND i.id < 0 AND \(Self.present) ORDER BY i.id LIMIT $3)) i
      ORDER BY i.part, i.id LIMIT $3
      """
    }
    func search(_ body: String) -> String {
      """
      SELECT \(columns)\(body) FROM (
        SELECT w.item, w.created, w.tie FROM word w WHERE w.word = $2 AND \(Self.visible("w"))
        ORDER BY w.created DESC, w.tie DESC LIMIT $3) w
      JOIN item i ON i.id = w.item AND \(Self.present) ORDER BY w.created DESC, w.tie DESC
      """
    }
    let keys = ", e.object, e.kind, e.actor"
    let publish = "publish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    func demand(_ call: String) -> String { "SELECT demand(f.outcome, f.version), f.version FROM \(call) f" }
    return switch self {
    case .item: row("")
    case .itemWithText: row(Self.body)
    case .existence: "SELECT 1 FROM item i WHERE i.id = $2 AND \(Self.present)"
    case .replies: replies("")
    case .repliesWithText: replies(Self.body)
    case .newest: Self.listing("created", "")
    case .newestWithText: Self.listing("created", Self.body)
    case .active: Self.listing("active", "")
    case .activeWithText: Self.listing("active", Self.body)
    case .revisions: revisions("")
    case .revisionsWithText: revisions(", r.body")
    case .recent: recent("")
    case .recentWithText: recent(Self.body)
    case .counts:
      """
      SELECT coalesce(c.item_count, 0), coalesce(c.rating_sum, 0) FROM unnest($1::bigint[]) WITH ORDINALITY a(id, place)
      LEFT JOIN container c ON c.id = a.id ORDER BY a.place
      """
    case .scan: scan("")
    case .scanWithText: scan(Self.body)
    case .search: search("")
    case .searchWithText: search(Self.body)
    case .connections: "SELECT other FROM connection WHERE member = $1 AND kind = $2 ORDER BY other LIMIT $3"
    case .profile:
      """
      SELECT m.region, (SELECT count(*) FROM connection WHERE member = $1 AND kind = \(ConnectionKind.follow.rawValue)),
        (SELECT count(*) FROM connection WHERE member = $1 AND kind = \(ConnectionKind.friend.rawValue)),
        (SELECT count(*) FROM membership WHERE member = $1), t.count, t.sum
      FROM member m, LATERAL (SELECT count(*), coalesce(sum(rating_sum), 0) AS sum FROM item
        WHERE author = $1 AND reader = 0 AND NOT deleted) t WHERE m.id = $1
      """
    case .directory: Self.names("member", "id", "")
    case .directoryOfContainer: Self.names("membership", "member", "container = $6 AND ")
    case .inboxCount: Self.unseen("inbox", "created", "inbox_until")
    case .inbox: Self.deliveries(columns, "inbox", "created", "")
    case .inboxWithText: Self.deliveries(columns + Self.body, "inbox", "created", "")
    case .notificationCount: Self.unseen("notification", "delivered", "notifications_until")
    case .notifications: Self.deliveries(columns + keys, "notification", "delivered", "")
    case .notificationsWithText: Self.deliveries(columns + keys + Self.body, "notification", "delivered", "")
    case .publish: "SELECT * FROM \(publish)"
    case .edit: "SELECT * FROM edit($1, $2, $3, $4, $5, $6)"
    case .remove: "SELECT * FROM remove($1, $2)"
    case .react: "SELECT * FROM react($1, $2, $3, $4, $5)"
    case .connect: "INSERT INTO connection VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    case .disconnect: "DELETE FROM connection WHERE member = $1 AND kind = $2 AND other = $3"
    case .join:
      """
      INSERT INTO membership SELECT $1, coalesce((SELECT sort_key FROM member WHERE id = $2), ''), $2 ON CONFLICT DO NOTHING
      """
    case .deliverFeed: "INSERT INTO inbox SELECT m, $2, $3, $4, $5 FROM unnest($1::bigint[]) m ON CONFLICT DO NOTHING"
    case .deliverNotice:
      "INSERT INTO notification SELECT m, $2, $3, $4, $5, $6, $7 FROM unnest($1::bigint[]) m ON CONFLICT DO NOTHING"
    case .trimInbox: Self.trim("inbox", "created")
    case .trimNotifications: Self.trim("notification", "delivered")
    case .markInbox: Self.mark("inbox_until")
    case .markNotifications: Self.mark("notifications_until")
    case .demandPublish: demand(publish)
    case .demandEdit: demand("edit($1, $2, $3, $4, $5, $6)")
    case .demandRemove: demand("remove($1, $2)")
    case .demandReact: demand("react($1, $2, $3, $4, $5)")
    case .demandItem: "SELECT demand_item($1, $2, $3)"
    }
  }

  /// Of its parameters; all that are not named here are whole numbers of 64 bits.
  var kinds: [Kind] {
    let int = Kind.int8
    return switch self {
    case .item, .itemWithText, .existence, .remove, .join, .markInbox, .markNotifications, .demandRemove: [int, int]
    case .replies, .repliesWithText, .newest, .newestWithText, .active, .activeWithText: [int, int, int, int]
    case .revisions, .revisionsWithText, .scan, .scanWithText, .connections, .inbox, .inboxWithText, .notifications,
      .notificationsWithText, .connect, .disconnect, .demandItem:
      [int, int, int]
    case .recent, .recentWithText: [int, .int8Array, int]
    case .counts, .trimInbox, .trimNotifications: [.int8Array]
    case .search, .searchWithText: [int, .text, int]
    case .profile, .inboxCount, .notificationCount: [int]
    case .directory: [int, .bytea, .bytea, .bytea, int]
    case .directoryOfContainer: [int, .bytea, .bytea, .bytea, int, int]
    case .publish, .demandPublish: [int, int, int, int, int, int, int, int, .text, .int8Array, .textArray]
    case .edit, .demandEdit: [int, int, int, int, .text, .textArray]
    case .react, .demandReact: [int, int, int, int, int]
    case .deliverFeed: [.int8Array, int, int, int, int]
    case .deliverNotice: [.int8Array, int, int, int, int, int, int]
    }
  }
}
