import JamboreeKit
import JamboreeMetrics
import Synchronization

/// Notices on their way from one worker to another.
final class LoadMail: Sendable {
  private final class Box: Sendable {
    let notices = Guarded<[Notice]>([])
    let isFull = Atomic<Bool>(false)
  }

  private let boxes: [Box]
  /// Notices that were sent and not taken.
  private let underWay = Atomic<Int>(0)
  /// Workers with nobody who could ever act again, unless mail comes.
  private let idle = Guarded<Set<Int>>([])

  init(workers: Int) { boxes = (0..<workers).map { _ in Box() } }

  /// A worker tells whether it has nobody left to act; answers whether no worker has, and nothing is on its way.
  func isIdle(_ isIdle: Bool, _ worker: Int) -> Bool {
    idle.withLock { idle in
      if isIdle { idle.insert(worker) } else { idle.remove(worker) }
      return idle.count == boxes.count && underWay.load(ordering: .acquiring) == 0
    }
  }

  func send(_ notice: Notice, to worker: Int) {
    underWay.add(1, ordering: .acquiringAndReleasing)
    boxes[worker].notices.withLock { $0.append(notice) }
    boxes[worker].isFull.store(true, ordering: .releasing)
  }

  /// A worker's mail, in the order in which it came.
  func take(_ worker: Int) -> [Notice] {
    guard boxes[worker].isFull.exchange(false, ordering: .acquiringAndReleasing) else { return [] }
    return boxes[worker].notices.withLock { notices in
      defer { notices = [] }
      // Before they count as taken: in between nobody may think that all are idle.
      if !notices.isEmpty { idle.withLock { _ = $0.remove(worker) } }
      underWay.subtract(notices.count, ordering: .acquiringAndReleasing)
      return notices
    }
  }
}

/// Samples on their way from the workers to whoever adds them up, and empty ones on their way back.
final class SampleQueue: @unchecked Sendable {
  // Safe to share: a sample is one worker's or the collector's at a time, and passes from one to the other under the lock.
  private struct State {
    var full: [UncheckedBox<LoadSample>] = []
    var empty: [UncheckedBox<LoadSample>] = []
  }

  private let state = Guarded(State())
  private let make: @Sendable () -> LatencyRecorder

  init(make: @escaping @Sendable () -> LatencyRecorder) { self.make = make }

  /// One with nothing in it.
  func fresh() -> LoadSample {
    if let spare = state.withLock({ $0.empty.popLast() }) { return spare.value }
    return LoadSample(recorder: make())
  }

  func handOver(_ sample: LoadSample) {
    let box = UncheckedBox(sample)
    state.withLock { $0.full.append(box) }
  }

  func takeAll() -> [LoadSample] {
    let boxes = state.withLock { state in
      defer { state.full = [] }
      return state.full
    }
    return boxes.map(\.value)
  }

  func giveBack(_ sample: LoadSample) {
    sample.clear()
    let box = UncheckedBox(sample)
    state.withLock { $0.empty.append(box) }
  }
}

/// Tells the workers to start nothing more.
final class StopFlag: Sendable {
  private let flag = Atomic<Bool>(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}
