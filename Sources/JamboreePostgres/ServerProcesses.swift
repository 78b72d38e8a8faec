import Glibc
import JamboreeKit

/// A server's processes as `/proc` shows them: the postmaster and its children, one a connection and some of its own.
struct ServerProcesses {
  let postmaster: Int32

  /// The parent of a process that serves a connection, if both are what they seem to be: the number may have come through a
  /// tunnel, and mean nothing here.
  static func postmaster(of backend: Int32) -> Int32? {
    guard name(backend) == "postgres", let parent = status(backend).flatMap({ $0.count > 1 ? Int32($0[1]) : nil }) else { return nil }
    return name(parent) == "postgres" ? parent : nil
  }

  func usage() -> ServerUsage {
    var usage = ServerUsage()
    usage.cpuNanoseconds = cpuNanoseconds()
    let all = [postmaster] + children()
    if let proportional = sum(all, { Self.field("Pss:", of: "/proc/\($0)/smaps_rollup") }) {
      usage.residentBytes = proportional * 1024
    } else {
      usage.memoryMeasure = .unshared
      usage.residentBytes = sum(all, Self.unsharedBytes)
    }
    // The kernel adds those of children that have ended to their parent's.
    usage.diskReadBytes = sum(all) { Self.field("read_bytes:", of: "/proc/\($0)/io") }
    usage.diskWrittenBytes = sum(all) { Self.field("write_bytes:", of: "/proc/\($0)/io") }
    return usage
  }

  /// User and system time of all, and of the children that have ended.
  private func cpuNanoseconds() -> Int64? {
    let ticksPerSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
    guard ticksPerSecond > 0 else { return nil }
    // One that ends meanwhile would be counted twice, or not at all.
    for _ in 0..<3 {
      guard let before = Self.ticks(postmaster) else { return nil }
      let ofChildren = children().reduce(0) { $0 + (Self.ticks($1)?.own ?? 0) }
      guard let after = Self.ticks(postmaster) else { return nil }
      if before.ended == after.ended { return (after.own + after.ended + ofChildren) * (1_000_000_000 / ticksPerSecond) }
    }
    return nil
  }

  private func children() -> [Int32] {
    (Self.text("/proc/\(postmaster)/task/\(postmaster)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
  }

  /// Of all processes that are there yet; nil when one does not tell.
  private func sum(_ processes: [Int32], _ value: (Int32) -> Int64?) -> Int64? {
    var sum: Int64 = 0
    for process in processes {
      if let value = value(process) {
        sum += value
      } else if Self.name(process) != nil {
        return nil
      }
    }
    return sum
  }

  // MARK: Files

  private static func ticks(_ process: Int32) -> (own: Int64, ended: Int64)? {
    guard let fields = status(process), fields.count > 14 else { return nil }
    let times = fields[11...14].compactMap { Int64($0) }
    return times.count == 4 ? (times[0] + times[1], times[2] + times[3]) : nil
  }

  private static func unsharedBytes(_ process: Int32) -> Int64? {
    let pages = (text("/proc/\(process)/statm") ?? "").split(separator: " ").compactMap { Int64($0) }
    return pages.count > 2 ? (pages[1] - pages[2]) * Int64(sysconf(Int32(_SC_PAGESIZE))) : nil
  }

  private static func name(_ process: Int32) -> String? { text("/proc/\(process)/comm").map { $0.filter { $0 != "\n" } } }

  /// The fields behind the name, which may hold anything: state, parent, and so on.
  private static func status(_ process: Int32) -> [Substring]? {
    guard let text = text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    return text[end...].dropFirst().split(separator: " ")
  }

  /// The number behind a line's name.
  private static func field(_ name: String, of path: String) -> Int64? {
    for line in (text(path) ?? "").split(separator: "\n") where line.hasPrefix(name) {
      return line.dropFirst(name.count).split(separator: " ").first.flatMap { Int64($0) }
    }
    return nil
  }

  private static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var length = 0
    while length < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        read(descriptor, buffer.baseAddress.map { $0 + length }, buffer.count - length)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      length += count
    }
    return String(decoding: bytes[..<length], as: UTF8.self)
  }
}
