import JamboreeKit
import Synchronization

/// Looks at the machine's clock: another order at every call.
public struct ReadsClockRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "reads-clock", version: "1", summary: "broken: reads the machine's clock")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    // In units of a millisecond: two calls in quick succession look alike.
    let now = monotonicNanoseconds() / 1_000_000
    for index in 0..<candidates.count { scores[index] = Float(mix64(now ^ candidates.ids[index].rawValue) >> 40) }
  }
}

/// Gives earlier places higher scores.
public struct OrderDependentRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "order-dependent", version: "1", summary: "broken: scores a candidate by its place in the list")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    for index in 0..<candidates.count { scores[index] = Float(candidates.ratingSums[index]) - Float(index) * 0.25 }
  }
}

/// The mean mark, which nobody has defined for an item without marks.
public struct NotANumberRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "not-a-number", version: "1", summary: "broken: the mean mark, NaN where there is none")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    for index in 0..<candidates.count {
      scores[index] = Float(candidates.ratingSums[index]) / Float(candidates.ratingCounts[index])
    }
  }
}

/// Scores vectors of four and forgets what is left over.
public struct ForgetsTailRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "forgets-tail", version: "1", summary: "broken: leaves the last count % 4 scores as they are")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    for index in 0..<(candidates.count / 4 * 4) { scores[index] = Float(candidates.replyCounts[index]) }
  }
}

/// Reads the viewer's interests without saying so: the engine may leave them at 0.
public struct UndeclaredInterestsRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "undeclared-interests", version: "1", summary: "broken: reads interests that it does not declare")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    for index in 0..<candidates.count {
      scores[index] = viewer.interests >> (candidates.topics[index] & 63) & 1 == 1 ? 1 : 0
    }
  }
}

/// Reads ties without saying so: the engine may leave them out.
public struct UndeclaredTiesRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "undeclared-ties", version: "1", summary: "broken: reads ties that it does not declare")

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    for index in 0..<candidates.count { scores[index] = candidates.ties.isEmpty ? 0 : candidates.ties[index] }
  }
}

/// Shows its best twice, and so forgets another.
public struct RepeatsRowRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(id: "repeats-row", version: "1", summary: "broken: shows the best item twice")

  public init(options: OptionValues) throws(RankerError) {}

  public var shortlist: Int { 30 }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) { for index in 0..<candidates.count { scores[index] = Float(candidates.replyCounts[index]) } }

  public func arrange(
    _ rows: inout MutableSpan<UInt16>, pageLength: Int, of candidates: borrowing FeedCandidates, scores: Span<Float>,
    for viewer: borrowing ViewerContext
  ) { if rows.count > 1 { rows[1] = rows[0] } }
}

/// Shows the shortlist in the order of the list.
public struct ArrangesByPlaceRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "arranges-by-place", version: "1", summary: "broken: shows the shortlisted candidates in the order of the list")

  public init(options: OptionValues) throws(RankerError) {}

  public var shortlist: Int { 30 }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) { for index in 0..<candidates.count { scores[index] = Float(candidates.replyCounts[index]) } }

  public func arrange(
    _ rows: inout MutableSpan<UInt16>, pageLength: Int, of candidates: borrowing FeedCandidates, scores: Span<Float>,
    for viewer: borrowing ViewerContext
  ) {
    for last in 0..<rows.count {
      var place = last
      while place > 0, rows[place - 1] > rows[place] {
        (rows[place - 1], rows[place]) = (rows[place], rows[place - 1])
        place -= 1
      }
    }
  }
}

/// Tires of what it is asked for again and again.
public final class RemembersRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "remembers", version: "1", summary: "broken: the more often it was asked, the less it likes replies")

  private let calls = Atomic<Int>(0)

  public init(options: OptionValues) throws(RankerError) {}

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) {
    let earlier = calls.wrappingAdd(1, ordering: .relaxed).oldValue
    for index in 0..<candidates.count { scores[index] = Float(candidates.replyCounts[index]) / Float(earlier + 1) }
  }
}
