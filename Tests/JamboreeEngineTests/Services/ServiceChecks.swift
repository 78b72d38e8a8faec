import JamboreeKit
import Testing

@testable import JamboreeEngine

/// A run that was stopped in its middle and gone on with from a checkpoint ends like one that was not.
func checkpointGoesOn(_ plan: SimulationPlan) throws {
  let whole = try simulate(plan)
  let backend = try memory()
  try backend.backend.load(plan.dataset())
  let first = try Simulation(plan, backend: backend, ranker: hot(), workers: 1)
  first.start()
  try first.run(until: plan.durationNanoseconds / plan.tickNanoseconds / 2)
  #expect(first.operationCount > 0 && first.operationCount < whole.operations)
  // Another number of workers, over the state that the first run left in the backend.
  let second = try Simulation(plan, backend: backend, ranker: hot(), workers: 3)
  try second.restore(from: first.checkpoint())
  try second.run()
  #expect(second.digest.description == whole.digest)
  let (timeline, _) = second.finishTimeline()
  #expect(timeline.values == whole.timeline.values)
}

/// One, two and seven workers have the same digest, and another seed has another.
func digestsAgree(_ text: String, scale: Double) throws {
  let one = try simulate(loadPlan(text, scale: scale))
  for workers in [2, 7] { #expect(try simulate(loadPlan(text, scale: scale), workers: workers).digest == one.digest) }
  #expect(try simulate(loadPlan(text, overrides: ["seed=2"], scale: scale)).digest != one.digest)
}

/// A total against what is wanted of it at scale 1.
func expectTotal(_ finished: Finished, _ name: String, _ wanted: Double, scale: Double, tolerance: Double) {
  let observed = Double(finished.timeline.total(name)) / scale
  #expect(abs(observed - wanted) <= tolerance * wanted, "\(name): \(observed), wanted \(wanted)")
}
