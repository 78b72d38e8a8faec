// What Linux and the processor offer and Swift cannot call: functions with a variable number of arguments, a system call without a
// function, and memory that is asked for before it is needed.

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// As in the kernel's sched/types.h, which not every C library has.
struct clinux_sched_attr {
  uint32_t size, sched_policy;
  uint64_t sched_flags;
  int32_t sched_nice;
  uint32_t sched_priority;
  uint64_t sched_runtime, sched_deadline, sched_period;
};

/// Tells the scheduler how long the calling thread runs at a time, 100 us to 100 ms, and how nice it is: one that runs shortly goes
/// before one that runs long when it wakes. Kernels before 6.12 leave the time aside.
/// Returns 0, or -1 with `errno`.
static inline int clinux_set_slice(uint64_t nanoseconds, int32_t niceness) {
  struct clinux_sched_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.sched_nice = niceness;
  attributes.sched_runtime = nanoseconds;
  return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/// A pipe whose ends no process inherits that is started meanwhile: reading end, then writing end. Returns 0, or -1 with `errno`.
static inline int clinux_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }

/// `poll` to the nanosecond.
static inline int clinux_poll(struct pollfd *watched, unsigned long count, int64_t nanoseconds) {
  struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  return (int)syscall(SYS_ppoll, watched, count, &time, 0, 0);
}

/// Asks the kernel not to put the calling thread's wake-ups off by more than this, as it does by 50 us to save power.
static inline int clinux_set_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

/// Asks for the memory at an address, which will be read soon, without waiting for it. Any address will do.
static inline void clinux_prefetch(const void *address) { __builtin_prefetch(address); }
