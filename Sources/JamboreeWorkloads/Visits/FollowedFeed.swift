import JamboreeKit

/// How members look at what those publish whom they follow.
public struct FeedParameters: Sendable {
  /// At most so many of those whom a member follows are asked for.
  public var authors: Int
  /// The page that is made of the newest items, and what of it is taken notice of.
  public var reading: PageReading

  public var window: Int { reading.window }
  public var pageLength: Int { reading.pageLength }

  /// Reads the section `feed`.
  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    self = try reader.section("feed", "what is shown of those whom a member follows") { reader throws(ConfigurationError) in
      FeedParameters(
        authors: try reader.integer("authors", default: 200, in: 1...1_000, "at most so many of those followed are asked for"),
        reading: try PageReading(keys: &reader, window: 30))
    }
  }

  private init(authors: Int, reading: PageReading) {
    self.authors = authors
    self.reading = reading
  }
}

/// A page of those whom the visitor follows: the newest of what they have published, ranked. Where that finds nothing of anybody
/// else, it is what everybody publishes. How it is put together is the engine's: see ``JamboreeKit/FeedStrategy``.
struct FollowedFeed: Sendable {
  private let model: VisitModel
  private let parameters: FeedParameters
  private let kind: ConnectionKind
  /// Where everybody's items are listed.
  private let everybody: ContainerID
  /// Whether members see what they have published themselves.
  private let showsOwn: Bool
  /// What of a page is taken notice of.
  let choice: PageChoice

  /// - Parameter kind: the kind of tie to those who are followed.
  init(_ model: VisitModel, _ parameters: FeedParameters, kind: ConnectionKind, everybody: ContainerID, showsOwn: Bool) {
    self.model = model
    self.parameters = parameters
    self.kind = kind
    self.everybody = everybody
    self.showsOwn = showsOwn
    choice = PageChoice(parameters.reading)
  }

  var description: FeedDescription { FeedDescription(kind: kind, window: parameters.window, showsOwn: showsOwn) }

  func open(_ visit: Visit, _ context: borrowing AgentContext) -> Step {
    .feed(look(window: parameters.window, pageLength: parameters.pageLength, own: showsOwn, visit, context))
  }

  /// The newest item of those whom the visitor follows, alone, to find out whether there is a new one. What the visitor has made
  /// is no news.
  func newestAlone(_ visit: Visit, _ context: borrowing AgentContext) -> Step {
    .feed(look(window: 1, pageLength: 0, own: false, visit, context))
  }

  private func look(window: Int, pageLength: Int, own: Bool, _ visit: Visit, _ context: borrowing AgentContext) -> FeedRead {
    var read = FeedRead(
      action: model.action(of: visit), actor: MemberID(visit.member), intended: context.now, kind: kind)
    read.authors = UInt16(parameters.authors)
    read.window = UInt16(window)
    read.pageLength = UInt16(pageLength)
    read.showsOwn = own
    return read
  }

  /// Whom a member follows, as far as a feed looks at them.
  func connections(of member: UInt64, _ visit: Visit, _ context: borrowing AgentContext) -> Step {
    var read = model.operation(.connections, visit, context)
    read.object = member
    read.kind = kind.rawValue
    read.limit = UInt16(parameters.authors)
    return .read(read)
  }

  /// Goes on with an activity that began with ``open(_:_:)``. Everybody's page is asked for where the feed has nothing of others.
  /// - Returns: nil when the reply is what is shown, and the context's page the rows of it.
  func proceed(_ visit: Visit, _ reply: borrowing Reply, _ context: borrowing AgentContext) -> Step? {
    visit.stage == 1 && !isOfOthers(reply, visit) ? ofEverybody(visit, context) : nil
  }

  private func isOfOthers(_ reply: borrowing Reply, _ visit: Visit) -> Bool {
    for row in 0..<reply.items.count where reply.items.id(at: row).author.rawValue != visit.member { return true }
    return false
  }

  private func ofEverybody(_ visit: Visit, _ context: borrowing AgentContext) -> Step {
    parameters.reading.listing(of: everybody, model, visit, context)
  }

  /// A row of the page that is shown: higher places more often; nil of an empty page.
  func row(_ reply: borrowing Reply, _ context: borrowing AgentContext, _ stream: inout RandomStream) -> Int? {
    context.page.isEmpty ? nil : Int(context.page[choice.place(among: context.page.count, &stream)])
  }

  /// An item of the page that is shown: higher places more often; none of an empty page.
  func choose(_ reply: borrowing Reply, _ context: borrowing AgentContext, _ stream: inout RandomStream) -> ItemID {
    row(reply, context, &stream).map { reply.items.id(at: $0) } ?? .none
  }
}
