import JamboreeKit

/// What those write with whom the viewer has lately had to do.
///
/// Score = (stranger + tie) * type * 2^(-age / halfLife): affinity, weight and time decay, as R. Sanghvi and A. Steinberg
/// described Facebook's EdgeRank at f8 (2010). The tie is the engine's (``FeedCandidates/ties``); the type tells an answer from
/// what stands by itself.
public struct AffinityRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "affinity", version: "1", summary: "EdgeRank: (stranger + tie) * weight of the type * 2 ^ (-age / half-life)",
    options: [
      OptionDescriptor(
        name: "stranger", kind: .number(0...1000), defaultValue: "0.25",
        summary: "what an author counts for with whom the viewer has had nothing to do; a mark or vote just given counts 1"),
      OptionDescriptor(
        name: "replies", kind: .number(0...1000), defaultValue: "0.5", summary: "weight of an answer, relative to what stands by itself"),
      .halfLife("24"),
    ], needs: [.ties])

  let stranger: Float
  let replies: Float
  let decay: Float

  public init(options: OptionValues) throws(RankerError) {
    stranger = Float(options.number("stranger"))
    replies = Float(options.number("replies"))
    decay = -1 / Float(options.number("halfLife"))
  }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let count = candidates.count
    let parents = candidates.parents
    let created = candidates.created
    let ties = candidates.ties
    let now = viewer.now
    let (stranger, replies, decay) = (stranger, replies, decay)
    @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
      let type = parents.four(index, whole, present: replies, absent: 1)
      let freshness = VectorMath.exp2(ofAtMostZero: created.fourAges(index, whole, at: now) * decay)
      return (ties.four(index, whole) + stranger) * type * freshness
    }
    scores.fill(count, four)
  }
}

/// What is about something that the viewer cares about.
///
/// Score = match or other * 2^(-age / halfLife): content-based filtering at its simplest, by whether the item's topic is among the
/// viewer's interests (M. Balabanović and Y. Shoham, "Fab: content-based, collaborative recommendation", CACM 40, 1997), with a
/// decay that lets new items in.
public struct InterestRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "interest", version: "1", summary: "topic match: (match or other) * 2 ^ (-age / half-life)",
    options: [
      OptionDescriptor(
        name: "match", kind: .number(0...1000), defaultValue: "4", summary: "weight of an item about something that the viewer cares about"),
      OptionDescriptor(name: "other", kind: .number(0...1000), defaultValue: "1", summary: "weight of any other item"),
      .halfLife("24"),
    ], needs: [.interests])

  let match: Float
  let other: Float
  let decay: Float

  public init(options: OptionValues) throws(RankerError) {
    match = Float(options.number("match"))
    other = Float(options.number("other"))
    decay = -1 / Float(options.number("halfLife"))
  }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let count = candidates.count
    let created = candidates.created
    let topics = candidates.topics
    let (now, interests) = (viewer.now, viewer.interests)
    let (match, other, decay) = (match, other, decay)
    @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
      let freshness = VectorMath.exp2(ofAtMostZero: created.fourAges(index, whole, at: now) * decay)
      return topics.four(index, whole, in: interests, match: match, other: other) * freshness
    }
    scores.fill(count, four)
  }
}

/// What is truly worth most to the viewer: the best that any ranker could do, as no platform can.
///
/// Score = the item's worth to this viewer, which the model that makes members react knows and lends to this ranker alone. Where
/// nothing is known every item has 0.
public struct OracleRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "oracle", version: "1", summary: "what an item is truly worth to the viewer, which no platform knows: the ceiling",
    needs: [.truth])

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let count = candidates.count
    let relevances = candidates.relevances
    @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
      let worth = unsafeBitCast(relevances.four(index, whole), to: SIMD4<Int32>.self)
      // What is not a number has more bits than infinity has.
      let isNumber = ~((0x7F80_0000 &- (worth & 0x7FFF_FFFF)) &>> 31)
      return unsafeBitCast(worth & isNumber, to: SIMD4<Float>.self)
    }
    scores.fill(count, four)
  }
}

extension OracleRanker: TruthKnowing {}

extension OptionDescriptor {
  static func halfLife(_ hours: String) -> OptionDescriptor {
    OptionDescriptor(
      name: "halfLife", kind: .number(0.01...100_000), defaultValue: hours, summary: "hours after which an item counts half as much")
  }
}
