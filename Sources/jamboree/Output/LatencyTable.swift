import JamboreeKit
import JamboreeMetrics

/// Latencies as a table: one row a histogram.
struct LatencyTable {
  private var table: TextTable
  private let hasFloor: Bool

  init(_ title: String, hasFloor: Bool = false) {
    self.hasFloor = hasFloor
    table = TextTable([title, "count", "mean", "p50", "p90", "p99", "p99.9", "max"] + (hasFloor ? ["harness floor"] : []))
  }

  /// - Parameter floorNanoseconds: mean on the null backend.
  mutating func add(_ name: String, _ histogram: LatencyHistogram, floorNanoseconds: Double? = nil) {
    let summary = LatencySummary(histogram)
    func time(_ value: UInt64) -> String { Text.duration(nanoseconds: Double(value)) }
    var row = [
      name, Text.grouped(Int64(clamping: summary.count)), Text.duration(nanoseconds: summary.meanNanoseconds),
      time(summary.p50Nanoseconds), time(summary.p90Nanoseconds), time(summary.p99Nanoseconds), time(summary.p999Nanoseconds),
      time(summary.maxNanoseconds),
    ]
    if hasFloor { row.append(floorNanoseconds.map { Text.duration(nanoseconds: $0) } ?? "-") }
    table.add(row)
  }

  func text() -> String { table.text() }
}
