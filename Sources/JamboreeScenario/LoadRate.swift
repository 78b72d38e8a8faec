import JamboreeKit

/// How many actions start in a unit of time, as people write it: `5000/s`, `300/m`, `20/h`.
///
/// Decimal digits with an optional fraction, then what they are per: a second, a minute or an hour. A bare number is
/// refused because nothing tells its unit, as with durations; so are signs and exponents.
public struct LoadRate: Sendable, Hashable {
  /// 0 ... ``LoadSettings/maximumRatePerSecond``.
  public let perSecond: Double
  /// As written.
  public let text: String

  static let zero = LoadRate(perSecond: 0, text: "0/s")
  static let pattern = "^[0-9]+(\\.[0-9]+)?/[smh]$"
  static let expected = "a rate from 0/s to \(plain(LoadSettings.maximumRatePerSecond))/s, such as 5000/s, 300/m or 20/h"

  private init(perSecond: Double, text: String) {
    self.perSecond = perSecond
    self.text = text
  }

  /// Nil for a text of another form, and for a rate out of range.
  init?(_ text: String) {
    // Longer ones are not written by anybody, and would only cost time.
    guard text.utf8.count <= 100 else { return nil }
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let seconds = Self.seconds(halves[1]) else { return nil }
    let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
    let isDecimal = parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
    guard isDecimal, let amount = Double(halves[0]) else { return nil }
    perSecond = amount / seconds
    self.text = text
    guard perSecond <= LoadSettings.maximumRatePerSecond else { return nil }
  }

  /// Reads the value of a flag of the command line, by the same rules as a scenario's.
  /// - Parameters:
  ///   - text: such as `5000/s`.
  ///   - flag: its name, such as `--rate`.
  /// - Throws: ``ConfigurationError`` that names the flag and says what a rate looks like.
  public init(_ text: String, flag: String) throws(ConfigurationError) {
    guard let rate = LoadRate(text) else {
      throw ConfigurationError(file: flag, line: nil, path: "", message: "expected \(Self.expected), found '\(printable(text))'")
    }
    self = rate
  }

  private static func seconds(_ unit: Substring) -> Double? {
    switch unit {
    case "s": 1
    case "m": 60
    case "h": 3600
    default: nil
    }
  }
}

extension TextForm where Value == LoadRate {
  /// The way back is the text itself: 20/h has no exact rate per second that could be written in its place.
  static var rate: TextForm {
    TextForm(
      expected: LoadRate.expected, pattern: LoadRate.pattern, standIn: .zero, parse: { LoadRate($0) }, format: { $0.text })
  }
}
