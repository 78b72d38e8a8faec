import JamboreeKit

/// Whether a crowd's marks have found the truly best ideas, of all that are added: whoever has posted them, with marks or without.
///
/// The crowd's order is by the mean of the marks, shrunk towards 3 by five marks more, so that a single 5 does not stand above many
/// high ones; an idea without a mark is a 3. The chosen are its first ten.
struct CrowdJudgement {
  struct Idea {
    var item: ItemID
    var score: Double
    var marks: Int32
    /// In thousandths of a standard deviation.
    var quality: Int64
  }

  static let chosenCount = 10
  private static let priorMarks = 5.0

  private var ideas: [Idea] = []

  mutating func add(_ row: ItemRow, quality: Int64) {
    let score = (Double(row.ratingSum) + 3 * Self.priorMarks) / (Double(row.ratingCount) + Self.priorMarks)
    ideas.append(Idea(item: row.id, score: score, marks: row.ratingCount, quality: quality))
  }

  /// Empty with fewer ideas than are chosen.
  func figures() -> [(name: String, value: Double)] {
    guard ideas.count > Self.chosenCount else { return [] }
    let byCrowd = ideas.sorted { ($0.score, $0.item.tieBreak) > ($1.score, $1.item.tieBreak) }
    let byTruth = ideas.sorted { ($0.quality, $0.item.tieBreak) > ($1.quality, $1.item.tieBreak) }
    let best = Set(byTruth.prefix(Self.chosenCount).map(\.item))
    let chosen = byCrowd.prefix(Self.chosenCount)
    var figures = [("precisionAt10", Double(chosen.count { best.contains($0.item) }) / Double(Self.chosenCount))]
    if let tau = kendallTau(chosen.map { ($0.score, Double($0.quality)) }) { figures.append(("kendallTau", tau)) }
    if let tau = kendallTau(ideas.filter { $0.marks > 0 }.map { ($0.score, Double($0.quality)) }) {
      figures.append(("kendallTauAllIdeas", tau))
    }
    return figures
  }
}

/// Kendall's tau-b, which allows for ties, in n log n (Knight 1966); nil when either side is all ties.
func kendallTau(_ pairs: [(Double, Double)]) -> Double? {
  let sorted = pairs.sorted { $0 < $1 }
  let count = sorted.count
  func tied(_ run: Int) -> Int { run * (run - 1) / 2 }
  /// Pairs that are equal by what `isEqual` compares, of a list in which equals are neighbours.
  func ties<Element>(_ list: [Element], _ isEqual: (Element, Element) -> Bool) -> Int {
    var (total, run) = (0, 1)
    for index in stride(from: 1, to: list.count, by: 1) {
      if isEqual(list[index - 1], list[index]) { run += 1 } else { (total, run) = (total + tied(run), 1) }
    }
    return total + tied(run)
  }
  guard count > 1 else { return nil }
  let first = ties(sorted) { $0.0 == $1.0 }
  let both = ties(sorted) { $0 == $1 }
  var second = sorted.map(\.1)
  let discordant = inversions(&second)
  let other = ties(second, ==)
  let all = tied(count)
  guard all > first, all > other else { return nil }
  let agreement = all - first - other + both - 2 * discordant
  return Double(agreement) / (Double(all - first) * Double(all - other)).squareRoot()
}

/// Sorts, and counts the pairs that stood in the wrong order.
private func inversions(_ values: inout [Double]) -> Int {
  var source = values
  var target = values
  var total = 0
  var width = 1
  while width < source.count {
    for start in stride(from: 0, to: source.count, by: 2 * width) {
      let middle = min(start + width, source.count)
      let end = min(start + 2 * width, source.count)
      var (left, right) = (start, middle)
      for place in start..<end {
        if left < middle, right >= end || source[left] <= source[right] {
          target[place] = source[left]
          left += 1
        } else {
          target[place] = source[right]
          total += middle - left
          right += 1
        }
      }
    }
    swap(&source, &target)
    width *= 2
  }
  values = source
  return total
}
