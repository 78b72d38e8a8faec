import JamboreeKit

public struct MostVotedRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(id: "mostVoted", version: "1", summary: "the sum of the votes")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    for index in 0..<candidates.count { scores[index] = Float(candidates.voteSums[index]) }
  }
}
