import Foundation
import Testing

/// Every scenario that ships, small, as a user runs it.
@Suite struct ScenarioTests {
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: Workplace.package.appending(path: "Scenarios").path)) ?? [])
    .filter { $0.hasSuffix(".yaml") }.sorted()

  @Test func thereAreScenarios() { #expect(Self.names.count >= 8) }

  /// The same operations and the same replies, whether they come from memory or from a file.
  @Test(arguments: names) func sqliteHasMemorysDigest(_ name: String) throws {
    let place = try Workplace()
    let path = Workplace.package.appending(path: "Scenarios/\(name)").path
    func run(_ backend: String, scale: String) throws -> [String: Any] {
      let run = try place.run("run", path, "--scale", scale, "--backend", backend, "--results", "r.sqlite", "--no-floor", "--json")
      #expect(run.code == 0, "\(backend): \(run.err)")
      return try run.object()
    }
    func operations(_ run: [String: Any]) -> Int { (run["operations"] as? NSNumber)?.intValue ?? 0 }
    // Of a quiet service so small a sample would do next to nothing.
    let least = try run("memory", scale: "0.002")
    let scale = operations(least) > 100 ? "0.002" : "0.02"
    let memory = scale == "0.002" ? least : try run("memory", scale: scale)
    let sqlite = try run("sqlite:data.sqlite", scale: scale)
    #expect(sqlite["digest"] as? String == memory["digest"] as? String)
    #expect((sqlite["totals"] as? NSDictionary) == (memory["totals"] as? NSDictionary))
    // Something was done, and something was expected of it.
    #expect(operations(memory) > 100)
    #expect((memory["expectations"] as? [Any])?.isEmpty == false)
  }
}
