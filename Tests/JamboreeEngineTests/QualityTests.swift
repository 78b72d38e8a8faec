import JamboreeKit
import JamboreeRankers
import Testing

@testable import JamboreeEngine

@Suite struct PageJudgementTests {
  private func judge(_ grades: [UInt8], _ page: [UInt16]) -> PageJudgement {
    var given = Buffer<UInt8>()
    var shown = Buffer<UInt16>()
    for grade in grades { given.append(grade) }
    for row in page { shown.append(row) }
    return PageJudgement(grades: given, page: shown)
  }

  private func permutations(_ items: [UInt16]) -> [[UInt16]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index in
      var rest = items
      let first = rest.remove(at: index)
      return permutations(rest).map { [first] + $0 }
    }
  }

  @Test func gainIsAsWorkedOutByHand() {
    // Gains 2^g - 1: 7, 0, 3; discounts 1, 1/log2 3, 1/2. Shown 0, 3, 7 of an ideal 7, 3, 0.
    let page = judge([3, 0, 2], [1, 2, 0])
    let third = 1 / 1.584962500721156
    #expect(abs(page.ndcg - (3 * third + 7 * 0.5) / (7 + 3 * third)) < 1e-12)
    #expect(page.recall == 1)
    #expect(page.reciprocalRank == 1.0 / 3)
  }

  @Test func theBestOrderIsWorthOne() {
    let page = judge([0, 4, 1, 3, 2], [1, 3, 4])
    #expect(abs(page.ndcg - 1) < 1e-12)
    #expect(page.recall == 1)
    #expect(page.reciprocalRank == 1)
    let worst = judge([0, 4, 1, 3, 2], [0, 2])
    #expect(worst.ndcg < 0.1)
    #expect(worst.recall == 0)
    #expect(worst.reciprocalRank == 0)
  }

  /// What is said to be chance is the mean over every order that there is.
  @Test(arguments: [2, 4, 6]) func chanceIsTheMeanOverAllOrders(_ shown: Int) {
    let grades: [UInt8] = [0, 4, 1, 3, 1, 0]
    let all = permutations(Array(0..<6)).map { judge(grades, Array($0.prefix(shown))) }
    func mean(_ value: (PageJudgement) -> Double) -> Double { all.reduce(0) { $0 + value($1) } / Double(all.count) }
    let one = all[0]
    #expect(abs(mean { $0.ndcg } - one.ndcgByChance) < 1e-9)
    #expect(abs(mean { $0.recall ?? 0 } - one.recallByChance) < 1e-9)
    #expect(abs(mean { $0.reciprocalRank ?? 0 } - one.reciprocalRankByChance) < 1e-9)
  }

  @Test func whereNothingIsRelevantNothingIsFound() {
    let page = judge([0, 1, 2], [2, 1])
    #expect(page.recall == nil)
    #expect(page.reciprocalRank == nil)
    let equal = judge([0, 0, 0], [2, 1])
    #expect(equal.ndcg == 1)
    #expect(equal.ndcgByChance == 1)
  }

  /// Places beyond the twentieth do not count.
  @Test func onlyTwentyPlacesCount() {
    let grades = [UInt8](repeating: 0, count: 29) + [4]
    let page = judge(grades, Array(0..<30))
    #expect(page.ndcg == 0)
    #expect(page.recall == 0)
  }
}

@Suite struct CrowdJudgementTests {
  private func tau(byPairs pairs: [(Double, Double)]) -> Double? {
    var (agreement, first, second, all) = (0.0, 0.0, 0.0, 0.0)
    for i in pairs.indices {
      for j in pairs.indices where j > i {
        let x = (pairs[i].0 - pairs[j].0), y = (pairs[i].1 - pairs[j].1)
        all += 1
        if x == 0 { first += 1 }
        if y == 0 { second += 1 }
        if x * y != 0 { agreement += x * y > 0 ? 1 : -1 }
      }
    }
    guard all > first, all > second else { return nil }
    return agreement / ((all - first) * (all - second)).squareRoot()
  }

  @Test func tauIsWhatCountingPairsGives() throws {
    var stream = RandomStream(seed: Seed(3), domain: RandomDomain("test.tau"), entity: 1)
    for count in [2, 3, 10, 97, 130] {
      // Few values on either side, so that ties of all kinds come up.
      let pairs = (0..<count).map { _ in (Double(stream.next(below: 20)), Double(stream.next(below: 30))) }
      let expected = tau(byPairs: pairs)
      let found = kendallTau(pairs)
      #expect((expected == nil) == (found == nil))
      if let expected, let found { #expect(abs(expected - found) < 1e-12) }
    }
    #expect(kendallTau([(1, 1), (2, 2), (3, 3)]) == 1)
    #expect(kendallTau([(1, 3), (2, 2), (3, 1)]) == -1)
    #expect(kendallTau([(1, 1), (1, 2)]) == nil)
  }

  private func row(_ number: UInt32, sum: Int32, count: Int32) -> ItemRow {
    ItemRow(
      id: ItemID(author: MemberID(number), sequence: 1), created: .zero, lastActive: .zero, ratingSum: sum, ratingCount: count)
  }

  /// Among the chosen alone: whether their order is the true one.
  @Test(arguments: [(true, 1.0), (false, -1.0)]) func tauOfTheChosen(_ agrees: Bool, _ expected: Double) {
    var judgement = CrowdJudgement()
    // Ten above 3 on the mean, in order, and ten below.
    for number in 1...10 as ClosedRange<UInt32> {
      judgement.add(row(number, sum: 30 + Int32(number), count: 10), quality: Int64(agrees ? number : 100 - number))
      judgement.add(row(100 + number, sum: 10, count: 10), quality: 0)
    }
    let figures = Dictionary(uniqueKeysWithValues: judgement.figures().map { ($0.name, $0.value) })
    #expect(figures["kendallTau"] == expected && figures["precisionAt10"] == 1)
  }

  /// One 5 does not stand above many 4s; of thirty ideas the ten best are chosen.
  @Test func theChosenAreThoseWithTheBestShrunkMean() {
    var judgement = CrowdJudgement()
    for number in 1...20 as ClosedRange<UInt32> { judgement.add(row(number, sum: 5, count: 1), quality: Int64(number)) }
    for number in 21...30 as ClosedRange<UInt32> { judgement.add(row(number, sum: 400, count: 100), quality: Int64(number)) }
    let figures = Dictionary(uniqueKeysWithValues: judgement.figures().map { ($0.name, $0.value) })
    #expect(figures["precisionAt10"] == 1)
    #expect(figures["kendallTauAllIdeas"].map { $0 > 0.5 } == true)
    // One without a mark is a 3: above those with a bad one, and of no weight in the crowd's order of those with one.
    var unmarked = CrowdJudgement()
    for number in 1...10 as ClosedRange<UInt32> { unmarked.add(row(number, sum: 1, count: 1), quality: 1) }
    for number in 11...20 as ClosedRange<UInt32> { unmarked.add(row(number, sum: 0, count: 0), quality: 2) }
    #expect(unmarked.figures().map(\.name) == ["precisionAt10"] && unmarked.figures().first?.value == 1)
    var few = CrowdJudgement()
    for number in 1...10 as ClosedRange<UInt32> { few.add(row(number, sum: 5, count: 1), quality: 1) }
    #expect(few.figures().isEmpty)
  }
}

@Suite struct ExposureTests {
  @Test func giniIsTheKnownOne() {
    #expect(QualityReport.gini([5, 5, 5, 5]) == 0)
    #expect(abs(QualityReport.gini([0, 0, 0, 8]) - 0.75) < 1e-12)
    #expect(abs(QualityReport.gini([1, 2, 3]) - 2.0 / 9) < 1e-12)
    #expect(QualityReport.gini([]) == 0)
  }

  /// However items are spread over tables and in whatever order they come, the same ones are kept, with the same counts.
  @Test func tablesAreBoundedAndAddUpTheSame() {
    let items = (1...(12 * ExposureTable.capacity)).map { ItemID(author: MemberID(UInt32($0)), sequence: 1) }
    func fill(_ items: some Sequence<ItemID>) -> ExposureTable {
      var table = ExposureTable()
      for item in items {
        table.note(item, created: .zero) { _ in true }
        table.show(item, at: SimTime(nanoseconds: Int64(item.author.rawValue)))
      }
      return table
    }
    let one = fill(items)
    #expect(one.exposures.count <= ExposureTable.capacity)
    #expect(one.mask != 0)
    let backwards = ExposureTable.merged([fill(items.reversed())])
    let apart = ExposureTable.merged([fill(items), fill(items.prefix(100))])
    let all = ExposureTable.merged([one])
    #expect(all.map(\.item) == backwards.map(\.item))
    #expect(all.map(\.firstShown) == backwards.map(\.firstShown))
    #expect(all.map(\.item) == apart.map(\.item))
    #expect(apart.reduce(0) { $0 + Int($1.shown) } == all.count + items.prefix(100).count { ExposureTable.isTaken($0, mask: one.mask) })
  }
}

@Suite struct GroundTruthTests {
  private func truth(_ settings: TruthSettings) -> GroundTruth {
    GroundTruth(settings, qualities: [LatentQuality(seed: Seed(5), domain: RandomDomain("test"), truth: settings)])
  }

  private func relevances(_ settings: TruthSettings, interests: UInt64) -> [Float] {
    let truth = truth(settings)
    return (0..<64_000).map { number in
      truth.relevance(of: ItemID(author: MemberID(UInt32(number)), sequence: 1), topic: UInt16(number % 64), interests: interests)
    }
  }

  @Test(arguments: [TruthSettings(), TruthSettings(qualitySpread: 3, interestWeight: 0.2), TruthSettings(qualitySpread: 0, interestWeight: 1)])
  func relevanceHasMeanZeroAndVarianceOne(_ settings: TruthSettings) {
    let values = relevances(settings, interests: 0xFF).map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect(abs(mean) < 0.02)
    #expect(abs(variance - 1) < 0.02)
  }

  /// By quality alone the grades are the shares that they are named after.
  @Test func gradesAreQuantiles() {
    let grades = relevances(TruthSettings(interestWeight: 0), interests: 0xFF).map(GroundTruth.grade)
    func share(from grade: Int) -> Double { Double(grades.count { $0 >= grade }) / Double(grades.count) }
    for (grade, expected) in [(1, 0.5), (2, 0.2), (3, 0.05), (4, 0.01)] {
      let error = (expected * (1 - expected) / Double(grades.count)).squareRoot()
      #expect(abs(share(from: grade) - expected) < 4 * error, "grade \(grade)")
    }
  }

  @Test func whatMattersIsWhatTheSettingsSay() {
    #expect(Set(relevances(TruthSettings(qualitySpread: 0, interestWeight: 0), interests: 0xFF)) == [0])
    #expect(Set(relevances(TruthSettings(qualitySpread: 0), interests: 0xFF)).count == 2)
    // Who cares about everything tells nothing apart.
    #expect(Set(relevances(TruthSettings(qualitySpread: 0), interests: .max)) == [0])
  }
}
