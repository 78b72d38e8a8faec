import Histogram
import JamboreeKit
import Testing

@testable import JamboreeMetrics

/// Values up to a power of two, with many in few buckets, as latencies are.
private func sample(digits: SignificantDigits, count: Int, seed: UInt64, bits: UInt64 = 32) -> LatencyHistogram {
  var histogram = LatencyHistogram(numberOfSignificantValueDigits: digits)
  for index in 0..<UInt64(count) {
    let hash = mix64(seed &+ index)
    histogram.record(hash >> (64 - bits + hash % bits), count: 1 + index % 3)
  }
  return histogram
}

private func expectSame(_ a: LatencyHistogram, _ b: LatencyHistogram, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(a == b, sourceLocation: sourceLocation)
  #expect(a.min == b.min, sourceLocation: sourceLocation)
  #expect(a.maxRecorded == b.maxRecorded, sourceLocation: sourceLocation)
  #expect(a.minNonZero == b.minNonZero, sourceLocation: sourceLocation)
  #expect(LatencySummary(a) == LatencySummary(b), sourceLocation: sourceLocation)
  #expect(a.numberOfSignificantValueDigits == b.numberOfSignificantValueDigits, sourceLocation: sourceLocation)
  #expect(b.autoResize, sourceLocation: sourceLocation)
}

@Suite struct HistogramCodingTests {
  @Test func documentedBytes() throws {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: .three)
    histogram.record(5)
    histogram.record(300, count: 200)
    // Version, digits, buckets, smallest, largest; 5 once; 295 further on 200 times.
    #expect(try HistogramCoding.encode(histogram) == [1, 3, 2, 5, 0xAC, 0x02, 5, 1, 0xA7, 0x02, 0xC8, 0x01])
  }

  @Test func emptyHistogram() throws {
    let empty = LatencyHistogram(numberOfSignificantValueDigits: .two)
    let bytes = try HistogramCoding.encode(empty)
    #expect(bytes == [1, 2, 0, 0, 0])
    expectSame(empty, try HistogramCoding.decode(bytes))
  }

  @Test(arguments: [SignificantDigits.zero, .one, .two, .three, .four, .five])
  func roundTrip(digits: SignificantDigits) throws {
    for seed in 0..<2 as Range<UInt64> {
      for count in [1, 2, 900] {
        let histogram = sample(digits: digits, count: count, seed: seed &* 77_777, bits: digits.rawValue > 3 ? 20 : 44)
        expectSame(histogram, try HistogramCoding.decode(try HistogramCoding.encode(histogram)))
      }
    }
  }

  @Test(
    arguments: [
      [0], [0, 0, 5000], [1_000_001], [1_000_001, 1_000_003], [1, UInt64(Int64.max)], [UInt64(Int64.max)], [4095, 4097, 4098],
      [0, 999_983, 1_000_003],
    ] as [[UInt64]])
  func extremesAreExact(values: [UInt64]) throws {
    var histogram = LatencyHistogram(numberOfSignificantValueDigits: .three)
    for value in values { histogram.record(value) }
    let decoded = try HistogramCoding.decode(try HistogramCoding.encode(histogram))
    expectSame(histogram, decoded)
    #expect(decoded.maxRecorded == values.max())
    #expect(decoded.min == values.min())
  }

  @Test func decodedHistogramsMerge() throws {
    var direct = sample(digits: .three, count: 900, seed: 1)
    let other = sample(digits: .three, count: 700, seed: 2)
    var decoded = try HistogramCoding.decode(try HistogramCoding.encode(direct))
    decoded.add(try HistogramCoding.decode(try HistogramCoding.encode(other)))
    direct.add(other)
    expectSame(direct, decoded)
  }

  @Test func everyTruncationIsFound() throws {
    let bytes = try HistogramCoding.encode(sample(digits: .three, count: 100, seed: 3, bits: 16))
    for length in 0..<bytes.count {
      #expect(throws: HistogramCodingError.truncated) { try HistogramCoding.decode(bytes[..<length]) }
    }
    #expect(throws: HistogramCodingError.invalid("1 bytes follow the last bucket")) { try HistogramCoding.decode(bytes + [0]) }
  }

  /// A changed byte is refused or gives another valid histogram; it never stops the program.
  @Test func everyChangedByteIsSurvived() throws {
    let original = sample(digits: .one, count: 30, seed: 4)
    let bytes = try HistogramCoding.encode(original)
    for position in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[position] ^= 1 << bit
        guard let histogram = try? HistogramCoding.decode(changed) else { continue }
        #expect(try HistogramCoding.encode(histogram) == changed)
        _ = LatencySummary(histogram)
      }
    }
  }

  @Test(
    arguments: [
      ([2, 3, 0, 0, 0], .unknownVersion(2)),
      ([1, 6, 0, 0, 0], .invalid("6 significant digits")),
      ([1, 3, 0, 1, 1], .invalid("extremes without a bucket")),
      ([1, 3, 0, 2, 1], .invalid("the smallest or the largest value is out of range")),
      ([1, 3, 1, 7, 7, 7, 0], .invalid("bucket 0 has no count")),
      ([1, 3, 2, 7, 7, 7, 1, 0, 1], .invalid("bucket 1 is out of order or above the largest value")),
      ([1, 3, 1, 7, 7, 8, 1], .invalid("bucket 0 is out of order or above the largest value")),
      ([1, 3, 1, 6, 7, 7, 1], .invalid("the smallest value is not in the first bucket")),
      ([1, 3, 1, 7, 8, 7, 1], .invalid("the largest value is not in the last bucket")),
      ([1, 3, 1, 7, 0x87, 0x00, 7, 1], .invalid("a number has superfluous bytes")),
      ([1, 3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02], .invalid("a number has more than 64 bits")),
      ([1, 0, 1, 3, 3, 3, 1], .invalid("no bucket begins at 3")),
      ([1, 3, 1, 7, 7, 7, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .invalid("the counts are too large")),
    ] as [([UInt8], HistogramCodingError)])
  func contradictions(bytes: [UInt8], expected: HistogramCodingError) {
    #expect(throws: expected) { try HistogramCoding.decode(bytes) }
  }

  @Test func otherLayoutsAreRefused() {
    let histogram = LatencyHistogram(lowestDiscernibleValue: 1000, highestTrackableValue: 1_000_000)
    #expect(throws: HistogramCodingError.unsupportedLayout) { try HistogramCoding.encode(histogram) }
  }
}
