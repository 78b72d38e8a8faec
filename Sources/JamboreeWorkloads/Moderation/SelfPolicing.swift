import JamboreeKit

/// What members do about what breaks the rules: each looks at a page first, and acts on what is there.
struct SelfPolicing: VisitBehaviour {
  private enum Activity: Int { case read, post, flag, voteDown, standUp, counterReply }

  let model: VisitModel
  private let commons: Commons
  private let reading: PageReading
  private let offending: Double
  private let mistakes: Double
  private let metrics: Metrics

  init(_ parameters: ModerationParameters, _ model: VisitModel, _ commons: Commons) {
    self.model = model
    self.commons = commons
    reading = parameters.reading
    offending = parameters.offending
    mistakes = parameters.mistakes
    metrics = Metrics(model)
  }

  private struct Metrics: Sendable {
    let offences, flags, downVotes, defences, counterReplies, mistakenFlags: Int
    let exposures, collapsedViews, wronglyCollapsedViews, innocentViews: Int
    let collapses, secondsToCollapse, wrongCollapses, offenceExposures, newCollapses: Int

    init(_ model: VisitModel) {
      let metric = model.metric
      (offences, flags, downVotes, defences) = (metric("offences"), metric("flags"), metric("downVotes"), metric("defences"))
      (counterReplies, mistakenFlags) = (metric("counterReplies"), metric("mistakenFlags"))
      (exposures, collapsedViews) = (metric("exposures"), metric("collapsedViews"))
      (wronglyCollapsedViews, innocentViews) = (metric("wronglyCollapsedViews"), metric("innocentViews"))
      (collapses, secondsToCollapse, wrongCollapses) = (metric("collapses"), metric("secondsToCollapse"), metric("wrongCollapses"))
      (offenceExposures, newCollapses) = (metric("offenceExposures"), metric("newCollapses"))
    }
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    guard activity == Activity.post.rawValue else {
      return reading.listing(of: commons.place(&stream), by: .active, model, visit, context)
    }
    var post = model.publication(&visit, &stream, context, lengths: commons.lengths)
    post.container = commons.page
    if stream.chance(offending) {
      post.flags.insert(.isNegative)
      context.count(metrics.offences)
    }
    context.write(post)
    return .writes
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard !context.page.isEmpty else { return .done(outcome) }
    visit.lastRead = reply.items.id(at: Int(context.page[0]))
    switch Activity(rawValue: activity) {
    case .flag: return flag(reply, &visit, &stream, &context)
    case .voteDown:
      guard let row = first(reply, context, where: { isOffence($0) && !commons.isCollapsed($0) }) else { return .done(outcome) }
      context.count(metrics.downVotes)
      return react(.vote, -1, to: row, visit, &context)
    case .standUp:
      guard let row = first(reply, context, where: { !isOffence($0) && $0.flagCount > 0 }) else { return .done(outcome) }
      context.count(metrics.defences)
      return react(.vote, 1, to: row, visit, &context)
    case .counterReply:
      guard let row = first(reply, context, where: { isOffence($0) && !commons.isCollapsed($0) }) else { return .done(outcome) }
      context.count(metrics.counterReplies)
      var answer = model.publication(&visit, &stream, context, lengths: commons.lengths)
      answer.object = row.id.rawValue
      answer.container = commons.page
      context.write(answer)
      model.deliver(.reply, of: answer.subject, to: row.id.author, visit, &context)
      return .writes
    default:
      look(reply, &context)
      return .done(outcome)
    }
  }

  /// What a reader has in front of them.
  private func look(_ reply: borrowing Reply, _ context: inout AgentContext) {
    for place in 0..<context.page.count {
      let row = reply.items[Int(context.page[place])]
      let metric =
        switch (isOffence(row), commons.isCollapsed(row)) {
        case (true, false): metrics.exposures
        case (true, true): metrics.collapsedViews
        case (false, false): metrics.innocentViews
        case (false, true): metrics.wronglyCollapsedViews
        }
      context.count(metric)
      // Of the commons' own, so that it can be held against how many there are.
      if metric == metrics.exposures, isNew(row), row.id.service == model.setup.serviceNumber { context.count(metrics.offenceExposures) }
    }
  }

  /// Flags what breaks the rules, and nothing twice in a visit: the second flag would not count.
  private func flag(
    _ reply: borrowing Reply, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext
  ) -> Step {
    let flagged = (visit.note, visit.place)
    func isFlagged(_ row: ItemRow) -> Bool { row.id.rawValue == flagged.0 || row.id.rawValue == flagged.1 }
    if let row = first(reply, context, where: { isOffence($0) && !commons.isCollapsed($0) && !isFlagged($0) }) {
      (visit.note, visit.place) = (row.id.rawValue, visit.note)
      context.count(metrics.flags)
      if commons.isOnTheBrink(row) {
        context.count(metrics.collapses)
        // What was there before has stood since nobody was there to flag it.
        if isNew(row) {
          context.count(metrics.newCollapses)
          context.count(metrics.secondsToCollapse, by: (context.now - row.created) / 1_000_000_000)
        }
      }
      return react(.flag, 1, to: row, visit, &context)
    }
    guard stream.chance(mistakes) else { return .done(.ok) }
    let row = reply.items[Int(context.page[stream.next(below: context.page.count)])]
    // What does break the rules is no mistake, and is on the page because this visitor has flagged it already.
    guard !isOffence(row), !commons.isCollapsed(row) else { return .done(.ok) }
    context.count(metrics.mistakenFlags)
    if commons.isOnTheBrink(row) { context.count(metrics.wrongCollapses) }
    return react(.flag, 1, to: row, visit, &context)
  }

  /// Whether it was posted during the run.
  private func isNew(_ row: ItemRow) -> Bool { row.created > .zero }
  private func isOffence(_ row: ItemRow) -> Bool { row.flags.contains(.isNegative) }

  /// The highest row on the page that is meant.
  private func first(_ reply: borrowing Reply, _ context: borrowing AgentContext, where isMeant: (ItemRow) -> Bool) -> ItemRow? {
    for place in 0..<context.page.count {
      let row = reply.items[Int(context.page[place])]
      if isMeant(row) { return row }
    }
    return nil
  }

  private func react(_ kind: ReactionKind, _ value: Int32, to row: ItemRow, _ visit: Visit, _ context: inout AgentContext) -> Step {
    var react = model.operation(.react, visit, context)
    react.subject = row.id
    react.kind = kind.rawValue
    react.value = value
    context.write(react)
    return .writes
  }
}

/// A hostile group: its members flag what certain authors write, whether or not it breaks a rule.
struct Brigade: VisitBehaviour {
  let model: VisitModel
  private let commons: Commons
  private let reading: PageReading
  private let targets: Double
  private let flags, wrongCollapses: Int

  /// - Parameter wrongCollapses: index of the service's counter of what was collapsed without a reason.
  init(model: VisitModel, commons: Commons, parameters: ModerationParameters, wrongCollapses: Int) {
    self.wrongCollapses = wrongCollapses
    self.model = model
    self.commons = commons
    reading = parameters.reading
    targets = parameters.brigade.targets
    flags = model.metric("flags")
  }

  /// Whether the group is after an author: the same ones for all of the group.
  private func isTarget(_ author: MemberID) -> Bool {
    unitInterval(mix64(model.streamBase ^ UInt64(author.rawValue))) < targets
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    reading.listing(of: commons.place(&stream), by: .active, model, visit, context)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    for place in 0..<context.page.count {
      let row = reply.items[Int(context.page[place])]
      // A second flag by the same member would not count.
      guard isTarget(row.id.author), !row.flags.contains(.isNegative), !commons.isCollapsed(row), !visit.hasTarget(row.id) else { continue }
      visit.addTarget(row.id)
      context.count(flags)
      if commons.isOnTheBrink(row) { context.count(wrongCollapses) }
      var flag = model.operation(.react, visit, context)
      flag.subject = row.id
      flag.kind = ReactionKind.flag.rawValue
      flag.value = 1
      context.write(flag)
      return .writes
    }
    return .done(outcome)
  }
}
