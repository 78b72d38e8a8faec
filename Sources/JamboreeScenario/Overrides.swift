import JamboreeKit

/// A `--set path=value` of the command line.
public struct ScenarioOverride: Sendable, Hashable {
  /// As given: `services.jam.forums=8`.
  public let text: String
  let path: [String]
  let value: String

  /// - Throws: ``ConfigurationError`` when there is no equals sign or no path before it.
  public init(_ text: String) throws(ConfigurationError) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = halves[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    self.text = text
    self.path = path
    value = halves.count == 2 ? String(halves[1]) : ""
    guard halves.count == 2, path.allSatisfy({ !$0.isEmpty }), path.count <= ScenarioNodes.maximumDepth else {
      throw fail("", "expected key.path=value, as in --set services.jam.forums=8")
    }
  }

  /// What stands for the file's name in messages: the flag, so that one sees which of several is at fault.
  var file: String { "--set \(text.isEmpty ? "''" : printable(text, limit: 100))" }

  /// The scenario with the value in place; mappings and lists on the way are made where they are missing. `~` stands for null,
  /// which puts the default back; nothing at all is refused, because it is what a variable without a value leaves.
  func applied(to root: ConfigurationNode) throws(ConfigurationError) -> ConfigurationNode {
    guard !value.utf8.allSatisfy({ $0 == 0x20 }) else {
      throw fail("", "nothing stands after the equals sign; give a value, '~' for the default, or \"''\" for a text without characters")
    }
    return try replace(in: root, 0, with: try ScenarioNodes.parse(value, file: file, lines: false))
  }

  private var nothing: ConfigurationNode { ConfigurationNode(.null, file: file, line: nil) }

  private func replace(
    in node: ConfigurationNode, _ level: Int, with new: ConfigurationNode
  ) throws(ConfigurationError) -> ConfigurationNode {
    guard level < path.count else { return new }
    let key = path[level]
    let above = path[..<level].joined(separator: ".")
    switch node.value {
    case .list(var nodes):
      guard let index = Int(key), index >= 0, index <= nodes.count else {
        throw fail(
          above, "'\(printable(key))' is no entry of this list; give its number, from 0, or \(nodes.count) to add one at the end")
      }
      let isLonger = index == nodes.count
      if isLonger { nodes.append(nothing) }
      nodes[index] = try replace(in: nodes[index], level + 1, with: new)
      // How long a list is has been said by the flag then.
      if isLonger { return ConfigurationNode(.list(nodes), file: file, line: nil) }
      return ConfigurationNode(.list(nodes), file: node.file, line: node.line, column: node.column)
    case .mapping(var entries):
      if let index = entries.firstIndex(where: { $0.key == key }) {
        let inner = try replace(in: entries[index].node, level + 1, with: new)
        entries[index] = ConfigurationNode.Entry(key: key, line: inner.line == nil ? nil : entries[index].line, node: inner)
      } else {
        entries.append(ConfigurationNode.Entry(key: key, line: nil, node: try replace(in: nothing, level + 1, with: new)))
      }
      return ConfigurationNode(.mapping(entries), file: node.file, line: node.line, column: node.column)
    case .null:
      let inner = try replace(in: nothing, level + 1, with: new)
      // No key is a number, so the first entry of a list is meant that is not there yet.
      if key == "0" { return ConfigurationNode(.list([inner]), file: file, line: nil) }
      return ConfigurationNode(.mapping([ConfigurationNode.Entry(key: key, line: nil, node: inner)]), file: file, line: nil)
    case .scalar:
      throw fail(above, "has no '\(printable(key))' to set: it is \(node.kindName), not a mapping or a list")
    }
  }

  private func fail(_ path: String, _ message: String) -> ConfigurationError {
    ConfigurationError(file: file, line: nil, path: printable(path, limit: 200), message: message)
  }
}
