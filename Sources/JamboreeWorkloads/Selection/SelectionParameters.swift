import Glibc
import JamboreeKit

/// What a scenario says about the selection that follows a jam. Counts of clusters, reviewers and awards do not scale: a smaller
/// jam is judged by as many people.
public struct SelectionParameters: Sendable {
  /// Which ideas are taken together.
  public enum Cluster: String, CaseIterable, Sendable {
    /// Those of one forum about one topic.
    case topic
    /// All of one forum: for a jam whose forums are projects.
    case forum
  }

  /// Between the jam's end and the moment at which the machine begins to read.
  public var delayNanoseconds: Int64
  public var clusterBy: Cluster
  /// How many clusters go to the reviewers: the largest.
  public var clusters: Int
  public var reviewers: Int
  public var reviewsPerCluster: Int
  /// How long a reviewer takes over a cluster: lognormal.
  public var reviewMeanNanoseconds: Int64
  public var reviewSigma: Double
  /// Standard deviation of a reviewer's judgement of an idea's quality, in the quality's own standard deviations.
  public var judgementNoise: Double
  /// How many clusters become plans.
  public var shortlist: Int
  /// How many of the reviewers vote on each plan.
  public var votesPerPlan: Int
  /// How many plans are funded.
  public var funded: Int

  /// Reads the mapping below `services.selection`.
  public init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    let hour: Int64 = 3_600_000_000_000
    delayNanoseconds = try reader.duration("delay", default: hour, in: 0...(31 * 24 * hour), "from the scenario's end to the first step")
    clusterBy = try reader.choice(
      "clusterBy", default: .topic, "which offerings are taken together: those of one forum and topic, or all of one forum")
    clusters = try reader.integer("clusters", default: 300, in: 1...10_000, "offerings are reduced to at most so many; does not scale")
    reviewers = try reader.integer("reviewers", default: 50, in: 1...1_000, unit: "people", "employees who review; does not scale")
    reviewsPerCluster = try reader.integer("reviewsPerCluster", default: 3, in: 1...1_000, "reviewers of each cluster")
    (reviewMeanNanoseconds, reviewSigma) = try reader.section("reviewTime", "for one review (lognormal)") {
      reader throws(ConfigurationError) in
      (
        try reader.duration("mean", default: hour / 3, in: 1_000_000...(24 * hour), "mean"),
        try reader.number("sigma", default: 1, in: 0...3, "standard deviation of the logarithm")
      )
    }
    judgementNoise = try reader.number(
      "judgementNoise", default: 0.5, in: 0...10, "standard deviation of one reviewer's error, in standard deviations of quality")
    shortlist = try reader.integer("shortlist", default: 30, in: 1...1_000, "clusters that become plans")
    votesPerPlan = try reader.integer("votesPerPlan", default: 10, in: 1...1_000, "reviewers who vote on each plan")
    funded = try reader.integer("funded", default: 10, in: 1...1_000, "plans that are funded")
    if reader.describesOnly { return }
    for (key, count) in [("reviewsPerCluster", reviewsPerCluster), ("votesPerPlan", votesPerPlan)] where count > reviewers {
      throw reader.fail(key, "\(count) is more than there are reviewers (\(reviewers)); lower it")
    }
    guard shortlist <= clusters else { throw reader.fail("shortlist", "\(shortlist) is more than there are clusters (\(clusters)); lower it") }
    guard funded <= shortlist else { throw reader.fail("funded", "\(funded) is more than the shortlist (\(shortlist)); lower it") }
    // Word of them goes out at once, with one action.
    guard clusters * reviewsPerCluster <= 65_000 else {
      throw reader.fail("reviewsPerCluster", "more than 65000 reviews in all; lower it, or clusters")
    }
    guard shortlist * votesPerPlan <= 65_000 else {
      throw reader.fail("votesPerPlan", "more than 65000 votes in all; lower it, or shortlist")
    }
  }

  /// How long it takes from the first step to the last, about and rather too short: reviewers who are all equally quick.
  func workNanoseconds(after jam: JamParameters, members: Int) -> Double {
    let judges = min(reviewers, members)
    let posts = Double(members) * jam.participation * jam.posts.perParticipant
    let ideas = posts / jam.posts.threadSize + Double(jam.seedIdeasPerForum * jam.forums)
    // Of all that could be, those clusters of which there is an idea.
    let groups = Double(clusterBy == .topic ? jam.forums * 64 : jam.forums)
    let found = min(groups * (1 - exp(-ideas / groups)), Double(clusters)).rounded(.down)
    func rounds(_ count: Double, _ each: Int) -> Double { (count * Double(min(each, judges)) / Double(judges)).rounded(.up) }
    let judgements = rounds(found, reviewsPerCluster) + rounds(min(found, Double(shortlist)), votesPerPlan)
    return judgements * Double(reviewMeanNanoseconds)
  }
}
