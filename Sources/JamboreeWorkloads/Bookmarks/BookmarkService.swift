import JamboreeKit

/// Social bookmarks: links that members keep and tag, for themselves or for all, and that others find by tag and by person.
public struct BookmarkService: Service {
  static let outline = VisitOutline(
    id: "bookmarks", summary: "links that members keep and tag, and that others find by tag and by person",
    activities: [
      .write("add", 365, counts: ["bookmarks"], "keep a link, with tags, for all or for oneself"),
      .page("browseTag", 4_380, counts: ["views", "tagViews"], "look at a tag's newest bookmarks"),
      .page("browsePerson", 2_920, counts: ["views", "personViews"], "look at a person's newest bookmarks"),
      .call("followLink", 7_650, isEven: true, counts: ["clicks"], "go where a bookmark leads, which counts the click"),
    ],
    verbs: [.publish, .listing, .item, .react],
    counters: [
      ("internet", "count"), ("intranet", "count"), ("private", "count"), ("tags", "count"), ("opened", "count"),
      ("privateShown", "count"),
    ],
    readBack: ["bookmarks.opened", "bookmarks.privateShown"])
  public static let descriptor = outline.descriptor

  public let parameters: BookmarkParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try BookmarkParameters(&reader)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
    try extent.check(
      history: Double(parameters.bookmarks) * extent.scale, ofOne: extent.largestWriterShare(parameters.visits), "bookmarks",
      remedy: "raise writers.share")
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    // Each is listed by its tags, and on the front page.
    let places = parameters.tagsPerBookmark + 1
    return [MemoryShare("bookmarks", .items(furtherPlaces: places), count: Double(parameters.bookmarks) * extent.scale)]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let bookmarks = Bookmarks(parameters, VisitModel(Self.outline, parameters.visits, setup))
    return PreparedVisits(bookmarks, containers: [bookmarks.frontPage], history: bookmarks.history)
  }
}

/// What visitors do with bookmarks.
struct Bookmarks: VisitBehaviour {
  private enum Activity: Int { case add, browseTag, browsePerson, followLink }

  let model: VisitModel
  private let parameters: BookmarkParameters
  private let maker: BookmarkMaker
  private let choice: PageChoice
  private let owners: [MemberID]
  /// Whose bookmarks are looked at: theirs most who keep most. Nil when nobody keeps any.
  private let byBookmarks: AliasTable?
  private let internet, intranet, hidden, tagCount, opened, privateShown: Int

  init(_ parameters: BookmarkParameters, _ model: VisitModel) {
    self.model = model
    self.parameters = parameters
    maker = BookmarkMaker(parameters)
    choice = PageChoice(parameters.reading)
    let writers = model.writers()
    owners = writers.members
    byBookmarks = owners.isEmpty ? nil : AliasTable(weights: writers.weights)
    let metric = model.metric
    (internet, intranet, hidden) = (metric("internet"), metric("intranet"), metric("private"))
    (tagCount, opened, privateShown) = (metric("tags"), metric("opened"), metric("privateShown"))
  }

  var frontPage: Dataset.Container { Dataset.Container(id: place(.frontPage, 0), name: "Bookmarks") }

  /// What was kept before, by the same people and of the same kinds.
  var history: OperationLog {
    var log = OperationLog()
    guard let byBookmarks else { return log }
    var kept = [UInt32](repeating: 0, count: owners.count)
    for number in 0..<Int((Double(parameters.bookmarks) * model.setup.scale).rounded()) {
      var stream = RandomStream(seed: model.setup.seed, domain: RandomDomain("bookmarks.history"), entity: UInt64(number))
      let owner = byBookmarks.index(bits: stream.next())
      // What there are no numbers for has been refused; nothing may come to others' numbers all the same.
      guard Int(kept[owner]) < BudgetDeal.mostOfOne else { continue }
      var bookmark = Operation(verb: .publish, action: model.setup.firstAction, actor: owners[owner], intended: .zero)
      // Beyond the numbers that the owner's bookmarks get during the run.
      bookmark.subject = ItemID(author: owners[owner], service: model.setup.serviceNumber, sequence: 0x80_0000 + kept[owner])
      bookmark.flags.insert(.isBackground)
      kept[owner] += 1
      let tags = maker.describe(&bookmark, &stream)
      bookmark.container = place(.person, Int(owners[owner].rawValue))
      var listed = (0..<tags.count).map { place(.tag, Int(tags.numbers[$0])).rawValue }
      if !bookmark.flags.contains(.isPrivate) { listed.append(place(.frontPage, 0).rawValue) }
      log.append(bookmark, arguments: listed)
    }
    return log
  }

  private func place(_ kind: BookmarkMaker.Place, _ number: Int) -> ContainerID { model.container(kind.rawValue, number) }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    switch Activity(rawValue: activity) {
    case .add: return add(&visit, &stream, &context)
    case .browsePerson: return choice.reading.listing(of: place(.person, person(visit, &stream)), model, visit, context)
    case .followLink:
      // Without a page to choose from, the visitor looks at what is new.
      guard let target = visit.takeTarget() else {
        visit.note = 0
        return choice.reading.listing(of: place(.frontPage, 0), model, visit, context)
      }
      return open(target, &visit, context)
    default: return choice.reading.listing(of: place(.tag, maker.tag(&stream)), model, visit, context)
    }
  }

  private func add(_ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    visit.published += 1
    var bookmark = model.operation(.publish, visit, context)
    bookmark.subject = ItemID(author: bookmark.actor, service: model.setup.serviceNumber, sequence: visit.published)
    bookmark.container = place(.person, Int(visit.member))
    let tags = maker.describe(&bookmark, &stream)
    let isPrivate = bookmark.flags.contains(.isPrivate)
    context.write(bookmark)
    for index in 0..<tags.count { context.writeArguments.append(place(.tag, Int(tags.numbers[index])).rawValue) }
    if !isPrivate { context.writeArguments.append(place(.frontPage, 0).rawValue) }
    context.count(isPrivate ? hidden : bookmark.kind == BookmarkMaker.Link.internet.rawValue ? internet : intranet)
    context.count(tagCount, by: Int64(tags.count))
    return .writes
  }

  /// Whose bookmarks to look at: one's own, those of whoever kept what was seen last, or those of somebody known for them.
  private func person(_ visit: Visit, _ stream: inout RandomStream) -> Int {
    let isOwn = stream.chance(parameters.ownPages)
    let bits = stream.next()
    if !isOwn, visit.place > 0 { return Int(visit.place - 1) }
    guard !isOwn, let byBookmarks else { return Int(visit.member) }
    return Int(owners[byBookmarks.index(bits: bits)].rawValue)
  }

  private func open(_ bookmark: ItemID, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    var read = model.operation(.item, visit, context)
    read.subject = bookmark
    read.limit = 1
    visit.lastRead = bookmark
    visit.note = bookmark.rawValue
    return .read(read)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    countPrivate(reply, visit, &context)
    let isFollowing = activity == Activity.followLink.rawValue
    guard isFollowing, visit.note != 0 else {
      let links = Int(visit.left[Activity.followLink.rawValue]) + (isFollowing ? 1 : 0)
      choice.chooseTargets(links, from: reply, context.page, &visit, &stream)
      if isFollowing, let target = visit.takeTarget() { return open(target, &visit, context) }
      if !isFollowing, reply.items.count > 0 {
        let seen = choice.place(among: reply.items.count, &stream)
        visit.place = UInt64(reply.items.id(at: seen).author.rawValue) + 1
      }
      return .done(outcome)
    }
    guard outcome == .ok, reply.items.count > 0 else { return .done(outcome) }
    context.count(opened)
    var click = model.operation(.react, visit, context)
    click.subject = visit.lastRead
    click.kind = ReactionKind.download.rawValue
    click.value = 1
    context.write(click)
    return .writes
  }

  /// A private bookmark is shown to its owner alone: what is counted here is the backend's fault.
  private func countPrivate(_ reply: borrowing Reply, _ visit: Visit, _ context: inout AgentContext) {
    for index in 0..<reply.items.count {
      let row = reply.items[index]
      if row.flags.contains(.isPrivate), row.id.author.rawValue != visit.member { context.count(privateShown) }
    }
  }
}
