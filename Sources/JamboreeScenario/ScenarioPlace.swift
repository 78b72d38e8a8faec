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

  /// The fault of what stands here.
  public func fail(_ message: String) -> ConfigurationError {
    ConfigurationError(file: file, line: line, path: path, message: message)
  }
}
