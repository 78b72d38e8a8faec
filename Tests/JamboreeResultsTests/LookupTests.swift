import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import Testing

@testable import JamboreeResults

@Suite struct RunIdentifierTests {
  @Test func textOrderIsTimeOrder() {
    let times: [Int64] = [0, 31, 62, 999_999, 1_000_000, 1_000_500, 31_000_000, 32_000_000, 1_700_000_000_000_000_000, 1_700_000_000_001_000_000, .max]
    let names = times.map { RunIdentifier.make(unixNanoseconds: $0) }
    #expect(names == names.sorted())
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.utf8.count == 12 && RunIdentifier.isPrefix($0) })
    #expect(RunIdentifier.make(unixNanoseconds: 0) == "000000000000")
    #expect(RunIdentifier.make(unixNanoseconds: -5, place: 32_767) == "000000000zzz")
    #expect(RunIdentifier.make(unixNanoseconds: 999_999, place: 1) == "000000001000")
  }

  @Test func stepsBack() {
    #expect(RunIdentifier.stepsBack("last") == 0)
    #expect(RunIdentifier.stepsBack("last~12") == 12)
    for text in ["last~", "last~-1", "last~x", "latest", "", "last~99999999999999999999"] {
      #expect(RunIdentifier.stepsBack(text) == nil)
    }
  }
}

@Suite struct LookupTests {
  private func store(_ folder: TemporaryFolder, _ starts: [Int64]) throws -> (ResultStore, [String]) {
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    return (store, try starts.map { try store.save(OutputShape(startedUnixNanoseconds: $0, buckets: 1, valuesPerHistogram: 8)) })
  }

  private func message(_ store: ResultStore, _ text: String) -> String {
    do { return "found \(try store.resolve(text))" } catch {
      guard let error = error as? ResultStoreError, error.kind == .usage else { return "another error: \(error)" }
      return error.message
    }
  }

  @Test func newestFirst() throws {
    let folder = try TemporaryFolder()
    let (store, names) = try store(folder, [2_000_000_000, 9_000_000_000, 5_000_000_000])
    #expect(try store.runs().map(\.run) == [names[1], names[2], names[0]])
    #expect(try store.runs(limit: 2).map(\.run) == [names[1], names[2]])
    #expect(try store.runs(limit: 0).isEmpty)
    #expect(names[0] < names[2] && names[2] < names[1])
    #expect(try store.resolve("last") == names[1])
    #expect(try store.resolve("LAST~1") == names[2])
    #expect(try store.resolve("last~2") == names[0])
  }

  @Test func namesAreUnique() throws {
    let folder = try TemporaryFolder()
    let (store, names) = try store(folder, [Int64](repeating: 1_700_000_000_000_000_000, count: 40))
    #expect(Set(names).count == 40)
    #expect(try store.runs().map(\.run) == names.sorted(by: >))
  }

  /// The order of the names is that of the starts even within a millisecond.
  @Test func runsOfOneMillisecond() throws {
    let folder = try TemporaryFolder()
    let starts: [Int64] = [900_000, 100, 500_000, 400_000, 100].map { 1_700_000_000_000_000_000 + $0 }
    let (store, names) = try store(folder, starts)
    #expect([names[1], names[4], names[3], names[2], names[0]] == names.sorted())
    #expect(try store.runs().map(\.run) == names.sorted(by: >))
    #expect(try store.resolve("last") == names[0])
  }

  @Test(arguments: [Double.nan, .infinity]) func aScaleThatIsNoNumberIsRefused(_ scale: Double) throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    let error = #expect(throws: ResultStoreError.self) { try store.save(OutputShape(buckets: 1, scale: scale)) }
    #expect(error?.kind == .usage)
    #expect(error?.message.contains("scale") == true)
    #expect(try store.runs().isEmpty)
  }

  @Test func prefixes() throws {
    let folder = try TemporaryFolder()
    let (store, names) = try store(folder, [1_000_000_000, 1_700_000_000_000_000_000, 1_700_000_000_000_000_000])
    #expect(try store.resolve(names[0]) == names[0])
    #expect(try store.resolve(String(names[0].prefix(4))) == names[0])
    #expect(try store.resolve(names[1].uppercased()) == names[1])

    let ambiguous = message(store, String(names[1].prefix(9)))
    for part in ["More than one", store.path, names[1], names[2], "jam-night", "sqlite"] {
      #expect(ambiguous.contains(part), "\(ambiguous)")
    }
    #expect(!ambiguous.contains(names[0]))
    let unknown = message(store, "zz")
    for part in ["No run", store.path, "“zz”", names[1], names[0], "jamboree list"] {
      #expect(unknown.contains(part), "\(unknown)")
    }
    let none = message(store, "last~3")
    for part in ["last~3", "3 runs", "last~2", store.path] { #expect(none.contains(part), "\(none)") }
    for text in ["", "%", "' OR 1=1", "last~x", "é"] { #expect(message(store, text).contains("No run"), "\(text)") }
    #expect(throws: ResultStoreError.self) { try store.detail(String(names[0].prefix(11))) }
  }

  @Test func emptyFile() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    #expect(try store.runs().isEmpty)
    for text in ["last", "abc"] { #expect(message(store, text).contains("holds no runs")) }
  }
}

@Suite struct RunComparisonTests {
  private func details(_ shapes: [OutputShape], change: (inout [RunDetail]) -> Void = { _ in }) throws -> [RunDetail] {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    var details = try shapes.map { try store.detail(try store.save($0)) }
    change(&details)
    return details
  }

  @Test func equalRunsAreComparable() throws {
    let comparison = RunComparison(try details([OutputShape(), OutputShape()]))
    #expect(comparison.differences == [])
    #expect(comparison.throughput.ratios == [1, 1])
    #expect(comparison.runs.count == 2)
    #expect(
      comparison.rows.map(\.kind) == [LatencyKind](repeating: .service, count: 4) + [LatencyKind](repeating: .storage, count: 4)
        + [.ranking])
    #expect(comparison.rows.prefix(4).map(\.name) == ["bookmarks.followLink", "jam.publish", "jam.rate", "wiki.edit"])
    for row in comparison.rows { #expect(row.p99.ratios == [1, 1] && row.count.ratios == [1, 1]) }
  }

  @Test func ratiosAreToTheFirst() throws {
    let details = try details([OutputShape(), OutputShape(latencyFactor: 9)])
    let comparison = RunComparison(details)
    let row = try #require(comparison.rows.first { $0.kind == .service && $0.name == "jam.rate" })
    let latencies = try details.map { try #require($0.summary(.service, "jam.rate")) }
    #expect(row.count.values == [400, 800])
    #expect(row.count.ratios == [1, 2])
    #expect(row.max.values == latencies.map { Double($0.maxNanoseconds) })
    #expect(row.p99.ratios == [1, Double(latencies[1].p99Nanoseconds) / Double(latencies[0].p99Nanoseconds)])
    #expect(row.mean.values == latencies.map(\.meanNanoseconds))
  }

  /// What members did and what came of it, where it is not the same; of the machine nothing.
  @Test func figuresThatDifferAreNamed() throws {
    #expect(RunComparison(try details([OutputShape(), OutputShape()])).figures.isEmpty)
    let held = CheckRecord(name: "jam.posts", observed: 5, limit: ">= 1", passed: true)
    let details = try details([OutputShape(), OutputShape()]) { details in
      details[1].timeline.series[0].values[1] += 3
      details[1].metrics.append(Metric(name: "jam.moodTurn", value: 4, unit: "h"))
      details[1].metrics.append(Metric(name: "engine.ticks", value: 4, unit: "count"))
      details[0].checks = [held, CheckRecord(name: "jam.ideas", observed: 1, limit: ">= 1", passed: true)]
      details[1].checks = [held, CheckRecord(name: "jam.ideas", observed: 0, limit: ">= 1", passed: false)]
    }
    let comparison = RunComparison(details)
    #expect(comparison.figures.map(\.name) == ["jam.pageViews", "jam.moodTurn"])
    let total = Double(details[0].timeline.series[0].values.reduce(0, +))
    #expect(comparison.figures[0].figure.values == [total, total + 3])
    #expect(comparison.figures[1].figure.values == [nil, 4] && comparison.figures[1].unit == "h")
    #expect(comparison.expectations.map(\.name) == ["jam.ideas"])
    #expect(comparison.expectations[0].checks.map { $0?.passed } == [true, false])
  }

  @Test func missingFiguresAreMissing() throws {
    let details = try details([OutputShape(), OutputShape()]) { details in
      details[0].summaries.removeAll { $0.name == "jam.rate" }
      details[0].record.operationsPerSecond = 0
    }
    let comparison = RunComparison(details)
    let row = try #require(comparison.rows.first { $0.name == "jam.rate" })
    #expect(row.count.values == [nil, 400])
    #expect(row.count.ratios == [nil, nil])
    #expect(comparison.throughput.ratios == [nil, nil])
    #expect(RunComparison([]).rows.isEmpty)
    #expect(RunComparison([]).differences.isEmpty)
  }

  @Test func differencesAreNamed() throws {
    let details = try details([OutputShape(), OutputShape(seed: 3, scenarioHash: "beef", scale: 2, workers: 1)]) { details in
      details[1].environment.cpuModel = "Other CPU"
      details[1].environment.buildConfiguration = "debug"
      details[1].identity.pace = "10x"
      details[1].record.verdict = .notComparable
      details[1].verdictReason = "debug build"
    }
    let differences = RunComparison(details).differences
    let starts = ["scenario:", "seed:", "scale:", "workers:", "pace:", "processor:", "build configuration:", "verdict:"]
    #expect(differences.count == starts.count)
    for (difference, start) in zip(differences, starts) { #expect(difference.hasPrefix(start), "\(difference)") }
    #expect(differences[1] == "seed: \(details[0].record.run) has \(OutputShape().seed), \(details[1].record.run) has 3")
    #expect(differences.last == "verdict: \(details[1].record.run) is not-comparable (debug build)")
  }

  /// A run that failed its expectations may have been stopped from doing what the other did.
  @Test func aFailedRunIsADifference() throws {
    let details = try details([OutputShape(), OutputShape()]) { details in
      details[0].record.verdict = .failed
      details[0].verdictReason = "expectations failed: jam.posts"
    }
    #expect(
      RunComparison(details).differences == ["verdict: \(details[0].record.run) is failed (expectations failed: jam.posts)"])
  }

  @Test func percentilesNeverPassTheMaximum() throws {
    for detail in try details([OutputShape(), OutputShape(valuesPerHistogram: 3), OutputShape(latencyFactor: 77)]) {
      for summary in detail.summaries {
        let latency = summary.latency
        let figures = [
          latency.p50Nanoseconds, latency.p90Nanoseconds, latency.p99Nanoseconds, latency.p999Nanoseconds, latency.maxNanoseconds,
        ]
        #expect(figures == figures.sorted())
        #expect(latency.meanNanoseconds <= Double(latency.maxNanoseconds))
      }
    }
  }
}
