import JamboreeKit

/// When the visits of a crowd begin that comes all at once: cumulative shares at times around the peak, straight lines between.
struct BurstCurve: Sendable {
  /// Hours from the peak and the share of all visits by then, ascending; from 0 to 1.
  let points: [(hours: Double, share: Double)]
  let peak: SimTime
  let durationNanoseconds: Int64

  /// A flash crowd on record, 72 hours wide: the share of a jam's posts by hours from its peak.
  static let flashCrowd: [(hours: Double, share: Double)] = [
    (-36, 0), (-24, 0.037), (-12, 0.156), (-6, 0.294), (0, 0.544), (6, 0.781), (12, 0.896), (24, 0.98), (36, 1),
  ]

  /// The time by which the given share of the visits has begun. What would lie outside the run falls on its ends: a crowd is
  /// complete, or it is not that crowd.
  func time(quantile: Double) -> SimTime {
    var index = 1
    while index < points.count - 1, points[index].share < quantile { index += 1 }
    let (from, to) = (points[index - 1], points[index])
    let width = to.share - from.share
    let hours = from.hours + (width > 0 ? (quantile - from.share) / width : 0) * (to.hours - from.hours)
    let nanoseconds = Double(peak.nanoseconds) + hours * 3.6e12
    return SimTime(nanoseconds: Int64(min(max(nanoseconds, 0), Double(durationNanoseconds - 1))))
  }
}
