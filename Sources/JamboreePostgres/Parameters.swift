import CLibPQ
import JamboreeKit

/// A statement's parameters in PostgreSQL's binary format: memory that is used again and again.
struct Parameters: ~Copyable {
  /// More than any statement has.
  private static let most = 16

  private var bytes: UnsafeMutableRawPointer
  private var capacity = 1_024
  private var used = 0
  private var count = 0
  private let starts: UnsafeMutablePointer<Int>
  private let values: UnsafeMutablePointer<UnsafePointer<CChar>?>
  private let lengths: UnsafeMutablePointer<Int32>
  /// Binary, all of them.
  private let formats: UnsafeMutablePointer<Int32>

  init() {
    bytes = .allocate(byteCount: capacity, alignment: 16)
    starts = .allocate(capacity: Self.most)
    values = .allocate(capacity: Self.most)
    lengths = .allocate(capacity: Self.most)
    formats = .allocate(capacity: Self.most)
    formats.initialize(repeating: 1, count: Self.most)
  }

  deinit {
    bytes.deallocate()
    starts.deallocate()
    values.deallocate()
    lengths.deallocate()
    formats.deallocate()
  }

  @inline(__always) mutating func removeAll() {
    used = 0
    count = 0
  }

  @inline(__always) private mutating func begin() {
    precondition(count < Self.most, "a statement has more parameters than there is room for")
    starts[count] = used
  }

  @inline(__always) private mutating func end() {
    lengths[count] = Int32(truncatingIfNeeded: used - starts[count])
    count += 1
  }

  /// Makes room for more bytes.
  @inline(__always) private mutating func reserve(_ more: Int) {
    if used + more > capacity { grow(used + more) }
  }

  @inline(never) private mutating func grow(_ wanted: Int) {
    let size = max(wanted, capacity * 2)
    let grown = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    grown.copyMemory(from: bytes, byteCount: used)
    bytes.deallocate()
    bytes = grown
    capacity = size
  }

  @inline(__always) private mutating func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    reserve(MemoryLayout<Value>.size)
    bytes.storeBytes(of: value.bigEndian, toByteOffset: used, as: Value.self)
    used += MemoryLayout<Value>.size
  }

  private mutating func put(bytes more: UnsafeRawBufferPointer) {
    guard let start = more.baseAddress else { return }
    reserve(more.count)
    (bytes + used).copyMemory(from: start, byteCount: more.count)
    used += more.count
  }

  @inline(__always) mutating func add(_ value: Int64) {
    begin()
    put(value)
    end()
  }
  @inline(__always) mutating func add(_ value: UInt64) { add(Int64(bitPattern: value)) }
  @inline(__always) mutating func add(_ value: UInt32) { add(Int64(value)) }
  @inline(__always) mutating func add(_ value: UInt8) { add(Int64(value)) }

  /// Text, or bytes.
  mutating func add(bytes more: [UInt8]) {
    begin()
    more.withUnsafeBytes { put(bytes: $0) }
    end()
  }

  /// Text that `fill` writes in place.
  mutating func add(count: Int, _ fill: (inout MutableSpan<UInt8>) -> Void) {
    begin()
    reserve(count)
    let text = (bytes + used).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    var span = MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(start: text, count: count))
    fill(&span)
    used += count
    end()
  }

  private mutating func putArrayHeader(_ count: Int, of kind: Statement.Kind) {
    put(Int32(count > 0 ? 1 : 0))
    put(0 as Int32)
    put(kind.rawValue)
    guard count > 0 else { return }
    put(Int32(count))
    put(1 as Int32)
  }

  mutating func add(array: [UInt64]) { array.withUnsafeBufferPointer { add(array: $0) } }
  mutating func add(array: Span<UInt64>) { array.withUnsafeBufferPointer { add(array: $0) } }

  private mutating func add(array: UnsafeBufferPointer<UInt64>) {
    begin()
    putArrayHeader(array.count, of: .int8)
    for value in array {
      put(8 as Int32)
      put(value)
    }
    end()
  }

  mutating func add(texts: [ArraySlice<UInt8>]) {
    begin()
    putArrayHeader(texts.count, of: .text)
    for text in texts {
      put(Int32(text.count))
      text.withUnsafeBytes { put(bytes: $0) }
    }
    end()
  }

  /// A copy of the last text that was added, which words are taken from.
  var last: [UInt8] {
    guard count > 0 else { return [] }
    return Array(UnsafeRawBufferPointer(start: bytes + starts[count - 1], count: Int(lengths[count - 1])))
  }

  /// Lends the parameters as libpq takes them.
  @inline(__always) func withPointers<Result>(
    _ body: (
      _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
      _ formats: UnsafePointer<Int32>?
    ) -> Result
  ) -> Result {
    for index in 0..<count { values[index] = UnsafePointer((bytes + starts[index]).assumingMemoryBound(to: CChar.self)) }
    return body(Int32(truncatingIfNeeded: count), values, lengths, formats)
  }
}
