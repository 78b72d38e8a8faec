import JamboreeKit

/// Makes and reads the names of runs: 12 characters of `0-9 a-z` without `i l o u` (which are taken for others), the
/// first nine the milliseconds since 1970, the last three the 32,768th of it. Text order is time order.
enum RunIdentifier {
  static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
  static let length = 12

  /// - Parameters:
  ///   - unixNanoseconds: When the run started; before 1970 counts as 1970.
  ///   - place: How many names later: 1 for the second run of the same moment.
  static func make(unixNanoseconds: Int64, place: UInt64 = 0) -> String {
    let (milliseconds, rest) = UInt64(max(0, unixNanoseconds)).quotientAndRemainder(dividingBy: 1_000_000)
    var bits = (milliseconds << 15 | rest << 15 / 1_000_000) &+ place
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
