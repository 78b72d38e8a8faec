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

  /// A broken ranker, the checks that must catch it, and whether no other may.
  struct Specimen: Sendable {
    let ranker: any FeedRanker.Type
    let checks: Set<String>
    var isAll = false
  }

  static let specimens = [
    Specimen(ranker: ReadsClockRanker.self, checks: ["same-scores"]),
    Specimen(ranker: RemembersRanker.self, checks: ["no-memory"]),
    Specimen(ranker: OrderDependentRanker.self, checks: ["permutation"], isAll: true),
    Specimen(ranker: NotANumberRanker.self, checks: ["numbers", "extreme-values"], isAll: true),
    Specimen(ranker: ForgetsTailRanker.self, checks: ["candidate-counts"]),
    Specimen(ranker: UndeclaredInterestsRanker.self, checks: ["declared-needs"], isAll: true),
  ]

  @Test(arguments: specimens) func brokenRankersAreCaught(specimen: Specimen) {
    let failures = Set(conformance(specimen.ranker).failures.map(\.name))
    #expect(specimen.checks.isSubset(of: failures), "\(specimen.ranker): \(failures)")
    if specimen.isAll { #expect(failures == specimen.checks) }
  }

  @Test func everyCheckHasASpecimen() {
    #expect(Self.specimens.reduce(into: Set()) { $0.formUnion($1.checks) } == Set(RankerConformance.checkNames))
  }
}
