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
    func run(_ backend: String) throws -> [String: Any] {
      let run = try place.run("run", path, "--scale", "0.002", "--backend", backend, "--results", "r.sqlite", "--no-floor", "--json")
      #expect(run.code == 0, "\(backend): \(run.err)")
      return try run.object()
    }
    let (memory, sqlite) = (try run("memory"), try run("sqlite:data.sqlite"))
    #expect(sqlite["digest"] as? String == memory["digest"] as? String)
    #expect((sqlite["totals"] as? NSDictionary) == (memory["totals"] as? NSDictionary))
    // Something was done, and something was expected of it.
    #expect(((memory["operations"] as? NSNumber)?.intValue ?? 0) > 100)
    #expect((memory["expectations"] as? [Any])?.isEmpty == false)
  }
}
