// SQLite's C interface as the system has it: the sqlite backend calls it directly, because its own cost is what is measured.
#include <sqlite3.h>

// Room for small allocations that a connection keeps for itself; a variadic call, which Swift does not make.
static inline int jamboree_sqlite3_lookaside(sqlite3 *db, int bytes, int count) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, (void *)0, bytes, count);
}
