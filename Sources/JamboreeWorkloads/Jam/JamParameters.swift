import JamboreeKit

/// What a scenario says about a jam. Every figure can be set; the defaults are those of the 500,000-participant
/// rehearsal, whose scenario names their sources.
public struct JamParameters: Sendable {
  /// Share of the population (all of whom are invited) that takes part.
  public var participation: Double
  public var forums: Int
  /// Ideas that the hosts post in each forum beforehand.
  public var seedIdeasPerForum: Int
  public var sessionsPerParticipant: Double
  public var pagesPerSession: Double
  public var think: ThinkTime
  public var arrivals: Arrivals
  public var posts: Posts
  public var ratings: Ratings
  public var reading: Reading
  public var mood: Mood
  public var notifications: Notifications

  /// How much is written. Posts per person who posts are zeta-distributed.
  public struct Posts: Sendable {
    public var perParticipant: Double
    public var zetaAlpha: Double
    public var zetaCutoff: Int
    /// Mean number of posts in a thread, its idea included.
    public var threadSize: Double
    /// Text of a post: lognormal.
    public var meanBytes: Double
    public var bytesSigma: Double
  }

  public struct Ratings: Sendable {
    public var perParticipant: Double
    /// Standard deviation of the ideas' true quality, in marks.
    public var qualitySpread: Double
    /// Standard deviation of a single person's judgement, in marks.
    public var judgementNoise: Double
  }

  /// What a visitor looks at.
  public struct Reading: Sendable {
    /// How many candidates a forum's listing offers to the ranker.
    public var window: Int
    public var order: ListingOrder
    /// How many of them are shown.
    public var pageLength: Int
    /// A place's chance of being opened is proportional to its number to the power of minus this.
    public var positionBias: Double
    /// Mean number of ideas opened from one listing.
    public var readsPerListing: Double
    /// Share of those that are opened as the idea alone, without its thread.
    public var ideaShare: Double
    /// Posts shown on a thread's page.
    public var threadPageLength: Int
    /// Popularity of the forums: weight of the n-th is n to the power of minus this.
    public var forumSkew: Double
  }

  /// Negative share of the posts at hour h: floor + drop / (1 + exp((h - turn) / width)).
  public struct Mood: Sendable {
    public var floor: Double
    public var drop: Double
    public var turnNanoseconds: Int64
    public var widthNanoseconds: Int64
  }

  /// What word of a reply does to its reader: it brings the next visit forward, and adds none.
  public struct Notifications: Sendable {
    public var returnProbability: Double
    public var reactionMeanNanoseconds: Int64
    public var reactionSigma: Double
  }
}
