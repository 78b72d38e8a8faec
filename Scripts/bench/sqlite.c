// The peer of `jamboree bench storage sqlite`: the statements that the backend runs for each verb, on the same data and in the
// same order, in a bare loop over SQLite's own interface. What the backend adds to it is what it costs.
//
// Usage: sqlite FILE ITEMS OPERATIONS RUNS SEED     FILE as `bench storage sqlite:FILE --load-only` leaves it
// Prints a line a verb: its name and the nanoseconds of a call in the best run.

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNTERS "active, rating_sum, rating_count, reply_count, vote_sum, flag_count, download_count, version, payload, traits"
#define COLUMNS "id, created, " COUNTERS ", parent"
#define VISIBLE "(reader = 0 OR reader = ?1)"

static sqlite3 *db;
static sqlite3_stmt *item, *active, *replies, *present, *reaction, *set_reaction, *update_item, *update_listed, *taken,
    *insert_text, *insert_item, *insert_listed, *earlier, *join, *begin, *commit, *mark;

// The first 68 bytes are what a listing shows, and as large as the backend's.
typedef struct {
  int64_t id, created, active, payload;
  int32_t rating_sum, rating_count, reply_count, vote_sum, flag_count, download_count, version, room;
  int64_t traits, parent, container, further, text;
} row;
static row page[1024];

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) fail(sql);
  return statement;
}

static void done(sqlite3_stmt *statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_sql(statement));
  sqlite3_reset(statement);
}

static uint64_t mix64(uint64_t x) {
  x ^= x >> 27;
  x *= 0x3C79AC492BA7B653u;
  x ^= x >> 33;
  x *= 0x1C69B3F74AC4AE35u;
  return x ^ x >> 27;
}

static int64_t tie(uint64_t id) { return (int64_t)(mix64(id) ^ (uint64_t)1 << 63); }

static void take(sqlite3_stmt *s, row *r) {
  r->id = sqlite3_column_int64(s, 0), r->created = sqlite3_column_int64(s, 1), r->active = sqlite3_column_int64(s, 2);
  r->rating_sum = sqlite3_column_int(s, 3), r->rating_count = sqlite3_column_int(s, 4);
  r->reply_count = sqlite3_column_int(s, 5), r->vote_sum = sqlite3_column_int(s, 6);
  r->flag_count = sqlite3_column_int(s, 7), r->download_count = sqlite3_column_int(s, 8);
  r->version = sqlite3_column_int(s, 9), r->payload = sqlite3_column_int64(s, 10);
  r->traits = sqlite3_column_int64(s, 11), r->parent = sqlite3_column_int64(s, 12);
}

static void read_item(int64_t id, int64_t viewer) {
  sqlite3_bind_int64(item, 1, viewer);
  sqlite3_bind_int64(item, 2, id);
  if (sqlite3_step(item) != SQLITE_ROW) fail("item");
  take(item, &page[0]);
  sqlite3_reset(item);
}

static void read_rows(sqlite3_stmt *s, int64_t key, int64_t viewer, int64_t limit, int cards) {
  sqlite3_bind_int64(s, 1, viewer);
  sqlite3_bind_int64(s, 2, key);
  sqlite3_bind_int64(s, 3, limit);
  sqlite3_bind_int64(s, 4, 0);
  int count = 0, code;
  while ((code = sqlite3_step(s)) == SQLITE_ROW) {
    if (cards) {
      memcpy(&page[count++], sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    } else {
      take(s, &page[count++]);
    }
  }
  if (code != SQLITE_DONE) fail(sqlite3_sql(s));
  sqlite3_reset(s);
}

static int find(int64_t id, row *r) {
  sqlite3_bind_int64(present, 1, id);
  int code = sqlite3_step(present);
  if (code == SQLITE_ROW) {
    take(present, r);
    r->container = sqlite3_column_int64(present, 13), r->further = sqlite3_column_int64(present, 14);
    r->text = sqlite3_column_int64(present, 15);
  }
  sqlite3_reset(present);
  return code == SQLITE_ROW;
}

static void list(sqlite3_stmt *s, const row *r) {
  sqlite3_bind_int64(s, 1, r->container);
  sqlite3_bind_int64(s, 2, r->created);
  sqlite3_bind_int64(s, 3, tie((uint64_t)r->id));
  sqlite3_bind_int64(s, 4, r->active);
  sqlite3_bind_blob(s, 5, r, 68, SQLITE_STATIC);
  done(s);
}

static void update(const row *r) {
  const int64_t values[] = {r->id,        r->active,   r->rating_sum, r->rating_count,   r->reply_count, r->version,
                            r->payload,   r->vote_sum, r->flag_count, r->download_count, r->text};
  for (int i = 0; i < 11; i++) sqlite3_bind_int64(update_item, i + 1, values[i]);
  done(update_item);
  if (r->parent == 0 && r->container != 0) list(update_listed, r);
}

static void react(int64_t id, int64_t member, int value) {
  row r;
  if (!find(id, &r)) fail("react");
  sqlite3_stmt *both[] = {reaction, set_reaction};
  for (int i = 0; i < 2; i++) {
    sqlite3_bind_int64(both[i], 1, id);
    sqlite3_bind_int64(both[i], 2, 0);
    sqlite3_bind_int64(both[i], 3, member);
  }
  int earlier_value = 0, had = 0;
  if (sqlite3_step(reaction) == SQLITE_ROW) had = 1, earlier_value = sqlite3_column_int(reaction, 0);
  sqlite3_reset(reaction);
  sqlite3_bind_int(set_reaction, 4, value);
  done(set_reaction);
  r.rating_sum += value - earlier_value;
  r.rating_count += !had;
  update(&r);
}

static void publish(int64_t id, int64_t parent, int64_t container, int64_t created) {
  // A text is spelled out for each post, as the backend does it: syllables, and spaces between them.
  static char text[400];
  uint64_t bits = mix64((uint64_t)id);
  for (size_t i = 0; i + 3 <= sizeof text; i += 3) {
    if (i % 24 == 0) bits = mix64(bits + i);
    text[i] = "bcdfghklmnprstvz"[bits & 15];
    text[i + 1] = "aeio"[bits >> 4 & 3];
    text[i + 2] = ' ';
    bits >>= 6;
  }
  sqlite3_bind_int64(taken, 1, id);
  if (sqlite3_step(taken) == SQLITE_ROW) fail("taken");
  sqlite3_reset(taken);
  sqlite3_bind_text(insert_text, 1, text, sizeof text, SQLITE_STATIC);
  done(insert_text);
  row r = {.id = id, .created = created, .active = created, .parent = parent, .container = parent ? 0 : container, .version = 1};
  r.text = sqlite3_last_insert_rowid(db);
  sqlite3_bind_int64(earlier, 1, id);
  sqlite3_bind_int64(earlier, 2, created);
  if (sqlite3_step(earlier) != SQLITE_ROW) fail("earlier");
  r.reply_count = sqlite3_column_int(earlier, 0);
  sqlite3_reset(earlier);
  const int64_t values[] = {id, (int64_t)((uint64_t)id >> 32), parent, created, tie((uint64_t)id), 0, created,
                            r.reply_count, r.payload, 0, r.text, r.container, 0};
  for (int i = 0; i < 13; i++) sqlite3_bind_int64(insert_item, i + 1, values[i]);
  done(insert_item);
  if (r.container) {
    sqlite3_bind_int64(insert_listed, 6, 0);
    list(insert_listed, &r);
  }
  if (parent && find(parent, &r)) {
    r.reply_count++;
    if (created > r.active) r.active = created;
    update(&r);
  }
}

static const char *calls[] = {"item", "thread20", "listing20", "listing100", "react", "publishReply", "publishIdea", "join"};
enum { ITEM, THREAD20, LISTING20, LISTING100, REACT, PUBLISH_REPLY, PUBLISH_IDEA, JOIN, CALLS };

// As StorageWorld in Sources/jamboree/Bench/StorageBench.swift has them.
static void call(int which, int64_t tick, int64_t number, int64_t items, uint64_t seed) {
  const int64_t ideas = items / 5 > 1 ? items / 5 : 1;
  const uint64_t bits = mix64(seed ^ (uint64_t)tick << 32 ^ (uint64_t)number);
  const int64_t idea = (int64_t)(bits % (uint64_t)ideas);
  const int64_t id = (idea % 10000) << 32 | (idea / 10000 + 1);
  const int64_t member = (int64_t)((bits >> 32) % 10000);
  const int64_t forum = (int64_t)1 << 48 | (idea % 6 + 1);
  const int64_t now = items * 1000 + tick * 1000000000 + number * 1000;
  switch (which) {
  case ITEM: read_item(id, member + 1); break;
  case THREAD20:
    read_item(id, member + 1);
    read_rows(replies, id, member + 1, 19, 0);
    break;
  case LISTING20: read_rows(active, forum, member + 1, 20, 1); break;
  case LISTING100: read_rows(active, forum, member + 1, 100, 1); break;
  case REACT: react(id, member, (int)(bits >> 40 & 3) + 1); break;
  case PUBLISH_REPLY:
  case PUBLISH_IDEA:
    publish((0x40000000 + tick) << 32 | (number + 1), which == PUBLISH_REPLY ? id : 0, forum, now);
    break;
  case JOIN:
    sqlite3_bind_int64(join, 1, (int64_t)2 << 48 | (idea + 1));
    sqlite3_bind_int64(join, 2, member);
    done(join);
    break;
  }
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "usage: %s FILE ITEMS OPERATIONS RUNS SEED\n", arguments[0]);
    return 64;
  }
  const int64_t items = atoll(arguments[2]), operations = atoll(arguments[3]), runs = atoll(arguments[4]);
  const uint64_t seed = strtoull(arguments[5], NULL, 10);
  if (sqlite3_open_v2(arguments[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) fail(arguments[1]);
  const char *pragmas = "PRAGMA journal_mode = wal; PRAGMA synchronous = normal; PRAGMA cache_size = -262144;"
                        "PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 16384; PRAGMA temp_store = memory;";
  if (sqlite3_exec(db, pragmas, NULL, NULL, NULL) != SQLITE_OK) fail(pragmas);
  item = prepare("SELECT " COLUMNS " FROM item WHERE id = ?2 AND deleted = 0 AND " VISIBLE);
  active = prepare("SELECT card FROM listing INDEXED BY listing_by_activity WHERE container = ?2 AND " VISIBLE
                   " ORDER BY active DESC, tie DESC LIMIT ?3 OFFSET ?4");
  replies = prepare("SELECT " COLUMNS " FROM item INDEXED BY item_by_parent WHERE parent = ?2 AND parent <> 0 AND deleted = 0 AND "
                    VISIBLE " ORDER BY created DESC, tie DESC LIMIT ?3 OFFSET ?4");
  present = prepare("SELECT " COLUMNS ", container, further_containers, text FROM item WHERE id = ?1 AND deleted = 0");
  reaction = prepare("SELECT value FROM reaction WHERE item = ?1 AND kind = ?2 AND member = ?3");
  set_reaction = prepare("INSERT OR REPLACE INTO reaction VALUES (?1, ?2, ?3, ?4)");
  update_item = prepare("UPDATE item SET active = ?2, rating_sum = ?3, rating_count = ?4, reply_count = ?5, version = ?6, "
                        "payload = ?7, vote_sum = ?8, flag_count = ?9, download_count = ?10, text = ?11 WHERE id = ?1");
  update_listed = prepare("UPDATE listing SET active = ?4, card = ?5 WHERE container = ?1 AND created = ?2 AND tie = ?3");
  taken = prepare("SELECT 1 FROM item WHERE id = ?1");
  insert_text = prepare("INSERT INTO text (body) VALUES (?1)");
  earlier = prepare("SELECT ifnull(sum(deleted = 0), 0), ifnull(max(created), ?2) FROM item INDEXED BY item_by_parent "
                    "WHERE parent = ?1 AND parent <> 0 AND reader = 0");
  insert_item = prepare("INSERT INTO item (id, author, parent, created, tie, reader, active, reply_count, payload, traits, text, "
                        "container, further_containers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
  insert_listed = prepare("INSERT INTO listing (container, created, tie, active, card, reader) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  join = prepare("INSERT OR IGNORE INTO membership VALUES (?1, ifnull((SELECT sort_key FROM member WHERE id = ?2), x''), ?2)");
  begin = prepare("BEGIN");
  commit = prepare("COMMIT");
  mark = prepare("UPDATE platform SET value = ?1 WHERE key = 'tick'");
  int64_t tick = 0;
  for (int which = 0; which < CALLS; which++) {
    double best = 1e9;
    for (int64_t run = 0; run < runs; run++) {
      const double start = seconds();
      done(begin);
      for (int64_t number = 0; number < operations; number++) {
        call(which, tick, number, items, seed);
        if (number % 1000 == 999) {
          if (which >= REACT) {
            sqlite3_bind_int64(mark, 1, tick);
            done(mark);
            done(commit);
            done(begin);
          }
          tick++;
        }
      }
      done(commit);
      tick++;
      const double took = seconds() - start;
      if (took < best) best = took;
    }
    printf("%s %.1f\n", calls[which], best * 1e9 / (double)operations);
  }
  return 0;
}
