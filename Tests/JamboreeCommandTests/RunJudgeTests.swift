import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import JamboreeScenario
import Testing

@testable import jamboree

/// Has no number for every third item.
private struct BrokenRanker: FeedRanker {
  static let descriptor = RankerDescriptor(id: "broken", version: "1", summary: "of a test")

  init() {}
  init(options: OptionValues) throws(RankerError) {}

  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    for index in 0..<candidates.count {
      scores[index] = candidates.ids[index].rawValue % 3 == 0 ? .nan : Float(candidates.ids[index].rawValue % 97)
    }
  }
}

/// What is said of a run whose ranker, which somebody has written in Swift, answers what nobody can order by.
@Suite struct RunJudgeTests {
  private func judged(_ ranker: (any FeedRanker)?, expect: String = "") throws -> FinishedRun {
    let text = """
      name: small
      start: Tuesday 14:00
      duration: 1h
      tick: 5s
      population: { members: 300, employees: 300 }
      services: { jam: { arrivals: { openingFactors: [], closingFactors: [] } } }
      \(expect)
      """
    let scenario = try ScenarioLoader.load(text: text, file: "test", services: Composition.services)
    var driver = try ScenarioRunner(scenario: scenario, backend: "memory", ranker: "hot", workers: 1, load: nil).driver()
    if let ranker { driver.ranker = .inProcess(ranker) }
    // As of a release build: the suite's own is a debug one.
    var environment = RunEnvironment.current(version: Composition.version)
    environment.buildConfiguration = "release"
    return try RunJudge(output: driver.run(), scenario: scenario, environment: environment, isSynthetic: false).finished(resultsPath: "")
  }

  @Test func scoresThatAreNotNumbersFailTheRun() throws {
    let good = try judged(nil)
    #expect(good.verdict == .passed && good.exitCode == nil)
    let run = try judged(BrokenRanker())
    let count = try #require(FinishedRun.observed("ranking.notANumberScores", in: run.output))
    #expect(count > 10)
    #expect(run.verdict == .failed && run.exitCode == 1)
    #expect(run.verdictReason.hasPrefix("\(Text.grouped(count)) scores of the ranker were not a number"), "\(run.verdictReason)")
  }

  @Test func anExpectationJudgesThem() throws {
    let allowed = try judged(BrokenRanker(), expect: "expect: [{ metric: ranking.notANumberScores, max: 1000000000 }]")
    #expect(allowed.verdict == .passed)
    let refused = try judged(BrokenRanker(), expect: "expect: [{ metric: ranking.notANumberScores, max: 1 }]")
    #expect(refused.verdict == .failed && refused.verdictReason.contains("expectations failed: ranking.notANumberScores"))
  }
}
