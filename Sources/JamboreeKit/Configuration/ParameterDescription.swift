/// What a scenario may say at one key, and what it says: made by reading, used for the schema and the documentation.
public struct ParameterDescription: Sendable {
  public indirect enum Kind: Sendable {
    /// An infinite bound means that there is none.
    case number(ClosedRange<Double>)
    case integer(ClosedRange<Int>)
    /// A whole number of 64 bits without a sign.
    case seed
    case boolean
    /// Text; `pattern` is a regular expression of JSON Schema that it must match, if it has a form of its own.
    case text(pattern: String?)
    case choice([String])
    /// Nanoseconds.
    case duration(ClosedRange<Int64>)
    /// A list of numbers, of a fixed length if `count` is given.
    case numbers(count: Int?, ClosedRange<Double>)
    case section([ParameterDescription])
    /// A list of mappings: what each may say, and what those that were given say.
    case list([ParameterDescription], entries: [[ParameterDescription]])
    /// A mapping of names to values that somebody else knows, and those that were given.
    case pairs([(name: String, value: String)])
    /// A mapping whose keys are ids, with the description of each.
    case keyed([ParameterDescription])
  }

  public let key: String
  public let kind: Kind
  /// Such as `people`, `B` or `marks`; often empty.
  public let unit: String
  /// Whether leaving the key out is an error.
  public let isRequired: Bool
  /// As it would be written; nil when there is none.
  public let defaultValue: String?
  /// The value in force, as it would be written (without the quotes of a text); nil when there is none, and for sections.
  public let value: String?
  public let summary: String

  public init(
    key: String, kind: Kind, unit: String = "", isRequired: Bool = false, defaultValue: String?, value: String?, summary: String
  ) {
    self.key = key
    self.kind = kind
    self.unit = unit
    self.isRequired = isRequired
    self.defaultValue = defaultValue
    self.value = value
    self.summary = summary
  }
}

/// A value that a scenario writes as text of a certain form, such as `Tuesday 14:00` or `+05:30`.
public struct TextForm<Value> {
  /// As in "expected a weekday and a time, such as Tuesday 14:00".
  public let expected: String
  /// The form as a regular expression of JSON Schema.
  public let pattern: String
  /// Any valid value; stands for a required one while only the shape is asked for.
  public let standIn: Value
  public let parse: (String) -> Value?
  public let format: (Value) -> String

  public init(
    expected: String, pattern: String, standIn: Value, parse: @escaping (String) -> Value?, format: @escaping (Value) -> String
  ) {
    self.expected = expected
    self.pattern = pattern
    self.standIn = standIn
    self.parse = parse
    self.format = format
  }
}
