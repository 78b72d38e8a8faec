import JamboreeKit

/// Fingerprint of everything that was asked and answered in a run: the 128-bit sum of a mixed hash an operation.
///
/// A sum does not depend on the order, so the digest is the same for any number of workers; it does depend on every
/// operation and on every id, version, count, sum and payload fingerprint in every reply that a member saw. No times,
/// no floating point, no names.
@frozen public struct RunDigest: BitwiseCopyable, Hashable, Sendable, CustomStringConvertible {
  public var high: UInt64 = 0
  public var low: UInt64 = 0

  @inlinable public init() {}

  /// Adds one operation's hash.
  @inlinable @inline(__always) public mutating func add(_ hash: UInt64) {
    let (sum, overflow) = low.addingReportingOverflow(hash)
    low = sum
    // The second half sees each hash through another mix, so that 64 bits of collision are not enough to fool it.
    high = high &+ foldedMultiply(hash ^ 0x8EBC_6AF0_9C88_C6E3, 0x5899_65CC_7537_4CC3) &+ (overflow ? 1 : 0)
  }

  @inlinable public mutating func add(_ other: RunDigest) {
    let (sum, overflow) = low.addingReportingOverflow(other.low)
    low = sum
    high = high &+ other.high &+ (overflow ? 1 : 0)
  }

  /// 32 hexadecimal digits.
  public var description: String { hexadecimal(high) + hexadecimal(low) }
}

private func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Hash of an operation's own fields.
@inlinable @inline(__always)
public func digestHash(of operation: Operation) -> UInt64 {
  // The verb is in; the action is not needed (the verb and the actor's sequence tell it) and would tie the digest to
  // the order in which services are listed.
  let who = UInt64(operation.actor.rawValue) << 32 | UInt64(operation.verb.rawValue) << 24 | UInt64(operation.kind) << 16
    | UInt64(operation.flags.rawValue) << 8 | UInt64(operation.order.rawValue)
  let amounts = UInt64(UInt32(bitPattern: operation.value)) << 32 | UInt64(operation.topic) << 16 | UInt64(operation.limit)
  let text = UInt64(operation.payloadLength) << 32 | UInt64(operation.expectedVersion)
  var hash = foldedMultiply(who ^ 0xA076_1D64_78BD_642F, operation.container.rawValue ^ 0xE703_7ED1_A0B4_28DB)
  hash = foldedMultiply(hash ^ operation.subject.rawValue, operation.object ^ 0x8EBC_6AF0_9C88_C6E3)
  return foldedMultiply(hash ^ operation.payloadSeed ^ text, amounts ^ 0x5899_65CC_7537_4CC3)
}

/// Hash of one item as it was shown: its id and everything that may change. The rest was published with it, and is in the
/// digest of that operation.
@inlinable @inline(__always)
public func digestHash(of row: ItemRow) -> UInt64 {
  let ratings = UInt64(UInt32(bitPattern: row.ratingSum)) << 32 | UInt64(UInt32(bitPattern: row.ratingCount))
  let state = UInt64(UInt32(bitPattern: row.replyCount)) << 32 | UInt64(row.version)
  let marks = UInt64(UInt32(bitPattern: row.voteSum)) << 32 | UInt64(UInt32(bitPattern: row.flagCount))
  let others = marks ^ UInt64(UInt32(bitPattern: row.downloadCount)) &* 0x8EBC_6AF0_9C88_C6E3
  return foldedMultiply(row.id.rawValue ^ 0x2D35_8DCC_AA6C_78A5, ratings ^ row.payload &* 0x8BB8_4B93_962E_ACC9)
    &+ foldedMultiply(state ^ 0x4D5A_2DA5_1DE1_AA47, others ^ 0xE703_7ED1_A0B4_28DB)
}
