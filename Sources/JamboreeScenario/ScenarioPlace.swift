import JamboreeKit

/// Where a scenario says something, for faults that show only after it was read: on this machine, with these services.
public struct ScenarioPlace: Sendable, Hashable {
  public let file: String
  /// From 1; nil for what a flag gave.
  public let line: Int?
  public let path: String

  /// The place of a key, or of the mapping that could have it.
  init(_ reader: ParameterReader, _ key: String) {
    let fault = reader.fail(key, "")
    (file, line, path) = (fault.file, fault.line, fault.path)
  }

  /// The place of a key path, or of the innermost mapping around it that is there.
  init(_ path: String, in root: ConfigurationNode) {
    var (file, line) = (root.file, root.line)
    var node = root
    for key in path.split(separator: ".") {
      guard case .mapping(let entries) = node.value, let entry = entries.first(where: { $0.key == key }) else { break }
      node = entry.node
      (file, line) = (node.file, entry.line ?? node.line)
    }
    (self.file, self.line, self.path) = (file, line, path)
  }

  /// The fault of what stands here.
  public func fail(_ message: String) -> ConfigurationError {
    ConfigurationError(file: file, line: line, path: path, message: message)
  }
}
