import CSQLite

/// A prepared statement. Belongs to its connection, which finalizes it.
struct Statement {
  let handle: OpaquePointer

  @inline(__always) func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
  @inline(__always) func bind(_ index: Int32, _ value: UInt64) { sqlite3_bind_int64(handle, index, Int64(bitPattern: value)) }
  @inline(__always) func bind(_ index: Int32, _ value: UInt32) { sqlite3_bind_int64(handle, index, Int64(value)) }
  @inline(__always) func bind(_ index: Int32, _ value: Int32) { sqlite3_bind_int64(handle, index, Int64(value)) }

  /// Lends bytes to the statement: they must stay where they are until it is reset.
  func bindText(_ index: Int32, _ bytes: UnsafeRawBufferPointer) {
    sqlite3_bind_text(handle, index, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? emptyText, Int32(bytes.count), nil)
  }

  /// The same for bytes that are compared as bytes.
  func bindBlob(_ index: Int32, _ bytes: UnsafeRawBufferPointer) {
    if let start = bytes.baseAddress, bytes.count > 0 {
      sqlite3_bind_blob(handle, index, start, Int32(bytes.count), nil)
    } else {
      sqlite3_bind_zeroblob(handle, index, 0)
    }
  }

  @inline(__always) func step() -> Int32 { sqlite3_step(handle) }
  @inline(__always) func reset() { sqlite3_reset(handle) }

  /// Runs a statement that answers no rows.
  @inline(__always) func run() -> Int32 {
    let code = sqlite3_step(handle)
    sqlite3_reset(handle)
    return code == SQLITE_ROW ? SQLITE_DONE : code
  }

  @inline(__always) func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
  @inline(__always) func int32(_ column: Int32) -> Int32 { Int32(truncatingIfNeeded: sqlite3_column_int64(handle, column)) }

  /// A column's bytes, valid until the next step.
  @inline(__always) func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }

  func string(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}

nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
  let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  text.initialize(to: 0)
  return UnsafePointer(text)
}()
