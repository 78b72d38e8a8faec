import Glibc
import JamboreeKit

/// When visits begin, by region: the product of the region's local-hour curve, the weekend, the event's days and its
/// opening and closing hours, in steps of half an hour (the finest that UTC offsets need here).
struct ArrivalCurve: Sendable {
  static let stepNanoseconds: Int64 = 1_800_000_000_000

  private let durationNanoseconds: Int64
  /// Cumulative share at the end of each step, ascending to 1; one array a region.
  private let cumulative: [[Double]]
  /// How much of the event's weight a region's participants meet, relative to the mean over all participants: above 1
  /// where its busy hours fall into the day. They visit so much more often.
  let relativeWeights: [Double]
  /// How many working days' weight the whole has, by region: 1 for 24 hours of one, 5.24 for a week whose weekend counts 0.12.
  let workingDays: [Double]

  init(_ arrivals: Arrivals, regions: [Region], startMinuteOfWeek: Int, durationNanoseconds: Int64) {
    self.durationNanoseconds = durationNanoseconds
    let steps = max(Int((durationNanoseconds + Self.stepNanoseconds - 1) / Self.stepNanoseconds), 1)
    var weights: [Double] = []
    cumulative = regions.map { region in
      var total = 0.0
      var sums: [Double] = []
      for step in 0..<steps {
        let start = Int64(step) * Self.stepNanoseconds
        let covered = Double(min(durationNanoseconds - start, Self.stepNanoseconds)) / Double(Self.stepNanoseconds)
        total += covered * Self.weight(arrivals, region, step: step, steps: steps, startMinuteOfWeek: startMinuteOfWeek)
        sums.append(total)
      }
      weights.append(total)
      // An event that lies wholly in hours without any weight still happens: evenly.
      return total > 0 ? sums.map { $0 / total } : sums.indices.map { Double($0 + 1) / Double(steps) }
    }
    let shares = regions.reduce(0) { $0 + $1.share }
    let mean = zip(weights, regions).reduce(0) { $0 + $1.0 * $1.1.share } / (shares > 0 ? shares : 1)
    relativeWeights = weights.map { mean > 0 ? $0 / mean : 1 }
    let day = arrivals.localHours.reduce(0, +) * 2
    workingDays = weights.map { $0 / day }
  }

  private static func weight(
    _ arrivals: Arrivals, _ region: Region, step: Int, steps: Int, startMinuteOfWeek: Int
  ) -> Double {
    let minutesPerWeek = 7 * 24 * 60
    var local = (startMinuteOfWeek + region.utcOffsetMinutes + step * 30) % minutesPerWeek
    if local < 0 { local += minutesPerWeek }
    var weight = arrivals.localHours[local / 60 % 24]
    if local / (24 * 60) >= 5 { weight *= arrivals.weekendFactor }
    let hour = step / 2
    if !arrivals.dayFactors.isEmpty { weight *= arrivals.dayFactors[min(hour / 24, arrivals.dayFactors.count - 1)] }
    if hour < arrivals.openingFactors.count { weight *= arrivals.openingFactors[hour] }
    let hoursLeft = (steps - step - 1) / 2
    if hoursLeft < arrivals.closingFactors.count {
      weight *= arrivals.closingFactors[arrivals.closingFactors.count - 1 - hoursLeft]
    }
    return weight
  }

  /// The time by which the given share of a region's visits has begun.
  func time(region: Int, quantile: Double) -> SimTime {
    let sums = cumulative[region]
    var low = 0
    var high = sums.count - 1
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] < quantile { low = middle + 1 } else { high = middle }
    }
    let before = low > 0 ? sums[low - 1] : 0
    let width = sums[low] - before
    let fraction = width > 0 ? min(max((quantile - before) / width, 0), 1) : 0
    let start = Int64(low) * Self.stepNanoseconds
    let length = min(Self.stepNanoseconds, durationNanoseconds - start)
    return SimTime(nanoseconds: min(start + Int64(fraction * Double(length)), durationNanoseconds - 1))
  }

  /// Share of a region's visits that begin in an hour of the event.
  func share(region: Int, hour: Int) -> Double {
    let sums = cumulative[region]
    let first = hour * 2
    guard first < sums.count else { return 0 }
    return sums[min(first + 1, sums.count - 1)] - (first > 0 ? sums[first - 1] : 0)
  }
}
