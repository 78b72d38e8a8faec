import Dispatch
import Glibc
import Synchronization

/// A fixed number of workers that run the same loop and meet at barriers.
///
/// Each worker is a serial Dispatch queue, which has a thread of its own, so that more workers than cores still all
/// make progress between barriers (`concurrentPerform` would run them one after the other and never get past one). The
/// queues live as long as the loop: a tick of 100 microseconds cannot afford waking threads.
final class WorkerGang: Sendable {
  let workers: Int
  private let arrivals = Atomic<Int>(0)
  private let generation = Atomic<UInt32>(0)
  private let spins: Int

  /// - Parameter workers: at least 1.
  init(workers: Int) {
    self.workers = max(workers, 1)
    // Spinning pays only while every worker has a core to itself.
    spins = self.workers <= sysconf(Int32(_SC_NPROCESSORS_ONLN)) ? 3_000 : 1
  }

  /// Runs `body` on every worker and returns when all have returned. Worker 0 is the calling thread.
  func run(_ body: @escaping @Sendable (_ worker: Int) -> Void) {
    let group = DispatchGroup()
    for worker in 1..<max(workers, 1) {
      DispatchQueue(label: "jamboree.worker.\(worker)", qos: .userInitiated).async(group: group) { body(worker) }
    }
    body(0)
    group.wait()
  }

  /// Returns when all workers have called it. What was written before it is seen by all after it.
  @inline(__always) func barrier() {
    if workers > 1 { meet() }
  }

  private func meet() {
    let mine = generation.load(ordering: .acquiring)
    if arrivals.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == workers {
      arrivals.store(0, ordering: .relaxed)
      generation.store(mine &+ 1, ordering: .releasing)
      return
    }
    var tries = 0
    while generation.load(ordering: .acquiring) == mine {
      tries += 1
      guard tries > spins else { continue }
      // Somebody is long at work (a commit, say) or has no core: stop burning this one.
      if tries < spins + 200 {
        sched_yield()
      } else {
        var pause = timespec(tv_sec: 0, tv_nsec: 50_000)
        nanosleep(&pause, nil)
      }
    }
  }
}
