import JamboreeKit

/// When the visits of a crowd begin that comes all at once: cumulative shares at times around the peak, straight lines between.
///
/// What of the curve lies outside the run is cut off, and the crowd comes within the rest of it.
struct BurstCurve: Sendable {
  /// Nanoseconds of virtual time and the share of all visits by then, ascending.
  private let points: [(nanoseconds: Double, share: Double)]
  private let first: Double
  private let last: Double
  private let durationNanoseconds: Int64

  /// A flash crowd on record, 72 hours wide: the share of a jam's posts by hours from its peak.
  static let flashCrowd: [(hours: Double, share: Double)] = [
    (-36, 0), (-24, 0.037), (-12, 0.156), (-6, 0.294), (0, 0.544), (6, 0.781), (12, 0.896), (24, 0.98), (36, 1),
  ]
  /// A rush: half of it in the fifth around the peak (assumed).
  static let rush: [(hours: Double, share: Double)] = [(-0.5, 0), (-0.1, 0.25), (0.1, 0.75), (0.5, 1)]

  /// - Parameters:
  ///   - shape: hours from the peak and cumulative shares, both ascending, from 0 to 1; at least two.
  ///   - widthNanoseconds: how long it is to last, from the first to the last.
  init(_ shape: [(hours: Double, share: Double)], peak: SimTime, widthNanoseconds: Int64, durationNanoseconds: Int64) {
    let span = shape[shape.count - 1].hours - shape[0].hours
    points = shape.map { (Double(peak.nanoseconds) + $0.hours / span * Double(widthNanoseconds), $0.share) }
    self.durationNanoseconds = durationNanoseconds
    first = Self.share(points, at: 0)
    last = Self.share(points, at: Double(durationNanoseconds))
  }

  private static func share(_ points: [(nanoseconds: Double, share: Double)], at time: Double) -> Double {
    guard time > points[0].nanoseconds else { return 0 }
    for (from, to) in zip(points, points.dropFirst()) where time <= to.nanoseconds {
      return from.share + (time - from.nanoseconds) / (to.nanoseconds - from.nanoseconds) * (to.share - from.share)
    }
    return 1
  }

  /// The time by which the given share of the visits has begun. A curve that lies wholly outside the run is even.
  func time(quantile: Double) -> SimTime {
    guard last > first else { return SimTime(nanoseconds: min(Int64(quantile * Double(durationNanoseconds)), durationNanoseconds - 1)) }
    let share = first + quantile * (last - first)
    var index = 1
    while index < points.count - 1, points[index].share < share { index += 1 }
    let (from, to) = (points[index - 1], points[index])
    let width = to.share - from.share
    let nanoseconds = from.nanoseconds + (width > 0 ? (share - from.share) / width : 0) * (to.nanoseconds - from.nanoseconds)
    return SimTime(nanoseconds: min(Int64(max(nanoseconds, 0)), durationNanoseconds - 1))
  }
}
