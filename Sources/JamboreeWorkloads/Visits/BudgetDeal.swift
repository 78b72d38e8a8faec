import JamboreeKit

/// Deals the actions of a run out to those who come.
struct BudgetDeal {
  /// The most that one participant does of an activity: an author's items of a service have so many numbers during a run.
  static let mostOfOne = 0x7F_FFFF

  private let parameters: VisitParameters
  private let seed: Seed
  private let coming: Int

  init(_ parameters: VisitParameters, seed: Seed, coming: Int) {
    self.parameters = parameters
    self.seed = seed
    self.coming = coming
  }

  /// - Parameters:
  ///   - total: actions of all activities together.
  ///   - domain: a domain of random numbers by its name.
  /// - Returns: `[activity * coming + participant]`.
  func budgets(
    _ activities: [Activity], total: Double, isOwner: (Int) -> Bool, domain: (String) -> RandomDomain
  ) -> [UInt32] {
    var budgets = [UInt32](repeating: 0, count: activities.count * coming)
    guard coming > 0 else { return budgets }
    let weights = parameters.mix.reduce(0, +)
    let everyone = Array(0..<coming)
    // Where no owner comes and nobody writes by habit, anybody may have to.
    let habitual = writers(domain: domain)
    let writers = habitual.isEmpty ? everyone : habitual
    let owners = everyone.filter(isOwner)
    // Who comes does something: the most frequent thing, once at the least.
    let main = activities.indices.filter { activities[$0].doer == .everyone }.max { parameters.mix[$0] < parameters.mix[$1] }
    for (index, activity) in activities.enumerated() {
      let amount = total * parameters.mix[index] / weights
      func deal(_ amount: Double, to group: [Int], _ name: String, atLeastOnce: Bool = false) {
        guard !group.isEmpty, amount > 0 else { return }
        let mean = amount / Double(group.count)
        let shares =
          activity.isEven
          ? StratifiedBudget(evenWithMean: mean, count: group.count)
          : StratifiedBudget(geometricFrom: atLeastOnce && mean >= 1 ? 1 : 0, mean: mean, count: group.count)
        let permutation = StratifiedPermutation(count: group.count, seed: seed, domain: domain(name))
        for (place, participant) in group.enumerated() {
          budgets[index * coming + participant] = UInt32(min(max(shares.amount(of: permutation.rank(of: place)), 0), Self.mostOfOne))
        }
      }
      switch activity.doer {
      case .everyone: deal(amount, to: everyone, activity.name, atLeastOnce: index == main)
      case .owners where !owners.isEmpty: deal(amount, to: owners, activity.name)
      case .owners, .writers:
        let heavyCount = heavyCount(of: writers)
        let heavyWeight = Double(heavyCount) * parameters.writers.heavyFactor
        // Whole, so that rounding is done once for both classes together.
        let heavy = (amount * heavyWeight / (heavyWeight + Double(writers.count - heavyCount))).rounded()
        deal(heavy, to: Array(writers[..<heavyCount]), activity.name + ".heavy")
        deal(amount - heavy, to: Array(writers[heavyCount...]), activity.name)
      }
    }
    return budgets
  }

  /// Those of the participants who come who write, those who write much first.
  func writers(domain: (String) -> RandomDomain) -> [Int] {
    let order = StratifiedPermutation(count: coming, seed: seed, domain: domain("writers"))
    var writers = [Int](repeating: 0, count: Self.writerCount(parameters, coming: coming))
    for participant in 0..<coming {
      let rank = order.rank(of: participant)
      if rank < writers.count { writers[rank] = participant }
    }
    return writers
  }

  /// How many of the writers write much.
  func heavyCount(of writers: [Int]) -> Int { Self.heavyCount(parameters, writers: writers.count) }

  static func writerCount(_ parameters: VisitParameters, coming: Int) -> Int {
    min(Int((Double(coming) * parameters.writers.share).rounded(.up)), coming)
  }

  static func heavyCount(_ parameters: VisitParameters, writers: Int) -> Int {
    Int((Double(writers) * parameters.writers.heavyShare).rounded())
  }
}

extension StratifiedBudget {
  /// The two whole amounts next to the mean.
  init(evenWithMean mean: Double, count: Int) {
    let least = mean.rounded(.down)
    self.init(first: Int(least), probabilities: [1 - (mean - least), mean - least], count: count)
  }
}
