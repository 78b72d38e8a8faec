import JamboreeKit

/// Finds keys that nobody reads, in the whole of a scenario at once. Readers complain of them too, but only after all that
/// they read was right: a scenario with `servicez` would be told that it has no services.
enum UnknownKeys {
  /// The first one's fault in the order of the file; nil when there is none.
  static func first(in root: ConfigurationNode, _ services: ServiceCatalog) -> ConfigurationError? {
    guard let shape = try? Scenario.shape(catalog: services) else { return nil }
    return fault(in: root, shape, path: "")
  }

  private static func fault(in node: ConfigurationNode, _ known: [ParameterDescription], path: String) -> ConfigurationError? {
    guard case .mapping(let entries) = node.value, let reader = try? ParameterReader(node, path: path) else { return nil }
    for entry in entries {
      let inner = path.isEmpty ? entry.key : "\(path).\(entry.key)"
      guard let description = known.first(where: { $0.key == entry.key }) else {
        return reader.unknown(entry.key, "key", among: known.map(\.key))
      }
      if let found = fault(in: entry.node, description.kind, path: inner) { return found }
    }
    return nil
  }

  private static func fault(in node: ConfigurationNode, _ kind: ParameterDescription.Kind, path: String) -> ConfigurationError? {
    switch kind {
    case .section(let inner): return fault(in: node, inner, path: path)
    case .keyed(let inner):
      // Ids that nobody knows are the reader's: it has a word for what they should be.
      guard case .mapping(let entries) = node.value else { return nil }
      for entry in entries {
        guard let description = inner.first(where: { $0.key == entry.key }) else { return nil }
        if let found = fault(in: entry.node, description.kind, path: "\(path).\(entry.key)") { return found }
      }
      return nil
    case .list(let inner, entries: _):
      guard case .list(let nodes) = node.value else { return nil }
      for (index, element) in nodes.enumerated() {
        if let found = fault(in: element, inner, path: "\(path).\(index)") { return found }
      }
      return nil
    default: return nil
    }
  }
}
