import JamboreeKit

/// The tables of a data file, as a platform of this size would have them. The README says why each is as it is.
enum Schema {
  /// `JamS`, in the header of each data file.
  static let applicationID = 0x4A61_6D53
  static let version = 1

  /// What every row of an item shows beside its parent, in the order of ``ItemRow/init(_:)``.
  private static let counters = "active, rating_sum, rating_count, reply_count, vote_sum, flag_count, download_count, version, payload, traits"

  /// Of a table that has the item's id as `id`.
  static let itemColumns = "id, created, \(counters), parent"

  static let tables = """
    CREATE TABLE platform (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

    CREATE TABLE member (
      id INTEGER PRIMARY KEY,
      region INTEGER NOT NULL,
      name TEXT NOT NULL,
      sort_key BLOB NOT NULL
    );

    CREATE TABLE connection (
      member INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      other INTEGER NOT NULL,
      PRIMARY KEY (member, kind, other)
    ) WITHOUT ROWID;

    CREATE TABLE container (
      id INTEGER PRIMARY KEY,
      name TEXT,
      item_count INTEGER NOT NULL DEFAULT 0,
      rating_sum INTEGER NOT NULL DEFAULT 0
    );

    CREATE TABLE membership (
      container INTEGER NOT NULL,
      sort_key BLOB NOT NULL,
      member INTEGER NOT NULL,
      PRIMARY KEY (container, sort_key, member)
    ) WITHOUT ROWID;

    CREATE TABLE item (
      id INTEGER PRIMARY KEY,
      author INTEGER NOT NULL,
      parent INTEGER NOT NULL,
      created INTEGER NOT NULL,
      tie INTEGER NOT NULL,
      reader INTEGER NOT NULL,
      active INTEGER NOT NULL,
      rating_sum INTEGER NOT NULL DEFAULT 0,
      rating_count INTEGER NOT NULL DEFAULT 0,
      reply_count INTEGER NOT NULL DEFAULT 0,
      vote_sum INTEGER NOT NULL DEFAULT 0,
      flag_count INTEGER NOT NULL DEFAULT 0,
      download_count INTEGER NOT NULL DEFAULT 0,
      version INTEGER NOT NULL DEFAULT 1,
      payload INTEGER NOT NULL,
      traits INTEGER NOT NULL,
      text INTEGER NOT NULL,
      container INTEGER NOT NULL,
      further_containers INTEGER NOT NULL DEFAULT 0,
      deleted INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX item_by_parent ON item (parent, created, tie, reader, deleted, id, \(counters)) WHERE parent <> 0;

    CREATE TABLE further_container (
      item INTEGER NOT NULL,
      container INTEGER NOT NULL,
      PRIMARY KEY (item, container)
    ) WITHOUT ROWID;

    CREATE TABLE listing (
      container INTEGER NOT NULL,
      created INTEGER NOT NULL,
      tie INTEGER NOT NULL,
      active INTEGER NOT NULL,
      reader INTEGER NOT NULL,
      card BLOB NOT NULL,
      PRIMARY KEY (container, created, tie)
    ) WITHOUT ROWID;
    CREATE INDEX listing_by_activity ON listing (container, active, tie, reader, card);

    CREATE TABLE text (
      id INTEGER PRIMARY KEY,
      body TEXT NOT NULL
    );

    CREATE TABLE earlier_revision (
      item INTEGER NOT NULL,
      version INTEGER NOT NULL,
      payload INTEGER NOT NULL,
      text INTEGER NOT NULL,
      PRIMARY KEY (item, version)
    ) WITHOUT ROWID;

    CREATE TABLE reaction (
      item INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      member INTEGER NOT NULL,
      value INTEGER NOT NULL,
      PRIMARY KEY (item, kind, member)
    ) WITHOUT ROWID;

    CREATE TABLE inbox (
      member INTEGER NOT NULL,
      created INTEGER NOT NULL,
      tie INTEGER NOT NULL,
      item INTEGER NOT NULL,
      delivered INTEGER NOT NULL,
      PRIMARY KEY (member, created, tie)
    ) WITHOUT ROWID;

    CREATE TABLE notification (
      member INTEGER NOT NULL,
      delivered INTEGER NOT NULL,
      tie INTEGER NOT NULL,
      item INTEGER NOT NULL,
      object INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      actor INTEGER NOT NULL,
      PRIMARY KEY (member, delivered, tie, item, object, kind, actor)
    ) WITHOUT ROWID;

    CREATE TABLE seen (
      member INTEGER PRIMARY KEY,
      inbox_until INTEGER,
      notifications_until INTEGER
    );
    """

  /// Indexes that only some verbs need, each with the verbs, made when the run calls one of them: an index that nobody
  /// reads costs every write.
  static let optionalIndexes: [(verbs: Set<Verb>, sql: String)] = [
    ([.directory], "CREATE INDEX member_by_name ON member (sort_key, id);"),
    ([.recentByAuthors, .profile], "CREATE INDEX item_by_author ON item (author, created, tie, reader, deleted);"),
    ([.profile], "CREATE INDEX membership_by_member ON membership (member);"),
    (
      [.search],
      """
      CREATE TABLE word (
        word TEXT NOT NULL,
        created INTEGER NOT NULL,
        tie INTEGER NOT NULL,
        item INTEGER NOT NULL,
        reader INTEGER NOT NULL,
        PRIMARY KEY (word, created, tie)
      ) WITHOUT ROWID;
      """
    ),
  ]
}

extension ItemRow {
  /// The row at which a statement over ``Schema/itemColumns`` stands.
  @inline(__always) init(_ statement: Statement) { self.init(columns: { statement.int($0) }) }
}
