import ArgumentParser
import JamboreeKit

/// Readers of the numbers that flags take. Each says its range, whatever was wrong: no number, too many digits, a value
/// outside. Flags with numbers are parsed unconditionally, so that a minus sign is a number's and not a flag's.
enum NumberArgument {
  static func integer(_ range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
    { text in
      guard let value = Int(text), range.contains(value) else {
        let most = range.upperBound == .max ? " or more" : " to \(range.upperBound)"
        throw ValidationError("expected a whole number\(most == " or more" ? "," : " from") \(range.lowerBound)\(most)")
      }
      return value
    }
  }

  /// - Parameter isAbove: the lower bound itself is not in the range.
  static func number(_ range: ClosedRange<Double>, isAbove: Bool = false) -> @Sendable (String) throws -> Double {
    { text in
      guard let value = Double(text), range.contains(value), !isAbove || value > range.lowerBound else {
        let least = isAbove ? "above \(plain(range.lowerBound)) and at most" : "from \(plain(range.lowerBound)) to"
        throw ValidationError("expected a number \(least) \(plain(range.upperBound))")
      }
      return value
    }
  }

  static let seed: @Sendable (String) throws -> UInt64 = { text in
    guard let value = UInt64(text) else { throw ValidationError("expected a whole number from 0 to \(UInt64.max)") }
    return value
  }

  static let members = integer(1...100_000_000)
  static let workers = integer(1...256)
}

/// A name of a file or folder that was given must not be empty.
func refuseEmpty(_ text: String, _ flag: String, _ example: String) throws {
  guard !text.isEmpty else { throw ValidationError("\(flag) '' names nothing; give a path such as \(example)") }
}
