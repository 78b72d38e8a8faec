import ArgumentParser
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

struct SchedulerBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler", abstract: "Agents that only sleep and wake: the timing wheel and the workers alone.")

  @Option(help: "Agents, 1 to 100,000,000.")
  var members = 1_000_000
  @Option(help: "Mean wake-ups of an agent.")
  var wakes = 10.0
  @OptionGroup var flags: BenchFlags

  func validate() throws {
    guard (1...100_000_000).contains(members) else { throw ValidationError("--members must be from 1 to 100000000") }
    guard wakes > 0, wakes <= 100_000 else { throw ValidationError("--wakes must be above 0 and at most 100000") }
  }

  func run() throws {
    // PHOLD without remote events is just that: each agent reschedules itself.
    let model = Phold(
      members: members, remote: 0, mean: 1, lookahead: 0.1, end: wakes, seed: Seed(flags.seed), workers: flags.workerCount)
    let (result, seconds, all) = flags.measure { model.run() }
    let rate = Double(result.events) / seconds
    let usage = ResourceUsage.now()
    try flags.report(
      "scheduler",
      [
        "\(Text.grouped(Int64(result.events))) wake-ups of \(Text.grouped(Int64(members))) agents",
        "\(Text.rate(rate)) on \(flags.workerCount) workers, fastest of \(flags.runs) (start included); peak memory \(Text.bytes(Double(usage.peakResidentBytes)))",
      ],
      [
        "events": .integer(Int64(result.events)), "eventsPerSecond": JSON(rate), "members": .integer(Int64(members)),
        "peakResidentBytes": .integer(Int64(usage.peakResidentBytes)),
      ], all)
  }
}

struct RecorderBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recorder", abstract: "What timing and recording one operation costs.")

  @Option(help: "Operations, 1 to 10,000,000,000.")
  var operations = 10_000_000
  @OptionGroup var flags: BenchFlags

  func validate() throws {
    guard (1...10_000_000_000).contains(operations) else { throw ValidationError("--operations must be from 1 to 10000000000") }
  }

  func run() throws {
    var catalog = ActionCatalog()
    let action = catalog.append([ActionDescriptor(name: "bench.read", summary: "a read")])
    let recorder = LatencyRecorder(actions: catalog, rankerName: "none")
    let operation = Operation(verb: .item, action: action, actor: MemberID(0), intended: .zero)
    let clock = MeasuringClock.monotonic
    let (_, seconds, all) = flags.measure {
      for _ in 0..<operations {
        // As the engine does it: a reading before and one after, then the histograms.
        let start = clock.now()
        let end = clock.now()
        recorder.recordSingle(operation, .ok, durationNanoseconds: end &- start)
      }
    }
    let each = seconds * 1e9 / Double(operations)
    try flags.report(
      "recorder",
      [
        "\(Text.significant(each)) ns an operation: two clock readings of \(Text.significant(clock.costNanoseconds())) ns, the action's histogram and the timeline's",
        "\(Text.rate(1e9 / each)) on one worker, fastest of \(flags.runs)",
      ],
      [
        "operations": .integer(Int64(operations)), "operationsPerSecond": JSON(1e9 / each), "nanosecondsPerOperation": JSON(each),
        "clockCostNanoseconds": JSON(clock.costNanoseconds()),
      ], all)
  }
}
