import Glibc
import JamboreeKit
import JamboreePopulation

/// Reads scenarios from files and texts.
public enum ScenarioLoader {
  /// Reads a scenario file.
  /// - Parameters:
  ///   - path: of a YAML file in UTF-8 of at most 4 MiB; a plain file, no device and no pipe.
  ///   - overrides: `key.path=value`, value in YAML; later ones win.
  ///   - scale: what members, employees and scaling expectations are multiplied by; above 0 and at most 100.
  ///   - rankers: those that a scenario may name; nil refuses none.
  /// - Throws: ``ConfigurationError`` naming file, line, key and the way out.
  public static func load(
    path: String, overrides: [String] = [], scale: Double = 1, services: ServiceCatalog, rankers: RankerRegistry? = nil
  ) throws(ConfigurationError) -> Scenario {
    try load(
      text: readText(path), file: path, folder: folder(of: path), overrides: overrides, scale: scale, services: services, rankers: rankers)
  }

  /// Reads a scenario from its text; `file` is its name in messages, `folder` where the files are that it names.
  public static func load(
    text: String, file: String, folder: String = "", overrides: [String] = [], scale: Double = 1, services: ServiceCatalog,
    rankers: RankerRegistry? = nil
  ) throws(ConfigurationError) -> Scenario {
    guard scale > 0, scale <= 100 else {
      throw ConfigurationError(
        file: "--scale \(plain(scale))", line: nil, path: "", message: "must be above 0 and at most 100; 1 is the scenario's own size")
    }
    var root = try ScenarioNodes.parse(text, file: file)
    for override in overrides { root = try ScenarioOverride(override).applied(to: root) }
    do throws(ConfigurationError) {
      return try Scenario(root, text: text, folder: folder, overrides: overrides, scale: scale, catalog: services, rankers: rankers)
    } catch {
      // What is missing or wrong may be so because of a typing error elsewhere, which tells more.
      throw UnknownKeys.first(in: root, services) ?? error
    }
  }

  /// The folder of a file, from the root of the file system on, so that it can be kept.
  private static func folder(of path: String) -> String {
    guard let real = realpath(path, nil) else { return "" }
    defer { free(real) }
    let whole = String(cString: real)
    return whole.lastIndex(of: "/").map { String(whole[..<$0]) } ?? ""
  }

  private static func readText(_ path: String) throws(ConfigurationError) -> String {
    func fail(_ message: String) -> ConfigurationError {
      ConfigurationError(file: path.isEmpty ? "''" : path, line: nil, path: "", message: message)
    }
    let descriptor: Int32
    do throws(PlainFile.Refusal) {
      descriptor = try PlainFile.open(path).descriptor
    } catch {
      throw fail(error.message(wanted: "a scenario file", hint: "'jamboree scenarios list' shows those that ship"))
    }
    defer { close(descriptor) }
    // Read no more than is taken: the files of /proc do not tell their size.
    let limit = ScenarioNodes.maximumBytes
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw fail("cannot be read (\(String(cString: strerror(errno)))); name another file") }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    guard bytes.count <= limit else { throw fail("larger than 4 MiB; that is no scenario") }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw fail("is not UTF-8 text; save it as UTF-8") }
    return text
  }
}
