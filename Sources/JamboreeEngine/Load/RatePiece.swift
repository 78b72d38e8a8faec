import JamboreeKit

/// A time in which the rate is constant or changes evenly, and the inverse of its cumulative rate.
struct RatePiece: Sendable, Equatable {
  let startNanoseconds: Int64
  let durationNanoseconds: Int64
  /// Per second.
  let firstRate: Double
  let lastRate: Double
  /// Arrivals that the rate makes in it: integral of the rate, in two parts, for those of a month at the highest rate.
  private let wholeCount: Double
  private let fractionalCount: Double
  /// Nanoseconds from arrival to arrival at the first rate: the nearest number, and what it lacks. Times a count of
  /// billions, rounding to one number alone would show.
  private let gap: Double
  private let gapRest: Double

  /// The pieces of a load's stages. A ramp begins at the rate before, which a spike leaves as it was.
  static func pieces(of stages: [LoadSettings.Stage]) -> [RatePiece] {
    var start: Int64 = 0
    var standing = 0.0
    return stages.map { stage in
      let rate = stage.ratePerSecond >= 0 ? min(stage.ratePerSecond, LoadSettings.maximumRatePerSecond) : 0
      let piece = RatePiece(
        startNanoseconds: start, durationNanoseconds: stage.durationNanoseconds, firstRate: stage.shape == .ramp ? standing : rate, lastRate: rate)
      switch stage.shape {
      case .step, .ramp, .soak: standing = rate
      case .spike: break
      }
      start += stage.durationNanoseconds
      return piece
    }
  }

  init(startNanoseconds: Int64, durationNanoseconds: Int64, firstRate: Double, lastRate: Double) {
    self.startNanoseconds = startNanoseconds
    self.durationNanoseconds = durationNanoseconds
    self.firstRate = firstRate
    self.lastRate = lastRate
    let mean = (firstRate + lastRate) / 2
    let (seconds, rest) = durationNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    // Whole rates and whole seconds, which most are, give an exact count.
    let count = mean * Double(seconds) + mean * Double(rest) / 1e9
    wholeCount = count.rounded(.down)
    fractionalCount = count - wholeCount
    gap = 1e9 / firstRate
    gapRest = (1e9).addingProduct(-gap, firstRate) / firstRate
  }

  /// Arrivals that are left from a place to the end: negative when the place lies beyond it.
  func left(whole: Double, fraction: Double) -> Double { (wholeCount - whole) + (fractionalCount - fraction) }

  /// When the cumulative rate reaches a number, which must not be beyond the end: nanoseconds since the load's start, to the
  /// nearest, and before the piece's end.
  func nanoseconds(whole: Double, fraction: Double) -> Int64 {
    let time = firstRate == lastRate ? atConstantRate(whole, fraction) : onRamp(whole + fraction, left(whole: whole, fraction: fraction))
    // Also what is no number, of an arrival just at the start of a piece with next to no rate, becomes a time.
    return startNanoseconds + (time > 0 ? Int64(min(time, Double(durationNanoseconds - 1))) : 0)
  }

  private func atConstantRate(_ whole: Double, _ fraction: Double) -> Double {
    let product = whole * gap
    let rest = (-product).addingProduct(whole, gap) + whole * gapRest + fraction * gap
    let down = product.rounded(.down)
    return down + (product - down + rest).rounded()
  }

  /// Solves `first t + (last - first) t^2 / (2 duration) = count` in the form that takes no difference of large numbers,
  /// and none that divides by the change of the rate, which may be next to nothing. A falling ramp is a rising one seen
  /// from its end, where the rate may be 0.
  private func onRamp(_ count: Double, _ left: Double) -> Double {
    let duration = Double(durationNanoseconds)
    let change = abs(lastRate - firstRate) / (duration / 1e9)
    func seconds(_ count: Double, from rate: Double) -> Double { 2 * count / (rate + (rate * rate + 2 * change * count).squareRoot()) }
    let time = firstRate < lastRate ? seconds(count, from: firstRate) * 1e9 : duration - seconds(left, from: lastRate) * 1e9
    return time.rounded()
  }

  /// Arrivals that the rate makes from one moment of the load to another.
  func count(from begin: Int64, to end: Int64) -> Double {
    let first = max(begin - startNanoseconds, 0)
    let last = min(end - startNanoseconds, durationNanoseconds)
    guard last > first else { return 0 }
    func rate(_ nanoseconds: Int64) -> Double { firstRate + (lastRate - firstRate) * Double(nanoseconds) / Double(durationNanoseconds) }
    return (rate(first) + rate(last)) / 2 * Double(last - first) / 1e9
  }
}
