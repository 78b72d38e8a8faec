import Histogram

/// Why bytes are not a histogram, or a histogram cannot become bytes.
public enum HistogramCodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The bytes end within the header or within a bucket.
  case truncated
  /// The first byte is a version that this program does not know.
  case unknownVersion(UInt8)
  /// The bytes contradict themselves or the histogram's layout; the text says how.
  case invalid(String)
  /// The histogram's smallest discernible value is not 1, and only that layout has an encoding.
  case unsupportedLayout

  public var description: String {
    switch self {
    case .truncated: "the histogram's bytes end too early"
    case .unknownVersion(let version): "the histogram's encoding is version \(version); this program knows version 1"
    case .invalid(let reason): "the histogram's bytes are not valid: \(reason)"
    case .unsupportedLayout: "only a histogram whose smallest discernible value is 1 can be encoded"
    }
  }
}

/// A histogram as bytes: compact, and exact, so that a stored histogram gives the same figures as the one that was
/// recorded and merges with others.
///
/// The bytes, in order. A *varint* is an unsigned LEB128 number: seven bits a byte, the least significant first, the
/// top bit set in each byte but the last, in as few bytes as possible, at most 64 bits.
///
/// | bytes | content |
/// |---|---|
/// | 1 | version of this encoding: 1 |
/// | 1 | significant decimal digits, 0 to 5 |
/// | varint | the number of buckets that follow: those that have a count |
/// | varint | the smallest recorded value that is not 0; when a 0 was recorded, its bucket's lowest value; 0 when there is none |
/// | varint | the largest recorded value, exactly; 0 when there is none |
/// | for each bucket, ascending: varint | its lowest value, less that of the bucket before (of the first: less 0) |
/// | varint | its count, at least 1 |
///
/// Nothing follows the last bucket. The unit of the values is whatever was recorded: nanoseconds for latencies.
public enum HistogramCoding {
  public static let version: UInt8 = 1
  /// Larger values have no bucket.
  static let largestValue = UInt64(Int64.max)

  /// Encodes a histogram.
  ///
  /// - Throws: ``HistogramCodingError/unsupportedLayout`` when its smallest discernible value is not 1.
  public static func encode(_ histogram: LatencyHistogram) throws(HistogramCodingError) -> [UInt8] {
    guard histogram.lowestDiscernibleValue == 1 else { throw .unsupportedLayout }
    var buckets: [UInt8] = []
    var bucketCount: UInt64 = 0
    var previous: UInt64 = 0
    histogram.forEachBucket { value, _, count in
      append(value - previous, to: &buckets)
      append(count, to: &buckets)
      previous = value
      bucketCount += 1
    }
    var bytes = [version, UInt8(histogram.numberOfSignificantValueDigits.rawValue)]
    append(bucketCount, to: &bytes)
    append(smallestNonZero(histogram), to: &bytes)
    append(histogram.maxRecorded, to: &bytes)
    return bytes + buckets
  }

  /// Decodes what ``encode(_:)`` made. The histogram resizes itself, as the recorded ones do.
  ///
  /// - Throws: ``HistogramCodingError`` for bytes that are not exactly one histogram.
  public static func decode(_ bytes: some Collection<UInt8>) throws(HistogramCodingError) -> LatencyHistogram {
    var reader = VarintReader(bytes: Array(bytes))
    let version = try reader.byte()
    guard version == Self.version else { throw .unknownVersion(version) }
    let digitsByte = try reader.byte()
    guard digitsByte <= 5, let digits = SignificantDigits(rawValue: Int8(digitsByte)) else {
      throw .invalid("\(digitsByte) significant digits")
    }
    let bucketCount = try reader.varint()
    let (smallest, largest) = (try reader.varint(), try reader.varint())
    guard largest <= largestValue, smallest <= largest else {
      throw .invalid("the smallest or the largest value is out of range")
    }

    // As large as it will get, so that it is made once and not grown bucket by bucket.
    var histogram = LatencyHistogram.latencies(upToNanoseconds: largest, digits: digits)
    histogram.autoResize = true
    var (value, total): (UInt64, UInt64) = (0, 0)
    var (firstNonZero, last, count): (UInt64?, UInt64?, UInt64) = (nil, nil, 0)
    for index in 0..<bucketCount {
      let delta = try reader.varint()
      guard index == 0 || delta > 0, delta <= largest - value else {
        throw .invalid("bucket \(index) is out of order or above the largest value")
      }
      value += delta
      guard histogram.lowestEquivalentForValue(value) == value else { throw .invalid("no bucket begins at \(value)") }
      count = try reader.varint()
      guard count > 0 else { throw .invalid("bucket \(index) has no count") }
      let (sum, overflow) = total.addingReportingOverflow(count)
      guard !overflow, sum <= largestValue else { throw .invalid("the counts are too large") }
      total = sum
      // The bucket's edge stands for its values, except that the extremes are known exactly; they are put right below.
      if value > 0 && firstNonZero == nil {
        firstNonZero = value
        guard histogram.lowestEquivalentForValue(smallest) == value else {
          throw .invalid("the smallest value is not in the first bucket")
        }
        histogram.record(smallest, count: count)
      } else {
        histogram.record(value, count: count)
      }
      last = value
    }
    guard reader.isAtEnd else { throw .invalid("\(reader.remaining) bytes follow the last bucket") }
    guard let last else {
      guard smallest == 0, largest == 0 else { throw .invalid("extremes without a bucket") }
      return histogram
    }
    guard firstNonZero != nil || smallest == 0 else { throw .invalid("a smallest value without a bucket") }
    // One histogram has one encoding: beside a 0, only the bucket of the smallest other value is known.
    guard histogram.countForValue(0) == 0 || smallest == (firstNonZero ?? 0) else {
      throw .invalid("the smallest value is not the lowest of its bucket")
    }
    guard histogram.lowestEquivalentForValue(largest) == last else {
      throw .invalid("the largest value is not in the last bucket")
    }
    if histogram.maxRecorded != largest {
      // A count of 0 only moves the maximum.
      histogram.record(largest, count: 0)
    }
    return histogram
  }

  /// Exact unless a 0 was recorded too, in which case only the bucket is known and nothing shows more than that.
  private static func smallestNonZero(_ histogram: LatencyHistogram) -> UInt64 {
    if histogram.minNonZero == .max { return 0 }
    return histogram.min > 0 ? histogram.min : histogram.minNonZero
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}

/// Reads bytes and LEB128 numbers from the start of an array.
private struct VarintReader {
  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var remaining: Int { bytes.count - position }
  var isAtEnd: Bool { remaining == 0 }

  mutating func byte() throws(HistogramCodingError) -> UInt8 {
    guard position < bytes.count else { throw .truncated }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func varint() throws(HistogramCodingError) -> UInt64 {
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      let next = try byte()
      let part = UInt64(next & 0x7F)
      guard shift < 63 || part <= 1 else { throw .invalid("a number has more than 64 bits") }
      number |= part << shift
      if next < 0x80 {
        guard next != 0 || shift == 0 else { throw .invalid("a number has superfluous bytes") }
        return number
      }
    }
    throw .invalid("a number has more than 64 bits")
  }
}
