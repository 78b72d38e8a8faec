/// When visits begin, worked out a second time from the published figures and not from the code under test.
enum CalibratedCurve {
  /// Percent of all sessions started in each hour of the 72-hour rehearsal that opens on a Tuesday at 14:00 UTC.
  static let hourlyPercent: [Double] = [
    4.44, 4.51, 3.89, 1.99, 2.01, 2.19, 1.69, 1.49, 1.06, 0.83, 0.81, 0.90,
    1.03, 1.02, 1.06, 1.07, 1.11, 1.35, 1.60, 1.66, 1.57, 1.32, 1.52, 2.05,
    2.14, 2.18, 1.88, 1.33, 1.34, 1.47, 1.47, 1.29, 0.92, 0.72, 0.70, 0.78,
    0.90, 0.89, 0.92, 0.93, 0.97, 1.18, 1.39, 1.44, 1.37, 1.15, 1.32, 1.79,
    1.82, 1.85, 1.60, 1.13, 1.14, 1.25, 1.25, 1.10, 0.79, 0.62, 0.60, 0.67,
    0.76, 0.76, 0.78, 0.79, 0.82, 1.00, 1.18, 1.22, 1.51, 1.27, 1.46, 1.97,
  ]
  static let shares = [0.45, 0.27, 0.17, 0.11]
  private static let offsetsInHalfHours = [-10, 2, 11, 18]
  private static let localHours = [
    0.3, 0.2, 0.15, 0.15, 0.2, 0.4, 1, 2.5, 6, 9, 10, 9.5, 7, 8, 9, 9, 8, 5.5, 3.5, 2.5, 2.5, 2.5, 1.8, 0.9,
  ]
  static let halfHours = 144

  /// Weight of each half-hour in a region, not normalised. No local time of the event falls on a weekend.
  static func weights(region: Int) -> [Double] {
    (0..<halfHours).map { step in
      let local = (28 + step + offsetsInHalfHours[region] + 48) % 48
      let hour = step / 2
      let day = [1.15, 1.00, 0.85][hour / 24]
      let opening = hour < 3 ? 1.8 : hour < 6 ? 1.3 : 1
      return localHours[local / 2] * day * opening * (hour >= 68 ? 1.3 : 1)
    }
  }

  /// Cumulative share at the start of each half-hour and, last, 1.
  static func cumulative(region: Int) -> [Double] {
    let weights = weights(region: region)
    let total = weights.total
    var sum = 0.0
    return [0] + weights.map { weight in
      sum += weight
      return sum / total
    }
  }

  /// Share of a region's visits that have begun by a time in nanoseconds: straight lines between half-hours.
  static func share(_ cumulative: [Double], by time: Double) -> Double {
    let position = min(max(time / 1.8e12, 0), Double(halfHours))
    let step = min(Int(position), halfHours - 1)
    return cumulative[step] + (cumulative[step + 1] - cumulative[step]) * (position - Double(step))
  }
}
