import JamboreeKit

/// A ranker in another process, in any language: frames over its standard input and output. <doc:RankerProtocol> has the bytes
/// and an example.
///
/// Each worker has a process of its own. The first one is started when the ranker is made, so that what cannot be run, or
/// does not speak the protocol, is told before a run begins.
public final class ExecRanker: BatchRanker {
  public static let descriptor = RankerDescriptor(
    id: "exec", version: "1", summary: "a program of your own, in any language, that ranks batches of pages; each worker has one",
    options: ExecSettings.options, locationOption: "command")

  private let settings: ExecSettings
  /// What it asked for.
  let columns: ExecColumns
  /// Started, and not yet a session's.
  private let spare: Guarded<Unchecked?>

  /// A process on its way from the thread that has started it to the one that uses it.
  private struct Unchecked: @unchecked Sendable {
    let process: ExecProcess
  }

  public convenience init(options: OptionValues) throws(RankerError) { try self.init(ExecSettings(options: options)) }

  /// - Throws: ``RankerError`` of kind `usage` when there is no such program, or its first words are no hello of this version.
  public init(_ settings: ExecSettings) throws(RankerError) {
    self.settings = settings
    let (process, columns) = try Self.start(settings)
    self.columns = columns
    spare = Guarded(Unchecked(process: process))
  }

  public var needs: ViewerNeeds { columns.contains(.interests) ? .interests : [] }

  public func openSession(_ id: SessionID, isPatient: Bool) throws(RankerError) -> any RankingSession {
    let first = spare.withLock { process in
      defer { process = nil }
      return process?.process
    }
    let process: ExecProcess
    if let first {
      process = first
    } else {
      let started = try Self.start(settings)
      guard started.columns == columns else { throw RankerError(.usage, "\(settings.name): it asks for other columns each time it is started") }
      process = started.process
    }
    return ExecSession(settings, columns: columns, process: process, isPatient: isPatient)
  }

  /// Ends the processes of all rankers at once: for a program that is about to end without tearing anything down.
  public static func endProcesses() { ExecProcess.killAll() }

  /// Starts a process and waits for its hello.
  private static func start(_ settings: ExecSettings) throws(RankerError) -> (process: ExecProcess, columns: ExecColumns) {
    let process: ExecProcess
    do throws(ExecProcess.SpawnError) {
      process = try ExecProcess(settings.words, errorBytes: settings.errorBytes)
    } catch {
      throw settings.complaint(error)
    }
    let deadline = monotonicNow() &+ settings.startTimeoutNanoseconds
    var received: [UInt8] = []
    while true {
      process.passErrorsOn()
      // No more than a hello has: what follows is an answer.
      var buffer = [UInt8](repeating: 0, count: ExecProtocol.helloBytes - received.count)
      let transfer = buffer.withUnsafeMutableBytes { process.read(into: $0) }
      let isLate = monotonicNow() >= deadline
      switch transfer {
      case .bytes(let count):
        received += buffer[..<count]
        do throws(HelloError) {
          if let hello = try Hello(received) { return (process, hello.columns) }
        } catch {
          process.kill()
          throw RankerError(.usage, "\(settings.name): \(error.message)")
        }
      case .ended:
        throw RankerError(
          .usage,
          "\(settings.name): it \(process.ending(or: "has closed its standard output")) before it had said hello"
            + shown(received) + settings.missingFile)
      case .wouldBlock where isLate:
        process.kill()
        throw RankerError(
          .unreachable,
          "\(settings.name): it has not said hello within \(settings.startTimeoutNanoseconds / 1_000_000) ms\(shown(received)); "
            + "startTimeout=MS gives it longer, and a ranker must flush what it writes")
      case .wouldBlock: process.wait(until: deadline, toWrite: false)
      }
    }
  }

  private static func shown(_ received: [UInt8]) -> String {
    received.isEmpty ? "" : ", but written '\(printable(String(decoding: received, as: UTF8.self)))'"
  }
}
