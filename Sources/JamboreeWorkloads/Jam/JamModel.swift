import Glibc
import JamboreeKit

/// What all of a jam's agents share: its parameters as tables, and who takes part. Nothing changes in it during a run.
final class JamModel: Sendable {
  let parameters: JamParameters
  let population: Population
  let serviceNumber: UInt8
  let durationNanoseconds: Int64
  let curve: ArrivalCurve
  let thinkTimes: QuantileTable
  let reactionTimes: QuantileTable
  let textLengths: QuantileTable
  let quality: LatentQuality
  /// Place that is opened, of a page of any length and of a full one.
  let positions: ZipfDistribution
  let fullPagePositions: AliasTable
  let forumChoice: AliasTable
  /// Ideas opened from one listing, less one: geometric, with all that is beyond a visit's room in the last place.
  let extraReads: AliasTable
  let extraPages: GeometricDistribution
  let actions: JamActions
  let metrics: JamMetricIndices
  /// Base of the participants' streams.
  let streamBase: UInt64

  private let taking: StratifiedPermutation
  private let sessionBudget: StratifiedPermutation
  private let postBudget: StratifiedPermutation
  private let ratingBudget: StratifiedPermutation
  let participantCount: Int
  /// One a region.
  private let sessionAmounts: [StratifiedBudget]
  private let posterCount: Int
  private let postAmounts: StratifiedBudget
  private let ratingAmounts: StratifiedBudget

  init(_ parameters: JamParameters, _ setup: ServiceSetup) {
    self.parameters = parameters
    population = setup.population
    serviceNumber = setup.serviceNumber
    durationNanoseconds = setup.durationNanoseconds
    curve = ArrivalCurve(
      parameters.arrivals, regions: setup.population.regions, startMinuteOfWeek: setup.startMinuteOfWeek,
      durationNanoseconds: setup.durationNanoseconds)
    thinkTimes = QuantileTable(
      LognormalDistribution(mean: Double(parameters.think.meanNanoseconds), sigma: parameters.think.sigma))
    reactionTimes = QuantileTable(
      LognormalDistribution(
        mean: Double(parameters.notifications.reactionMeanNanoseconds), sigma: parameters.notifications.reactionSigma))
    textLengths = QuantileTable(LognormalDistribution(mean: parameters.posts.meanBytes, sigma: parameters.posts.bytesSigma))
    quality = JamModel.quality(setup)
    positions = ZipfDistribution(exponent: parameters.reading.positionBias, count: parameters.reading.pageLength)
    fullPagePositions = AliasTable(
      weights: (1...parameters.reading.pageLength).map { pow(Double($0), -parameters.reading.positionBias) })
    forumChoice = AliasTable(weights: (1...parameters.forums).map { pow(Double($0), -parameters.reading.forumSkew) })
    let readOn = JamModel.continuation(mean: parameters.reading.readsPerListing, limit: JamVisit.maximumTargets)
    extraReads = AliasTable(
      weights: (0..<JamVisit.maximumTargets).map { more in
        pow(readOn, Double(more)) * (more < JamVisit.maximumTargets - 1 ? 1 - readOn : 1)
      })
    extraPages = GeometricDistribution(mean: parameters.pagesPerSession - 2)
    actions = JamActions(first: setup.firstAction)
    metrics = JamMetricIndices(first: setup.firstMetric)
    streamBase = RandomStream.base(seed: setup.seed, domain: RandomDomain("jam.participant"))

    let members = setup.population.count
    participantCount = Int((Double(members) * parameters.participation).rounded())
    taking = StratifiedPermutation(count: members, seed: setup.seed, domain: RandomDomain("jam.participation"))
    sessionBudget = StratifiedPermutation(count: participantCount, seed: setup.seed, domain: RandomDomain("jam.sessions"))
    postBudget = StratifiedPermutation(count: participantCount, seed: setup.seed, domain: RandomDomain("jam.posts"))
    ratingBudget = StratifiedPermutation(count: participantCount, seed: setup.seed, domain: RandomDomain("jam.ratings"))
    let participants = participantCount
    sessionAmounts = JamModel.sessionMeans(
      parameters.sessionsPerParticipant, weights: curve.relativeWeights, shares: setup.population.regions.map(\.share)
    ).map { StratifiedBudget(geometricFrom: 1, mean: $0, count: participants) }
    let zeta = ZetaDistribution(alpha: parameters.posts.zetaAlpha, cutoff: parameters.posts.zetaCutoff)
    posterCount = min(Int((parameters.posts.perParticipant / zeta.mean * Double(participants)).rounded()), participants)
    postAmounts = StratifiedBudget(
      first: 1, probabilities: (1...zeta.cutoff).map { zeta.probability(of: $0) }, count: posterCount)
    ratingAmounts = StratifiedBudget(geometricFrom: 0, mean: parameters.ratings.perParticipant, count: participants)
  }

  /// Visits a participant, by region: in proportion to how much of the jam falls into the region's waking hours. Who takes part
  /// comes once at the least, so where that is more than the proportion, the others come less often, and the mean holds.
  static func sessionMeans(_ mean: Double, weights: [Double], shares: [Double]) -> [Double] {
    let proportional = weights.map { mean * $0 }
    guard mean > 1, proportional.contains(where: { $0 < 1 }) else { return proportional }
    let total = shares.reduce(0, +)
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let factor = (low + high) / 2
      let sum = zip(proportional, shares).reduce(0) { $0 + max($1.0 * factor, 1) * $1.1 }
      if sum < mean * total { low = factor } else { high = factor }
    }
    return proportional.map { max($0 * low, 1) }
  }

  /// The chance to open one more idea such that, with at most `limit`, the mean is what is asked for: the mean of a
  /// geometric distribution that is cut there is (1 - r^limit) / (1 - r).
  private static func continuation(mean: Double, limit: Int) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let ratio = (low + high) / 2
      var sum = 0.0
      for more in 0..<limit { sum += pow(ratio, Double(more)) }
      if sum < mean { low = ratio } else { high = ratio }
    }
    return low
  }

  /// The member's place among the participants, or nil for one who stays away.
  func participantNumber(of member: Int) -> Int? {
    let rank = taking.rank(of: member)
    return rank < participantCount ? rank : nil
  }

  // Budgets are dealt out by stratified ranks, so their sums hold at any scale (sessions, whose mean depends on the
  // region, up to who of a region has which rank).

  func sessions(of participant: Int, region: Int) -> Int {
    min(sessionAmounts[region].amount(of: sessionBudget.rank(of: participant)), 60_000)
  }

  func posts(of participant: Int) -> Int {
    let rank = postBudget.rank(of: participant)
    return rank < posterCount ? min(postAmounts.amount(of: rank), 60_000) : 0
  }

  func ratings(of participant: Int) -> Int {
    min(ratingAmounts.amount(of: ratingBudget.rank(of: participant)), 60_000)
  }

  /// How good a jam's ideas are; the same to whoever judges them.
  static func quality(_ setup: ServiceSetup) -> LatentQuality {
    LatentQuality(seed: setup.seed, domain: RandomDomain("jam.quality"), truth: setup.truth)
  }

  /// Chance that a post at a time is negative in tone.
  func negativeShare(at time: SimTime) -> Double {
    let mood = parameters.mood
    return mood.floor
      + mood.drop / (1 + exp(Double(time.nanoseconds - mood.turnNanoseconds) / Double(mood.widthNanoseconds)))
  }

  func forum(_ number: Int) -> ContainerID { JamModel.forum(number, ofService: serviceNumber) }

  /// - Parameter number: from 0.
  static func forum(_ number: Int, ofService service: UInt8) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: service, kind: 1), number: UInt64(number + 1))
  }

  /// The jam itself, which members join.
  var event: ContainerID { ContainerID(space: ContainerID.Space(service: serviceNumber, kind: 2), number: 1) }
}

/// Ids of the jam's actions, in the descriptor's order.
struct JamActions: Sendable {
  let join, listForum, readThread, readIdea, postIdea, reply, rate: ActionID

  init(first: ActionID) {
    func id(_ offset: UInt16) -> ActionID { ActionID(first.rawValue + offset) }
    (join, listForum, readThread, readIdea) = (id(0), id(1), id(2), id(3))
    (postIdea, reply, rate) = (id(4), id(5), id(6))
  }

  static let descriptors = [
    ActionDescriptor(name: "jam.join", summary: "enter the jam for the first time"),
    ActionDescriptor(name: "jam.listForum", summary: "open a forum: its ideas by rank", isPageView: true),
    ActionDescriptor(name: "jam.readThread", summary: "open an idea with its newest replies", isPageView: true),
    ActionDescriptor(name: "jam.readIdea", summary: "open an idea alone", isPageView: true),
    ActionDescriptor(name: "jam.postIdea", summary: "post an idea"),
    ActionDescriptor(name: "jam.reply", summary: "reply to the idea that was read last"),
    ActionDescriptor(name: "jam.rate", summary: "rate the idea that was read last, 1 to 5"),
  ]
}

/// Indices of the jam's metrics, in the order of ``descriptors(regions:)``.
struct JamMetricIndices: Sendable {
  let participants, sessions, pageViews, posts, ideas, replies, ratings: Int
  let negativePosts, notifications, returns: Int
  let qualityReadSum, qualityReadCount, qualityPostedSum: Int
  let listings, textBytes: Int
  let online, firstRegionOnline: Int

  init(first: Int) {
    (participants, sessions, pageViews, posts) = (first, first + 1, first + 2, first + 3)
    (ideas, replies, ratings) = (first + 4, first + 5, first + 6)
    (negativePosts, notifications, returns) = (first + 7, first + 8, first + 9)
    (qualityReadSum, qualityReadCount, qualityPostedSum) = (first + 10, first + 11, first + 12)
    (listings, textBytes) = (first + 13, first + 14)
    (online, firstRegionOnline) = (first + 15, first + 16)
  }

  static func descriptors(regions: [Region]) -> [MetricDescriptor] {
    func counter(_ name: String, _ unit: String = "count") -> MetricDescriptor {
      MetricDescriptor(name: "jam.\(name)", unit: unit, kind: .counter)
    }
    return [
      counter("participants"), counter("sessions"), counter("pageViews"), counter("posts"), counter("ideas"),
      counter("replies"), counter("ratings"), counter("negativePosts"), counter("notifications"), counter("returns"),
      counter("qualityRead", "thousandths"), counter("qualityReads"), counter("qualityPosted", "thousandths"),
      counter("listings"), counter("textBytes", "B"),
      MetricDescriptor(name: "jam.online", unit: "members", kind: .gauge),
    ] + regions.map { MetricDescriptor(name: "jam.online.\($0.name)", unit: "members", kind: .gauge) }
  }
}
