import JamboreeKit

/// What a scenario says about the blog directory. The defaults are those of the reference platform's 17,000 bloggers;
/// `Scenarios/blog-central.yaml` names their sources.
public struct DirectoryParameters: Sendable {
  public var visits: VisitParameters
  /// Bloggers on a page.
  public var pageLength: Int
  /// Share of the visits that begin at the first blogger; the others go to some place in the alphabet.
  public var fromStartShare: Double
  /// Letters that are typed to find somebody, at least and at most; evenly in between.
  public var shortestPrefix: Int
  public var longestPrefix: Int
  /// Share of the finds whose last letter is typed at random.
  public var misspelled: Double

  static let standard = VisitParameters(
    participation: 0.025097, dailyActive: 0.1, actionsPerDay: 0.5, actionsPerVisit: 5, thinkSeconds: 20)

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    visits = try VisitParameters(&reader, DirectoryService.outline, Self.standard)
    pageLength = try reader.integer("pageLength", default: 50, in: 1...1000, unit: "bloggers", "bloggers on a page")
    fromStartShare = try reader.number(
      "fromStartShare", default: 0.5, in: 0...1, "share of the visits that begin at the first blogger, not within the alphabet")
    shortestPrefix = try reader.integer(
      "shortestPrefix", default: 2, in: 1...8, unit: "letters", "typed to find somebody, at least")
    longestPrefix = try reader.integer("longestPrefix", default: 6, in: 1...8, unit: "letters", "typed to find somebody, at most")
    misspelled = try reader.number(
      "misspelled", default: 0.05, in: 0...1, "share of the finds whose last letter is typed at random")
    guard shortestPrefix <= longestPrefix || reader.describesOnly else {
      throw reader.fail(
        "shortestPrefix",
        "\(shortestPrefix) letters at least are more than \(longestPrefix) at most; lower it, or raise longestPrefix")
    }
  }
}

/// The directory of all who own a blog, by name: no ranking, page after page, or by how a name begins.
public struct DirectoryService: Service {
  static let outline = VisitOutline(
    id: "directory", summary: "all bloggers by name, page after page or by how a name begins",
    activities: [
      .page("browse", 3000, counts: ["browses"], "the next page of bloggers, in the order of their names"),
      .page("find", 2000, counts: ["finds"], "bloggers whose name begins with some letters"),
    ],
    verbs: [.directory, .join], counters: [("nextPages", "count"), ("rowsShown", "rows"), ("emptyFinds", "count")],
    readBack: ["directory.nextPages", "directory.rowsShown", "directory.emptyFinds"], requires: [BlogService.descriptor.id])
  public static let descriptor = outline.descriptor

  public let parameters: DirectoryParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try DirectoryParameters(&reader)
  }

  /// The place that all bloggers have joined.
  /// - Parameter service: the directory's number in the scenario.
  public static func bloggers(ofService service: UInt8) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: service, kind: 1), number: 1)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    guard let blogs = setup.find(BlogService.self) else {
      throw ConfigurationError(
        file: "scenario", line: nil, path: "services.directory",
        message: "there are no blogs whose owners could be listed; add services.blogs, or leave it out")
    }
    let directory = BlogDirectory(
      parameters, VisitModel(Self.outline, parameters.visits, setup), bloggers: blogs.service.model(setup).owners())
    return PreparedVisits(
      directory, containers: [Dataset.Container(id: directory.container, name: "Bloggers")], history: directory.history)
  }
}

/// What the directory's visitors do.
struct BlogDirectory: VisitBehaviour {
  enum Activity: Int { case browse, find }

  let model: VisitModel
  private let parameters: DirectoryParameters
  private let bloggers: [MemberID]
  /// The first eight bytes of each blogger's key, big-endian: what a reader types is the beginning of one.
  private let names: [UInt64]
  private let nextPages, rowsShown, emptyFinds: Int

  init(_ parameters: DirectoryParameters, _ model: VisitModel, bloggers: [MemberID]) {
    self.model = model
    self.parameters = parameters
    self.bloggers = bloggers
    let population = model.setup.population
    names = bloggers.map { blogger in
      let key = population.collationKey(of: blogger).prefix(8)
      return key.reduce(0) { $0 << 8 | UInt64($1) } << UInt64(64 - 8 * key.count)
    }
    let metric = model.metric
    (nextPages, rowsShown, emptyFinds) = (metric("nextPages"), metric("rowsShown"), metric("emptyFinds"))
  }

  var container: ContainerID { DirectoryService.bloggers(ofService: model.setup.serviceNumber) }

  var history: OperationLog {
    OperationLog(
      bloggers.map { blogger in
        var join = Operation(verb: .join, action: model.setup.firstAction, actor: blogger, intended: .zero)
        join.container = container
        join.flags.insert(.isBackground)
        return join
      })
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var read = model.operation(.directory, visit, context)
    read.container = container
    read.object = .max
    read.limit = UInt16(parameters.pageLength)
    if activity == Activity.find.rawValue {
      read.payloadSeed = prefix(&stream)
    } else if visit.place != 0 {
      read.object = visit.place - 1
      context.count(nextPages)
    } else if !bloggers.isEmpty, !stream.chance(parameters.fromStartShare) {
      read.object = UInt64(bloggers[stream.next(below: bloggers.count)].rawValue)
    }
    return .read(read)
  }

  /// The letters that a reader types who looks for some blogger.
  private func prefix(_ stream: inout RandomStream) -> UInt64 {
    guard !names.isEmpty else { return 0 }
    let name = names[stream.next(below: names.count)]
    let letters = parameters.shortestPrefix + stream.next(below: parameters.longestPrefix - parameters.shortestPrefix + 1)
    let shift = UInt64(64 - 8 * letters)
    let typed = (name >> shift) << shift
    guard stream.chance(parameters.misspelled) else { return typed }
    let letter = UInt64(UInt8(ascii: "a")) + UInt64(stream.next(below: 26))
    return typed & ~(0xFF << shift) | (letter << shift)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    context.count(rowsShown, by: Int64(reply.keys.count))
    if activity == Activity.find.rawValue {
      if reply.keys.isEmpty { context.count(emptyFinds) }
    } else {
      // One more than the last member's number, so that 0 says that nothing has been seen; after the last page it begins anew.
      let isLastPage = reply.keys.count < parameters.pageLength
      visit.place = isLastPage ? 0 : (reply.keys.last ?? .max) &+ 1
    }
    return .done(outcome)
  }
}
