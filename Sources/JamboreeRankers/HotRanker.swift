import Glibc
import JamboreeKit

/// Gravity: what has much answer for its age comes first, as on Hacker News.
///
/// Score = (sum of the marks + replies) / (age in hours + 2) ^ gravity. The shape is the one published for Hacker News
/// ("How Hacker News ranking algorithm works", A. Salihefendic, 2010), with marks in place of votes.
public struct HotRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "hot", version: "1", summary: "gravity: (marks + replies) / (age + 2 h) ^ gravity",
    options: [
      OptionDescriptor(
        name: "gravity", kind: .number(0...10), defaultValue: "1.5",
        summary: "how fast age weighs an item down (1.5 has a fast path; 0 ignores age)")
    ])

  let gravity: Float

  public init(options: OptionValues) throws(RankerError) { gravity = Float(options.number("gravity")) }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let count = candidates.count
    let ratingSums = candidates.ratingSums
    let created = candidates.created
    let replyCounts = candidates.replyCounts
    let now = viewer.now
    let gravity = gravity
    @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
      // Added as whole numbers, round the corner where they do not fit: a float holds fewer digits than they may have.
      let points = ratingSums.four(index, whole, plus: replyCounts)
      return points * HotRanker.factor(created.fourAges(index, whole, at: now) + 2, gravity)
    }
    scores.fill(count, four)
  }

  /// hours ^ -gravity.
  @inline(__always) private static func factor(_ hours: SIMD4<Float>, _ gravity: Float) -> SIMD4<Float> {
    if gravity == 1.5 {
      let root = inverseSquareRoot(hours)
      return root * root * root
    }
    var result = SIMD4<Float>()
    for lane in 0..<4 { result[lane] = powf(hours[lane], -gravity) }
    return result
  }
}
