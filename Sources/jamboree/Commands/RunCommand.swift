import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import JamboreeScenario

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a scenario and keep what was measured.")

  @Argument(help: "A scenario file, such as Scenarios/jam-500k.yaml.")
  var scenario: String?

  @OptionGroup var changes: ScenarioChanges

  @Option(help: "Storage backend: id[:location][?option=value&...]; see 'jamboree backends'. Default: memory.")
  var backend: String?

  @Option(help: "Feed ranker: id[:command][?option=value&...]; see 'jamboree rankers'. Default: hot.")
  var ranker: String?

  @Option(
    parsing: .unconditional, help: "Worker threads, 1 to 256; changes nothing but the time. Default: one a core, under load half as many.",
    transform: NumberArgument.workers)
  var workers: Int?

  @OptionGroup(title: "Load") var load: LoadFlags

  @Option(help: "SQLite file that keeps the results.")
  var results = Composition.defaultResults

  @Option(
    help: ArgumentHelp(
      "Go on with a run that was interrupted, to the same digest as without the interruption; nothing else of it can be changed. "
        + "Its id or the start of it; 'last', 'last~1', ...", valueName: "run"))
  var resume: String?

  @Flag(help: "Go on with the data that an earlier run of the same scenario, seed, scale and ranker has left in the backend.")
  var reuse = false

  /// For tests, whose runs are over within a second.
  @Option(help: .hidden) var checkpointNanoseconds: UInt64 = 1_000_000_000

  @Flag(help: "Leave out the short run on the null backend that shows the harness's own share of each latency.")
  var noFloor = false

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws {
    try refuseEmpty(results, "--results", Composition.defaultResults)
    guard resume != nil else {
      guard scenario != nil else { throw ValidationError("missing expected argument '<scenario>'") }
      return
    }
    let fixed = [
      ("the scenario", scenario != nil), ("--set", !changes.overrides.isEmpty), ("--scale", changes.scale != nil),
      ("--seed", changes.seed != nil), ("--backend", backend != nil), ("--ranker", ranker != nil), ("--reuse", reuse),
      ("--pace and --rate", load.isLoad),
    ].filter(\.1).map(\.0)
    guard fixed.isEmpty else {
      throw ValidationError("--resume takes everything from the run that it goes on with; leave out \(fixed.joined(separator: ", "))")
    }
  }

  func run() throws {
    let request = try resume.map { try RunRequest(resuming: $0, results: results) }
      ?? RunRequest(
        scenario: changes.load(scenario ?? ""), backend: backend ?? "memory", ranker: ranker ?? "hot", reuse: reuse)
    let loadOptions = try load.options(request.scenario)
    guard loadOptions == nil || !reuse else { throw ValidationError("--reuse is for --pace max: a load begins with data of its own") }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    // Under load a worker sleeps most of the time, and the server may be on the same machine.
    let workers = workers ?? (loadOptions == nil ? cores : max(cores / 2, 1))
    try MemoryNeed.check(request.scenario, workers: workers)
    let runner = ScenarioRunner(scenario: request.scenario, backend: request.backend, ranker: request.ranker, workers: workers, load: loadOptions)
    // A ranker's process may be there before there is a run.
    Interruption.shared.beforeLeaving {
      Composition.leaveNothingBehind()
      return true
    }
    defer { Interruption.shared.beforeLeaving(nil) }
    // Everything that can be refused is refused before the first second is spent.
    var driver = try runner.driver()
    driver.beginning = request.beginning
    let environment = RunEnvironment.current(version: Composition.version)
    let recorder = try beginRecording(driver, request, environment)
    Interruption.shared.beforeLeaving {
      Composition.leaveNothingBehind()
      return (try? recorder.abandon(reason: "it was stopped at once")) ?? true
    }

    let progress = json ? nil : ProgressPrinter()
    driver.onProgress = { progress?.show($0) }
    driver.shouldStop = { Interruption.shared.shouldStop() }
    driver.checkpointNanoseconds = checkpointNanoseconds
    driver.onCheckpoint = { recorder.checkpoint($0) }
    let output: RunOutput
    do {
      output = try driver.run()
    } catch {
      progress?.finish()
      let reason = error is RunStopped ? "it was stopped before anything new was measured" : Failure(error)?.message ?? "\(error)"
      // What went wrong first is what is told.
      _ = try? recorder.abandon(reason: reason)
      throw error
    }
    progress?.finish()
    if let failure = recorder.checkpointFailure {
      Console.complain("a checkpoint could not be written (\(failure.message)); the run's end may be written nevertheless")
    }

    var finished = judge(output, request.scenario, environment, isSynthetic: driver.backend.descriptor.isSynthetic)
    if !noFloor, !Interruption.shared.hasCome {
      finished.floor = try runner.measureFloor(atRate: output.load?.achievedRate, shouldStop: { Interruption.shared.hasCome })
    }
    finished.output.metrics += finished.floor.keys.sorted().map {
      Metric(name: "floor.\($0).meanNanoseconds", value: finished.floor[$0] ?? 0, unit: "ns", polarity: .lowerIsBetter)
    }
    finished.output.metrics.append(
      Metric(
        name: "results.writingSeconds", value: Double(recorder.writingNanoseconds) * 1e-9, unit: "s", polarity: .lowerIsBetter))
    finished.id = recorder.run
    try recorder.finish(
      finished.output,
      checks: finished.checks.map { CheckRecord(name: $0.name, observed: $0.observed, limit: $0.limit, passed: $0.passed) },
      verdict: finished.verdict, verdictReason: finished.verdictReason)
    Interruption.shared.beforeLeaving {
      Composition.leaveNothingBehind()
      return true
    }
    // A file that was removed under a run is still written to, for nobody.
    if !FileManager.default.fileExists(atPath: results) {
      throw Failure(
        code: Failure.io,
        message: "\(results) was removed while the run went on, and its results with it; run again, and leave the file where it is")
    }

    if json {
      try RunJSON.make(finished).print()
    } else {
      let lines = output.load.map { LoadText(run: finished, load: $0).lines() } ?? RunText(run: finished).lines()
      try Console.print(lines.joined(separator: "\n"))
    }
    if output.interrupted || Interruption.shared.hasCome { throw ExitCode(Failure.interrupted) }
    if finished.verdict == .invalid { throw ExitCode(Failure.invalid) }
    if finished.verdict == .failed || finished.checks.contains(where: { !$0.passed }) { throw ExitCode(Failure.checkFailed) }
  }

  private func beginRecording(
    _ driver: RunDriver, _ request: RunRequest, _ environment: RunEnvironment
  ) throws -> RunRecorder {
    let store = try ResultStore.open(path: results)
    if let run = request.resumed {
      let isMeasuredAgain = if case .leftBehind = request.beginning { false } else { true }
      return try store.resume(run, workers: driver.workers, isMeasuredAgain: isMeasuredAgain, environment: environment)
    }
    return try store.begin(
      driver.identity, startedUnixNanoseconds: driver.startedUnixNanoseconds,
      bucketNanoseconds: driver.load?.bucketNanoseconds ?? max(request.scenario.bucketNanoseconds, request.scenario.tickNanoseconds), environment: environment)
  }

  private func stoppedAt(_ output: RunOutput) -> String {
    guard let load = output.load else { return "stopped at hour \(Text.significant(Double(output.simulatedNanoseconds) / 3.6e12))" }
    return load.measureNanoseconds == 0
      ? "stopped in its warm-up: nothing was measured" : "stopped after \(Text.duration(nanoseconds: Double(load.measureNanoseconds))) of its measured part"
  }

  /// What was held against the run, and what was not.
  private func held(_ count: Int, of stated: Int, isLoad: Bool) -> String {
    let others = stated - count
    let left = others == 0 ? "" : "; \(others) \(others == 1 ? "is" : "are") not held against \(isLoad ? "a load, which is part of the event" : "this scale or backend")"
    if stated == 0 { return "no expectations were stated" }
    return (count == 0 ? "no expectation applies" : count == stated ? "all \(count) expectations held" : "\(count) of \(stated) expectations applied, and held") + left
  }

  private func judge(_ output: RunOutput, _ scenario: Scenario, _ environment: RunEnvironment, isSynthetic: Bool) -> FinishedRun {
    let checks = scenario.expectations.filter {
      $0.applies(scale: scenario.scale, onSynthetic: isSynthetic) && (output.load == nil || $0.appliesUnderLoad)
    }.map {
      $0.evaluate(observed: FinishedRun.observed($0.metric, in: output), scale: scenario.scale)
    }
    let failed = checks.filter { !$0.passed }.map(\.name)
    let unranked = output.rankingFailures.flatMap { RankerText.fallback($0, isLoad: output.load != nil) }
    let verdict: Verdict
    let reason: String
    if output.interrupted {
      (verdict, reason) = (.interrupted, stoppedAt(output))
    } else if let invalid = output.load?.invalidReason {
      (verdict, reason) = (.invalid, invalid)
    } else if let load = output.load, load.starts == 0 {
      (verdict, reason) = (.invalid, load.ranOut ? "nobody was left to act in the measured part" : "nothing started in the measured part")
    } else if let audit = output.load?.audit, !audit.isClean {
      (verdict, reason) = (.failed, "the audit found \(AuditText.summary(audit))")
    } else if let audit = output.load?.audit, audit.notReadBack > 0 {
      (verdict, reason) = (
        .failed, "\(Text.grouped(Int64(audit.notReadBack))) of \(Text.grouped(Int64(audit.auditedItems))) items that were written could not be read back"
      )
    } else if let failure = output.load?.auditFailure {
      (verdict, reason) = (.failed, "what was acknowledged could not be read back: \(failure)")
    } else if let unranked, !checks.contains(where: { RankerText.judged.contains($0.name) }) {
      (verdict, reason) = (.failed, "\(unranked); an expectation of ranking.fallbackPages can allow it")
    } else if environment.buildConfiguration == "debug" {
      (verdict, reason) = (.notComparable, "a debug build: its times mean nothing")
    } else if let unmeasured = FinishedRun.observed("engine.unmeasuredOperations", in: output), unmeasured > 0.01 * Double(output.operations) {
      (verdict, reason) = (.notComparable, "\(Text.grouped(unmeasured)) operations were done by an earlier run and not measured: rates are too high")
    } else if let failure = output.load?.failedReason {
      (verdict, reason) = (.failed, failure)
    } else if !failed.isEmpty {
      (verdict, reason) = (.failed, "expectations failed: \(failed.joined(separator: ", "))")
    } else {
      (verdict, reason) = (.passed, held(checks.count, of: scenario.expectations.count, isLoad: output.load != nil) + (unranked.map { "; \($0)" } ?? ""))
    }
    return FinishedRun(
      id: nil, output: output, scenario: scenario, checks: output.interrupted ? [] : checks, verdict: verdict,
      verdictReason: reason, floor: [:], resultsPath: results, isSynthetic: isSynthetic)
  }
}
