import JamboreeKit
import JamboreePopulation

@testable import JamboreeWorkloads

let hourNanoseconds: Int64 = 3_600_000_000_000

/// A jam of 72 hours from Tuesday 14:00 UTC with the default parameters, but for what `change` sets.
func makeModel(members: Int, seed: UInt64 = 1, _ change: (inout JamParameters) -> Void = { _ in }) throws -> JamModel {
  var reader = ParameterReader.defaults()
  var parameters = try JamParameters(&reader)
  change(&parameters)
  let population = PopulationGenerator.generate(
    PopulationParameters(members: members, graph: GraphParameters(meanDegree: 0)), seed: Seed(seed), workers: 1)
  return JamModel(
    parameters,
    ServiceSetup(
      population: population, seed: Seed(seed), scale: 1, startMinuteOfWeek: 24 * 60 + 14 * 60,
      durationNanoseconds: 72 * hourNanoseconds, tickNanoseconds: 5_000_000_000, serviceNumber: 0, firstAction: ActionID(0),
      firstMetric: 0))
}

/// Everything that a jam's participants did against a platform that is always there and never changes: each listing
/// shows a full page of ideas that nobody has seen before. Without an engine, so that what is tested is the agents alone.
struct JamPlay {
  struct Visit {
    var member: MemberID
    var region: Int
    var start: SimTime
    var pages = 0
  }

  private(set) var visits: [Visit] = []
  /// Nanoseconds from an action to the next one of the same visit, as asked for.
  private(set) var thinkTimes: [Double] = []
  private(set) var writes: [Operation] = []
  /// How often each place of a page was opened.
  private(set) var opened: [Double]
  /// Listings that were followed by at least one more page of the same visit, and what was opened from each, when the
  /// visit did not end before all of it was.
  private(set) var opensPerListing: [Int] = []
  private(set) var ideaReads = 0
  private(set) var threadReads = 0
  private(set) var counters: [Int64]
  private let pageLength: Int
  private var pageNumber: UInt32 = 0
  private var opensSinceListing = 0
  private var reply = [ItemID]()

  init(_ model: JamModel) {
    pageLength = model.parameters.reading.pageLength
    opened = [Double](repeating: 0, count: pageLength)
    counters = [Int64](repeating: 0, count: JamMetricIndices.descriptors(regions: model.population.regions).count)
    for shard in 0..<shardCount {
      var context = AgentContext(metricCount: counters.count)
      let agents = JamAgents(model, shard: shard)
      agents.start(&context)
      let first = context.wakeRequests.array
      context.clearRequests()
      for request in first { live(request, agents, &context) }
      for metric in counters.indices { counters[metric] += context.counters[metric] }
    }
  }

  /// Takes one participant from the first visit to the last.
  private mutating func live(_ first: AgentContext.WakeRequest, _ agents: JamAgents, _ context: inout AgentContext) {
    var next: AgentContext.WakeRequest? = first
    var reply = Reply()
    while let wake = next {
      context.now = wake.time
      let sessions = context.counters[agents.model.metrics.sessions]
      var step = agents.wake(wake.agent, tag: wake.tag, &context)
      if context.counters[agents.model.metrics.sessions] > sessions {
        let member = agents.participants[Int(wake.agent)].member
        visits.append(
          Visit(member: MemberID(member), region: Int(agents.model.population.regionIndices[Int(member)]), start: wake.time))
        opensSinceListing = -1
      }
      acting: while true {
        reply.reset()
        switch step {
        case .ranked(let operation, let length):
          if opensSinceListing >= 0 { opensPerListing.append(opensSinceListing) }
          opensSinceListing = 0
          showPage(operation, min(length, pageLength), &reply, &context)
        case .read(let operation):
          opensSinceListing += 1
          opened[Int(operation.subject.sequence & 0xFF)] += 1
          if operation.verb == .item { ideaReads += 1 } else { threadReads += 1 }
          reply.items.append(ItemRow(id: operation.subject, created: .zero, lastActive: .zero))
        case .writes:
          writes += context.writes.array
          break acting
        case .feed, .done, .idle: break acting
        }
        visits[visits.count - 1].pages += 1
        step = agents.resume(wake.agent, outcome: .ok, reply: reply, &context)
      }
      next = context.wakeRequests.array.last
      // From one wake-up of a visit to its next: numbers from the participants' on are the visits'.
      if let next, min(wake.agent, next.agent) >= agents.participants.count { thinkTimes.append(Double(next.time - wake.time)) }
      context.clearRequests()
    }
  }

  /// The place of each idea on its page is in the low bits of its id.
  private mutating func showPage(
    _ operation: Operation, _ length: Int, _ reply: inout Reply, _ context: inout AgentContext
  ) {
    pageNumber += 1
    for place in 0..<length {
      let id = ItemID(author: MemberID(0x7000_0000), sequence: pageNumber << 8 | UInt32(place))
      reply.items.append(ItemRow(id: id, created: .zero, lastActive: .zero))
      context.page.append(UInt16(place))
    }
  }
}
