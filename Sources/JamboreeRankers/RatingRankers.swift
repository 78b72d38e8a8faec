import JamboreeKit

/// What is most certainly good comes first: the lower bound of Wilson's interval for the share of positive marks.
///
/// With n marks and votes of which s are positive, score = (s + z^2/2 - z sqrt(s (n - s) / n + z^2/4)) / (n + z^2), which is the
/// bound of E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), multiplied
/// out; E. Miller, "How not to sort by average rating" (2009), put it to this use. A mark of 1 to 5 is a quarter, two quarters...
/// of a positive: s gets (mark - 1) / 4. Of the votes only the sum is known: n votes for count as n positives, n against as n
/// negatives. An item without either has 0.
public struct TopRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "top", version: "1", summary: "Wilson's lower bound of the share of positive marks and votes",
    options: [
      OptionDescriptor(
        name: "z", kind: .number(0...10), defaultValue: "1.96",
        summary: "how sure it is to be, in standard deviations (1.96: 95 %); 0 ranks by the plain share")
    ])

  let z: Float

  public init(options: OptionValues) throws(RankerError) { z = Float(options.number("z")) }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let count = candidates.count
    let ratingCounts = candidates.ratingCounts
    let voteSums = candidates.voteSums
    let ratingSums = candidates.ratingSums
    let z = z
    let square = z * z
    let quarter = square * 0.25
    // Less by more than the root may be wrong, so that what has no positives comes to nothing.
    let half = square * 0.499995
    @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
      let marks = ratingCounts.fourNotNegative(index, whole)
      let votes = voteSums.four(index, whole)
      let votesFor = VectorMath.positivePart(votes)
      let n = marks + votesFor + (votesFor - votes)
      let share = (ratingSums.four(index, whole) - marks) * 0.25 + votesFor
      // A backend's sums fit its counts; whatever else comes is made to.
      let negative = VectorMath.positivePart(n - VectorMath.positivePart(share))
      let s = n - negative
      // sqrt(a / n) = a / sqrt(a n); a little more than n, so that an item with neither mark nor vote comes out as one without positives.
      let some = n + 1e-6
      let a = s * negative + some * quarter
      let root = a * roughInverseSquareRoot(a * some + 1e-30)
      return VectorMath.positivePart(s + half - z * root) / (some + square)
    }
    scores.fill(count, four)
  }
}

/// The mean mark, drawn towards what is usual while there are few marks.
///
/// Score = (sum of the marks + weight * mean) / (marks + weight): the posterior mean under a prior that is worth `weight` marks of
/// `mean`, by which IMDb makes its list of the 250 best films; the shrinkage is that of W. James and C. Stein, "Estimation with
/// quadratic loss" (1961). An item without marks has `mean`.
public struct BayesianRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "bayesian", version: "1", summary: "shrunk mean: (sum of the marks + weight * mean) / (marks + weight)",
    options: [
      OptionDescriptor(
        name: "mean", kind: .number(1...5), defaultValue: "3", summary: "the mark of an item that nobody has marked"),
      OptionDescriptor(
        name: "weight", kind: .number(0.01...1_000_000), defaultValue: "10",
        summary: "how many marks it takes to count for as much as that"),
    ])

  let mean: Float
  let weight: Float

  public init(options: OptionValues) throws(RankerError) {
    mean = Float(options.number("mean"))
    weight = Float(options.number("weight"))
  }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let count = candidates.count
    let ratingCounts = candidates.ratingCounts
    let ratingSums = candidates.ratingSums
    let prior = SIMD4<Float>(repeating: mean * weight), weight = SIMD4<Float>(repeating: weight)
    @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
      let marks = ratingCounts.fourNotNegative(index, whole)
      return (ratingSums.four(index, whole) + prior) / (marks + weight)
    }
    scores.fill(count, four)
  }
}
