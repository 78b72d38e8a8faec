import Glibc
import JamboreeKit

/// How a ranker in another process is run.
public struct ExecSettings: Sendable {
  /// The program, looked for on PATH where it has no slash, and its arguments; at least one.
  public var words: [String]
  /// How long a batch may take, from when the one before it was answered.
  public var timeoutNanoseconds: UInt64 = 1_000_000_000
  /// How long it may take to say hello.
  public var startTimeoutNanoseconds: UInt64 = 10_000_000_000
  /// Most pages in a batch.
  public var batchPages = 256
  /// Most batches that it is sent before it has answered the first; what is ready beyond them waits, and makes larger batches.
  public var batchesInFlight = 4
  /// How often it is started again, each worker's apart.
  public var restarts = 3
  /// How long to wait before it is started again; doubled each time, up to five seconds.
  public var backoffNanoseconds: UInt64 = 100_000_000
  /// How much of what it writes to standard error is passed on, each process's apart.
  public var errorBytes = 16_384

  public init(words: [String]) { self.words = words }

  static let options = [
    OptionDescriptor(
      name: "command", kind: .text, defaultValue: "",
      summary: "the program and its arguments, separated by blanks; short form: exec:COMMAND"),
    OptionDescriptor(name: "timeout", kind: .integer(1...3_600_000), defaultValue: "1000", summary: "how long a batch may take, ms"),
    OptionDescriptor(
      name: "startTimeout", kind: .integer(1...3_600_000), defaultValue: "10000", summary: "how long the program may take to say hello, ms"),
    OptionDescriptor(name: "batch", kind: .integer(1...65_536), defaultValue: "256", summary: "most pages in a batch"),
    OptionDescriptor(
      name: "inFlight", kind: .integer(1...64), defaultValue: "4", summary: "most batches sent before the first is answered, of about 1 MiB at most"),
    OptionDescriptor(
      name: "restarts", kind: .integer(0...1_000_000), defaultValue: "3",
      summary: "how often a worker's program is started again; beyond that, pages are shown newest first"),
  ]

  init(options: OptionValues) throws(RankerError) {
    let command = options.text("command")
    words = command.split(separator: " ").map(String.init)
    guard !words.isEmpty else {
      throw RankerError(.usage, "ranker 'exec' needs a program to run: exec:COMMAND, such as exec:./rank.py or 'exec:python3 rank.py'")
    }
    // It is kept with the run among other options, which '&' separates.
    guard !command.contains("&") else {
      throw RankerError(.usage, "ranker 'exec': a command with '&' or '?' cannot be named here: put it into a script, and name that")
    }
    timeoutNanoseconds = UInt64(options.integer("timeout")) * 1_000_000
    startTimeoutNanoseconds = UInt64(options.integer("startTimeout")) * 1_000_000
    batchPages = Int(options.integer("batch"))
    batchesInFlight = Int(options.integer("inFlight"))
    restarts = Int(options.integer("restarts"))
  }

  /// As messages name it.
  var name: String { "ranker 'exec:\(printable(words.joined(separator: " "), limit: 200))'" }

  func backoffNanoseconds(before restart: Int) -> UInt64 { min(backoffNanoseconds << UInt64(min(restart, 20)), 5_000_000_000) }

  /// Why a program could not be started, and the way out.
  func complaint(_ error: ExecProcess.SpawnError) -> RankerError {
    let program = printable(words[0], limit: 200)
    let system = String(cString: strerror(error.code))
    guard error.isProgram else { return RankerError(.io, "\(name): no pipes for it: \(system)") }
    switch error.code {
    case ENOENT where words[0].hasPrefix("'") || words[0].hasPrefix("\""):
      return RankerError(
        .usage, "\(name): there is no program \(program): a quote is part of the name here; put quotes around the whole, as in 'exec:python3 rank.py'")
    case ENOENT where isFolder(words[0]), EACCES where isFolder(words[0]):
      return RankerError(.usage, "\(name): '\(program)' is a folder; name the program in it")
    case ENOENT where words[0].contains("/"), ENOTDIR:
      return RankerError(.usage, "\(name): there is no program '\(program)', or what its first line '#!' names is not there")
    case ENOENT:
      let hint = access(words[0], F_OK) == 0 ? "the one in this folder is './\(program)'" : "name one elsewhere with its folder, as in ./rank.py"
      return RankerError(.usage, "\(name): there is no program '\(program)' on PATH; \(hint)")
    case EACCES:
      return RankerError(.usage, "\(name): '\(program)' may not be run; make it executable with 'chmod +x', or name its interpreter first")
    case ENOEXEC:
      return RankerError(.usage, "\(name): '\(program)' is no program; begin a script with a line such as '#!/usr/bin/env python3'")
    default:
      return RankerError(.io, "\(name): '\(program)' could not be started: \(system)")
    }
  }
  /// What may be why a program has ended at once: `; there is no 'rank.py'` of `python3 rank.py`; else nothing.
  var missingFile: String {
    guard words.count > 1, let first = words[1].utf8.first, first != UInt8(ascii: "-"), words[1].contains(where: { $0 == "." || $0 == "/" }),
      access(words[1], F_OK) != 0
    else { return "" }
    return "; there is no '\(printable(words[1], limit: 200))'"
  }
}

private func isFolder(_ path: String) -> Bool {
  var information = stat()
  return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
}
