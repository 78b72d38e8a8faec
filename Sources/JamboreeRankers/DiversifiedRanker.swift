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

/// The shortlist while a page is made of it.
///
/// Being alike takes worth away and never gives any, so the best of those that are left is found before all have been looked at: no
/// item is worth more than its relevance, in whose order they are. And what is taken changes those by its author and about its topic
/// alone, which are chained together.
private struct Shortlist {
  private typealias Column<Element> = InlineArray<128, Element>
  /// Behind the last of a chain.
  private static let none: UInt8 = .max

  private let sameAuthor: Float
  private let sameTopic: Float
  private let penalty: Float
  private var rows = Column<UInt16>(repeating: 0)
  private var authors = Column<UInt32>(repeating: 0)
  private var topics = Column<UInt16>(repeating: 0)
  /// lambda * relevance.
  private var worths = Column<Float>(repeating: 0)
  /// The highest similarity to any that was taken.
  private var similarities = Column<Float>(repeating: 0)
  /// The next one whose author, or topic, has the same last six bits.
  private var nextByAuthor = Column<UInt8>(repeating: none)
  private var nextByTopic = Column<UInt8>(repeating: none)
  private var firstByAuthor = InlineArray<64, UInt8>(repeating: none)
  private var firstByTopic = InlineArray<64, UInt8>(repeating: none)
  /// Those that were not taken, in the order of relevance.
  private var left = Column<UInt8>(repeating: 0)
  private var leftCount: Int

  init(count: Int, sameAuthor: Float, sameTopic: Float, lambda: Float) {
    leftCount = count
    (self.sameAuthor, self.sameTopic, penalty) = (sameAuthor, sameTopic, 1 - lambda)
    for place in 0..<count {
      worths[place] = lambda * (1 - Float(place) / Float(count))
      left[place] = UInt8(place)
    }
  }

  @inline(__always) mutating func set(_ place: Int, row: UInt16, author: MemberID, topic: UInt16) {
    (rows[place], authors[place], topics[place]) = (row, author.rawValue, topic)
    nextByAuthor[place] = firstByAuthor[Int(author.rawValue & 63)]
    firstByAuthor[Int(author.rawValue & 63)] = UInt8(place)
    nextByTopic[place] = firstByTopic[Int(topic & 63)]
    firstByTopic[Int(topic & 63)] = UInt8(place)
  }

  /// The row of the one with the most marginal relevance, of equal ones that with the higher score; it is not given again.
  @inline(__always) mutating func takeBest() -> UInt16 {
    var (best, found) = (-Float.infinity, 0)
    for index in 0..<leftCount {
      let place = Int(left[index])
      if worths[place] <= best { break }
      let value = worths[place] - penalty * similarities[place]
      if value > best { (best, found) = (value, index) }
    }
    let place = Int(left[found])
    for index in found..<(leftCount - 1) { left[index] = left[index + 1] }
    leftCount -= 1
    lower(likenessTo: place)
    return rows[place]
  }

  @inline(__always) private mutating func lower(likenessTo taken: Int) {
    let (author, topic) = (authors[taken], topics[taken])
    var next = firstByAuthor[Int(author & 63)]
    while next != Self.none {
      let place = Int(next)
      if authors[place] == author {
        similarities[place] = max(similarities[place], topics[place] == topic ? sameAuthor + sameTopic : sameAuthor)
      }
      next = nextByAuthor[place]
    }
    next = firstByTopic[Int(topic & 63)]
    while next != Self.none {
      let place = Int(next)
      // One by the same author has been seen above.
      if topics[place] == topic { similarities[place] = max(similarities[place], sameTopic) }
      next = nextByTopic[place]
    }
  }

  /// Puts those that were not taken behind the others, as they were.
  func drain(into result: inout MutableSpan<UInt16>, from first: Int) {
    for index in 0..<leftCount { result[first + index] = rows[Int(left[index])] }
  }
}
