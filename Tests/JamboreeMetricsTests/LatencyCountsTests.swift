import Histogram
import JamboreeKit
import Testing

@testable import JamboreeMetrics

@Suite struct LatencyCountsTests {
  /// What is handed over is what a histogram would hold that had recorded everything itself.
  @Test(arguments: [SignificantDigits.two, .three]) func countsAreTheHistograms(_ digits: SignificantDigits) throws {
    var stream = RandomStream(key: 8)
    var counts = LatencyCounts(digits: digits)
    var expected = LatencyHistogram.latencies(digits: digits)
    func record(_ value: UInt64) {
      counts.record(value)
      expected.record(value)
    }
    // The edges of cells and octaves, and of the fast range.
    for shift in 0..<40 as Range<UInt64> {
      let power: UInt64 = 1 << shift
      for value in [power - 1, power, power + 1, power + power / 3] { record(value) }
    }
    for _ in 0..<20_000 { record(stream.next() >> (20 + stream.next() % 44)) }
    var handedOver = LatencyHistogram.latencies(digits: digits)
    counts.add(to: &handedOver)
    #expect(handedOver.totalCount == expected.totalCount)
    #expect(handedOver.max == expected.max)
    #expect(try HistogramCoding.encode(handedOver) == HistogramCoding.encode(expected))

    // Emptied, and used again.
    counts.removeAll()
    #expect(counts.total == 0 && counts.maximum == 0)
    counts.record(5)
    var second = LatencyHistogram.latencies(digits: digits)
    counts.add(to: &second)
    #expect(second.totalCount == 1 && second.max == 5)
  }
}
