import JamboreeKit

/// What a microblog's readers do.
struct Microblog: VisitBehaviour {
  private enum Activity: Int { case readTimeline, poll, post, reply, repost, follow, unfollow }

  let model: VisitModel
  private let parameters: MicroblogParameters
  let feed: FollowedFeed
  private let followers: FollowerDraw
  private let lengths: QuantileTable
  private let timeline: ContainerID
  private let newPolls, negativeMessages, messageBytes: Int

  /// Messages of a page that a reader may answer or pass on later in the visit, besides the first.
  private static let noticed = 3

  init(_ parameters: MicroblogParameters, _ model: VisitModel) {
    self.model = model
    self.parameters = parameters
    timeline = MicroblogService.publicPlace(ofService: model.setup.serviceNumber)
    feed = FollowedFeed(model, parameters.feed, kind: MicroblogService.following, everybody: timeline, showsOwn: true)
    followers = FollowerDraw(model, writers: model.writers().members, exponent: parameters.followerExponent)
    lengths = QuantileTable(LognormalDistribution(mean: parameters.meanBytes, sigma: parameters.bytesSigma))
    let metric = model.metric
    (newPolls, negativeMessages, messageBytes) = (metric("newPolls"), metric("negativeMessages"), metric("messageBytes"))
  }

  // MARK: Before the start

  /// Who follows whom, and the messages of the last months: by those who write, as much as they do, and as many of them
  /// answers as later on.
  var history: OperationLog {
    var log = OperationLog()
    let count = Int((Double(parameters.messages) * model.setup.scale).rounded())
    let start = SimTime(nanoseconds: -parameters.messagesAgeNanoseconds)
    followers.append(to: &log, mean: parameters.following, sigma: parameters.followingSigma, at: start)
    let writers = model.writers()
    guard !writers.members.isEmpty else { return log }
    let byWriting = AliasTable(weights: writers.weights)
    let mix = parameters.visits.mix
    let all = mix[Activity.post.rawValue] + mix[Activity.reply.rawValue] + mix[Activity.repost.rawValue]
    let replyShare = all > 0 ? mix[Activity.reply.rawValue] / all : 0
    var sequences = [UInt32](repeating: 0, count: writers.members.count)
    var published: [ItemID] = []
    var stream = RandomStream(seed: model.setup.seed, domain: RandomDomain("microblog.history"), entity: 0)
    for number in 0..<count {
      let writer = byWriting.index(bits: stream.next())
      // What there are no numbers for has been refused; nothing may come to others' numbers all the same.
      guard Int(sequences[writer]) < BudgetDeal.mostOfOne else { continue }
      let time = start + Int64(Double(parameters.messagesAgeNanoseconds) * Double(number) / Double(count))
      let bytes = lengths.value(bits: stream.next())
      var message = model.earlierItem(
        by: writers.members[writer], sequences[writer], at: time, seed: stream.next(),
        bytes: min(bytes, Int64(MicroblogService.longestMessage)))
      sequences[writer] += 1
      message.container = timeline
      if stream.chance(replyShare), !published.isEmpty {
        // An answer to one of the messages of the last hours.
        message.object = published[published.count - 1 - stream.next(below: min(published.count, parameters.feed.pageLength))].rawValue
      }
      if stream.chance(parameters.negativeShare) { message.flags.insert(.isNegative) }
      published.append(message.subject)
      log.append(message)
    }
    return log
  }

  // MARK: Visits

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    switch Activity(rawValue: activity) {
    case .post: return publish(answering: .none, .message, &visit, &stream, &context)
    case .reply where visit.lastRead != .none, .repost where visit.lastRead != .none:
      return takeUp(activity, &visit, &stream, &context)
    case .follow: return follow(visit, &stream, &context)
    case .poll: return feed.newestAlone(visit, context)
    case .unfollow: return feed.connections(of: UInt64(visit.member), visit, context)
    default: return feed.open(visit, context)
    }
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard outcome == .ok else { return .done(outcome) }
    switch Activity(rawValue: activity) {
    case .poll:
      // Without a look before, this one is what later ones are compared with. What was found once is not new again.
      if visit.place != 0, newest(reply) > visit.place { context.count(newPolls) }
      visit.place = max(visit.place, newest(reply))
      return .done(outcome)
    case .unfollow: return unfollow(visit, reply, &stream, &context)
    default:
      if let step = feed.proceed(visit, reply, context) { return step }
      look(&visit, reply, &stream, &context)
      return activity == Activity.readTimeline.rawValue ? .done(outcome) : takeUp(activity, &visit, &stream, &context)
    }
  }

  /// Takes notice of some of the messages that are shown, and of somebody who is met in them.
  private func look(_ visit: inout Visit, _ reply: borrowing Reply, _ stream: inout RandomStream, _ context: inout AgentContext) {
    visit.place = max(visit.place, newest(reply))
    visit.clearTargets()
    passOver(visit.member, reply, &context.page)
    guard let row = feed.row(reply, context, &stream) else { return }
    visit.note = UInt64(met(in: reply.items[row]).rawValue) + 1
    feed.choice.chooseTargets(1 + Self.noticed, from: reply, context.page, &visit, &stream)
    if let first = visit.takeTarget() { visit.lastRead = first }
  }

  /// Leaves out of a page what the reader has written: nobody answers or passes on their own.
  private func passOver(_ reader: UInt32, _ reply: borrowing Reply, _ page: inout Buffer<UInt16>) {
    var kept = 0
    for place in 0..<page.count where reply.items.id(at: Int(page[place])).author.rawValue != reader {
      page[kept] = page[place]
      kept += 1
    }
    page.resize(to: kept, filling: 0)
  }

  /// Whom a reader meets in a message: whose words it answers or passes on. Its own author is followed already, unless the page
  /// was everybody's.
  private func met(in message: ItemRow) -> MemberID {
    if message.parent != .none { return message.parent.author }
    return message.kind == MicroblogService.Kind.repost.rawValue ? MemberID(UInt32(bitPattern: message.value)) : message.id.author
  }

  /// When the newest of some messages was published, as a number that is never 0: its order is that of the times, which are
  /// negative before the start.
  private func newest(_ reply: borrowing Reply) -> UInt64 {
    reply.items.count > 0 ? UInt64(bitPattern: reply.items[0].created.nanoseconds) ^ 1 << 63 : 1
  }

  // MARK: Writes

  /// Answers a message that was read, or passes it on. When there is none to be found anywhere, it is a message by itself.
  private func takeUp(
    _ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    let message = visit.lastRead
    if let next = visit.takeTarget() { visit.lastRead = next }
    let kind: MicroblogService.Kind = activity == Activity.repost.rawValue && message != .none ? .repost : .message
    return publish(answering: message, kind, &visit, &stream, &context)
  }

  private func publish(
    answering message: ItemID, _ kind: MicroblogService.Kind, _ visit: inout Visit, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    var publish = model.publication(&visit, &stream, context, lengths: lengths)
    publish.payloadLength = min(publish.payloadLength, UInt32(MicroblogService.longestMessage))
    publish.container = timeline
    publish.kind = kind.rawValue
    switch kind {
    case .message: publish.object = message.rawValue
    case .repost: publish.value = Int32(bitPattern: message.author.rawValue)
    }
    if stream.chance(parameters.negativeShare) {
      publish.flags.insert(.isNegative)
      context.count(negativeMessages)
    }
    context.count(messageBytes, by: Int64(publish.payloadLength))
    context.write(publish)
    if message != .none {
      model.deliver(kind == .repost ? .reaction : .reply, of: publish.subject, to: message.author, visit, &context)
    }
    return .writes
  }

  /// Follows whoever was met on the last page, or somebody by popularity.
  private func follow(_ visit: Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    let hasMet = visit.note != 0 && visit.note - 1 != UInt64(visit.member)
    let met = hasMet && stream.chance(parameters.followMetShare) ? UInt32(visit.note - 1) : nil
    guard let other = met ?? followers.member(for: visit.member, &stream) else { return .done(.ok) }
    tie(.connect, to: UInt64(other), visit, &context)
    return .writes
  }

  private func unfollow(
    _ visit: Visit, _ reply: borrowing Reply, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    guard reply.keys.count > 0 else { return .done(.ok) }
    tie(.disconnect, to: reply.keys[stream.next(below: reply.keys.count)], visit, &context)
    return .writes
  }

  private func tie(_ verb: Verb, to other: UInt64, _ visit: Visit, _ context: inout AgentContext) {
    var tie = model.operation(verb, visit, context)
    tie.object = other
    tie.kind = MicroblogService.following.rawValue
    context.write(tie)
  }
}
