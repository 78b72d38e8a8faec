import JamboreeKit
import JamboreeScenario
import Testing

@Suite struct PlatformSummaryTests {
  /// Half-hour buckets of two services with their busiest hours apart, and of a third that nobody has come to.
  private static func timeline(bucketMinutes: Int64 = 30) -> MetricTimeline {
    func counter(_ name: String) -> MetricDescriptor { MetricDescriptor(name: name, unit: "count", kind: .counter) }
    var timeline = MetricTimeline(
      bucketNanoseconds: bucketMinutes * 60_000_000_000,
      descriptors: [
        counter("a.participants"), counter("a.pageViews"), counter("b.participants"), counter("b.pageViews"), counter("b.part.participants"),
        counter("c.participants"), counter("c.pageViews"), MetricDescriptor(name: "a.online", unit: "members", kind: .gauge),
      ])
    for (a, b) in [(1_000, 2_000), (2_600, 400), (1_800, 3_000), (1_800, 3_000), (100, 6_000), (100, 0)] as [(Int64, Int64)] {
      timeline.append([10, a, 20, b, 5, 0, 0, 7])
    }
    return timeline
  }

  /// The peak of the sum is not the sum of the peaks.
  @Test func theBusiestHourIsThatOfTheSum() throws {
    let summary = PlatformSummary(Self.timeline(), requestsPerPage: 4)
    #expect(summary.pageViews == 7_400 + 14_400)
    let peak = try #require(summary.peak)
    #expect(peak.hour == 1 && peak.pageViewsPerSecond == 9_600.0 / 3600)
    #expect(summary.lines.map(\.name) == ["a", "b", "b.part"])
    #expect(summary.lines.map(\.participants) == [60, 120, 30])
    #expect(summary.lines.map { $0.peak?.hour } == [0, 1, nil])
    #expect(summary.lines[0].peak?.pageViewsPerSecond == 1 && summary.lines[2].pageViews == 0)
    let values = Dictionary(uniqueKeysWithValues: summary.metrics.map { ($0.name, $0.value) })
    #expect(Set(values.keys) == Set(PlatformSummary.names))
    #expect(values["platform.peakHour"] == 1 && values["platform.pageViews"] == 21_800)
    #expect(values["platform.peakHourPageViewsPerSecond"] == 9_600.0 / 3600 && values["platform.peakRequestsPerSecond"] == 9_600.0 / 900)
  }

  @Test func withoutHoursThereIsNoPeak() {
    #expect(PlatformSummary(Self.timeline(bucketMinutes: 7), requestsPerPage: 4).metrics.map(\.name) == ["platform.pageViews"])
    let empty = PlatformSummary(MetricTimeline(bucketNanoseconds: 60_000_000_000, descriptors: []), requestsPerPage: 4)
    #expect(empty.pageViews == 0 && empty.peak == nil && empty.lines.isEmpty)
  }

  @Test func figuresOfThePlatformMayBeExpected() throws {
    let scenario = try load(tinyScenario, ["expect=[{ metric: platform.peakRequestsPerSecond, min: 0 }]"])
    #expect(scenario.expectations.first?.metric == "platform.peakRequestsPerSecond")
  }
}
