import JamboreeKit

/// What a server has used from the beginning of a load's measured part to its end. A figure that is not known is nil.
public struct ServerCost: Sendable {
  /// Processor time of all its processes, in nanoseconds.
  public let cpuNanoseconds: Int64?
  /// Memory at the end, in bytes.
  public let residentBytes: Int64?
  public let memoryMeasure: ServerUsage.MemoryMeasure
  public let diskReadBytes: Int64?
  public let diskWrittenBytes: Int64?
  /// Of its log.
  public let logBytes: Int64?
  /// What the run's data take at the end, in bytes.
  public let dataBytes: Int64?

  /// - Parameters: readings at the beginning and at the end; nil where there was none.
  init?(_ before: ServerUsage?, _ after: ServerUsage?) {
    guard let before, let after else { return nil }
    // A server that was started anew counts from 0 again.
    func grown(_ figure: (ServerUsage) -> Int64?) -> Int64? {
      guard let first = figure(before), let last = figure(after), last >= first else { return nil }
      return last - first
    }
    cpuNanoseconds = grown(\.cpuNanoseconds)
    residentBytes = after.residentBytes
    memoryMeasure = after.memoryMeasure
    diskReadBytes = grown(\.diskReadBytes)
    diskWrittenBytes = grown(\.diskWrittenBytes)
    logBytes = grown(\.logBytes)
    dataBytes = after.dataBytes
  }

  var metrics: [Metric] {
    var metrics: [Metric] = []
    func add(_ name: String, _ value: Int64?, per unit: Double = 1, _ unitName: String = "B") {
      guard let value else { return }
      metrics.append(Metric(name: "server.\(name)", value: Double(value) / unit, unit: unitName, polarity: .lowerIsBetter))
    }
    add("cpuSeconds", cpuNanoseconds, per: 1e9, "s")
    add("residentBytes", residentBytes)
    add("diskReadBytes", diskReadBytes)
    add("diskWrittenBytes", diskWrittenBytes)
    add("logBytes", logBytes)
    add("dataBytes", dataBytes)
    return metrics
  }
}
