/// How the pages of those whom a member follows are put together.
public enum FeedStrategy: Sendable, Hashable {
  /// When somebody looks: from what each of those followed has published (fan-out on read).
  case pull
  /// When somebody publishes: each item goes into the inboxes of its author's followers (fan-out on write).
  case push
  /// Authors with more followers than the threshold are pulled, the others pushed. Who was above it once stays pulled.
  case hybrid(threshold: Int)

  /// What a threshold may be.
  public static let thresholds = 0...100_000_000
  /// The threshold where none is given.
  public static let defaultThreshold = 1_000

  /// Whether inboxes are filled.
  public var delivers: Bool { self != .pull }

  /// Followers above which an author is pulled.
  public var threshold: Int {
    switch self {
    case .pull: -1
    case .push: .max
    case .hybrid(let threshold): threshold
    }
  }

  /// As it is shown: `pull`, `push`, `hybrid:1000`.
  public var text: String {
    switch self {
    case .pull: "pull"
    case .push: "push"
    case .hybrid(let threshold): "hybrid:\(threshold)"
    }
  }

  /// Reads `pull`, `push`, `hybrid` or `hybrid:THRESHOLD`; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("pull", 1): self = .pull
    case ("push", 1): self = .push
    case ("hybrid", 1): self = .hybrid(threshold: Self.defaultThreshold)
    case ("hybrid", 2):
      guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let threshold = Int(parts[1]), Self.thresholds.contains(threshold)
      else { return nil }
      self = .hybrid(threshold: threshold)
    default: return nil
    }
  }
}

/// What a service tells of the pages on which it shows what those have published whom a member follows.
///
/// Everything that a member publishes, in any service, goes into the feeds of those who follow that member: it is what
/// ``Verb/recentByAuthors`` finds.
public struct FeedDescription: Sendable, Hashable {
  /// The kind of tie that it goes by. Services with the same kind share what is kept of it.
  public let kind: ConnectionKind
  /// The most items that one of its pages is made from, 1 ... ``inboxCapacity``: so many of an author's newest items a new
  /// follower is given.
  public let window: Int
  /// Whether members see what they have published themselves.
  public let showsOwn: Bool

  public init(kind: ConnectionKind, window: Int, showsOwn: Bool) {
    self.kind = kind
    self.window = min(max(window, 1), inboxCapacity)
    self.showsOwn = showsOwn
  }
}

/// A look at what those have published whom a member follows. How it is put together is the engine's: see ``FeedStrategy``.
@frozen public struct FeedRead: BitwiseCopyable, Sendable {
  /// When the member meant to look.
  public var intended: SimTime
  /// Who looks.
  public var actor: MemberID
  public var action: ActionID
  /// At most so many of those followed count, those with the lowest numbers.
  public var authors: UInt16
  /// Items that a page is made from: the newest, replies too.
  public var window: UInt16
  /// How many of them the ranker chooses; 0: nothing is ranked, and the reply is in order of time, newest first.
  public var pageLength: UInt16
  /// The kind of tie.
  public var kind: ConnectionKind
  /// Whether the member's own items are among them.
  public var showsOwn: Bool

  @inlinable public init(action: ActionID, actor: MemberID, intended: SimTime, kind: ConnectionKind) {
    self.intended = intended
    self.actor = actor
    self.action = action
    self.kind = kind
    authors = 0
    window = 0
    pageLength = 0
    showsOwn = false
  }

  /// One of the reads that it consists of.
  @inlinable public func operation(_ verb: Verb) -> Operation { Operation(verb: verb, action: action, actor: actor, intended: intended) }
}
