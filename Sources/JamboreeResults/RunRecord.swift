import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// Whether a run came to its end.
public enum RunStatus: String, Sendable {
  /// Under way: the process that makes it is there.
  case running
  case finished
  /// Stopped or killed before its end; what was measured until then, or until its last checkpoint, was kept.
  case interrupted
}

/// One stored run in a few figures: a line of a list.
public struct RunRecord: Sendable, Hashable {
  /// The run's name within the file; text order is the order in which runs started.
  public var run: String
  public var scenario: String
  public var backend: String
  public var ranker: String
  /// `name=value` pairs in force.
  public var rankerOptions: [String]
  public var status: RunStatus
  public var verdict: Verdict
  /// When the run started: nanoseconds since 1970.
  public var startedUnixNanoseconds: Int64
  /// Seconds from the start to the end of the last phase.
  public var wallSeconds: Double
  /// Seconds of the phase that is measured.
  public var measureSeconds: Double
  /// Storage calls, of all outcomes.
  public var operations: Int64
  /// Storage calls per second of the measured phase; 0 when it had no length.
  public var operationsPerSecond: Double
  public var seed: Seed
  public var scale: Double
  public var workers: Int
  /// 32 hexadecimal digits.
  public var digest: String
  /// `max`, or a load's pace or rate with what else makes loads differ.
  public var pace: String
  /// `--set` overrides as given.
  public var overrides: [String]
}

/// An expectation of a scenario, and whether it held.
public struct CheckRecord: Sendable, Hashable {
  /// What was looked at, such as `jam.rate p99` or `errors`.
  public var name: String
  /// What came out, in the unit that `limit` names; nil when there was nothing to look at.
  public var observed: Double?
  /// What was demanded, as text: `< 20 ms`.
  public var limit: String
  /// Means nothing where the run was not held to it.
  public var passed: Bool
  /// Why the run was not held to it, in a word such as `belowItsScale`; nil when it was.
  public var notHeldBecause: String?

  public init(name: String, observed: Double?, limit: String, passed: Bool, notHeldBecause: String? = nil) {
    self.notHeldBecause = notHeldBecause
    self.name = name
    self.observed = observed
    self.limit = limit
    self.passed = passed
  }
}
