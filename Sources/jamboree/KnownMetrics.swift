import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation
import JamboreeScenario

/// The names of everything that a run of a scenario is measured by, before it is run: an expectation of a name that does
/// not exist would else only fail at the end.
struct KnownMetrics {
  /// What every run has, whatever its services: see ``FinishedRun/observed(_:in:)``, the engine's and the driver's metrics.
  static let ofEveryRun = [
    "operations", "errors", "operationsPerSecond", "wallSeconds", "engine.agents", "engine.bytesPerOfflineAgent", "engine.ticks",
    "ranking.notANumberScores", "process.userCPUSeconds", "process.systemCPUSeconds", "process.involuntarySwitches",
    "process.peakResidentBytes", "process.allocatedBytes",
  ]
  /// Of each action, verb and ranker.
  static let latencyFields = [
    "count", "meanNanoseconds", "p50Nanoseconds", "p90Nanoseconds", "p99Nanoseconds", "p999Nanoseconds", "maxNanoseconds",
  ]

  /// - Throws: ``ConfigurationError`` naming file and line for an expectation of something that no run has.
  static func check(_ scenario: Scenario) throws(ConfigurationError) {
    guard !scenario.expectations.isEmpty, let plan = plan(scenario) else { return }
    var figures = ofEveryRun + plan.metrics.map(\.name)
    let subjects = plan.catalog.descriptors.map(\.name) + Verb.allCases.filter { plan.verbs.contains($0) }.map(\.name)
      + Composition.rankers.descriptors.map(\.id)
    let latencies = subjects.flatMap { subject in latencyFields.map { "\(subject).\($0)" } }
    func isMissing(_ expected: (name: String, place: ScenarioPlace)) -> Bool {
      !figures.contains(expected.name) && !latencies.contains(expected.name)
    }
    var missing = zip(scenario.expectations, scenario.expectationPlaces).map { (name: $0.metric, place: $1) }.filter(isMissing)
    // What a service derives it tells only by deriving it, from a timeline; which of its figures there are depends on what
    // happened. So it is shown some that were made up, until all names are known or nothing new can be expected.
    for round in 0..<48 where !missing.isEmpty {
      let timeline = madeUpTimeline(plan, round)
      for metric in plan.services.flatMap({ $0.derivedMetrics(timeline) }) where !figures.contains(metric.name) {
        figures.append(metric.name)
      }
      missing = missing.filter(isMissing)
    }
    guard let first = missing.first else { return }
    let fault = "no run of this scenario has a metric '\(printable(first.name, limit: 200))'"
    if let near = nearest(first.name, among: figures + latencies) { throw first.place.fail("\(fault); did you mean '\(near)'?") }
    let counted = figures.filter { !$0.hasPrefix("engine.") && !$0.hasPrefix("process.") && !$0.hasPrefix("ranking.") }
    let latency = subjects.first.map { " and latencies such as \($0).p99Nanoseconds" } ?? ""
    throw first.place.fail("\(fault); known: \(counted.joined(separator: ", "))\(latency)")
  }

  /// The plan for a hundred of the members: names are the same for all numbers. Nil where so few cannot be planned for.
  private static func plan(_ scenario: Scenario) -> SimulationPlan? {
    var parameters = scenario.population
    parameters.members = min(parameters.members, 100)
    parameters.graph.meanDegree = 0
    let population = PopulationGenerator.generate(parameters, seed: scenario.seed, workers: 1)
    return try? SimulationPlan(
      population: population, services: scenario.services, seed: scenario.seed, scale: scenario.scale,
      startMinuteOfWeek: scenario.startMinuteOfWeek, durationNanoseconds: scenario.durationNanoseconds,
      tickNanoseconds: scenario.tickNanoseconds, bucketNanoseconds: scenario.bucketNanoseconds)
  }

  /// In round 0 nothing has happened; then each metric is level, falls or rises in the middle, by a pattern of its own.
  private static func madeUpTimeline(_ plan: SimulationPlan, _ round: Int) -> MetricTimeline {
    var timeline = MetricTimeline(bucketNanoseconds: plan.bucketNanoseconds, descriptors: plan.metrics)
    guard round > 0 else { return timeline }
    let count = min(max(plan.durationNanoseconds / plan.bucketNanoseconds, 1), 2_000)
    for bucket in 0..<count {
      timeline.append(
        plan.metrics.indices.map { metric in
          switch mix64(UInt64(round) << 32 | UInt64(metric)) % 3 {
          case 0: 1_000
          case 1: bucket < count / 2 ? 900 : 100
          default: bucket < count / 2 ? 100 : 900
          }
        })
    }
    timeline.peakValues = plan.metrics.map { _ in 1_000 }
    return timeline
  }
}

extension ScenarioLoader {
  /// Reads a scenario file for this program: its services, and the names that their runs are measured by.
  static func loadForRun(path: String, overrides: [String] = [], scale: Double = 1) throws(ConfigurationError) -> Scenario {
    let scenario = try load(path: path, overrides: overrides, scale: scale, services: Composition.services)
    try KnownMetrics.check(scenario)
    return scenario
  }
}
