import JamboreeKit

/// Pages of another ranker's best, without the same again and again: maximal marginal relevance.
///
/// A page is filled from its top, each time with the item of the shortlist that has the highest
/// lambda * relevance - (1 - lambda) * the highest similarity to any above it: J. Carbonell and J. Goldstein, "The use of MMR,
/// diversity-based reranking for reordering documents and producing summaries" (SIGIR 1998). Relevance is the place by the base
/// ranker's score, from 1 for the best down in even steps to 0, because the scores of different rankers have nothing in common;
/// similarity is `author` for the same author plus 1 - `author` for the same topic.
public struct DiversifiedRanker: FeedRanker {
  public static let descriptor = RankerDescriptor(
    id: "diversified", version: "1", summary: "MMR: another ranker's best, fewer of them by the same author or about the same topic",
    options: [
      OptionDescriptor(
        name: "base", kind: .choice(bases.map { $0.descriptor.id }), defaultValue: HotRanker.descriptor.id, summary: "whose scores they are"),
      OptionDescriptor(
        name: "base.*", kind: .nested(chooser: "base", options: bases.map { ($0.descriptor.id, $0.descriptor.options) }), defaultValue: "",
        summary: "an option of that ranker, as in base.gravity=1.8"),
      OptionDescriptor(
        name: "lambda", kind: .number(0...1), defaultValue: "0.7", summary: "1 looks at the score alone, 0 at diversity alone"),
      OptionDescriptor(
        name: "author", kind: .number(0...1), defaultValue: "0.5",
        summary: "how alike two items by the same author are; those about the same topic are for the rest of 1"),
      OptionDescriptor(
        name: "shortlist", kind: .integer(1...Int64(longest)), defaultValue: "60", summary: "how many of the best a page is chosen from"),
    ], needs: [.interests, .ties])

  /// The rankers that may be asked for by name. Not the oracle: what it knows is for nobody else.
  private static let bases: [any FeedRanker.Type] = [
    HotRanker.self, ChronologicalRanker.self, TopRanker.self, BayesianRanker.self, AffinityRanker.self, InterestRanker.self,
    EngagementRanker.self, RandomRanker.self,
  ]

  /// The longest shortlist: what fits on the stack.
  private static let longest = 128

  private let base: any FeedRanker
  private let lambda: Float
  private let author: Float
  public let shortlist: Int

  public init(options: OptionValues) throws(RankerError) {
    let id = options.text("base")
    guard let type = Self.bases.first(where: { $0.descriptor.id == id }) else { throw RankerError(.usage, "there is no base ranker '\(id)'") }
    base = try type.init(options: try options.options(of: "base"))
    lambda = Float(options.number("lambda"))
    author = Float(options.number("author"))
    shortlist = Int(options.integer("shortlist"))
  }

  /// Over a ranker of one's own.
  /// - Parameters:
  ///   - lambda: 0 ... 1.
  ///   - author: 0 ... 1.
  ///   - shortlist: 1 ... 128.
  public init(over base: any FeedRanker, lambda: Double = 0.7, author: Double = 0.5, shortlist: Int = 60) {
    self.base = base
    self.lambda = Float(min(max(lambda, 0), 1))
    self.author = Float(min(max(author, 0), 1))
    self.shortlist = min(max(shortlist, 1), Self.longest)
  }

  public var needs: ViewerNeeds { base.needs }

  public func score(
    _ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>
  ) { base.score(candidates, for: viewer, into: &scores) }

  public func arrange(
    _ rows: inout MutableSpan<UInt16>, pageLength: Int, of candidates: borrowing FeedCandidates, scores: Span<Float>,
    for viewer: borrowing ViewerContext
  ) {
    // Items behind the longest shortlist stay where they are: of a page that is longer than that.
    let count = min(rows.count, Self.longest)
    var list = Shortlist(count: count, sameAuthor: author, sameTopic: 1 - author, lambda: lambda)
    for place in 0..<count {
      let row = Int(rows[place])
      list.set(place, row: rows[place], author: candidates.ids[row].author, topic: candidates.topics[row])
    }
    for place in 0..<min(pageLength, count) { rows[place] = list.takeBest() }
    list.drain(into: &rows, from: min(pageLength, count))
  }
}

/// The shortlist while a page is made of it: a column a field, in vectors of four.
private struct Shortlist {
  private let count: Int
  private let groups: Int
  private let sameAuthor: Float
  private let sameTopic: Float
  private let penalty: Float
  private var rows = InlineArray<32, SIMD4<UInt16>>(repeating: SIMD4<UInt16>())
  private var authors = InlineArray<32, SIMD4<Int32>>(repeating: SIMD4<Int32>())
  private var topics = InlineArray<32, SIMD4<Int32>>(repeating: SIMD4<Int32>())
  /// lambda * relevance; far below all that can be for those that were taken, and for the room behind the last.
  private var worths = InlineArray<32, SIMD4<Float>>(repeating: SIMD4<Float>(repeating: -1000))
  /// The highest similarity to any that was taken.
  private var similarities = InlineArray<32, SIMD4<Float>>(repeating: SIMD4<Float>())

  init(count: Int, sameAuthor: Float, sameTopic: Float, lambda: Float) {
    self.count = count
    groups = (count + 3) / 4
    (self.sameAuthor, self.sameTopic, penalty) = (sameAuthor, sameTopic, 1 - lambda)
    for place in 0..<count { worths[place / 4][place % 4] = lambda * (1 - Float(place) / Float(count)) }
  }

  mutating func set(_ place: Int, row: UInt16, author: MemberID, topic: UInt16) {
    rows[place / 4][place % 4] = row
    authors[place / 4][place % 4] = Int32(bitPattern: author.rawValue)
    topics[place / 4][place % 4] = Int32(topic)
  }

  /// The row of the one with the most marginal relevance, of equal ones that with the higher score; it is not given again.
  mutating func takeBest() -> UInt16 {
    var best = SIMD4<Float>(repeating: -10_000)
    var found = SIMD4<Int32>()
    for group in 0..<groups {
      let value = worths[group] - penalty * similarities[group]
      let mask = VectorMath.isLess(best, than: value)
      best = VectorMath.select(mask, value, best)
      found = SIMD4<Int32>(repeating: Int32(truncatingIfNeeded: group)) & mask | found & ~mask
    }
    var place = Int(found[0]) * 4
    var value = best[0]
    for lane in 1..<4 {
      let other = Int(found[lane]) * 4 + lane
      if best[lane] > value || best[lane] == value && other < place { (place, value) = (other, best[lane]) }
    }
    take(place)
    return rows[place / 4][place % 4]
  }

  private mutating func take(_ place: Int) {
    let author = SIMD4<Int32>(repeating: authors[place / 4][place % 4])
    let topic = SIMD4<Int32>(repeating: topics[place / 4][place % 4])
    let zero = SIMD4<Float>()
    let (sameAuthor, sameTopic) = (SIMD4<Float>(repeating: sameAuthor), SIMD4<Float>(repeating: sameTopic))
    for group in 0..<groups {
      let similarity =
        VectorMath.select(VectorMath.isNotZero(authors[group] ^ author), zero, sameAuthor)
        + VectorMath.select(VectorMath.isNotZero(topics[group] ^ topic), zero, sameTopic)
      similarities[group] = VectorMath.select(VectorMath.isLess(similarities[group], than: similarity), similarity, similarities[group])
    }
    worths[place / 4][place % 4] = -1000
  }

  /// Puts those that were not taken behind the others, as they were.
  func drain(into result: inout MutableSpan<UInt16>, from first: Int) {
    var next = first
    for place in 0..<count where worths[place / 4][place % 4] > -500 {
      result[next] = rows[place / 4][place % 4]
      next += 1
    }
  }
}
