import JamboreeKit
import JamboreeRankers
import JamboreeTesting
import Testing

@Suite struct RankerTests {
  private func conformance<Ranker: FeedRanker>(_ type: Ranker.Type, _ options: [(String, String)] = []) -> ConformanceReport
  {
    RankerConformance {
      try type.init(
        options: OptionValues(
          owner: type.descriptor.id, given: options.map { (name: $0.0, value: $0.1) }, descriptors: type.descriptor.options))
    }.run()
  }

  @Test func chronologicalConforms() { expectConformance(conformance(ChronologicalRanker.self)) }

  @Test func randomConforms() { expectConformance(conformance(RandomRanker.self)) }

  /// 1.5 has a path of its own; 0 and 10 are the ends.
  @Test(arguments: ["1.5", "1.8", "0", "10"]) func hotConforms(gravity: String) {
    expectConformance(conformance(HotRanker.self, [("gravity", gravity)]))
  }

  /// The check that each broken ranker fails, and no other but those named.
  @Test func brokenRankersAreCaught() {
    func failures<Ranker: FeedRanker>(_ type: Ranker.Type) -> Set<String> { Set(conformance(type).failures.map(\.name)) }
    #expect(failures(ReadsClockRanker.self).contains("same-scores"))
    #expect(failures(OrderDependentRanker.self) == ["permutation"])
    #expect(failures(NotANumberRanker.self) == ["numbers", "extreme-values"])
    #expect(failures(ForgetsTailRanker.self).contains("candidate-counts"))
    #expect(failures(UndeclaredInterestsRanker.self) == ["declared-needs"])
  }
}
