import JamboreeKit

/// A cluster that somebody is to judge.
struct SelectionTask: BitwiseCopyable {
  var idea: ItemID
  var cluster: UInt16
  var isVote: Bool
}

/// Word between the coordinator and the reviewers. A mark goes with its cluster: `cluster << 12 | mark in hundredths`, 0 for
/// none.
enum SelectionNotice: UInt8 {
  case review, vote, marked, voted
}

/// The reviewers of one shard and, where that is, the coordinator. A reviewer does one task after the other.
final class SelectionAgents: ServiceAgents {
  private struct Reviewer {
    let member: MemberID
    var tasks: [SelectionTask] = []
    var draws: UInt32 = 0
    /// What is being judged, once it has been read: for a write that fails.
    var current: SelectionTask?
  }

  private let model: SelectionModel
  private var reviewers: [Reviewer]
  /// Numbered after the reviewers.
  private var coordinator: SelectionCoordinator?

  var count: Int { reviewers.count + (coordinator == nil ? 0 : 1) }

  init(_ model: SelectionModel, shard: Int) {
    self.model = model
    reviewers = model.reviewers.filter { Int($0.rawValue) % shardCount == shard }.map { Reviewer(member: $0) }
    let isHere = model.reviewers.first.map { Int($0.rawValue) % shardCount == shard } ?? false
    coordinator = isHere ? SelectionCoordinator(model) : nil
  }

  func start(_ context: inout AgentContext) {
    if coordinator != nil { context.schedule(UInt32(reviewers.count), at: model.begin) }
  }

  func wake(_ agent: UInt32, tag: UInt32, _ context: inout AgentContext) -> Step {
    guard Int(agent) < reviewers.count else { return coordinator?.act(agent, &context) ?? .idle }
    guard !reviewers[Int(agent)].tasks.isEmpty else { return .idle }
    let task = reviewers[Int(agent)].tasks.removeFirst()
    reviewers[Int(agent)].current = task
    var read = Operation(
      verb: task.isVote ? .item : .thread, action: task.isVote ? model.actions.vote : model.actions.review,
      actor: reviewers[Int(agent)].member, intended: context.now)
    read.subject = task.idea
    read.limit = task.isVote ? 1 : 100
    read.flags.insert(.wantsText)
    return .read(read)
  }

  func resume(_ agent: UInt32, outcome: Outcome, reply: borrowing Reply, _ context: inout AgentContext) -> Step {
    guard Int(agent) < reviewers.count else { return coordinator?.resume(agent, outcome: outcome, reply: reply, &context) ?? .idle }
    guard let task = reviewers[Int(agent)].current else { return .done(outcome) }
    var stream = RandomStream(
      key: RandomStream.key(base: model.streamBase, entity: UInt64(reviewers[Int(agent)].member.rawValue)),
      counter: reviewers[Int(agent)].draws)
    defer {
      if !reviewers[Int(agent)].tasks.isEmpty {
        context.schedule(agent, at: context.now + model.reviewTimes.value(bits: stream.next()))
      }
      reviewers[Int(agent)].draws = stream.counter
    }
    guard outcome == .ok else {
      reviewers[Int(agent)].current = nil
      context.notify(answer(to: task, mark: 0, from: agent, context.now))
      return .done(outcome)
    }
    // 5 is the mean; a standard deviation of quality is one mark.
    let quality = Double(model.quality.thousandths(of: task.idea)) / 1000
    let judged = 5 + quality + model.parameters.judgementNoise * standardNormalQuantile(stream.nextUnit())
    let mark = Int32((min(max(judged, 0.01), 10) * 100).rounded())
    var write = Operation(
      verb: .react, action: task.isVote ? model.actions.vote : model.actions.review, actor: reviewers[Int(agent)].member,
      intended: context.now)
    write.subject = task.idea
    write.kind = (task.isVote ? ReactionKind.selectionVote : .selectionReview).rawValue
    write.value = mark
    context.write(write)
    context.notify(answer(to: task, mark: mark, from: agent, context.now))
    context.count(task.isVote ? model.metrics.votes : model.metrics.reviews)
    return .writes
  }

  /// A mark that could not be written does not count, and the coordinator must not wait for it; what the coordinator could
  /// not announce is tried again.
  func writesEnded(_ agent: UInt32, outcome: Outcome, _ context: inout AgentContext) {
    guard Int(agent) < reviewers.count else {
      coordinator?.takeBack(&context)
      return context.schedule(agent, at: context.now + 60_000_000_000)
    }
    guard let task = reviewers[Int(agent)].current else { return }
    reviewers[Int(agent)].current = nil
    context.count(task.isVote ? model.metrics.votes : model.metrics.reviews, by: -1)
    context.notify(answer(to: task, mark: 0, from: agent, context.now))
  }

  func receive(_ notice: Notice, _ context: inout AgentContext) {
    switch SelectionNotice(rawValue: notice.kind) {
    case .review, .vote:
      guard let number = reviewers.firstIndex(where: { $0.member == notice.to }) else { return }
      let isFree = reviewers[number].tasks.isEmpty
      reviewers[number].tasks.append(
        SelectionTask(
          idea: notice.item, cluster: UInt16(truncatingIfNeeded: notice.value),
          isVote: notice.kind == SelectionNotice.vote.rawValue))
      guard isFree else { return }
      var stream = RandomStream(
        key: RandomStream.key(base: model.streamBase, entity: UInt64(notice.to.rawValue)), counter: reviewers[number].draws)
      context.schedule(UInt32(number), at: context.now + model.reviewTimes.value(bits: stream.next()))
      reviewers[number].draws = stream.counter
    case .marked, .voted:
      if coordinator?.take(notice) == true { context.schedule(UInt32(reviewers.count), at: context.now) }
    case nil: break
    }
  }

  private func answer(to task: SelectionTask, mark: Int32, from agent: UInt32, _ time: SimTime) -> Notice {
    Notice(
      to: model.reviewers[0], service: model.serviceNumber,
      kind: (task.isVote ? SelectionNotice.voted : .marked).rawValue, value: Int32(task.cluster) << 12 | mark, item: task.idea,
      time: time)
  }

  // MARK: Checkpoints

  func encode(into encoder: inout StateEncoder) {
    encoder.encode(reviewers.count)
    for reviewer in reviewers {
      encoder.encode(reviewer.tasks)
      encoder.encode(reviewer.draws)
      encoder.encode(reviewer.current.map { [$0] } ?? [])
    }
    coordinator?.encode(into: &encoder)
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    guard try decoder.decode(Int.self) == reviewers.count else {
      throw StateMismatch("the checkpoint is of another number of reviewers")
    }
    for number in reviewers.indices {
      reviewers[number].tasks = try decoder.decodeArray(of: SelectionTask.self)
      reviewers[number].draws = try decoder.decode(UInt32.self)
      reviewers[number].current = try decoder.decodeArray(of: SelectionTask.self).first
    }
    try coordinator?.restore(from: &decoder)
  }
}

extension ReactionKind {
  /// A reviewer's mark of an idea, in hundredths; the backend keeps it and shows it nowhere.
  static var selectionReview: ReactionKind { ReactionKind(rawValue: 128) }
  static var selectionVote: ReactionKind { ReactionKind(rawValue: 129) }
}
