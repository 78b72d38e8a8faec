import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// The successful calls of one action, verb or ranker in one process.
public struct ProcessLatency: Sendable, Hashable, Codable {
  /// What a latency is of.
  public struct Key: Sendable, Hashable {
    public let kind: LatencyKind
    public let name: String

    public init(kind: LatencyKind, name: String) {
      self.kind = kind
      self.name = name
    }

    /// Such as `jam.listForum`, `ranking hot`, `storage list`.
    public var text: String { kind == .service ? name : "\(kind.rawValue).\(name)" }
  }

  public var kind: String
  public var name: String
  public var count: UInt64
  public var meanNanoseconds: Double
  public var p50Nanoseconds: UInt64
  public var p99Nanoseconds: UInt64

  public init(_ summary: StoredSummary) {
    kind = summary.kind.rawValue
    name = summary.name
    count = summary.latency.count
    meanNanoseconds = summary.latency.meanNanoseconds
    p50Nanoseconds = summary.latency.p50Nanoseconds
    p99Nanoseconds = summary.latency.p99Nanoseconds
  }

  public init(_ key: Key, count: UInt64, meanNanoseconds: Double, p50Nanoseconds: UInt64, p99Nanoseconds: UInt64) {
    kind = key.kind.rawValue
    name = key.name
    self.count = count
    self.meanNanoseconds = meanNanoseconds
    self.p50Nanoseconds = p50Nanoseconds
    self.p99Nanoseconds = p99Nanoseconds
  }

  /// Nil for a kind that this program does not know.
  public var key: Key? { LatencyKind(rawValue: kind).map { Key(kind: $0, name: name) } }
}

/// What one process took for a run.
public struct ProcessFigures: Sendable, Hashable, Codable {
  public var operationsPerSecond: Double
  /// By kind, then name.
  public var latencies: [ProcessLatency]

  public init(operationsPerSecond: Double, latencies: [ProcessLatency]) {
    self.operationsPerSecond = operationsPerSecond
    self.latencies = latencies
  }

  public init(_ detail: RunDetail) {
    operationsPerSecond = detail.record.operationsPerSecond
    latencies = detail.summaries.filter { $0.outcome == .ok }.map { ProcessLatency($0) }
  }

  /// Nil when the process did not have it.
  public func value(_ subject: TimedFigure.Subject) -> Double? {
    func latency(_ key: ProcessLatency.Key) -> ProcessLatency? { latencies.first { $0.kind == key.kind.rawValue && $0.name == key.name } }
    return switch subject {
    case .operationsPerSecond: operationsPerSecond
    case .mean(let key): latency(key)?.meanNanoseconds
    case .p50(let key): latency(key).map { Double($0.p50Nanoseconds) }
    case .p99(let key): latency(key).map { Double($0.p99Nanoseconds) }
    }
  }

  /// The figures that are judged: throughput; the mean, the median and the 99th percentile of rankings; the mean of each action that takes a tenth of
  /// all time or more, at most four, and the 99th percentile of the first of them. Few, because each that is looked at makes the others
  /// harder to find, and only such as say something: of rare actions there are too few, and a median below half a
  /// microsecond or a tail below a whole one goes up and down by ticks of the clock.
  public static func judged(of processes: [ProcessFigures]) -> [TimedFigure] {
    guard let first = processes.first else { return [] }
    var figures = [TimedFigure(.operationsPerSecond)]
    func addTail(_ latency: ProcessLatency, _ key: ProcessLatency.Key) {
      if latency.count >= 10_000, latency.p99Nanoseconds >= 1_000 { figures.append(TimedFigure(.p99(key))) }
    }
    for latency in first.latencies where latency.kind == LatencyKind.ranking.rawValue {
      guard let key = latency.key else { continue }
      figures.append(TimedFigure(.mean(key)))
      if latency.count >= 10_000, latency.p50Nanoseconds >= 500 { figures.append(TimedFigure(.p50(key))) }
      addTail(latency, key)
    }
    let actions = first.latencies.filter { $0.kind == LatencyKind.service.rawValue }
    func time(_ latency: ProcessLatency) -> Double { Double(latency.count) * latency.meanNanoseconds }
    let all = actions.reduce(0) { $0 + time($1) }
    let large = actions.filter { time($0) >= 0.1 * all }.sorted { time($0) > time($1) }.prefix(4)
    for (index, latency) in large.enumerated() {
      guard let key = latency.key else { continue }
      figures.append(TimedFigure(.mean(key)))
      if index == 0 { addTail(latency, key) }
    }
    return figures
  }
}
