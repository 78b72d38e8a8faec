// SQLite's C interface as the system has it: the sqlite backend calls it directly, because its own cost is what is measured.
#include <sqlite3.h>
