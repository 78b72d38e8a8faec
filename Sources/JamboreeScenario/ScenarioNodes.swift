import JamboreeKit
import Yams

/// Turns YAML into ``ConfigurationNode``s, keeping lines. Refuses what a scenario has no use for and what only serves
/// to hide something: anchors, merge keys, several documents, boundless depth.
enum ScenarioNodes {
  static let maximumBytes = 4 << 20
  static let maximumDepth = 64

  /// - Parameters:
  ///   - file: for messages: the file's name or the flag.
  ///   - lines: false for a value from the command line, whose lines mean nothing.
  static func parse(_ text: String, file: String, lines: Bool = true) throws(ConfigurationError) -> ConfigurationNode {
    guard text.utf8.count <= maximumBytes else {
      throw ConfigurationError(file: file, line: nil, path: "", message: "larger than 4 MiB; that is no scenario")
    }
    if let depth = nestingTooDeep(text) {
      throw ConfigurationError(file: file, line: lines ? depth : nil, path: "", message: "nested deeper than \(maximumDepth) levels")
    }
    let node: Node?
    do {
      // A resolver without rules leaves scalars as they are written: the reader decides by the key what they mean.
      let parser = try Parser(yaml: text, resolver: .basic, constructor: .default)
      node = try parser.singleRoot()
    } catch {
      throw describe(error, file: file, lines: lines)
    }
    guard let node else {
      throw ConfigurationError(file: file, line: nil, path: "", message: "is empty; see 'jamboree scenarios schema' for what belongs in it")
    }
    return try convert(node, file: file, lines: lines, path: "", depth: 0)
  }

  private static func convert(
    _ node: Node, file: String, lines: Bool, path: String, depth: Int
  ) throws(ConfigurationError) -> ConfigurationNode {
    let line = lines ? node.mark?.line : nil
    func fail(_ message: String) -> ConfigurationError {
      ConfigurationError(file: file, line: line, path: path, message: message)
    }
    guard depth <= maximumDepth else { throw fail("nested deeper than \(maximumDepth) levels") }
    if node.anchor != nil { throw fail("anchors (&name) are not supported; write the value out") }
    switch node {
    case .alias: throw fail("aliases (*name) are not supported; write the value out")
    case .scalar(let scalar):
      let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
      if !isQuoted, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
        return ConfigurationNode(.null, file: file, line: line)
      }
      return ConfigurationNode(.scalar(scalar.string, isQuoted: isQuoted), file: file, line: line)
    case .sequence(let sequence):
      var nodes: [ConfigurationNode] = []
      for (index, element) in sequence.enumerated() {
        nodes.append(
          try convert(element, file: file, lines: lines, path: path.isEmpty ? "\(index)" : "\(path).\(index)", depth: depth + 1))
      }
      return ConfigurationNode(.list(nodes), file: file, line: line)
    case .mapping(let mapping):
      var entries: [ConfigurationNode.Entry] = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key else { throw fail("keys must be plain words") }
        if name.string == "<<" { throw fail("merge keys (<<) are not supported; write the values out") }
        let inner = path.isEmpty ? name.string : "\(path).\(name.string)"
        entries.append(
          ConfigurationNode.Entry(
            key: name.string, line: lines ? key.mark?.line : nil,
            node: try convert(value, file: file, lines: lines, path: inner, depth: depth + 1)))
      }
      return ConfigurationNode(.mapping(entries), file: file, line: line)
    }
  }

  /// The parser recurses, so depth is looked at before it runs: the line at which brackets or indentation pass the limit.
  private static func nestingTooDeep(_ text: String) -> Int? {
    var brackets = 0
    var line = 1
    var column = 0
    var dashes = 0
    var indents: [Int] = []
    var inIndent = true
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\n"):
        line += 1
        column = 0
        dashes = 0
        inIndent = true
        continue
      case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(brackets - 1, 0)
      case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"): if inIndent { dashes += 1 }
      default: break
      }
      if inIndent, byte != UInt8(ascii: " "), byte != UInt8(ascii: "-"), byte != UInt8(ascii: "?"), byte != UInt8(ascii: ":") {
        inIndent = false
        while let last = indents.last, last >= column { indents.removeLast() }
        indents.append(column)
      }
      column += 1
      if brackets > maximumDepth || dashes > maximumDepth || indents.count > maximumDepth { return line }
    }
    return nil
  }

  private static func describe(_ error: any Error, file: String, lines: Bool) -> ConfigurationError {
    func make(_ mark: Mark?, _ problem: String) -> ConfigurationError {
      ConfigurationError(file: file, line: lines ? mark?.line : nil, path: "", message: "not valid YAML: \(problem)")
    }
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      return make(mark, problem)
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      return ConfigurationError(
        file: file, line: lines ? context.mark.line : nil, path: duplicates.sorted().joined(separator: ", "),
        message: "this key is given twice; keep one")
    case YamlError.reader(let problem, _, _, _):
      return make(nil, problem)
    default:
      return make(nil, "\(error)".split(separator: "\n").first.map(String.init) ?? "unreadable")
    }
  }
}
