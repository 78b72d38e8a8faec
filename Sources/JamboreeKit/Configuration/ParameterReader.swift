/// Reads parameters from a mapping, strictly: what is missing has its default or is an error, what is out of range is
/// an error, and a key that nobody asked for is an error.
///
/// Reading also describes: after a whole scenario has been read, ``descriptions`` says for each key its type, range,
/// default, value and meaning. The JSON Schema and the documentation are made from that, so they cannot drift from what
/// is accepted. Without a node everything has its default.
public struct ParameterReader {
  /// The mapping's entries; nil when the mapping was not given.
  private let entries: [ConfigurationNode.Entry]?
  private let file: String
  private let line: Int?
  /// Key path of the mapping, empty at the top.
  public let path: String
  /// True when only the shape is wanted: a required key that is missing gets a stand-in instead of an error.
  private let isDescribing: Bool
  public private(set) var descriptions: [ParameterDescription] = []
  private var known: [String] = []

  /// A reader for a mapping.
  /// - Throws: ``ConfigurationError`` when the node is not a mapping or names a key twice.
  public init(_ node: ConfigurationNode, path: String = "") throws(ConfigurationError) {
    file = node.file
    line = node.line
    self.path = path
    isDescribing = false
    switch node.value {
    case .mapping(let entries):
      self.entries = entries
      var seen: Set<String> = []
      for entry in entries where !seen.insert(entry.key).inserted {
        let key = printable(entry.key)
        throw ConfigurationError(
          file: entry.node.file, line: entry.line, path: path.isEmpty ? key : "\(path).\(key)",
          message: "key '\(key)' is given twice; keep one")
      }
    case .null:
      entries = []
    default:
      throw ConfigurationError(
        file: node.file, line: node.line, path: path, message: "expected a mapping of keys to values, found \(node.kindName)")
    }
  }

  private init(defaultsAt path: String, file: String, line: Int?, isDescribing: Bool) {
    entries = nil
    self.file = file
    self.line = line
    self.path = path
    self.isDescribing = isDescribing
  }

  /// Whether only the shape is wanted, so that values are stand-ins.
  public var describesOnly: Bool { isDescribing }

  /// A reader that finds nothing and reports the shape: for the schema.
  public static func describing(path: String = "") -> ParameterReader {
    ParameterReader(defaultsAt: path, file: "", line: nil, isDescribing: true)
  }

  /// A reader that finds nothing, so that every parameter has its default.
  public static func defaults(path: String = "", file: String = "defaults") -> ParameterReader {
    ParameterReader(defaultsAt: path, file: file, line: nil, isDescribing: false)
  }

  /// Whether the mapping was given, be it without a key; one with nothing behind its name was not.
  public var isGiven: Bool { entries != nil }

  /// The keys that the mapping has, in order: for mappings whose keys are ids.
  public var keys: [String] { (entries ?? []).map(\.key) }

  /// Whether the key was given.
  public func has(_ key: String) -> Bool { find(key) != nil }

  /// Whether the key was given with something behind it.
  public func hasValue(_ key: String) -> Bool {
    guard let entry = find(key) else { return false }
    if case .null = entry.node.value { return false }
    return true
  }

  /// A fault of one key, or of several together, reported at that key's line.
  public func fail(_ key: String, _ message: String) -> ConfigurationError {
    // The line of a key that a flag gave is unknown, and must not be taken from the mapping around it.
    guard let entry = find(key) else { return ConfigurationError(file: file, line: line, path: join(key), message: message) }
    return ConfigurationError(file: entry.node.file, line: entry.line ?? entry.node.line, path: join(key), message: message)
  }

  /// Refuses keys that nobody asked for.
  public func finish() throws(ConfigurationError) {
    for entry in entries ?? [] where !known.contains(entry.key) {
      throw unknown(entry.key, "key", among: known)
    }
  }

  /// The fault of a key, in a mapping whose keys are ids, that names nothing: "unknown service 'jan'; did you mean 'jam'?
  /// known services: jam, wiki".
  public func unknown(_ key: String, _ noun: String, among known: [String]) -> ConfigurationError {
    let shown = printable(key)
    var message = "unknown \(noun) '\(shown)'"
    if let near = nearest(key, among: known) { message += "; did you mean '\(near)'? " } else { message += "; " }
    message += known.isEmpty ? "there are no \(noun)s here" : "known \(noun)s: \(known.joined(separator: ", "))"
    let entry = find(key)
    return ConfigurationError(
      file: entry?.node.file ?? file, line: entry == nil ? line : entry?.line ?? entry?.node.line, path: join(shown),
      message: message)
  }

  // MARK: Sections and lists

  /// Reads a mapping below a key; one that is missing has all its defaults. Unknown keys in it are refused.
  public mutating func section<Value>(
    _ key: String, _ summary: String, _ body: (inout ParameterReader) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> Value {
    let entry = note(key)
    var reader = try child(entry, key)
    let value = try body(&reader)
    try reader.finish()
    descriptions.append(
      ParameterDescription(key: key, kind: .section(reader.descriptions), defaultValue: nil, value: nil, summary: summary))
    return value
  }

  /// Reads a mapping whose keys are ids: `body` is called for each key given, in order, and must read it with `section`.
  public mutating func keyed(
    _ key: String, _ summary: String, _ body: (inout ParameterReader) throws(ConfigurationError) -> Void
  ) throws(ConfigurationError) {
    let entry = note(key)
    var reader = try child(entry, key)
    try body(&reader)
    try reader.finish()
    descriptions.append(
      ParameterDescription(key: key, kind: .keyed(reader.descriptions), defaultValue: nil, value: nil, summary: summary))
  }

  /// Reads a mapping of names to values that somebody else knows, such as a plug-in's options: in the order of the file, each value
  /// as it is written.
  /// - Parameter fault: tells which of them is wrong, and why; nil when all are right.
  public mutating func pairs(
    _ key: String, _ summary: String, _ fault: ([(name: String, value: String)]) -> (name: String, message: String)?
  ) throws(ConfigurationError) -> [(name: String, value: String)] {
    let entry = note(key)
    let reader = try child(entry, key)
    var given: [(name: String, value: String)] = []
    for entry in reader.entries ?? [] {
      guard case .scalar(let text, _) = entry.node.value else {
        throw reader.fail(entry.key, "expected a number, a text, true or false, found \(entry.node.kindName)")
      }
      given.append((entry.key, text))
    }
    if let (name, message) = fault(given) { throw reader.fail(name, message) }
    descriptions.append(ParameterDescription(key: key, kind: .pairs(given), defaultValue: nil, value: nil, summary: summary))
    return given
  }

  /// Reads a list of mappings; nil as default makes it required.
  public mutating func list<Value>(
    _ key: String, default defaultValue: [Value]?, _ summary: String,
    _ body: (inout ParameterReader) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> [Value] {
    let entry = note(key)
    // One reading without a node shows what a list entry may say; a cross-field complaint about stand-ins means nothing.
    var shape = ParameterReader.describing(path: "\(join(key)).0")
    _ = try? body(&shape)
    var values = defaultValue ?? []
    var entries: [[ParameterDescription]] = []
    if let entry {
      guard case .list(let nodes) = entry.node.value else { throw fail(key, "expected a list, found \(entry.node.kindName)") }
      values = []
      for (index, node) in nodes.enumerated() {
        var reader = try ParameterReader(node, path: "\(join(key)).\(index)")
        values.append(try body(&reader))
        try reader.finish()
        entries.append(reader.descriptions)
      }
    } else if defaultValue == nil, !isDescribing {
      throw missing(key, "a list")
    }
    descriptions.append(
      ParameterDescription(
        key: key, kind: .list(shape.descriptions, entries: entries), isRequired: defaultValue == nil,
        defaultValue: defaultValue.map { $0.isEmpty ? "[]" : $0.count == 1 ? "1 entry" : "\($0.count) entries" }, value: nil, summary: summary))
    return values
  }

  // MARK: For the typed readers

  /// Marks a key as known and finds it. A key with nothing behind it counts as not given.
  mutating func note(_ key: String) -> ConfigurationNode.Entry? {
    if !known.contains(key) { known.append(key) }
    guard let entry = find(key) else { return nil }
    if case .null = entry.node.value { return nil }
    return entry
  }

  /// Records a value; without a default it counts as required.
  mutating func describe(
    _ key: String, _ kind: ParameterDescription.Kind, unit: String = "", default defaultValue: String?, value: String, _ summary: String
  ) {
    descriptions.append(
      ParameterDescription(
        key: key, kind: kind, unit: unit, isRequired: defaultValue == nil, defaultValue: defaultValue, value: value,
        summary: summary))
  }

  /// Records a key that may be left out and then means nothing.
  mutating func describeOptional(_ key: String, _ kind: ParameterDescription.Kind, unit: String, value: String?, _ summary: String) {
    descriptions.append(
      ParameterDescription(key: key, kind: kind, unit: unit, defaultValue: nil, value: value, summary: summary))
  }

  /// What stands for a required value that is missing: `standIn` while describing, else an error.
  func required<Value>(_ key: String, _ standIn: Value, _ expected: String) throws(ConfigurationError) -> Value {
    if isDescribing { return standIn }
    throw missing(key, expected)
  }

  private func missing(_ key: String, _ expected: String) -> ConfigurationError {
    ConfigurationError(
      file: file, line: line, path: join(key), message: "required key '\(key)' is missing; add it (\(expected))")
  }

  private func child(_ entry: ConfigurationNode.Entry?, _ key: String) throws(ConfigurationError) -> ParameterReader {
    if let entry { return try ParameterReader(entry.node, path: join(key)) }
    return ParameterReader(defaultsAt: join(key), file: file, line: line, isDescribing: isDescribing)
  }

  private func find(_ key: String) -> ConfigurationNode.Entry? { entries?.first { $0.key == key } }

  private func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
