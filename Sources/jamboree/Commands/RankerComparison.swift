import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// One scenario under several rankers: what each costs beside what it does to the crowd, and which of them nobody beats in both.
struct RankerComparison {
  /// One for each ranker, alike in everything else.
  let commands: [RunCommand]
  let rankers: [String]
  let seeds: [UInt64]
  let json: Bool

  private struct Row {
    /// As the command line has it.
    let ranker: String
    /// As it was used.
    let name: String
    let figures: SeriesFigures
    let id: String
    var isOnFront = false
    /// Why its figures are not to be used; nil when they are.
    let failure: String?

    var quality: Double? { figures["quality.ndcg20"]?.interval?.mean }
    var cost: Double? { figures["\(id).meanNanoseconds"]?.interval?.mean }

    init(_ ranker: String, _ runs: [FinishedRun]) {
      self.ranker = ranker
      figures = SeriesFigures(runs)
      id = runs.first?.output.identity.ranker.id ?? ranker
      name = runs.first.map { RankerText.name($0.output.identity.ranker) } ?? ranker
      failure = runs.first { $0.failureCode != nil }.map { "seed \($0.output.identity.seed.rawValue): \($0.verdictReason)" }
    }

    /// At least as good in both and better in one.
    func beats(_ other: Row) -> Bool {
      guard let quality, let cost, let theirs = other.quality, let theirCost = other.cost else { return false }
      return quality >= theirs && cost <= theirCost && (quality > theirs || cost < theirCost)
    }
  }

  func run() throws {
    // A seed may be one of which nothing was judged; when the first is, all are.
    var isJudged = false
    let runs = try SeedSeries.perform(commands, seeds: seeds) { run in
      isJudged = isJudged || FinishedRun.observed("quality.ndcg20", in: run.output) != nil
      guard isJudged else {
        throw Failure(
          code: Failure.usage,
          message: "no ranked page of this scenario was judged, so there is nothing to compare; take one with ranked feeds, a larger --scale, or --set measure.judgedPages=1")
      }
      if !json { try Console.print(SeedSeries.note(run)) }
    }
    // Of a comparison that was stopped, what there is.
    var rows = zip(rankers, runs).filter { !$0.1.isEmpty }.map { Row($0, $1) }
    for index in rows.indices where rows[index].failure == nil && rows[index].quality != nil {
      rows[index].isOnFront = !rows.contains { $0.failure == nil && $0.beats(rows[index]) }
    }
    if rows.isEmpty, !json { throw Failure(code: Failure.interrupted, message: "stopped before a run had come to its end: there is nothing to compare") }
    if json {
      try object(rows, runs.filter { !$0.isEmpty }).print()
    } else {
      try Console.print(text(rows, runs).joined(separator: "\n"))
    }
    if let code = SeedSeries.exitCode(runs.flatMap(\.self)) { throw ExitCode(code) }
  }

  private static let columns: [(head: String, name: String)] = [
    ("recall@20", "recall20"), ("MRR", "mrr"), ("topics", "topicCoverage"), ("authors", "authorCoverage"), ("Gini", "gini"),
    ("found", "discoveredShare"), ("best 10", "precisionAt10"),
  ]

  private func text(_ rows: [Row], _ runs: [[FinishedRun]]) -> [String] {
    var table = TextTable(
      ["", "ranker", "nDCG@20", "+-", "chance"] + Self.columns.map(\.head) + ["age", "ranking mean", "p99", "operations"], left: [0, 1])
    for row in rows {
      func mean(_ name: String) -> Double? { row.figures[name]?.interval?.mean }
      func share(_ name: String) -> String { mean(QualityReport.prefix + name).map { String(format: "%.3f", $0) } ?? "-" }
      func time(_ name: String) -> String { mean(name).map { Text.duration(nanoseconds: $0) } ?? "-" }
      let halfWidth = row.figures["quality.ndcg20"]?.interval?.halfWidth
      var cells = [row.isOnFront ? "*" : row.failure == nil ? "" : "!", row.name, share("ndcg20")]
      cells += [halfWidth.map { String(format: "%.3f", $0) } ?? "-", share("ndcg20ByChance")]
      cells += Self.columns.map { share($0.name) }
      cells.append(mean("quality.freshnessSeconds").map { Text.age(seconds: $0) } ?? "-")
      cells += [time("\(row.id).meanNanoseconds"), time("\(row.id).p99Nanoseconds")]
      cells.append(mean("operationsPerSecond").map { Text.rate($0) } ?? "-")
      table.add(cells)
    }
    let seedText = "\(seeds.count) \(seeds.count == 1 ? "seed" : "seeds")"
    // Where three digits show it.
    let isCut = rows.contains { row in
      guard let interval = row.figures["quality.ndcg20"]?.interval, let half = interval.halfWidth, let low = interval.low,
        let high = interval.high
      else { return false }
      return low - (interval.mean - half) > 0.0005 || interval.mean + half - high > 0.0005
    }
    let failures = rows.compactMap { row in row.failure.map { "! \(row.name) did not pass, so its figures are not to be used: \($0)" } }
    return [
      "", "\(runs.first?.first?.scenario.name ?? ""): \(rankers.count) rankers, \(seedText); +- is half of a 95% confidence interval over seeds",
      table.text(indent: ""),
      "* no other ranker here is both better by nDCG@20 and cheaper by the mean (the Pareto front)",
    ] + (isCut ? ["where nDCG@20 and +- lead beyond 0 or 1, the interval ends there"] : []) + rows.compactMap(missing) + failures
  }

  /// Which of a row's figures are not of all seeds; nil when all are.
  private func missing(_ row: Row) -> String? {
    let columns = [(head: "nDCG@20", name: "ndcg20"), ("chance", "ndcg20ByChance")] + Self.columns + [("age", "freshnessSeconds")]
    let found = columns.compactMap { column in
      row.figures[QualityReport.prefix + column.name]?.share.map { "\(column.head) \($0) seeds" }
    }
    guard !found.isEmpty else { return nil }
    return "\(row.name): not every run has every figure; means are of those that do: \(found.joined(separator: ", "))"
  }

  private func object(_ rows: [Row], _ runs: [[FinishedRun]]) -> JSON {
    .object([
      "scenario": .string(runs.first?.first?.scenario.name ?? ""), "seeds": .array(seeds.map { .unsigned($0) }),
      "rankers": .array(
        zip(rows, runs).map { row, runs in
          .object([
            "ranker": .string(row.ranker), "quality": row.figures.quality, "isOnParetoFront": .boolean(row.isOnFront),
            "failure": row.failure.map { .string($0) } ?? .null,
            "rankingMeanNanoseconds": row.figures.json("\(row.id).meanNanoseconds"),
            "rankingP99Nanoseconds": row.figures.json("\(row.id).p99Nanoseconds"),
            "operationsPerSecond": row.figures.json("operationsPerSecond"),
            "runs": .array(runs.map { .string($0.id ?? "") }), "passed": .boolean(runs.allSatisfy { $0.failureCode == nil }),
          ])
        }),
    ])
  }
}
