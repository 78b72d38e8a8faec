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

  @Option(help: "Feed ranker: id[:command][?option=value&...]; see 'jamboree rankers'. Default: the scenario's, or hot.")
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

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Run the scenario once for each of these seeds, and tell what rankings did to the crowd as means with 95% confidence intervals: "
        + "1..10, or 1,2,5.", valueName: "seeds"),
    transform: SeedList.read)
  var seeds: SeedList?

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws {
    try refuseEmpty(results, "--results", Composition.defaultResults)
    guard seeds == nil || changes.seed == nil else { throw ValidationError("--seeds and --seed are two ways to say the same; leave one out") }
    if seeds != nil { try refuseTwice("--seeds", "seed", in: changes.overrides) }
    if ranker != nil { try refuseTwice("--ranker", "ranker", in: changes.overrides) }
    guard resume != nil else {
      guard scenario != nil else { throw ValidationError("missing expected argument '<scenario>'") }
      return
    }
    let fixed = [
      ("the scenario", scenario != nil), ("--set", !changes.overrides.isEmpty), ("--scale", changes.scale != nil),
      ("--seed", changes.seed != nil), ("--seeds", seeds != nil), ("--feed", changes.feed != nil), ("--backend", backend != nil),
      ("--ranker", ranker != nil), ("--reuse", reuse),
      ("--pace and --rate", load.isLoad),
    ].filter(\.1).map(\.0)
    guard fixed.isEmpty else {
      throw ValidationError("--resume takes everything from the run that it goes on with; leave out \(fixed.joined(separator: ", "))")
    }
  }

  func run() throws {
    if let seeds { return try SeedSeries(command: self, seeds: seeds.seeds).run() }
    let finished = try perform(progress: json ? nil : ProgressPrinter())
    if json {
      try RunJSON.make(finished).print()
    } else {
      let lines = finished.output.load.map { LoadText(run: finished, load: $0).lines() } ?? RunText(run: finished).lines()
      try Console.print(lines.joined(separator: "\n"))
    }
    if let code = finished.exitCode { throw ExitCode(code) }
  }

  /// Runs, and keeps what came of it.
  func perform(progress: ProgressPrinter?) throws -> FinishedRun {
    let request = try resume.map { try RunRequest(resuming: $0, results: results) } ?? newRequest()
    let loadOptions = try load.options(request.scenario)
    guard loadOptions == nil || !reuse else { throw ValidationError("--reuse is for --pace max: a load begins with data of its own") }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    // Under load a worker sleeps most of the time, and the server may be on the same machine.
    let workers = workers ?? (loadOptions == nil ? cores : max(cores / 2, 1))
    let runner = ScenarioRunner(scenario: request.scenario, backend: request.backend, ranker: request.ranker, workers: workers, load: loadOptions)
    // A ranker's process may be there before there is a run.
    Interruption.shared.beforeLeaving {
      Composition.leaveNothingBehind()
      return true
    }
    defer { Interruption.shared.beforeLeaving(nil) }
    // Everything that can be refused is refused before the first second is spent.
    var driver = try runner.driver()
    try MemoryNeed.check(
      request.scenario, ranker: driver.ranker.needs, workers: workers, keepsItems: Composition.keepsItems(request.backend))
    driver.beginning = request.beginning
    let environment = RunEnvironment.current(version: Composition.version)
    let recorder = try beginRecording(driver, request, environment)
    Interruption.shared.beforeLeaving {
      Composition.leaveNothingBehind()
      return (try? recorder.abandon(reason: "it was stopped at once")) ?? true
    }

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

    var finished = RunJudge(
      output: output, scenario: request.scenario, environment: environment, isSynthetic: driver.backend.descriptor.isSynthetic
    ).finished(resultsPath: results)
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
      checks: finished.records,
      verdict: finished.verdict, verdictReason: finished.verdictReason,
      remarks: output.load.map { LoadText(run: finished, load: $0).remarks } ?? [])
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
    return finished
  }

  private func newRequest() throws -> RunRequest {
    let loaded = try changes.load(scenario ?? "")
    return RunRequest(scenario: loaded, backend: backend ?? "memory", ranker: ranker ?? loaded.ranker.text, reuse: reuse)
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
}
