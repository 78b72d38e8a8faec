import JamboreeKit

/// An item as a listing shows it, ready made: what a hundred rows of twelve columns each would take SQLite three times as
/// long to hand over. Fixed places, little-endian; the truth is in `item`.
///
/// | bytes | field |
/// |---|---|
/// | 0, 8, 16 | id, created, active: 8 bytes each |
/// | 24 | payload, 8 bytes |
/// | 32 | value, 4 bytes |
/// | 36, 38, 39 | topic, 2 bytes; kind and flags, one each |
/// | 40, 44, 48, 52 | rating_sum, rating_count, reply_count, version: 4 bytes each |
/// | 56, 60, 64 | vote_sum, flag_count, download_count: 4 bytes each |
struct Card {
  static let byteCount = 68

  private typealias Bytes = (
    UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
  )
  private var bytes: Bytes = (0, 0, 0, 0, 0, 0, 0, 0, 0)

  init(_ row: ItemRow) {
    withUnsafeMutableBytes(of: &bytes) { bytes in
      func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
      }
      store(row.id.rawValue, at: 0)
      store(row.created.nanoseconds, at: 8)
      store(row.lastActive.nanoseconds, at: 16)
      store(row.payload, at: 24)
      store(row.value, at: 32)
      store(row.topic, at: 36)
      store(row.kind, at: 38)
      store(row.flags.rawValue, at: 39)
      store(row.ratingSum, at: 40)
      store(row.ratingCount, at: 44)
      store(row.replyCount, at: 48)
      store(row.version, at: 52)
      store(row.voteSum, at: 56)
      store(row.flagCount, at: 60)
      store(row.downloadCount, at: 64)
    }
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0[0..<Card.byteCount])) }
  }
}

extension ItemRow {
  /// - Parameter card: ``Card/byteCount`` bytes as ``Card`` lays them out.
  @inline(__always) init(card: UnsafeRawPointer) {
    @inline(__always) func load<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Value {
      Value(littleEndian: card.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
    self.init(
      id: ItemID(rawValue: load(0)), created: SimTime(nanoseconds: load(8)), lastActive: SimTime(nanoseconds: load(16)),
      ratingSum: load(40), ratingCount: load(44), replyCount: load(48), version: load(52), payload: load(24), value: load(32),
      voteSum: load(56), flagCount: load(60), downloadCount: load(64), topic: load(36), kind: load(38),
      flags: OperationFlags(rawValue: load(39)))
  }
}
