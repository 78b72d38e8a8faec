import Foundation
import JamboreeEngine
import JamboreeKit

/// What rankings did to the crowd, in a few lines.
enum QualityText {
  /// Empty when no ranked page was judged.
  static func lines(_ metrics: [Metric]) -> [String] {
    func figure(_ name: String) -> Double? { metrics.first { $0.name == QualityReport.prefix + name }?.value }
    guard let ndcg = figure("ndcg20"), let chance = figure("ndcg20ByChance"), let pages = figure("pages") else { return [] }
    var found = [String(format: "nDCG@20 %.3f (by chance %.3f)", ndcg, chance)]
    if let recall = figure("recall20"), let chance = figure("recall20ByChance") {
      found.append(String(format: "recall@20 %.3f (%.3f)", recall, chance))
    }
    if let mrr = figure("mrr"), let chance = figure("mrrByChance") { found.append(String(format: "MRR %.3f (%.3f)", mrr, chance)) }
    let doubt = pages < 100 ? ": too few to tell; see measure.judgedPages" : ""
    var lines = ["  ranking         \(found.joined(separator: ", ")), over \(Text.counted(Int64(pages), "judged page"))\(doubt)"]
    var shown: [String] = []
    if let authors = figure("authorCoverage") { shown.append("\(Text.percent(authors)) of the authors were shown") }
    if let gini = figure("gini") { shown.append(String(format: "Gini of exposure %.2f", gini)) }
    if let age = figure("freshnessSeconds") { shown.append("mean age \(Text.age(seconds: age))") }
    if let discovered = figure("discoveredShare") {
      let time = figure("timeToDiscoverySeconds").map { ", half of them within \(Text.age(seconds: $0))" } ?? ""
      shown.append("\(Text.percent(discovered)) of the good items were found" + time)
    }
    if !shown.isEmpty { lines.append("                  " + shown.joined(separator: ", ")) }
    if let precision = figure("precisionAt10") {
      let tau = figure("kendallTauAllIdeas").map { String(format: "; over those with a mark the crowd's order agrees with the true one by tau %.2f", $0) } ?? ""
      lines.append(
        "  the crowd       \(Int((precision * 10).rounded())) of the ten best-rated ideas are among the ten truly best of all, the hosts' own included\(tau)")
    }
    return lines + [""]
  }
}
