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
    let now = viewer.now.nanoseconds
    let gravity = gravity
    // Raw pointers, read in vectors of four: the candidates' columns are contiguous by construction.
    candidates.created.withUnsafeBufferPointer { created in
      candidates.ratingSums.withUnsafeBufferPointer { ratings in
        candidates.replyCounts.withUnsafeBufferPointer { replies in
          scores.withUnsafeMutableBufferPointer { result in
            let times = UnsafeRawPointer(created.baseAddress), sums = UnsafeRawPointer(ratings.baseAddress)
            let answers = UnsafeRawPointer(replies.baseAddress), out = UnsafeMutableRawPointer(result.baseAddress)
            guard let times, let sums, let answers, let out else { return }
            var index = 0
            while index + 4 <= count {
              let ages = SIMD4<Int64>(repeating: now) &- times.loadUnaligned(fromByteOffset: index &* 8, as: SIMD4<Int64>.self)
              let points = SIMD4<Float>(
                sums.loadUnaligned(fromByteOffset: index &* 4, as: SIMD4<Int32>.self)
                  &+ answers.loadUnaligned(fromByteOffset: index &* 4, as: SIMD4<Int32>.self))
              let factor = HotRanker.factor(HotRanker.hours(ages) + 2, gravity)
              out.storeBytes(of: points * factor, toByteOffset: index &* 4, as: SIMD4<Float>.self)
              index &+= 4
            }
            while index < count {
              let hours = HotRanker.hours(SIMD4<Int64>(repeating: now &- created[index].nanoseconds)) + 2
              result[index] = Float(ratings[index] &+ replies[index]) * HotRanker.factor(hours, gravity)[0]
              index &+= 1
            }
          }
        }
      }
    }
  }

  /// Ages in units of 2^30 ns (1.07 s) fit 32 bits for 73 years, which converts in one instruction where 64 bits do not.
  /// The shift is of unsigned numbers, which vector units have; the low 32 bits are the same.
  @inline(__always) private static func hours(_ ages: SIMD4<Int64>) -> SIMD4<Float> {
    let units = SIMD4<Int32>(truncatingIfNeeded: unsafeBitCast(ages, to: SIMD4<UInt64>.self) &>> 30)
    // An item from the future is as young as one of now.
    return SIMD4<Float>(units & ~(units &>> 31)) * Float(0x1p30 / 3.6e12)
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

  /// 1 / sqrt(x) for x above 0 by Newton's method from a guess at the exponent, to within 1e-6: additions and
  /// multiplications only, so it stays in vector registers (the library's square root is called lane by lane) and gives
  /// the same bits on every machine.
  @inline(__always) private static func inverseSquareRoot(_ x: SIMD4<Float>) -> SIMD4<Float> {
    let half = x * 0.5
    let guess = SIMD4<Int32>(repeating: 0x5F37_59DF) &- (unsafeBitCast(x, to: SIMD4<Int32>.self) &>> 1)
    var y = unsafeBitCast(guess, to: SIMD4<Float>.self)
    y = y * (1.5 - half * y * y)
    y = y * (1.5 - half * y * y)
    return y * (1.5 - half * y * y)
  }
}
