import JamboreeKit

/// The tables of a schema, as a platform of this size would have them. The README says why each is as it is.
enum Schema {
  static let version = 1

  static let tables = """
    CREATE TABLE platform (key text PRIMARY KEY, value text NOT NULL);

    CREATE TABLE member (
      id bigint NOT NULL,
      region int NOT NULL,
      name text NOT NULL,
      sort_key bytea NOT NULL
    );

    CREATE TABLE connection (
      member bigint NOT NULL,
      kind smallint NOT NULL,
      other bigint NOT NULL
    );

    CREATE TABLE container (
      id bigint PRIMARY KEY,
      name text,
      item_count bigint NOT NULL DEFAULT 0,
      rating_sum bigint NOT NULL DEFAULT 0
    ) WITH (fillfactor = 50);

    CREATE TABLE membership (
      container bigint NOT NULL,
      sort_key bytea NOT NULL,
      member bigint NOT NULL,
      PRIMARY KEY (container, sort_key, member)
    );

    CREATE TABLE item (
      id bigint PRIMARY KEY,
      author bigint NOT NULL,
      parent bigint NOT NULL,
      created bigint NOT NULL,
      tie bigint NOT NULL,
      reader bigint NOT NULL,
      active bigint NOT NULL,
      payload bigint NOT NULL,
      traits bigint NOT NULL,
      rating_sum int NOT NULL DEFAULT 0,
      rating_count int NOT NULL DEFAULT 0,
      reply_count int NOT NULL DEFAULT 0,
      vote_sum int NOT NULL DEFAULT 0,
      flag_count int NOT NULL DEFAULT 0,
      download_count bigint NOT NULL DEFAULT 0,
      version int NOT NULL DEFAULT 1,
      deleted boolean NOT NULL DEFAULT false
    ) WITH (fillfactor = 80);
    CREATE INDEX item_by_parent ON item (parent, created DESC, tie DESC) WHERE parent <> 0;

    CREATE TABLE revision (
      item bigint NOT NULL,
      version int NOT NULL,
      payload bigint NOT NULL,
      body text NOT NULL,
      PRIMARY KEY (item, version)
    );

    CREATE TABLE listing (
      container bigint NOT NULL,
      item bigint NOT NULL,
      created bigint NOT NULL,
      tie bigint NOT NULL,
      active bigint NOT NULL,
      reader bigint NOT NULL
    ) WITH (fillfactor = 80);
    CREATE INDEX listing_by_time ON listing (container, created DESC, tie DESC);
    CREATE INDEX listing_by_activity ON listing (container, active DESC, tie DESC);
    CREATE INDEX listing_by_item ON listing (item);

    CREATE TABLE reaction (
      item bigint NOT NULL,
      kind smallint NOT NULL,
      member bigint NOT NULL,
      value int NOT NULL,
      PRIMARY KEY (item, kind, member)
    );

    CREATE TABLE inbox (
      member bigint NOT NULL,
      created bigint NOT NULL,
      tie bigint NOT NULL,
      item bigint NOT NULL,
      delivered bigint NOT NULL,
      PRIMARY KEY (member, created, tie)
    );

    CREATE TABLE notification (
      member bigint NOT NULL,
      delivered bigint NOT NULL,
      tie bigint NOT NULL,
      item bigint NOT NULL,
      object bigint NOT NULL,
      kind smallint NOT NULL,
      actor bigint NOT NULL,
      PRIMARY KEY (member, delivered, tie, item, object, kind, actor)
    );

    CREATE TABLE seen (
      member bigint PRIMARY KEY,
      inbox_until bigint,
      notifications_until bigint
    );

    CREATE TABLE word (
      word text COLLATE "C" NOT NULL,
      created bigint NOT NULL,
      tie bigint NOT NULL,
      item bigint NOT NULL,
      reader bigint NOT NULL,
      PRIMARY KEY (word, created, tie)
    );
    """

  /// What may hold much after loading. The rest of the database is somebody else's.
  static let analyzed = "member, connection, container, membership, item, revision, listing, reaction, word"

  /// Made after the members have been loaded, which is cheaper.
  static let memberIndexes = """
    ALTER TABLE member ADD PRIMARY KEY (id);
    ALTER TABLE connection ADD PRIMARY KEY (member, kind, other);
    """

  /// Indexes that only some verbs need, each with the verbs: an index that nobody reads costs every write.
  static let optionalIndexes: [(verbs: Set<Verb>, sql: String)] = [
    ([.directory], "CREATE INDEX member_by_name ON member (sort_key, id);"),
    ([.recentByAuthors, .profile], "CREATE INDEX item_by_author ON item (author, created DESC, tie DESC);"),
    ([.profile], "CREATE INDEX membership_by_member ON membership (member);"),
  ]
}
