import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// Everything that a file keeps of a run, except the histograms: see ``ResultStore/histogram(run:kind:name:outcome:)``.
public struct RunDetail: Sendable {
  public var record: RunRecord
  /// What was run, with the scenario's text and the options of backend and ranker.
  public var identity: RunIdentity
  /// Why the verdict is what it is, in words.
  public var verdictReason: String
  public var environment: RunEnvironment
  public var phases: [RunPhase]
  /// By kind, then name, then outcome.
  public var summaries: [StoredSummary]
  public var metrics: [Metric]
  public var checks: [CheckRecord]
  public var errorSamples: [ErrorSample]
  public var timeline: StoredTimeline
  /// Of a load: its stages, its outages, and what was said of it; nil of other runs, and of loads made before version 4.
  public var load: StoredLoad?
  /// Storage calls by outcome, in the order of `Outcome.allCases`.
  public var outcomes: [Int64]
  /// Virtual time at the end, in nanoseconds since the scenario's start.
  public var simulatedNanoseconds: Int64
  /// What one reading of the clock cost, in nanoseconds; each latency contains about one.
  public var clockCostNanoseconds: Double

  /// The latencies of an action, verb or ranker, or nil if there were none of this outcome.
  public func summary(_ kind: LatencyKind, _ name: String, _ outcome: Outcome = .ok) -> LatencySummary? {
    summaries.first { $0.kind == kind && $0.name == name && $0.outcome == outcome }?.latency
  }
}

/// The figures of one histogram of a run.
public struct StoredSummary: Sendable, Hashable {
  public var kind: LatencyKind
  /// Name of the action, verb or ranker.
  public var name: String
  public var outcome: Outcome
  public var latency: LatencySummary

  public init(kind: LatencyKind, name: String, outcome: Outcome, latency: LatencySummary) {
    self.kind = kind
    self.name = name
    self.outcome = outcome
    self.latency = latency
  }
}

/// A run's course over virtual time.
public struct StoredTimeline: Sendable {
  /// What a service counted, bucket by bucket.
  public struct Series: Sendable, Hashable {
    public var descriptor: MetricDescriptor
    /// By bucket: a counter's growth, a gauge's highest sample.
    public var values: [Int64]
    /// A gauge's highest sample of the run; 0 for a counter.
    public var peakValue: Int64
    /// When the gauge stood there, in nanoseconds of virtual time; 0 for a counter.
    public var peakNanoseconds: Int64
  }

  /// Length of a bucket, in nanoseconds of virtual time.
  public var bucketNanoseconds: Int64
  /// Each with the latencies of its storage calls.
  public var buckets: [TimelineBucket]
  /// In the order of `TimelineBucket.values`.
  public var series: [Series]

  public func series(_ metric: String) -> Series? { series.first { $0.descriptor.name == metric } }
}
