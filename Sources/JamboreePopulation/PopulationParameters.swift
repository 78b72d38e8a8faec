import Glibc
import JamboreeKit

/// What a population is generated from. Shares are dealt out stratified, so that the counts are the expectation to
/// within one member at any size.
public struct PopulationParameters: Sendable, Hashable {
  /// How many members there are: `1 ... 100_000_000`.
  public var members: Int
  /// At most this many members are employees; 0 or above. Of the rest, at most ``alumni`` are alumni, the others guests.
  ///
  /// 398,455 is the number of employees of the reference platform's company at the end of 2008.
  public var employees: Int
  /// At most this many of the members who are no employees are alumni; 0 or above.
  public var alumni: Int
  /// Where members live, by relative share; at most 256. An empty list stands for one region at UTC.
  public var regions: [Region]
  /// Share of the members who make most of the content, `0 ... 1` (0.01 in "90-9-1": Nielsen 2006).
  public var leaderShare: Double
  /// Share of the members who make something now and then, `0 ... 1` (0.09 in "90-9-1"); what it and
  /// ``leaderShare`` leave are lurkers.
  public var contributorShare: Double
  /// How many topics there are to care about: `1 ... 64`. Topic 0 is the most popular.
  public var topicCount: Int
  /// How many different topics each member cares about, 0 or above; cut at ``topicCount``.
  public var interestsPerMember: Int
  /// Who follows whom.
  public var graph: GraphParameters

  public init(
    members: Int,
    employees: Int = 398_455,
    alumni: Int = 0,
    regions: [Region] = PopulationParameters.defaultRegions,
    leaderShare: Double = 0.01,
    contributorShare: Double = 0.09,
    topicCount: Int = 64,
    interestsPerMember: Int = 3,
    graph: GraphParameters = GraphParameters()
  ) {
    self.members = members
    self.employees = employees
    self.alumni = alumni
    self.regions = regions
    self.leaderShare = leaderShare
    self.contributorShare = contributorShare
    self.topicCount = topicCount
    self.interestsPerMember = interestsPerMember
    self.graph = graph
  }

  /// Participation by region of the reference platform (assumed), with standard-time offsets.
  public static let defaultRegions: [Region] = [
    Region(name: "Americas", share: 0.45, utcOffsetMinutes: -300),
    Region(name: "EMEA", share: 0.27, utcOffsetMinutes: 60),
    Region(name: "India", share: 0.17, utcOffsetMinutes: 330),
    Region(name: "Asia-Pacific", share: 0.11, utcOffsetMinutes: 540),
  ]
}

/// What a graph of who follows whom is generated from.
public struct GraphParameters: Sendable, Hashable {
  /// Mean number of people whom a member follows: 0 (no edges) or above; cut at what ``maximumDegree`` and the number
  /// of members allow.
  ///
  /// 8.2 is the mean number of directed friends on SocialBlue. For other sizes see ``ldbcMeanDegree(members:)``.
  public var meanDegree: Double
  /// Most people whom one member follows: 0 or above; also cut at everybody else. 5,000 was Facebook's limit in 2011.
  public var maximumDegree: Int
  /// How many members a community has, about: 1 or above. Communities are equally large, give or take one member.
  /// One worker makes a whole community, so there should be several of them.
  ///
  /// A member cannot follow more of the community than there are others in it, so for ``communityShare`` to hold the
  /// size has to be several times the mean degree. 150 is Dunbar's number.
  public var communitySize: Int
  /// Share of each member's edges that stay inside the member's community, `0 ... 1`; the rest go to people outside
  /// it, by popularity. The value 0.5 is an assumption.
  public var communityShare: Double
  /// A real graph to use instead of a generated one; the figures above then have no meaning.
  public var file: GraphFile?

  public init(
    meanDegree: Double = 8.2, maximumDegree: Int = 5_000, communitySize: Int = 150, communityShare: Double = 0.5,
    file: GraphFile? = nil
  ) {
    self.meanDegree = meanDegree
    self.maximumDegree = maximumDegree
    self.communitySize = communitySize
    self.communityShare = communityShare
    self.file = file
  }

  /// The mean degree that the LDBC Social Network Benchmark gives a network of this size: n^(0.512 - 0.028 log10 n),
  /// which is 102 at 500,000 members.
  ///
  /// - Parameter members: 1 or above.
  public static func ldbcMeanDegree(members: Int) -> Double {
    let count = Double(max(members, 1))
    return pow(count, 0.512 - 0.028 * log10(count))
  }
}

/// A graph in a file: see ``EdgeList``.
public struct GraphFile: Sendable, Hashable {
  public var path: String
  /// Each line connects both ways.
  public var isMutual: Bool

  public init(path: String, isMutual: Bool = false) {
    self.path = path
    self.isMutual = isMutual
  }
}
