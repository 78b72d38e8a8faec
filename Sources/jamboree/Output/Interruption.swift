import Dispatch
import Glibc
import Synchronization

/// What the signals do that ask the program to end: Ctrl-C, `kill`, a terminal that is closed.
///
/// While a run is measured, the first one stops it so that what was measured is kept. At any other time, and the second
/// time, the program ends at once, with exit code 130; of a run, its last checkpoint is kept.
final class Interruption: Sendable {
  static let shared = Interruption()

  private struct State {
    var isMeasuring = false
    var count = 0
    var lastThing: (@Sendable () -> Bool)?
    var isLeaving = false
  }
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "interruption", qos: .userInteractive)
  /// For how long the program waits for its last thing to be done.
  private static let patience = DispatchTimeInterval.seconds(1)
  nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

  private init() {}

  /// Begins to listen. Called once, first thing in the program.
  func watch() {
    // A write that cannot be made is an error where it is made: not a reason to die of.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      let before = unsafeBitCast(signal(number, SIG_IGN), to: Int.self)
      // `nohup` means it.
      if number == SIGHUP, before == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [self] in received() }
      source.resume()
      sources.append(source)
    }
  }

  /// Whether a run should stop. Asked for the first time, it is under way: from then on there is something to keep. Never returns
  /// where the program is about to end at once: a run that went on would write down a checkpoint of what is being taken away.
  func shouldStop() -> Bool {
    let hasCome = state.withLock { state in
      state.isMeasuring = true
      return state.count > 0
    }
    letLeave()
    return hasCome
  }

  /// What is to be done before the program ends at once, while all else goes on, and whether anything is kept then; nil when
  /// there is nothing to do any more.
  func beforeLeaving(_ body: (@Sendable () -> Bool)?) { state.withLock { $0.lastThing = body } }

  /// Never returns where the program is about to end at once: what fails meanwhile, because the ground is taken from under
  /// it, is neither to be told of nor an exit code.
  func letLeave() {
    while state.withLock({ $0.isLeaving }) { pause() }
  }

  var hasCome: Bool { state.withLock { $0.count > 0 } }

  private func received() {
    let (isMeasuring, count, lastThing) = state.withLock { state in
      state.count += 1
      state.isLeaving = !(state.isMeasuring && state.count == 1)
      return (state.isMeasuring, state.count, state.lastThing)
    }
    if isatty(STDERR_FILENO) == 1 { Console.note("\n") }
    if isMeasuring, count == 1 { return Console.complain("stopping; once more to stop at once") }
    let isKept = Mutex(false)
    if let lastThing {
      let isDone = DispatchSemaphore(value: 0)
      DispatchQueue.global(qos: .userInteractive).async {
        let kept = lastThing()
        isKept.withLock { $0 = kept }
        isDone.signal()
      }
      _ = isDone.wait(timeout: .now() + Self.patience)
    }
    Console.complain(
      !isMeasuring ? "interrupted"
        : isKept.withLock { $0 } ? "stopped at once; what the run's last checkpoint wrote down is kept"
        : "stopped at once; nothing had been written down of the run yet")
    // Other threads are at work: nothing may be torn down under them.
    _exit(Failure.interrupted)
  }
}
