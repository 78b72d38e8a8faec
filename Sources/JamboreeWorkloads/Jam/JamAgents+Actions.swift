import JamboreeKit

/// What a participant does in a visit, one action a wake-up: join (once), then pages, each perhaps followed by ratings
/// and posts, with think time in between.
extension JamAgents {
  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    let number = Int(agent) - participants.count
    guard number >= 0 else {
      // From here on the visit is woken, beginning now.
      if tag == participants[Int(agent)].tag {
        context.schedule(agentNumber(ofVisit: beginVisit(agent, &context)), at: context.now)
      }
      return .idle
    }
    let visit = visits.baseAddress.unsafelyUnwrapped + number
    var stream = stream(of: visit.pointee.member, drawn: visit.pointee.draws)
    defer { visit.pointee.draws = stream.counter }
    if !visit.pointee.hasJoined {
      visit.pointee.hasJoined = true
      var join = Operation(verb: .join, action: model.actions.join, actor: MemberID(visit.pointee.member), intended: context.now)
      join.container = model.event
      return finish(number, join, &stream, &context)
    }
    // One rating an idea: more than one are due on a page only for those who rate much in few pages, and then the rest
    // wait for the next idea, or are changed minds at the visit's end.
    if visit.pointee.ratingsDue > 0, visit.pointee.lastRead != .none, !visit.pointee.hasRated || visit.pointee.pagesLeft == 0 {
      visit.pointee.hasRated = true
      visit.pointee.ratingsDue -= 1
      return rate(number, visit, &stream, &context)
    }
    // A post waits for something to answer, as long as there are pages to come.
    if visit.pointee.postsDue > 0, visit.pointee.lastRead != .none || visit.pointee.pagesLeft == 0 {
      visit.pointee.postsDue -= 1
      return post(number, visit, &stream, &context)
    }
    if visit.pointee.pagesLeft > 0 { return openPage(visit, &stream, &context) }
    endVisit(number, &stream, &context)
    return .idle
  }

  /// Plans what a visit does next.
  @inline(__always) private func planNext(_ number: Int, _ stream: inout RandomStream, _ context: inout AgentContext) {
    context.schedule(agentNumber(ofVisit: number), at: context.now + model.thinkTimes.value(bits: stream.next()))
  }

  @inline(__always) private func agentNumber(ofVisit number: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: participants.count + number)
  }

  // MARK: Pages

  private func openPage(
    _ visit: UnsafeMutablePointer<JamVisit>, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    let reading = model.parameters.reading
    let actor = MemberID(visit.pointee.member)
    guard visit.pointee.targetCount > 0 else {
      visit.pointee.forum = UInt16(truncatingIfNeeded: model.forumChoice.index(bits: stream.next()))
      var listing = Operation(verb: .listing, action: model.actions.listForum, actor: actor, intended: context.now)
      listing.container = model.forum(Int(visit.pointee.forum))
      listing.order = reading.order
      listing.limit = UInt16(reading.window)
      context.count(model.metrics.listings)
      return .ranked(listing, pageLength: reading.pageLength)
    }
    visit.pointee.targetCount -= 1
    let target = visit.pointee.targets[Int(visit.pointee.targetCount)]
    visit.pointee.lastRead = target
    visit.pointee.hasRated = false
    let bits = stream.next()
    let alone = unitInterval(bits) < reading.ideaShare
    var read = Operation(
      verb: alone ? .item : .thread, action: alone ? model.actions.readIdea : model.actions.readThread, actor: actor,
      intended: context.now)
    read.subject = target
    read.limit = alone ? 1 : UInt16(reading.threadPageLength)
    // One read in sixteen is enough to tell whether good ideas are read more.
    if bits & 15 == 0 {
      context.count(model.metrics.qualityReadSum, by: model.quality.thousandths(of: target))
      context.count(model.metrics.qualityReadCount)
    }
    return .read(read)
  }

  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    let number = Int(agent) - participants.count
    let visit = visits.baseAddress.unsafelyUnwrapped + number
    var stream = stream(of: visit.pointee.member, drawn: visit.pointee.draws)
    if !context.page.isEmpty {
      chooseTargets(visit, reply, context.page, &stream)
      context.page.removeAll()
    }
    context.count(model.metrics.pageViews)
    // Ratings and posts are spread evenly over the pages that are left, and all made by the last.
    let pages = Int(visit.pointee.pagesLeft)
    if visit.pointee.ratingsLeft > 0 {
      let due = evenShare(Int(visit.pointee.ratingsLeft), over: pages, &stream)
      visit.pointee.ratingsLeft -= UInt16(due)
      visit.pointee.ratingsDue += UInt16(due)
    }
    if visit.pointee.postsLeft > 0 {
      let due = evenShare(Int(visit.pointee.postsLeft), over: pages, &stream)
      visit.pointee.postsLeft -= UInt16(due)
      visit.pointee.postsDue += UInt16(due)
    }
    visit.pointee.pagesLeft -= 1
    planNext(number, &stream, &context)
    visit.pointee.draws = stream.counter
    return .done(outcome)
  }

  /// Decides which ideas of a page will be opened: higher places more often.
  private func chooseTargets(
    _ visit: UnsafeMutablePointer<JamVisit>, _ reply: borrowing Reply, _ page: borrowing Buffer<UInt16>, _ stream: inout RandomStream
  ) {
    let wanted = 1 + model.extraReads.index(bits: stream.next())
    let isFull = page.count == model.parameters.reading.pageLength
    for place in 0..<wanted {
      let rank =
        isFull
        ? model.fullPagePositions.index(bits: stream.next())
        : model.positions.rank(at: stream.nextUnit(), among: page.count)
      visit.pointee.targets[place] = reply.items.id(at: Int(page[rank]))
    }
    visit.pointee.targetCount = UInt8(wanted)
  }

  // MARK: Writes

  private func rate(
    _ number: Int, _ visit: UnsafeMutablePointer<JamVisit>, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    let idea = visit.pointee.lastRead
    let ratings = model.parameters.ratings
    var rating = Operation(
      verb: .react, action: model.actions.rate, actor: MemberID(visit.pointee.member), intended: context.now)
    rating.subject = idea
    rating.kind = ReactionKind.rating.rawValue
    rating.value = model.quality.mark(of: idea, spread: ratings.qualitySpread, noise: ratings.judgementNoise, &stream)
    context.count(model.metrics.ratings)
    return finish(number, rating, &stream, &context)
  }

  private func post(
    _ number: Int, _ visit: UnsafeMutablePointer<JamVisit>, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    let posts = model.parameters.posts
    let isIdea = visit.pointee.lastRead == .none || stream.chance(1 / posts.threadSize)
    let actor = MemberID(visit.pointee.member)
    visit.pointee.posted += 1
    var publish = Operation(
      verb: .publish, action: isIdea ? model.actions.postIdea : model.actions.reply, actor: actor, intended: context.now)
    publish.subject = ItemID(
      author: actor, service: model.serviceNumber, sequence: UInt32(visit.pointee.posted))
    publish.container = model.forum(Int(visit.pointee.forum))
    publish.payloadSeed = stream.next()
    publish.payloadLength = UInt32(min(max(model.textLengths.value(bits: stream.next()), 1), 65_536))
    publish.topic = UInt16(publish.payloadSeed & 63)
    if stream.chance(model.negativeShare(at: context.now)) {
      publish.flags.insert(.isNegative)
      context.count(model.metrics.negativePosts)
    }
    context.count(model.metrics.posts)
    context.count(model.metrics.textBytes, by: Int64(publish.payloadLength))
    if isIdea {
      context.count(model.metrics.ideas)
      context.count(model.metrics.qualityPostedSum, by: model.quality.thousandths(of: publish.subject))
    } else {
      context.count(model.metrics.replies)
      publish.object = visit.pointee.lastRead.rawValue
      let author = visit.pointee.lastRead.author
      if author != actor, author != .platform {
        context.notify(
          Notice(to: author, service: model.serviceNumber, kind: 0, item: publish.subject, time: context.now))
      }
    }
    return finish(number, publish, &stream, &context)
  }

  /// Ends an action with a write, and plans the next one.
  private func finish(
    _ number: Int, _ write: Operation, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    context.write(write)
    planNext(number, &stream, &context)
    return .writes
  }
}
