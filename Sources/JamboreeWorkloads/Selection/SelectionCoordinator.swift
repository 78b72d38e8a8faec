import JamboreeKit

/// Ideas that belong together, and what was thought of them.
struct IdeaCluster: BitwiseCopyable {
  var forum: UInt16
  var topic: UInt16
  var ideas: Int32 = 0
  /// Ideas and replies.
  var offerings = 0
  /// The idea that stands for the cluster: the one that the crowd rated best.
  var best = ItemID.none
  var bestRating = -Double.infinity
  /// Hundredths, of the step that is under way.
  var markSum: Int32 = 0
  var markCount: Int32 = 0

  var meanMark: Double { markCount > 0 ? Double(markSum) / Double(markCount) : 0 }
}

/// Leads the selection from step to step: collects and clusters, hands out reviews, draws up the shortlist, hands out
/// votes, announces what is funded.
struct SelectionCoordinator {
  private enum Stage: UInt8 {
    case collecting, reviewing, voting, done
  }

  private static let pageLength = 500
  /// Ratings of 3 that every idea is given on top, so that a single 5 does not stand above many.
  private static let priorRatings = 5.0

  private let model: SelectionModel
  private var stage = Stage.collecting
  private var forum = 0
  private var skip = 0
  /// The last row that was taken. Where people still post, pages shift while they are turned, and show rows again.
  private var lastCreated = SimTime.never
  private var lastTieBreak = UInt64.max
  /// Marks that have been asked for and have not come.
  private var awaited = 0
  private var announced: UInt32 = 0
  private var clusters: [IdeaCluster]
  /// Qualities of the truly best ideas, so many as are funded, ascending: what nobody in the simulation knows.
  private var possible: [Int64] = []

  init(_ model: SelectionModel) {
    self.model = model
    let topics = model.parameters.clusterBy == .topic ? 64 : 1
    clusters = (0..<model.forums * topics).map {
      IdeaCluster(forum: UInt16(truncatingIfNeeded: $0 / topics), topic: UInt16(truncatingIfNeeded: $0 % topics))
    }
  }

  private var coordinator: MemberID { model.reviewers[0] }

  mutating func act(_ agent: UInt32, _ context: inout AgentContext) -> Step {
    switch stage {
    case .collecting: return .read(nextPage(context.now))
    case .reviewing where awaited == 0: return drawUpShortlist(&context)
    case .voting where awaited == 0: return fund(&context)
    default: return .idle
    }
  }

  // MARK: Offerings to clusters

  private func nextPage(_ now: SimTime) -> Operation {
    var listing = Operation(verb: .listing, action: model.actions.collect, actor: coordinator, intended: now)
    listing.container = model.forum(forum)
    listing.order = .newest
    listing.object = UInt64(skip)
    listing.limit = UInt16(Self.pageLength)
    return listing
  }

  mutating func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    // What cannot be read now is tried again.
    guard outcome == .ok else {
      context.schedule(agent, at: context.now + 60_000_000_000)
      return .done(outcome)
    }
    let count = reply.items.count
    for row in 0..<count where isNext(reply.items[row]) { add(reply.items[row], &context) }
    skip += count
    if count < Self.pageLength || skip >= model.mostIdeas {
      forum += 1
      skip = 0
      (lastCreated, lastTieBreak) = (.never, .max)
    }
    if forum < model.forums {
      context.schedule(agent, at: context.now + 1_000_000_000)
    } else {
      endCollection(agent, &context)
    }
    return .done(outcome)
  }

  /// Whether a row is one that is to be taken: not taken yet, and posted before the selection began.
  private mutating func isNext(_ row: ItemRow) -> Bool {
    let tieBreak = row.id.tieBreak
    guard row.created < model.begin, (row.created, tieBreak) < (lastCreated, lastTieBreak) else { return false }
    (lastCreated, lastTieBreak) = (row.created, tieBreak)
    return true
  }

  private mutating func add(_ row: ItemRow, _ context: inout AgentContext) {
    let byTopic = model.parameters.clusterBy == .topic
    let number = byTopic ? forum * 64 + Int(row.topic & 63) : forum
    let quality = model.quality.thousandths(of: row.id)
    context.count(model.metrics.ideas)
    context.count(model.metrics.offerings, by: 1 + Int64(row.replyCount))
    context.count(model.metrics.ideaQualitySum, by: quality)
    clusters[number].ideas += 1
    clusters[number].offerings += 1 + Int(row.replyCount)
    let rating = (Double(row.ratingSum) + 3 * Self.priorRatings) / (Double(row.ratingCount) + Self.priorRatings)
    let best = clusters[number]
    if best.best == .none || rating > best.bestRating || (rating == best.bestRating && row.id.tieBreak > best.best.tieBreak) {
      clusters[number].best = row.id
      clusters[number].bestRating = rating
    }
    let place = possible.firstIndex { $0 >= quality } ?? possible.count
    possible.insert(quality, at: place)
    if possible.count > model.parameters.funded { possible.removeFirst() }
  }

  private mutating func endCollection(_ agent: UInt32, _ context: inout AgentContext) {
    clusters.removeAll { $0.ideas == 0 }
    clusters.sort { ($0.offerings, $0.best.tieBreak) > ($1.offerings, $1.best.tieBreak) }
    clusters.removeLast(max(clusters.count - model.parameters.clusters, 0))
    context.count(model.metrics.clusters, by: Int64(clusters.count))
    for quality in possible {
      context.count(model.metrics.possibleQualitySum, by: quality)
      context.count(model.metrics.possibleCount)
    }
    stage = clusters.isEmpty ? .done : .reviewing
    ask(.review, judges: model.judges(model.parameters.reviewsPerCluster), &context)
  }

  /// Deals the clusters out to the reviewers in turn.
  private mutating func ask(_ kind: SelectionNotice, judges: Int, _ context: inout AgentContext) {
    var turn = 0
    for number in clusters.indices {
      for _ in 0..<judges {
        context.notify(
          Notice(
            to: model.reviewers[turn % model.reviewers.count], service: model.serviceNumber, kind: kind.rawValue,
            value: Int32(number), item: clusters[number].best, time: context.now))
        turn += 1
      }
      clusters[number].markSum = 0
      clusters[number].markCount = 0
    }
    awaited = turn
  }

  // MARK: Clusters to plans, plans to what is funded

  /// - Returns: true when no more marks are awaited.
  mutating func take(_ notice: Notice) -> Bool {
    let (number, mark) = (Int(notice.value >> 12), notice.value & 0xFFF)
    guard clusters.indices.contains(number), awaited > 0 else { return false }
    if mark > 0 {
      clusters[number].markSum += mark
      clusters[number].markCount += 1
    }
    awaited -= 1
    return awaited == 0
  }

  private mutating func keepBest(_ count: Int) {
    clusters.sort { ($0.meanMark, $0.best.tieBreak) > ($1.meanMark, $1.best.tieBreak) }
    clusters.removeLast(max(clusters.count - count, 0))
  }

  private mutating func drawUpShortlist(_ context: inout AgentContext) -> Step {
    keepBest(model.parameters.shortlist)
    context.count(model.metrics.shortlisted, by: Int64(clusters.count))
    announce(answering: .none, &context)
    stage = .voting
    ask(.vote, judges: model.judges(model.parameters.votesPerPlan), &context)
    return .writes
  }

  private mutating func fund(_ context: inout AgentContext) -> Step {
    keepBest(model.parameters.funded)
    context.count(model.metrics.funded, by: Int64(clusters.count))
    for cluster in clusters {
      context.count(model.metrics.fundedQualitySum, by: model.quality.thousandths(of: cluster.best))
      announce(answering: cluster.best, &context)
    }
    stage = .done
    return .writes
  }

  /// The last announcement could not be written, so nobody has heard of it: back to before it.
  mutating func takeBack(_ context: inout AgentContext) {
    switch stage {
    case .voting:
      stage = .reviewing
      context.count(model.metrics.shortlisted, by: -Int64(clusters.count))
    case .done:
      stage = .voting
      context.count(model.metrics.funded, by: -Int64(clusters.count))
      for cluster in clusters {
        context.count(model.metrics.fundedQualitySum, by: -model.quality.thousandths(of: cluster.best))
      }
    case .collecting, .reviewing: return
    }
    awaited = 0
  }

  /// Publishes a post about the shortlist, or in the thread of an idea that is funded.
  private mutating func announce(answering idea: ItemID, _ context: inout AgentContext) {
    announced += 1
    var post = Operation(verb: .publish, action: model.actions.announce, actor: coordinator, intended: context.now)
    post.subject = ItemID(author: coordinator, service: model.serviceNumber, sequence: announced)
    post.container = model.announcements
    post.object = idea.rawValue
    post.payloadSeed = mix64(model.streamBase ^ UInt64(announced))
    post.payloadLength = 2_000
    context.write(post)
  }

  // MARK: Checkpoints

  func encode(into encoder: inout StateEncoder) {
    encoder.encode(stage.rawValue)
    for number in [forum, skip, awaited, Int(announced)] { encoder.encode(number) }
    encoder.encode(lastCreated.nanoseconds)
    encoder.encode(lastTieBreak)
    encoder.encode(clusters)
    encoder.encode(possible)
  }

  mutating func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    guard let stage = Stage(rawValue: try decoder.decode(UInt8.self)) else {
      throw StateMismatch("the checkpoint has a step of the selection that there is not")
    }
    self.stage = stage
    forum = try decoder.decode(Int.self)
    skip = try decoder.decode(Int.self)
    awaited = try decoder.decode(Int.self)
    announced = UInt32(truncatingIfNeeded: try decoder.decode(Int.self))
    lastCreated = SimTime(nanoseconds: try decoder.decode(Int64.self))
    lastTieBreak = try decoder.decode(UInt64.self)
    clusters = try decoder.decodeArray(of: IdeaCluster.self)
    possible = try decoder.decodeArray(of: Int64.self)
  }
}
