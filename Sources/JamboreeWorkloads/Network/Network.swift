import JamboreeKit

/// What the social network's visitors do.
struct Network: VisitBehaviour {
  enum Activity: Int {
    case status, photo, list, comment, connect, disconnect, viewProfile, readFeed, suggestions

    /// Those that make something for others to see.
    static let contributions: [Activity] = [.status, .photo, .list, .comment]
  }

  let model: VisitModel
  private let parameters: NetworkParameters
  let feed: FollowedFeed
  private let everybody: ContainerID
  /// Of the items' texts, by ``NetworkService/Kind``.
  private let lengths: [QuantileTable]
  /// In KiB.
  private let photoSizes: QuantileTable
  private let friendFeeds, candidates, photoBytes: Int

  /// Items of a page, besides the first, that a visitor may answer later in the visit, or whose authors' profiles may be opened.
  private static let noticed = 3

  init(_ parameters: NetworkParameters, _ model: VisitModel) {
    self.model = model
    self.parameters = parameters
    everybody = NetworkService.publicPlace(ofService: model.setup.serviceNumber)
    feed = FollowedFeed(model, parameters.feed, kind: .follow, everybody: everybody, showsOwn: false)
    let text = parameters.text
    lengths = [text.status, text.photo, text.list, text.comment].map {
      QuantileTable(LognormalDistribution(mean: $0, sigma: text.sigma))
    }
    photoSizes = QuantileTable(LognormalDistribution(mean: parameters.photoSize.mean, sigma: parameters.photoSize.sigma))
    let metric = model.metric
    (friendFeeds, candidates, photoBytes) = (metric("friendFeeds"), metric("candidates"), metric("photoBytes"))
  }

  // MARK: Before the start

  /// What members have shared in the weeks before: some far more than others, and of each kind as much as later on.
  var history: OperationLog {
    var log = OperationLog()
    let members = model.roster
    let count = Int((Double(members.count) * parameters.itemsPerMember).rounded())
    guard count > 0 else { return log }
    let seed = model.setup.seed
    let order = StratifiedPermutation(count: members.count, seed: seed, domain: RandomDomain("network.sharing"))
    let amounts = LognormalDistribution(mean: 1, sigma: parameters.itemsSigma)
    let byAmount = AliasTable(weights: members.indices.map { amounts.value(at: order.quantile(of: $0)) })
    let weights = [Activity.status, .photo, .list].map { parameters.visits.mix[$0.rawValue] }
    let kinds = AliasTable(weights: weights.contains { $0 > 0 } ? weights : [1])
    var sequences = [UInt32](repeating: 0, count: members.count)
    var stream = RandomStream(seed: seed, domain: RandomDomain("network.history"), entity: 0)
    for number in 0..<count {
      let author = byAmount.index(bits: stream.next())
      // What there are no numbers for has been refused; nothing may come to others' numbers all the same.
      guard Int(sequences[author]) < BudgetDeal.mostOfOne else { continue }
      let kind = kinds.index(bits: stream.next())
      let age = Double(parameters.itemsAgeNanoseconds) * (1 - Double(number) / Double(count))
      var item = model.earlierItem(
        by: MemberID(members[author]), sequences[author], at: SimTime(nanoseconds: -Int64(age)), seed: stream.next(),
        bytes: lengths[kind].value(bits: stream.next()))
      sequences[author] += 1
      item.container = everybody
      item.kind = UInt8(kind)
      if kind == Activity.photo.rawValue { item.value = photoSize(&stream) }
      log.append(item)
    }
    return log
  }

  private func photoSize(_ stream: inout RandomStream) -> Int32 {
    Int32(min(max(photoSizes.value(bits: stream.next()), 1), Int64(Int32.max)))
  }

  // MARK: Visits

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    visit.note = 0
    switch Activity(rawValue: activity) {
    case .status: return publish(.status, &visit, &stream, &context)
    case .photo: return publish(.photo, &visit, &stream, &context)
    case .list: return publish(.list, &visit, &stream, &context)
    case .comment where visit.lastRead != .none: return comment(&visit, &stream, &context)
    case .connect where visit.place != 0: return connect(&visit, &context)
    case .viewProfile where stream.chance(parameters.authorShare) && authorRead(visit) != nil:
      return profileOfAuthor(&visit, context)
    case .viewProfile: return feed.connections(of: UInt64(visit.member), visit, context)
    case .connect, .disconnect, .suggestions: return friends(of: UInt64(visit.member), visit, context)
    default: return feed.open(visit, context)
    }
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard outcome == .ok else { return .done(outcome) }
    switch Activity(rawValue: activity) {
    case .disconnect:
      guard let friend = oneOf(reply, &stream) else { return .done(outcome) }
      tie(.disconnect, to: friend, visit, &context)
      return .writes
    case .suggestions: return suggest(&visit, reply, &stream, &context) ?? .done(outcome)
    case .connect: return suggest(&visit, reply, &stream, &context) ?? connect(&visit, &context)
    case .viewProfile:
      // The friend, the author or the profile itself: what was asked for is in the note.
      guard visit.note == 0 else { return .done(outcome) }
      if let friend = oneOf(reply, &stream) { return profile(of: friend, &visit, context) }
      return authorRead(visit) == nil ? profile(of: UInt64(visit.member), &visit, context) : profileOfAuthor(&visit, context)
    default:
      if let step = feed.proceed(visit, reply, context) { return step }
      look(&visit, reply, &stream, context)
      guard activity == Activity.readFeed.rawValue else { return comment(&visit, &stream, &context) }
      // After a second look it is what everybody shares.
      if visit.stage == 1 { context.count(friendFeeds) }
      return .done(outcome)
    }
  }

  /// Takes notice of some of what is shown.
  private func look(
    _ visit: inout Visit, _ reply: borrowing Reply, _ stream: inout RandomStream, _ context: borrowing AgentContext
  ) {
    guard !context.page.isEmpty else { return }
    visit.clearTargets()
    visit.lastRead = feed.choose(reply, context, &stream)
    for _ in 0..<Self.noticed { visit.addTarget(feed.choose(reply, context, &stream)) }
  }

  /// Goes on to the next item that was noticed.
  private func lookOn(_ visit: inout Visit) {
    if let next = visit.takeTarget() { visit.lastRead = next }
  }

  /// Who has written what was read last, if it is another member.
  private func authorRead(_ visit: Visit) -> UInt64? {
    let author = visit.lastRead.author.rawValue
    guard visit.lastRead != .none, author != visit.member, Int(author) < model.setup.population.count else { return nil }
    return UInt64(author)
  }

  private func oneOf(_ reply: borrowing Reply, _ stream: inout RandomStream) -> UInt64? {
    reply.keys.count > 0 ? reply.keys[stream.next(below: reply.keys.count)] : nil
  }

  // MARK: Profiles

  private func profileOfAuthor(_ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    let author = authorRead(visit) ?? UInt64(visit.member)
    lookOn(&visit)
    return profile(of: author, &visit, context)
  }

  private func profile(of member: UInt64, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    visit.note = 1
    var read = model.operation(.profile, visit, context)
    read.object = member
    return .read(read)
  }

  // MARK: Friends

  /// All of somebody's friends: a feed is content with some of them, but who is a friend already must not be suggested.
  private func friends(of member: UInt64, _ visit: Visit, _ context: borrowing AgentContext) -> Step {
    var read = model.operation(.connections, visit, context)
    read.object = member
    read.kind = ConnectionKind.follow.rawValue
    read.limit = .max
    return .read(read)
  }

  /// Goes on with a look at friends of a friend: the visitor's friends, those of one of them, and once more the visitor's, to leave
  /// out whom they have in common.
  /// - Returns: nil when it has ended; ``Visit/place`` is then one more than the member to remember, or 0.
  private func suggest(
    _ visit: inout Visit, _ reply: borrowing Reply, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step? {
    switch visit.stage {
    case 1:
      visit.place = 0
      guard let friend = oneOf(reply, &stream) else { return nil }
      return friends(of: friend, visit, context)
    case 2:
      guard reply.keys.count > 0 else { return nil }
      noteCandidates(&visit, reply, &stream)
      return friends(of: UInt64(visit.member), visit, context)
    default:
      var shown = 0
      while let candidate = visit.takeTarget()?.author {
        guard !reply.keys.contains(UInt64(candidate.rawValue)) else { continue }
        shown += 1
        // Each of them is the one who is remembered with the same chance.
        if stream.next(below: shown) == 0 { visit.place = UInt64(candidate.rawValue) + 1 }
      }
      context.count(candidates, by: Int64(shown))
      return nil
    }
  }

  /// As many of somebody's friends as a page suggests, in the order of their numbers from any of them on. Between two reads they are
  /// kept where items to open are, which this page replaces: as authors of nothing.
  private func noteCandidates(_ visit: inout Visit, _ reply: borrowing Reply, _ stream: inout RandomStream) {
    visit.clearTargets()
    let count = reply.keys.count
    let first = stream.next(below: count)
    for place in 0..<min(count, Visit.mostTargets + 1) {
      let member = UInt32(truncatingIfNeeded: reply.keys[(first + place) % count])
      if member != visit.member { visit.addTarget(ItemID(author: MemberID(member), sequence: 0)) }
    }
  }

  /// Becomes a friend of whom was suggested, or else of the author of what was read last.
  private func connect(_ visit: inout Visit, _ context: inout AgentContext) -> Step {
    let suggested = visit.place != 0 ? visit.place - 1 : nil
    guard let other = suggested ?? authorRead(visit) else { return .done(.ok) }
    visit.place = 0
    tie(.connect, to: other, visit, &context)
    return .writes
  }

  private func tie(_ verb: Verb, to other: UInt64, _ visit: Visit, _ context: inout AgentContext) {
    var tie = model.operation(verb, visit, context)
    tie.object = other
    tie.kind = ConnectionKind.follow.rawValue
    context.write(tie)
  }

  // MARK: Contributions

  private func publication(
    _ kind: NetworkService.Kind, _ visit: inout Visit, _ stream: inout RandomStream, _ context: borrowing AgentContext
  ) -> Operation {
    var publish = model.publication(&visit, &stream, context, lengths: lengths[Int(kind.rawValue)])
    publish.kind = kind.rawValue
    return publish
  }

  private func publish(
    _ kind: NetworkService.Kind, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    var publish = publication(kind, &visit, &stream, context)
    publish.container = everybody
    if kind == .photo {
      publish.value = photoSize(&stream)
      context.count(photoBytes, by: Int64(publish.value) * 1024)
    }
    context.write(publish)
    return .writes
  }

  /// Answers what was read last. Where nothing has been shared yet there is nothing to say.
  private func comment(_ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    let item = visit.lastRead
    guard item != .none else { return .done(.ok) }
    lookOn(&visit)
    var publish = publication(.comment, &visit, &stream, context)
    publish.object = item.rawValue
    context.write(publish)
    model.deliver(.reply, of: publish.subject, to: item.author, visit, &context)
    return .writes
  }
}
