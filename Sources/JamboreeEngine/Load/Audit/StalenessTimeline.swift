/// What probes found, by the second in which the probed writes were acknowledged.
///
/// Bounded: beyond 4,096 buckets, two become one of twice the length.
struct StalenessTimeline: Sendable {
  struct Bucket: Sendable, Hashable {
    /// Writes that were probed, with an answer.
    var probes = 0
    /// Of those, the ones that the first probe did not show.
    var violations = 0
    /// The longest time from an acknowledgement to the start of the probe that showed the write (or, of one never seen, of
    /// the last probe); 0 without violations.
    var maxStalenessNanoseconds: UInt64 = 0

    mutating func add(_ other: Bucket) {
      probes += other.probes
      violations += other.violations
      maxStalenessNanoseconds = max(maxStalenessNanoseconds, other.maxStalenessNanoseconds)
    }
  }

  static let bucketLimit = 4096

  private(set) var bucketNanoseconds: UInt64 = 1_000_000_000
  /// By time over length.
  private var buckets: [UInt64: Bucket] = [:]

  /// - Parameter nanoseconds: since the load's start.
  mutating func add(_ bucket: Bucket, at nanoseconds: UInt64) {
    buckets[nanoseconds / bucketNanoseconds, default: Bucket()].add(bucket)
    if buckets.count > Self.bucketLimit { widen() }
  }

  mutating func add(_ other: StalenessTimeline) {
    var other = other
    while other.bucketNanoseconds < bucketNanoseconds { other.widen() }
    while bucketNanoseconds < other.bucketNanoseconds { widen() }
    for (index, bucket) in other.buckets { add(bucket, at: index * other.bucketNanoseconds) }
  }

  /// In order of time, with the start of each in nanoseconds since the load's start; those without probes are left out.
  var inOrder: [(startNanoseconds: UInt64, bucket: Bucket)] {
    buckets.sorted { $0.key < $1.key }.map { ($0.key * bucketNanoseconds, $0.value) }
  }

  private mutating func widen() {
    var wider: [UInt64: Bucket] = [:]
    for (index, bucket) in buckets { wider[index / 2, default: Bucket()].add(bucket) }
    buckets = wider
    bucketNanoseconds *= 2
  }
}
