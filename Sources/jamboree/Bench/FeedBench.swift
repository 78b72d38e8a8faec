import ArgumentParser
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation

struct FeedBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "feed", abstract: "What feeds cost by strategy and by how many follow an author, and from where on which is cheaper.",
    discussion: """
      Wall time through the engine, ends of ticks included: of a publication with its deliveries, and of a look at a feed. What a post
      costs altogether is the one and, so often as it is looked for, the other.
      """)

  @Argument(help: "Storage backend: id[:location][?option=value&...]; see 'jamboree backends'.")
  var backend = "memory"
  @Option(
    parsing: .unconditional, help: "Followers of an author, each 1 to 1,000,000, with commas between. Default: 1,10,100,1000,10000.",
    transform: FeedBench.counts)
  var followers = [1, 10, 100, 1_000, 10_000]
  @Option(
    parsing: .unconditional, help: "Authors whom a member follows, 1 to 1,000. Default: 20.", transform: NumberArgument.integer(1...1_000))
  var following = 20
  @Option(
    parsing: .unconditional, help: "Followers above which hybrid pulls an author. Default: 1,000.",
    transform: NumberArgument.integer(FeedStrategy.thresholds))
  var threshold = FeedStrategy.defaultThreshold
  @Option(
    parsing: .unconditional, help: "Publications, fewer where they would have more than a million recipients. Default: 1,000.",
    transform: NumberArgument.integer(1...1_000_000))
  var posts = 1_000
  @Option(parsing: .unconditional, help: "Looks at feeds. Default: 20,000.", transform: NumberArgument.integer(1...10_000_000))
  var looks = 20_000
  @OptionGroup var flags: BenchFlags

  private static let mostRecipients = 1_000_000
  private static let looksPerPost: [Double] = [1, 10, 100, 1_000, 10_000]

  /// What was measured of a strategy.
  private struct Point {
    let followers: Int
    let strategy: FeedStrategy
    var writeNanoseconds = Double.infinity
    var lookNanoseconds = Double.infinity
    var metrics: [String: Double] = [:]
    var seconds: [Double] = []

    func cost(looksPerPost: Double) -> Double { writeNanoseconds + looksPerPost * lookNanoseconds }
  }

  private static func counts(_ text: String) throws -> [Int] {
    let counts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard counts.allSatisfy({ $0.map { (1...1_000_000).contains($0) } ?? false }) else {
      throw ValidationError("expected whole numbers from 1 to 1000000 with commas between, as in 1,10,100")
    }
    return Array(Set(counts.compactMap { $0 })).sorted()
  }

  func run() throws {
    let services = followers.map { count in
      FeedBenchService(followers: count, following: following, posts: max(min(posts, Self.mostRecipients / count), 1), looks: looks)
    }
    for service in services { try checkMemory(service) }
    var points: [Point] = []
    for service in services {
      let population = service.population()
      for strategy in [FeedStrategy.pull, .push, .hybrid(threshold: threshold)] {
        points.append(try measure(strategy, service, population))
      }
    }
    try report(points)
  }

  /// Refuses what this machine has no memory for: members as in any run, and what authors have published before.
  private func checkMemory(_ service: FeedBenchService) throws {
    let (members, items) = (Double(service.members), Double((service.loud + service.quiet) * FeedBenchService.itemsBefore))
    let itemBytes = MemoryNeed.bytesEach(.items(furtherPlaces: 0), keepsItems: Composition.keepsItems(backend)).bytes
    let population = PopulationParameters(
      members: service.members,
      graph: GraphParameters(meanDegree: Double(service.readers) * Double(following) / members, maximumDegree: following))
    let need = MemoryNeed(population, bytesEach: 200 + items * itemBytes / members, workers: flags.workerCount)
    if let complaint = need.complaint(remedy: "lower --followers or --following") {
      throw Failure(code: Failure.usage, message: "--followers \(service.followers) with --following \(following): \(complaint)")
    }
  }

  private func measure(_ strategy: FeedStrategy, _ service: FeedBenchService, _ population: Population) throws -> Point {
    var point = Point(followers: service.followers, strategy: strategy)
    let plan = try SimulationPlan(
      population: population, services: [service], seed: Seed(flags.seed), scale: 1, startMinuteOfWeek: 0,
      durationNanoseconds: 2 * FeedBenchService.halfNanoseconds, drainNanoseconds: 0, tickNanoseconds: FeedBenchService.tickNanoseconds,
      bucketNanoseconds: FeedBenchService.halfNanoseconds, feed: strategy)
    let dataset = plan.dataset(identity: "bench feed, \(strategy.text), \(service.followers) followers")
    let ranker = try Composition.rankers.make(PlugInReference("chronological")).ranker
    for _ in 0..<flags.runs {
      let instance = try Composition.backends.make(PlugInReference(backend)).instance
      try instance.backend.load(dataset)
      let simulation = try Simulation(plan, backend: instance, ranker: ranker, workers: flags.workerCount)
      simulation.start()
      let start = monotonicNanoseconds()
      try simulation.run(until: FeedBenchService.halfNanoseconds / FeedBenchService.tickNanoseconds)
      let middle = monotonicNanoseconds()
      try simulation.run()
      let end = monotonicNanoseconds()
      guard simulation.outcomes[0] == simulation.operationCount else {
        let sample = simulation.errorSamples.first
        throw Failure(
          code: Failure.unreachable,
          message: "\(withoutPassword(backend)): \(sample.map { "\($0.verb) ended \($0.outcome.name): \($0.message)" } ?? "some operations did not end ok")")
      }
      point.writeNanoseconds = min(point.writeNanoseconds, Double(middle - start) / Double(service.posts))
      point.lookNanoseconds = min(point.lookNanoseconds, Double(end - middle) / Double(service.looks))
      point.seconds.append(Double(end - start) / 1e9)
      for metric in simulation.metrics() where metric.name.hasPrefix("feed.") { point.metrics[metric.name] = metric.value }
      try instance.backend.finish()
      try instance.backend.discard()
    }
    return point
  }

  /// Looks a post from which on pushing is cheaper than pulling; nil where it never is.
  private func crossover(_ pull: Point, _ push: Point) -> Double? {
    let (dearer, cheaper) = (push.writeNanoseconds - pull.writeNanoseconds, pull.lookNanoseconds - push.lookNanoseconds)
    return cheaper > 0 ? max(dearer / cheaper, 0) : nil
  }

  /// Followers above which pulling is cheaper, at so many looks a post: between two measured numbers by the logarithm.
  private func crossover(_ pairs: [(pull: Point, push: Point)], looksPerPost: Double) -> Double? {
    let gains = pairs.map { pair in
      (Double(pair.pull.followers), pair.pull.cost(looksPerPost: looksPerPost) - pair.push.cost(looksPerPost: looksPerPost))
    }
    for (a, b) in zip(gains, gains.dropFirst()) where a.1 > 0 && b.1 <= 0 {
      let share = a.1 / (a.1 - b.1)
      return (a.0 + (b.0 - a.0) * share).rounded()
    }
    return nil
  }

  private func report(_ points: [Point]) throws {
    let pairs = stride(from: 0, to: points.count, by: 3).map { (pull: points[$0], push: points[$0 + 1]) }
    var table = TextTable(["followers", "strategy", "a post", "a look", "calls a look", "recipients", "inboxes"])
    for point in points {
      table.add([
        Text.grouped(Int64(point.followers)), point.strategy.text, Text.duration(nanoseconds: point.writeNanoseconds),
        Text.duration(nanoseconds: point.lookNanoseconds), Text.significant(point.metrics["feed.storageCallsPerRead"] ?? 0),
        Text.significant(point.metrics["feed.writeAmplification"] ?? 0), Text.bytes(point.metrics["feed.inboxBytes"] ?? 0),
      ])
    }
    var lines = ["\(withoutPassword(backend)), \(following) followed, \(flags.workerCount) workers, fastest of \(flags.runs)", table.text(indent: "")]
    lines += pairs.map { pair in
      let found = crossover(pair.pull, pair.push)
      let count = "\(Text.grouped(Int64(pair.pull.followers))) followers"
      return found.map { "\(count): push is cheaper from \(Text.significant($0)) looks a post on" } ?? "\(count): pull is always cheaper"
    }
    var byLooks: [JSON] = []
    for looks in Self.looksPerPost {
      let found = crossover(pairs, looksPerPost: looks)
      let gains = pairs.map { $0.pull.cost(looksPerPost: looks) > $0.push.cost(looksPerPost: looks) }
      let words = found.map { "push is cheaper up to about \(Text.significant($0)) followers, pull above" }
        ?? (gains.allSatisfy { $0 } ? "push is cheaper for all of these" : gains.contains(true) ? "neither is cheaper throughout" : "pull is cheaper for all of these")
      lines.append("\(Text.grouped(looks)) looks a post: \(words)")
      byLooks.append(.object(["looksPerPost": JSON(looks), "followers": JSON(found)]))
    }
    let all = points.flatMap(\.seconds)
    try flags.report(
      "feed", lines,
      [
        "backend": .string(withoutPassword(backend)), "following": .integer(Int64(following)),
        "points": .array(points.map(json)),
        "crossovers": .array(
          pairs.map { .object(["followers": .integer(Int64($0.pull.followers)), "looksPerPost": JSON(crossover($0.pull, $0.push))]) }),
        "crossoversByLooks": .array(byLooks),
        "operationsPerSecond": JSON(1e9 / (points.map(\.lookNanoseconds).min() ?? .infinity)),
      ], all)
  }

  private func json(_ point: Point) -> JSON {
    var members: [String: JSON] = [
      "followers": .integer(Int64(point.followers)), "strategy": .string(point.strategy.text),
      "postNanoseconds": JSON(point.writeNanoseconds), "lookNanoseconds": JSON(point.lookNanoseconds),
      "runSeconds": .array(point.seconds.map { JSON($0) }),
    ]
    for (name, value) in point.metrics { members[String(name.dropFirst(5))] = JSON(value) }
    return .object(members)
  }
}
