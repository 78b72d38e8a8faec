import JamboreeKit

extension RankerConformance {
  static let checks: [Check] = [
    Check(
      name: "same-scores",
      summary: "The same candidates and viewer get the same scores at any time, from any instance, on any thread."
    ) { trial in
      let rows = RankerTrial.candidates(301)
      let viewer = trial.interested
      let first = RankerTrial.scores(of: rows, by: try trial.make(), for: viewer)
      RankerTrial.pause()
      try trial.compare(
        rows, first, RankerTrial.scores(of: rows, by: try trial.make(), for: viewer), "a fresh instance, 5 ms later")
      let make = trial.make
      let found = try onThreads(2) { _ in
        RankerTrial.pause()
        return RankerTrial.scores(of: rows, by: try make(), for: viewer)
      }
      for scores in found { try trial.compare(rows, first, scores, "another thread") }
    },
    Check(name: "no-memory", summary: "What a ranker has scored before, and for whom, changes nothing.") { trial in
      let ranker = try trial.make()
      let rows = RankerTrial.candidates(120)
      let first = RankerTrial.scores(of: rows, by: ranker, for: trial.interested)
      var other = trial.interested
      other.member = MemberID(99)
      other.now = .zero
      _ = RankerTrial.scores(of: RankerTrial.candidates(77, seed: 2), by: ranker, for: other)
      _ = RankerTrial.scores(of: Array(rows.prefix(1)), by: ranker, for: other)
      try trial.compare(
        rows, first, RankerTrial.scores(of: rows, by: ranker, for: trial.interested), "asked again after others")
    },
    Check(name: "permutation", summary: "A candidate's score does not depend on its place or on the other candidates.") {
      trial in
      let ranker = try trial.make()
      let rows = RankerTrial.candidates(203)
      let scores = RankerTrial.scores(of: rows, by: ranker, for: trial.interested)
      let reversed = RankerTrial.scores(of: rows.reversed(), by: ranker, for: trial.interested)
      try trial.compare(rows, scores, reversed.reversed(), "candidates in reverse")
      let places = StratifiedPermutation(count: rows.count, seed: Seed(7), domain: RandomDomain("conformance.permutation"))
      let order = rows.indices.map { places.rank(of: $0) }
      let shuffled = order.map { rows[$0] }
      try trial.compare(
        shuffled, order.map { scores[$0] }, RankerTrial.scores(of: shuffled, by: ranker, for: trial.interested),
        "candidates shuffled")
      for part in [0..<1, 5..<8, 101..<203] {
        try trial.compare(
          Array(rows[part]), Array(scores[part]),
          RankerTrial.scores(of: Array(rows[part]), by: ranker, for: trial.interested),
          "candidates \(part) alone")
      }
    },
    Check(name: "candidate-counts", summary: "Every score is written, for any number of candidates.") { trial in
      let ranker = try trial.make()
      for count in [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 255, 1000, 65_535] {
        let rows = RankerTrial.candidates(count)
        // What is left unwritten shows as a difference between two fillings.
        let a = RankerTrial.scores(of: rows, by: ranker, for: trial.interested, filler: 12345.5)
        let b = RankerTrial.scores(of: rows, by: ranker, for: trial.interested, filler: -0.125)
        try trial.compare(rows, a, b, "\(count) candidates over other scratch values")
      }
    },
    Check(name: "numbers", summary: "No score is NaN for candidates as they occur.") { trial in
      let ranker = try trial.make()
      try findNotANumber(RankerTrial.candidates(2000, seed: 3), ranker, trial.interested, trial)
    },
    Check(name: "extreme-values", summary: "No score is NaN and nothing traps at the ends of every column's range.") {
      trial in
      let ranker = try trial.make()
      let times: [Int64] = [0, 1, -1, RankerTrial.now.nanoseconds, RankerTrial.now.nanoseconds + 1, .max, .min, 1 << 62]
      let counts: [Int32] = [0, 1, -1, 5, .max, .min]
      var rows: [ItemRow] = []
      for time in times {
        for sum in counts {
          for number in counts {
            rows.append(
              ItemRow(
                id: ItemID(rawValue: .max - UInt64(rows.count)), created: SimTime(nanoseconds: time),
                lastActive: SimTime(nanoseconds: time), ratingSum: sum, ratingCount: number, replyCount: sum, voteSum: number,
                flagCount: number, downloadCount: sum, topic: 63))
            rows.append(
              ItemRow(
                id: ItemID(rawValue: UInt64(rows.count)), created: SimTime(nanoseconds: time), lastActive: .zero,
                ratingSum: sum, ratingCount: 1, replyCount: number, parent: ItemID(rawValue: .max), voteSum: sum, flagCount: sum,
                downloadCount: number, topic: 0))
          }
        }
      }
      for now in times {
        var viewer = trial.interested
        viewer.now = SimTime(nanoseconds: now)
        viewer.member = MemberID(.max)
        viewer.salt = .max
        if trial.needs.contains(.interests) { viewer.interests = .max }
        try findNotANumber(rows, ranker, viewer, trial)
        try findNotANumber(rows, ranker, viewer, trial, lending: [])
      }
    },
    Check(name: "declared-needs", summary: "What the ranker does not ask for has no influence.") { trial in
      let ranker = try trial.make()
      let named = type(of: ranker).descriptor.needs
      guard named.isSuperset(of: trial.needs) else {
        throw ConformanceFailure("it asks for more (\(trial.needs.rawValue)) than its descriptor names (\(named.rawValue))")
      }
      let columns: ViewerNeeds = [.ties, .truth]
      guard !trial.needs.isSuperset(of: columns.union(.interests)) else {
        throw ConformanceSkip("it declares every part that can be left out")
      }
      let rows = RankerTrial.candidates(150)
      let plain = RankerTrial.scores(of: rows, by: ranker)
      for column in [.ties, .truth] as [ViewerNeeds] where !trial.needs.contains(column) {
        let lent = trial.needs.union(column)
        try trial.compare(
          rows, plain, RankerTrial.scores(of: rows, by: ranker, lending: lent), column == .ties ? "ties lent" : "the truth lent")
      }
      if trial.needs.contains(.interests) { return }
      for interests in [.max, 1, 0xF0F0_F0F0_F0F0_F0F0] as [UInt64] {
        var viewer = RankerTrial.viewer
        viewer.interests = interests
        try trial.compare(rows, plain, RankerTrial.scores(of: rows, by: ranker, for: viewer), "a viewer with interests")
      }
    },
    Check(name: "arranged-rows", summary: "A page has rows of the shortlist, each once.") { trial in
      let ranker = try trial.make()
      guard ranker.shortlist > 0 else { throw ConformanceSkip("its pages are the best by score") }
      for count in [1, 2, 3, 5, 19, 20, 21, 64, 127, 300] {
        let rows = RankerTrial.candidates(count)
        for pageLength in [1, 2, 20, 200] {
          let (shown, given) = RankerTrial.arrangement(of: rows, by: ranker, for: trial.interested, pageLength: pageLength)
          trial.count(given.count)
          guard shown.sorted() == given.sorted() else {
            throw ConformanceFailure("\(count) candidates, page of \(pageLength): given the rows \(given), it shows \(shown)")
          }
        }
      }
    },
    Check(name: "arranged-purely", summary: "A page depends on the shortlisted items, not on their places, earlier calls or others.") {
      trial in
      let ranker = try trial.make()
      guard ranker.shortlist > 0 else { throw ConformanceSkip("its pages are the best by score") }
      for pageLength in [1, 7, 20] {
        let rows = RankerTrial.candidates(181)
        func page(_ rows: [ItemRow], _ ranker: any FeedRanker) -> [ItemID] {
          let shown = RankerTrial.arrangement(of: rows, by: ranker, for: trial.interested, pageLength: pageLength).shown
          return shown.prefix(pageLength).map { rows[Int($0)].id }
        }
        let (shown, given) = RankerTrial.arrangement(of: rows, by: ranker, for: trial.interested, pageLength: pageLength)
        let first = shown.prefix(pageLength).map { rows[Int($0)].id }
        RankerTrial.pause()
        let others: [(what: String, page: [ItemID])] = [
          ("asked again by the same ranker", page(rows, ranker)), ("a fresh instance, 5 ms later", page(rows, try trial.make())),
          ("candidates in reverse", page(rows.reversed(), ranker)),
          ("the shortlist alone", page(given.sorted().map { rows[Int($0)] }, ranker)),
        ]
        for other in others {
          trial.count(first.count)
          guard other.page == first else {
            throw ConformanceFailure("\(other.what), page of \(pageLength): expected \(first.map(\.text)), got \(other.page.map(\.text))")
          }
        }
      }
    },
  ]

  private static func findNotANumber(
    _ rows: [ItemRow], _ ranker: any FeedRanker, _ viewer: ViewerContext, _ trial: RankerTrial, lending lent: ViewerNeeds? = nil
  ) throws {
    let scores = RankerTrial.scores(of: rows, by: ranker, for: viewer, lending: lent)
    trial.count(scores.count)
    guard let index = scores.firstIndex(where: \.isNaN) else { return }
    let row = rows[index]
    throw ConformanceFailure(
      "candidate \(index) (created \(row.created.nanoseconds) ns, seen at \(viewer.now.nanoseconds) ns, ratings "
        + "\(row.ratingSum) in \(row.ratingCount), replies \(row.replyCount)), score: expected a number, got NaN")
  }
}
