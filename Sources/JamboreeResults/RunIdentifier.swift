import JamboreeKit

/// Makes and reads the names of runs: 12 characters of `0-9 a-z` without `i l o u` (which are taken for others), the
/// first nine the milliseconds since 1970, the last three random. Text order is time order.
enum RunIdentifier {
  static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
  static let timeLength = 9
  static let length = 12

  /// - Parameters:
  ///   - unixNanoseconds: When the run started; what is out of range counts as the nearest that is in it.
  ///   - salt: Tells runs of one millisecond apart; its low 15 bits count.
  static func make(unixNanoseconds: Int64, salt: UInt64) -> String {
    let milliseconds = min(UInt64(max(0, unixNanoseconds)) / 1_000_000, 1 << (5 * UInt64(timeLength)) - 1)
    var bits = milliseconds << 15 | (salt & 0x7FFF)
    var characters: [UInt8] = []
    for _ in 0..<length {
      characters.append(alphabet[Int(bits & 31)])
      bits >>= 5
    }
    return String(decoding: characters.reversed(), as: UTF8.self)
  }

  /// Whether a run's name can begin with this text.
  static func isPrefix(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= length && text.utf8.allSatisfy { alphabet.contains($0) }
  }

  /// Reads `last` (0) and `last~3` (3): how many runs back; nil for other texts.
  static func stepsBack(_ text: String) -> Int? {
    if text == "last" { return 0 }
    guard text.hasPrefix("last~") else { return nil }
    let digits = text.dropFirst(5)
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(digits)
  }
}
