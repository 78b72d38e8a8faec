import JamboreeKit
import JamboreePopulation

/// What to rehearse: who, doing what, for how long, and what should come of it.
public struct Scenario: Sendable {
  /// What runs are listed under: letters, digits, `.`, `_` and `-`.
  public let name: String
  /// One line for people; may be empty.
  public let summary: String
  /// Minutes since Monday 00:00 UTC at which virtual time begins: 0 ..< 10,080.
  public let startMinuteOfWeek: Int
  /// 1 s ... 366 d.
  public let durationNanoseconds: Int64
  /// How long after the end members may finish what they have begun: 0 ... 31 d.
  public let drainNanoseconds: Int64
  /// Length of a tick of virtual time, 1 ms ... 10 min; a part of the scenario's meaning.
  public let tickNanoseconds: Int64
  public let seed: Seed
  /// Scaled: see ``scale``.
  public let population: PopulationParameters
  /// Where the file says how many members there are, and whom they follow: on average, or the file that tells.
  public let membersPlace: ScenarioPlace
  public let graphPlace: ScenarioPlace
  /// In the order of the file; at least one.
  public let services: [any Service]
  /// What orders the feeds, unless whoever runs it says otherwise.
  public let ranker: PlugInReference
  /// Length of a timeline bucket, a tick or more.
  public let bucketNanoseconds: Int64
  /// Where the file says how long a bucket is.
  public let bucketPlace: ScenarioPlace
  /// Requests that one page view makes of a server, for sizing.
  public let requestsPerPage: Double
  /// In what items differ for those who read them.
  public let truth: TruthSettings
  /// One ranked page in so many is judged by it: 1 ... 1,000,000.
  public let judgedPages: Int
  /// How the pages of those whom a member follows are put together.
  public let feed: FeedStrategy
  /// About what the services keep in memory from the start, and where the file says how much that is.
  public let memoryShares: [(share: MemoryShare, place: ScenarioPlace)]
  /// How it is put on a backend at wall-clock pace.
  public let load: LoadSettings
  public let expectations: [Expectation]
  /// What members and employees were multiplied by.
  public let scale: Double
  /// The file's text as read.
  public let text: String
  /// Where the files are that the text names; empty when it does not come from a file.
  public let folder: String
  /// `key.path=value`, as given.
  public let overrides: [String]
  /// 16 hexadecimal digits, of the text and the overrides. Stable between machines and versions; not cryptographic.
  public let hash: String
  /// Every parameter with the value in force.
  public let descriptions: [ParameterDescription]

  /// - Parameters:
  ///   - root: nil for the shape alone, with every service of the catalog.
  ///   - rankers: those that there are; nil where nobody knows.
  init(
    _ root: ConfigurationNode?, text: String, folder: String = "", overrides: [String], scale: Double, catalog: ServiceCatalog,
    rankers: RankerRegistry? = nil
  ) throws(ConfigurationError) {
    var reader = try root.map { node throws(ConfigurationError) in try ParameterReader(node) } ?? .describing()
    name = try reader.text("name", default: nil, as: .name, "what runs are listed under")
    summary = try reader.text("summary", default: "", "one line for people")
    do throws(ConfigurationError) {
      _ = try reader.integer("version", default: 1, in: 1...1, "of the scenario format")
    } catch {
      throw reader.fail("version", "\(error.message); this program reads version 1 of the format, a newer one may read others")
    }
    startMinuteOfWeek = try reader.text("start", default: 0, as: .weekTime, "weekday and time of day, UTC, at which it begins")
    (durationNanoseconds, tickNanoseconds) = try readTime(&reader)
    seed = Seed(try reader.seed("seed", default: 1, "another seed is another run of the same scenario"))
    let full: ScenarioExtent.Headcount
    (population, full, membersPlace, graphPlace) = try reader.section("population", "who is there") { reader throws(ConfigurationError) in
      try readPopulation(&reader, scale: scale, folder: folder)
    }
    services = try readServices(&reader, catalog, all: root == nil)
    ranker = try reader.section("ranker", "what orders the feeds, where --ranker does not say otherwise") {
      reader throws(ConfigurationError) in try readRanker(&reader, rankers)
    }
    feed = try reader.section("feed", "how the pages of those whom a member follows are put together") {
      reader throws(ConfigurationError) in try readFeed(&reader)
    }
    let (duration, tick) = (durationNanoseconds, tickNanoseconds)
    let (measure, measurePlace) = try reader.section("measure", "how results are cut") {
      reader throws(ConfigurationError) in (try readMeasure(&reader, duration: duration, tick: tick), ScenarioPlace(reader, "bucket"))
    }
    (bucketNanoseconds, requestsPerPage, judgedPages) = measure
    bucketPlace = measurePlace
    drainNanoseconds = try readDrain(&reader, duration: duration, bucket: bucketNanoseconds)
    truth = try reader.section("truth", "in what items differ for those who read them; rankers do not know it") {
      reader throws(ConfigurationError) in
      TruthSettings(
        qualitySpread: try reader.number(
          "qualitySpread", default: 1, in: 0...10, "standard deviation of the items' quality; 0: all are equally good"),
        interestWeight: try reader.number(
          "interestWeight", default: 0.5, in: 0...10, "what it counts for that a reader cares about an item's topic, on the same scale"))
    }
    load = try reader.section("load", "how actions start at wall-clock pace") { reader throws(ConfigurationError) in
      try readLoad(&reader)
    }
    let expected = try reader.list("expect", default: [], "what should come of it: value with tolerance, min, max") {
      reader throws(ConfigurationError) in (try Expectation(&reader), ScenarioPlace(reader, "metric"))
    }
    try reader.finish()
    let extent = ScenarioExtent(
      full: full,
      scaled: ScenarioExtent.Headcount(members: population.members, employees: population.employees, alumni: population.alumni),
      scale: scale, regions: population.regions, startMinuteOfWeek: startMinuteOfWeek, durationNanoseconds: durationNanoseconds,
      drainNanoseconds: drainNanoseconds, services: services)
    if let root { memoryShares = try Self.check(services, extent, in: root) } else { memoryShares = [] }
    let figures = FigureNames(services: services, regions: population.regions)
    for (expectation, place) in expected {
      if let complaint = figures.complaint(of: expectation.metric) { throw place.fail(complaint) }
    }
    expectations = expected.map { expectation, _ in
      var expectation = expectation
      expectation.isReadBack = figures.isReadBack(expectation.metric)
      return expectation
    }
    self.scale = scale
    self.text = text
    self.folder = folder
    self.overrides = overrides
    hash = hexadecimal(stableHash(of: ([text] + overrides).joined(separator: "\u{0}")))
    descriptions = reader.descriptions
  }

  /// Has each service hold its parameters against the whole, and tells what they will load.
  private static func check(
    _ services: [any Service], _ extent: ScenarioExtent, in root: ConfigurationNode
  ) throws(ConfigurationError) -> [(share: MemoryShare, place: ScenarioPlace)] {
    var shares: [(share: MemoryShare, place: ScenarioPlace)] = []
    for service in services {
      let id = type(of: service).descriptor.id
      func place(_ key: String) -> ScenarioPlace { ScenarioPlace(key.isEmpty ? "services.\(id)" : "services.\(id).\(key)", in: root) }
      do throws(ServiceFault) {
        try service.check(extent)
      } catch {
        throw place(error.key).fail(error.message)
      }
      shares += service.memoryShares(extent).map { ($0, place($0.key)) }
    }
    return shares
  }

  /// The shape of a scenario without a scenario: for the schema.
  static func shape(catalog: ServiceCatalog) throws(ConfigurationError) -> [ParameterDescription] {
    try Scenario(nil, text: "", overrides: [], scale: 1, catalog: catalog).descriptions
  }
}

private let second: Int64 = 1_000_000_000
private let hour: Int64 = 3_600 * second

private func readTime(_ reader: inout ParameterReader) throws(ConfigurationError) -> (duration: Int64, tick: Int64) {
  let duration = try reader.duration("duration", default: nil, in: second...(24 * 366 * hour), "how long it lasts")
  let tick = try reader.duration(
    "tick", default: 5 * second, in: 1_000_000...(hour / 6),
    "reads see the state at their tick's start; word of a reply comes in the next")
  guard tick <= duration || reader.describesOnly else {
    throw reader.fail(
      "tick", "a tick of \(durationText(tick)) is longer than the duration of \(durationText(duration)); shorten it")
  }
  return (duration, tick)
}

private func readServices(
  _ reader: inout ParameterReader, _ catalog: ServiceCatalog, all: Bool
) throws(ConfigurationError) -> [any Service] {
  var services: [any Service] = []
  try reader.keyed("services", "what they do: a mapping from service to its parameters") { reader throws(ConfigurationError) in
    for id in all ? catalog.ids : reader.keys {
      guard let type = catalog.service(id) else {
        var unknown = reader.unknown(id, "service", among: catalog.ids)
        // What is no typing error may be a service that this program was built without.
        if nearest(id, among: catalog.ids) == nil {
          unknown.message += "; one of your own is known to a program that has it in its ServiceCatalog: see WritingAService.md"
        }
        throw unknown
      }
      if let missing = all ? nil : type.descriptor.requires.first(where: { !reader.has($0) }) {
        throw reader.fail(id, "works on what '\(missing)' leaves, which is not there; add services.\(missing), or leave \(id) out")
      }
      services.append(
        try reader.section(id, type.descriptor.summary) { reader throws(ConfigurationError) in try type.init(parameters: &reader) })
    }
  }
  guard !services.isEmpty else {
    throw reader.fail(
      "services", "no service is named, so nothing would happen; add one of: \(catalog.ids.joined(separator: ", "))")
  }
  return services
}

/// Each bucket keeps a histogram: more of them than this would take gigabytes, and no screen shows them.
private let maximumBuckets: Int64 = 20_000

private func readDrain(
  _ reader: inout ParameterReader, duration: Int64, bucket: Int64
) throws(ConfigurationError) -> Int64 {
  // The longest buckets would hold more time than there is.
  let room = max(maximumBuckets * min(bucket, .max / maximumBuckets) - duration, 0)
  let drain = try reader.duration(
    "drain", default: min(24 * hour, room), in: 0...(31 * 24 * hour),
    "how long after the end members may finish what they have begun; what is left then is cut")
  guard drain <= room || reader.describesOnly else {
    throw reader.fail(
      "drain",
      "with a drain of \(durationText(drain)) there would be more than \(maximumBuckets) buckets of \(durationText(bucket)); shorten it or lengthen measure.bucket")
  }
  return drain
}

private func readMeasure(
  _ reader: inout ParameterReader, duration: Int64, tick: Int64
) throws(ConfigurationError) -> (bucket: Int64, requestsPerPage: Double, judgedPages: Int) {
  let bucket = try reader.duration(
    "bucket", default: hour / 6, in: 1_000_000...(7 * 24 * hour), "length of a timeline bucket, a tick or more")
  guard bucket >= tick else {
    throw reader.fail("bucket", "\(durationText(bucket)) is shorter than a tick (\(durationText(tick))); lengthen it")
  }
  guard duration / bucket <= maximumBuckets else {
    let least = (duration / maximumBuckets + second) / second * second
    throw reader.fail(
      "bucket", "\(durationText(bucket)) would make more than \(maximumBuckets) buckets; use \(durationText(least)) or more")
  }
  let requests = try reader.number(
    "requestsPerPage", default: 4, in: 0...1000, "requests that a page view makes of a server, for sizing")
  let judged = try reader.integer(
    "judgedPages", default: 256, in: 1...1_000_000, unit: "pages", "of so many ranked pages one is held against what items are truly worth")
  return (bucket, requests, judged)
}

private func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
