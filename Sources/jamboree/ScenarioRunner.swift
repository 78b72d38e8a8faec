import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation
import JamboreeResults
import JamboreeScenario

/// Puts a scenario, a backend and a ranker together and runs them.
struct ScenarioRunner {
  var scenario: Scenario
  var backend: String
  var ranker: String
  var workers: Int
  /// At wall-clock pace; nil: in virtual time.
  var load: LoadOptions?

  /// Everything put together, ready to run.
  /// - Throws: ``PlugInError`` for a backend, a ranker or an option that there is not.
  func driver() throws(PlugInError) -> RunDriver {
    var backendReference = try PlugInReference(backend)
    if load != nil, let known = Composition.backends.descriptors.first(where: { $0.id == backendReference.id }) {
      backendReference = backendReference.withDefaults(known.loadOptions)
    }
    let (instance, backendOptions) = try Composition.backends.make(backendReference)
    let (ranking, rankerOptions) = try Composition.rankers.make(PlugInReference(ranker))
    let backendDescriptor = instance.descriptor
    let rankerDescriptor = ranking.descriptor
    let scenario = scenario
    let workers = workers
    var driver = RunDriver(
      identity: RunIdentity(
        scenarioName: scenario.name, scenarioText: scenario.text, scenarioHash: scenario.hash,
        scenarioFolder: scenario.folder, overrides: scenario.overrides, seed: scenario.seed, scale: scenario.scale, workers: workers, pace: load?.text ?? "max",
        backend: PlugInIdentity(
          id: backendDescriptor.id, version: backendDescriptor.version, location: backendDescriptor.locatesFile ? absolute(backendReference.location) : backendReference.publicLocation,
          options: backendOptions.inForce.map { "\($0.name)=\($0.value)" }),
        ranker: PlugInIdentity(
          id: rankerDescriptor.id, version: rankerDescriptor.version, options: rankerOptions.inForce.map { "\($0.name)=\($0.value)" })),
      makePopulation: { () throws(ConfigurationError) in
        do throws(EdgeListError) {
          let (population, report) = try PopulationGenerator.make(scenario.population, seed: scenario.seed, workers: workers)
          return (population, report.map { graphMetrics($0, population.graph) } ?? [])
        } catch {
          throw scenario.graphPlace.fail(error.description)
        }
      },
      makePlan: { population throws(ConfigurationError) in
        try SimulationPlan(
          population: population, services: scenario.services, seed: scenario.seed, scale: scenario.scale,
          startMinuteOfWeek: scenario.startMinuteOfWeek, durationNanoseconds: scenario.durationNanoseconds,
          drainNanoseconds: scenario.drainNanoseconds,
          tickNanoseconds: scenario.tickNanoseconds, bucketNanoseconds: scenario.bucketNanoseconds, truth: scenario.truth,
          judgedPages: scenario.judgedPages, feed: scenario.feed)
      },
      backend: instance, ranker: ranking, workers: workers)
    driver.load = load
    let requestsPerPage = scenario.requestsPerPage
    driver.deriveMetrics = { PlatformSummary($0, requestsPerPage: requestsPerPage).metrics }
    driver.makeRehearsal = Composition.replayBackend
    return driver
  }

  /// Mean service time by action, of a load mean response time, of a small run of the same scenario on the null backend: the
  /// harness's own share. Empty when it is stopped.
  /// - Parameter rate: starts a second of a load run, whose floor is that of a load at the same rate; nil for others.
  func measureFloor(atRate rate: Double?, shouldStop: @escaping @Sendable () -> Bool) throws -> [String: Double] {
    // About five thousand members who do everything within two hours: a fraction of a second.
    let scale = scenario.scale * min(1, 5_000 / Double(max(scenario.population.members, 1)))
    // A graph from a file has one size; any will do here.
    let graph = scenario.population.graph.file == nil ? [] : ["population.graph=~"]
    func shrunk(_ more: [String]) throws(ConfigurationError) -> Scenario {
      try ScenarioLoader.load(
        text: scenario.text, file: scenario.name, folder: scenario.folder, overrides: scenario.overrides + graph + more, scale: scale,
        services: Composition.services)
    }
    var small = self
    // A scenario whose other figures do not go with two hours is measured at its own length.
    small.scenario = try (scenario.durationNanoseconds > 7_200_000_000_000 ? try? shrunk(["duration=2h"]) : nil) ?? shrunk([])
    small.backend = "null"
    small.ranker = Composition.floorRanker(for: ranker)
    small.load = rate.map { rate in load?.forFloor(ratePerSecond: max(rate, 1)) } ?? nil
    var driver = try small.driver()
    driver.shouldStop = shouldStop
    let output = try driver.run()
    guard !output.interrupted else { return [:] }
    var floor: [String: Double] = [:]
    for action in output.actions {
      if let histogram = output.histogram(rate == nil ? .service : .response, action.name) { floor[action.name] = LatencySummary(histogram).meanNanoseconds }
    }
    return floor
  }
}

/// What there is to tell of a graph from a file.
private func graphMetrics(_ report: EdgeList.Report, _ graph: SocialGraph) -> [Metric] {
  [
    ("nodes", report.nodes), ("edges", graph.edgeCount), ("listedEdges", report.listedEdges), ("duplicateEdges", report.duplicateEdges),
    ("reversedEdges", report.reversedEdges), ("selfEdges", report.selfEdges),
  ].map { Metric(name: "population.graph.\($0.0)", value: Double($0.1), unit: "count") }
}

/// An expectation that a run is not held to, with what came out nevertheless.
struct UncheckedExpectation {
  let result: CheckResult
  let why: JamboreeScenario.Expectation.Exemption
}

/// A run with everything that is shown of it.
struct FinishedRun {
  var id: String?
  var output: RunOutput
  var scenario: Scenario
  var checks: [CheckResult]
  /// What was stated and is not held against it.
  var unchecked: [UncheckedExpectation]
  /// Both, in the scenario's order, as they are kept with the results.
  var records: [CheckRecord]
  var verdict: Verdict
  var verdictReason: String
  /// Mean service time by action on the null backend, of a load mean response time, in nanoseconds: what of each latency is the
  /// harness's own.
  var floor: [String: Double]
  var resultsPath: String
  /// Whether the backend's replies are made up.
  var isSynthetic: Bool

  /// What the program ends with; nil when all is well.
  var exitCode: Int32? {
    output.interrupted || Interruption.shared.hasCome ? Failure.interrupted : failureCode
  }

  /// The same of the run by itself, whatever was asked of the program meanwhile.
  var failureCode: Int32? {
    if verdict == .invalid { return Failure.invalid }
    return verdict == .failed || checks.contains(where: { !$0.passed }) ? Failure.checkFailed : nil
  }

  /// A total, a figure or a latency by its name, such as `jam.pageViews` or `jam.readThread.p99Nanoseconds`.
  static func observed(_ name: String, in output: RunOutput) -> Double? {
    if let metric = output.metrics.first(where: { $0.name == name }) { return metric.value }
    if output.timeline.index(of: name) != nil { return Double(output.timeline.total(name)) }
    switch name {
    case "operations": return Double(output.operations)
    case "errors": return Double(output.errors)
    case "operationsPerSecond": return output.operationsPerSecond
    case "wallSeconds": return Double(output.wallNanoseconds) / 1e9
    default: break
    }
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let (subject, field) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
    for kind in [LatencyKind.response, .service, .storage, .ranking, .lateness] {
      guard let histogram = output.histogram(kind, subject) else { continue }
      let summary = LatencySummary(histogram)
      switch field {
      case "count": return Double(summary.count)
      case "meanNanoseconds": return summary.meanNanoseconds
      case "p50Nanoseconds": return Double(summary.p50Nanoseconds)
      case "p90Nanoseconds": return Double(summary.p90Nanoseconds)
      case "p99Nanoseconds": return Double(summary.p99Nanoseconds)
      case "p999Nanoseconds": return Double(summary.p999Nanoseconds)
      case "maxNanoseconds": return Double(summary.maxNanoseconds)
      default: return nil
      }
    }
    return nil
  }
}

/// A run may be gone on with from another folder.
private func absolute(_ path: String) -> String {
  path.isEmpty || path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
}
