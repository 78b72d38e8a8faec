import JamboreeKit

/// How large the files are that exist at the start, by their rank in popularity.
///
/// Popular files make most of the bytes: of 14,000 files the first alone has a sixteenth of all downloads. Were sizes drawn file by
/// file, the mean over downloads would be off by a tenth and more, whatever the number of downloads. They are dealt out by a
/// sequence of low discrepancy instead (multiples of the golden ratio), begun such that the mean over downloads is the wanted one.
struct MediaSizes: Sendable {
  /// In KiB.
  static let unit = 1024.0

  /// Sizes in KiB, of new files too.
  private let table: QuantileTable
  private let start: UInt64

  /// How many beginnings are tried.
  private static let tries = 128
  /// How many of the most popular files the choice goes by; the others are so many that their mean is the distribution's.
  private static let head = 2_048

  init(_ size: MediaParameters.Size, weights: [Double], seed: UInt64) {
    let mean = size.meanBytes / Self.unit
    let table = QuantileTable(LognormalDistribution(mean: mean, sigma: size.sigma))
    let head = weights.prefix(Self.head)
    let total = head.reduce(0, +)
    var best = (start: seed, distance: Double.infinity)
    for number in 0..<UInt64(Self.tries) {
      let start = mix64(seed &+ number)
      var sum = 0.0
      for (rank, weight) in head.enumerated() { sum += weight * Double(Self.size(table, start, rank)) }
      let distance = abs(sum / total - mean)
      if distance < best.distance { best = (start, distance) }
    }
    (self.table, start) = (table, best.start)
  }

  private static func size(_ table: QuantileTable, _ start: UInt64, _ rank: Int) -> Int32 {
    inRange(table.value(bits: start &+ UInt64(rank) &* 0x9E37_79B9_7F4A_7C15))
  }

  private static func inRange(_ size: Int64) -> Int32 { Int32(min(max(size, 1), Int64(Int32.max))) }

  /// Of the file at a rank, in KiB.
  func size(ofRank rank: Int) -> Int32 { Self.size(table, start, rank) }

  /// Of a new file, in KiB.
  func size(bits: UInt64) -> Int32 { Self.inRange(table.value(bits: bits)) }
}
