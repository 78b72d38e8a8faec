import JamboreeKit

/// Newest first.
public struct ChronologicalRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(id: "chronological", version: "1", summary: "newest first")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let now = viewer.now.nanoseconds
    for index in 0..<candidates.count {
      // Minus the age: a float keeps seven digits of it, which is 30 ms for an hour-old item. Younger items are told
      // apart more finely than older ones.
      scores[index] = -Float(now &- candidates.created[index].nanoseconds)
    }
  }
}

/// A shuffle, another one for each viewer and run: the baseline that every ranker must beat.
public struct RandomRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "random", version: "1", summary: "a shuffle for each viewer, the same for the same seed")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let key = mix64(viewer.salt ^ UInt64(viewer.member.rawValue) &* 0x9E37_79B9_7F4A_7C15)
    for index in 0..<candidates.count {
      // 24 bits: as many as a float holds exactly.
      scores[index] = Float(mix64(key ^ candidates.ids[index].rawValue) >> 40)
    }
  }
}
