import Glibc
import JamboreeKit
import JamboreePopulation
import JamboreeScenario

/// What a population will take of the machine's memory, about. An allocation that cannot be met ends a process without a
/// word, so what cannot fit is refused before it is begun.
struct MemoryNeed {
  private let members: Int
  private let edges: Double
  private let memberBytes: Double
  private let edgeBytes: Double
  /// What is needed for any number of members.
  private var fixedBytes = 0.0
  /// What services keep from the start.
  private var loads: [(bytes: Double, text: String, place: ScenarioPlace)] = []

  /// - Parameters:
  ///   - bytesEach: what is kept of a member beside the population's columns and its relations.
  init(_ population: PopulationParameters, bytesEach: Double, workers: Int) {
    members = population.members
    // Region, role, affiliation, interests and the place of the relations; a bit for each worker that makes the graph.
    let columns = 1 + 1 + 1 + 8 + 8 + Double(workers) / 8
    let graph = population.graph
    let degree = min(graph.meanDegree, Double(graph.maximumDegree), Double(max(population.members - 1, 0)))
    edges = graph.file.map(MemoryNeed.edges(of:)) ?? Double(members) * max(degree, 0)
    memberBytes = Double(members) * (columns + bytesEach)
    // An imported edge takes twelve bytes while it is read, and four more for its opposite.
    edgeBytes = edges * (graph.file == nil ? 4 : 16)
  }

  /// Of a run: an agent and what its member leaves in a backend, which on the flagship jam are 200 bytes a member together;
  /// a member's ties, for a ranker that asks for them; a histogram for each bucket of the timeline, and the program itself.
  /// - Parameters:
  ///   - ranker: what the ranker asks for.
  ///   - keepsItems: whether the backend keeps in this process what it is given.
  init(_ scenario: Scenario, ranker: ViewerNeeds, workers: Int, keepsItems: Bool) {
    self.init(scenario.population, bytesEach: 200 + (ranker.contains(.ties) ? 96 : 0), workers: workers)
    loads = scenario.memoryShares.map { share, place in
      let (bytes, noun) = Self.bytesEach(share.kind, keepsItems: keepsItems)
      return (share.count * bytes, "\(Text.grouped(share.count.rounded())) \(noun)", place)
    }
    fixedBytes = Double(64 << 20) + Double((scenario.durationNanoseconds + scenario.drainNanoseconds) / scenario.bucketNanoseconds) * Double(16 << 10)
  }

  /// As measured on the scenarios that ship, with a million of each: what waits to be loaded, and what the memory backend makes of it.
  static func bytesEach(_ kind: MemoryShare.Kind, keepsItems: Bool) -> (bytes: Double, noun: String) {
    switch kind {
    case .items(let places): (keepsItems ? 450 + 150 * places : 250 + 16 * places, "items at the start")
    case .ties: (keepsItems ? 150 : 100, "ties at the start")
    case .visitors: (50, "visitors from outside")
    }
  }

  /// Of agents without a population.
  init(agents: Int, bytesEach: Double) {
    (members, edges, memberBytes, edgeBytes) = (agents, 0, Double(agents) * bytesEach, 0)
  }

  /// About: a line has some twelve characters, and compressed some four bytes.
  private static func edges(of file: GraphFile) -> Double {
    var status = stat()
    guard stat(file.path, &status) == 0 else { return 0 }
    return Double(status.st_size) / (file.path.hasSuffix(".gz") ? 4 : 12)
  }

  var bytes: Double { memberBytes + edgeBytes + fixedBytes + loads.reduce(0) { $0 + $1.bytes } }

  /// What is wrong and the way out, if the machine cannot hold it; nil if it can, or does not tell what it has.
  func complaint(available: Double? = MemoryNeed.available(), remedy: String) -> String? {
    guard let available, bytes > available else { return nil }
    let relations = edges > 0 ? " with \(Text.grouped(edges)) relations" : ""
    return "\(Text.grouped(Int64(members))) members\(relations) take about \(Text.bytes(bytes)), "
      + "and this machine has \(Text.bytes(available)) to give; \(remedy)"
  }

  /// Refuses a scenario that this machine cannot hold, where the file says what makes it so large.
  /// - Parameter ranker: what the ranker asks for.
  static func check(
    _ scenario: Scenario, ranker: ViewerNeeds, workers: Int, keepsItems: Bool, available: Double? = MemoryNeed.available()
  ) throws(ConfigurationError) {
    let need = MemoryNeed(scenario, ranker: ranker, workers: workers, keepsItems: keepsItems)
    guard let available, need.bytes > available else { return }
    let room = available - need.fixedBytes
    guard room > 0 else {
      throw scenario.bucketPlace.fail(
        "the program and the timeline's buckets take about \(Text.bytes(need.fixedBytes)) at any scale, and this machine has "
          + "\(Text.bytes(available)) to give; make measure.bucket longer")
    }
    if let largest = need.loads.max(by: { $0.bytes < $1.bytes }), largest.bytes > max(need.memberBytes, need.edgeBytes) {
      throw largest.place.fail(
        "\(largest.text) take about \(Text.bytes(largest.bytes)), the run \(Text.bytes(need.bytes)) in all, and this machine has "
          + "\(Text.bytes(available)) to give; lower it, or use a smaller --scale")
    }
    let isGraph = need.edgeBytes > need.memberBytes
    // What is suggested has to fit, and not all of the need goes by the scale. A graph from a file has none.
    let share = scenario.scale * room / (need.bytes - need.fixedBytes)
    let scale = share > 1e-6 ? "--scale \(Text.twoDigitsDown(share))" : "a small --scale"
    let remedy =
      scenario.population.graph.file != nil ? "use a smaller graph, or fewer members" : "use \(scale)\(isGraph ? " or lower the degree" : "")"
    if let complaint = need.complaint(available: available, remedy: remedy) {
      throw (isGraph ? scenario.graphPlace : scenario.membersPlace).fail(complaint)
    }
  }

  /// What may still be taken of the machine's memory: by its own account, by this container's, and by the process's limit.
  static func available() -> Double? {
    var limits: [Double] = []
    if let line = firstLine("/proc/meminfo", { $0.hasPrefix("MemAvailable:") }), let kibibytes = number(line) {
      limits.append(kibibytes * 1024)
    } else {
      limits.append(Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE))))
    }
    if let line = firstLine("/sys/fs/cgroup/memory.max", { _ in true }), let bytes = number(line) { limits.append(bytes) }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < UInt64.max / 2 { limits.append(Double(limit.rlim_cur)) }
    // Something must be left for the machine, and the need is but an estimate.
    return limits.filter { $0 > 0 }.min().map { $0 * 0.9 }
  }

  private static func number(_ line: String) -> Double? {
    Double(line.drop { !$0.isNumber }.prefix { $0.isNumber })
  }

  private static func firstLine(_ path: String, _ isWanted: (Substring) -> Bool) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, 256, file) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if isWanted(line[...]) { return line }
    }
    return nil
  }
}
