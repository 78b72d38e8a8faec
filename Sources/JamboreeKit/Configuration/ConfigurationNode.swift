/// A piece of a scenario, with the place where it stands. Whoever parses the file builds these; readers know no YAML.
public struct ConfigurationNode: Sendable {
  public indirect enum Value: Sendable {
    /// Text as written; `isQuoted` tells `"5"` from `5`. Block texts (`|`, `>`) count as quoted.
    case scalar(String, isQuoted: Bool)
    case list([ConfigurationNode])
    /// In the order of the file.
    case mapping([Entry])
    /// Nothing, `~` or `null`.
    case null
  }

  public struct Entry: Sendable {
    public let key: String
    /// Where the key stands: from 1; nil for a key that was given by a flag.
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
  /// From 1, counted in Unicode scalars; nil for a value that was given by a flag.
  public let column: Int?

  public init(_ value: Value, file: String, line: Int?, column: Int? = nil) {
    self.value = value
    self.file = file
    self.line = line
    self.column = column
  }

  /// What it is, for messages.
  public var kindName: String {
    switch value {
    case .scalar(let text, let isQuoted): "\(isQuoted ? "the quoted text " : "")'\(printable(text))'"
    case .list: "a list"
    case .mapping: "a mapping"
    case .null: "nothing"
    }
  }
}

/// Text from a file as a message may show it: short, on one line, without control characters that a terminal obeys.
public func printable(_ text: String, limit: Int = 60) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    guard count < limit else { return result + "..." }
    count += 1
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
