import Foundation
import Synchronization

/// Ctrl-C, and what ends a program from outside. A run that is being measured stops and keeps what it has, the second
/// time it stops at once; anything else stops at once.
final class Interrupts: Sendable {
  static let shared = Interrupts()

  private let count = Atomic<Int>(0)
  /// Whether there is something to keep.
  private let isMeasuring = Atomic<Bool>(false)

  var isInterrupted: Bool { count.load(ordering: .relaxed) > 0 }

  /// From now on an interrupted run is to be kept.
  func beginMeasuring() { isMeasuring.store(true, ordering: .relaxed) }

  /// - Note: Called once, before anything else is under way.
  func install() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let before = signal(number, SIG_IGN)
      // `nohup` has said that a closed terminal means nothing.
      if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler { [self] in
        handle()
        // Keeps the source alive for as long as the process: it is never cancelled.
        _ = source
      }
      source.resume()
    }
  }

  private func handle() {
    let isFirst = count.wrappingAdd(1, ordering: .relaxed).newValue == 1
    guard isFirst, isMeasuring.load(ordering: .relaxed) else {
      if isFirst { Console.complain("interrupted") }
      // Without the exit handlers: other threads are still at work.
      _exit(Failure.interrupted)
    }
    Console.err("\n")
    Console.complain("stopping; once more to stop at once")
  }
}
