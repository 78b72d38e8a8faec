import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure parts of the harness itself.",
    subcommands: [PholdBench.self, SchedulerBench.self, RecorderBench.self, PopulationBench.self, GraphBench.self, StartBench.self])
}

/// Flags of every benchmark.
struct BenchFlags: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "Worker threads, 1 to 256. Default: one a core.",
    transform: { try number($0, "a whole number from 1 to 256") })
  var workers: Int?

  @Option(
    parsing: .unconditional, help: "Seed.", transform: { try number($0, "a whole number from 0 to \(UInt64.max)") })
  var seed: UInt64 = 1

  @Option(help: "How often; the fastest counts, all are listed in the JSON.")
  var runs = 3

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func validate() throws {
    guard workers.map({ (1...256).contains($0) }) ?? true else { throw ValidationError("--workers must be from 1 to 256") }
    guard (1...1000).contains(runs) else { throw ValidationError("--runs must be from 1 to 1000") }
  }

  var workerCount: Int { workers ?? ProcessInfo.processInfo.activeProcessorCount }

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
      print(([name] + lines.map { "  " + $0 }).joined(separator: "\n"))
    }
  }
}

struct PholdBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phold", abstract: "PHOLD, the standard model for parallel discrete-event simulators, on the engine's scheduler.")

  @Option(help: "Members (logical processes), 1 to 100,000,000.")
  var members = 65_536
  @Option(help: "Share of events that go to another member, 0 to 1.")
  var remote = 0.25
  @Option(help: "Mean delay of an event, above the lookahead.")
  var mean = 1.0
  @Option(help: "Least delay, which is the tick; above 0.")
  var lookahead = 0.1
  @Option(help: "Virtual time at which it ends.")
  var end = 100.0
  @OptionGroup var flags: BenchFlags

  func validate() throws {
    guard (1...100_000_000).contains(members) else { throw ValidationError("--members must be from 1 to 100000000") }
    guard (0...1).contains(remote) else { throw ValidationError("--remote must be from 0 to 1") }
    guard lookahead >= 1e-6, lookahead <= 1e6 else { throw ValidationError("--lookahead must be from 0.000001 to 1000000") }
    guard mean > lookahead, mean <= 1e6 else { throw ValidationError("--mean must be above --lookahead and at most 1000000") }
    guard end > 0, end <= 1e9, end / lookahead <= 1e9 else {
      throw ValidationError("--end must be above 0, at most 1000000000 and at most 1000000000 lookaheads")
    }
  }

  func run() throws {
    try MemoryEstimate.check(members: members, meanDegree: 0, name: "--members", remedy: "ask for fewer")
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
