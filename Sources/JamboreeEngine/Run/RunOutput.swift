import JamboreeKit
import JamboreeMetrics

/// What was run: everything that must be equal for two runs to be comparable, and what names them.
public struct RunIdentity: Sendable, Hashable {
  public var scenarioName: String
  /// The scenario as it was read, with overrides in force after it; kept with the result.
  public var scenarioText: String
  public var scenarioHash: String
  /// Where the files are that the scenario names; empty when it does not come from a file.
  public var scenarioFolder: String
  /// `--set` overrides as given.
  public var overrides: [String]
  public var seed: Seed
  public var scale: Double
  public var workers: Int
  /// `max`, or the pace or rate of a load run.
  public var pace: String
  public var backend: PlugInIdentity
  public var ranker: PlugInIdentity

  public init(
    scenarioName: String, scenarioText: String, scenarioHash: String, scenarioFolder: String = "", overrides: [String],
    seed: Seed, scale: Double, workers: Int, pace: String, backend: PlugInIdentity, ranker: PlugInIdentity
  ) {
    self.scenarioName = scenarioName
    self.scenarioText = scenarioText
    self.scenarioHash = scenarioHash
    self.scenarioFolder = scenarioFolder
    self.overrides = overrides
    self.seed = seed
    self.scale = scale
    self.workers = workers
    self.pace = pace
    self.backend = backend
    self.ranker = ranker
  }

  /// What tells this run's data from another's: everything that the operations depend on.
  public var dataIdentity: String {
    let options = ranker.options.isEmpty ? "" : "?" + ranker.options.joined(separator: "&")
    return "\(scenarioName) (\(scenarioHash.prefix(12))), seed \(seed.rawValue), scale \(scale), ranker \(ranker.id)\(options)"
  }
}

/// A backend or ranker as it was used.
public struct PlugInIdentity: Sendable, Hashable {
  public let id: String
  public let version: String
  /// What stood after the colon, without secrets; empty when nothing did.
  public let location: String
  /// `name=value` pairs in force, without secrets.
  public let options: [String]

  public init(id: String, version: String, location: String = "", options: [String]) {
    self.id = id
    self.version = version
    self.location = location
    self.options = options
  }
}

/// A part of a run and how long it took.
public struct RunPhase: Sendable {
  /// `population`, `prepare`, `load`, `measure`, `finish`, ...
  public let name: String
  /// Since the run's start.
  public let startNanoseconds: Int64
  public let durationNanoseconds: Int64

  public init(name: String, startNanoseconds: Int64, durationNanoseconds: Int64) {
    self.name = name
    self.startNanoseconds = startNanoseconds
    self.durationNanoseconds = durationNanoseconds
  }
}

/// One bucket of the timeline.
public struct TimelineBucket: Sendable {
  public let start: SimTime
  public let wallNanoseconds: Int64
  public let operations: Int64
  public let errors: Int64
  /// All storage calls of the bucket.
  public let latency: LatencyHistogram
  /// By metric of the timeline: a counter's growth, a gauge's highest sample.
  public let values: [Int64]

  public init(start: SimTime, wallNanoseconds: Int64, operations: Int64, errors: Int64, latency: LatencyHistogram, values: [Int64]) {
    self.start = start
    self.wallNanoseconds = wallNanoseconds
    self.operations = operations
    self.errors = errors
    self.latency = latency
    self.values = values
  }
}

/// Whether a run's figures may be used.
public enum Verdict: String, Sendable {
  /// Measured as it should be, and every expectation held.
  case passed
  /// Measured as it should be; an expectation or an SLO did not hold.
  case failed
  /// Not measured as it should be: the generator was too late too often.
  case invalid
  /// A debug build: correct, and its times mean nothing.
  case notComparable = "not-comparable"
  /// Stopped before its end.
  case interrupted
}

/// One of the operations that failed, to show what failing looked like.
public struct ErrorSample: Sendable, Hashable {
  /// How many of a run are kept.
  public static let limit = 100

  /// Virtual time of the operation, in nanoseconds since the scenario's start.
  public var atNanoseconds: Int64
  /// Name of the action, such as `jam.rate`.
  public var action: String
  /// Name of the storage verb.
  public var verb: String
  public var outcome: Outcome
  /// What the backend said.
  public var message: String

  public init(atNanoseconds: Int64, action: String, verb: String, outcome: Outcome, message: String) {
    self.atNanoseconds = atNanoseconds
    self.action = action
    self.verb = verb
    self.outcome = outcome
    self.message = message
  }
}

/// What an earlier run had measured when it last wrote it down: where a run that goes on from it takes up.
public struct RunCheckpoint: Sendable {
  /// The last tick that is in it.
  public var tick: TickID
  /// 32 hexadecimal digits.
  public var digest: String
  /// How long the measure phase had taken.
  public var measureNanoseconds: Int64
  public var histograms: [LatencyRecorder.Key: LatencyHistogram]
  public var buckets: [TimelineBucket]
  public var errorSamples: [ErrorSample]

  public init(
    tick: TickID, digest: String, measureNanoseconds: Int64, histograms: [LatencyRecorder.Key: LatencyHistogram],
    buckets: [TimelineBucket], errorSamples: [ErrorSample] = []
  ) {
    self.tick = tick
    self.digest = digest
    self.measureNanoseconds = measureNanoseconds
    self.histograms = histograms
    self.buckets = buckets
    self.errorSamples = errorSamples
  }
}

/// Everything that came of a run. The result store keeps it, the report shows it.
public struct RunOutput: Sendable {
  public var identity: RunIdentity
  public var startedUnixNanoseconds: Int64
  public var phases: [RunPhase]
  /// The last tick that was run; -1 before the first.
  public var tick: TickID
  /// Virtual time at the end.
  public var simulatedNanoseconds: Int64
  /// Storage calls, of all outcomes.
  public var operations: Int64
  /// By outcome; all of ``Outcome`` in order.
  public var outcomes: [Int64]
  public var digest: RunDigest
  public var histograms: [LatencyRecorder.Key: LatencyHistogram]
  public var timeline: MetricTimeline
  public var buckets: [TimelineBucket]
  public var metrics: [Metric]
  /// The actions that the scenario can have, in catalog order.
  public var actions: [ActionDescriptor]
  /// What one reading of the clock costs, which each latency contains about once.
  public var clockCostNanoseconds: Double
  public var interrupted: Bool
  /// Whether it was stopped while it waited for its ranker: what came after its last checkpoint is not in it.
  public var isCutShort = false
  /// Some of the operations that ended in an error, the first ones.
  public var errorSamples: [ErrorSample]
  /// Of a run at wall-clock pace. Such a run has no digest, its operations are those of the measured part, and its timeline goes
  /// by wall time since the load's start.
  public var load: LoadReport?
  /// Of a ranker in another process; nil for one in this. With pages in it that were shown in another order than the ranker's, the
  /// digest is not that of the same run another time.
  public var rankingFailures: RankingFailures?

  public init(
    identity: RunIdentity, startedUnixNanoseconds: Int64, phases: [RunPhase], tick: TickID, simulatedNanoseconds: Int64,
    operations: Int64, outcomes: [Int64], digest: RunDigest, histograms: [LatencyRecorder.Key: LatencyHistogram],
    timeline: MetricTimeline, buckets: [TimelineBucket], metrics: [Metric], actions: [ActionDescriptor],
    clockCostNanoseconds: Double, interrupted: Bool, errorSamples: [ErrorSample] = []
  ) {
    self.tick = tick
    self.errorSamples = errorSamples
    self.identity = identity
    self.startedUnixNanoseconds = startedUnixNanoseconds
    self.phases = phases
    self.simulatedNanoseconds = simulatedNanoseconds
    self.operations = operations
    self.outcomes = outcomes
    self.digest = digest
    self.histograms = histograms
    self.timeline = timeline
    self.buckets = buckets
    self.metrics = metrics
    self.actions = actions
    self.clockCostNanoseconds = clockCostNanoseconds
    self.interrupted = interrupted
  }

  /// Whether the same run another time has the same digest: not when a ranker in another process has left pages unranked.
  public var isReproducible: Bool { (rankingFailures?.fallbackPages ?? 0) == 0 }

  /// timedOut + unavailable + failed.
  public var errors: Int64 { Outcome.allCases.reduce(0) { $0 + ($1.isError ? outcomes[Int($1.rawValue)] : 0) } }

  public func durationNanoseconds(ofPhase name: String) -> Int64 {
    phases.reduce(0) { $0 + ($1.name == name ? $1.durationNanoseconds : 0) }
  }

  /// Wall time in which the operations were done that are counted.
  public var operationNanoseconds: Int64 {
    durationNanoseconds(ofPhase: "measure") + (load.map { $0.startsInTime < $0.starts } == true ? durationNanoseconds(ofPhase: "drain") : 0)
  }

  public var wallNanoseconds: Int64 { phases.map { $0.startNanoseconds + $0.durationNanoseconds }.max() ?? 0 }

  /// Storage calls per second of the time that they took: the measure phase, and of a load also what was late and came after it.
  public var operationsPerSecond: Double {
    let measured = Double(operationNanoseconds)
    return measured > 0 ? Double(operations) * 1e9 / measured : 0
  }

  /// The successful calls' latencies of an action, verb or ranker, or nil if there was none.
  public func histogram(_ kind: LatencyKind, _ name: String, _ outcome: Outcome = .ok) -> LatencyHistogram? {
    histograms[LatencyRecorder.Key(kind: kind, name: name, outcome: outcome)]
  }
}
