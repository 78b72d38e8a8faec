import Foundation
import Testing

@Suite struct RankerComparisonTests {
  private func series(_ place: Workplace, _ arguments: String...) throws -> [String: Any] {
    let run = try place.run(arguments + ["--results", "r.sqlite", "--json"])
    #expect(run.code == 0)
    #expect(run.err.isEmpty)
    return try run.object()
  }

  private func number(_ object: Any?, _ keys: String...) -> Double? {
    var value = object
    for key in keys { value = (value as? [String: Any])?[key] }
    return (value as? NSNumber)?.doubleValue
  }

  private let pages = ["--set", "measure.judgedPages=1", "--scale", "0.1"]

  /// Over seeds each figure is the mean of what the single runs say, with an interval about it.
  @Test func seedsGiveMeansWithIntervals() throws {
    let place = try Workplace()
    let all = try place.run(["run", Workplace.smoke, "--seeds", "4..6", "--results", "r.sqlite", "--json"] + pages)
    #expect(all.code == 0)
    let object = try all.object()
    #expect((object["seeds"] as? [Int]) == [4, 5, 6])
    let runs = try #require(object["runs"] as? [[String: Any]])
    #expect(runs.count == 3)
    #expect(Set(runs.compactMap { $0["digest"] as? String }).count == 3)
    let values = runs.compactMap { number($0, "quality", "ndcg20") }
    #expect(values.count == 3)
    let mean = try #require(number(object, "quality", "ndcg20", "mean"))
    #expect(abs(mean - values.reduce(0, +) / 3) < 1e-12)
    let low = try #require(number(object, "quality", "ndcg20", "low"))
    let high = try #require(number(object, "quality", "ndcg20", "high"))
    // Student's t for two degrees of freedom.
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2).squareRoot()
    #expect(abs((high - low) / 2 - 4.302652729911275 * deviation / 3.0.squareRoot()) < 1e-9)

    // The second is what a run of that seed is.
    let alone = try series(place, "run", Workplace.smoke, "--seed", "5", "--set", "measure.judgedPages=1", "--scale", "0.1")
    #expect(alone["digest"] as? String == runs[1]["digest"] as? String)
    #expect(number(alone, "quality", "ndcg20") == values[1])
    #expect(try place.run("list", "--results", "r.sqlite", "--json").object()["runs"].map { ($0 as? [Any])?.count } == 4)
  }

  /// The figures that are promised, of a single run and over seeds.
  @Test func qualityHasItsKeys() throws {
    let place = try Workplace()
    let promised: Set<String> = [
      "ndcg20", "recall20", "mrr", "freshnessSeconds", "authorCoverage", "topicCoverage", "gini", "timeToDiscoverySeconds", "precisionAt10",
      "kendallTau",
    ]
    let beside: Set<String> = ["pages", "ndcg20ByChance", "recall20ByChance", "mrrByChance", "discoveredShare", "kendallTauAllIdeas"]
    for seeds in [[], ["--seeds", "1..3"]] {
      let run = try place.run(["run", Workplace.smoke, "--results", "r.sqlite", "--json", "--set", "measure.judgedPages=4"] + seeds)
      let quality = try #require(run.object()["quality"] as? [String: Any])
      #expect(Set(quality.keys) == promised.union(beside))
    }
  }

  /// A run may have nothing to tell of a figure: its mean is of the others, and says so. No interval of a share leaves 0 to 1.
  @Test func seedsThatDropOutAreTold() throws {
    let place = try Workplace()
    let arguments = ["--seeds", "1..4", "--results", "r.sqlite"] + pages
    let object = try place.run(["run", Workplace.smoke, "--json"] + arguments).object()
    let quality = try #require(object["quality"] as? [String: Any])
    let found = try #require(quality["discoveredShare"] as? [String: Any])
    let seeds = try #require(found["seeds"] as? [Int])
    let runs = try #require(object["runs"] as? [[String: Any]])
    // In the order of the seeds, those whose runs have it.
    #expect(seeds == (1...4).filter { number(runs[$0 - 1], "quality", "discoveredShare") != nil })
    #expect(seeds.count == 3 && (found["values"] as? [Double])?.count == 3)
    for (name, figure) in quality where !name.hasSuffix("Seconds") && name != "pages" && !name.hasPrefix("kendall") {
      guard let low = number(figure, "low"), let high = number(figure, "high") else { continue }
      #expect(low >= 0 && high <= 1, "\(name)")
    }
    let table = try place.run(["run", Workplace.smoke] + arguments).out.split(separator: "\n")
    #expect(table.contains { $0.hasPrefix("  quality.discoveredShare ") && $0.hasSuffix("  3 of 4") })
    #expect(table.contains { $0.hasPrefix("  quality.ndcg20 ") && $0.hasSuffix("  4") })
    let compared = try place.run(["compare", Workplace.smoke, "--rankers", "hot,random"] + arguments).out
    #expect(compared.contains("\nhot: not every run has every figure; means are of those that do: found 3 of 4 seeds"), "\(compared)")
  }

  @Test func rankersAreComparedAndTheFrontIsMarked() throws {
    let place = try Workplace()
    let run = try place.run(
      ["compare", Workplace.smoke, "--rankers", "random,chronological,hot?gravity=0", "--seeds", "1..2", "--results", "r.sqlite", "--json"] + pages)
    #expect(run.code == 0)
    let rankers = try #require(try run.object()["rankers"] as? [[String: Any]])
    #expect(rankers.compactMap { $0["ranker"] as? String } == ["random", "chronological", "hot?gravity=0"])
    for ranker in rankers {
      #expect(number(ranker, "quality", "ndcg20", "mean").map { $0 > 0 && $0 <= 1 } == true)
      #expect(number(ranker, "rankingMeanNanoseconds", "mean").map { $0 > 0 } == true)
      #expect((ranker["runs"] as? [String])?.count == 2)
    }
    // On the front is who is not beaten in both: worked out again from the figures themselves.
    for ranker in rankers {
      let (quality, cost) = (number(ranker, "quality", "ndcg20", "mean") ?? 0, number(ranker, "rankingMeanNanoseconds", "mean") ?? 0)
      let isBeaten = rankers.contains {
        let (other, otherCost) = (number($0, "quality", "ndcg20", "mean") ?? 0, number($0, "rankingMeanNanoseconds", "mean") ?? 0)
        return other >= quality && otherCost <= cost && (other > quality || otherCost < cost)
      }
      #expect(ranker["isOnParetoFront"] as? Bool == !isBeaten)
    }
    #expect(rankers.contains { $0["isOnParetoFront"] as? Bool == true })
    let text = try place.run(
      ["compare", Workplace.smoke, "--rankers", "random,hot?gravity=1.8", "--seeds", "1", "--results", "r.sqlite"] + pages)
    #expect(text.code == 0)
    #expect(text.out.contains("Pareto front"))
    // Told as they come, and in the table.
    #expect(text.out.contains("seed 1, hot(gravity=1.8): ") && text.out.contains("  hot(gravity=1.8)  "))
  }

  @Test(arguments: [
    (["run", "x.yaml", "--seeds", "3..1"], "expected seeds such as 1..10 or 1,2,5"),
    (["run", "x.yaml", "--seeds", "1,1"], "none twice"),
    (["run", "x.yaml", "--seeds", "0..5000"], "1000 at most"),
    (["run", "x.yaml", "--seeds", "1..2", "--seed", "1"], "leave one out"),
    (["run", "x.yaml", "--seeds", "1..2", "--set", "seed=1"], "--seeds and --set seed=1 are two ways to say the same; leave one out"),
    (["run", "x.yaml", "--seed", "1", "--set", "seed=1"], "--seed and --set seed=1 are"),
    (["run", "x.yaml", "--feed", "push", "--set", "feed.strategy=pull"], "--feed and --set feed.strategy=pull are"),
    (["scenarios", "describe", "x.yaml", "--feed", "push", "--set", "feed={ strategy: pull }"], "--feed and --set feed={ strategy: pull } are"),
    (["run", "x.yaml", "--ranker", "hot", "--set", "ranker.options.gravity=2"], "--ranker and --set ranker.options.gravity=2 are"),
    (["baseline", "set", "main", "x.yaml", "--ranker", "hot", "--set", "ranker.id=top"], "--ranker and --set ranker.id=top are"),
    (["gate", "x.yaml", "--baseline", "main", "--ranker", "hot", "--set", "ranker.id=top"], "--ranker and --set ranker.id=top are"),
    (["compare", "x.yaml", "--rankers", "hot,top", "--set", "ranker.id=top"], "--rankers and --set ranker.id=top are"),
    (["compare", "x.yaml", "--rankers", "hot,top", "--set", "seed=4"], "--seeds and --set seed=4 are"),
    (["run", "--resume", "last", "--seeds", "1..2"], "leave out --seeds"),
    (["compare", "x.yaml", "--rankers", "hot"], "name two rankers or more"),
    (["compare", "x.yaml", "--rankers", "hot,,random"], "name two rankers or more"),
    (["compare", "x.yaml", "--rankers", "hot,hot"], "named twice"),
    (["compare", "x.yaml", "--rankers", "hot,hut"], "did you mean 'hot'?"),
    (["compare", "x.yaml", "y.yaml", "--rankers", "hot,random"], "takes one scenario file, not 2"),
    (["compare", "a", "b", "--seeds", "1..2"], "only with --rankers"),
    (["compare", "x.yaml", "--rankers", "hot,random"], "x.yaml: no such file"),
  ])
  func whatCannotBeRunIsRefused(_ arguments: [String], _ message: String) throws {
    let run = try Workplace().run(arguments)
    #expect(run.code == 64)
    #expect(run.err.contains(message))
    #expect(run.err.split(separator: "\n").count == 1)
  }

  /// A scenario without ranked feeds has nothing to compare.
  @Test func withoutRankedPagesThereIsNothingToCompare() throws {
    let place = try Workplace()
    let scenario = Workplace.package.appending(path: "Scenarios/wiki-central.yaml").path
    let run = try place.run("compare", scenario, "--rankers", "hot,random", "--seeds", "1", "--scale", "0.001", "--results", "r.sqlite")
    #expect(run.code == 64)
    #expect(run.err.contains("no ranked page of this scenario was judged"))
  }

  /// Each run begins with nothing, and there is one file: that is told before any run, and what to do instead works.
  @Test(arguments: [
    ["run", "s.yaml", "--seeds", "1..2"], ["compare", "s.yaml", "--rankers", "hot,random", "--seeds", "1"],
    ["baseline", "set", "main", "s.yaml"], ["gate", "s.yaml", "--baseline", "main"],
  ])
  func aPlaceThatTakesOneRunIsRefused(_ arguments: [String]) throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    if arguments[0] == "gate" {
      #expect(try place.run("baseline", "set", "main", "s.yaml", "--replicates", "2", "--instructions", "off", "--backend", "sqlite").code == 0)
    }
    let files = place.files
    for (backend, what) in [("sqlite:d.sqlite?synchronous=off", "leave out the file"), ("postgres://u:secret@localhost/d?schema=s", "leave out the schema")] {
      let refused = try place.run(arguments + ["--backend", backend])
      #expect(refused.code == 64)
      #expect(refused.err.contains("there are several runs") && refused.err.contains(what), "\(refused.err)")
      #expect(refused.err.split(separator: "\n").count == 1 && refused.out.isEmpty && !refused.err.contains("secret"))
      #expect(place.files == files)
    }
    if arguments[0] == "run" {
      #expect(try place.run(arguments + ["--backend", "sqlite", "--no-floor"]).code == 0)
      #expect(try place.run("run", "s.yaml", "--seeds", "1", "--backend", "sqlite:d.sqlite", "--no-floor").code == 0)
    }
  }
}
