import Histogram
import JamboreeKit
import Testing

@testable import JamboreeMetrics

@Suite struct LatencySummaryTests {
  @Test func emptyIsZero() {
    let summary = LatencySummary(LatencyHistogram(numberOfSignificantValueDigits: .three))
    #expect(
      summary
        == LatencySummary(
          count: 0, meanNanoseconds: 0, p50Nanoseconds: 0, p90Nanoseconds: 0, p99Nanoseconds: 0, p999Nanoseconds: 0,
          maxNanoseconds: 0))
  }

  @Test func smallValuesAreExact() {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: .three)
    for value in 1...1000 as ClosedRange<UInt64> { histogram.record(value) }
    let summary = LatencySummary(histogram)
    #expect(summary.count == 1000)
    #expect(summary.meanNanoseconds == 500.5)
    #expect(summary.p50Nanoseconds == 500)
    #expect(summary.p90Nanoseconds == 900)
    #expect(summary.p99Nanoseconds == 990)
    #expect(summary.p999Nanoseconds == 999)
    #expect(summary.maxNanoseconds == 1000)
  }

  @Test(arguments: [1, 999, 1_000_001, 123_456_789_123] as [UInt64])
  func oneValueIsEveryPercentile(value: UInt64) {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: .three)
    histogram.record(value, count: 3)
    let summary = LatencySummary(histogram)
    #expect(summary.p50Nanoseconds == value)
    #expect(summary.p999Nanoseconds == value)
    #expect(summary.maxNanoseconds == value)
    #expect(summary.meanNanoseconds == Double(value))
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func percentilesAscendAndStayBelowTheMaximum(seed: UInt64) {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: seed % 2 == 0 ? .three : .two)
    var values: [UInt64] = []
    for index in 0..<(1 + seed * 97) {
      let hash = mix64(seed << 32 | index)
      values.append(hash >> (34 + hash % 30))
    }
    for value in values { histogram.record(value) }
    values.sort()
    let summary = LatencySummary(histogram)
    #expect(summary.maxNanoseconds == values.last)
    let percentiles = [
      summary.p50Nanoseconds, summary.p90Nanoseconds, summary.p99Nanoseconds, summary.p999Nanoseconds, summary.maxNanoseconds,
    ]
    #expect(percentiles == percentiles.sorted())
    for (thousandths, percentile) in zip([500, 900, 990, 999] as [UInt64], percentiles) {
      let exact = values[Int(LatencySummary.rank(thousandths: thousandths, of: UInt64(values.count))) - 1]
      #expect(histogram.valuesAreEquivalent(exact, percentile))
      #expect(percentile >= exact)
    }
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    #expect(abs(summary.meanNanoseconds - mean) <= mean * 0.01 + 0.5)
  }

  @Test func ranksRoundUp() {
    #expect(LatencySummary.rank(thousandths: 999, of: 1000) == 999)
    #expect(LatencySummary.rank(thousandths: 999, of: 1001) == 1000)
    #expect(LatencySummary.rank(thousandths: 500, of: 1) == 1)
    #expect(LatencySummary.rank(thousandths: 990, of: UInt64.max) <= UInt64.max)
  }
}
