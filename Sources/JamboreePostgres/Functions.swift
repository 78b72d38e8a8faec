import JamboreeKit

/// The writes about items, as functions in the server: each is one round trip and one transaction, as it would be on a platform
/// that cares. All answer an outcome (the raw value of ``Outcome``) and a version.
struct Functions {
  /// Whether sums over containers are kept; a row that every write changes is not to be had for nothing.
  let keepsTotals: Bool
  /// Whether there is an index of words.
  let indexesWords: Bool
  /// Nobody else writes, as when a history is loaded: the locks between a reply and what it answers are left out.
  var isAlone = false

  init(keepsTotals: Bool, indexesWords: Bool) {
    self.keepsTotals = keepsTotals
    self.indexesWords = indexesWords
  }

  /// Makes them, or replaces those of the same names.
  var sql: String {
    let addItem = """
      INSERT INTO container AS c (id, item_count) SELECT c, 1 FROM unnest(p_containers) c ORDER BY c
      ON CONFLICT (id) DO UPDATE SET item_count = c.item_count + 1;
      """
    // In order of their numbers, so that two writes never wait for each other.
    let lock = "PERFORM 1 FROM container WHERE id IN (SELECT container FROM listing WHERE item = p_id) ORDER BY id FOR NO KEY UPDATE;"
    let addRating = """
      \(lock)
      UPDATE container SET rating_sum = rating_sum + v_change WHERE id IN (SELECT container FROM listing WHERE item = p_id);
      """
    let removeItem = """
      \(lock)
      UPDATE container SET item_count = item_count - 1, rating_sum = rating_sum - v_item.rating_sum
      WHERE id IN (SELECT container FROM listing WHERE item = p_id);
      """
    func among(_ sql: String) -> String { isAlone ? "" : sql }
    func words(_ sql: String) -> String { indexesWords ? sql : "" }
    func totals(_ sql: String, _ condition: String) -> String { keepsTotals ? "IF \(condition) THEN \(sql) END IF;" : "" }
    return """
      CREATE OR REPLACE FUNCTION publish(
        p_id bigint, p_author bigint, p_parent bigint, p_created bigint, p_tie bigint, p_reader bigint, p_payload bigint,
        p_traits bigint, p_body text, p_containers bigint[], p_words text[], OUT outcome int, OUT version int
      ) LANGUAGE plpgsql AS $$
      DECLARE v_replies int; v_latest bigint;
      BEGIN
        outcome := 0; version := 1;
        IF p_id = 0 OR p_parent = p_id THEN outcome := 2; version := 0; RETURN; END IF;
        -- A reply may be written at the same time as what it answers: whoever comes second sees the other. The lesser number first,
        -- so that two that answer each other never wait for each other.
        \(among("IF p_parent <> 0 THEN PERFORM pg_advisory_xact_lock(least(p_id, p_parent)); END IF;"))
        \(among("PERFORM pg_advisory_xact_lock(greatest(p_id, CASE WHEN p_parent <> 0 THEN p_parent ELSE p_id END));"))
        INSERT INTO item (id, author, parent, created, tie, reader, active, payload, traits)
        VALUES (p_id, p_author, p_parent, p_created, p_tie, p_reader, p_created, p_payload, p_traits) ON CONFLICT (id) DO NOTHING;
        IF NOT FOUND THEN outcome := 2; version := 0; RETURN; END IF;
        INSERT INTO revision VALUES (p_id, 1, p_payload, p_body);
        SELECT count(*) FILTER (WHERE NOT deleted), max(created) INTO v_replies, v_latest
        FROM item WHERE parent = p_id AND parent <> 0 AND reader = 0;
        IF v_latest IS NOT NULL THEN
          UPDATE item SET reply_count = v_replies, active = greatest(p_created, v_latest) WHERE id = p_id;
        END IF;
        IF cardinality(p_containers) > 0 THEN
          INSERT INTO listing SELECT c, p_id, p_created, p_tie, greatest(p_created, v_latest), p_reader FROM unnest(p_containers) c;
          \(totals(addItem, "p_reader = 0"))
        END IF;
        \(words("INSERT INTO word SELECT w, p_created, p_tie, p_id, p_reader FROM unnest(p_words) w ON CONFLICT DO NOTHING;"))
        IF p_parent <> 0 AND p_reader = 0 THEN
          UPDATE item SET reply_count = reply_count + 1, active = greatest(active, p_created) WHERE id = p_parent AND NOT deleted;
          UPDATE listing SET active = p_created WHERE item = p_parent AND active < p_created;
        END IF;
      END $$;

      CREATE OR REPLACE FUNCTION react(
        p_id bigint, p_actor bigint, p_kind bigint, p_value bigint, p_accepted bigint, OUT outcome int, OUT version int
      ) LANGUAGE plpgsql AS $$
      DECLARE v_item item; v_old int; v_change int := 0; v_count int;
      BEGIN
        outcome := 0; version := 0;
        SELECT * INTO v_item FROM item WHERE id = p_id AND NOT deleted AND (reader = 0 OR reader = p_actor + 1) FOR NO KEY UPDATE;
        IF NOT FOUND THEN outcome := 1; RETURN; END IF;
        IF p_accepted = 0 THEN outcome := 2; RETURN; END IF;
        IF p_kind = \(ReactionKind.download.rawValue) THEN
          UPDATE item SET download_count = download_count + p_value::int WHERE id = p_id;
          RETURN;
        END IF;
        SELECT value INTO v_old FROM reaction WHERE item = p_id AND kind = p_kind AND member = p_actor;
        IF p_value <> 0 THEN
          INSERT INTO reaction VALUES (p_id, p_kind::smallint, p_actor, p_value::int)
          ON CONFLICT (item, kind, member) DO UPDATE SET value = excluded.value;
        ELSIF v_old IS NOT NULL THEN
          DELETE FROM reaction WHERE item = p_id AND kind = p_kind AND member = p_actor;
        END IF;
        IF p_kind <= \(ReactionKind.flag.rawValue) THEN v_change := p_value::int - coalesce(v_old, 0); END IF;
        v_count := (p_value <> 0)::int - (v_old IS NOT NULL)::int;
        CASE p_kind
        WHEN \(ReactionKind.rating.rawValue) THEN
          UPDATE item SET rating_sum = rating_sum + v_change, rating_count = rating_count + v_count WHERE id = p_id;
          \(totals(addRating, "v_change <> 0 AND v_item.reader = 0"))
        WHEN \(ReactionKind.vote.rawValue) THEN UPDATE item SET vote_sum = vote_sum + v_change WHERE id = p_id;
        WHEN \(ReactionKind.flag.rawValue) THEN UPDATE item SET flag_count = flag_count + v_count WHERE id = p_id;
        ELSE NULL;
        END CASE;
      END $$;

      CREATE OR REPLACE FUNCTION forget_words(p_item item) RETURNS void LANGUAGE sql AS $$
        DELETE FROM word WHERE created = p_item.created AND tie = p_item.tie AND word IN (
          SELECT unnest(string_to_array(translate(left(body, \(Payload.searchedBytes)), '.', ' '), ' ')) FROM revision
          WHERE item = p_item.id AND version = p_item.version)
      $$;

      CREATE OR REPLACE FUNCTION edit(
        p_id bigint, p_actor bigint, p_expected bigint, p_payload bigint, p_body text, p_words text[], OUT outcome int,
        OUT version int
      ) LANGUAGE plpgsql AS $$
      DECLARE v_item item;
      BEGIN
        SELECT * INTO v_item FROM item WHERE id = p_id AND NOT deleted AND (reader = 0 OR reader = p_actor + 1) FOR NO KEY UPDATE;
        IF NOT FOUND THEN outcome := 1; version := 0; RETURN; END IF;
        version := v_item.version;
        IF v_item.version <> p_expected THEN outcome := 3; RETURN; END IF;
        version := version + 1;
        outcome := 0;
        \(words("PERFORM forget_words(v_item);"))
        UPDATE item SET version = edit.version, payload = p_payload WHERE id = p_id;
        INSERT INTO revision VALUES (p_id, edit.version, p_payload, p_body);
        \(words("INSERT INTO word SELECT w, v_item.created, v_item.tie, p_id, v_item.reader FROM unnest(p_words) w ON CONFLICT DO NOTHING;"))
      END $$;

      CREATE OR REPLACE FUNCTION remove(p_id bigint, p_actor bigint, OUT outcome int, OUT version int) LANGUAGE plpgsql AS $$
      DECLARE v_item item; v_parent bigint;
      BEGIN
        outcome := 0; version := 0;
        -- What it answers may just be published: see there. As there, before any row is locked.
        \(among("SELECT parent INTO v_parent FROM item WHERE id = p_id;"))
        \(among("IF v_parent <> 0 THEN PERFORM pg_advisory_xact_lock(v_parent); END IF;"))
        SELECT * INTO v_item FROM item WHERE id = p_id AND NOT deleted AND (reader = 0 OR reader = p_actor + 1) FOR NO KEY UPDATE;
        IF NOT FOUND THEN outcome := 1; RETURN; END IF;
        UPDATE item SET deleted = true WHERE id = p_id;
        \(words("PERFORM forget_words(v_item);"))
        \(totals(removeItem, "v_item.reader = 0"))
        DELETE FROM listing WHERE item = p_id;
        IF v_item.parent <> 0 AND v_item.reader = 0 THEN
          UPDATE item SET reply_count = reply_count - 1 WHERE id = v_item.parent AND NOT deleted;
        END IF;
      END $$;

      -- Within a group: what does not end well ends the transaction, and takes what was before it along.
      CREATE OR REPLACE FUNCTION demand(p_outcome int, p_version int) RETURNS int LANGUAGE plpgsql AS $$
      BEGIN
        IF p_outcome <> 0 THEN
          RAISE EXCEPTION USING ERRCODE = 'JM00' || p_outcome, MESSAGE = p_version::text;
        END IF;
        RETURN 0;
      END $$;

      CREATE OR REPLACE FUNCTION demand_item(p_viewer bigint, p_id bigint, p_expected bigint) RETURNS int LANGUAGE plpgsql AS $$
      DECLARE v_version int;
      BEGIN
        SELECT i.version INTO v_version FROM item i
        WHERE i.id = p_id AND NOT i.deleted AND (i.reader = 0 OR i.reader = p_viewer);
        IF NOT FOUND THEN RETURN demand(1, 0); END IF;
        IF p_expected <> 0 AND v_version <> p_expected THEN RETURN demand(3, 0); END IF;
        RETURN 0;
      END $$;
      """
  }
}
