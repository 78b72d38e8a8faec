import JamboreeKit

private let hour: Int64 = 3_600_000_000_000
private let week: Int64 = 168 * hour

extension JamParameters {
  /// Reads the mapping below `services.jam`.
  public init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    participation = try reader.number(
      "participation", default: 0.625, in: 0...1, "share of the invited population that takes part")
    forums = try reader.integer("forums", default: 6, in: 1...1000, "number of forums")
    seedIdeasPerForum = try reader.integer(
      "seedIdeasPerForum", default: 3, in: 0...1000, "ideas that the hosts post in each forum beforehand")
    sessionsPerParticipant = try reader.number(
      "sessionsPerParticipant", default: 2.2, in: 1...1000, "mean number of visits of a participant")
    pagesPerSession = try reader.number(
      "pagesPerSession", default: 25.909, in: 2...10_000, "mean number of page views of a visit (geometric, at least 2)")
    think = try ThinkTime(&reader, ThinkTime(meanNanoseconds: 69_000_000_000, sigma: 1))
    arrivals = try reader.section("arrivals", "when visits begin") { reader throws(ConfigurationError) in try Arrivals(&reader) }
    posts = try reader.section("posts", "how much is written") { reader throws(ConfigurationError) in try Posts(&reader) }
    ratings = try reader.section("ratings", "how ideas are rated") { reader throws(ConfigurationError) in
      Ratings(
        perParticipant: try reader.number("perParticipant", default: 1, in: 0...1000, "mean number of ratings (geometric)"),
        qualitySpread: try reader.number(
          "qualitySpread", default: 1, in: 0...10, unit: "marks", "standard deviation of the ideas' true quality"),
        judgementNoise: try reader.number(
          "judgementNoise", default: 1, in: 0...10, unit: "marks", "standard deviation of one person's judgement"))
    }
    reading = try reader.section("reading", "what a visitor looks at") { reader throws(ConfigurationError) in try Reading(&reader) }
    mood = try reader.section("mood", "negative share of posts: floor + drop / (1 + exp((h - turn) / width))") {
      reader throws(ConfigurationError) in
      Mood(
        floor: try reader.number("floor", default: 0.2, in: 0...1, "negative share in the end"),
        drop: try reader.number("drop", default: 0.4, in: 0...1, "how much higher it is at first"),
        turnNanoseconds: try reader.duration("turn", default: 16 * hour, in: 0...week, "when it is half-way down"),
        widthNanoseconds: try reader.duration("width", default: hour * 5 / 2, in: 1_000_000...week, "how slowly it turns"))
    }
    guard mood.floor + mood.drop <= 1 else { throw reader.fail("mood", "floor and drop add up to more than 1; lower one") }
    notifications = try reader.section("notifications", "word of a reply brings the next visit forward") {
      reader throws(ConfigurationError) in
      Notifications(
        returnProbability: try reader.number("returnProbability", default: 0.2, in: 0...1, "chance that its reader comes back early"),
        reactionMeanNanoseconds: try reader.duration("reactionMean", default: hour / 2, in: 1_000_000...week, "mean time until then"),
        reactionSigma: try reader.number("reactionSigma", default: 1, in: 0...3, "standard deviation of the logarithm"))
    }
  }
}

extension JamParameters.Posts {
  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    perParticipant = try reader.number("perParticipant", default: 0.5, in: 0...100, "mean number of posts of a participant")
    zetaAlpha = try reader.number("zetaAlpha", default: 2.3, in: 1.01...10, "exponent of the posts of those who post")
    zetaCutoff = try reader.integer("zetaCutoff", default: 200, in: 1...10_000, "most posts of one person")
    threadSize = try reader.number("threadSize", default: 6, in: 1...1e6, "mean posts in a thread, its idea included")
    meanBytes = try reader.number("meanBytes", default: 400, in: 1...1e6, unit: "B", "mean length of a post's text (lognormal)")
    bytesSigma = try reader.number("bytesSigma", default: 0.7, in: 0...3, "standard deviation of its logarithm")
    let perPoster = ZetaDistribution(alpha: zetaAlpha, cutoff: zetaCutoff).mean
    guard perParticipant <= perPoster else {
      throw reader.fail(
        "perParticipant",
        "\(perParticipant) posts each would need more posters than participants: those who post make \(perPoster) on average; lower it, or zetaAlpha")
    }
  }
}

extension JamParameters.Reading {
  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    window = try reader.integer("window", default: 100, in: 1...10_000, "candidates that a forum's listing offers to the ranker")
    order = try reader.choice("order", default: WindowOrder.active, "which ideas are candidates: latest active or newest").order
    pageLength = try reader.integer("pageLength", default: 20, in: 1...500, "ideas shown of them")
    positionBias = try reader.number(
      "positionBias", default: 1, in: 0...10, "a place is opened with a chance proportional to its number to the power of minus this")
    readsPerListing = try reader.number("readsPerListing", default: 3, in: 1...8, "mean ideas opened from one listing")
    ideaShare = try reader.number("ideaShare", default: 0.4, in: 0...1, "share opened as the idea alone, without its thread")
    threadPageLength = try reader.integer("threadPageLength", default: 20, in: 1...1000, "posts shown on a thread's page")
    forumSkew = try reader.number("forumSkew", default: 0.5, in: 0...10, "weight of the n-th forum is n to the power of minus this")
  }
}

/// The names that a scenario has for ``ListingOrder``.
private enum WindowOrder: String, CaseIterable {
  case active, newest
  var order: ListingOrder { self == .active ? .active : .newest }
}
