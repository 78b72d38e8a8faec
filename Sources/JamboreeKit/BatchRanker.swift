/// Ranks the pages of many viewers at once, in another process or on another machine.
///
/// What it answers is held to what is asked of a ``FeedRanker``: the scores of a page depend on its candidates and its viewer
/// alone, not on the batch that they came in. How pages are put into batches depends on the number of workers and on time.
///
/// Other than a ``FeedRanker`` it may fail. The engine then shows the page newest first, counts it, and says so.
public protocol BatchRanker: Sendable {
  static var descriptor: RankerDescriptor { get }
  /// Makes sure that it can be had: what the user named wrongly is told here, before a run begins.
  init(options: OptionValues) throws(RankerError)
  /// What it wants to know, now that it has been asked. The default is the descriptor's.
  var needs: ViewerNeeds { get }
  /// - Parameters:
  ///   - id: a worker's number.
  ///   - isPatient: whether pages wait while what is behind the session is started anew: in virtual time waiting costs nobody
  ///     anything. Under load they are answered without scores at once.
  func openSession(_ id: SessionID, isPatient: Bool) throws(RankerError) -> any RankingSession
}

extension BatchRanker {
  public var needs: ViewerNeeds { Self.descriptor.needs }
}

/// One a worker. Used by one thread at a time.
///
/// Every token that was submitted is answered exactly once, within a time that the session sets itself, with scores or without.
public protocol RankingSession: AnyObject {
  /// Enqueues a page: copies what it needs, sends nothing yet and never blocks.
  /// - Parameter candidates: at least one, at most 65,535.
  func submit(_ candidates: borrowing FeedCandidates, for viewer: ViewerContext, token: Token)
  /// Sends what is enqueued, then waits until something is answered or the deadline has passed. Returns at once when
  /// something has been answered already or nothing is under way.
  func poll(until deadline: MonotonicInstant, into answers: inout RankingAnswers)
  /// What has gone wrong so far.
  var failures: RankingFailures { get }
  /// Ends it, and what is behind it. What is under way is not answered any more.
  func close()
}

/// What a `poll` brought back. The engine owns it and uses it again.
public struct RankingAnswers: ~Copyable {
  // A column a field: a private row type in a generic buffer is more than the compiler takes from another module.
  private var tokens = Buffer<Token>(capacity: 256)
  private var starts = Buffer<Int>(capacity: 256)
  /// -1 where there are no scores.
  private var counts = Buffer<Int>(capacity: 256)
  private var scores = Buffer<Float>(capacity: 8192)

  public init() {}

  public var count: Int { tokens.count }
  public var isEmpty: Bool { tokens.isEmpty }

  /// Adds a page's scores, as many as it had candidates.
  public mutating func add(_ token: Token, _ scores: Span<Float>) {
    tokens.append(token)
    starts.append(self.scores.count)
    counts.append(scores.count)
    for index in 0..<scores.count { self.scores.append(scores[index]) }
  }

  /// Adds a page that got no scores.
  public mutating func addFailure(_ token: Token) {
    tokens.append(token)
    starts.append(0)
    counts.append(-1)
  }

  public func token(at index: Int) -> Token { tokens[index] }
  public func hasScores(at index: Int) -> Bool { counts[index] >= 0 }

  /// A page's scores; empty where there are none.
  @_lifetime(borrow self)
  public func scores(at index: Int) -> Span<Float> {
    let count = counts[index]
    guard count > 0 else { return _overrideLifetime(Span(), borrowing: self) }
    return scores.span.extracting(starts[index]..<(starts[index] + count))
  }

  public mutating func removeAll() {
    tokens.removeAll()
    starts.removeAll()
    counts.removeAll()
    scores.removeAll()
  }
}

/// What has gone wrong with a ``BatchRanker``, as counts.
public struct RankingFailures: Sendable, Hashable {
  /// Batches that were not answered in time.
  public var timeouts: Int64 = 0
  /// How often it has ended by itself, or could not be started again.
  public var deaths: Int64 = 0
  /// Answers that were none: of another length, of another batch.
  public var malformed: Int64 = 0
  /// Pages of which a score was not a number.
  public var notANumberPages: Int64 = 0
  /// Scores that were not a number.
  public var notANumberScores: Int64 = 0
  /// How often it was started again.
  public var restarts: Int64 = 0
  /// Pages that were shown newest first because of all that.
  public var fallbackPages: Int64 = 0
  /// What happened first, in words; empty when nothing did.
  public var firstText = ""

  public init() {}

  /// Everything that went wrong, each once.
  public var errors: Int64 { timeouts + deaths + malformed + notANumberPages }

  public mutating func add(_ other: RankingFailures) {
    timeouts += other.timeouts
    deaths += other.deaths
    malformed += other.malformed
    notANumberPages += other.notANumberPages
    notANumberScores += other.notANumberScores
    restarts += other.restarts
    fallbackPages += other.fallbackPages
    if firstText.isEmpty { firstText = other.firstText }
  }
}

/// A ranker ready for use, of either protocol.
public enum RankerInstance: Sendable {
  case inProcess(any FeedRanker)
  case batch(any BatchRanker)

  public var descriptor: RankerDescriptor {
    switch self {
    case .inProcess(let ranker): type(of: ranker).descriptor
    case .batch(let ranker): type(of: ranker).descriptor
    }
  }

  public var needs: ViewerNeeds {
    switch self {
    case .inProcess(let ranker): ranker.needs
    case .batch(let ranker): ranker.needs
    }
  }
}
