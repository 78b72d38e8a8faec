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

  @Test(arguments: ["1.96", "0", "10"]) func topConforms(z: String) { expectConformance(conformance(TopRanker.self, [("z", z)])) }

  @Test(arguments: ["10", "0.01", "1000000"]) func bayesianConforms(weight: String) {
    expectConformance(conformance(BayesianRanker.self, [("weight", weight)]))
  }

  @Test(arguments: [[], [("halfLife", "0.01"), ("stranger", "0"), ("replies", "0")], [("halfLife", "100000"), ("stranger", "1000")]])
  func affinityConforms(options: [(String, String)]) { expectConformance(conformance(AffinityRanker.self, options)) }

  @Test(arguments: [[], [("halfLife", "0.01"), ("match", "0")], [("match", "1000"), ("other", "1000")]])
  func interestConforms(options: [(String, String)]) { expectConformance(conformance(InterestRanker.self, options)) }

  @Test(arguments: ["", "-1000", "0", "1000"]) func engagementConforms(weights: String) {
    let all = weights.isEmpty ? [] : EngagementRanker.descriptor.options.map { ($0.name, weights) }
    expectConformance(conformance(EngagementRanker.self, all))
  }

  @Test(arguments: ["hot", "chronological", "top", "bayesian", "affinity", "interest", "engagement", "random"])
  func diversifiedConforms(base: String) { expectConformance(conformance(DiversifiedRanker.self, [("base", base)])) }

  @Test(arguments: [("0", "1", "1"), ("1", "0", "128"), ("0.3", "0.5", "20")]) func diversifiedConforms(lambda: String, author: String, shortlist: String) {
    expectConformance(conformance(DiversifiedRanker.self, [("lambda", lambda), ("author", author), ("shortlist", shortlist)]))
  }

  @Test func oracleConforms() { expectConformance(conformance(OracleRanker.self)) }

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
    Specimen(ranker: UndeclaredTiesRanker.self, checks: ["declared-needs"], isAll: true),
    Specimen(ranker: RepeatsRowRanker.self, checks: ["arranged-rows"], isAll: true),
    Specimen(ranker: ArrangesByPlaceRanker.self, checks: ["arranged-purely"], isAll: true),
  ]

  @Test(arguments: specimens) func brokenRankersAreCaught(specimen: Specimen) {
    let failures = Set(conformance(specimen.ranker).failures.map(\.name))
    #expect(specimen.checks.isSubset(of: failures), "\(specimen.ranker): \(failures)")
    if specimen.isAll { #expect(failures == specimen.checks) }
  }

  /// What a user may type, and what it is told: the ranker, the option, the value and what would be right.
  @Test(arguments: [
    ("top?z=11", "ranker 'top': option 'z' is '11'; it must be a number from 0 to 10"),
    ("top?z=nan", "ranker 'top': option 'z' is 'nan'; it must be a number from 0 to 10"),
    ("bayesian?weight=0", "ranker 'bayesian': option 'weight' is '0'; it must be a number from 0.01 to 1000000"),
    ("bayesian?mean=six", "ranker 'bayesian': option 'mean' is 'six'; it must be a number from 1 to 5"),
    ("affinity?halflife=3", "ranker 'affinity' has no option 'halflife'; it takes halfLife, replies, stranger"),
    ("interest?halfLife=0", "ranker 'interest': option 'halfLife' is '0'; it must be a number from 0.01 to 100000"),
    ("engagement?tie=1&tie=2", "ranker 'engagement': option 'tie' is given twice; keep one"),
    ("oracle?x=1", "ranker 'oracle' has no option 'x'; it takes none"),
    ("diversified?lambda=2", "ranker 'diversified': option 'lambda' is '2'; it must be a number from 0 to 1"),
    ("diversified?shortlist=129", "ranker 'diversified': option 'shortlist' is '129'; it must be a whole number from 1 to 128"),
    (
      "diversified?base=oracle",
      "ranker 'diversified': option 'base' is 'oracle'; it must be one of hot, chronological, top, bayesian, affinity, interest, engagement, random"
    ),
    ("diversified?base.z=1", "ranker 'diversified', base 'hot' has no option 'z'; it takes gravity"),
    ("diversified?base.*=1", "ranker 'diversified', base 'hot' has no option '*'; it takes gravity"),
    ("diversified?base.=1", "ranker 'diversified', base 'hot' has no option ''; it takes gravity"),
    ("diversified?base=top&base.z=-1", "ranker 'diversified', base 'top': option 'z' is '-1'; it must be a number from 0 to 10"),
    ("diversified?base=random&base.z=1", "ranker 'diversified', base 'random' has no option 'z'; it takes none"),
    ("diversified?gravity=2", "ranker 'diversified' has no option 'gravity'; it takes author, base, base.*, lambda, shortlist"),
    ("diversifed", "unknown ranker 'diversifed'; did you mean 'diversified'? known: top, bayesian, affinity, interest, engagement, oracle, diversified (see 'jamboree rankers')"),
  ]) func wrongOptionsAreNamed(given: String, message: String) {
    var registry = RankerRegistry()
    registry.register(TopRanker.self)
    registry.register(BayesianRanker.self)
    registry.register(AffinityRanker.self)
    registry.register(InterestRanker.self)
    registry.register(EngagementRanker.self)
    registry.register(OracleRanker.self)
    registry.register(DiversifiedRanker.self)
    #expect { try registry.make(PlugInReference(given)) } throws: { error in
      #expect("\(error)" == message)
      return (error as? PlugInError)?.kind == .usage
    }
  }

  /// What a result store keeps is what the user could have given.
  @Test func optionsInForceMakeTheSameRanker() throws {
    var registry = RankerRegistry()
    registry.register(DiversifiedRanker.self)
    let first = try registry.make(PlugInReference("diversified?base=interest&base.match=7&lambda=0.25")).options.inForce
    #expect(first.map { "\($0.name)=\($0.value)" }
      == ["base=interest", "base.match=7", "base.other=1", "base.halfLife=24", "lambda=0.25", "author=0.5", "shortlist=60"])
    let text = "diversified?" + first.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    #expect(try registry.make(PlugInReference(text)).options.inForce.map(\.value) == first.map(\.value))
  }

  @Test func everyCheckHasASpecimen() {
    #expect(Self.specimens.reduce(into: Set()) { $0.formUnion($1.checks) } == Set(RankerConformance.checkNames))
  }
}
