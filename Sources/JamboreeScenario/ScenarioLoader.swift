import Glibc
import JamboreeKit

/// Reads scenarios from files and texts.
public enum ScenarioLoader {
  /// Reads a scenario file.
  /// - Parameters:
  ///   - path: of a YAML file in UTF-8 of at most 4 MiB; a plain file, no device and no pipe.
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
        file: "--scale \(plain(scale))", line: nil, path: "", message: "must be above 0 and at most 100; 1 is the scenario's own size")
    }
    var root = try ScenarioNodes.parse(text, file: file)
    for override in overrides { root = try ScenarioOverride(override).applied(to: root) }
    do throws(ConfigurationError) {
      return try Scenario(root, text: text, overrides: overrides, scale: scale, catalog: services)
    } catch {
      // What is missing or wrong may be so because of a typing error elsewhere, which tells more.
      throw UnknownKeys.first(in: root, services) ?? error
    }
  }

  private static func readText(_ path: String) throws(ConfigurationError) -> String {
    func fail(_ message: String) -> ConfigurationError {
      ConfigurationError(file: path.isEmpty ? "''" : path, line: nil, path: "", message: message)
    }
    func refusal(of code: Int32) -> ConfigurationError {
      switch code {
      case ENOENT, ENOTDIR: fail("no such file; 'jamboree scenarios list' shows those that ship")
      case EACCES, EPERM: fail("permission denied; make the file readable, and the folders that lead to it")
      default: fail("cannot be read (\(strerror(code).map { String(cString: $0) } ?? "error \(code)")); name another file")
      }
    }
    // Looked at before it is opened: who opens a pipe waits for the other end, and a device may do anything.
    var status = stat()
    guard stat(path, &status) == 0 else { throw refusal(of: errno) }
    let notPlain = "is no plain file but a device or a pipe; name a file with a scenario"
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw fail("is a directory; name a scenario file in it")
    default: throw fail(notPlain)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw refusal(of: errno) }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw fail(notPlain) }
    // Read no more than is taken: the files of /proc do not tell their size.
    let limit = ScenarioNodes.maximumBytes
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw refusal(of: errno) }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    guard bytes.count <= limit else { throw fail("larger than 4 MiB; that is no scenario") }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw fail("is not UTF-8 text; save it as UTF-8") }
    return text
  }
}
