import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreePopulation
import JamboreeRankers
import JamboreeScenario
import JamboreeTesting
import JamboreeWorkloads

/// A jam of 72 hours pressed into one, so that a tick holds many operations.
let denseJam = """
  name: dense
  start: Tuesday 14:00
  duration: 1h
  tick: 5s
  population: { members: 1600, employees: 1600 }
  services:
    jam:
      forums: 2
      arrivals: { openingFactors: [], closingFactors: [] }
  """

let services = ServiceCatalog(platformServices)

func noOptions(_ owner: String = "test") throws -> OptionValues {
  try OptionValues(owner: owner, given: [], descriptors: [])
}

func memory() throws -> BackendInstance { .blocking(try MemoryBackend(options: noOptions())) }

func hot() throws -> any FeedRanker {
  try HotRanker(options: OptionValues(owner: "hot", given: [], descriptors: HotRanker.descriptor.options))
}

func loadPlan(_ text: String, overrides: [String] = [], scale: Double = 1) throws -> SimulationPlan {
  let scenario = try ScenarioLoader.load(text: text, file: "test", overrides: overrides, scale: scale, services: services)
  return try SimulationPlan(
    population: PopulationGenerator.generate(scenario.population, seed: scenario.seed, workers: 2),
    services: scenario.services, seed: scenario.seed, scale: scale, startMinuteOfWeek: scenario.startMinuteOfWeek,
    durationNanoseconds: scenario.durationNanoseconds, drainNanoseconds: scenario.drainNanoseconds, tickNanoseconds: scenario.tickNanoseconds,
    bucketNanoseconds: scenario.bucketNanoseconds, feed: scenario.feed)
}

/// What a finished simulation is held against.
struct Finished {
  let digest: String
  let operations: Int64
  let timeline: MetricTimeline
  let metrics: [Metric]
  let outcomes: [Int64]
}

func simulate(
  _ plan: SimulationPlan, backend: BackendInstance? = nil, ranker: (any FeedRanker)? = nil, workers: Int = 1
) throws -> Finished {
  let backend = try backend ?? memory()
  try backend.backend.load(plan.dataset())
  let simulation = try Simulation(plan, backend: backend, ranker: ranker ?? hot(), workers: workers)
  simulation.start()
  try simulation.run()
  let (timeline, _) = simulation.finishTimeline()
  return Finished(
    digest: simulation.digest.description, operations: simulation.operationCount, timeline: timeline,
    metrics: plan.services.flatMap { $0.derivedMetrics(timeline) } + simulation.metrics(), outcomes: simulation.outcomes)
}
