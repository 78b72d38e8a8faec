import JamboreeKit

/// Pages that are being collected, a column a field over all of them.
struct PageColumns: ~Copyable {
  let columns: ExecColumns
  private(set) var tokens: [Token] = []
  /// Of each page.
  private(set) var counts = Buffer<UInt32>(capacity: 256)
  private var times = Buffer<Int64>(capacity: 256)
  private var interests = Buffer<UInt64>(capacity: 256)
  private var members = Buffer<UInt32>(capacity: 256)
  private(set) var candidates = 0
  private var salt: UInt64 = 0
  /// By the column's bit.
  private var fields: [ByteRun]

  init(_ columns: ExecColumns) {
    self.columns = columns
    fields = (0..<13).map { _ in ByteRun() }
  }

  var isEmpty: Bool { tokens.isEmpty }

  /// Whether no more pages should be added.
  func isFull(_ pages: Int) -> Bool {
    tokens.count >= pages || candidates >= ExecProtocol.batchCandidates || byteCount >= ExecProtocol.batchBytes
  }

  /// Of the whole frame.
  var byteCount: Int {
    ExecProtocol.requestHeaderBytes + tokens.count * ExecProtocol.bytesPerPage + fields.reduce(0) { $0 + $1.count }
  }

  mutating func add(_ page: borrowing FeedCandidates, for viewer: ViewerContext, token: Token) {
    tokens.append(token)
    counts.append(UInt32(truncatingIfNeeded: page.count))
    candidates += page.count
    times.append(viewer.now.nanoseconds)
    interests.append(columns.contains(.interests) ? viewer.interests : 0)
    members.append(viewer.member.rawValue)
    salt = viewer.salt
    add(page.ids, .ids)
    add(page.created, .created)
    add(page.lastActive, .lastActive)
    add(page.parents, .parents)
    add(page.ratingSums, .ratingSums)
    add(page.ratingCounts, .ratingCounts)
    add(page.replyCounts, .replyCounts)
    add(page.voteSums, .voteSums)
    add(page.flagCounts, .flagCounts)
    add(page.downloadCounts, .downloadCounts)
    add(page.values, .values)
    add(page.topics, .topics)
    add(page.kinds, .kinds)
  }

  @inline(__always) private func add<Field: BitwiseCopyable>(_ column: Span<Field>, _ name: ExecColumns) {
    guard columns.contains(name) else { return }
    column.withUnsafeBytes { fields[name.rawValue.trailingZeroBitCount].append($0) }
  }

  /// Makes one frame of all pages, and forgets them.
  mutating func seal(into batch: RequestBatch, number: UInt32, at now: UInt64) {
    batch.begin(number: number, byteCount: byteCount, candidates: candidates, at: now)
    batch.append(UInt32(truncatingIfNeeded: byteCount - 4))
    batch.append(number)
    batch.append(UInt32(truncatingIfNeeded: tokens.count))
    batch.append(UInt32(truncatingIfNeeded: candidates))
    batch.append(salt)
    batch.append(times.span)
    batch.append(interests.span)
    batch.append(members.span)
    batch.append(counts.span)
    for field in fields { field.bytes { batch.append($0) } }
    swap(&batch.tokens, &tokens)
    swap(&batch.counts, &counts)
    removeAll()
  }

  mutating func removeAll() {
    tokens.removeAll(keepingCapacity: true)
    counts.removeAll()
    times.removeAll()
    interests.removeAll()
    members.removeAll()
    candidates = 0
    for field in fields { field.removeAll() }
  }
}

/// A frame with pages, until it is answered.
final class RequestBatch {
  private(set) var number: UInt32 = 0
  var tokens: [Token] = []
  /// Of each page.
  var counts = Buffer<UInt32>(capacity: 256)
  private(set) var candidates = 0
  private(set) var memory = UnsafeMutableRawPointer.allocate(byteCount: 1 << 16, alignment: 16)
  private var capacity = 1 << 16
  private(set) var byteCount = 0
  /// How much of it has been written.
  var written = 0
  /// When its writing began; 0 before.
  var begunAt: UInt64 = 0

  deinit { memory.deallocate() }

  var isWritten: Bool { written == byteCount }
  var answerBytes: Int { ExecProtocol.answerHeaderBytes + 4 * candidates }

  fileprivate func begin(number: UInt32, byteCount wanted: Int, candidates: Int, at now: UInt64) {
    self.number = number
    self.candidates = candidates
    (byteCount, written, begunAt) = (0, 0, 0)
    tokens.removeAll(keepingCapacity: true)
    counts.removeAll()
    guard wanted > capacity else { return }
    memory.deallocate()
    capacity = wanted * 3 / 2
    memory = .allocate(byteCount: capacity, alignment: 16)
  }

  fileprivate func append<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
    memory.storeBytes(of: number.littleEndian, toByteOffset: byteCount, as: Number.self)
    byteCount += MemoryLayout<Number>.size
  }

  fileprivate func append<Field: BitwiseCopyable>(_ column: Span<Field>) { column.withUnsafeBytes { append($0) } }

  /// Columns are sent as they lie in memory: little-endian, as on every machine that this runs on.
  fileprivate func append(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    (memory + byteCount).copyMemory(from: base, byteCount: bytes.count)
    byteCount += bytes.count
  }

  /// To be sent again, to another process.
  func rewind() { (written, begunAt) = (0, 0) }
}

/// Bytes that grow.
private final class ByteRun {
  private var memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
  private var capacity = 4096
  private(set) var count = 0

  deinit { memory.deallocate() }

  @inline(__always) func append(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    if count &+ bytes.count > capacity { grow(count + bytes.count) }
    (memory + count).copyMemory(from: base, byteCount: bytes.count)
    count &+= bytes.count
  }

  func bytes(_ body: (UnsafeRawBufferPointer) -> Void) { body(UnsafeRawBufferPointer(start: memory, count: count)) }

  func removeAll() { count = 0 }

  @inline(never) private func grow(_ wanted: Int) {
    capacity = max(wanted, capacity * 2)
    let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    grown.copyMemory(from: memory, byteCount: count)
    memory.deallocate()
    memory = grown
  }
}
