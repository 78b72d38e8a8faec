/// A system of the platform: what members do there, when and how much. Blogs, jams, the wiki are services.
public struct ServiceDescriptor: Sendable {
  /// The key under `services:` in a scenario, and the first part of its actions' and metrics' names.
  public let id: String
  public let summary: String
  public let actions: [ActionDescriptor]
  /// What a backend must implement to carry it.
  public let verbs: Set<Verb>
  /// Names of everything that it counts or derives, as scenarios may expect it; one that ends in `.*` stands for one a
  /// region.
  public let figures: [String]
  /// Those of the figures that depend on what the backend answered, rather than on what members set out to do: a backend
  /// whose replies are made up is not held to them.
  public let readBackFigures: Set<String>
  /// Ids of the services that it cannot be without.
  public let requires: [String]

  public init(
    id: String, summary: String, actions: [ActionDescriptor], verbs: Set<Verb>, figures: [String] = [],
    readBackFigures: Set<String> = [], requires: [String] = []
  ) {
    self.figures = figures
    self.readBackFigures = readBackFigures
    self.requires = requires
    self.id = id
    self.summary = summary
    self.actions = actions
    self.verbs = verbs
  }
}

/// A service with its parameters, as a scenario describes it.
public protocol Service: Sendable {
  static var descriptor: ServiceDescriptor { get }
  /// Reads every parameter that the service knows; the caller complains of keys that nobody read.
  init(parameters: inout ParameterReader) throws(ConfigurationError)
  /// Refuses what the parameters ask for and this scenario cannot give: people of whom there are none, times that do not lie within
  /// it, more items than there are numbers for. Called when a scenario has been read, before anybody is made.
  func check(_ extent: ScenarioExtent) throws(ServiceFault)
  /// About what it will keep from the start, ``PreparedService/history`` above all: what cannot fit into memory is refused before it
  /// is begun.
  func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare]
  /// Works out who takes part and what is there at the start.
  func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService
}

extension Service {
  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {}
  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] { [] }
}

/// What a service is told of the run that it is part of.
public struct ServiceSetup: Sendable {
  public let population: Population
  public let seed: Seed
  /// How much smaller the population is than the scenario's: 1 is full size. Thresholds and think times do not scale.
  public let scale: Double
  /// Where on the clock virtual time 0 lies: minutes since Monday 00:00 UTC.
  public let startMinuteOfWeek: Int
  /// How long the scenario lasts; a service starts nothing new at or after it.
  public let durationNanoseconds: Int64
  public let tickNanoseconds: Int64
  /// Number of the service in the scenario: the high byte of its containers' spaces.
  public let serviceNumber: UInt8
  /// The id of the service's first action; the others follow in the descriptor's order.
  public let firstAction: ActionID
  /// Index of the service's first metric; the others follow.
  public let firstMetric: Int
  /// All services of the scenario, by number: for one that works on what another leaves.
  public let services: [any Service]
  /// In what items differ for those who read them.
  public let truth: TruthSettings

  public init(
    population: Population, seed: Seed, scale: Double, startMinuteOfWeek: Int, durationNanoseconds: Int64,
    tickNanoseconds: Int64, serviceNumber: UInt8, firstAction: ActionID, firstMetric: Int, services: [any Service] = [],
    truth: TruthSettings = TruthSettings()
  ) {
    self.population = population
    self.seed = seed
    self.scale = scale
    self.startMinuteOfWeek = startMinuteOfWeek
    self.durationNanoseconds = durationNanoseconds
    self.tickNanoseconds = tickNanoseconds
    self.serviceNumber = serviceNumber
    self.firstAction = firstAction
    self.firstMetric = firstMetric
    self.services = services
    self.truth = truth
  }
}

extension ServiceSetup {
  /// Another service of the scenario, with its number; nil when the scenario does not have it.
  public func find<Other: Service>(_ type: Other.Type) -> (service: Other, number: UInt8)? {
    for (number, service) in services.enumerated() {
      if let found = service as? Other { return (found, UInt8(truncatingIfNeeded: number)) }
    }
    return nil
  }
}

/// A service ready to run.
public protocol PreparedService: AnyObject, Sendable {
  /// What it counts; the first has the index ``ServiceSetup/firstMetric``.
  var metrics: [MetricDescriptor] { get }
  /// Places that exist at the start.
  var containers: [Dataset.Container] { get }
  /// What happened before the start: writes of any verb, in order of time, whose effects are there for the first reader.
  /// Items of the platform's own have ``MemberID/platform`` as their author.
  var history: OperationLog { get }
  /// What its feed goes by; nil (the default) when none of its steps is a ``Step/feed(_:)``.
  var feed: FeedDescription? { get }
  /// What members will do, as far as it is known before the start; empty where nothing is.
  var planned: [PlannedCrowd] { get }
  /// The agents of the members `m` with `m % shardCount == shard`. Called once a shard, from several threads at once.
  func makeAgents(shard: Int) -> any ServiceAgents
  /// Figures that follow from what was counted: peaks, turning points.
  func derivedMetrics(_ timeline: MetricTimeline) -> [Metric]
  /// How good its items truly are; nil: as those of any service.
  var latentQuality: LatentQuality? { get }
  /// Where the ideas are of which the crowd chooses the best; empty when it chooses none.
  var judgedContainers: [ContainerID] { get }
}

extension PreparedService {
  public var latentQuality: LatentQuality? { nil }
  public var judgedContainers: [ContainerID] { [] }
  public var feed: FeedDescription? { nil }
  public var planned: [PlannedCrowd] { [] }
}

/// The agents of one service in one shard: each is a member's presence in that service, numbered from 0.
///
/// An agent decides *when* and *how much* from (seed, member) alone, and *on what* from the replies it gets. Between two
/// calls it keeps what it must remember in its own columns: other agents act in between. Used by one thread at a time.
public protocol ServiceAgents: AnyObject {
  var count: Int { get }
  /// Agents that are about to be woken, one after the other. A hint: reading each one's state now lets the machine
  /// fetch them all at once, where otherwise each wake-up would wait for memory in its turn.
  func willWake(_ agents: Span<UInt32>)
  /// Schedules the first wake-ups.
  func start(_ context: inout AgentContext)
  /// The time has come that was asked for with this tag: begin an action, or none.
  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step
  /// The read that the last step asked for came back: go on.
  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step
  /// The writes of an action did not all end `ok`; called at the next tick. To try again, schedule a wake-up.
  func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext)
  /// Something happened that concerns a member of this shard.
  func receive(_ notice: Notice, _ context: inout AgentContext)
  /// Writes everything that it would need to go on, for a checkpoint between two ticks.
  func encode(into encoder: inout StateEncoder)
  func restore(from decoder: inout StateDecoder) throws(StateMismatch)
}

extension ServiceAgents {
  public func willWake(_ agents: Span<UInt32>) {}
  public func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext) {}
  public func receive(_ notice: Notice, _ context: inout AgentContext) {}
}

/// What an agent wants done next. An action runs from `wake` to the first `writes` or `done`.
@frozen public enum Step: BitwiseCopyable, Sendable {
  /// Nothing to do: the wake-up was stale. No action is counted.
  case idle
  /// Perform a read, then `resume`.
  case read(Operation)
  /// Perform a listing, rank what it finds, put the best `pageLength` into ``AgentContext/page``, then `resume`.
  case ranked(Operation, pageLength: Int)
  /// Find what those have published whom the member follows, by whatever reads the run's ``FeedStrategy`` takes, then `resume`
  /// once: with the items newest first, and with the best of them in ``AgentContext/page`` where it is ranked.
  case feed(FeedRead)
  /// The action ends with the writes that were put into the context. They are carried out at the end of the tick; the
  /// notices that the action gave go out when all of them have ended `ok`, and are dropped otherwise.
  case writes
  /// The action ends without writes.
  case done(Outcome)
}

/// Word to a member that something happened; arrives at the next tick.
@frozen public struct Notice: BitwiseCopyable, Sendable {
  public var to: MemberID
  /// Number of the service whose agents receive it.
  public var service: UInt8
  /// The service's own kind of notice.
  public var kind: UInt8
  public var value: Int32
  public var item: ItemID
  /// When it happened.
  public var time: SimTime

  @inlinable public init(to: MemberID, service: UInt8, kind: UInt8, value: Int32 = 0, item: ItemID, time: SimTime) {
    self.to = to
    self.service = service
    self.kind = kind
    self.value = value
    self.item = item
    self.time = time
  }
}

/// What an agent may do besides answering with a step: schedule, write, notify, count.
public struct AgentContext: ~Copyable {
  /// The intended time of the action that is under way.
  public var now: SimTime = .zero
  /// Rows of the reply to show, best first, after a ``Step/ranked(_:pageLength:)`` or a ``Step/feed(_:)``.
  public var page = Buffer<UInt16>(capacity: 32)
  /// List to go with the next read.
  public var arguments = Buffer<UInt64>()

  /// A wish to be woken.
  @frozen public struct WakeRequest: BitwiseCopyable, Sendable {
    public var time: SimTime
    public var agent: UInt32
    public var tag: UInt32
    @inlinable public init(time: SimTime, agent: UInt32, tag: UInt32) {
      self.time = time
      self.agent = agent
      self.tag = tag
    }
  }

  // The engine drains these after every call.
  public var wakeRequests = Buffer<WakeRequest>()
  public var writes = Buffer<Operation>()
  /// Start of each write's arguments in ``writeArguments``.
  public var writeArgumentStarts = Buffer<UInt32>()
  public var writeArguments = Buffer<UInt64>()
  public var notices = Buffer<Notice>()
  /// By metric index, over all services of the run.
  public var counters = Buffer<Int64>()

  public init(metricCount: Int) { counters.resize(to: metricCount, filling: 0) }

  /// Asks for a wake-up of an agent. A time in the past means: as soon as may be. An agent may have several under way;
  /// `tag` comes back with each, so that a stale one can be told.
  @inlinable public mutating func schedule(_ agent: UInt32, at time: SimTime, tag: UInt32 = 0) {
    wakeRequests.append(WakeRequest(time: time, agent: agent, tag: tag))
  }

  /// Adds a write to the action's group.
  @inlinable public mutating func write(_ operation: Operation) {
    writeArgumentStarts.append(UInt32(truncatingIfNeeded: writeArguments.count))
    writes.append(operation)
  }

  /// Adds a write that takes a list.
  @inlinable public mutating func write(_ operation: Operation, arguments: some Collection<UInt64>) {
    write(operation)
    writeArguments.append(contentsOf: arguments)
  }

  /// Forgets the action's writes: the engine has taken them.
  @inlinable public mutating func clearWrites() {
    writes.removeAll()
    writeArgumentStarts.removeAll()
    writeArguments.removeAll()
  }

  /// Forgets everything that was asked for.
  @inlinable public mutating func clearRequests() {
    wakeRequests.removeAll()
    notices.removeAll()
    clearWrites()
  }

  @inlinable public mutating func notify(_ notice: Notice) { notices.append(notice) }

  /// Adds to a counter or moves a gauge; `metric` is the run-wide index.
  @inlinable @inline(__always) public mutating func count(_ metric: Int, by amount: Int64 = 1) { counters[metric] = counters[metric] &+ amount }
}
