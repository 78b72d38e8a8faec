import JamboreeKit
import Testing

@testable import JamboreeEngine

/// Scores by a rule of the item's sequence.
private struct RuleRanker: FeedRanker {
  static let descriptor = RankerDescriptor(id: "rule", version: "1", summary: "of a test")
  let rule: @Sendable (UInt32) -> Float

  init(_ rule: @escaping @Sendable (UInt32) -> Float) { self.rule = rule }
  init(options: OptionValues) throws(RankerError) { rule = { Float($0) } }

  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    for index in 0..<candidates.count { scores[index] = rule(candidates.ids[index].sequence) }
  }
}

/// The pages that are taken from several hundred candidates are those of a plain sort, however many scores are equal.
@Suite struct FeedSelectorTests {
  private static let rules: [(name: String, rule: @Sendable (UInt32) -> Float)] = [
    ("all different", { Float(($0 &* 2_654_435_761) >> 8) }),
    ("all equal", { _ in 0 }),
    ("a few above many equal", { $0 % 37 == 0 ? Float($0) : 1 }),
    ("seven values", { Float($0 % 7) - 3 }),
    ("many not a number", { $0 % 3 == 0 ? Float($0 % 5) : .nan }),
    ("none a number", { _ in .nan }),
    ("ends of the range", { [Float.infinity, -.infinity, .leastNonzeroMagnitude, -0.0, 0][Int($0 % 5)] }),
  ]

  @Test(arguments: rules.map(\.name), [1, 19, 30, 100, 500]) func pagesAreThoseOfASort(_ name: String, _ count: Int) throws {
    let rule = try #require(Self.rules.first { $0.name == name }).rule
    var selector = FeedSelector()
    var stream = RandomStream(seed: Seed(11), domain: RandomDomain("test.selector"), entity: UInt64(count))
    for round in 0..<6 {
      var sequences = (1...UInt32(count)).map { $0 + UInt32(1_000 * round) }
      for last in stride(from: sequences.count - 1, to: 0, by: -1) { sequences.swapAt(last, stream.next(below: last + 1)) }
      let ids = sequences.map { ItemID(author: MemberID($0 % 50), sequence: $0) }
      var items = ItemColumns(capacity: count)
      for id in ids { items.append(ItemRow(id: id, created: .zero, lastActive: .zero)) }
      let salt = stream.next()
      func key(_ row: Int) -> (Int64, UInt64) {
        let score = rule(sequences[row])
        // Not a number is below everything, and 0 above its negative.
        let bits = Int64(Int32(bitPattern: score.bitPattern))
        return (score.isNaN ? .min : bits < 0 ? -(bits & 0x7FFF_FFFF) - 1 : bits, mix64(ids[row].rawValue ^ salt) >> 32)
      }
      let sorted = (0..<count).sorted { key($0) > key($1) }
      for length in [1, 10, 20, 50] {
        var page = Buffer<UInt16>()
        selector.select(
          items, by: RuleRanker(rule), for: ViewerContext(member: MemberID(1), now: .zero, interests: 0, salt: salt), pageLength: length,
          feed: ContainerID(rawValue: UInt64(round % 2)), into: &page)
        #expect((0..<page.count).map { Int(page[$0]) } == Array(sorted.prefix(length)), "\(length) of round \(round)")
      }
    }
  }
}
