import Foundation
import Testing

/// What a finished command left.
struct Finished {
  let code: Int32
  let out: String
  let err: String

  /// Standard output as one JSON object; anything beside the object is a failure.
  func object(_ location: SourceLocation = #_sourceLocation) throws -> [String: Any] {
    try #require(
      JSONSerialization.jsonObject(with: Data(out.utf8)) as? [String: Any], "not one JSON object: \(out.prefix(200))",
      sourceLocation: location)
  }
}

/// A folder of its own for one test, and the built program to run in it.
final class Workplace {
  let folder: URL
  /// Where the package lies.
  static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let smoke = package.appending(path: "Scenarios/smoke.yaml").path
  static let flagship = package.appending(path: "Scenarios/jam-500k.yaml").path

  /// The program is built into the folder that the tests are built into.
  private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "jamboree")

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "jamboree-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: folder.appending(path: name))
    return path(name)
  }

  func text(_ name: String) -> String {
    (try? Data(contentsOf: folder.appending(path: name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Names of the files that are there, but for the ones that hold output.
  var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { !$0.hasPrefix("output-") }.sorted()
  }

  func start(_ arguments: [String]) throws -> Started {
    let started = try Started(program: Self.program, arguments: arguments, folder: folder)
    return started
  }

  /// Runs a line of shell with the program as `$0`, for redirections and limits.
  func shell(_ line: String) throws -> Finished { try startShell(line).finish() }

  func startShell(_ line: String) throws -> Started {
    try Started(program: URL(filePath: "/bin/sh"), arguments: ["-c", line, Self.program.path], folder: folder)
  }

  /// Runs a command to its end.
  func run(_ arguments: String...) throws -> Finished { try start(arguments).finish() }
  func run(_ arguments: [String]) throws -> Finished { try start(arguments).finish() }
}

/// A command under way. Its output goes to files, which, other than pipes, never fill up.
final class Started {
  let process = Process()
  private let outPath: URL
  private let errPath: URL

  init(program: URL, arguments: [String], folder: URL) throws {
    let name = UUID().uuidString
    outPath = folder.appending(path: "output-\(name).out")
    errPath = folder.appending(path: "output-\(name).err")
    for path in [outPath, errPath] { try Data().write(to: path) }
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outPath)
    process.standardError = try FileHandle(forWritingTo: errPath)
    try process.run()
  }

  var errorText: String { (try? Data(contentsOf: errPath)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  func finish() throws -> Finished {
    process.waitUntilExit()
    let out = String(decoding: try Data(contentsOf: outPath), as: UTF8.self)
    // A process that a signal ended has the signal's number here: no command exits with so small a number but 0 and 1.
    let code = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return Finished(code: code, out: out, err: errorText)
  }

  /// A line of the kernel's view of the process, such as `SigCgt`.
  func status(_ key: String) -> String? {
    let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    return text?.split(separator: "\n").first { $0.hasPrefix(key + ":") }
      .map { $0.dropFirst(key.count + 1).trimmingCharacters(in: .whitespaces) }
  }

  /// Seconds of processor time in user mode so far.
  var userSeconds: Double {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
    // Fields after the name, which stands in parentheses; the 12th of these is the user time in hundredths.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 11 ? (Double(fields[11]) ?? 0) / 100 : 0
  }
}

/// A jam of fifty people: the least that does everything.
let tiny = """
  name: tiny
  summary: fifty people
  start: Tuesday 14:00
  duration: 1h
  population: { members: 80, employees: 80, graph: { meanDegree: 0 } }
  services:
    jam:
      forums: 2
      arrivals: { openingFactors: [], closingFactors: [] }
  """
