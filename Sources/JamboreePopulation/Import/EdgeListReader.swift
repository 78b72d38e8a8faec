import CZlib
import Glibc

/// Why an edge list cannot be taken: where, what is wrong, and the way out.
public struct EdgeListError: Error, Sendable, CustomStringConvertible {
  public let path: String
  /// From 1; nil when it is about the file as a whole.
  public let line: Int?
  public let message: String

  public var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(message)" }
}

/// Reads an edge list line by line, plain or compressed with gzip, without ever holding more than a piece of it.
///
/// A line has two numbers, separated by spaces, tabs or a comma; further columns (weights, times) are passed over. Lines
/// that begin with `#` or `%` are comments; lines end with a line feed, with a carriage return before it or not.
struct EdgeListReader {
  private static let pieceSize = 1 << 18

  private let path: String
  private(set) var lines = 0
  private(set) var comments = 0
  /// Lines with more than two columns.
  private(set) var widerLines = 0

  init(path: String) { self.path = path }

  /// Calls `body` with the two numbers of every line, in order.
  /// - Throws: what is wrong with the first line that is no edge, or with the file.
  mutating func read(_ body: (UInt128, UInt128) throws(EdgeListError) -> Void) throws(EdgeListError) {
    let file = try open()
    defer { gzclose(file) }
    var piece = [UInt8](repeating: 0, count: Self.pieceSize)
    // The part of a line that the last piece ended with.
    var rest: [UInt8] = []
    var isFirst = true
    while true {
      let count = Int(gzread(file, &piece, UInt32(Self.pieceSize)))
      try checkRead(file, count)
      if count == 0 { break }
      var start = 0
      if isFirst, piece.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
      isFirst = false
      if !rest.isEmpty {
        guard let end = piece[..<count].firstIndex(of: 0x0A) else {
          rest += piece[..<count]
          try checkLength(rest.count)
          continue
        }
        rest += piece[start..<end]
        try rest.withUnsafeBufferPointer { bytes throws(EdgeListError) in try line(bytes, body) }
        rest.removeAll(keepingCapacity: true)
        start = end + 1
      }
      // Whole lines, one after the other.
      var last = count
      while last > start, piece[last - 1] != 0x0A { last -= 1 }
      try piece.withUnsafeBufferPointer { bytes throws(EdgeListError) in
        var begin = start
        while begin < last {
          var end = begin
          while bytes[end] != 0x0A { end &+= 1 }
          try line(UnsafeBufferPointer(rebasing: bytes[begin..<end]), body)
          begin = end + 1
        }
      }
      rest += piece[last..<count]
      try checkLength(rest.count)
    }
    if !rest.isEmpty { try rest.withUnsafeBufferPointer { bytes throws(EdgeListError) in try line(bytes, body) } }
  }

  @inline(__always) private mutating func line(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UInt128, UInt128) throws(EdgeListError) -> Void
  ) throws(EdgeListError) {
    lines &+= 1
    var place = 0
    skipSpace(bytes, &place)
    // Empty lines are passed over.
    guard place < bytes.count else { return }
    if bytes[place] == UInt8(ascii: "#") || bytes[place] == UInt8(ascii: "%") {
      comments &+= 1
      return
    }
    guard let from = number(bytes, &place), isSeparator(bytes, place) else { throw noEdge(bytes) }
    skipSpace(bytes, &place)
    if place < bytes.count, bytes[place] == UInt8(ascii: ",") {
      place &+= 1
      skipSpace(bytes, &place)
    }
    guard let to = number(bytes, &place), place == bytes.count || isSeparator(bytes, place) else { throw noEdge(bytes) }
    skipSpace(bytes, &place)
    if place < bytes.count { widerLines &+= 1 }
    try body(from, to)
  }

  @inline(__always) private func skipSpace(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) {
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 || bytes[place] == 0x0D { place &+= 1 }
  }

  @inline(__always) private func isSeparator(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
    place < bytes.count
      && (bytes[place] == 0x20 || bytes[place] == 0x09 || bytes[place] == 0x0D || bytes[place] == UInt8(ascii: ","))
  }

  /// Reads digits; nil when there are none, or more than 38 of them.
  @inline(__always) private func number(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> UInt128? {
    let start = place
    var low: UInt64 = 0
    while place < bytes.count, place &- start < 19 {
      let digit = bytes[place] &- 0x30
      if digit > 9 { break }
      low = low &* 10 &+ UInt64(digit)
      place &+= 1
    }
    if place == start { return nil }
    var value = UInt128(low)
    while place < bytes.count {
      let digit = bytes[place] &- 0x30
      if digit > 9 { break }
      if place &- start >= 38 { return nil }
      value = value &* 10 &+ UInt128(digit)
      place &+= 1
    }
    return value
  }

  // MARK: Faults

  private func open() throws(EdgeListError) -> gzFile {
    let descriptor: Int32
    do throws(PlainFile.Refusal) {
      descriptor = try PlainFile.open(path).descriptor
    } catch {
      throw fail(error.message(wanted: "an edge list", hint: "name an edge list, plain or compressed with gzip"))
    }
    guard let file = gzdopen(descriptor, "rb") else {
      close(descriptor)
      throw fail("cannot be read (out of memory)")
    }
    gzbuffer(file, 1 << 18)
    return file
  }

  private func checkRead(_ file: gzFile, _ count: Int) throws(EdgeListError) {
    var code: Int32 = 0
    let text = gzerror(file, &code)
    if code == Z_BUF_ERROR { throw fail("the compressed file ends too early; fetch it again") }
    guard count >= 0, code == Z_OK || code == Z_STREAM_END else {
      let reason = code == Z_ERRNO ? String(cString: strerror(errno)) : text.map { String(cString: $0) } ?? "error \(code)"
      throw fail("cannot be unpacked or read (\(reason)); fetch it again")
    }
  }

  private func checkLength(_ count: Int) throws(EdgeListError) {
    guard count > 1 << 20 else { return }
    throw fail(line: lines + 1, "a line longer than a mebibyte: this is no edge list, which has two numbers a line")
  }

  private func noEdge(_ bytes: UnsafeBufferPointer<UInt8>) -> EdgeListError {
    let shown = String(decoding: bytes.prefix(60).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    return fail(
      line: lines,
      "expected two whole numbers of at most 38 digits, separated by a tab, a space or a comma, found '\(shown)\(bytes.count > 60 ? "..." : "")'; lines that begin with # are comments")
  }

  func fail(line: Int? = nil, _ message: String) -> EdgeListError { EdgeListError(path: path, line: line, message: message) }
}
