/// Whether more of something is better.
public enum Polarity: String, Sendable { case higherIsBetter, lowerIsBetter, neutral }

/// Something that a service counts while it runs, under a name like `jam.pageViews`.
public struct MetricDescriptor: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// Only grows; its total is a result (`totals` in `run --json`).
    case counter
    /// Rises and falls, like the number of members online; its peak is a result.
    case gauge
  }
  public let name: String
  public let unit: String
  public let kind: Kind

  public init(name: String, unit: String, kind: Kind) {
    self.name = name
    self.unit = unit
    self.kind = kind
  }
}

/// A figure of a finished run.
public struct Metric: Sendable, Hashable {
  public let name: String
  public let value: Double
  /// Such as `count`, `s`, `ns`, `B`, `1/s`, `ratio`.
  public let unit: String
  public let polarity: Polarity

  public init(name: String, value: Double, unit: String, polarity: Polarity = .neutral) {
    self.name = name
    self.value = value
    self.unit = unit
    self.polarity = polarity
  }
}

/// What was counted over virtual time: a row a bucket, a column a metric.
public struct MetricTimeline: Sendable {
  public let bucketNanoseconds: Int64
  public let descriptors: [MetricDescriptor]
  /// `values[bucket][metric]`: a counter's growth within the bucket; a gauge's highest sample in it.
  public internal(set) var values: [[Int64]]
  /// When a gauge stood highest: nanoseconds of virtual time of the sample, by metric; 0 for counters.
  public var peakTimes: [SimTime]
  public var peakValues: [Int64]

  public init(bucketNanoseconds: Int64, descriptors: [MetricDescriptor]) {
    self.bucketNanoseconds = bucketNanoseconds
    self.descriptors = descriptors
    values = []
    peakTimes = descriptors.map { _ in .zero }
    peakValues = descriptors.map { _ in 0 }
  }

  public mutating func append(_ row: [Int64]) { values.append(row) }

  public func index(of name: String) -> Int? { descriptors.firstIndex { $0.name == name } }

  /// A counter's total, or a gauge's peak; 0 for a name that nothing counts.
  public func total(_ name: String) -> Int64 {
    guard let index = index(of: name) else { return 0 }
    return switch descriptors[index].kind {
    case .counter: values.reduce(0) { $0 + $1[index] }
    case .gauge: peakValues[index]
    }
  }

  /// Sums of a counter over the hours of the event; empty where nothing counts it, and when buckets are longer than an hour or do
  /// not divide it.
  public func hourly(_ name: String) -> [Double] {
    let hour: Int64 = 3_600_000_000_000
    guard let index = index(of: name), hour % bucketNanoseconds == 0 else { return [] }
    let perHour = Int(hour / bucketNanoseconds)
    return stride(from: 0, to: values.count, by: perHour).map { start in
      values[start..<min(start + perHour, values.count)].reduce(0) { $0 + Double($1[index]) }
    }
  }
}
