import Glibc
import JamboreeMetrics

/// Which process makes a run. A number alone is used again for other processes; with the moment at which the process
/// started, and the start of the machine, it stands for one process for ever.
struct Lease: Hashable, Sendable {
  let processID: Int64
  /// Clock ticks from the machine's start to the process's.
  let processStart: Int64
  let bootID: String

  /// Of this process.
  static func own(bootID: String) -> Lease {
    Lease(processID: Int64(getpid()), processStart: startOfProcess(Int64(getpid())) ?? 0, bootID: bootID)
  }

  /// Whether the process is still there. One in another container cannot be seen from here, and counts as gone.
  func isAlive(bootID: String) -> Bool { bootID == self.bootID && Lease.startOfProcess(processID) == processStart }

  /// Nil when there is no such process, or it has ended and only waits for its parent to notice.
  private static func startOfProcess(_ number: Int64) -> Int64? {
    guard let file = fopen("/proc/\(number)/stat", "re") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = fread(&buffer, 1, buffer.count, file)
    let text = String(decoding: buffer[0..<count], as: UTF8.self)
    // The name, which may hold anything, stands in parentheses; the state follows, and 19 fields later the start.
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return Int64(fields[19])
  }
}
