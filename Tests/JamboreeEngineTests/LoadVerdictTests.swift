import JamboreeKit
import JamboreeMetrics
import Testing

@testable import JamboreeEngine

@Suite struct LoadVerdictTests {
  /// Ten seconds at a hundred starts a second.
  private func report(intendedRate: Double? = 100, _ change: (inout LoadReport) -> Void) -> LoadReport {
    var report = LoadReport(
      pace: "100/s", connections: 2, inFlight: 32, warmUpNanoseconds: 0, measureNanoseconds: 10_000_000_000, drainNanoseconds: 0,
      virtualNanoseconds: 0, starts: 1_000, startsInTime: 1_000, lateStarts: 0, latenessLimitNanoseconds: 1_000_000,
      latenessShare: 0.01, intendedRate: intendedRate, peakInFlight: 4, unanswered: 0, unstarted: 0, ranOut: false, outages: [])
    change(&report)
    return report
  }

  @Test func aRateThatIsHeldPasses() {
    let held = report { $0.startsInTime = 990 }
    #expect(held.failedReason == nil && held.invalidReason == nil)
    #expect(held.achievedRate == 99)
  }

  /// What started after the measured part is over was not done at the rate that was asked for, even if all of it was done.
  @Test func aRateThatIsNotHeldFails() {
    #expect(report { $0.startsInTime = 885 }.failedReason?.contains("115 of 1000 actions that were due (11.5%) started only after") == true)
    #expect(report { $0.starts = 900; $0.startsInTime = 900; $0.unstarted = 100 }.failedReason?.contains("100 of 1000 actions") == true)
    // Members who go by their own time act later when they wait longer; there is no rate to be held.
    #expect(report(intendedRate: nil) { $0.startsInTime = 885 }.failedReason == nil)
  }

  @Test func aGeneratorThatIsLateSaysWhetherTheBackendWasToo() {
    let late = report { $0.lateStarts = 500 }
    #expect(late.invalidReason?.contains("500 of 1000 starts (50.0%)") == true)
    #expect(late.invalidReason?.contains("backend") == false)
    #expect(report { $0.lateStarts = 500; $0.peakInFlight = 32 }.invalidReason?.contains("The backend was behind as well: all 32 places") == true)
  }

  /// A soak is there to show what wears out: its first and its last tenth are compared, each bucket of the measured part alone.
  @Test func aSoakTellsItsWear() throws {
    let second = 1_000_000_000 as Int64
    let timeline = MetricTimeline(bucketNanoseconds: second, descriptors: [])
    // A response of as many microseconds as seconds have passed.
    let buckets = (0..<50).map { number in
      var latency = LatencyHistogram.latencies(digits: .two)
      latency.record(UInt64(number + 1) * 1_000)
      return TimelineBucket(
        start: SimTime(nanoseconds: Int64(number) * second), wallNanoseconds: second, operations: 1, errors: 0, latency: latency, values: [])
    }
    var settings = LoadSettings()
    settings.warmUpNanoseconds = 5 * second
    func stages(_ shapes: (LoadSettings.Stage.Shape, seconds: Int64)..., until end: Int64 = 50) -> [StageReport] {
      settings.stages = shapes.map { LoadSettings.Stage(shape: $0.0, ratePerSecond: 10, durationNanoseconds: $0.seconds * second) }
      return StageReport.make(settings, timeline, buckets, until: end * second)
    }
    let reports = stages((.step, 10), (.soak, 40))
    #expect(reports.map(\.buckets) == [5, 40] && reports[0].wear == nil)
    let wear = try #require(reports[1].wear)
    #expect(wear.first.count == 4 && wear.last.count == 4)
    #expect((14_000...14_200).contains(wear.first.maxNanoseconds) && (50_000...50_500).contains(wear.last.maxNanoseconds), "\(wear)")
    // Nine seconds have no tenth.
    #expect(stages((.soak, 50), until: 14)[0].wear == nil)
    #expect(stages((.soak, 50), until: 15)[0].wear != nil)
  }
}
