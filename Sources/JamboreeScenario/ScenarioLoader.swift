import Foundation
import JamboreeKit

/// Reads scenarios from files and texts.
public enum ScenarioLoader {
  /// Reads a scenario file.
  /// - Parameters:
  ///   - path: of a YAML file.
  ///   - overrides: `key.path=value`, value in YAML; later ones win.
  ///   - scale: what members and scaling expectations are multiplied by, above 0 and at most 100.
  /// - Throws: ``ConfigurationError`` naming file, line, key and the way out.
  public static func load(
    path: String, overrides: [String] = [], scale: Double = 1, services: ServiceCatalog
  ) throws(ConfigurationError) -> Scenario {
    try load(text: readText(path), file: path, overrides: overrides, scale: scale, services: services)
  }

  /// Reads a scenario from its text; `file` is its name in messages.
  public static func load(
    text: String, file: String, overrides: [String] = [], scale: Double = 1, services: ServiceCatalog
  ) throws(ConfigurationError) -> Scenario {
    guard scale > 0, scale <= 100 else {
      throw ConfigurationError(
        file: "--scale \(scale)", line: nil, path: "", message: "must be above 0 and at most 100; 1 is the scenario's own size")
    }
    var root = try ScenarioNodes.parse(text, file: file)
    for override in overrides { root = try ScenarioOverride(override).applied(to: root) }
    return try Scenario(root, text: text, overrides: overrides, scale: scale, catalog: services)
  }

  private static func readText(_ path: String) throws(ConfigurationError) -> String {
    func fail(_ message: String) -> ConfigurationError {
      ConfigurationError(file: path, line: nil, path: "", message: message)
    }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw fail("no such file; 'jamboree scenarios list' shows those that ship")
    }
    guard !isDirectory.boolValue else { throw fail("is a directory; name a scenario file in it") }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular || attributes?[.type] as? FileAttributeType == .typeSymbolicLink
    else { throw fail("is not a regular file") }
    if let size = attributes?[.size] as? Int, size > ScenarioNodes.maximumBytes {
      throw fail("larger than 4 MiB; that is no scenario")
    }
    guard let data = FileManager.default.contents(atPath: path) else { throw fail("cannot be read; check its permissions") }
    guard let text = String(data: data, encoding: .utf8) else { throw fail("is not UTF-8 text") }
    return text
  }
}
