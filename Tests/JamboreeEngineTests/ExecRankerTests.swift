import Foundation
import JamboreeExec
import JamboreeKit
import JamboreeMemory
import JamboreeMetrics
import JamboreePostgres
import JamboreeRankers
import JamboreeSQLite
import JamboreeTesting
import Testing

@testable import JamboreeEngine

/// The same scores as Tests/Examples/rank.py gives, in this process.
private struct ExampleRanker: FeedRanker {
  static let descriptor = RankerDescriptor(id: "example", version: "1", summary: "as the example", needs: .interests)

  init() {}
  init(options: OptionValues) throws(RankerError) {}

  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    for index in 0..<candidates.count {
      let cares = viewer.interests >> UInt64(candidates.topics[index]) & 1 == 1
      let hours = max(viewer.now.nanoseconds - candidates.created[index].nanoseconds, 0) / 3_600_000_000_000
      scores[index] = Float(Int64(candidates.ratingSums[index] + 2 * candidates.replyCounts[index]) + (cares ? 10 : 0) - hours)
    }
  }
}

/// Whole runs with a ranker in another process.
@Suite(.enabled(if: hasPython, "needs python3")) struct ExecRankerTests {
  private static let example = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Examples/rank.py").path

  private static func settings(_ words: [String] = ["python3", example]) -> ExecSettings {
    var settings = ExecSettings(words: words)
    (settings.timeoutNanoseconds, settings.startTimeoutNanoseconds) = (60_000_000_000, 60_000_000_000)
    return settings
  }

  private func run(_ plan: SimulationPlan, _ backend: BackendInstance, _ ranker: RankerInstance, workers: Int) throws -> Simulation {
    try backend.backend.load(plan.dataset())
    let simulation = try Simulation(plan, backend: backend, ranker: ranker, workers: workers)
    simulation.start()
    try simulation.run()
    return simulation
  }

  /// The documented example is a ranker like any other: with its scores the same members do the same.
  @Test(arguments: [1, 2, 7]) func theExampleGivesTheDigestOfTheSameScores(_ workers: Int) throws {
    let plan = try loadPlan(denseJam, scale: 0.15)
    let here = try run(plan, memory(), .inProcess(ExampleRanker()), workers: 1)
    let there = try run(plan, memory(), .batch(ExecRanker(Self.settings())), workers: workers)
    #expect(there.digest.description == here.digest.description)
    #expect(there.operationCount == here.operationCount && here.operationCount > 5_000)
    #expect(there.outcomes == here.outcomes)
    #expect(there.rankingFailures == RankingFailures())
    #expect(here.rankingFailures == nil)
    // Each ranking is recorded, as in this process.
    func count(_ simulation: Simulation, _ name: String) -> UInt64? {
      simulation.histograms()[LatencyRecorder.Key(kind: .ranking, name: name, outcome: .ok)]?.totalCount
    }
    #expect(count(there, "exec") == count(here, "example"))
    // The order matters: else nothing would have been shown.
    #expect(try run(plan, memory(), .inProcess(NewestFirst()), workers: 1).digest.description != here.digest.description)
  }

  @Test func theBackendDoesNotChangeIt() throws {
    let plan = try loadPlan(denseJam, scale: 0.1)
    let here = try run(plan, memory(), .inProcess(ExampleRanker()), workers: 1).digest.description
    let file = FileManager.default.temporaryDirectory.appending(path: "jamboree-exec-\(UUID().uuidString).sqlite").path
    defer { for tail in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + tail) } }
    let sqlite = BackendInstance.blocking(
      try SQLiteBackend(options: OptionValues(owner: "sqlite", location: file, given: [], descriptors: SQLiteBackend.descriptor.options)))
    let pipelined = BackendInstance.pipelined(PipelinedAdapter(try MemoryBackend(options: noOptions()), seed: 5))
    for backend in [sqlite, pipelined] {
      #expect(try run(plan, backend, .batch(ExecRanker(Self.settings())), workers: 2).digest.description == here)
    }
  }

  /// How pages come to be in batches is nobody's business.
  @Test(arguments: [(1, 1), (3, 2), (256, 1)]) func batchesDoNotChangeIt(_ pages: Int, _ inFlight: Int) throws {
    let plan = try loadPlan(denseJam, scale: 0.1)
    let here = try run(plan, memory(), .inProcess(ExampleRanker()), workers: 1).digest.description
    var settings = Self.settings()
    (settings.batchPages, settings.batchesInFlight) = (pages, inFlight)
    #expect(try run(plan, memory(), .batch(ExecRanker(settings)), workers: 2).digest.description == here)
  }

  /// One that never ranks anything leaves every page newest first, and says so.
  @Test(arguments: [
    "for count, number, ids in batches(): os._exit(1)",
    "for count, number, ids in batches(): answers.write(b'?' * 100); answers.flush()",
    "for count, number, ids in batches(): answer(number, scores(ids)[:-1])",
    "for count, number, ids in batches(): answer(number, [float('nan')] * len(ids))",
  ])
  func withoutScoresPagesAreNewestFirst(_ rest: String) throws {
    let plan = try loadPlan(denseJam, scale: 0.05)
    let newest = try run(plan, memory(), .inProcess(ChronologicalRanker(options: noOptions())), workers: 1)
    let ranked = newest.histograms()[LatencyRecorder.Key(kind: .ranking, name: "chronological", outcome: .ok)]?.totalCount ?? 0
    let script = try ExecScript("hello()\n" + rest)
    let simulation = try run(plan, memory(), .batch(ExecRanker(script.settings { $0.restarts = 2 })), workers: 1)
    #expect(simulation.digest.description == newest.digest.description)
    let failures = try #require(simulation.rankingFailures)
    // Listings that found nothing are not asked about.
    #expect(failures.fallbackPages > 0 && failures.fallbackPages <= Int64(ranked))
    func metric(_ name: String) -> Double? { simulation.metrics().first { $0.name == "ranking.\(name)" }?.value }
    #expect(metric("fallbackPages") == Double(failures.fallbackPages))
    if rest.contains("nan") {
      #expect(failures.notANumberPages == failures.fallbackPages)
      #expect(metric("notANumberScores") == Double(failures.notANumberScores) && failures.notANumberScores >= failures.notANumberPages)
      #expect(metric("errors") == Double(failures.notANumberPages))
      #expect(failures.restarts == 0)
    } else {
      // The first of each of three processes, then nobody is asked any more.
      #expect(metric("errors") == 3 && metric("restarts") == 2)
      #expect(metric("deaths") == (rest.contains("exit") ? 3 : 0))
    }
  }

  /// What went wrong before a checkpoint is not forgotten: it tells whether the digest is that of the same run another time.
  @Test func failuresGoOnAfterACheckpoint() throws {
    let plan = try loadPlan(denseJam, scale: 0.1)
    let script = try ExecScript("hello()\nfor count, number, ids in batches(): answer(number, [float('nan')] * len(ids))")
    let ranker = RankerInstance.batch(try ExecRanker(script.settings()))
    let whole = try run(plan, memory(), ranker, workers: 1)
    let backend = try memory()
    try backend.backend.load(plan.dataset())
    let first = try Simulation(plan, backend: backend, ranker: ranker, workers: 1)
    first.start()
    try first.run(until: 301)
    let second = try Simulation(plan, backend: backend, ranker: ranker, workers: 1)
    try second.restore(from: first.checkpoint())
    let before = try #require(first.rankingFailures)
    #expect(before.fallbackPages > 0 && !before.firstText.isEmpty)
    #expect(second.rankingFailures == before)
    try second.run()
    #expect(second.rankingFailures == whole.rankingFailures && second.rankingFailures != before)
    #expect(second.notANumberScores == whole.notANumberScores)
  }

  // MARK: Under load

  private func load(_ ranker: RankerInstance, workers: Int, _ change: (inout LoadOptions) -> Void = { _ in }) throws -> RunOutput {
    let plan = try loadPlan(denseJam)
    var options = LoadOptions(settings: LoadSettings(), pace: .stages, connections: 4, inFlight: 64)
    options.settings.warmUpNanoseconds = 0
    options.settings.stages = [LoadSettings.Stage(shape: .step, ratePerSecond: 1_000, durationNanoseconds: 800_000_000)]
    change(&options)
    let identity = RunIdentity(
      scenarioName: "test", scenarioText: "", scenarioHash: "", overrides: [], seed: plan.seed, scale: 1, workers: workers, pace: options.text,
      backend: PlugInIdentity(id: "null", version: "1", options: []), ranker: PlugInIdentity(id: "exec", version: "1", options: []))
    var driver = RunDriver(
      identity: identity, makePopulation: { (plan.population, []) }, makePlan: { _ in plan },
      backend: .blocking(try NullBackend(options: noOptions())), ranker: ranker, workers: workers)
    driver.load = options
    return try driver.run()
  }

  @Test(arguments: [1, 2]) func pagesAreRankedUnderLoad(_ workers: Int) throws {
    let output = try load(.batch(ExecRanker(Self.settings())), workers: workers)
    let report = try #require(output.load)
    #expect(report.starts == 800 && report.unanswered == 0)
    #expect(output.rankingFailures == RankingFailures())
    let histogram = try #require(output.histogram(.ranking, "exec"))
    #expect(histogram.totalCount > 100)
    // One response a start: no action is lost on the way, none ends twice.
    let responses = output.histograms.reduce(0) { $1.key.kind == .response ? $0 + $1.value.totalCount : $0 }
    #expect(responses == UInt64(report.starts))
  }

  /// Back-pressure: while a slow ranker has all the actions that may be in flight, no more are started; they are late, and none is lost.
  @Test func aSlowRankerHoldsStartsBack() throws {
    let script = try ExecScript(
      """
      hello()
      for count, number, ids in batches():
          time.sleep(0.05)
          answer(number, scores(ids))
      """)
    let output = try load(.batch(ExecRanker(script.settings())), workers: 1) {
      $0.inFlight = 4
      // Of a generator that is late on a busy machine others tell.
      $0.settings.latenessLimitNanoseconds = 60_000_000_000
    }
    let report = try #require(output.load)
    #expect(report.peakInFlight == 4 && report.unanswered == 0)
    #expect(output.rankingFailures == RankingFailures())
    // Held back by what was under way, and not by the generator.
    #expect(report.invalidReason == nil, "\(report.invalidReason ?? "")")
    #expect(report.failedReason?.contains("did not keep up") == true && report.starts + report.unstarted - report.startsInTime > 100)
  }

  /// Members wait for a time-out, and not for ever.
  @Test(arguments: ["time.sleep(1000)", "for count, number, ids in batches(): os._exit(1)"])
  func oneThatFailsDoesNotStopALoad(_ rest: String) throws {
    let script = try ExecScript("hello()\n" + rest)
    let settings = script.settings { ($0.restarts, $0.timeoutNanoseconds) = (1, 100_000_000) }
    let output = try load(.batch(ExecRanker(settings)), workers: 2)
    let report = try #require(output.load)
    #expect(report.starts == 800 && report.unanswered == 0)
    let failures = try #require(output.rankingFailures)
    #expect(failures.fallbackPages > 100)
    #expect(failures.errors >= 2 && failures.errors <= 4)
    #expect(output.metrics.contains { $0.name == "ranking.fallbackPages" && $0.value == Double(failures.fallbackPages) })
  }
}
