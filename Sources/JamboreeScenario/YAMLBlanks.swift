/// Blanks out of a YAML text what can name nothing: comments, and what stands in quotes.
///
/// To be sure of where a quote opens takes a whole scanner. This one reads lines as people write them, and stops at the first thing
/// of which the parser could think otherwise: a quoted text of several lines, a block text, an anchor, an odd line break. From there
/// on the text stays as it is, so that nothing which the parser sees is ever blanked.
struct YAMLBlanks {
  private let bytes: [UInt8]
  private var result: [UInt8]
  private var position = 0
  /// Flow collections (`[`, `{`) around the place.
  private var flowDepth = 0
  /// Indentation of the last line that began an entry: what is indented more may go on with its text.
  private var entryIndent = -1
  private var state = State.start

  private enum State {
    /// Where a value may begin.
    case start
    /// Within a text without quotes.
    case plain
    /// Behind a value that is complete.
    case end
  }

  /// The text's bytes, as many as it has.
  static func blanked(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard !hasOddBreaks(bytes) else { return bytes }
    var scan = YAMLBlanks(bytes)
    while scan.position < bytes.count, scan.takeLine() {}
    return scan.result
  }

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
    result = bytes
  }

  /// Line breaks that the parser knows besides the usual ones: U+0085, U+2028, U+2029, and a carriage return alone.
  private static func hasOddBreaks(_ bytes: [UInt8]) -> Bool {
    for (index, byte) in bytes.enumerated() {
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      switch byte {
      case 0x0D where next != 0x0A, 0xC2 where next == 0x85: return true
      case 0xE2 where next == 0x80:
        if index + 2 < bytes.count, bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9 { return true }
      default: break
      }
    }
    return false
  }

  private func isBlank(_ index: Int) -> Bool { index < 0 || index >= bytes.count || bytes[index] <= 0x20 }
  private func isFlowMark(_ byte: UInt8) -> Bool { ",[]{}".utf8.contains(byte) }

  /// - Returns: false where the text is not clear.
  private mutating func takeLine() -> Bool {
    let first = position
    while position < bytes.count, bytes[position] == 0x20 { position += 1 }
    let indent = position - first
    guard position < bytes.count else { return true }
    let byte = bytes[position]
    let goesOn = state == .plain && (flowDepth > 0 || indent > entryIndent)
    // A mark at the beginning of a line may be one, or may go on with a text.
    if goesOn, byte != 0x0A, byte != 0x0D, byte != UInt8(ascii: "#"), !isWordByte(byte), !(flowDepth > 0 && isFlowMark(byte)) { return false }
    if indent == 0, bytes[position...].starts(with: "---".utf8), isBlank(position + 3) {
      guard flowDepth == 0 else { return false }
      position += 3
    }
    if flowDepth == 0 { state = .start }
    while position < bytes.count, bytes[position] != 0x0A {
      guard take(indent) else { return false }
    }
    position += 1
    return true
  }

  private mutating func take(_ indent: Int) -> Bool {
    let byte = bytes[position]
    if byte <= 0x20 {
      position += 1
      return true
    }
    if byte == UInt8(ascii: "#"), isBlank(position - 1) {
      while position < bytes.count, bytes[position] != 0x0A { blank() }
      return true
    }
    if byte == UInt8(ascii: ":"), isBlank(position + 1) || flowDepth > 0 && (state == .end || isFlowMark(bytes[position + 1])) {
      guard state != .start else { return false }
      if flowDepth == 0 { entryIndent = indent }
      return pass(to: .start)
    }
    if flowDepth > 0, isFlowMark(byte) {
      if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") {
        flowDepth -= 1
        return pass(to: .end)
      }
      if byte != UInt8(ascii: ",") { flowDepth += 1 }
      return pass(to: .start)
    }
    switch state {
    case .plain: return pass(to: .plain)
    case .end: return false
    case .start: return takeStart(byte, indent)
    }
  }

  private mutating func takeStart(_ byte: UInt8, _ indent: Int) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return takeQuoted(byte)
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      flowDepth += 1
      return pass(to: .start)
    case UInt8(ascii: "-") where isBlank(position + 1):
      guard flowDepth == 0 else { return false }
      entryIndent = indent
      return pass(to: .start)
    case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "<"), UInt8(ascii: "("),
      UInt8(ascii: "/"):
      return pass(to: .plain)
    default: return isWordByte(byte) && pass(to: .plain)
    }
  }

  private mutating func takeQuoted(_ quote: UInt8) -> Bool {
    var end = position + 1
    while end < bytes.count, bytes[end] != 0x0A {
      if bytes[end] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        guard !isBlank(end + 1) || end + 1 < bytes.count && bytes[end + 1] == 0x20 else { return false }
        end += 2
      } else if bytes[end] != quote {
        end += 1
      } else if quote == UInt8(ascii: "'"), end + 1 < bytes.count, bytes[end + 1] == quote {
        end += 2
      } else {
        while position <= end { blank() }
        state = .end
        return true
      }
    }
    return false
  }

  private mutating func blank() {
    result[position] = 0x20
    position += 1
  }

  private mutating func pass(to next: State) -> Bool {
    position += 1
    state = next
    return true
  }

  /// Letters, digits, and all that is not ASCII.
  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }
}
