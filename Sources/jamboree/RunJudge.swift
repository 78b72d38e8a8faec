import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import JamboreeScenario

/// Holds what came of a run against what its scenario states, and says whether its figures may be used.
struct RunJudge {
  let output: RunOutput
  let scenario: Scenario
  let environment: RunEnvironment
  /// Whether the backend's replies are made up.
  let isSynthetic: Bool

  func finished(resultsPath: String) -> FinishedRun {
    var checks: [CheckResult] = []
    var unchecked: [UncheckedExpectation] = []
    var records: [CheckRecord] = []
    for expectation in scenario.expectations {
      let result = expectation.evaluate(observed: FinishedRun.observed(expectation.metric, in: output), scale: scenario.scale)
      var why = expectation.exemption(scale: scenario.scale, onSynthetic: isSynthetic, underLoad: output.load != nil)
      // What lies above all that noise could explain has failed nevertheless.
      if why == .withinNoise, !result.passed { why = nil }
      records.append(
        CheckRecord(
          name: result.name, observed: result.observed, limit: result.limit, passed: why != nil || result.passed,
          notHeldBecause: why?.rawValue))
      if let why {
        unchecked.append(UncheckedExpectation(result: result, why: why))
      } else {
        checks.append(result)
      }
    }
    let (verdict, reason) = judge(checks)
    return FinishedRun(
      id: nil, output: output, scenario: scenario, checks: output.interrupted ? [] : checks, unchecked: output.interrupted ? [] : unchecked,
      records: output.interrupted ? [] : records, verdict: verdict, verdictReason: reason, floor: [:], resultsPath: resultsPath, isSynthetic: isSynthetic)
  }

  private func judge(_ checks: [CheckResult]) -> (Verdict, String) {
    let failed = checks.filter { !$0.passed }.map(\.name)
    if output.interrupted { return (.interrupted, stoppedAt()) }
    if let invalid = output.load?.invalidReason { return (.invalid, invalid) }
    if let load = output.load, load.starts == 0 {
      return (.invalid, load.ranOut ? "nobody was left to act in the measured part" : "nothing started in the measured part")
    }
    if output.load == nil, output.operations == 0 {
      return (.failed, "nothing was done: no member had anything to do; raise participation, dailyActive or actionsPerDay, or --scale")
    }
    if let failure = auditFailure() { return (.failed, failure) }
    let unranked = output.rankingFailures.flatMap { RankerText.fallback($0, isLoad: output.load != nil) }
    if let unranked, !checks.contains(where: { RankerText.judgedPages.contains($0.name) }) {
      return (.failed, "\(unranked); an expectation of ranking.fallbackPages can allow it")
    }
    // Those of a ranker in another process are among its fallback pages.
    let broken = unranked == nil ? brokenScores() : nil
    if let broken, !checks.contains(where: { RankerText.judgedScores.contains($0.name) }) {
      return (.failed, "\(broken); an expectation of ranking.notANumberScores can allow it")
    }
    if environment.buildConfiguration == "debug" { return (.notComparable, "a debug build: its times mean nothing") }
    if let unmeasured = FinishedRun.observed("engine.unmeasuredOperations", in: output), unmeasured > 0.01 * Double(output.operations) {
      return (.notComparable, "\(Text.grouped(unmeasured)) operations were done by an earlier run and not measured: rates are too high")
    }
    if let failure = output.load?.failedReason { return (.failed, failure) }
    if !failed.isEmpty { return (.failed, "expectations failed: \(failed.joined(separator: ", "))") }
    return (.passed, held(checks.count) + ((unranked ?? broken).map { "; \($0)" } ?? ""))
  }

  /// What a ranker in this process has answered and nobody can order by; nil when there is no such score.
  private func brokenScores() -> String? {
    guard let scores = FinishedRun.observed("ranking.notANumberScores", in: output), scores > 0 else { return nil }
    return scores == 1
      ? "1 score of the ranker was not a number: its candidate stands last on its page"
      : "\(Text.grouped(scores)) scores of the ranker were not a number: their candidates stand last on their pages"
  }

  private func auditFailure() -> String? {
    if let audit = output.load?.audit, !audit.isClean { return "the audit found \(AuditText.summary(audit))" }
    if let audit = output.load?.audit, audit.notReadBack > 0 {
      return "\(Text.grouped(Int64(audit.notReadBack))) of \(Text.grouped(Int64(audit.auditedItems))) items that were written could not be read back"
    }
    return output.load?.auditFailure.map { "what was acknowledged could not be read back: \($0)" }
  }

  private func stoppedAt() -> String {
    guard let load = output.load else {
      let place =
        output.simulatedNanoseconds < 360_000_000_000
        ? "stopped \(Text.span(nanoseconds: output.simulatedNanoseconds)) from the start"
        : "stopped at hour \(Text.significant(Double(output.simulatedNanoseconds) / 3.6e12))"
      return output.isCutShort ? "\(place): the ranker did not answer, and what came after is left out" : place
    }
    return load.measureNanoseconds == 0
      ? "stopped in its warm-up: nothing was measured" : "stopped after \(Text.duration(nanoseconds: Double(load.measureNanoseconds))) of its measured part"
  }

  /// What was held against the run, and what was not.
  private func held(_ count: Int) -> String {
    let stated = scenario.expectations.count
    if stated == 0 { return "no expectations were stated" }
    let others = stated - count
    let against = output.load != nil ? "a load, which is part of the event" : "this scale or backend"
    let left = others == 0 ? "" : "; \(others) \(others == 1 ? "is" : "are") not held against \(against)"
    if count == 0 { return "no expectation applies\(left)" }
    if count == stated { return count == 1 ? "its only expectation held" : "all \(count) expectations held" }
    return "\(count) of \(stated) expectations applied, and held\(left)"
  }
}
