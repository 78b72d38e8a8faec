import JamboreeKit

/// What rankings did to the crowd, as metrics named `quality.*`.
public enum QualityReport {
  /// Every figure there may be, without the prefix. Some need something relevant to be found, or a jam.
  public static let names = [
    "pages", "ndcg20", "ndcg20ByChance", "recall20", "recall20ByChance", "mrr", "mrrByChance", "freshnessSeconds", "authorCoverage",
    "topicCoverage", "gini", "timeToDiscoverySeconds", "discoveredShare", "precisionAt10", "kendallTau", "kendallTauAllIdeas",
  ]
  public static let prefix = "quality."

  /// Where less is better.
  private static let lowerIsBetter: Set<String> = ["freshnessSeconds", "gini", "timeToDiscoverySeconds"]
  /// Figures that say how the others are to be read.
  private static let neutral: Set<String> = ["pages", "ndcg20ByChance", "recall20ByChance", "mrrByChance"]

  /// What a figure can be, by its name without the prefix.
  public static func range(of name: String) -> ClosedRange<Double> {
    name.hasSuffix("Seconds") || name == "pages" ? 0 ... .infinity : name.hasPrefix("kendallTau") ? -1...1 : 0...1
  }

  public static func metric(_ name: String, _ value: Double) -> Metric {
    let unit = name.hasSuffix("Seconds") ? "s" : name == "pages" ? "count" : "share"
    return Metric(
      name: prefix + name, value: value, unit: unit,
      polarity: neutral.contains(name) ? .neutral : lowerIsBetter.contains(name) ? .lowerIsBetter : .higherIsBetter)
  }

  static func metrics(_ meters: [QualityMeter]) -> [Metric] {
    var sums = QualitySums()
    for meter in meters { sums.add(meter.sums) }
    guard sums.pages > 0 else { return [] }
    var figures = [("pages", Double(sums.pages))] + sums.means.map { ($0.name, $0.value) }
    figures.append(("freshnessSeconds", Double(sums.ageMilliseconds) / 1000 / Double(max(sums.shown, 1))))
    let exposures = ExposureTable.merged(meters.map(\.exposures))
    figures += authors(exposures) + [("gini", gini(exposures.map(\.shown)))] + discovery(exposures)
    return figures.map { metric($0.0, $0.1) }
  }

  /// Share of the authors who were among the candidates of judged pages that were on one.
  private static func authors(_ exposures: [ExposureTable.Exposure]) -> [(String, Double)] {
    // Ids ascend, and the author is in their high bits.
    var (authors, shown) = (0, 0)
    var last: MemberID?
    var isShown = false
    for exposure in exposures {
      if exposure.item.author != last {
        last = exposure.item.author
        authors += 1
        isShown = false
      }
      if exposure.shown > 0, !isShown {
        isShown = true
        shown += 1
      }
    }
    return authors > 0 ? [("authorCoverage", Double(shown) / Double(authors))] : []
  }

  /// Gini coefficient of how often each candidate was shown: 0 when all were equally often, towards 1 when few had it all.
  static func gini(_ counts: [UInt32]) -> Double {
    let sorted = counts.sorted()
    // Whole numbers up to the division: the order of addition does not show.
    let total = sorted.reduce(UInt64(0)) { $0 + UInt64($1) }
    guard total > 0 else { return 0 }
    var weighted = 0.0
    for (index, count) in sorted.enumerated() { weighted += Double(2 * (index + 1) - sorted.count - 1) * Double(count) }
    return weighted / (Double(sorted.count) * Double(total))
  }

  /// The median time from publication to the first judged page, over the good items that were published in the run. Those that
  /// were never shown count as later than all others: the median is left out when it is one of them.
  private static func discovery(_ exposures: [ExposureTable.Exposure]) -> [(String, Double)] {
    let good = exposures.filter { $0.isGood && $0.created >= 0 }
    guard !good.isEmpty else { return [] }
    let found = good.filter { $0.firstShown != .max }.map { $0.firstShown - $0.created }.sorted()
    var figures = [("discoveredShare", Double(found.count) / Double(good.count))]
    let middle = (good.count - 1) / 2
    if middle < found.count { figures.append(("timeToDiscoverySeconds", Double(found[middle]) / 1e9)) }
    return figures
  }
}
