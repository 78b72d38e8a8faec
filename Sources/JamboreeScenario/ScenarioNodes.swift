import JamboreeKit
import Yams

/// Turns YAML into ``ConfigurationNode``s, keeping lines. Refuses what a scenario has no use for and what only serves
/// to hide something: aliases, merge keys, tags, several documents, boundless size and depth.
struct ScenarioNodes {
  static let maximumBytes = 4 << 20
  static let maximumDepth = 64

  /// For messages: the file's name or the flag.
  private let file: String
  /// False for a value from the command line, whose lines mean nothing.
  private let hasLines: Bool

  /// - Parameters:
  ///   - file: for messages: the file's name or the flag.
  ///   - lines: false for a value from the command line, whose lines mean nothing.
  /// - Throws: ``ConfigurationError`` for anything that is not one document of plain YAML.
  static func parse(_ text: String, file: String, lines: Bool = true) throws(ConfigurationError) -> ConfigurationNode {
    try ScenarioNodes(file: file, hasLines: lines).parse(text)
  }

  private func parse(_ given: String) throws(ConfigurationError) -> ConfigurationNode {
    // Some editors on Windows put a byte order mark first.
    let text = given.unicodeScalars.first == "\u{FEFF}" ? String(given.unicodeScalars.dropFirst()) : given
    guard text.utf8.count <= Self.maximumBytes else { throw fail(nil, "larger than 4 MiB; that is no scenario") }
    if let fault = YAMLGuard.fault(in: text) { throw fail(fault.line, fault.message) }
    return try compose(text)
  }

  /// Yams refuses a key that is given twice before anybody can see in which mapping. A tag of its own makes the first one
  /// unequal to the second, so that the walk over the nodes gets to see both and can say where they are.
  private func compose(_ given: String) throws(ConfigurationError) -> ConfigurationNode {
    var text = given
    var duplicate: ConfigurationError?
    var tags = 0
    while true {
      let parser: Parser
      let root: Node?
      // Nil for a text with a tag of our own.
      let tagged: TagFinder?
      do {
        // A resolver without rules leaves scalars as they are written: the reader decides by the key what they mean.
        // The encoding is given because the parser would else look for it in the environment.
        parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        root = try parser.singleRoot()
        tagged = duplicate == nil ? TagFinder(text) : nil
      } catch YamlError.duplicatedKeysInMapping(let names, let context) where tags < Self.mostTags {
        let complaint = duplicate ?? complaint(YamlError.duplicatedKeysInMapping(duplicates: names, context: context), given)
        tags += 1
        guard let tagged = Self.tagging(context.mark, "!twice\(tags) ", in: text) else { throw complaint }
        text = tagged
        duplicate = complaint
        continue
      } catch {
        // So many that the first complaint is as good as any.
        throw duplicate ?? complaint(error, text)
      }
      // The nodes' anchors live no longer than the parser.
      defer { withExtendedLifetime(parser) {} }
      guard let root else {
        throw fail(
          nil,
          hasLines
            ? "is empty; 'jamboree scenarios schema' says what belongs in it"
            : "there is only a comment after the equals sign; put a text with '#' in quotes")
      }
      let node = try convert(root, path: "", depth: 0, tags: tagged)
      if let duplicate { throw duplicate }
      return node
    }
  }

  /// Keys that are given twice, or thrice, are tagged one by one, each with a parse.
  private static let mostTags = 16

  /// The text with a tag in front of what stands at a mark; nil if that is not to be found, or costs too much.
  private static func tagging(_ mark: Mark, _ tag: String, in text: String) -> String? {
    guard text.utf8.count <= 256 << 10 else { return nil }
    let scalars = text.unicodeScalars
    var line = 1
    var column = 1
    var position = scalars.startIndex
    while position < scalars.endIndex, line != mark.line || column != mark.column {
      let scalar = scalars[position]
      position = scalars.index(after: position)
      let isHalfOfBreak = scalar == "\r" && position < scalars.endIndex && scalars[position] == "\n"
      if ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar), !isHalfOfBreak {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    guard position < scalars.endIndex else { return nil }
    return String(scalars[..<position]) + tag + String(scalars[position...])
  }

  private func convert(
    _ node: Node, path: String, depth: Int, tags: TagFinder?
  ) throws(ConfigurationError) -> ConfigurationNode {
    let line = node.mark?.line
    guard node.anchor == nil else { throw fail(line, at: path, Self.noAnchors) }
    if tags?.isTagged(node.mark) ?? false { throw fail(line, at: path, Self.noTags) }
    let value: ConfigurationNode.Value
    switch node {
    case .alias: throw fail(line, at: path, Self.noAliases)
    case .scalar(let scalar):
      // Block texts can mean nothing but text, like quoted ones.
      let isQuoted = scalar.style != .plain && scalar.style != .any
      let isNull = !isQuoted && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
      value = isNull ? .null : .scalar(scalar.string, isQuoted: isQuoted)
    case .sequence(let sequence):
      var nodes: [ConfigurationNode] = []
      guard depth < Self.maximumDepth || sequence.isEmpty else { throw fail(line, at: path, Self.tooDeep) }
      for (index, element) in sequence.enumerated() {
        nodes.append(try convert(element, path: join(path, "\(index)"), depth: depth + 1, tags: tags))
      }
      value = .list(nodes)
    case .mapping(let mapping):
      var entries: [ConfigurationNode.Entry] = []
      var lines: [String: Int] = [:]
      for (key, inner) in mapping {
        let keyLine = key.mark?.line
        guard case .scalar(let name) = key, !name.string.isEmpty else {
          throw fail(keyLine, at: path, "every key must be a plain word, and one here is not")
        }
        if name.string == "<<", name.style == .plain {
          throw fail(keyLine, at: join(path, "<<"), "merge keys are not supported; write the values out")
        }
        let keyPath = join(path, printable(name.string))
        guard key.anchor == nil else { throw fail(keyLine, at: keyPath, Self.noAnchors) }
        if tags?.isTagged(key.mark) ?? false { throw fail(keyLine, at: keyPath, Self.noTags) }
        if let first = lines.updateValue(keyLine ?? 0, forKey: name.string) {
          let place = hasLines && first != keyLine ? ", first in line \(first)" : ""
          throw fail(keyLine, at: keyPath, "key '\(printable(name.string))' is given twice\(place); keep one")
        }
        guard depth < Self.maximumDepth else { throw fail(keyLine, at: keyPath, Self.tooDeep) }
        let node = try convert(inner, path: keyPath, depth: depth + 1, tags: tags)
        entries.append(ConfigurationNode.Entry(key: name.string, line: hasLines ? keyLine : nil, node: node))
      }
      value = .mapping(entries)
    }
    return ConfigurationNode(value, file: file, line: hasLines ? line : nil, column: hasLines ? node.mark?.column : nil)
  }

  // MARK: Faults

  private static let tooDeep = "nested deeper than \(maximumDepth) levels; no scenario needs that many"
  private static let noTags = "tags (such as !!int) are not supported; write the value without one"
  private static let noAliases =
    "aliases (*name) are not supported; write the value out, or put a text that begins with '*' in quotes"
  private static let noAnchors =
    "anchors (&name) are not supported; write the value without one, or put a text that begins with '&' in quotes"

  private func complaint(_ error: any Error, _ text: String) -> ConfigurationError {
    switch error {
    case YamlError.composer(let context?, _, let mark, _) where context.text.contains("single document"):
      fail(mark.line, "a second document begins here; put each scenario into a file of its own")
    case YamlError.composer(_, let problem, let mark, _) where problem.contains("undefined alias"):
      fail(mark.line, Self.noAliases)
    case YamlError.scanner(let context?, _, let mark, _) where context.text.contains("scanning an alias"):
      fail(mark.line, Self.noAliases)
    case YamlError.scanner(let context?, _, let mark, _) where context.text.contains("scanning an anchor"):
      fail(mark.line, Self.noAnchors)
    case YamlError.scanner(_, let problem, let mark, _) where problem.contains("cannot start any token"):
      fail(mark.line, "not valid YAML: \(problem) (a tab, '@', '`' or '%'); indent with spaces and put such text in quotes")
    case YamlError.parser(_, let problem, let mark, _) where problem.contains("nesting level"):
      fail(mark.line, Self.tooDeep)
    case YamlError.scanner(let context, let problem, let mark, _), YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      fail(mark.line, "not valid YAML: " + (context.map { "\($0.text) (line \($0.mark.line)), " } ?? "") + problem)
    case YamlError.duplicatedKeysInMapping(let names, let context):
      fail(context.mark.line, "key '\(printable(names.first ?? ""))' is given twice in this mapping; keep one")
    case YamlError.reader(let problem, let offset, _, _):
      fail(offset.map { text.prefix($0).reduce(1) { $1.isNewline ? $0 + 1 : $0 } }, "not valid YAML: \(problem)")
    default:
      fail(nil, "not valid YAML")
    }
  }

  private func fail(_ line: Int?, at path: String = "", _ message: String) -> ConfigurationError {
    ConfigurationError(file: file, line: hasLines ? line : nil, path: path, message: message)
  }

  private func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// Tells whether a node has a tag, which the parser does not: of `!!str a` it says the same as of `a`. A node's place is
/// that of its tag, if it has one.
private struct TagFinder {
  private let lines: [[Unicode.Scalar]]

  init?(_ text: String) {
    guard text.utf8.contains(UInt8(ascii: "!")) else { return nil }
    // Breaks as the parser counts them, which takes more than line feeds for one.
    var lines: [[Unicode.Scalar]] = [[]]
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where previous == "\r": break
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
      default: lines[lines.count - 1].append(scalar)
      }
      previous = scalar
    }
    self.lines = lines
  }

  func isTagged(_ mark: Mark?) -> Bool {
    guard let mark, lines.indices.contains(mark.line - 1), lines[mark.line - 1].indices.contains(mark.column - 1) else { return false }
    return lines[mark.line - 1][mark.column - 1] == "!"
  }
}
