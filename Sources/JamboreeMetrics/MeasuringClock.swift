import Glibc
import JamboreeKit

/// The clock that latencies are measured with: the machine's monotonic clock, or one that a test turns by hand.
public struct MeasuringClock: Sendable {
  private let manual: ManualClock?

  /// `CLOCK_MONOTONIC`.
  public static let monotonic = MeasuringClock(manual: nil)

  public static func manual(_ clock: ManualClock) -> MeasuringClock { MeasuringClock(manual: clock) }

  private init(manual: ManualClock?) { self.manual = manual }

  /// Nanoseconds since an arbitrary point; never goes back.
  @inline(__always) public func now() -> UInt64 {
    if let manual { return manual.read() }
    return monotonicNanoseconds()
  }

  /// What one reading costs, in nanoseconds: the least of several averages. Stored with every result, because each
  /// recorded latency contains about one reading.
  public func costNanoseconds() -> Double {
    var best = Double.infinity
    for _ in 0..<5 {
      let count = 20_000
      let start = monotonicNanoseconds()
      var last: UInt64 = 0
      for _ in 0..<count { last = now() }
      let end = monotonicNanoseconds()
      if last != 0 { best = min(best, Double(end - start) / Double(count)) }
    }
    return best
  }
}

@inline(__always)
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
}

/// Nanoseconds since 1970, for the moment at which a run started.
public func unixNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
