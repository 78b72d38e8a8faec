import Histogram

extension Histogram<UInt64> {
  /// Calls `body` with each bucket that has a count, ascending: the bucket's lowest and highest value and its count.
  ///
  /// The library's own iteration also sums counts times values in 64 bits and stops the program when that sum does
  /// not fit, which an hour of a saturated load run can reach: 18 million waits of half an hour are 3 * 10^19 ns. This
  /// sums nothing, and is faster.
  @inline(__always)
  func forEachBucket(_ body: (_ lowest: UInt64, _ highest: UInt64, _ count: UInt64) -> Void) {
    var left = totalCount
    var value: UInt64 = 0
    while left > 0 && value <= maxRecorded {
      let count = countForValue(value)
      let next = nextNonEquivalentForValue(value)
      if count > 0 {
        body(value, next - 1, count)
        left -= Swift.min(left, count)
      }
      value = next
    }
  }
}
