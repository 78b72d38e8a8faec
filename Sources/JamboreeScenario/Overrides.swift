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
    guard halves.count == 2, path.allSatisfy({ !$0.isEmpty }) else {
      throw ConfigurationError(
        file: "--set \(text)", line: nil, path: "", message: "expected key.path=value, as in --set services.jam.forums=8")
    }
    self.text = text
    self.path = path
    value = String(halves[1])
  }

  var file: String { "--set \(text)" }

  /// The scenario with the value in place; mappings on the way are made where they are missing.
  func applied(to root: ConfigurationNode) throws(ConfigurationError) -> ConfigurationNode {
    let new =
      value.isEmpty
      ? ConfigurationNode(.null, file: file, line: nil) : try ScenarioNodes.parse(value, file: file, lines: false)
    return try replace(in: root, path[...], with: new)
  }

  private func replace(
    in node: ConfigurationNode, _ rest: ArraySlice<String>, with new: ConfigurationNode
  ) throws(ConfigurationError) -> ConfigurationNode {
    guard let key = rest.first else { return new }
    let deeper = rest.dropFirst()
    switch node.value {
    case .list(var nodes):
      guard let index = Int(key), nodes.indices.contains(index) else {
        throw ConfigurationError(
          file: file, line: nil, path: "", message: "'\(key)' must be the number of an entry, from 0 to \(nodes.count - 1)")
      }
      nodes[index] = try replace(in: nodes[index], deeper, with: new)
      return ConfigurationNode(.list(nodes), file: node.file, line: node.line)
    case .mapping(var entries):
      if let index = entries.firstIndex(where: { $0.key == key }) {
        let inner = try replace(in: entries[index].node, deeper, with: new)
        entries[index] = ConfigurationNode.Entry(key: key, line: deeper.isEmpty ? nil : entries[index].line, node: inner)
      } else {
        let inner = try replace(in: ConfigurationNode(.null, file: file, line: nil), deeper, with: new)
        entries.append(ConfigurationNode.Entry(key: key, line: nil, node: inner))
      }
      return ConfigurationNode(.mapping(entries), file: node.file, line: node.line)
    case .null:
      let inner = try replace(in: ConfigurationNode(.null, file: file, line: nil), deeper, with: new)
      return ConfigurationNode(
        .mapping([ConfigurationNode.Entry(key: key, line: nil, node: inner)]), file: file, line: nil)
    case .scalar:
      throw ConfigurationError(
        file: file, line: nil, path: "", message: "'\(key)' cannot be set: what stands above it is \(node.kindName), not a mapping")
    }
  }
}
