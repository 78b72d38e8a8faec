import JamboreeKit

/// Several crowds that are one service: each has its own people, hours and activities.
final class CombinedVisits: PreparedService {
  private let parts: [any PreparedService]

  /// - Parameter parts: in the order of their actions and metrics; each was prepared with a setup that says where its own begin:
  ///   see ``JamboreeKit/ServiceSetup/after(_:)``.
  init(_ parts: [any PreparedService]) { self.parts = parts }

  var metrics: [MetricDescriptor] { parts.flatMap(\.metrics) }
  var containers: [Dataset.Container] { parts.flatMap(\.containers) }
  var history: OperationLog {
    var log = OperationLog()
    for part in parts { log.append(part.history) }
    return log
  }
  var feed: FeedDescription? { parts.lazy.compactMap(\.feed).first }
  var planned: [PlannedCrowd] { parts.flatMap(\.planned) }
  func makeAgents(shard: Int) -> any ServiceAgents { CombinedAgents(parts.map { $0.makeAgents(shard: shard) }) }
  func derivedMetrics(_ timeline: MetricTimeline) -> [Metric] { parts.flatMap { $0.derivedMetrics(timeline) } }
}

extension ServiceSetup {
  /// The setup of a crowd that comes behind others of the same service.
  func after(_ others: [VisitOutline]) -> ServiceSetup {
    ServiceSetup(
      population: population, seed: seed, scale: scale, startMinuteOfWeek: startMinuteOfWeek,
      durationNanoseconds: durationNanoseconds, tickNanoseconds: tickNanoseconds, serviceNumber: serviceNumber,
      firstAction: ActionID(firstAction.rawValue + UInt16(others.reduce(0) { $0 + $1.activities.count })),
      firstMetric: firstMetric + others.reduce(0) { $0 + $1.metrics.count }, services: services, truth: truth)
  }
}

/// Agents of several kinds as one: the number of an agent is its number within its kind, times the number of kinds, plus the kind's.
private final class CombinedAgents: ServiceAgents {
  private let parts: [any ServiceAgents]
  private var kinds: UInt32 { UInt32(parts.count) }

  init(_ parts: [any ServiceAgents]) { self.parts = parts }

  var count: Int { parts.reduce(0) { $0 + $1.count } }

  /// Calls one of the parts, and gives what it asked to be woken its number here.
  private func with<Result>(_ kind: Int, _ context: inout AgentContext, _ body: (any ServiceAgents, inout AgentContext) -> Result) -> Result {
    let first = context.wakeRequests.count
    let result = body(parts[kind], &context)
    for index in first..<context.wakeRequests.count {
      context.wakeRequests[index].agent = context.wakeRequests[index].agent * kinds + UInt32(kind)
    }
    return result
  }

  func start(_ context: inout AgentContext) {
    for kind in parts.indices { with(kind, &context) { $0.start(&$1) } }
  }

  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    with(Int(agent % kinds), &context) { $0.wake(agent / kinds, tag: tag, &$1) }
  }

  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    let first = context.wakeRequests.count
    let step = parts[Int(agent % kinds)].resume(agent / kinds, outcome: outcome, reply: reply, &context)
    for index in first..<context.wakeRequests.count {
      context.wakeRequests[index].agent = context.wakeRequests[index].agent * kinds + agent % kinds
    }
    return step
  }

  func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext) {
    with(Int(agent % kinds), &context) { $0.writesEnded(agent / kinds, outcome: outcome, &$1) }
  }

  func receive(_ notice: Notice, _ context: inout AgentContext) {
    for kind in parts.indices { with(kind, &context) { $0.receive(notice, &$1) } }
  }

  func encode(into encoder: inout StateEncoder) {
    for part in parts { part.encode(into: &encoder) }
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    for part in parts { try part.restore(from: &decoder) }
  }
}
