import JamboreeKit

/// The names of what a run reports, as far as they are known before it: what an expectation may be about.
public struct FigureNames: Sendable {
  /// Of the run as a whole.
  static let ofRuns = ["operations", "errors", "operationsPerSecond", "wallSeconds"] + PlatformSummary.names
  /// Of the engine and the process.
  static let ofEngine = [
    "population.graph.nodes", "population.graph.edges", "population.graph.listedEdges", "population.graph.duplicateEdges",
    "population.graph.reversedEdges", "population.graph.selfEdges",
    "engine.agents", "engine.bytesPerOfflineAgent", "engine.ticks", "engine.cutWakeups", "engine.unmeasuredOperations", "engine.recordingSeconds", "results.writingSeconds",
    "ranking.notANumberScores", "ranking.errors", "ranking.timeouts", "ranking.deaths", "ranking.malformed", "ranking.fallbackPages",
    "ranking.restarts", "process.userCPUSeconds", "process.systemCPUSeconds", "process.involuntarySwitches", "process.peakResidentBytes",
    "process.allocatedBytes",
    "feed.reads", "feed.storageCallsPerRead", "feed.publications", "feed.deliveries", "feed.writeAmplification", "feed.backfilled",
    "feed.pulledAuthors", "feed.inboxBytes", "feed.timeToVisibleSeconds",
    "load.starts", "load.achievedRate", "load.intendedRate", "load.lateStarts", "load.peakInFlight", "load.unanswered", "load.unstarted", "load.outages",
    "load.longestOutageSeconds", "load.virtualSeconds",
    "audit.acknowledgedWrites", "audit.auditedItems", "audit.probes", "audit.lost", "audit.stale", "audit.duplicated",
    "audit.readYourWritesViolations", "audit.neverSeen", "audit.notReadBack", "audit.unknownWrites", "audit.auditedShare",
    "server.cpuSeconds", "server.residentBytes", "server.diskReadBytes", "server.diskWrittenBytes", "server.logBytes", "server.dataBytes",
    "audit.longestStalenessSeconds",
    "quality.pages", "quality.ndcg20", "quality.ndcg20ByChance", "quality.recall20", "quality.recall20ByChance", "quality.mrr",
    "quality.mrrByChance", "quality.freshnessSeconds", "quality.authorCoverage", "quality.topicCoverage", "quality.gini",
    "quality.timeToDiscoverySeconds", "quality.discoveredShare", "quality.precisionAt10", "quality.kendallTau",
    "quality.kendallTauAllIdeas",
  ]
  /// Of a latency, behind the name of an action, a verb or a ranker.
  static let ofLatencies = [
    "count", "meanNanoseconds", "p50Nanoseconds", "p90Nanoseconds", "p99Nanoseconds", "p999Nanoseconds", "maxNanoseconds",
  ]

  private let names: [String]
  private let timed: [String]
  private let services: [String]
  private let readBack: Set<String>

  public init(services: [any Service], regions: [Region]) {
    let descriptors = services.map { type(of: $0).descriptor }
    self.services = descriptors.map(\.id)
    readBack = descriptors.reduce(into: []) { $0.formUnion($1.readBackFigures) }
    var names = Self.ofRuns + Self.ofEngine
    for figure in descriptors.flatMap(\.figures) {
      if figure.hasSuffix(".*") { names += regions.map { figure.dropLast() + $0.name } } else { names.append(figure) }
    }
    self.names = names
    timed = descriptors.flatMap { $0.actions.map(\.name) } + ["feed.deliver", "feed.backfill"] + Verb.allCases.map(\.name)
  }

  /// Whether a figure follows from what the backend answered.
  func isReadBack(_ name: String) -> Bool { readBack.contains(name) }

  /// What is wrong with a name, and which there are; nil for one that a run may report.
  func complaint(of name: String) -> String? {
    if names.contains(name) { return nil }
    var known = names
    if let dot = name.lastIndex(of: "."), Self.ofLatencies.contains(String(name[name.index(after: dot)...])) {
      let subject = String(name[..<dot])
      // A name without a dot may be a ranker's: which there are is not the scenario's to know.
      if timed.contains(subject) || !subject.contains(".") { return nil }
      known = timed.map { $0 + name[dot...] }
    }
    let near = nearest(name, among: known).map { "; did you mean '\($0)'?" } ?? ";"
    let mine = known.filter { candidate in services.contains { candidate.hasPrefix($0 + ".") } }
    return "nothing is called '\(printable(name))'\(near) known: \((mine.isEmpty ? known : mine).joined(separator: ", ")), and latencies such as \(timed.first ?? "listing").p99Nanoseconds"
  }
}
