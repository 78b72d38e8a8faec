import Foundation
import JamboreeKit

/// Whether a population fits into this machine, asked before anything is allocated: an allocation that fails half-way
/// cannot be told in a sentence.
enum MemoryEstimate {
  /// - Parameters:
  ///   - members: how many there are to be.
  ///   - meanDegree: how many members each follows.
  ///   - name: the key or flag that says so, for the message.
  ///   - remedy: how to make it smaller.
  /// - Throws: ``Failure`` with 64 when it does not fit into the memory that is available.
  static func check(members: Int, meanDegree: Double, name: String, remedy: String) throws {
    // Columns, engine state and their growth for each member; edges twice while the graph is made. Measured with
    // `bench start` and `bench population`, rounded up.
    let needed = Double(members) * (160 + meanDegree * 12)
    guard let available = availableBytes, needed > available else { return }
    throw Failure(
      code: Failure.usage,
      message: "\(name): \(Text.grouped(Int64(members))) members who follow \(Text.significant(meanDegree)) each need about "
        + "\(Text.bytes(needed)) of memory, and this machine has \(Text.bytes(available)) free; \(remedy)")
  }

  /// What the kernel can give without swapping; nil where it does not say.
  private static var availableBytes: Double? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 1024 }
  }
}
