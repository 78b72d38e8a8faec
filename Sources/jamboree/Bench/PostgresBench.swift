import ArgumentParser
import Foundation
import JamboreeKit
import JamboreeMetrics

/// `Scripts/bench/postgres` holds it against pgbench.
struct PostgresBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "postgres", abstract: "What the postgres backend's client does of one statement, and what it takes of the processor.",
    discussion: """
      First --load, which makes the data and leaves them, and prints what another client needs; then a measurement for each --verb
      and --depth; at last --drop.
      """)

  /// What is measured.
  enum Call: String, CaseIterable, ExpressibleByArgument {
    case item, react
  }

  @Argument(help: "The server: postgres[://USER:PASSWORD@HOST:PORT/DATABASE][?option=value&...].")
  var backend = "postgres"
  @Option(parsing: .unconditional, help: "The schema of the data.")
  var schema = "jamboree_bench"
  @Option(
    parsing: .unconditional, help: "Items, a fifth of which are called; 100 to 1,000,000. Default: 50,000.",
    transform: NumberArgument.integer(100...1_000_000))
  var items = 50_000
  @Option(parsing: .unconditional, help: "Item (reads one) or react (rates one).")
  var verb = Call.item
  @Option(parsing: .unconditional, help: "Connections, 1 to 1,000. Default: 8.", transform: NumberArgument.integer(1...1_000))
  var connections = 8
  @Option(
    parsing: .unconditional, help: "Requests under way on each, 1 to 1,000. Default: 1.", transform: NumberArgument.integer(1...1_000))
  var depth = 1
  @Option(parsing: .unconditional, help: "How long to measure. Default: 5.", transform: NumberArgument.number(0.1...3_600))
  var seconds = 5.0
  @Flag(help: "Only make the data; print PGOPTIONS and the address without its password, one a line, and pgbench's scripts into --scripts.")
  var load = false
  @Option(parsing: .unconditional, help: "A folder for pgbench's scripts.")
  var scripts: String?
  @Flag(help: "Only remove the data.")
  var drop = false
  @OptionGroup var flags: BenchFlags

  func run() throws {
    let opened = try Composition.postgres(PlugInReference(backend).adding(["schema=\(schema)"]))
    let world = StorageWorld(items: items, seed: flags.seed)
    if load {
      try opened.load(world.dataset)
      if let scripts { try writeScripts(into: scripts) }
      try Console.print(opened.connectionOptions + "\n" + opened.connectionString)
      return
    }
    _ = try opened.reopen(world.dataset)
    if drop { return try opened.discard() }
    let session = try opened.openSession(0, connections: connections)
    let before = ResourceUsage.now().cpuNanoseconds
    let result = try measure(session, world)
    let cpuNanoseconds = Double(ResourceUsage.now().cpuNanoseconds - before) / Double(result.operations)
    try opened.finish()
    let rate = Double(result.operations) / result.seconds
    try flags.report(
      "postgres",
      ["\(verb.rawValue), \(connections) connections, \(depth) deep: \(Text.rate(rate)), \(Text.duration(nanoseconds: cpuNanoseconds)) of processor each"],
      [
        "verb": .string(verb.rawValue), "connections": .integer(Int64(connections)), "depth": .integer(Int64(depth)),
        "operations": .integer(Int64(result.operations)), "operationsPerSecond": JSON(rate), "cpuNanoseconds": JSON(cpuNanoseconds),
      ], [result.seconds])
  }

  /// Keeps as many requests under way as are allowed.
  private func measure(_ session: some PipelinedStorageSession, _ world: StorageWorld) throws -> (operations: Int, seconds: Double) {
    let call: StorageWorld.Call = verb == .item ? .item : .react
    // No two measurements call in the same order.
    let round = TickID(truncatingIfNeeded: UInt64.random(in: 0..<(1 << 20)))
    var batch = CompletionBatch(capacity: 256)
    var submitted = 0
    var completed = 0
    func submit() {
      session.submit(world.operation(call, tick: round, submitted), arguments: Span(), token: Token(rawValue: UInt64(submitted)))
      submitted += 1
    }
    let start = monotonicNanoseconds()
    let end = start + UInt64(seconds * 1e9)
    for _ in 0..<(connections * depth) { submit() }
    while completed < submitted {
      batch.removeAll()
      session.poll(until: .distantFuture, into: &batch)
      completed += batch.count
      for index in 0..<batch.count where batch.outcome(at: index) != .ok {
        throw Failure(code: Failure.unreachable, message: "\(verb.rawValue): expected ok, got \(batch.outcome(at: index).name)")
      }
      guard monotonicNanoseconds() < end else { continue }
      for _ in 0..<batch.count { submit() }
    }
    return (completed, Double(monotonicNanoseconds() - start) / 1e9)
  }

  // MARK: pgbench

  /// The same statement, keys and values: items have numbers that an expression gives.
  private func writeScripts(into folder: String) throws {
    let ideas = max(items / 5, 1)
    let draws = [
      Call.item: ["\\set viewer random(1, \(StorageWorld.members))", key(ideas)],
      .react: [key(ideas), "\\set actor random(0, \(StorageWorld.members - 1))", "\\set value random(1, 4)"],
    ]
    for call in Call.allCases {
      let verb: Verb = call == .item ? .item : .react
      guard var sql = Composition.postgresStatement(of: verb), let lines = draws[call] else { continue }
      let values = call == .item ? [":viewer", ":id"] : [":id", ":actor", "\(ReactionKind.rating.rawValue)", ":value", "1"]
      for (index, value) in values.enumerated() { sql = sql.replacing("$\(index + 1)", with: value) }
      sql = sql.split(separator: "\n").joined(separator: " ") + ";"
      let one = (lines + [sql]).joined(separator: "\n")
      try write(one, "\(folder)/\(call.rawValue).1.sql")
      try write(pipeline(one), "\(folder)/\(call.rawValue).16.sql")
      let alone = (lines + ["BEGIN;", sql, "COMMIT;"]).joined(separator: "\n")
      if verb.isWrite { try write(pipeline(alone), "\(folder)/\(call.rawValue).16.each.sql") }
    }
  }

  private func pipeline(_ part: String) -> String {
    (["\\startpipeline"] + [String](repeating: part, count: 16) + ["\\endpipeline"]).joined(separator: "\n")
  }

  private func key(_ ideas: Int) -> String {
    let members = StorageWorld.members
    return ideas <= members
      ? "\\set id random(0, \(ideas - 1)) * 4294967296 + 1"
      : "\\set n random(0, \(ideas - 1))\n\\set id (:n % \(members)) * 4294967296 + :n / \(members) + 1"
  }

  private func write(_ text: String, _ path: String) throws {
    do {
      try (text + "\n").write(toFile: path, atomically: false, encoding: .utf8)
    } catch {
      throw Failure(code: Failure.usage, message: "cannot write \(path): give --scripts a folder that can be written in")
    }
  }
}
