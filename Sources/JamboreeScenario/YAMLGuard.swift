/// What must be known of a YAML text before a parser may see it.
///
/// A parser expands aliases and compares whole keys, so a few lines can cost it years: ten anchors that each name the
/// last one ten times, or keys within keys. Scenarios have no use for either, so both are refused by looking at the
/// bytes, which costs two passes. The look is crude but errs on one side only: an alias that resolves needs both `&name`
/// and `*name` in the text, outside of comments and quotes (``YAMLBlanks``).
struct YAMLGuard {
  struct Fault {
    let line: Int
    let message: String
  }

  /// Nobody needs one; a text may well hold some lone question marks.
  private static let maximumQuestionMarks = 16

  private var line = 1
  private var questionMarks = 0
  private var anchors: Set<ArraySlice<UInt8>> = []
  /// With the line of the first of each name.
  private var aliases: [ArraySlice<UInt8>: Int] = [:]

  /// The first fault of a text, or nil.
  static func fault(in text: String) -> Fault? {
    var scan = YAMLGuard()
    return scan.run(YAMLBlanks.blanked(text))
  }

  private mutating func run(_ bytes: [UInt8]) -> Fault? {
    var previous: UInt8 = 0x20
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      let next = bytes.index(after: position)
      switch byte {
      case 0x0A: line += 1
      case UInt8(ascii: "&"), UInt8(ascii: "*"):
        // Within a word, as in R&D or 3*4, neither means anything.
        if !isNameByte(previous) {
          let name = bytes[next...].prefix { isNameByte($0) }
          if byte == UInt8(ascii: "&") {
            anchors.insert(name)
          } else if !name.isEmpty, aliases[name] == nil {
            aliases[name] = line
          }
        }
      case UInt8(ascii: "?"):
        let following = next < bytes.endIndex ? bytes[next] : 0x20
        if !isNameByte(previous), following <= 0x20 || following == UInt8(ascii: "[") || following == UInt8(ascii: "{") {
          questionMarks += 1
          if questionMarks > Self.maximumQuestionMarks {
            return Fault(line: line, message: "too many lone question marks, which YAML takes for keys within keys; remove them")
          }
        }
      default: break
      }
      previous = byte
      position = next
    }
    guard
      let alias = aliases.filter({ anchors.contains($0.key) }).min(by: { $0.value < $1.value || $0.value == $1.value && $0.key.lexicographicallyPrecedes($1.key) })
    else { return nil }
    let name = String(decoding: alias.key.prefix(40), as: UTF8.self)
    return Fault(line: alias.value, message: "aliases ('*\(name)') are not supported; write the value out")
  }
}

/// What YAML allows in the name of an anchor.
private func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "_"), UInt8(ascii: "-"):
    true
  default: false
  }
}
