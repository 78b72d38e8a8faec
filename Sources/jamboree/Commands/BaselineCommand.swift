import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults

struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline", abstract: "Keep what a run comes to and takes, for 'gate' to hold later versions against.",
    subcommands: [BaselineSetCommand.self, BaselineListCommand.self, BaselineShowCommand.self])
}

struct BaselineSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Run a scenario again and again and keep what came of it under a name, in place of what was there.")

  @Argument(help: "Letters, digits, '-', '_' and '.'.")
  var name: String

  @Argument(help: "A scenario file, such as Scenarios/feed-regression.yaml.")
  var scenario: String

  @OptionGroup var flags: MeasuredRunFlags

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func run() throws {
    try BaselineStore.check(name)
    let store = BaselineStore(folder: flags.baselines)
    let measured = flags.run(scenario)
    try Composition.refuseNamedPlace(measured.backend)
    try flags.check(measured)
    let run = try measured.identity()
    try store.prepare()
    let children = try ChildProcesses(limitNanoseconds: flags.processTimeout)
    defer { children.removeFolder() }
    let program = MeasuredProgram.current(children)
    let progress = StepPrinter(isQuiet: json)
    defer { progress.finish() }
    let counter = try InstructionCounter.make(flags.instructions, children)
    if let counter { progress.show("counting instructions (\(counter.tool.rawValue))") }
    let instructions = try counter?.count(program, measured)

    progress.show("finding out what it does")
    let first = try program.measure(measured)
    let failed = first.failedExpectations
    guard failed.isEmpty else {
      throw Failure(
        code: Failure.checkFailed, message: "expectations failed: \(failed.joined(separator: ", ")); a baseline is of a run in which they hold, so none was made")
    }
    try refuseFailed(first)
    let behaviour = Behaviour(first.detail)
    var processes: [ProcessFigures] = []
    var histograms: [ProcessLatency.Key: LatencyHistogram] = [:]
    for number in 0..<(2 * flags.replicates) {
      if number % 2 == 0 { progress.show("replicate \(number / 2 + 1) of \(flags.replicates)") }
      let replicate = try program.measure(measured, withHistograms: true)
      guard replicate.detail.record.digest == behaviour.digest else {
        throw Failure(
          code: Failure.checkFailed, message: "two processes did not do the same (digests \(behaviour.digest) and \(replicate.detail.record.digest)), so no baseline was made")
      }
      try refuseFailed(replicate)
      processes.append(replicate.figures)
      for (key, histogram) in replicate.histograms { histograms[key, default: .latencies()].add(histogram) }
    }
    progress.finish()
    let kept = try histograms.sorted { ($0.key.kind.rawValue, $0.key.name) < ($1.key.kind.rawValue, $1.key.name) }
      .map { try BaselineHistogram($0.key.kind, $0.key.name, $0.value) }
    let baseline = Baseline(
      name: name, createdUnixSeconds: Int64(Date().timeIntervalSince1970), run: run, environment: BaselineEnvironment(first.detail.environment),
      behaviour: behaviour, instructions: instructions, processes: processes, histograms: kept)
    try store.save(baseline)
    if json {
      try BaselineOutput.json(baseline).print()
    } else {
      try Console.print(BaselineOutput.text(baseline) + "\n\nkept in \(store.path(name)); put it under version control")
    }
  }

  private func refuseFailed(_ replicate: MeasuredProgram.Replicate) throws {
    guard let failure = replicate.failure else { return }
    throw Failure(code: Failure.checkFailed, message: "the run failed: \(failure); so no baseline was made")
  }
}

struct BaselineListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the baselines.")

  @Option(help: "Folder that keeps the baselines.")
  var baselines = BaselineStore.defaultFolder

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws { try refuseEmpty(baselines, "--baselines", BaselineStore.defaultFolder) }

  func run() throws {
    let store = BaselineStore(folder: baselines)
    // One that is damaged does not hide the others.
    let found = try store.names().map { name in (name, Result { try store.load(name) }) }
    if json {
      let list = found.map { name, baseline in
        switch baseline {
        case .success(let baseline): BaselineOutput.head(baseline)
        case .failure(let error): JSON.object(["name": .string(name), "error": .string(Failure(error)?.message ?? "\(error)")])
        }
      }
      try JSON.object(["baselines": .array(list)]).print()
      return
    }
    guard !found.isEmpty else {
      try Console.print("no baselines in \(baselines) yet; try 'jamboree baseline set main Scenarios/feed-regression.yaml'")
      return
    }
    var table = TextTable(["baseline", "set (UTC)", "scenario", "backend", "ranker", "scale", "processes", "rate", "commit", "digest"], left: [0, 1, 2, 3, 4, 8, 9])
    for (name, baseline) in found {
      switch baseline {
      case .success(let baseline):
        let rates = baseline.processes.map(\.operationsPerSecond)
        table.add([
          name, Text.moment(unixNanoseconds: baseline.createdUnixSeconds * 1_000_000_000), baseline.run.scenario, baseline.run.backend, baseline.run.ranker,
          Text.significant(baseline.run.scale), "\(baseline.processes.count)", Text.rate(rates.reduce(0, +) / Double(max(rates.count, 1))),
          baseline.environment.gitCommit.map { String($0.prefix(12)) } ?? "-", String(baseline.behaviour.digest.prefix(12)),
        ])
      case .failure(let error): Console.complain(Failure(error)?.message ?? "\(error)")
      }
    }
    try Console.print(table.text(indent: ""))
  }
}

struct BaselineShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one baseline.")

  @Argument(help: "The baseline's name.")
  var name: String

  @Option(help: "Folder that keeps the baselines.")
  var baselines = BaselineStore.defaultFolder

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws { try refuseEmpty(baselines, "--baselines", BaselineStore.defaultFolder) }

  func run() throws {
    let baseline = try BaselineStore(folder: baselines).load(name)
    if json { try BaselineOutput.json(baseline).print() } else { try Console.print(BaselineOutput.text(baseline)) }
  }
}
