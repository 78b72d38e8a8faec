import Foundation
import JamboreeKit

/// Reads scenarios from files and texts.
public enum ScenarioLoader {
  /// Reads a scenario file.
  /// - Parameters:
  ///   - path: of a YAML file in UTF-8 of at most 4 MiB.
  ///   - overrides: `key.path=value`, value in YAML; later ones win.
  ///   - scale: what members, employees and scaling expectations are multiplied by; above 0 and at most 100.
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
      ConfigurationError(file: path.isEmpty ? "''" : path, line: nil, path: "", message: message)
    }
    var status = stat()
    guard stat(path, &status) == 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { throw fail("no such file; 'jamboree scenarios list' shows those that ship") }
      throw fail("cannot be reached (\(String(cString: strerror(code)))); check its name and permissions")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw fail("is a directory; name a scenario file in it")
    // Reading one may wait for ever.
    default: throw fail("is a device or a pipe; name a scenario file")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else { throw fail("cannot be opened; check its permissions") }
    defer { try? handle.close() }
    // Read no more than is taken: what is named may be a device without an end.
    let limit = ScenarioNodes.maximumBytes
    var data = Data()
    while data.count <= limit {
      do {
        guard let more = try handle.read(upToCount: limit + 1 - data.count), !more.isEmpty else { break }
        data.append(more)
      } catch {
        throw fail("cannot be read; is it a plain file?")
      }
    }
    guard data.count <= limit else { throw fail("larger than 4 MiB; that is no scenario") }
    guard let text = String(data: data, encoding: .utf8) else { throw fail("is not UTF-8 text; save it as UTF-8") }
    return text
  }
}
