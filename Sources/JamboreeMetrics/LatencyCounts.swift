import Histogram
import JamboreeKit

/// Counts of latencies in the cells of an HDR histogram, for the hot path: a few instructions a latency, where the
/// histogram itself takes a hundred. Handed over to a ``LatencyHistogram`` of the same precision, which then holds what it
/// would have held had everything been recorded there.
///
/// Cells as in HdrHistogram (Tene): below 2^(m + 1) one a value, above that 2^m in each octave, m being 10 for three
/// significant digits and 7 for two.
struct LatencyCounts: ~Copyable {
  /// Latencies from here on are rare and cost what they cost: 2^28 ns, a quarter of a second.
  private static let limit: UInt64 = 1 << 28

  private let magnitude: UInt64
  private let cells: UnsafeMutablePointer<UInt64>
  private let cellCount: Int
  private(set) var total: UInt64 = 0
  private(set) var maximum: UInt64 = 0
  private var long: [UInt64] = []

  /// - Parameter digits: two or three.
  init(digits: SignificantDigits) {
    magnitude = digits == .two ? 7 : 10
    cellCount = Int(28 - magnitude + 1) << Int(magnitude)
    cells = .allocate(capacity: cellCount)
    cells.initialize(repeating: 0, count: cellCount)
  }

  deinit { cells.deallocate() }

  @inline(__always) mutating func record(_ nanoseconds: UInt64) {
    total &+= 1
    if nanoseconds > maximum { maximum = nanoseconds }
    guard nanoseconds < Self.limit else { return recordLong(nanoseconds) }
    let octave = 63 &- magnitude &- UInt64((nanoseconds | (2 << magnitude &- 1)).leadingZeroBitCount)
    let cell = Int(truncatingIfNeeded: octave << magnitude &+ nanoseconds >> octave)
    // Not `&+=`: Swift 6.3.1 cannot compile that on a stored `let` pointer for the thread sanitizer ("Invalid bitcast").
    cells[cell] = cells[cell] &+ 1
  }

  @inline(never) private mutating func recordLong(_ nanoseconds: UInt64) { long.append(nanoseconds) }

  /// Adds everything to a histogram of the same number of digits.
  func add(to histogram: inout LatencyHistogram) {
    guard total > 0 else { return }
    for cell in 0..<cellCount where cells[cell] > 0 {
      // The largest as it was: a histogram remembers it exactly.
      let exact: UInt64 = cell == self.cell(of: maximum) ? 1 : 0
      if exact > 0 { _ = histogram.record(maximum) }
      if cells[cell] > exact { _ = histogram.record(value(of: cell), count: cells[cell] - exact) }
    }
    for nanoseconds in long { _ = histogram.record(nanoseconds) }
  }

  mutating func removeAll() {
    guard total > 0 else { return }
    cells.update(repeating: 0, count: cellCount)
    total = 0
    maximum = 0
    long.removeAll()
  }

  /// The smallest value of a cell.
  private func value(of cell: Int) -> UInt64 {
    let cell = UInt64(cell)
    guard cell >= 2 << magnitude else { return cell }
    let octave = cell >> magnitude &- 1
    return (cell & (1 << magnitude &- 1) | 1 << magnitude) << octave
  }

  private func cell(of nanoseconds: UInt64) -> Int {
    guard nanoseconds < Self.limit else { return -1 }
    let octave = 63 &- magnitude &- UInt64((nanoseconds | (2 << magnitude &- 1)).leadingZeroBitCount)
    return Int(octave << magnitude &+ nanoseconds >> octave)
  }
}
