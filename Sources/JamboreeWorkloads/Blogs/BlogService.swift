import JamboreeKit

/// Blogs: places of their own, where members write and all others read, comment and rate.
public struct BlogService: Service, PublicPlace {
  static let outline = VisitOutline(
    id: "blogs", summary: "blogs of members' own, and a front page with the posts of all",
    activities: [
      .write("publish", 400, by: .owners, counts: ["posts"], "put a post into one's blog and onto the front page"),
      .page("readPost", 100_000, counts: ["reads"], "open a post with its comments"),
      .write("comment", 400, counts: ["comments"], "comment on the post that was read last"),
      .write("ratePost", 200, by: .everyone, counts: ["ratings"], "rate the post that was read last, 1 to 5"),
      .page("browseBlog", 54_400, counts: ["browses"], "open a blog or the front page: its posts by rank"),
    ],
    verbs: [.publish, .listing, .thread, .react],
    counters: [
      ("frontPageBrowses", "count"), ("negativeComments", "count"), ("textBytes", "B"), ("marks", "marks"),
      ("emptyPages", "count"),
    ],
    derived: ["blogs.readsPerContribution", "blogs.meanMark"], readBack: ["blogs.marks", "blogs.emptyPages", "blogs.meanMark"])
  public static let descriptor = outline.descriptor

  public let parameters: BlogParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try BlogParameters(&reader)
  }

  /// Where the posts of all blogs are listed.
  /// - Parameter service: the blogs' number in the scenario.
  public static func publicPlace(ofService service: UInt8) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: service, kind: 2), number: 1)
  }

  /// A blog.
  /// - Parameters:
  ///   - number: from 0 to the number of blogs; a lower one has more readers.
  ///   - service: the blogs' number in the scenario.
  public static func blog(_ number: Int, ofService service: UInt8) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: service, kind: 1), number: UInt64(number) + 1)
  }

  /// Who uses the blogs and who owns which. Another service may ask with its own setup: seed and population are the same.
  func model(_ setup: ServiceSetup) -> VisitModel {
    VisitModel(Self.outline, parameters.visits, setup, owners: parameters.owners)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    let blogs = Double(extent.users(parameters.visits)) * parameters.owners
    return [MemoryShare("seedPostsPerBlog", .items(furtherPlaces: 1), count: blogs * Double(parameters.seedPostsPerBlog))]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let blogs = Blogs(parameters, model(setup))
    return PreparedVisits(blogs, containers: blogs.containers, history: blogs.history) { timeline in
      func total(_ name: String) -> Double { Double(timeline.total("blogs.\(name)")) }
      var metrics: [Metric] = []
      let contributions = total("posts") + total("comments")
      if contributions > 0 {
        metrics.append(Metric(name: "blogs.readsPerContribution", value: total("pageViews") / contributions, unit: "ratio"))
      }
      if total("ratings") > 0 {
        metrics.append(Metric(name: "blogs.meanMark", value: total("marks") / total("ratings"), unit: "marks"))
      }
      return metrics
    }
  }
}
