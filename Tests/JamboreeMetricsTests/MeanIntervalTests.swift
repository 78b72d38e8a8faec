import JamboreeMetrics
import Testing

@Suite struct MeanIntervalTests {
  /// As in printed tables: 12.706 for one degree of freedom.
  @Test func anIntervalEndsWhereValuesDo() throws {
    let free = try #require(MeanInterval([0.9, 1]))
    #expect(abs((free.halfWidth ?? 0) - 12.7062047 * 0.05) < 1e-6)
    #expect((free.low ?? 0) < 0.32 && (free.high ?? 0) > 1.58)
    let share = try #require(MeanInterval([0.9, 1], within: 0...1))
    #expect(share.low == free.low && share.high == 1 && share.halfWidth == free.halfWidth)
    #expect(try #require(MeanInterval([0, 0.1], within: 0...1)).low == 0)
    let single = try #require(MeanInterval([0.5], within: 0...1))
    #expect(single.mean == 0.5 && single.low == nil)
    #expect(MeanInterval([], within: 0...1) == nil)
  }
}
