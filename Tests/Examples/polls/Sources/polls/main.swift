import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreePopulation
import JamboreeScenario
import JamboreeWorkloads

let text = """
  name: polls-day
  start: Tuesday 00:00
  duration: 24h
  tick: 5s
  population: { members: 20000, employees: 20000, graph: { meanDegree: 0 } }
  services:
    polls: { approval: 70% }
    wiki: { pages: 1000 }
  """

// The platform's own services and the new one: the scenario may name any of them.
let services = ServiceCatalog(platformServices + [PollService.self])
let scenario = try ScenarioLoader.load(text: text, file: "polls-day", services: services)
let plan = try SimulationPlan(
  population: PopulationGenerator.generate(scenario.population, seed: scenario.seed, workers: 2), services: scenario.services,
  seed: scenario.seed, scale: scenario.scale, startMinuteOfWeek: scenario.startMinuteOfWeek,
  durationNanoseconds: scenario.durationNanoseconds, drainNanoseconds: scenario.drainNanoseconds,
  tickNanoseconds: scenario.tickNanoseconds, bucketNanoseconds: scenario.bucketNanoseconds)

var registry = BackendRegistry()
registry.register(MemoryBackend.self)
let backend = try registry.make(PlugInReference("memory")).instance
try backend.backend.load(plan.dataset())
// A ranker of one's own, too; those of the platform are in JamboreeRankers.
let ranker = try MostVotedRanker(options: OptionValues(owner: "mostVoted", given: [], descriptors: MostVotedRanker.descriptor.options))
let simulation = try Simulation(plan, backend: backend, ranker: ranker, workers: 2)
simulation.start()
try simulation.run()
let (timeline, _) = simulation.finishTimeline()
for name in ["polls.participants", "polls.questions", "polls.votes", "polls.votesFor", "wiki.views"] {
  print(name, timeline.total(name))
}
print("digest", simulation.digest)
