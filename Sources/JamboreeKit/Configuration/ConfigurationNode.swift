/// A piece of a scenario, with the place where it stands. Whoever parses the file builds these; readers know no YAML.
public struct ConfigurationNode: Sendable {
  public indirect enum Value: Sendable {
    /// Text as written; `isQuoted` tells `"5"` from `5`.
    case scalar(String, isQuoted: Bool)
    case list([ConfigurationNode])
    /// In the order of the file.
    case mapping([Entry])
    /// Nothing, `~` or `null`.
    case null
  }

  public struct Entry: Sendable {
    public let key: String
    public let line: Int?
    public let node: ConfigurationNode

    public init(key: String, line: Int?, node: ConfigurationNode) {
      self.key = key
      self.line = line
      self.node = node
    }
  }

  public let value: Value
  /// The file's name, or the flag that gave the value.
  public let file: String
  /// From 1; nil for a value that was given by a flag.
  public let line: Int?

  public init(_ value: Value, file: String, line: Int?) {
    self.value = value
    self.file = file
    self.line = line
  }

  /// What it is, for messages.
  public var kindName: String {
    switch value {
    case .scalar(let text, _): "'\(text.count > 40 ? text.prefix(40) + "..." : text[...])'"
    case .list: "a list"
    case .mapping: "a mapping"
    case .null: "nothing"
    }
  }
}

/// What a scenario may say at one key: made by reading, used for the schema and the documentation.
public struct ParameterDescription: Sendable {
  public indirect enum Kind: Sendable {
    case number(ClosedRange<Double>)
    case integer(ClosedRange<Int>)
    case boolean
    case text
    case choice([String])
    /// Nanoseconds.
    case duration(ClosedRange<Int64>)
    case numbers(count: Int?, ClosedRange<Double>)
    case section([ParameterDescription])
    case list([ParameterDescription])
    /// A mapping whose keys are ids, with the description of each.
    case keyed([ParameterDescription])
  }

  public let key: String
  public let kind: Kind
  /// Such as `s`, `B` or `marks`; often empty.
  public let unit: String
  /// As it would be written; nil when the key must be given.
  public let defaultValue: String?
  /// The value in force, as it would be written.
  public let value: String
  public let summary: String

  public init(key: String, kind: Kind, unit: String, defaultValue: String?, value: String, summary: String) {
    self.key = key
    self.kind = kind
    self.unit = unit
    self.defaultValue = defaultValue
    self.value = value
    self.summary = summary
  }
}
