import JamboreeKit

/// What all of a selection's agents share. Nothing changes in it during a run.
final class SelectionModel: Sendable {
  let parameters: SelectionParameters
  let serviceNumber: UInt8
  let jamNumber: UInt8
  let forums: Int
  /// More ideas than a forum can hold. A listing that is longer is made up as it is read, as the null backend's are, and would
  /// never end.
  let mostIdeas: Int
  let begin: SimTime
  /// Who reviews, by number. The first is also the coordinator, for whom the machine works.
  let reviewers: [MemberID]
  let quality: LatentQuality
  let reviewTimes: QuantileTable
  let actions: SelectionActions
  let metrics: SelectionMetricIndices
  let streamBase: UInt64

  /// - Parameter jam: the jam that is judged, and its number.
  init(_ parameters: SelectionParameters, _ setup: ServiceSetup, jam: (service: JamService, number: UInt8)) {
    self.parameters = parameters
    serviceNumber = setup.serviceNumber
    jamNumber = jam.number
    let jamParameters = jam.service.parameters
    forums = jamParameters.forums
    let posts = Double(setup.population.count) * jamParameters.participation * jamParameters.posts.perParticipant
    mostIdeas = 2 * Int(posts.rounded(.up)) + jamParameters.seedIdeasPerForum + 500
    begin = SimTime(nanoseconds: setup.durationNanoseconds + parameters.delayNanoseconds)
    reviewers = SelectionModel.reviewers(parameters.reviewers, of: setup)
    quality = JamModel.quality(setup)
    reviewTimes = QuantileTable(
      LognormalDistribution(mean: Double(parameters.reviewMeanNanoseconds), sigma: parameters.reviewSigma))
    actions = SelectionActions(first: setup.firstAction)
    metrics = SelectionMetricIndices(first: setup.firstMetric)
    streamBase = RandomStream.base(seed: setup.seed, domain: RandomDomain("selection.reviewer"))
  }

  /// Employees in a seeded order; others only when there are too few of them.
  private static func reviewers(_ wanted: Int, of setup: ServiceSetup) -> [MemberID] {
    let population = setup.population
    let order = StratifiedPermutation(count: population.count, seed: setup.seed, domain: RandomDomain("selection.reviewers"))
    func first(_ wanted: Int, where isWanted: (Int) -> Bool) -> [MemberID] {
      // The permutation is its members' ranks; those of the lowest ranks, in the order of their ranks.
      var found: [(rank: Int, member: Int)] = []
      for member in 0..<population.count where isWanted(member) { found.append((order.rank(of: member), member)) }
      return found.sorted { $0.rank < $1.rank }.prefix(wanted).map { MemberID(UInt32($0.member)) }
    }
    let employees = first(wanted) { population.affiliations[$0] == .employee }
    return employees + first(wanted - employees.count) { population.affiliations[$0] != .employee }
  }

  func forum(_ number: Int) -> ContainerID { JamModel.forum(number, ofService: jamNumber) }

  /// Where the selection's announcements are listed.
  var announcements: ContainerID {
    ContainerID(space: ContainerID.Space(service: serviceNumber, kind: 1), number: 1)
  }

  /// How many reviewers there are for one of so many judgements: all of a small company, if it has no more.
  func judges(_ wanted: Int) -> Int { min(wanted, reviewers.count) }
}

/// Ids of the selection's actions, in the descriptor's order.
struct SelectionActions: Sendable {
  let collect, review, vote, announce: ActionID

  init(first: ActionID) {
    func id(_ offset: UInt16) -> ActionID { ActionID(first.rawValue + offset) }
    (collect, review, vote, announce) = (id(0), id(1), id(2), id(3))
  }

  static let descriptors = [
    ActionDescriptor(name: "selection.collect", summary: "read 500 ideas of a forum, for the machine that clusters them"),
    ActionDescriptor(name: "selection.review", summary: "read a cluster's best idea with its thread, and mark it"),
    ActionDescriptor(name: "selection.vote", summary: "read a plan's idea again, and vote on it"),
    ActionDescriptor(name: "selection.announce", summary: "publish the shortlist, or what is funded"),
  ]
}

/// Indices of the selection's metrics, in the order of ``descriptors``.
struct SelectionMetricIndices: Sendable {
  let offerings, ideas, clusters, reviews, shortlisted, votes, funded: Int
  let ideaQualitySum, fundedQualitySum, possibleQualitySum, possibleCount: Int

  init(first: Int) {
    (offerings, ideas, clusters, reviews) = (first, first + 1, first + 2, first + 3)
    (shortlisted, votes, funded) = (first + 4, first + 5, first + 6)
    (ideaQualitySum, fundedQualitySum, possibleQualitySum, possibleCount) = (first + 7, first + 8, first + 9, first + 10)
  }

  static let descriptors: [MetricDescriptor] = [
    ("offerings", "count"), ("ideas", "count"), ("clusters", "count"), ("reviews", "count"), ("shortlisted", "count"),
    ("votes", "count"), ("funded", "count"), ("ideaQuality", "thousandths"), ("fundedQuality", "thousandths"),
    ("possibleQuality", "thousandths"), ("possible", "count"),
  ].map { MetricDescriptor(name: "selection.\($0.0)", unit: $0.1, kind: .counter) }
}
