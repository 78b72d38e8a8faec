import Foundation
import JamboreeKit
import JamboreeRankers
import Testing

/// What a ranker may look at of one candidate, as a plain formula sees it.
struct Candidate {
  var row: ItemRow
  var tie: Float = 0
  var relevance: Float = 0
}

/// A ranker by its type, with options as a user gives them.
func makeRanker<Ranker: FeedRanker>(_ type: Ranker.Type, _ options: [(String, String)] = []) throws(PlugInError) -> Ranker {
  try type.init(
    options: OptionValues(
      owner: "ranker '\(type.descriptor.id)'", given: options.map { (name: $0.0, value: $0.1) }, descriptors: type.descriptor.options))
}

func scores(
  _ candidates: [Candidate], by ranker: any FeedRanker, for viewer: ViewerContext, ties: Bool = true, relevances: Bool = true
) -> [Float] {
  var columns = ItemColumns(capacity: candidates.count)
  for candidate in candidates { columns.append(candidate.row) }
  let tieColumn = ties ? candidates.map(\.tie) : []
  let relevanceColumn = relevances ? candidates.map(\.relevance) : []
  var result = [Float](repeating: .nan, count: candidates.count)
  var span = result.mutableSpan
  ranker.score(FeedCandidates(columns, ties: tieColumn.span, relevances: relevanceColumn.span), for: viewer, into: &span)
  return result
}

/// Each ranker against its formula as one would write it down, candidate by candidate and in double precision.
@Suite struct RankerFormulaTests {
  static let now = SimTime(nanoseconds: 90 * 3_600_000_000_000)
  static let viewer = ViewerContext(member: MemberID(3), now: now, interests: 0x8421_0F00_00F0_1248, salt: 5)

  /// Values as they occur and those at the ends, in every combination that chance brings; any number of candidates.
  static func candidates(_ count: Int, seed: UInt64) -> [Candidate] {
    var random = RandomStream(key: mix64(seed))
    func number(_ usual: Int) -> Int32 {
      let ends: [Int32] = [0, 0, 1, -1, .max, .min, 5]
      return random.chance(0.25) ? ends[random.next(below: ends.count)] : Int32(random.next(below: usual))
    }
    func time() -> SimTime {
      let year: Int64 = 365 * 86_400_000_000_000
      let ends = [now.nanoseconds, now.nanoseconds + 1, now.nanoseconds + year, 0, -60 * year]
      if random.chance(0.2) { return SimTime(nanoseconds: ends[random.next(below: ends.count)]) }
      return SimTime(nanoseconds: now.nanoseconds - Int64(random.nextUnit() * random.nextUnit() * 3e14))
    }
    return (0..<count).map { index in
      let id = ItemID(author: MemberID(UInt32(random.next(below: 40))), service: 2, sequence: UInt32(index + 1))
      let row = ItemRow(
        id: id, created: time(), lastActive: time(), ratingSum: number(2000), ratingCount: number(400), replyCount: number(60),
        parent: random.chance(0.3) ? ItemID(rawValue: [1, 1 << 32, .max][random.next(below: 3)]) : .none, voteSum: number(40) &- 20,
        flagCount: number(3), downloadCount: number(1000), topic: UInt16(random.next(below: 64)))
      return Candidate(
        row: row, tie: random.chance(0.6) ? 0 : Float(random.nextUnit() * 50), relevance: Float(random.nextUnit() * 2 - 1))
    }
  }

  /// - Parameter formula: the score and by how much it may be missed.
  private func check(
    _ ranker: any FeedRanker, ties: Bool = true, relevances: Bool = true, _ formula: (Candidate) -> (score: Double, error: Double),
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (seed, count) in [0, 1, 2, 3, 4, 5, 7, 8, 13, 500, 2000].enumerated() {
      let candidates = Self.candidates(count, seed: UInt64(seed))
      let found = scores(candidates, by: ranker, for: Self.viewer, ties: ties, relevances: relevances)
      for (candidate, score) in zip(candidates, found) {
        let (expected, error) = formula(candidate)
        // Written so that NaN fails.
        guard abs(Double(score) - expected) <= error else {
          Issue.record("\(candidate): expected \(expected), got \(score)", sourceLocation: sourceLocation)
          return
        }
      }
    }
  }

  /// In whole units of 2^30 ns, as documented.
  private func hours(_ row: ItemRow) -> Double {
    Double(max(Self.now.nanoseconds - row.created.nanoseconds, 0) >> 30) * 0x1p30 / 3.6e12
  }

  private func isInteresting(_ row: ItemRow) -> Bool { Self.viewer.interests >> UInt64(row.topic) & 1 == 1 }

  @Test(arguments: [1.5, 0, 0.7, 10]) func hot(gravity: Double) throws {
    check(try makeRanker(HotRanker.self, [("gravity", "\(gravity)")])) { candidate in
      let points = Double(candidate.row.ratingSum &+ candidate.row.replyCount)
      let score = points * pow(hours(candidate.row) + 2, -gravity)
      // Of items of sixty years ago nothing is left that a float could hold.
      return (score, abs(score) * 1e-5 + 1e-35)
    }
  }

  @Test(arguments: [1.96, 0, 1, 10]) func top(z: Double) throws {
    check(try makeRanker(TopRanker.self, [("z", "\(z)")])) { candidate in
      let row = candidate.row
      let n = Double(max(row.ratingCount, 0)) + abs(Double(row.voteSum))
      let positive = max((Double(row.ratingSum) - Double(max(row.ratingCount, 0))) / 4 + max(Double(row.voteSum), 0), 0)
      guard n > 0, positive > 0 else { return (0, 0) }
      let share = min(positive, n) / n
      // As it is written in the books.
      let centre = share + z * z / (2 * n)
      let width = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
      return (max((centre - width) / (1 + z * z / n), 0), 1e-5)
    }
  }

  /// The figures of E. Miller's example: 600 of 1000 beat 5500 of 10000, and one of one beats nothing.
  @Test func topPrefersWhatIsCertain() throws {
    func item(positive: Int32, of count: Int32) -> Candidate {
      Candidate(
        row: ItemRow(id: ItemID(rawValue: 1), created: .zero, lastActive: .zero, ratingSum: 5 * positive + count - positive, ratingCount: count))
    }
    let items = [item(positive: 600, of: 1000), item(positive: 5500, of: 10_000), item(positive: 1, of: 1), item(positive: 0, of: 50)]
    let found = scores(items, by: try makeRanker(TopRanker.self), for: Self.viewer)
    #expect(abs(found[0] - 0.5693) < 1e-4 && abs(found[1] - 0.5402) < 1e-4 && abs(found[2] - 0.2065) < 1e-4 && found[3] == 0)
  }

  @Test(arguments: [(3, 10), (1, 0.01), (5, 1_000_000), (2.5, 7)]) func bayesian(mean: Double, weight: Double) throws {
    check(try makeRanker(BayesianRanker.self, [("mean", "\(mean)"), ("weight", "\(weight)")])) { candidate in
      let score = (Double(candidate.row.ratingSum) + mean * weight) / (Double(max(candidate.row.ratingCount, 0)) + weight)
      return (score, 2e-6 * (abs(Double(candidate.row.ratingSum)) / weight + mean + abs(score)))
    }
  }

  @Test(arguments: [true, false]) func affinity(hasTies: Bool) throws {
    let ranker = try makeRanker(AffinityRanker.self, [("stranger", "0.3"), ("replies", "0.75"), ("halfLife", "18")])
    check(ranker, ties: hasTies) { candidate in
      let tie = hasTies ? Double(candidate.tie) : 0
      let score = (tie + 0.3) * (candidate.row.parent == .none ? 1 : 0.75) * exp2(max(-hours(candidate.row) / 18, -120))
      return (score, score * 1e-5)
    }
  }

  @Test func interest() throws {
    check(try makeRanker(InterestRanker.self, [("match", "9"), ("other", "2"), ("halfLife", "30")])) { candidate in
      let score = (isInteresting(candidate.row) ? 9 : 2) * exp2(max(-hours(candidate.row) / 30, -120))
      return (score, score * 1e-5)
    }
  }

  @Test(arguments: [true, false]) func engagement(hasTies: Bool) throws {
    let weights = [
      "bias": -2.0, "age": -0.9, "replies": 0.35, "ratings": -0.2, "mark": 0.6, "votes": 0.45, "downloads": 0.15, "flags": -1.5,
      "reply": -0.25, "tie": 1.1, "interest": 1.3,
    ]
    let options = weights.map { ($0.key, "\($0.value)") }
    func weight(_ name: String) -> Double { weights[name] ?? .nan }
    check(try makeRanker(EngagementRanker.self, options), ties: hasTies) { candidate in
      let row = candidate.row
      func logarithm(_ number: Int32) -> Double { log(1 + Double(max(number, 0))) }
      let marks = Double(max(row.ratingCount, 0))
      let votes = log(1 + abs(Double(row.voteSum)))
      let terms = [
        weight("bias"), weight("age") * log(1 + hours(row)), weight("replies") * logarithm(row.replyCount),
        weight("ratings") * logarithm(row.ratingCount), weight("mark") * ((Double(row.ratingSum) + 3) / (marks + 1) - 3),
        weight("votes") * (row.voteSum < 0 ? -votes : votes), weight("downloads") * logarithm(row.downloadCount),
        weight("flags") * logarithm(row.flagCount), row.parent == .none ? 0 : weight("reply"),
        hasTies ? weight("tie") * log(1 + Double(candidate.tie)) : 0, isInteresting(row) ? weight("interest") : 0,
      ]
      return (terms.reduce(0, +), 1.5e-3 + 1e-6 * terms.reduce(0) { $0 + abs($1) })
    }
  }

  /// A model that does not weigh them need not be told, and every weight is in the score.
  @Test func engagementAsksForWhatItWeighs() throws {
    #expect(try makeRanker(EngagementRanker.self).needs == [.interests, .ties])
    #expect(try makeRanker(EngagementRanker.self, [("tie", "0")]).needs == .interests)
    #expect(try makeRanker(EngagementRanker.self, [("tie", "0"), ("interest", "0")]).needs == [])
    let candidates = Self.candidates(400, seed: 77)
    let plain = scores(candidates, by: try makeRanker(EngagementRanker.self), for: Self.viewer)
    for option in EngagementRanker.descriptor.options {
      #expect(scores(candidates, by: try makeRanker(EngagementRanker.self, [(option.name, "0.123")]), for: Self.viewer) != plain, "\(option.name)")
    }
  }

  @Test(arguments: [true, false]) func oracle(knows: Bool) throws {
    check(try makeRanker(OracleRanker.self), relevances: knows) { (knows ? Double($0.relevance) : 0, 0) }
    #expect(try makeRanker(OracleRanker.self).needs == .truth)
  }

  /// Nobody else is told, whatever the options.
  @Test func theTruthIsForTheOracleAlone() throws {
    let others: [any FeedRanker.Type] = [
      HotRanker.self, ChronologicalRanker.self, TopRanker.self, BayesianRanker.self, AffinityRanker.self, InterestRanker.self,
      EngagementRanker.self, DiversifiedRanker.self, RandomRanker.self,
    ]
    for type in others { #expect(!type.descriptor.needs.contains(.truth), "\(type)") }
    #expect(throws: PlugInError.self) { try makeRanker(DiversifiedRanker.self, [("base", "oracle")]) }
  }
}
