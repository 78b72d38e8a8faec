import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure parts of the harness itself.",
    subcommands: [PholdBench.self, SchedulerBench.self, RecorderBench.self, PopulationBench.self, GraphBench.self, StartBench.self,
      RankersBench.self, FeedBench.self, ExecBench.self, EchoRankerCommand.self, StorageBench.self,
      PostgresBench.self, PostgresLoadBench.self,
    ])
}

/// Flags of every benchmark.
struct BenchFlags: ParsableArguments {
  @Option(parsing: .unconditional, help: "Worker threads, 1 to 256. Default: one a core.", transform: NumberArgument.workers)
  var workers: Int?

  @Option(parsing: .unconditional, help: "Seed. Default: 1.", transform: NumberArgument.seed)
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional, help: "How often, 1 to 1,000; the fastest counts, all are listed in the JSON. Default: 3.",
    transform: NumberArgument.integer(1...1000))
  var runs = 3

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  var workerCount: Int { workers ?? ProcessInfo.processInfo.activeProcessorCount }

  /// Refuses what this machine has no memory for.
  func checkMemory(_ population: PopulationParameters, bytesEach: Double = 0) throws {
    let need = MemoryNeed(population, bytesEach: bytesEach, workers: workerCount)
    try refuse(need.complaint(remedy: "lower --members or the mean degree"), population.members)
  }

  /// The same for agents that the scheduler alone keeps: 20 bytes each are measured, and a table grows by doubling.
  func checkMemory(agents: Int) throws {
    try refuse(MemoryNeed(agents: agents, bytesEach: 40).complaint(remedy: "lower --members"), agents)
  }

  private func refuse(_ complaint: String?, _ members: Int) throws {
    if let complaint { throw Failure(code: Failure.usage, message: "--members \(members): \(complaint)") }
  }

  /// Times `body` so often as asked for.
  /// - Returns: what the fastest run returned, its seconds, and those of all runs.
  func measure<Result>(_ body: () throws -> Result) rethrows -> (result: Result, seconds: Double, all: [Double]) {
    var best: (result: Result, seconds: Double)?
    var all: [Double] = []
    repeat {
      let start = monotonicNanoseconds()
      let result = try body()
      let seconds = Double(monotonicNanoseconds() - start) / 1e9
      all.append(seconds)
      if seconds < best?.seconds ?? .infinity { best = (result, seconds) }
      if all.count >= runs, let best { return (best.result, best.seconds, all) }
    } while true
  }

  func report(_ name: String, _ lines: [String], _ members: [String: JSON], _ all: [Double]) throws {
    if json {
      var members = members
      members["bench"] = .string(name)
      members["workers"] = .integer(Int64(workerCount))
      members["seconds"] = JSON(all.min())
      members["runSeconds"] = .array(all.map { JSON($0) })
      try JSON.object(members).print()
    } else {
      try Console.print(([name] + lines.map { "  " + $0 }).joined(separator: "\n"))
    }
  }
}

struct PholdBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phold", abstract: "PHOLD, the standard model for parallel discrete-event simulators, on the engine's scheduler.")

  @Option(parsing: .unconditional, help: "Members (logical processes), 1 to 100,000,000. Default: 65,536.", transform: NumberArgument.members)
  var members = 65_536
  @Option(
    parsing: .unconditional, help: "Share of events that go to another member, 0 to 1. Default: 0.25.", transform: NumberArgument.number(0...1))
  var remote = 0.25
  @Option(
    parsing: .unconditional, help: "Mean delay of an event, above the lookahead. Default: 1.",
    transform: NumberArgument.number(0...1e6, isAbove: true))
  var mean = 1.0
  @Option(
    parsing: .unconditional, help: "Least delay, which is the tick; 0.000001 or more. Default: 0.1.", transform: NumberArgument.number(1e-6...1e6))
  var lookahead = 0.1
  @Option(
    parsing: .unconditional, help: "Virtual time at which it ends. Default: 100.", transform: NumberArgument.number(0...1e9, isAbove: true))
  var end = 100.0
  @OptionGroup var flags: BenchFlags

  func validate() throws {
    guard mean > lookahead else { throw ValidationError("--mean \(plain(mean)) must be above --lookahead, which is \(plain(lookahead))") }
    guard end / lookahead <= 1e9 else { throw ValidationError("--end \(plain(end)) is more than 1000000000 lookaheads; lower it") }
  }

  func run() throws {
    try flags.checkMemory(agents: members)
    let model = Phold(
      members: members, remote: remote, mean: mean, lookahead: lookahead, end: end, seed: Seed(flags.seed),
      workers: flags.workerCount)
    let (result, seconds, all) = flags.measure { model.run() }
    let rate = Double(result.events) / seconds
    let expected = Double(members) * end / mean
    try flags.report(
      "phold",
      [
        "\(Text.grouped(Int64(result.events))) events (members x end / mean = \(Text.grouped(expected))), \(Text.grouped(Int64(result.remoteEvents))) remote",
        "\(Text.rate(rate)) events on \(flags.workerCount) workers, fastest of \(flags.runs) (start included)",
      ],
      [
        "events": .integer(Int64(result.events)), "expectedEvents": JSON(expected),
        "remoteEvents": .integer(Int64(result.remoteEvents)), "eventsPerSecond": JSON(rate),
        "digest": .unsigned(result.digest), "members": .integer(Int64(members)),
      ], all)
  }
}
