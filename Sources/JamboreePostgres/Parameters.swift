import CLibPQ
import JamboreeKit

/// A statement's parameters in PostgreSQL's binary format: one buffer that is used again and again.
struct Parameters: ~Copyable {
  private var bytes: [UInt8] = []
  private var starts: [Int] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
  }

  private mutating func begin() { starts.append(bytes.count) }
  private mutating func end() { lengths.append(Int32(bytes.count - starts[starts.count - 1])) }
  private mutating func put<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ value: Int64) {
    begin()
    put(value)
    end()
  }
  mutating func add(_ value: UInt64) { add(Int64(bitPattern: value)) }
  mutating func add(_ value: UInt32) { add(Int64(value)) }
  mutating func add(_ value: UInt8) { add(Int64(value)) }

  /// Text, or bytes.
  mutating func add(bytes more: some Collection<UInt8>) {
    begin()
    bytes.append(contentsOf: more)
    end()
  }

  /// Text that `fill` writes in place.
  mutating func add(count: Int, _ fill: (inout MutableSpan<UInt8>) -> Void) {
    begin()
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    bytes.withUnsafeMutableBufferPointer { buffer in
      var span = MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[start..<(start + count)]))
      fill(&span)
    }
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

  mutating func add(array: some Collection<UInt64>) {
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
      bytes.append(contentsOf: text)
    }
    end()
  }

  /// The last text that was added, which words are taken from.
  var last: ArraySlice<UInt8> { bytes[(starts.last ?? 0)...] }

  /// Lends the parameters as libpq takes them.
  mutating func withPointers<Result>(
    _ body: (
      _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
      _ formats: UnsafePointer<Int32>?
    ) -> Result
  ) -> Result {
    while formats.count < starts.count { formats.append(1) }
    return bytes.withUnsafeBytes { bytes in
      // An empty buffer has no address, and an address that is missing stands for NULL.
      let base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
      let values = starts.map { Optional((base + $0).assumingMemoryBound(to: CChar.self)) }
      return values.withUnsafeBufferPointer { values in
        lengths.withUnsafeBufferPointer { lengths in
          formats.withUnsafeBufferPointer { formats in
            body(Int32(values.count), values.baseAddress, lengths.baseAddress, formats.baseAddress)
          }
        }
      }
    }
  }
}
