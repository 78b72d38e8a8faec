import JamboreeKit

/// Wikis: pages that link to each other, which everybody reads and anybody may change.
public struct WikiService: Service {
  static let outline = VisitOutline(
    id: "wiki", summary: "pages that link to each other, and that anybody may edit",
    activities: [
      .page("view", 600_000, counts: ["views"], "open a page, by its popularity"),
      .page("followLink", 400_000, counts: ["views", "linkViews"], "open a page that the one before links to"),
      .page("history", 5_000, counts: ["histories"], "look at a page's revisions"),
      .write("edit", 10_000, counts: ["edits"], "change a page, beginning anew when somebody else was faster"),
    ],
    verbs: [.item, .revisions, .edit, .publish], counters: [("conflicts", "count"), ("editedBytes", "B")],
    readBack: ["wiki.conflicts"])
  public static let descriptor = outline.descriptor

  public let parameters: WikiParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try WikiParameters(&reader)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
    try extent.check(parameters.pages, "pages", atMost: mostPlatformItems)
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [MemoryShare("pages", .items(furtherPlaces: 0), count: Double(parameters.pages) * extent.scale)]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let wiki = Wiki(parameters, VisitModel(Self.outline, parameters.visits, setup))
    return PreparedVisits(wiki, containers: [wiki.containers], history: wiki.history)
  }
}

/// What a wiki's visitors do.
struct Wiki: VisitBehaviour {
  private enum Activity: Int { case view, followLink, history, edit }

  let model: VisitModel
  private let parameters: WikiParameters
  private let pageCount: Int
  private let byPopularity: AliasTable
  private let byEdits: AliasTable
  private let lengths: QuantileTable
  private let linkSeed: UInt64
  private let conflicts: Int
  private let editedBytes: Int

  /// Links on a page.
  private static let linkCount = 16

  init(_ parameters: WikiParameters, _ model: VisitModel) {
    self.model = model
    self.parameters = parameters
    pageCount = max(Int((Double(parameters.pages) * model.setup.scale).rounded()), 1)
    // Pages are in order of popularity; the dead ones come last.
    let live = min(max(Int((Double(pageCount) * parameters.livePages).rounded()), 1), pageCount)
    byPopularity = AliasTable(weights: ZipfDistribution.weights(exponent: parameters.popularity, count: live))
    let edits = LognormalDistribution(mean: 1, sigma: parameters.editSigma)
    let order = StratifiedPermutation(count: live, seed: model.setup.seed, domain: RandomDomain("wiki.pageEdits"))
    byEdits = AliasTable(weights: (0..<live).map { edits.value(at: order.quantile(of: $0)) })
    lengths = QuantileTable(LognormalDistribution(mean: parameters.meanBytes, sigma: parameters.bytesSigma))
    linkSeed = RandomStream.base(seed: model.setup.seed, domain: RandomDomain("wiki.links"))
    conflicts = model.metric("conflicts")
    editedBytes = model.metric("editedBytes")
  }

  var containers: Dataset.Container { Dataset.Container(id: model.container(1, 0), name: "Wiki") }

  var history: OperationLog {
    var log = OperationLog()
    for page in 0..<pageCount {
      let seed = RandomStream.key(base: linkSeed, entity: UInt64(page))
      var publish = model.platformItem(page, seed: seed, bytes: lengths.value(bits: mix64(seed)))
      publish.container = model.container(1, 0)
      log.append(publish)
    }
    return log
  }

  private func page(_ number: Int) -> ItemID {
    ItemID(author: .platform, service: model.setup.serviceNumber, sequence: UInt32(number + 1))
  }

  /// Where a page's link leads: popular pages are linked to more, and a link leads to the same page for everybody.
  private func target(of page: ItemID, link: Int) -> ItemID {
    self.page(byPopularity.index(bits: mix64(page.rawValue ^ linkSeed &+ UInt64(link))))
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    switch Activity(rawValue: activity) {
    case .followLink where visit.lastRead != .none:
      return open(target(of: visit.lastRead, link: stream.next(below: Self.linkCount)), .item, &visit, context)
    case .history where visit.lastRead != .none: return open(visit.lastRead, .revisions, &visit, context)
    case .history: return open(page(byPopularity.index(bits: stream.next())), .revisions, &visit, context)
    case .edit:
      // Begun anew, it is the same page again.
      if visit.retries == 0 { visit.note = page(byEdits.index(bits: stream.next())).rawValue } else { context.count(conflicts) }
      return open(ItemID(rawValue: visit.note), .item, &visit, context)
    default: return open(page(byPopularity.index(bits: stream.next())), .item, &visit, context)
    }
  }

  private func open(_ page: ItemID, _ verb: Verb, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    var read = model.operation(verb, visit, context)
    read.subject = page
    read.limit = verb == .revisions ? 20 : 1
    if verb == .item { read.flags.insert(.wantsText) }
    visit.lastRead = page
    return .read(read)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard activity == Activity.edit.rawValue, outcome == .ok, reply.items.count > 0 else { return .done(outcome) }
    var edit = model.operation(.edit, visit, context)
    edit.subject = visit.lastRead
    edit.expectedVersion = reply.items[0].version
    edit.payloadSeed = stream.next()
    edit.payloadLength = UInt32(min(max(lengths.value(bits: stream.next()), 1), 65_536))
    visit.retriesConflicts = true
    if visit.retries == 0 { context.count(editedBytes, by: Int64(edit.payloadLength)) }
    context.write(edit)
    return .writes
  }
}
