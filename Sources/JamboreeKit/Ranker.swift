/// What a feed ranker is. `jamboree rankers` prints it.
public struct RankerDescriptor: Sendable {
  public let id: String
  public let version: String
  public let summary: String
  public let options: [OptionDescriptor]
  /// What it may want to know of the viewer; the rest may be left at zero. See ``FeedRanker/needs``.
  public let needs: ViewerNeeds
  /// The option that what stands after the colon in `id:location` is a short form of; nil when nothing may stand there.
  public let locationOption: String?

  public init(
    id: String, version: String, summary: String, options: [OptionDescriptor] = [], needs: ViewerNeeds = [], locationOption: String? = nil
  ) {
    self.needs = needs
    self.locationOption = locationOption
    self.id = id
    self.version = version
    self.summary = summary
    self.options = options
  }
}

/// Parts of ``ViewerContext`` and ``FeedCandidates`` that cost something to find out.
@frozen public struct ViewerNeeds: OptionSet, Sendable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// ``ViewerContext/interests``.
  public static let interests = ViewerNeeds(rawValue: 1)
  /// ``FeedCandidates/ties``.
  public static let ties = ViewerNeeds(rawValue: 2)
  /// ``FeedCandidates/relevances``: what no platform knows. It is lent to a ``TruthKnowing`` ranker alone.
  package static let truth = ViewerNeeds(rawValue: 4)
}

/// A ranker that is lent the truth about items. One outside this package cannot be any, whatever it asks for and whichever ranker it
/// hands its candidates on to.
package protocol TruthKnowing: FeedRanker {}

/// Gives each candidate of a feed a score; the engine shows those with the highest.
///
/// A ranker is pure: no clock, no randomness, no I/O and no memory of earlier calls. Its scores depend on the candidate
/// and the viewer, never on a candidate's place in the list or on the other candidates. `RankerConformance` checks it.
///
/// A ranker for which a page is more than its best items one by one asks for a ``shortlist`` of the best by score, and puts
/// that in order itself.
///
/// Scores are compared as numbers, infinities included: `+inf` ranks first and `-inf` last of all numbers, and `-0` right
/// below `0`. Equal scores are ordered by a mix of id and salt. NaN ranks below everything and is counted; a ranker must
/// not give it, whatever the columns hold.
public protocol FeedRanker: Sendable {
  static var descriptor: RankerDescriptor { get }
  /// What it wants to know with the options that it was given: all that its descriptor names, unless it says otherwise.
  var needs: ViewerNeeds { get }
  /// How many of the best by score it wants to choose a page from; 0, the default, for one whose pages are the best by score.
  var shortlist: Int { get }
  init(options: OptionValues) throws(RankerError)
  /// - Parameters:
  ///   - candidates: one row each, up to 65,535. The engine asks nothing about none, but a ranker bears it.
  ///   - scores: as many as there are candidates; to be filled whole, higher is better.
  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>)
  /// Puts the best by score into the order in which they are shown; asked of a ranker with a ``shortlist`` alone.
  ///
  /// As pure as the scores are: what comes out depends on the shortlisted candidates, their scores and the viewer, and not on the
  /// places of candidates in the list.
  /// - Parameters:
  ///   - rows: the candidates with the highest scores, best first, as the engine orders them: so many as the shortlist or, if that
  ///     is more, the page is long, or all there are. To be put into another order, each kept once.
  ///   - pageLength: how many of them, from the first, are shown; 1 or more, and more than there are rows where candidates are few.
  ///   - scores: of all candidates.
  func arrange(
    _ rows: inout MutableSpan<UInt16>, pageLength: Int, of candidates: borrowing FeedCandidates, scores: Span<Float>,
    for viewer: borrowing ViewerContext)
}

extension FeedRanker {
  public var needs: ViewerNeeds { Self.descriptor.needs }
  public var shortlist: Int { 0 }
  public func arrange(
    _ rows: inout MutableSpan<UInt16>, pageLength: Int, of candidates: borrowing FeedCandidates, scores: Span<Float>,
    for viewer: borrowing ViewerContext
  ) {}
}

/// The candidates of one feed read, a column a field. It cannot outlive the call.
public struct FeedCandidates: ~Escapable {
  public let ids: Span<ItemID>
  public let created: Span<SimTime>
  public let lastActive: Span<SimTime>
  /// Sum of the marks, 1 to 5 each.
  public let ratingSums: Span<Int32>
  public let ratingCounts: Span<Int32>
  public let replyCounts: Span<Int32>
  /// Sum of the votes, -1 or 1 each.
  public let voteSums: Span<Int32>
  public let flagCounts: Span<Int32>
  public let downloadCounts: Span<Int32>
  /// What the service published each with.
  public let values: Span<Int32>
  /// The item that each answers, or ``ItemID/none``.
  public let parents: Span<ItemID>
  /// The service's own kind of item.
  public let kinds: Span<UInt8>
  /// What it is about: `0 ..< 64`.
  public let topics: Span<UInt16>
  /// How close the viewer is to the author of each, 0 or more: what the viewer has lately done to the author's items, each deed
  /// halving in weight with time. Empty for a ranker that does not declare to need it.
  public let ties: Span<Float>
  /// What each is truly worth to the viewer. Empty for every ranker but the oracle.
  package let relevances: Span<Float>

  @inlinable public var count: Int { ids.count }

  /// - Parameters:
  ///   - ties: as many as there are items, or none; must live as long as the items are lent.
  ///   - relevances: likewise.
  @_lifetime(borrow items, copy ties, copy relevances)
  package init(_ items: borrowing ItemColumns, ties: Span<Float>, relevances: Span<Float>) {
    self.init(columns: items, ties: ties, relevances: relevances)
  }

  @_lifetime(borrow items)
  public init(_ items: borrowing ItemColumns) {
    let none = Span<Float>()
    self.init(columns: items, ties: none, relevances: none)
  }

  @_lifetime(borrow items, copy ties, copy relevances)
  private init(columns items: borrowing ItemColumns, ties: Span<Float>, relevances: Span<Float>) {
    self.ties = ties
    self.relevances = relevances
    ids = items.idSpan
    created = items.createdSpan
    lastActive = items.lastActiveSpan
    ratingSums = items.ratingSumSpan
    ratingCounts = items.ratingCountSpan
    replyCounts = items.replyCountSpan
    voteSums = items.voteSumSpan
    flagCounts = items.flagCountSpan
    downloadCounts = items.downloadCountSpan
    values = items.valueSpan
    parents = items.parentSpan
    kinds = items.kindSpan
    topics = items.topicSpan
  }
}

/// Who looks, and when.
@frozen public struct ViewerContext: BitwiseCopyable, Sendable {
  public var member: MemberID
  public var now: SimTime
  /// Bit `t` is set when the viewer cares about topic `t`; 0 for a ranker that does not declare to need it.
  public var interests: UInt64
  /// A number that differs from run to run: for rankers that shuffle. The same for all viewers.
  public var salt: UInt64

  @inlinable public init(member: MemberID, now: SimTime, interests: UInt64, salt: UInt64) {
    self.member = member
    self.now = now
    self.interests = interests
    self.salt = salt
  }
}
