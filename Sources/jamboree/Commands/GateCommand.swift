import ArgumentParser
import Foundation
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import JamboreeScenario

/// Flags that say what a baseline or a gate runs.
struct MeasuredRunFlags: ParsableArguments {
  @OptionGroup var changes: ScenarioChanges

  @Option(help: "Storage backend, as for 'run'. Default: memory; of a gate, the baseline's, as with all of these.")
  var backend: String?

  @Option(help: "Feed ranker, as for 'run'. Default: the scenario's, or hot; of a gate, the baseline's, against which another one is held.")
  var ranker: String?

  @Option(parsing: .unconditional, help: "Worker threads, 1 to 256. Default: one a core.", transform: NumberArgument.workers)
  var workers: Int?

  @Option(
    parsing: .unconditional, help: "Two processes of each program are a replicate; 2 to 1000 of them. Default: 10.",
    transform: NumberArgument.integer(2...1000))
  var replicates = 10

  @Option(
    help: ArgumentHelp(
      "The longest that one process may take, such as 90s or 10m; then it is ended, and the command with it (exit code 75). Default: 1h.",
      valueName: "duration"),
    transform: { text in
      guard let nanoseconds = parseDuration(text), Self.processTimeouts.contains(nanoseconds) else {
        throw ValidationError(
          "expected a duration from \(durationText(Self.processTimeouts.lowerBound)) to \(durationText(Self.processTimeouts.upperBound)), such as 90s, 10m or 1h30m")
      }
      return nanoseconds
    })
  var processTimeout: Int64 = 3_600_000_000_000

  /// From a second to 31 days, in nanoseconds.
  private static let processTimeouts: ClosedRange<Int64> = 1_000_000_000...2_678_400_000_000_000

  @Option(help: "What counts instructions: perf, callgrind, off; auto takes the first that works.")
  var instructions = InstructionCounter.Choice.auto

  @Option(help: "Folder that keeps the baselines.")
  var baselines = BaselineStore.defaultFolder

  func validate() throws {
    try refuseEmpty(baselines, "--baselines", BaselineStore.defaultFolder)
    if ranker != nil { try refuseTwice("--ranker", "ranker", in: changes.overrides) }
  }

  /// What a process is to run: what was given, then what the baseline has, then the defaults.
  func run(_ file: String, like baseline: BaselineRun? = nil) -> MeasuredRun {
    let given = changes.overrides + (changes.feed?.overrides ?? [])
    var overrides = given.isEmpty ? baseline?.overrides ?? [] : given
    if let seed = changes.seed { overrides = overrides.filter { !$0.hasPrefix("seed=") } + ["seed=\(seed)"] }
    return MeasuredRun(
      file: file, overrides: overrides, scale: changes.scale ?? baseline?.scale ?? 1, backend: backend ?? baseline?.backend ?? "memory",
      // What is wrong with the scenario is told when it is described.
      ranker: ranker ?? baseline?.ranker ?? (try? changes.load(file))?.ranker.text ?? "hot", workers: workers ?? baseline?.workers ?? min(ProcessInfo.processInfo.activeProcessorCount, 256))
  }

  /// The baseline's run with the ranker and the feed that were given in place of its own.
  /// - Returns: the run, and each thing that is another one, in words; none where nothing is.
  /// - Throws: ``Failure`` when anything else is not the baseline's.
  func candidate(_ file: String, for baseline: Baseline) throws -> (run: MeasuredRun, substitutions: [String]) {
    var alike = self
    (alike.ranker, alike.changes.feed) = (nil, nil)
    // Whoever names changes names all of them again; the feed among them is compared below.
    if changes.feed != nil, !changes.overrides.isEmpty {
      alike.changes.overrides += baseline.run.overrides.filter { isOverride($0, of: "feed") }
    }
    var run = alike.run(file, like: baseline.run)
    try Composition.refuseNamedPlace(run.backend)
    let differences = try baseline.run.differences(to: run.identity())
    guard differences.isEmpty else {
      throw Failure(
        code: Failure.usage,
        message: "baseline '\(baseline.name)' is of another run (\(differences.joined(separator: "; "))); name the baseline of this one, or make one of this run with 'jamboree baseline set NAME \(file)' and the same flags")
    }
    var substitutions: [String] = []
    if let ranker, ranker != run.ranker {
      substitutions.append("ranker \(ranker) in place of \(run.ranker)")
      run.ranker = ranker
    }
    if let feed = changes.feed, case let its = try run.scenario().feed, feed != its {
      substitutions.append("feed \(feed.text) in place of \(its.text)")
      run.overrides += feed.overrides
    }
    try check(run)
    return (run, substitutions)
  }

  /// Refuses what cannot be run, before the first process is.
  func check(_ run: MeasuredRun) throws {
    let scenario = try run.scenario()
    _ = try Composition.backends.make(PlugInReference(run.backend))
    let needs = try Composition.rankers.make(PlugInReference(run.ranker)).ranker.needs
    try MemoryNeed.check(scenario, ranker: needs, workers: run.workers, keepsItems: Composition.keepsItems(run.backend))
  }
}

struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Fail when this program does worse than a baseline: is slower, or does something else.",
    discussion: """
      What a run comes to and how many instructions it takes is held against the baseline; times are held against processes of the baseline's \
      own program, run in turn with this one's, or on the machine of the baseline against those that it keeps. With another --ranker or --feed \
      than the baseline's its qualities alone are. Exit codes: 0 passed; 1 \
      failed; 64 no such baseline, or it is of another run; 75 times that were required could not be compared, or a process was killed or \
      took too long.
      """)

  @Argument(help: "The baseline's scenario file.")
  var scenario: String

  @Option(help: ArgumentHelp("The baseline's name; see 'jamboree baseline list'.", valueName: "name"))
  var baseline: String

  @Option(help: ArgumentHelp("The program that the baseline stands for, built from its sources.", valueName: "path"))
  var baselineBinary: String?

  @OptionGroup var flags: MeasuredRunFlags

  @Flag(help: "The program may do something else than the baseline's.")
  var allowDigestChange = false

  @Flag(help: "Exit with 75 when times cannot be compared, or are too noisy to find a worsening of 10%.")
  var requireTimings = false

  @Option(
    parsing: .unconditional, help: "Most that instructions may grow, in percent, 0 to 1000. Default: 2.", transform: NumberArgument.number(0...1000))
  var instructionTolerance = 2.0

  @Option(
    parsing: .unconditional, help: "Most that a quality may fall, in percent, 0 to 100. Default: 1.", transform: NumberArgument.number(0...100))
  var qualityTolerance = 1.0

  /// For tests, which are debug builds.
  @Flag(help: .hidden) var timeDebugBuilds = false

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func run() throws {
    let stored = try BaselineStore(folder: flags.baselines).load(baseline)
    let (measured, substitutions) = try flags.candidate(scenario, for: stored)
    if !substitutions.isEmpty {
      let needless = [("--baseline-binary", baselineBinary != nil), ("--require-timings", requireTimings)].filter(\.1).map(\.0)
      guard needless.isEmpty else {
        throw ValidationError(
          "\(needless.joined(separator: ", ")): times of other work say nothing about a program, and this is \(substitutions.joined(separator: ", ")); leave it out, or the other ranker or feed")
      }
    }
    if let baselineBinary { try checkProgram(baselineBinary) }
    let children = try ChildProcesses(limitNanoseconds: flags.processTimeout)
    defer { children.removeFolder() }
    let progress = StepPrinter(isQuiet: json)
    let gate = GateRun(
      baseline: stored, run: measured, substitutions: substitutions, replicates: flags.replicates,
      counter: substitutions.isEmpty ? try InstructionCounter.make(flags.instructions, children) : nil, now: .current(children),
      timing: substitutions.isEmpty ? timing(stored, children) : .none("another ranker or feed is other work"),
      behaviour: BehaviourComparison(
        allowsChange: allowDigestChange || !substitutions.isEmpty, qualityTolerance: qualityTolerance / 100,
        instructionTolerance: instructionTolerance / 100),
      onProgress: { progress.show($0) })
    let report: GateReport
    do { report = try gate.measure() } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    try finish(report)
  }

  private func finish(_ report: GateReport) throws {
    let (reasons, complaint) = (report.reasons, report.timingComplaint)
    let verdict: String
    let code: Int32
    if !reasons.isEmpty {
      (verdict, code) = ("failed: \(reasons.joined(separator: "; "))", Failure.checkFailed)
    } else if requireTimings, let complaint {
      (verdict, code) = ("invalid: \(complaint)", Failure.invalid)
    } else {
      (verdict, code) = ("passed: nothing is worse" + (complaint.map { "; but \($0)" } ?? ""), 0)
    }
    if json {
      try GateJSON.make(report, passed: code == 0, verdict: verdict).print()
    } else {
      try Console.print(GateText(report: report, verdict: verdict).text())
    }
    if code != 0 { throw ExitCode(code) }
  }

  private func checkProgram(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
      throw Failure(
        code: Failure.usage,
        message: "--baseline-binary \(path): no program that can be run; give it the one that 'swift build -c release' made of the baseline's sources, .build/release/jamboree")
    }
  }

  private func timing(_ stored: Baseline, _ children: ChildProcesses) -> GateRun.Timing {
    let environment = BaselineEnvironment(RunEnvironment.current(version: Composition.version))
    if environment.buildConfiguration == "debug", !timeDebugBuilds { return .none("this is a debug build: its times mean nothing") }
    if let baselineBinary { return .interleaved(MeasuredProgram(role: "baseline", path: baselineBinary, children: children)) }
    if let difference = stored.environment.timesDiffer(from: environment) {
      return .none("the baseline was measured elsewhere (\(difference)); --baseline-binary names a program to run beside this one")
    }
    return .stored
  }
}
