import Histogram

/// The figures of one histogram that reports show. The histogram is the truth, this is derived from it.
///
/// A percentile is the recorded value, within the histogram's precision, that at least so many of the values do not
/// exceed; it is never above the largest recorded value. The percentiles of a histogram without values are 0.
public struct LatencySummary: Sendable, Hashable {
  /// How many values were recorded.
  public var count: UInt64
  /// In nanoseconds, within the histogram's precision.
  public var meanNanoseconds: Double
  public var p50Nanoseconds: UInt64
  public var p90Nanoseconds: UInt64
  public var p99Nanoseconds: UInt64
  /// The 99.9th percentile.
  public var p999Nanoseconds: UInt64
  /// The largest recorded value, exactly.
  public var maxNanoseconds: UInt64

  public init(
    count: UInt64, meanNanoseconds: Double, p50Nanoseconds: UInt64, p90Nanoseconds: UInt64, p99Nanoseconds: UInt64,
    p999Nanoseconds: UInt64, maxNanoseconds: UInt64
  ) {
    self.count = count
    self.meanNanoseconds = meanNanoseconds
    self.p50Nanoseconds = p50Nanoseconds
    self.p90Nanoseconds = p90Nanoseconds
    self.p99Nanoseconds = p99Nanoseconds
    self.p999Nanoseconds = p999Nanoseconds
    self.maxNanoseconds = maxNanoseconds
  }

  /// Of a histogram of nanoseconds, in one pass over it.
  public init(_ histogram: LatencyHistogram) {
    let count = histogram.totalCount
    let (smallest, largest) = (histogram.min, histogram.maxRecorded)
    let thousandths: [UInt64] = [500, 900, 990, 999]
    let ranks = thousandths.map { Self.rank(thousandths: $0, of: count) }
    var percentiles: [UInt64] = []
    var sum = 0.0
    var seen: UInt64 = 0
    histogram.forEachBucket { lowest, highest, bucketCount in
      sum += (Double(lowest) + Double(highest - lowest) / 2) * Double(bucketCount)
      seen += bucketCount
      while percentiles.count < ranks.count && ranks[percentiles.count] <= seen {
        percentiles.append(max(smallest, min(highest, largest)))
      }
    }
    while percentiles.count < ranks.count { percentiles.append(0) }
    let mean = count == 0 ? 0 : max(Double(smallest), min(sum / Double(count), Double(largest)))
    self.init(
      count: count, meanNanoseconds: mean, p50Nanoseconds: percentiles[0], p90Nanoseconds: percentiles[1],
      p99Nanoseconds: percentiles[2], p999Nanoseconds: percentiles[3], maxNanoseconds: largest)
  }

  /// Which of `count` values in ascending order, counted from 1, so many thousandths do not exceed: rounded up, in
  /// integers, because a percentage as a floating-point number can come out one too high.
  static func rank(thousandths: UInt64, of count: UInt64) -> UInt64 {
    max(1, count / 1000 * thousandths + (count % 1000 * thousandths + 999) / 1000)
  }
}
