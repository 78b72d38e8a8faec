import ArgumentParser
import Foundation
import JamboreeKit
import JamboreeTesting

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Hold a storage backend against what it claims.",
    discussion: """
      Conformance: every verb, call by call, against a reference model. Consistency: groups that are all or none, and isolation, with \
      sessions that read and write at the same time, after the checks of the LDBC Social Network Benchmark. Durability: processes \
      that write are killed, and everything that was acknowledged must be there. What is not claimed is skipped.
      """)

  @Argument(help: "Storage backend: id[:location][?option=value&...]; see 'jamboree backends'. Files are made in LOCATION.verify and removed.")
  var backend: String

  @Option(parsing: .unconditional, help: "Commits that each consistency check must see, 1 to 1,000,000. Default: 1,000.", transform: NumberArgument.integer(1...1_000_000))
  var commits = 1_000

  @Option(parsing: .unconditional, help: "Sessions at the same time, 3 to 16; half of them write. Default: 8.", transform: NumberArgument.integer(BackendConsistency.leastSessions...16))
  var sessions = 8

  @Option(parsing: .unconditional, help: "Processes that are killed, 0 to 1,000. Default: 10.", transform: NumberArgument.integer(0...1_000))
  var kills = 10

  @Option(parsing: .unconditional, help: "Seconds that a check may take, 1 to 3,600. Default: 60.", transform: NumberArgument.integer(1...3_600))
  var timeout = 60

  @Option(parsing: .unconditional, help: "Another seed kills at other moments. Default: 1.", transform: NumberArgument.seed)
  var seed: UInt64 = 1

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  /// The process that is killed.
  @Flag(help: .hidden) var writeUntilKilled = false
  /// Takes a write for durable that is acknowledged under the options as they are given: to see the check fail.
  @Flag(help: .hidden) var trustOptions = false
  /// Cuts the files of every writer that was killed: to see the check fail.
  @Flag(help: .hidden) var damageFiles = false

  func run() throws {
    if writeUntilKilled {
      let reference = ProcessInfo.processInfo.environment[DurabilityCheck.backendVariable] ?? backend
      let instance = try Composition.backends.make(PlugInReference(reference)).instance
      return try DurabilityCheck.write(to: instance, sessions: sessions)
    }
    let target = try VerifyTarget(backend)
    // A server that cannot be reached keeps none of its claims, and breaks none.
    try target.reach()
    var table = VerifyTable(target, isSilent: json)
    try table.begin()
    let timeoutNanoseconds = UInt64(timeout) * 1_000_000_000
    try table.section("conformance") { tell in
      _ = BackendConformance(timeoutNanoseconds: timeoutNanoseconds) { try target.make() }.run { tell(VerifyTable.Row($0)) }
    }
    let concurrent = target.descriptor.concurrentOptions
    try table.section("consistency") { tell in
      _ = BackendConsistency(sessions: sessions, commits: commits, timeoutNanoseconds: timeoutNanoseconds) {
        try target.make(adding: concurrent)
      }.run { tell(VerifyTable.Row($0)) }
    }
    try table.section("durability") { tell in tell(durability(target, trustOptions ? [] : concurrent)) }
    try table.end()
    if !table.failures.isEmpty { throw ExitCode(Failure.checkFailed) }
  }

  private func durability(_ target: VerifyTarget, _ options: [String]) -> VerifyTable.Row {
    let rest = target.descriptor.atomicGroups ? ", and of the ones under way all or nothing" : ""
    var row = VerifyTable.Row(name: "kill-9", summary: "Each acknowledged write is there after the process was killed\(rest).")
    guard target.descriptor.durability != .none else {
      row.result = .skipped("the durability claimed is 'none'")
      return row
    }
    guard kills > 0 else {
      row.result = .skipped("--kills 0")
      return row
    }
    let missing = DurabilityTrial.verbs.subtracting(target.descriptor.verbs).map(\.name).sorted()
    guard missing.isEmpty else {
      row.result = .skipped("the backend does not claim \(missing.joined(separator: ", "))")
      return row
    }
    let outcome = DurabilityCheck(
      target: target, sessions: sessions, kills: kills, seed: seed, options: options, damagesFiles: damageFiles
    ).run()
    row.comparisons = outcome.looked
    row.commits = outcome.acknowledged.reduce(0, +)
    if let complaint = outcome.complaint {
      row.result = .failed(complaint)
    } else if let shortfall = DurabilityTrial.shortfall(acknowledged: outcome.acknowledged, kills: kills) {
      row.result = .failed(shortfall)
    }
    return row
  }
}
