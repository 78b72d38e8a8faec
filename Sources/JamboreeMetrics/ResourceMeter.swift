import CJemalloc
import Glibc

/// What this process has used of the machine, as of one moment. Two readings are subtracted to get what a part of a
/// run cost; the sizes are readings and are compared, not subtracted.
///
/// A figure that the machine does not tell is 0.
public struct ResourceUsage: Sendable, Hashable {
  /// Processor time in user code since the process started, over all threads, in nanoseconds.
  public var userCPUNanoseconds: Int64
  /// Processor time in the kernel on the process's behalf since it started, in nanoseconds.
  public var systemCPUNanoseconds: Int64
  /// How many times a thread gave up its processor to wait for something.
  public var voluntarySwitches: Int64
  /// How many times a thread was taken off its processor while it could have gone on.
  public var involuntarySwitches: Int64
  /// The most memory that was ever resident, in bytes, as the kernel counts it.
  public var peakResidentBytes: Int64
  /// The memory that is resident now, in bytes, as the kernel counts it.
  public var residentBytes: Int64
  /// What the program holds of the allocator, in bytes.
  public var allocatedBytes: Int64
  /// What the allocator holds of physical memory, in bytes: at least `allocatedBytes`.
  public var jemallocResidentBytes: Int64
  /// The pages of the allocator that hold something of the program's, in bytes: between the two figures above.
  public var jemallocActiveBytes: Int64

  public init(
    userCPUNanoseconds: Int64, systemCPUNanoseconds: Int64, voluntarySwitches: Int64, involuntarySwitches: Int64,
    peakResidentBytes: Int64, residentBytes: Int64, allocatedBytes: Int64, jemallocResidentBytes: Int64,
    jemallocActiveBytes: Int64
  ) {
    self.userCPUNanoseconds = userCPUNanoseconds
    self.systemCPUNanoseconds = systemCPUNanoseconds
    self.voluntarySwitches = voluntarySwitches
    self.involuntarySwitches = involuntarySwitches
    self.peakResidentBytes = peakResidentBytes
    self.residentBytes = residentBytes
    self.allocatedBytes = allocatedBytes
    self.jemallocResidentBytes = jemallocResidentBytes
    self.jemallocActiveBytes = jemallocActiveBytes
  }

  /// Reads all figures: a few system calls and some allocator locks, so once a second and not once an operation.
  public static func now() -> ResourceUsage {
    var usage = rusage()
    if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) != 0 { usage = rusage() }
    // The allocator's statistics are a snapshot that this renews.
    refreshAllocatorStatistics()
    return ResourceUsage(
      userCPUNanoseconds: nanoseconds(usage.ru_utime), systemCPUNanoseconds: nanoseconds(usage.ru_stime),
      voluntarySwitches: Int64(usage.ru_nvcsw), involuntarySwitches: Int64(usage.ru_nivcsw),
      peakResidentBytes: Int64(usage.ru_maxrss) * 1024,  // the kernel reports it in KiB
      residentBytes: residentBytesNow(), allocatedBytes: allocatorStatistic("stats.allocated"),
      jemallocResidentBytes: allocatorStatistic("stats.resident"),
      jemallocActiveBytes: allocatorStatistic("stats.active"))
  }

  /// User and system time together, in nanoseconds.
  public var cpuNanoseconds: Int64 { userCPUNanoseconds + systemCPUNanoseconds }
}

/// What a thread asks of the allocator, by the allocator's own account: to show that something asks for nothing.
public enum ThreadAllocations {
  /// Where the allocator keeps the count, as it is looked up by name.
  private static let place: (Int, Int)? = {
    var place = (0, 0)
    var length = 2
    let found = withUnsafeMutablePointer(to: &place) { pair in
      pair.withMemoryRebound(to: Int.self, capacity: 2) { mallctlnametomib("thread.allocated", $0, &length) }
    }
    return found == 0 && length == 2 ? place : nil
  }()

  /// Bytes that the calling thread has asked for since it began, those that it has given back included; 0 where the allocator does
  /// not count them. Asks for none itself after the first call, and costs some hundred nanoseconds.
  public static func bytes() -> UInt64 {
    guard var place else { return 0 }
    var value: UInt64 = 0
    var size = MemoryLayout<UInt64>.size
    let found = withUnsafeMutablePointer(to: &place) { pair in
      pair.withMemoryRebound(to: Int.self, capacity: 2) { mallctlbymib($0, 2, &value, &size, nil, 0) }
    }
    return found == 0 ? value : 0
  }
}

private func nanoseconds(_ time: timeval) -> Int64 {
  Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1000
}

/// The second field of `/proc/self/statm`, which counts pages.
private func residentBytesNow() -> Int64 {
  guard let text = readTextFile("/proc/self/statm") else { return 0 }
  let fields = text.split(separator: " ")
  guard fields.count > 1, let pages = Int64(fields[1]) else { return 0 }
  return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
}

private func refreshAllocatorStatistics() {
  var epoch: UInt64 = 1
  _ = mallctl("epoch", nil, nil, &epoch, MemoryLayout<UInt64>.size)
}

private func allocatorStatistic(_ name: String) -> Int64 {
  var value = 0
  var size = MemoryLayout<Int>.size
  guard mallctl(name, &value, &size, nil, 0) == 0, size == MemoryLayout<Int>.size else { return 0 }
  return Int64(value)
}

/// The start of a file as text, or nil when it cannot be read. For the small files of `/proc`, whose size is not
/// known before they are read.
func readTextFile(_ path: String, limit: Int = 16_384) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: limit)
  var length = 0
  while length < limit {
    let count = bytes.withUnsafeMutableBytes { buffer in
      read(descriptor, buffer.baseAddress.map { $0 + length }, limit - length)
    }
    if count < 0 && errno == EINTR { continue }
    if count < 0 { return nil }
    if count == 0 { break }
    length += count
  }
  return String(decoding: bytes[..<length], as: UTF8.self)
}
