/// Tells, of how late an action starts, what the generator has done and what the backend.
///
/// The backend delays a start while the window is full: there is no room for another request until it answers one. The
/// generator delays it while there is room and the worker is not there: it has too much to do, or the machine has taken its
/// processor away. What is left of such a delay when the worker comes back is the generator's debt: starts that wait behind
/// it for room are late because of it, each by at most the debt, until nobody waits any more.
struct LatenessCause {
  /// Shorter delays pass with the start that had them: while requests are under way, they keep nobody else waiting.
  private static let leastDebtNanoseconds: UInt64 = 1_000_000

  private var debtNanoseconds: UInt64 = 0
  /// Since when somebody has waited without a break while there was room; nil when nobody does.
  private var waitingSince: UInt64?

  /// There is room, and somebody has been due since `time` or before it.
  mutating func roomIsUnused(since time: UInt64) {
    if waitingSince == nil { waitingSince = time }
  }

  /// From `now` on there is no room.
  mutating func windowFilled(at now: UInt64) {
    guard let since = waitingSince else { return }
    owe(now &- since)
    waitingSince = nil
  }

  /// Nobody is due any more.
  mutating func caughtUp() {
    debtNanoseconds = 0
    waitingSince = nil
  }

  /// The worker slept longer than it wanted to while there was no room: it cannot have seen an answer in that time.
  mutating func overslept(nanoseconds: UInt64) { owe(nanoseconds) }

  private mutating func owe(_ nanoseconds: UInt64) {
    if nanoseconds >= Self.leastDebtNanoseconds { debtNanoseconds &+= nanoseconds }
  }

  /// Splits how late a start is, at the moment `now` in which it starts.
  func split(latenessNanoseconds: UInt64, at now: UInt64) -> (generator: UInt64, backend: UInt64) {
    let absent = waitingSince.map { now > $0 ? now &- $0 : 0 } ?? 0
    let generator = min(latenessNanoseconds, debtNanoseconds &+ absent)
    return (generator, latenessNanoseconds &- generator)
  }
}
