import JamboreeKit

/// How wall time and virtual time go together in a load run, and when its parts begin and end.
struct LoadClock: Sendable {
  /// Wall time at which the load starts.
  let start: UInt64
  /// Virtual time at that moment.
  let from: Int64
  /// Virtual nanoseconds in one of wall time; nil when a rate tells when actions start.
  let compression: Double?
  /// Wall time at which the measured part begins and ends, and at which nothing is waited for any more.
  let measureStart: UInt64
  let measureEnd: UInt64
  let drainEnd: UInt64

  func isMeasured(_ intended: UInt64) -> Bool { intended >= measureStart && intended < measureEnd }

  /// When a virtual time is due; only with a compression.
  func wall(of virtual: Int64) -> UInt64 {
    guard let compression, virtual > from else { return start }
    return start &+ UInt64(min(Double(virtual &- from) / compression, 4e18))
  }

  /// The virtual time of a moment; only with a compression.
  func virtual(at wall: UInt64) -> Int64 {
    guard let compression, wall > start else { return from }
    return from &+ Int64(min(Double(wall &- start) * compression, 4e18))
  }
}
