import Foundation
import JamboreeKit
import JamboreePostgres
import JamboreeSQLite
import JamboreeScenario
import JamboreeWorkloads
import Testing

/// The scenarios that ship, on every backend.
private let shipped: [String] = {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let folder = root.appendingPathComponent("Scenarios")
  let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
  return files.filter { $0.pathExtension == "yaml" }.map(\.path).sorted()
}()

@Suite struct EveryScenarioTests {
  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// What was found by ``small(_:)``, which both tests ask for.
  private static let found = Guarded<[String: (scale: Double, finished: Finished)]>([:])

  /// A scale at which some thousand operations are done, so that rare actions are among them, and what they come to.
  private func small(_ path: String) throws -> (scale: Double, finished: Finished) {
    if let known = Self.found.withLock({ $0[path] }) { return known }
    var scale = 0.0002
    while true {
      let finished = try simulate(loadPlan(text(path), scale: scale))
      if finished.operations >= 3_000 || scale == 1 {
        Self.found.withLock { $0[path] = (scale, finished) }
        return (scale, finished)
      }
      // Few operations tell little of how many more there would be.
      scale = min(1, scale * min(20, 5_000 / Double(max(finished.operations, 1))))
    }
  }

  private func options(_ given: [(name: String, value: String)], _ descriptor: BackendDescriptor) throws -> OptionValues {
    try OptionValues(owner: "test", given: given, descriptors: descriptor.options)
  }

  @Test func thereAreAllOfThem() {
    let names = shipped.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
    for name in [
      "jam-500k", "blog-central", "dogear", "blue-twit", "social-blue", "wiki-central", "media-library", "guidelines-wiki", "smarter-planet",
      "viral-video", "alumni", "intranet-day", "intranet-week", "feed-regression",
    ] {
      #expect(names.contains(name), "\(name)")
    }
  }

  @Test(arguments: shipped) func digestsAreOneForAllWorkersAndBackends(_ path: String) throws {
    let (scale, one) = try small(path)
    #expect(one.operations >= 3_000, "\(path) at \(scale): \(one.operations)")
    let plan = try loadPlan(text(path), scale: scale)
    for workers in [2, 7] { #expect(try simulate(plan, workers: workers).digest == one.digest, "\(path) with \(workers) workers") }
    let sqlite = try SQLiteBackend(options: options([], SQLiteBackend.descriptor))
    #expect(try simulate(plan, backend: .blocking(sqlite)).digest == one.digest, "\(path) on sqlite")
    try sqlite.finish()
  }

  /// On the server that `Scripts/test` has started.
  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["JAMBOREE_SERVERS"] != nil, "Scripts/test starts the server"), arguments: shipped)
  func postgresHasTheDigestOfMemory(_ path: String) throws {
    let (scale, one) = try small(path)
    let plan = try loadPlan(text(path), scale: scale)
    let postgres = try PostgresBackend(options: options([("synchronousCommit", "off")], PostgresBackend.descriptor))
    #expect(try simulate(plan, backend: .pipelined(postgres), workers: 2).digest == one.digest, "\(path)")
    try postgres.finish()
  }
}
