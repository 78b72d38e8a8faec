import JamboreeKit
import JamboreeRankers
import Testing

@Suite struct DiversifiedTests {
  /// Items by author and topic; the more replies, the better.
  private func items(_ parts: [(author: UInt32, topic: UInt16)]) -> [Candidate] {
    parts.enumerated().map { index, part in
      Candidate(
        row: ItemRow(
          id: ItemID(author: MemberID(part.author), sequence: UInt32(index + 1)), created: .zero, lastActive: .zero,
          replyCount: Int32(1000 - index), topic: part.topic))
    }
  }

  /// The places of a page's items among the given, which are in the order of their scores.
  private func page(_ candidates: [Candidate], _ ranker: any FeedRanker, length: Int, shortlist: Int? = nil) -> [Int] {
    var columns = ItemColumns(capacity: 8)
    for candidate in candidates { columns.append(candidate.row) }
    var rows = candidates.indices.prefix(shortlist ?? max(ranker.shortlist, length)).map { UInt16($0) }
    let found = scores(candidates, by: ranker, for: RankerFormulaTests.viewer)
    var span = rows.mutableSpan
    ranker.arrange(&span, pageLength: length, of: FeedCandidates(columns), scores: found.span, for: RankerFormulaTests.viewer)
    return rows.prefix(length).map { Int($0) }
  }

  /// The formula, word for word.
  private func reference(_ candidates: [Candidate], lambda: Float, author: Float, shortlist: Int, length: Int) -> [Int] {
    var left = Array(candidates.indices.prefix(shortlist))
    let count = Float(left.count)
    var chosen: [Int] = []
    func similarity(_ a: Int, _ b: Int) -> Float {
      (candidates[a].row.id.author == candidates[b].row.id.author ? author : 0)
        + (candidates[a].row.topic == candidates[b].row.topic ? 1 - author : 0)
    }
    while chosen.count < length, !left.isEmpty {
      let values = left.map { place in
        lambda * (1 - Float(place) / count) - (1 - lambda) * (chosen.map { similarity(place, $0) }.max() ?? 0)
      }
      let best = values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
      chosen.append(left.remove(at: best))
    }
    return chosen
  }

  @Test func oneAuthorDoesNotFillThePage() {
    let ranker = DiversifiedRanker(over: ByReplies(), lambda: 0.3, author: 1)
    let crowd = items((0..<10).map { (7, UInt16($0)) } + [(8, 20), (9, 21)])
    #expect(page(crowd, ByReplies(), length: 3) == [0, 1, 2])
    #expect(page(crowd, ranker, length: 3) == [0, 10, 11])
  }

  @Test(arguments: [0, 0.25, 0.5, 0.7, 1]) func itIsTheFormula(lambda: Double) {
    var random = RandomStream(key: mix64(11))
    for author in [0, 0.3, 0.5, 1] {
      for (count, shortlist, length) in [(1, 60, 20), (2, 60, 1), (19, 60, 20), (61, 60, 20), (200, 128, 20), (200, 7, 5), (130, 40, 40)] {
        let candidates = items((0..<count).map { _ in (UInt32(random.next(below: 9)), UInt16(random.next(below: 5))) })
        let ranker = DiversifiedRanker(over: ByReplies(), lambda: lambda, author: author, shortlist: shortlist)
        let found = page(candidates, ranker, length: length)
        #expect(
          found == reference(candidates, lambda: Float(lambda), author: Float(author), shortlist: max(shortlist, length), length: length),
          "lambda \(lambda), author \(author), \(count) candidates")
        if lambda == 1 { #expect(found == Array(0..<min(length, count))) }
      }
    }
  }

  /// Pages longer than the longest shortlist: what is behind it comes as it was.
  @Test func longPagesKeepEveryRow() {
    let candidates = items((0..<300).map { (UInt32($0 % 3), UInt16($0 % 2)) })
    let found = page(candidates, DiversifiedRanker(over: ByReplies(), shortlist: 128), length: 250)
    #expect(Set(found).count == 250)
    #expect(Array(found[128...]) == Array(128..<250))
  }

  @Test func optionsOfTheBaseArePassedOn() throws {
    let candidates = RankerFormulaTests.candidates(300, seed: 9)
    let viewer = RankerFormulaTests.viewer
    let over = try makeRanker(DiversifiedRanker.self, [("base", "bayesian"), ("base.weight", "55"), ("lambda", "0.9"), ("base.mean", "2")])
    #expect(scores(candidates, by: over, for: viewer)
      == scores(candidates, by: try makeRanker(BayesianRanker.self, [("weight", "55"), ("mean", "2")]), for: viewer))
    #expect(over.needs == [] && over.shortlist == 60)
    #expect(try makeRanker(DiversifiedRanker.self, [("base", "affinity")]).needs == .ties)
    #expect(try makeRanker(DiversifiedRanker.self, [("base", "interest")]).needs == .interests)
    let plain = try makeRanker(DiversifiedRanker.self, [("shortlist", "9")])
    #expect(plain.shortlist == 9)
    #expect(scores(candidates, by: plain, for: viewer) == scores(candidates, by: try makeRanker(HotRanker.self), for: viewer))
  }
}

/// The number of replies.
struct ByReplies: FeedRanker {
  static let descriptor = RankerDescriptor(id: "by-replies", version: "1", summary: "the number of replies")
  init() {}
  init(options: OptionValues) throws(RankerError) {}
  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    for index in 0..<candidates.count { scores[index] = Float(candidates.replyCounts[index]) }
  }
}
