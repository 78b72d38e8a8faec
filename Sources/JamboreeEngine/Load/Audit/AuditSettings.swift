/// How thoroughly a load's acknowledged writes are audited, and at what cost.
public struct AuditSettings: Sendable, Hashable {
  /// Memory for what was acknowledged, of all workers together, in bytes; up to 4 GiB, and room for 64 events a worker at least.
  /// A worker's probes take some 3 MiB beside it at most. While everything is read back, it is needed up to three times: for the
  /// history and for sorting.
  public var byteLimit = 32 << 20
  /// Workers that share ``byteLimit``; 1 or more.
  public var workers = 1
  /// The share of items that is audited at first; 0 ... 1. Where memory does not suffice it is halved.
  public var share = 1.0

  /// The share of acknowledged publishes and edits that is probed; 0 ... 1.
  public var probeShare = 0.01
  /// Writes of one worker that begin to be probed in a second, at most.
  public var probesPerSecond = 50
  /// Probes of one worker under way at a time, at most; 1 or more.
  public var probesUnderWay = 8
  /// The pause after the first probe that missed; it doubles with each one after.
  public var firstPauseNanoseconds: UInt64 = 1_000_000
  public var longestPauseNanoseconds: UInt64 = 100_000_000
  /// A write that is not seen so long after its acknowledgement is given up.
  public var giveUpNanoseconds: UInt64 = 30_000_000_000

  /// Requests under way when everything is read back, at most; 1 or more.
  public var readsUnderWay = 64
  /// Entries of a page of a listing; 1 or more.
  public var listingPageRows: UInt16 = 500
  /// Rows of listings that are read back in all, at most.
  public var listingRowLimit = 200_000
  /// Examples in a report, at most.
  public var exampleLimit = 20

  public init() {}

  /// Events that one worker keeps, at most.
  var eventsPerWorker: Int { max(min(byteLimit, 4 << 30) / max(workers, 1) / MemoryLayout<AuditEvent>.stride, 64) }
}
