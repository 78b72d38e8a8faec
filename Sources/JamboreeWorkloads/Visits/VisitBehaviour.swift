import JamboreeKit

/// What visitors of a service do: the part of it that is its own. How many come, when, and how often each does what is the same
/// for all (``VisitAgents``).
public protocol VisitBehaviour: Sendable {
  var model: VisitModel { get }
  /// How good its items truly are; nil: as those of any service.
  var latentQuality: LatentQuality? { get }
  /// Begins an activity.
  /// - Parameter activity: its number in the outline; also ``Visit/activity``.
  /// - Returns: what to do first; an activity always does something, so never ``Step/idle``.
  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step
  /// Goes on with what the last read found. ``Visit/stage`` says the how-manieth it was, from 1.
  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step
}

extension VisitBehaviour {
  public var latentQuality: LatentQuality? { nil }
}

/// A service whose members come in visits, ready to run.
public final class PreparedVisits<Behaviour: VisitBehaviour>: PreparedService {
  private let behaviour: Behaviour
  public let containers: [Dataset.Container]
  public let history: OperationLog
  public let feed: FeedDescription?
  private let derive: @Sendable (MetricTimeline) -> [Metric]

  /// - Parameters:
  ///   - containers: places that exist at the start.
  ///   - history: what has been written before it.
  ///   - feed: what its feed goes by, if it has one.
  ///   - derive: figures that follow from what was counted, named in ``VisitOutline``'s `derived`.
  public init(
    _ behaviour: Behaviour, containers: [Dataset.Container] = [], history: OperationLog = OperationLog(),
    feed: FeedDescription? = nil, derive: @escaping @Sendable (MetricTimeline) -> [Metric] = { _ in [] }
  ) {
    self.behaviour = behaviour
    self.containers = containers
    self.history = history
    self.feed = feed
    self.derive = derive
  }

  public var latentQuality: LatentQuality? { behaviour.latentQuality }
  public var metrics: [MetricDescriptor] { behaviour.model.outline.metrics }
  public var planned: [PlannedCrowd] { [behaviour.model.planned] }
  public func makeAgents(shard: Int) -> any ServiceAgents { VisitAgents(behaviour, shard: shard) }
  public func derivedMetrics(_ timeline: MetricTimeline) -> [Metric] {
    VisitSummary(timeline, behaviour.model.outline.name).metrics + derive(timeline)
  }
}
