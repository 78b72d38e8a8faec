import JamboreeKit
import JamboreeMetrics

/// Newest first: what a page is shown as when whoever was to rank it did not.
struct NewestFirst: FeedRanker {
  static let descriptor = RankerDescriptor(id: "newestFirst", version: "1", summary: "the order of pages that their ranker has left unranked")

  init() {}
  init(options: OptionValues) throws(RankerError) {}

  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    let now = viewer.now.nanoseconds
    for index in 0..<candidates.count { scores[index] = -Float(now &- candidates.created[index].nanoseconds) }
  }
}

extension RankerInstance {
  /// The ranker that is asked in this process: of one in another, whoever stands in for it.
  var atHand: any FeedRanker {
    switch self {
    case .inProcess(let ranker): ranker
    case .batch: NewestFirst()
    }
  }

  /// A worker's way to a ranker in another process; nil for one in this.
  func openDesk(_ worker: Int, isPatient: Bool, salt: UInt64, interests: [UInt64]) throws(RankerError) -> BatchDesk? {
    guard case .batch(let ranker) = self else { return nil }
    return BatchDesk(try ranker.openSession(worker, isPatient: isPatient), salt: salt, interests: interests)
  }
}

/// Pages that wait for a ranker in another process, with the replies that they are made of, for one worker.
final class BatchDesk {
  private let session: any RankingSession
  private let salt: UInt64
  /// By member; empty for a ranker that does not ask for them.
  private let interests: [UInt64]
  private let selector: UnsafeMutablePointer<FeedSelector>
  private let answers: UnsafeMutablePointer<RankingAnswers>
  private let page: UnsafeMutablePointer<Buffer<UInt16>>
  /// By token.
  private var pages: [HeldPage] = []
  private var free: [Int] = []
  /// Handed over since the last poll.
  private var fresh: [Int] = []
  private(set) var heldCount = 0
  private var ownFailures = RankingFailures()

  init(_ session: any RankingSession, salt: UInt64, interests: [UInt64]) {
    self.session = session
    self.salt = salt
    self.interests = interests
    selector = .allocate(capacity: 1)
    selector.initialize(to: FeedSelector())
    answers = .allocate(capacity: 1)
    answers.initialize(to: RankingAnswers())
    page = .allocate(capacity: 1)
    page.initialize(to: Buffer(capacity: 32))
  }

  deinit {
    session.close()
    selector.deinitialize(count: 1)
    selector.deallocate()
    answers.deinitialize(count: 1)
    answers.deallocate()
    page.deinitialize(count: 1)
    page.deallocate()
  }

  var failures: RankingFailures {
    var all = session.failures
    all.add(ownFailures)
    return all
  }

  /// Whether there is anything for a ranker to do.
  static func isWorthAsking(_ reply: borrowing Reply, pageLength: Int) -> Bool { reply.items.count > 0 && pageLength > 0 }

  /// Takes a reply, in exchange for an empty one, and hands its items over for ranking.
  /// - Parameter key: what the page comes back with.
  func hold(_ operation: Operation, _ reply: inout Reply, _ outcome: Outcome, pageLength: Int, key: Int) {
    let place = free.popLast() ?? pages.count
    if place == pages.count { pages.append(HeldPage()) }
    let page = pages[place]
    swap(&page.reply, &reply)
    page.operation = operation
    page.outcome = outcome
    page.pageLength = pageLength
    page.key = key
    page.reply.items.truncate(to: Int(UInt16.max))
    submit(page.reply.items, of: operation, place)
    heldCount += 1
    fresh.append(place)
  }

  private func submit(_ items: borrowing ItemColumns, of operation: Operation, _ place: Int) {
    session.submit(FeedCandidates(items), for: viewer(of: operation), token: Token(rawValue: UInt64(place)))
  }

  /// Sends what was handed over, and waits until some pages are ranked, the deadline has passed or none is left.
  /// - Parameter body: called for each of them with the best rows, best first, and the time since it was sent or, where enough
  ///   was under way already, ready to be.
  func poll(
    until deadline: UInt64, clock: MeasuringClock, _ body: (HeldPage, _ page: borrowing Buffer<UInt16>, _ durationNanoseconds: UInt64) -> Void
  ) {
    if !fresh.isEmpty {
      let now = clock.now()
      for place in fresh { pages[place].handedOver = now }
      fresh.removeAll(keepingCapacity: true)
    }
    answers.pointee.removeAll()
    session.poll(until: MonotonicInstant(nanoseconds: deadline), into: &answers.pointee)
    let now = clock.now()
    for index in 0..<answers.pointee.count {
      let place = Int(answers.pointee.token(at: index).rawValue)
      let held = pages[place]
      select(held, index, into: &page.pointee)
      heldCount -= 1
      body(held, page.pointee, now &- held.handedOver)
      held.reply.reset()
      free.append(place)
    }
  }

  private func viewer(of operation: Operation) -> ViewerContext {
    let member = Int(operation.actor.rawValue)
    return ViewerContext(
      member: operation.actor, now: operation.intended, interests: member < interests.count ? interests[member] : 0, salt: salt)
  }

  private func select(_ held: HeldPage, _ index: Int, into page: inout Buffer<UInt16>) {
    let (operation, viewer) = (held.operation, viewer(of: held.operation))
    if answers.pointee.hasScores(at: index) {
      let scores = answers.pointee.scores(at: index)
      let broken = notANumberCount(scores)
      if broken == 0 {
        return selector.pointee.select(
          held.reply.items, scores: scores, salt: salt, pageLength: held.pageLength, feed: operation.container, into: &page)
      }
      ownFailures.notANumberPages += 1
      ownFailures.notANumberScores += Int64(broken)
      if ownFailures.firstText.isEmpty { ownFailures.firstText = "the ranker has given \(broken) of \(scores.count) candidates a score that is not a number" }
    }
    ownFailures.fallbackPages += 1
    selector.pointee.select(
      held.reply.items, by: NewestFirst(), for: viewer, pageLength: held.pageLength, feed: operation.container, into: &page)
  }

  private func notANumberCount(_ scores: Span<Float>) -> Int {
    var count = 0
    for index in 0..<scores.count where scores[index].isNaN { count += 1 }
    return count
  }
}

extension RankingFailures {
  /// The workers' counts as one; nil where no worker has any.
  static func sum(_ parts: [RankingFailures?]) -> RankingFailures? {
    let known = parts.compactMap(\.self)
    guard !known.isEmpty else { return nil }
    return known.reduce(into: RankingFailures()) { $0.add($1) }
  }

  /// Those that are not the engine's own count.
  var metrics: [Metric] {
    [
      ("errors", errors), ("timeouts", timeouts), ("deaths", deaths), ("malformed", malformed), ("fallbackPages", fallbackPages),
      ("restarts", restarts),
    ].map { Metric(name: "ranking.\($0.0)", value: Double($0.1), unit: "count", polarity: .lowerIsBetter) }
  }
}

/// A reply that waits for its scores.
final class HeldPage {
  fileprivate(set) var reply = Reply()
  fileprivate(set) var operation = Operation(verb: .listing, action: ActionID(0), actor: MemberID(0), intended: .zero)
  fileprivate(set) var outcome = Outcome.ok
  fileprivate(set) var pageLength = 0
  /// Whose it is.
  fileprivate(set) var key = 0
  /// When it was handed over.
  fileprivate(set) var handedOver: UInt64 = 0
}
