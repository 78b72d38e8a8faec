import Histogram
import JamboreeKit
import Testing

@testable import JamboreeMetrics

@Suite struct HistogramWalkTests {
  @Test(arguments: [SignificantDigits.one, .two, .three])
  func visitsWhatTheLibraryVisits(digits: SignificantDigits) {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: digits)
    for index in 0..<3000 as Range<UInt64> { histogram.record(mix64(index) >> (20 + index % 44)) }
    var walked: [[UInt64]] = []
    histogram.forEachBucket { walked.append([$0, $1, $2]) }
    #expect(walked == histogram.recordedValues().map { [histogram.lowestEquivalentForValue($0.value), $0.value, $0.count] })
  }

  /// An hour of a load run that gets half of what it asks for: the sum of all waits does not fit into 64 bits.
  @Test func saturatedHour() throws {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: .three)
    for second in 0..<3600 as Range<UInt64> { histogram.record(second * 1_000_000_000 + 1, count: 5000) }
    let summary = LatencySummary(histogram)
    #expect(summary.count == 18_000_000)
    #expect(abs(summary.meanNanoseconds / 1_799.5e9 - 1) < 0.001)
    #expect(summary.maxNanoseconds == 3_599_000_000_001)
    let decoded = try HistogramCoding.decode(HistogramCoding.encode(histogram))
    #expect(LatencySummary(decoded) == summary)
  }

  @Test func besideAZeroTheSmallestValueIsItsBucketsLowest() throws {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: .two)
    for value in [0, 1_000_003, 2_000_000] as [UInt64] { histogram.record(value) }
    let bytes = try HistogramCoding.encode(histogram)
    var changed = bytes
    // The first varint after version, digits and bucket count; its low bits stay within the bucket.
    changed[3] ^= 1
    #expect(throws: HistogramCodingError.self) { try HistogramCoding.decode(changed) }
    #expect(try HistogramCoding.encode(HistogramCoding.decode(bytes)) == bytes)
  }
}
