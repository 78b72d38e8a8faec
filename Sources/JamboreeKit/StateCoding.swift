/// Bytes of an engine's state, for checkpoints: plain old data, in the machine's own byte order.
public struct StateEncoder: Sendable {
  public private(set) var bytes: [UInt8] = []
  public init() {}

  public mutating func encode<Value: BitwiseCopyable>(_ value: Value) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  public mutating func encode<Value: BitwiseCopyable>(_ values: UnsafeBufferPointer<Value>) {
    encode(values.count)
    bytes.append(contentsOf: UnsafeRawBufferPointer(values))
  }

  public mutating func encode<Value: BitwiseCopyable>(_ values: [Value]) {
    values.withUnsafeBufferPointer { encode($0) }
  }
}

/// A checkpoint that does not fit what it is read into: cut short, or from another scenario or version.
public struct StateMismatch: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Reads back what a ``StateEncoder`` wrote, in the same order.
public struct StateDecoder: Sendable {
  private let bytes: [UInt8]
  private var position = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public var isAtEnd: Bool { position == bytes.count }

  public mutating func decode<Value: BitwiseCopyable>(_ type: Value.Type) throws(StateMismatch) -> Value {
    let size = MemoryLayout<Value>.size
    guard position + size <= bytes.count else { throw StateMismatch("the checkpoint ends too early") }
    defer { position += size }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: type) }
  }

  public mutating func decodeArray<Value: BitwiseCopyable>(of type: Value.Type) throws(StateMismatch) -> [Value] {
    let count = try decode(Int.self)
    let stride = MemoryLayout<Value>.stride
    let (size, overflow) = count.multipliedReportingOverflow(by: stride)
    guard count >= 0, !overflow, size <= bytes.count - position else {
      throw StateMismatch("the checkpoint ends too early")
    }
    // The array without elements is one object for all threads, and must not be filled with nothing.
    guard count > 0 else { return [] }
    defer { position += size }
    let start = position
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + size]))
      }
      initialized = count
    }
  }
}
