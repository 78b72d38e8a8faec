import Histogram
import JamboreeKit
import JamboreeMetrics

/// What came back in one stage of a load, from the buckets of the timeline that lie within it and within the measured part.
public struct StageReport: Sendable {
  public let stage: LoadSettings.Stage
  /// Since the load's start.
  public let startNanoseconds: Int64
  /// Whole buckets; with none, nothing else is known.
  public let buckets: Int
  public let startsPerSecond: Double
  public let errors: Int64
  /// Response times of actions that ended in it; to two digits.
  public let responses: LatencySummary
  /// Of a soak of ten buckets or more: of its first and its last tenth.
  public let wear: (first: LatencySummary, last: LatencySummary)?

  /// The stages of a load, those aside that its measured part has not reached.
  static func make(_ settings: LoadSettings, _ timeline: MetricTimeline, _ buckets: [TimelineBucket], until end: Int64) -> [StageReport] {
    var start: Int64 = 0
    var reports: [StageReport] = []
    for stage in settings.stages {
      let begin = max(start, settings.warmUpNanoseconds)
      let last = min(start + stage.durationNanoseconds, end)
      if begin < last {
        let inside = buckets.filter { $0.start.nanoseconds >= begin && $0.start.nanoseconds + timeline.bucketNanoseconds <= last }
        reports.append(StageReport(stage, start: start, timeline, inside))
      }
      start += stage.durationNanoseconds
    }
    return reports
  }

  private init(_ stage: LoadSettings.Stage, start: Int64, _ timeline: MetricTimeline, _ inside: [TimelineBucket]) {
    self.stage = stage
    startNanoseconds = start
    buckets = inside.count
    let starts = timeline.index(of: "load.allStarts").map { index in inside.reduce(0) { $0 + $1.values[index] } } ?? 0
    startsPerSecond = inside.isEmpty ? 0 : Double(starts) * 1e9 / (Double(timeline.bucketNanoseconds) * Double(inside.count))
    errors = inside.reduce(0) { $0 + $1.errors }
    func summary(_ some: some Sequence<TimelineBucket>) -> LatencySummary {
      LatencySummary(some.reduce(into: LatencyHistogram.latencies(digits: .two)) { $0.add($1.latency) })
    }
    responses = summary(inside)
    let tenth = inside.count / 10
    wear = stage.shape == .soak && tenth > 0 ? (summary(inside.prefix(tenth)), summary(inside.suffix(tenth))) : nil
  }
}
