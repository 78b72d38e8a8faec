// PostgreSQL's C interface as the system has it: its pipeline mode is what keeps many requests of one connection under way.
#include <libpq-fe.h>

#include <poll.h>
#include <signal.h>
#include <time.h>

// Waits for sockets to the nanosecond; the C library shows it to GNU programs alone.
int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit, const sigset_t *mask);
