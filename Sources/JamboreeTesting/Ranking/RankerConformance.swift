import Glibc
import JamboreeKit

/// Holds a ranker against what ``FeedRanker`` promises: a pure function of each candidate and the viewer.
public struct RankerConformance: Sendable {
  let make: @Sendable () throws -> any FeedRanker

  /// - Parameter make: makes a ranker, the same each time.
  public init(make: @escaping @Sendable () throws -> any FeedRanker) { self.make = make }

  /// The names of all checks, in the order in which they run.
  public static var checkNames: [String] { checks.map(\.name) }

  /// Runs the checks.
  /// - Parameter only: names of the checks to run; all when nil.
  public func run(only: Set<String>? = nil) -> ConformanceReport {
    let descriptor: RankerDescriptor
    let needs: ViewerNeeds
    do {
      let ranker = try make()
      descriptor = type(of: ranker).descriptor
      needs = ranker.needs
    } catch {
      let check = report("create", "The ranker can be made.", comparisons: { 0 }) { throw error }
      return ConformanceReport(subject: "", checks: [check])
    }
    let results = Self.checks.filter { only?.contains($0.name) ?? true }.map { check in
      let trial = RankerTrial(make: make, needs: needs)
      return report(check.name, check.summary, comparisons: { trial.comparisons }) { try check.body(trial) }
    }
    return ConformanceReport(subject: descriptor.id, checks: results)
  }

  struct Check: Sendable {
    let name: String
    let summary: String
    let body: @Sendable (RankerTrial) throws -> Void
  }
}

/// What one check of a ranker works with.
final class RankerTrial {
  let make: @Sendable () throws -> any FeedRanker
  /// With the options that it was given.
  let needs: ViewerNeeds
  private(set) var comparisons = 0

  init(make: @escaping @Sendable () throws -> any FeedRanker, needs: ViewerNeeds) {
    self.make = make
    self.needs = needs
  }

  /// The scores of rows for a viewer; `filler` is what the scores hold before.
  /// - Parameter lent: the columns that are there beside those of the items; those that the ranker needs when nil.
  static func scores(
    of rows: [ItemRow], by ranker: any FeedRanker, for viewer: ViewerContext = RankerTrial.viewer, filler: Float = 0,
    lending lent: ViewerNeeds? = nil
  ) -> [Float] {
    withColumns(of: rows, lending: lent ?? ranker.needs) { columns, ties, relevances in
      var result = [Float](repeating: filler, count: rows.count)
      var span = result.mutableSpan
      ranker.score(FeedCandidates(columns, ties: ties.span, relevances: relevances.span), for: viewer, into: &span)
      return result
    }
  }

  /// The rows that a ranker shows of the best by score, the first `pageLength` of which are the page, and the rows that it was given.
  static func arrangement(
    of rows: [ItemRow], by ranker: any FeedRanker, for viewer: ViewerContext, pageLength: Int
  ) -> (shown: [UInt16], given: [UInt16]) {
    let scores = scores(of: rows, by: ranker, for: viewer)
    // As the engine does it: NaN last, equal ones by what the item is and not where.
    let keys = rows.indices.map { (score: scores[$0].isNaN ? -.infinity : scores[$0], tie: mix64(rows[$0].id.rawValue ^ viewer.salt)) }
    let order = rows.indices.sorted { keys[$0].score != keys[$1].score ? keys[$0].score > keys[$1].score : keys[$0].tie > keys[$1].tie }
    let given = order.prefix(max(ranker.shortlist, pageLength)).map { UInt16($0) }
    var shown = given
    withColumns(of: rows, lending: ranker.needs) { columns, ties, relevances in
      var span = shown.mutableSpan
      ranker.arrange(
        &span, pageLength: pageLength, of: FeedCandidates(columns, ties: ties.span, relevances: relevances.span), scores: scores.span,
        for: viewer)
    }
    return (shown, given)
  }

  private static func withColumns<Result>(
    of rows: [ItemRow], lending lent: ViewerNeeds, _ body: (borrowing ItemColumns, _ ties: [Float], _ relevances: [Float]) -> Result
  ) -> Result {
    var columns = ItemColumns(capacity: rows.count)
    for row in rows { columns.append(row) }
    // Made of the item, so that they go with it wherever it stands. Three in four authors are strangers.
    let ties = rows.map { row in
      let bits = mix64(UInt64(row.id.author.rawValue) ^ 0x7469_6573)
      return bits & 3 == 0 ? Float(bits >> 40) / Float(1 << 22) : 0
    }
    let relevances = rows.map { Float(mix64($0.id.rawValue ^ 0x776F_7274) >> 40) / Float(1 << 24) }
    return body(columns, lent.contains(.ties) ? ties : [], lent.contains(.truth) ? relevances : [])
  }

  /// Compares two columns of scores bit by bit.
  func compare(_ rows: [ItemRow], _ expected: [Float], _ got: [Float], _ what: String) throws {
    comparisons += expected.count
    for index in expected.indices where expected[index].bitPattern != got[index].bitPattern {
      throw ConformanceFailure(
        "\(what), candidate \(index) of \(rows.count) (\(rows[index].id.text)), score: "
          + "expected \(expected[index]), got \(got[index])"
      )
    }
  }

  func count(_ compared: Int) { comparisons += compared }

  static let now = SimTime(nanoseconds: 72 * 3_600_000_000_000)

  static let viewer = ViewerContext(member: MemberID(17), now: now, interests: 0, salt: 0x5EED)

  /// What this ranker is told of a viewer who cares about every other topic.
  var interested: ViewerContext {
    var viewer = Self.viewer
    if needs.contains(.interests) { viewer.interests = 0x5555_5555_5555_5555 }
    return viewer
  }

  /// Candidates as a busy forum has them: ages from seconds to days, some without marks or replies, some alike.
  static func candidates(_ count: Int, seed: UInt64 = 1) -> [ItemRow] {
    var random = RandomStream(key: mix64(seed))
    return (0..<count).map { index in
      let age = Int64(random.nextUnit() * random.nextUnit() * 2e14)
      let marks = random.chance(0.3) ? 0 : Int32(random.next(below: 400))
      let created = SimTime(nanoseconds: now.nanoseconds - age)
      return ItemRow(
        id: ItemID(author: MemberID(UInt32(random.next(below: 50_000))), sequence: UInt32(index + 1)), created: created,
        lastActive: created + age / 3, ratingSum: marks * 3 + Int32(random.next(below: 3)) * min(marks, 1),
        ratingCount: marks,
        replyCount: random.chance(0.4) ? 0 : Int32(random.next(below: 60)),
        parent: index % 5 == 3 ? ItemID(author: MemberID(UInt32(index)), sequence: 7) : .none, voteSum: Int32(index % 7) - 2,
        flagCount: index % 23 == 0 ? 1 : 0, downloadCount: Int32(index % 11) / 5, topic: UInt16(random.next(below: 64)))
    }
  }

  /// A pause that a ranker which reads a clock will notice.
  static func pause() { usleep(5_000) }
}
