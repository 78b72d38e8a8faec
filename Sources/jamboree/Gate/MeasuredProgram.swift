import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import JamboreeScenario

/// What every process of a comparison runs.
struct MeasuredRun {
  /// The scenario's file.
  var file: String
  var overrides: [String]
  var scale: Double
  var backend: String
  var ranker: String
  var workers: Int

  func scenario() throws(ConfigurationError) -> Scenario {
    try ScenarioLoader.load(path: file, overrides: overrides, scale: scale, services: Composition.services, rankers: Composition.rankers)
  }

  /// What of it must be a baseline's.
  func identity() throws(ConfigurationError) -> BaselineRun {
    let scenario = try scenario()
    return BaselineRun(
      scenario: scenario.name, scenarioHash: scenario.hash, seed: scenario.seed.rawValue, scale: scale, overrides: overrides,
      backend: withoutPassword(backend), ranker: ranker, workers: workers)
  }

  /// Without the password that the backend's address may have: anybody may read the arguments of a process.
  /// - Parameter scale: another one than the run's.
  func arguments(results: String, scale: Double? = nil, workers: Int? = nil) -> [String] {
    [
      "run", file, "--scale", "\(scale ?? self.scale)", "--backend", Composition.withoutSecrets(backend).reference, "--ranker", ranker,
      "--workers", "\(workers ?? self.workers)",
    ]
      // The ranker is named above, which is refused where the overrides do so, too.
      + overrides.filter { !isOverride($0, of: "ranker") }.flatMap { ["--set", $0] }
      + ["--results", results, "--no-floor", "--json"]
  }

  /// The command that compares its ranker with another one in this run, over seeds; for a person to paste.
  func comparison(with other: String) -> String {
    func word(_ text: String) -> String {
      text.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=,".contains($0) } ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
    let others = overrides.filter { !isOverride($0, of: "ranker") && !isOverride($0, of: "seed") }
    let words =
      ["jamboree", "compare", "--rankers", "\(other),\(ranker)", file] + (scale == 1 ? [] : ["--scale", "\(scale)"])
      + (backend == "memory" ? [] : ["--backend", Composition.withoutSecrets(backend).reference]) + others.flatMap { ["--set", $0] }
      + ["--seeds", "1..10"]
    return words.map(word).joined(separator: " ")
  }

  /// What goes with the arguments.
  var variables: [String: String] { Composition.withoutSecrets(backend).variables }
}

/// A built version of this program, run as a process of its own for each replicate: what a process has once, like the
/// places that its code and data come to lie at, is then a part of the noise and not of the difference.
struct MeasuredProgram {
  /// `baseline` or `now`.
  let role: String
  let path: String
  let children: ChildProcesses

  /// This program.
  static func current(_ children: ChildProcesses) -> MeasuredProgram {
    MeasuredProgram(role: "now", path: URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, children: children)
  }

  struct Replicate {
    let detail: RunDetail
    let histograms: [ProcessLatency.Key: LatencyHistogram]
    var figures: ProcessFigures { ProcessFigures(detail) }
    /// Names of the expectations that do not hold.
    var failedExpectations: [String] { detail.checks.filter { !$0.passed }.map(\.name) }

    /// Why the run failed, where that is more than an expectation: nothing was done, pages were not ranked; nil where it did not.
    var failure: String? {
      guard detail.record.verdict == .failed else { return nil }
      return failedExpectations.isEmpty || !detail.verdictReason.hasPrefix("expectations failed") ? detail.verdictReason : nil
    }
  }

  /// Runs it once and reads from its result file what came of it, which any version's `run` writes.
  /// - Throws: ``Failure`` with the process's own code and message where it ended with one.
  func measure(_ run: MeasuredRun, withHistograms: Bool = false) throws -> Replicate {
    let name = UUID().uuidString
    let (results, errors) = ("\(children.folder)/\(name).sqlite", "\(children.folder)/\(name).err")
    defer { for file in [results, errors] { try? FileManager.default.removeItem(atPath: file) } }
    let ending = try children.run(path, run.arguments(results: results), variables: run.variables, errors: errors)
    // 1: an expectation does not hold, or the run failed otherwise. It was measured all the same, and says why.
    guard ending == .exited(0) || ending == .exited(Failure.checkFailed), FileManager.default.fileExists(atPath: results) else {
      throw failure(ending, errors)
    }
    let store = try ResultStore.open(path: results)
    let id = try store.resolve("last")
    let detail = try store.detail(id)
    guard detail.record.status == .finished else {
      throw Failure(code: Failure.invalid, message: "a process of the \(role) program ended before its run did: \(detail.verdictReason)")
    }
    var histograms: [ProcessLatency.Key: LatencyHistogram] = [:]
    if withHistograms {
      for row in detail.summaries where row.outcome == .ok {
        histograms[ProcessLatency.Key(kind: row.kind, name: row.name)] = try store.histogram(run: id, kind: row.kind, name: row.name)
      }
    }
    return Replicate(detail: detail, histograms: histograms)
  }

  private func failure(_ ending: ChildProcesses.Ending, _ errors: String) -> Failure {
    let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
    let last = text.split(separator: "\n").last.map(String.init) ?? "it said nothing"
    let said = last.hasPrefix("jamboree: ") ? String(last.dropFirst(10)) : last
    switch ending {
    case .exited(let code):
      // What another program means by its code is not known, and a gate that could not run has not passed.
      let known = [Failure.usage, Failure.unreachable, Failure.io, Failure.invalid, Failure.interrupted]
      return Failure(
        code: known.contains(code) ? code : Failure.usage,
        message: "a process of the \(role) program (\(path)) ended with exit code \(code) and left no results: \(said); is it a jamboree?")
    case .killed(let signal):
      return Failure(code: Failure.invalid, message: "a process of the \(role) program (\(path)) was killed by signal \(signal)")
    case .timedOut: return timeOut
    }
  }

  /// What is told when a process of it was ended because it took too long.
  var timeOut: Failure {
    Failure(
      code: Failure.invalid,
      message: "a process of the \(role) program (\(path)) had not come to its end after \(durationText(children.limitNanoseconds)) and was ended; find out what it hangs in, or give it longer with --process-timeout")
  }
}
