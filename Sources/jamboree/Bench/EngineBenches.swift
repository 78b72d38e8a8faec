import ArgumentParser
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

struct SchedulerBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler", abstract: "Agents that only sleep and wake: the timing wheel and the workers alone.")

  @Option(parsing: .unconditional, help: "Agents, 1 to 100,000,000. Default: 1,000,000.", transform: NumberArgument.members)
  var members = 1_000_000
  @Option(
    parsing: .unconditional, help: "Mean wake-ups of an agent, at most 100,000. Default: 10.",
    transform: NumberArgument.number(0...100_000, isAbove: true))
  var wakes = 10.0
  @OptionGroup var flags: BenchFlags

  func run() throws {
    try flags.checkMemory(agents: members)
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

  @Option(
    parsing: .unconditional, help: "Operations, 1 to 10,000,000,000. Default: 10,000,000.", transform: NumberArgument.integer(1...10_000_000_000))
  var operations = 10_000_000
  @OptionGroup var flags: BenchFlags

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
