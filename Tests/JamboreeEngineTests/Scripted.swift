import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation
import JamboreeTesting

/// What scripted agents saw, from all shards and workers.
final class ScriptLog: Sendable {
  struct Entry: Hashable, Sendable {
    let what: String
    let member: MemberID
    let time: SimTime
    let value: Int64
  }

  private let entries = Guarded<[Entry]>([])

  func add(_ what: String, _ member: MemberID, _ time: SimTime, _ value: Int64 = 0) {
    entries.withLock { $0.append(Entry(what: what, member: member, time: time, value: value)) }
  }

  /// In an order that does not depend on which worker was first.
  func all(_ what: String) -> [Entry] {
    entries.withLock { $0.filter { $0.what == what } }
      .sorted { ($0.time.nanoseconds, $0.member, $0.value) < ($1.time.nanoseconds, $1.member, $1.value) }
  }
}

/// Agents that a test writes; every member of the population is one. A tick is a second.
class ScriptedAgents: ServiceAgents {
  static let tick: Int64 = 1_000_000_000
  class var verbs: Set<Verb> { [.publish, .edit, .item, .listing] }
  class var actions: [String] { ["act"] }
  /// Items 1 ... n by the platform, in the one container.
  class var initialItems: Int { 0 }

  let setup: ServiceSetup
  let log: ScriptLog
  let members: [MemberID]
  var count: Int { members.count }

  required init(shard: Int, setup: ServiceSetup, log: ScriptLog) {
    self.setup = setup
    self.log = log
    members = stride(from: shard, to: setup.population.count, by: shardCount).map { MemberID(UInt32($0)) }
  }

  func start(_ context: inout AgentContext) {
    for agent in members.indices { context.schedule(UInt32(agent), at: .zero) }
  }

  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step { .idle }
  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step { .done(outcome) }
  func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext) {}
  func receive(_ notice: Notice, _ context: inout AgentContext) {}
  func encode(into encoder: inout StateEncoder) {}
  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {}

  // MARK: What scripts are made of

  /// Whether a script goes on: one that waits for something that never happens is to fail, not to run for ever.
  func goesOn(_ context: borrowing AgentContext) -> Bool { context.now.nanoseconds < 300 * Self.tick }

  func operation(_ verb: Verb, by agent: UInt32, _ context: borrowing AgentContext, action: Int = 0) -> Operation {
    Operation(
      verb: verb, action: ActionID(setup.firstAction.rawValue + UInt16(action)), actor: members[Int(agent)],
      intended: context.now)
  }

  func reading(_ item: ItemID, by agent: UInt32, _ context: borrowing AgentContext, action: Int = 0) -> Operation {
    var read = operation(.item, by: agent, context, action: action)
    read.subject = item
    read.limit = 1
    return read
  }

  func publishing(_ sequence: Int, by agent: UInt32, _ context: borrowing AgentContext, action: Int = 0) -> Operation {
    var publish = operation(.publish, by: agent, context, action: action)
    publish.subject = own(agent, sequence)
    publish.container = Self.container
    return publish
  }

  func listing(_ limit: Int, by agent: UInt32, _ context: borrowing AgentContext, action: Int = 0) -> Operation {
    var listing = operation(.listing, by: agent, context, action: action)
    listing.container = Self.container
    listing.limit = UInt16(limit)
    return listing
  }

  func own(_ agent: UInt32, _ sequence: Int) -> ItemID { ItemID(author: members[Int(agent)], sequence: UInt32(sequence)) }

  static func platformItem(_ number: Int) -> ItemID { ItemID(author: .platform, sequence: UInt32(number)) }

  static var container: ContainerID { ContainerID(space: ContainerID.Space(service: 0, kind: 1), number: 1) }
}

struct Scripted<Agents: ScriptedAgents>: Service {
  static var descriptor: ServiceDescriptor {
    ServiceDescriptor(
      id: "script", summary: "what a test says",
      actions: Agents.actions.map { ActionDescriptor(name: "script.\($0)", summary: "a step") }, verbs: Agents.verbs)
  }

  let log: ScriptLog

  init(log: ScriptLog) { self.log = log }
  init(parameters: inout ParameterReader) throws(ConfigurationError) { log = ScriptLog() }

  func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    PreparedScript<Agents>(setup: setup, log: log)
  }
}

private final class PreparedScript<Agents: ScriptedAgents>: PreparedService {
  private let setup: ServiceSetup
  private let log: ScriptLog

  init(setup: ServiceSetup, log: ScriptLog) {
    self.setup = setup
    self.log = log
  }

  var metrics: [MetricDescriptor] { [MetricDescriptor(name: "script.count", unit: "count", kind: .counter)] }
  var containers: [Dataset.Container] { [Dataset.Container(id: ScriptedAgents.container, name: "all")] }
  var history: OperationLog {
    let items = (0..<Agents.initialItems).map { index in
      var publish = Operation(verb: .publish, action: setup.firstAction, actor: .platform, intended: .zero)
      publish.subject = ScriptedAgents.platformItem(index + 1)
      publish.container = ScriptedAgents.container
      return publish
    }
    return OperationLog(items)
  }
  func makeAgents(shard: Int) -> any ServiceAgents { Agents(shard: shard, setup: setup, log: log) }
  func derivedMetrics(_ timeline: MetricTimeline) -> [Metric] { [] }
}

/// How a run reaches its backend.
enum Lanes: CaseIterable, Sendable {
  case blocking, pipelined

  func instance(_ backend: some BlockingStorageBackend) -> BackendInstance {
    switch self {
    case .blocking: .blocking(backend)
    case .pipelined: .pipelined(PipelinedAdapter(backend, seed: 3))
    }
  }
}

/// Runs a script to its end, unless an observer stops it.
@discardableResult
func play<Agents: ScriptedAgents>(
  _ agents: Agents.Type, members: Int, on backend: BackendInstance, log: ScriptLog = ScriptLog(), workers: Int = 1,
  ranker: (any FeedRanker)? = nil, clock: MeasuringClock = .monotonic, observer: (any SimulationObserver)? = nil,
  stallNanoseconds: UInt64 = 60_000_000_000
) throws -> Simulation {
  let population = PopulationGenerator.generate(
    PopulationParameters(members: members, graph: GraphParameters(meanDegree: 0)), seed: Seed(1), workers: 1)
  let plan = try SimulationPlan(
    population: population, services: [Scripted<Agents>(log: log)], seed: Seed(1), scale: 1, startMinuteOfWeek: 0,
    durationNanoseconds: 3600 * ScriptedAgents.tick, tickNanoseconds: ScriptedAgents.tick,
    bucketNanoseconds: 60 * ScriptedAgents.tick)
  try backend.backend.load(plan.dataset())
  let simulation = try Simulation(
    plan, backend: backend, ranker: ranker ?? hot(), workers: workers, clock: clock, observer: observer,
    stallNanoseconds: stallNanoseconds)
  simulation.start()
  try simulation.run()
  return simulation
}
