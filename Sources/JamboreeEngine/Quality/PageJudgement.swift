import Glibc
import JamboreeKit

/// One page held against what its candidates are truly worth to its viewer.
///
/// Beside each figure stands what a shuffle of the same candidates gives on average, so that "better than chance" can be read
/// off whatever the window holds.
struct PageJudgement {
  /// Places of a page that count.
  static let depth = 20

  /// Normalised discounted cumulative gain: gain 2^grade - 1, discount log2(place + 1) (Järvelin and Kekäläinen 2002; Burges et al.
  /// 2005). 0 ... 1.
  var ndcg = 0.0
  var ndcgByChance = 0.0
  /// Share of the relevant candidates that are on the page; nil where there are none.
  var recall: Double?
  var recallByChance = 0.0
  /// 1 / place of the first relevant item, 0 when the page has none; nil where there are none to be found.
  var reciprocalRank: Double?
  var reciprocalRankByChance = 0.0

  private static let discounts: [Double] = (0..<depth).map { 1 / log2(Double($0 + 2)) }
  private static let gains: [Double] = (0...4).map { Double((1 << $0) - 1) }

  /// - Parameters:
  ///   - grades: of all candidates.
  ///   - page: rows of the candidates that are shown, best first; rows beyond ``depth`` are not looked at.
  init(grades: borrowing Buffer<UInt8>, page: borrowing Buffer<UInt16>) {
    let candidates = grades.count
    let shown = min(page.count, Self.depth)
    guard candidates > 0, shown > 0 else { return }
    var counts: InlineArray<5, Int> = [0, 0, 0, 0, 0]
    var gainSum = 0.0
    for row in 0..<candidates {
      counts[Int(grades[row])] += 1
      gainSum += Self.gains[Int(grades[row])]
    }
    judgeGain(grades, page, shown, counts, meanGain: gainSum / Double(candidates))
    let relevant = counts[3] + counts[4]
    if relevant > 0 { judgeRelevant(grades, page, shown, relevant) }
  }

  private mutating func judgeGain(
    _ grades: borrowing Buffer<UInt8>, _ page: borrowing Buffer<UInt16>, _ shown: Int, _ counts: InlineArray<5, Int>, meanGain: Double
  ) {
    var (gain, ideal, discountSum) = (0.0, 0.0, 0.0)
    var grade = 4
    var left = counts[4]
    for place in 0..<shown {
      gain += Self.gains[Int(grades[Int(page[place])])] * Self.discounts[place]
      discountSum += Self.discounts[place]
      while left == 0, grade > 0 {
        grade -= 1
        left = counts[grade]
      }
      ideal += Self.gains[grade] * Self.discounts[place]
      left -= 1
    }
    // Nothing is worth anything: no order is better than another.
    ndcg = ideal > 0 ? gain / ideal : 1
    ndcgByChance = ideal > 0 ? meanGain * discountSum / ideal : 1
  }

  private mutating func judgeRelevant(
    _ grades: borrowing Buffer<UInt8>, _ page: borrowing Buffer<UInt16>, _ shown: Int, _ relevant: Int
  ) {
    var found = 0
    var first = 0
    for place in 0..<shown where grades[Int(page[place])] >= 3 {
      found += 1
      if first == 0 { first = place + 1 }
    }
    recall = Double(found) / Double(relevant)
    recallByChance = Double(shown) / Double(grades.count)
    reciprocalRank = first > 0 ? 1 / Double(first) : 0
    // The chance that the first relevant one is at each place, drawing without putting back.
    var none = 1.0
    for place in 0..<shown {
      let left = Double(grades.count - place)
      reciprocalRankByChance += none * Double(relevant) / left / Double(place + 1)
      none *= max(left - Double(relevant), 0) / left
    }
  }
}
