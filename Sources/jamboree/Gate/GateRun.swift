import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults

/// Measures what a gate decides on.
struct GateRun {
  /// How times are compared.
  enum Timing {
    /// With the baseline's program, process by process in turn.
    case interleaved(MeasuredProgram)
    /// With what the baseline's processes took when it was made.
    case stored
    /// Not at all, and why.
    case none(String)
  }

  let baseline: Baseline
  let run: MeasuredRun
  /// What is another than the baseline's on purpose, in words. Then what is done is, too, and takes other times.
  let substitutions: [String]
  let replicates: Int
  let counter: InstructionCounter?
  let now: MeasuredProgram
  var timing: Timing
  let behaviour: BehaviourComparison
  /// Told of each thing that is begun.
  let onProgress: (String) -> Void

  private struct Sides {
    var baseline: [ProcessFigures] = []
    var now: [ProcessFigures] = []
  }

  func measure() throws -> GateReport {
    var report = GateReport(baseline: baseline, run: run, substitutions: substitutions, replicates: replicates)
    if run.ranker != baseline.run.ranker {
      report.notes.append(
        "all of this is of one seed; how sure differences are, this tells: \(run.comparison(with: baseline.run.ranker))")
    }
    onProgress("finding out what it does")
    let first = try now.measure(run)
    let firstBehaviour = Behaviour(first.detail)
    report.environment = BaselineEnvironment(first.detail.environment)
    if case .interleaved(let then) = timing { try look(at: then, beside: first, &report) }
    let instructions = try countInstructions(&report)
    report.findings = behaviour.compare(baseline.behaviour, firstBehaviour)
    if let instructions, let finding = behaviour.compare(instructions.baseline, instructions.now) { report.findings.append(finding) }
    report.failedExpectations = first.failedExpectations
    report.failure = first.failure

    var sides = Sides()
    func add(_ program: MeasuredProgram, _ figures: inout [ProcessFigures]) throws {
      let measured = try program.measure(run)
      figures.append(measured.figures)
      guard program.role == now.role else { return }
      if measured.detail.record.digest != firstBehaviour.digest { report.isDeterministic = false }
      if report.failure == nil { report.failure = measured.failure }
    }
    switch timing {
    case .none(let reason): report.timing = .notCompared(reason)
    case .interleaved(let then):
      for round in 0..<replicates {
        onProgress("replicate \(round + 1) of \(replicates)")
        // A B B A, then B A A B: whatever goes up or down steadily does so for both.
        for isBaseline in round % 2 == 0 ? [true, false, false, true] : [false, true, true, false] {
          if isBaseline { try add(then, &sides.baseline) } else { try add(now, &sides.now) }
        }
      }
      report.timing = .interleaved
    case .stored:
      sides.baseline = baseline.processes
      for number in 0..<(2 * replicates) {
        if number % 2 == 0 { onProgress("replicate \(number / 2 + 1) of \(replicates)") }
        try add(now, &sides.now)
      }
      report.timing = .stored
    }
    judge(sides, &report)
    return report
  }

  /// Runs the baseline's program for the first time.
  /// - Throws: ``Failure`` when it is built otherwise: beside a debug build anything looks fast, and few instructions.
  private func look(at then: MeasuredProgram, beside first: MeasuredProgram.Replicate, _ report: inout GateReport) throws {
    let measured = try then.measure(run)
    let (mine, others) = (first.detail.environment.buildConfiguration, measured.detail.environment.buildConfiguration)
    guard mine == others else {
      throw Failure(
        code: Failure.usage,
        message: "--baseline-binary \(then.path): it is a \(others) build, and this program a \(mine) build, so neither times nor instructions can be compared; build both with 'swift build -c release'")
    }
    if let failure = measured.failure { report.notes.append("the run of the baseline's program failed: \(failure)") }
    if measured.detail.record.digest != first.detail.record.digest {
      report.notes.append("the two programs do not do the same, so times are those of different work")
    }
  }

  /// Both counted here where there are both programs: the library's functions differ from machine to machine.
  private func countInstructions(_ report: inout GateReport) throws -> (baseline: InstructionCount, now: InstructionCount)? {
    guard let counter else {
      if substitutions.isEmpty, baseline.instructions != nil { report.notes.append("instructions are not counted: neither perf nor valgrind gives them here, or they are off") }
      return nil
    }
    onProgress("counting instructions (\(counter.tool.rawValue))")
    guard let mine = try counter.count(now, run) else {
      report.notes.append("instructions could not be counted with \(counter.tool.rawValue)")
      return nil
    }
    if case .interleaved(let then) = timing {
      guard let others = try counter.count(then, run) else {
        report.notes.append("instructions are not compared: those of the baseline's program could not be counted with \(counter.tool.rawValue)")
        return nil
      }
      return (others, mine)
    }
    guard let stored = baseline.instructions else {
      report.notes.append("instructions are not compared: the baseline has none")
      return nil
    }
    let environment = BaselineEnvironment(RunEnvironment.current(version: Composition.version))
    if let difference = baseline.environment.buildsDiffer(from: environment) {
      report.notes.append("instructions are not compared (\(difference))")
      return nil
    }
    guard stored.tool == mine.tool, stored.scale == mine.scale else {
      report.notes.append("instructions are not compared: the baseline's were counted with \(stored.tool), these with \(mine.tool)")
      return nil
    }
    return (stored, mine)
  }

  private func judge(_ sides: Sides, _ report: inout GateReport) {
    guard !sides.now.isEmpty else { return }
    let isInterleaved = if case .interleaved = report.timing { true } else { false }
    var figures: [(figure: TimedFigure, estimate: ShiftEstimate)] = []
    for figure in ProcessFigures.judged(of: sides.baseline) {
      let (then, this) = (sides.baseline.compactMap { $0.value(figure.subject) }, sides.now.compactMap { $0.value(figure.subject) })
      guard then.count == sides.baseline.count, this.count == sides.now.count else {
        report.notes.append("\(figure.name) is not judged: not every process has it")
        continue
      }
      let estimate =
        isInterleaved
        ? ShiftEstimate(
          (0..<(then.count / 2)).map {
            InterleavedRound(baseline: (then[2 * $0], then[2 * $0 + 1]), now: (this[2 * $0], this[2 * $0 + 1]))
          })
        : ShiftEstimate(baseline: then, now: this)
      guard let estimate else {
        report.notes.append("\(figure.name) is not judged: there are too few processes, or it is 0 in one of them")
        continue
      }
      figures.append((figure, estimate))
      report.means[figure.name] = (geometricMean(then), geometricMean(this))
    }
    let judge = GateJudge(leastTolerance: isInterleaved ? 0 : GateJudge.toleranceBetweenSessions)
    report.judged = judge.judge(figures).map { ($0, judge.findable($0, among: figures.count)) }
  }

  private func geometricMean(_ values: [Double]) -> Double { exp(values.reduce(0) { $0 + log($1) } / Double(max(values.count, 1))) }
}

/// What a gate found, and what it decides.
struct GateReport {
  enum Timing {
    case interleaved, stored
    case notCompared(String)
  }
  /// Noise that hides worsenings of more than this makes times say little.
  static let mostFindable = 0.1

  let baseline: Baseline
  let run: MeasuredRun
  /// What is another than the baseline's on purpose, in words.
  let substitutions: [String]
  let replicates: Int
  var environment: BaselineEnvironment?
  var findings: [BehaviourFinding] = []
  var failedExpectations: [String] = []
  /// Why a run of this program failed for another reason than an expectation; nil when none did.
  var failure: String?
  /// Whether every process of this program did the same.
  var isDeterministic = true
  var timing = Timing.notCompared("nothing was measured")
  var judged: [(figure: GateJudge.Judged, findable: Double)] = []
  /// Geometric means of then and now, by the figure's name.
  var means: [String: (baseline: Double, now: Double)] = [:]
  var notes: [String] = []

  /// Why it fails, the first first; empty when it passes.
  var reasons: [String] {
    var found: [String] = []
    if !isDeterministic { found.append("two processes of this program did not do the same: it is not deterministic") }
    if !failedExpectations.isEmpty { found.append("expectations failed: \(failedExpectations.joined(separator: ", "))") }
    if let failure { found.append("the run failed: \(failure)") }
    let changed = findings.filter { $0.verdict == .changed }.map(\.figure)
    if !changed.isEmpty {
      found.append(
        "it does something else than the baseline's program (\(changed.joined(separator: ", "))); where that is meant, --allow-digest-change or a new baseline says so")
    }
    for finding in findings where finding.verdict == .worse {
      found.append("\(finding.figure) is worse" + (finding.change.map { " by \(Text.percent(abs($0)))" } ?? ""))
    }
    for (judged, _) in judged where judged.verdict == .worse {
      let (interval, change) = (judged.estimate.interval(confidence: 0.99), judged.estimate.change)
      let much =
        change < 0 ? "\(Text.percent(-change)) lower" : change < 10 ? "\(Text.percent(change)) higher" : Self.signed(change) + " as high"
      found.append(
        "\(judged.figure.name) is \(much) (99% interval \(Self.signed(interval.lowerBound)) to \(Self.signed(interval.upperBound)))")
    }
    return found
  }

  /// Why the times say nothing or little; nil when they say what they should.
  var timingComplaint: String? {
    if case .notCompared(let reason) = timing { return "times are not compared: \(reason)" }
    guard let worst = judged.filter({ $0.figure.figure.tolerance < 0.05 }).max(by: { $0.findable < $1.findable }) else {
      return "times are not compared: no figure has enough processes"
    }
    guard worst.findable > Self.mostFindable else { return nil }
    let name = worst.figure.figure.name
    let what =
      worst.findable > 1
      ? "nothing under 100% would be found of \(name)" : "\(name) would have to be \(Text.percent(worst.findable)) worse to be found"
    return "times are too noisy, or the processes too few: \(what); give it more --replicates or a quieter machine"
  }

  /// A change as a part: in percent, and from eleven times on as a factor.
  static func signed(_ share: Double) -> String {
    share < 10 ? String(format: "%+.1f%%", share * 100) : String(format: share < 1e6 ? "%.0f times" : "%.1g times", share + 1)
  }
}
