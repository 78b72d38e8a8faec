import JamboreeKit

/// What the engine runs: members, services and the measure of time. Where it runs (backend, ranker, workers) is given
/// apart.
public struct SimulationPlan: Sendable {
  public let population: Population
  public let seed: Seed
  public let tickNanoseconds: Int64
  /// Length of a timeline bucket in virtual time; at least a tick.
  public let bucketNanoseconds: Int64
  public let durationNanoseconds: Int64
  /// How long after the end members may finish what they have begun. What is left then is cut.
  public let drainNanoseconds: Int64
  public let catalog: ActionCatalog
  public let metrics: [MetricDescriptor]
  public let services: [any PreparedService]
  /// What a backend must implement.
  public let verbs: Set<Verb>
  /// What rankings are judged by.
  public let truth: GroundTruth
  /// One ranked page in so many is judged; at least 1.
  public let judgedPages: Int
  /// How feeds are put together; ``FeedStrategy/pull`` where nobody looks at any.
  public let feed: FeedStrategy
  private let feedBase: FeedBase?
  /// What inboxes hold at the start, by member. Found once: it takes a look at every recipient of the whole history.
  private let startEntries = Guarded<[UInt32]?>(nil)

  /// Prepares the services for a population.
  /// - Parameters:
  ///   - scale: how much smaller the population is than the scenario's.
  ///   - startMinuteOfWeek: where virtual time 0 lies, in minutes since Monday 00:00 UTC.
  ///   - judgedPages: one ranked page in so many is judged by the truth.
  ///   - feed: how the pages of those whom a member follows are put together.
  public init(
    population: Population, services: [any Service], seed: Seed, scale: Double, startMinuteOfWeek: Int,
    durationNanoseconds: Int64, drainNanoseconds: Int64 = 86_400_000_000_000, tickNanoseconds: Int64,
    bucketNanoseconds: Int64, truth: TruthSettings = TruthSettings(), judgedPages: Int = 256, feed: FeedStrategy = .pull
  ) throws(ConfigurationError) {
    var catalog = ActionCatalog()
    var metrics: [MetricDescriptor] = []
    var prepared: [any PreparedService] = []
    var verbs: Set<Verb> = []
    for (number, service) in services.enumerated() {
      let descriptor = type(of: service).descriptor
      let setup = ServiceSetup(
        population: population, seed: seed, scale: scale, startMinuteOfWeek: startMinuteOfWeek,
        durationNanoseconds: durationNanoseconds, tickNanoseconds: tickNanoseconds,
        serviceNumber: UInt8(truncatingIfNeeded: number), firstAction: catalog.append(descriptor.actions),
        firstMetric: metrics.count, services: services, truth: truth)
      verbs.formUnion(descriptor.verbs)
      let ready = try service.prepare(setup)
      metrics += ready.metrics
      prepared.append(ready)
    }
    let hasFeeds = prepared.contains { $0.feed != nil }
    self.feed = hasFeeds ? feed : .pull
    if self.feed.delivers {
      verbs.formUnion([.deliver, .inbox, .recentByAuthors])
      feedBase = FeedBase(feed, prepared, population, firstAction: catalog.append(FeedBase.actions))
    } else {
      feedBase = hasFeeds ? FeedBase(.pull, prepared, population, firstAction: nil) : nil
    }
    self.population = population
    self.seed = seed
    self.tickNanoseconds = tickNanoseconds
    self.bucketNanoseconds = max(bucketNanoseconds, tickNanoseconds)
    self.durationNanoseconds = durationNanoseconds
    self.drainNanoseconds = drainNanoseconds
    self.catalog = catalog
    self.metrics = metrics
    self.services = prepared
    self.verbs = verbs
    self.truth = GroundTruth(
      truth,
      qualities: prepared.enumerated().map { number, service in
        service.latentQuality ?? LatentQuality(seed: seed, domain: RandomDomain("quality.\(type(of: services[number]).descriptor.id)"), truth: truth)
      })
    self.judgedPages = max(judgedPages, 1)
  }

  /// What equal scores and equal times are told apart by.
  var salt: UInt64 { mix64(seed.rawValue ^ 0x7A6E_6B72) }

  /// By member, for a ranker that looks at them; else empty: a lookup among half a million members is a cache miss.
  func interests(for ranker: RankerInstance) -> [UInt64] {
    ranker.needs.isDisjoint(with: [.interests, .truth]) ? [] : population.interests
  }

  /// One table a shard, for a ranker that looks at ties; else none.
  func makeTies(for ranker: RankerInstance) -> [TieTable] {
    guard ranker.needs.contains(.ties) else { return [] }
    return (0..<shardCount).map { TieTable(shard: $0, memberCount: population.count) }
  }

  /// - Throws: ``BackendError`` when a backend lacks a verb.
  func check(_ descriptor: BackendDescriptor) throws(BackendError) {
    let missing = verbs.subtracting(descriptor.verbs).map(\.name).sorted()
    guard missing.isEmpty else {
      throw BackendError(
        .usage, "backend '\(descriptor.id)' does not implement \(missing.joined(separator: ", ")), which the scenario needs")
    }
  }

  /// The feeds of one run, as they are at its start; nil where nobody looks at any.
  func makeFeeds() -> FeedSystem? {
    guard let feedBase else { return nil }
    guard feed.delivers else { return FeedSystem(feedBase, entries: []) }
    if let entries = startEntries.withLock({ $0 }) { return FeedSystem(feedBase, entries: entries) }
    var history = OperationLog()
    for service in services { history.append(service.history) }
    let entries = feedBase.deliveries(of: history.sortedByTime()).entries
    startEntries.withLock { $0 = entries }
    return FeedSystem(feedBase, entries: entries)
  }

  /// The first tick that is not run, whatever is left to do.
  var endTick: TickID { (durationNanoseconds + drainNanoseconds + tickNanoseconds - 1) / tickNanoseconds }

  /// What the backend is loaded with.
  /// - Parameter identity: see ``Dataset/identity``.
  public func dataset(identity: String = "") -> Dataset {
    var history = OperationLog()
    for service in services { history.append(service.history) }
    history = history.sortedByTime()
    // Behind what they deliver, of the same times.
    if let feedBase, feed.delivers {
      let (log, entries) = feedBase.deliveries(of: history)
      history.append(log)
      startEntries.withLock { $0 = entries }
    }
    return Dataset(
      identity: identity, population: population, containers: services.flatMap(\.containers), history: history.sortedByTime(),
      verbs: verbs)
  }
}
