import Foundation
import JamboreeEngine
import Synchronization

/// Progress of a run on standard error: one line that is overwritten in a terminal, a plain line now and then elsewhere.
final class ProgressPrinter: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let lastPlain = Mutex(DispatchTime.now().uptimeNanoseconds)

  func show(_ progress: RunProgress) {
    if let load = progress.load { return show(line(load)) }
    let share = min(Double(progress.virtualTime.nanoseconds) / Double(max(progress.durationNanoseconds, 1)), 1)
    let wall = Double(progress.wallNanoseconds) / 1e9
    let hours = progress.virtualTime.seconds / 3600
    let total = Double(progress.durationNanoseconds) / 3.6e12
    let remaining = share > 0.01 ? String(format: "%.0f s", wall / share - wall) : "..."
    let rate = Text.rate(wall > 0 ? Double(progress.operations) / wall : 0)
    let line =
      share < 1
      ? String(format: "  hour %.1f of %.0f  %3.0f%%  %@  ETA %@", hours, total, share * 100, rate, remaining)
      : String(format: "  hour %.1f, %.0f are over: who is still there finishes  %@", hours, total, rate)
    if progress.isReplay {
      show(String(format: "  doing the run again up to where it was interrupted: hour %.1f of %.0f", hours, total))
    } else {
      show(line)
    }
  }

  private func line(_ load: RunProgress.Load) -> String {
    let seconds = Double(load.elapsedNanoseconds) / 1e9
    let total = Double(load.totalNanoseconds) / 1e9
    let time = seconds <= total ? String(format: "%.0f of %.0f s", seconds, total) : String(format: "%.0f s after the load", seconds - total)
    let answers = load.p99Nanoseconds == 0 ? "no answers" : "p99 \(Text.duration(nanoseconds: Double(load.p99Nanoseconds)))"
    return "  \(load.phase)  \(time)  \(Text.rate(load.startsPerSecond)) starts  \(answers)  \(Text.grouped(load.errors)) errors a second"
  }

  private func show(_ line: String) {
    if isTerminal {
      Console.note("\r\u{1B}[K\(line)")
      return
    }
    let due = lastPlain.withLock { last in
      let now = DispatchTime.now().uptimeNanoseconds
      guard now - last > 5_000_000_000 else { return false }
      last = now
      return true
    }
    if due { Console.note(line + "\n") }
  }

  /// Clears the line.
  func finish() { if isTerminal { Console.note("\r\u{1B}[K") } }
}

/// What a command of many steps is at, on standard error: one line that is overwritten in a terminal, a line each elsewhere.
struct StepPrinter {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  let isQuiet: Bool

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func show(_ step: String) {
    if !isQuiet { Console.note(isTerminal ? "\r\u{1B}[K  \(step) ..." : "  \(step) ...\n") }
  }

  /// Clears the line.
  func finish() { if isTerminal, !isQuiet { Console.note("\r\u{1B}[K") } }
}
