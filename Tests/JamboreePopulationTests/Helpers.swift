import JamboreeKit
import JamboreePopulation

extension SocialGraph {
  /// The first broken rule of the rows, or nil: ascending, without repetition, no member its own target, all in range.
  var brokenRule: String? {
    if offsets.first != 0 || offsets.last != targets.count { return "the offsets do not span the targets" }
    for member in 0..<memberCount {
      if offsets[member + 1] < offsets[member] { return "the offsets fall at member \(member)" }
      var previous = -1
      for place in offsets[member]..<offsets[member + 1] {
        let target = Int(targets[place])
        if target <= previous { return "the targets of member \(member) do not ascend" }
        if target == member { return "member \(member) follows itself" }
        if target >= memberCount { return "member \(member) follows nobody known" }
        previous = target
      }
    }
    return nil
  }

  var degrees: [Int] { (0..<memberCount).map { offsets[$0 + 1] - offsets[$0] } }
}

extension Population {
  func isSame(as other: Population) -> Bool {
    regions == other.regions && regionIndices == other.regionIndices && roles == other.roles
      && affiliations == other.affiliations && interests == other.interests
      && graph.offsets == other.graph.offsets && graph.targets == other.graph.targets
  }
}

func population(
  _ members: Int, seed: UInt64 = 1, workers: Int = 2, _ change: (inout PopulationParameters) -> Void = { _ in }
) -> Population {
  var parameters = PopulationParameters(members: members)
  change(&parameters)
  return PopulationGenerator.generate(parameters, seed: Seed(seed), workers: workers)
}

func graph(_ members: Int, seed: UInt64 = 1, workers: Int = 2, _ parameters: GraphParameters) -> SocialGraph {
  population(members, seed: seed, workers: workers) { $0.graph = parameters }.graph
}

func count<Value: Equatable>(_ value: Value, in values: [Value]) -> Int { values.reduce(0) { $0 + ($1 == value ? 1 : 0) } }
