import JamboreeKit

/// What readers from outside do: they look at the public places of the scenario's services, and at what employees post outside.
struct PublicReaders: VisitBehaviour {
  private enum Activity: Int { case browse, readPost, readExternal }

  let model: VisitModel
  private let choice: PageChoice
  /// Where public posts are listed: the places of the other services, else the external posts.
  private let places: [ContainerID]

  init(_ parameters: PublicParameters, _ model: VisitModel) {
    self.model = model
    choice = PageChoice(parameters.reading)
    let places = model.setup.publicPlaces
    self.places = places.isEmpty ? [Self.external(model)] : places
  }

  static func external(_ model: VisitModel) -> ContainerID { model.container(1, 0) }

  static func history(_ parameters: PublicParameters, _ model: VisitModel) -> OperationLog {
    let count = max(Int((Double(parameters.seedPosts) * model.setup.scale).rounded()), 1)
    return OperationLog(
      (0..<count).map { number in
        let seed = RandomStream.key(base: model.streamBase, entity: UInt64(number) | 1 << 40)
        var post = model.platformItem(number, seed: seed, bytes: 400)
        post.container = external(model)
        return post
      })
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    // What was seen outside is not on the page of posts from inside, and the other way round.
    let kind: UInt64 = activity == Activity.readExternal.rawValue ? 1 : 2
    if visit.place != kind { visit.clearTargets() }
    visit.place = kind
    if activity != Activity.browse.rawValue, let target = visit.takeTarget() {
      return choice.reading.thread(of: target, model, &visit, context)
    }
    let place = kind == 1 ? Self.external(model) : places[stream.next(below: places.count)]
    return choice.reading.listing(of: place, by: .active, model, visit, context)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard !context.page.isEmpty else { return .done(outcome) }
    choice.chooseTargets(3, from: reply, context.page, &visit, &stream)
    guard activity != Activity.browse.rawValue, let target = visit.takeTarget() else { return .done(outcome) }
    return choice.reading.thread(of: target, model, &visit, context)
  }
}

/// One item, opened once by each of a crowd.
struct ViralItem: VisitBehaviour {
  let model: VisitModel

  private static func item(_ model: VisitModel) -> ItemID {
    ItemID(author: .platform, service: model.setup.serviceNumber, sequence: 0xFF_FFFF)
  }

  static func history(_ model: VisitModel) -> OperationLog {
    var item = model.platformItem(0, seed: model.streamBase, bytes: 2_000)
    item.subject = Self.item(model)
    item.container = model.container(2, 0)
    return OperationLog([item])
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var read = model.operation(.item, visit, context)
    read.subject = Self.item(model)
    read.limit = 1
    read.flags.insert(.wantsText)
    return .read(read)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step { .done(outcome) }
}

/// Everybody comes to work: what a portal asks for at a login.
struct LoginStorm: VisitBehaviour {
  let model: VisitModel

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var profile = model.operation(.profile, visit, context)
    profile.object = UInt64(visit.member)
    return .read(profile)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard visit.stage == 1, outcome == .ok else { return .done(outcome) }
    return .read(model.operation(.notifications, visit, context))
  }
}

/// Employees who post outside.
struct ExternalAuthors: VisitBehaviour {
  let model: VisitModel
  private let page: ContainerID
  private let lengths = QuantileTable(LognormalDistribution(mean: 400, sigma: 0.7))

  init(model: VisitModel, page: ContainerID) {
    self.model = model
    self.page = page
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var post = model.publication(&visit, &stream, context, lengths: lengths)
    post.container = page
    context.write(post)
    return .writes
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step { .done(outcome) }
}
