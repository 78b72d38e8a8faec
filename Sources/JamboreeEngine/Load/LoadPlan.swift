import JamboreeKit

/// How a load run is paced.
public enum LoadPace: Sendable, Hashable {
  /// Members act when they mean to, virtual time being wall time times this; above 0.
  case compressed(Double)
  /// Actions start at the rates of the settings' stages; who acts is who would come next.
  case stages
}

/// What a load run adds to a simulation: pace, parts, and how much may be under way.
public struct LoadOptions: Sendable {
  public var settings: LoadSettings
  public var pace: LoadPace
  /// Virtual time from which the load goes on; what comes before is simulated and loaded into the backend.
  public var fromNanoseconds: Int64 = 0
  /// Over all workers; at least one a worker is used.
  public var connections: Int
  /// Actions under way at a time, over all workers; at least one a worker is used.
  public var inFlight: Int
  /// How what is acknowledged is audited; nil: not at all.
  public var audit: AuditSettings? = {
    var audit = AuditSettings()
    // As many as a second has room for: with few writes all of them.
    audit.probeShare = 1
    return audit
  }()
  /// Length of a bucket of the timeline, wall time.
  public var bucketNanoseconds: Int64 = 1_000_000_000

  /// More buckets than this take gigabytes, and no screen shows them.
  static let maximumBuckets: Int64 = 20_000

  /// Lengthens the buckets where a load would have too many.
  /// - Parameter durationNanoseconds: of the scenario, virtual time.
  public mutating func fitBuckets(scenario durationNanoseconds: Int64) {
    let end = measuredEndNanoseconds(scenario: durationNanoseconds) / Self.maximumBuckets
    bucketNanoseconds = (end / 1_000_000_000 + 1) * 1_000_000_000
  }

  public init(settings: LoadSettings, pace: LoadPace, connections: Int, inFlight: Int) {
    self.settings = settings
    self.pace = pace
    self.connections = connections
    self.inFlight = inFlight
  }

  /// As it is shown and kept: `realtime`, `60x`, `5000/s`, `stages`.
  public var paceText: String {
    switch pace {
    case .compressed(1): "realtime"
    case .compressed(let factor): "\(plainNumber(factor))x"
    case .stages:
      settings.stages.count == 1 && settings.stages[0].shape == .step ? "\(plainNumber(settings.stages[0].ratePerSecond))/s" : "stages"
    }
  }

  /// Everything that makes two loads differ, for comparisons.
  public var text: String {
    var parts = ["\(connections) connection\(connections == 1 ? "" : "s")", "\(inFlight) in flight"]
    if case .stages = pace { parts.insert(settings.arrivals.rawValue, at: 0) }
    if fromNanoseconds > 0 { parts.append("from \(durationText(fromNanoseconds))") }
    return "\(paceText) (\(parts.joined(separator: ", ")))"
  }

  /// A short load at a rate, for the harness's own share of latencies.
  public func forFloor(ratePerSecond: Double) -> LoadOptions {
    var options = self
    options.pace = .stages
    options.fromNanoseconds = 0
    options.audit = nil
    options.settings.warmUpNanoseconds = 500_000_000
    options.settings.measureNanoseconds = 1_500_000_000
    options.settings.stages = [LoadSettings.Stage(shape: .step, ratePerSecond: ratePerSecond, durationNanoseconds: 2_000_000_000)]
    return options
  }

  /// Wall time from the load's start to the end of its measured part.
  /// - Parameter durationNanoseconds: of the scenario, virtual time.
  public func measuredEndNanoseconds(scenario durationNanoseconds: Int64) -> Int64 {
    let whole =
      switch pace {
      case .compressed(let factor): Int64(min(Double(max(durationNanoseconds - fromNanoseconds, 0)) / factor, 9e18))
      case .stages: settings.stagesNanoseconds
      }
    guard let measure = settings.measureNanoseconds else { return whole }
    return min(settings.warmUpNanoseconds + measure, whole)
  }
}

private func plainNumber(_ value: Double) -> String { value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)" }

/// What the workers of a load run go by.
struct LoadPlan: Sendable {
  let simulation: SimulationPlan
  let workers: Int
  let inFlight: Int
  let bucketNanoseconds: Int64
  let latenessLimitNanoseconds: UInt64
  /// Whether a group is all or none.
  let atomicGroups: Bool
  /// As in ``LoadClock``.
  let fromNanoseconds: Int64
  let compression: Double?

  /// A worker's part of what may be under way.
  func window(of worker: Int) -> Int { max(inFlight / workers + (worker < inFlight % workers ? 1 : 0), 1) }
}
