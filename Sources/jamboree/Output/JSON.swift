import Foundation

/// A JSON value. Keys come out sorted, so that equal results give equal text.
enum JSON: Encodable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  case object([String: JSON])
  case array([JSON])
  case string(String)
  case integer(Int64)
  case unsigned(UInt64)
  case number(Double)
  case boolean(Bool)
  case null

  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int64) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .boolean(value) }

  /// A number that may be absent or not finite, which JSON has no word for.
  init(_ value: Double?) {
    guard let value, value.isFinite else {
      self = .null
      return
    }
    // Whole numbers without a fraction, as a reader would write them.
    self = value == value.rounded() && abs(value) < 9e15 ? .integer(Int64(value)) : .number(value)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .object(let members): try container.encode(members)
    case .array(let elements): try container.encode(elements)
    case .string(let text): try container.encode(text)
    case .integer(let value): try container.encode(value)
    case .unsigned(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .boolean(let value): try container.encode(value)
    case .null: try container.encodeNil()
    }
  }

  /// Prints one object and a line feed on standard output.
  func print() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try Console.write(Array(try encoder.encode(self) + Data("\n".utf8)))
  }
}
