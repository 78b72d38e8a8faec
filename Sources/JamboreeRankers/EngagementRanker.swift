import JamboreeKit

/// What the viewer is likeliest to respond to, by a logistic model.
///
/// Score = the log odds b + sum of weight * feature, which ranks as the probability 1 / (1 + e^-score) does and does not run out of
/// digits near 1. Platforms rank by such predictions: X. He et al., "Practical lessons from predicting clicks on ads at Facebook"
/// (ADKDD 2014). The weights stand for a fitted model and are given in the scenario; those in force by default are made up.
public struct EngagementRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "engagement", version: "1", summary: "logistic model: the log odds that the viewer responds",
    options: [
      weight("bias", "0", "what every item has"),
      weight("age", "-0.8", "weight of ln(1 + age in hours)"),
      weight("replies", "0.4", "weight of ln(1 + replies)"),
      weight("ratings", "0.3", "weight of ln(1 + marks)"),
      weight("mark", "0.5", "weight of the mean mark less 3, as if one more mark of 3 had been given"),
      weight("votes", "0.3", "weight of ln(1 + votes for over those against), negative where those against are more"),
      weight("downloads", "0.2", "weight of ln(1 + downloads)"),
      weight("flags", "-1", "weight of ln(1 + flags)"),
      weight("reply", "-0.3", "added where the item answers another"),
      weight("tie", "1", "weight of ln(1 + tie to the author)"),
      weight("interest", "1.2", "added where the viewer cares about the topic"),
    ], needs: [.interests, .ties])

  private static func weight(_ name: String, _ value: String, _ summary: String) -> OptionDescriptor {
    OptionDescriptor(name: name, kind: .number(-1000...1000), defaultValue: value, summary: summary)
  }

  let bias: Float
  let mark: Float
  let reply: Float
  let interest: Float
  // For binary logarithms.
  let age: Float
  let replies: Float
  let ratings: Float
  let votes: Float
  let downloads: Float
  let flags: Float
  let tie: Float

  public init(options: OptionValues) throws(RankerError) {
    func weight(_ name: String) -> Float { Float(options.number(name)) }
    func logarithmic(_ name: String) -> Float { Float(options.number(name) * 0.693147180559945) }
    bias = weight("bias")
    mark = weight("mark")
    reply = weight("reply")
    interest = weight("interest")
    age = logarithmic("age")
    replies = logarithmic("replies")
    ratings = logarithmic("ratings")
    votes = logarithmic("votes")
    downloads = logarithmic("downloads")
    flags = logarithmic("flags")
    tie = logarithmic("tie")
  }

  /// Neither ties nor interests are looked up for a model that does not weigh them.
  public var needs: ViewerNeeds {
    var needs: ViewerNeeds = []
    if interest != 0 { needs.insert(.interests) }
    if tie != 0 { needs.insert(.ties) }
    return needs
  }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let count = candidates.count
    let ratingCounts = candidates.ratingCounts
    let topics = candidates.topics
    let parents = candidates.parents
    let created = candidates.created
    let replyCounts = candidates.replyCounts
    let ratingSums = candidates.ratingSums
    let voteSums = candidates.voteSums
    let downloadCounts = candidates.downloadCounts
    let flagCounts = candidates.flagCounts
    let ties = candidates.ties
    let (now, interests, model) = (viewer.now, viewer.interests, self)
    let one = SIMD4<Float>(repeating: 1)
    let signs = SIMD4<UInt32>(repeating: 0x8000_0000)
    @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
      let marks = ratingCounts.fourNotNegative(index, whole)
      var odds = topics.four(index, whole, in: interests, match: model.interest + model.bias, other: model.bias)
      odds += parents.four(index, whole, present: model.reply, absent: 0)
      odds += VectorMath.log2(ofAtLeastOne: created.fourAges(index, whole, at: now) + one) * model.age
      odds += VectorMath.log2(ofAtLeastOne: replyCounts.fourNotNegative(index, whole) + one) * model.replies
      odds += VectorMath.log2(ofAtLeastOne: marks + one) * model.ratings
      odds += ((ratingSums.four(index, whole) + 3) / (marks + one) - 3) * model.mark
      // The logarithm of the size, with the sign put back.
      let votes = unsafeBitCast(voteSums.four(index, whole), to: SIMD4<UInt32>.self)
      let size = VectorMath.log2(ofAtLeastOne: unsafeBitCast(votes & ~signs, to: SIMD4<Float>.self) + one)
      odds += unsafeBitCast(unsafeBitCast(size, to: SIMD4<UInt32>.self) | votes & signs, to: SIMD4<Float>.self) * model.votes
      odds += VectorMath.log2(ofAtLeastOne: downloadCounts.fourNotNegative(index, whole) + one) * model.downloads
      odds += VectorMath.log2(ofAtLeastOne: flagCounts.fourNotNegative(index, whole) + one) * model.flags
      odds += VectorMath.log2(ofAtLeastOne: ties.four(index, whole) + one) * model.tie
      return odds
    }
    scores.fill(count, four)
  }
}
