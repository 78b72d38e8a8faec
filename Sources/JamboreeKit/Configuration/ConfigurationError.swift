/// Bad input in a scenario: where it is, what is wrong, and the way out.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  public var file: String
  /// From 1; nil for an override given on the command line.
  public var line: Int?
  /// As in `services.jam.thinkTime.mean`; empty for the file as a whole.
  public var path: String
  /// What is wrong and what would be right, as one sentence without a full stop.
  public var message: String

  public init(file: String, line: Int?, path: String, message: String) {
    self.file = file
    self.line = line
    self.path = path
    self.message = message
  }

  public var description: String {
    let name = printable(file, limit: 1000)
    let place = line.map { "\(name):\($0)" } ?? name
    return path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
  }
}
