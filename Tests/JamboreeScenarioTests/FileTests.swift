import Foundation
import JamboreeKit
import JamboreeScenario
import JamboreeWorkloads
import Testing

/// Scenario files of the repository, located from this source file.
func shippedScenarios() throws -> [URL] {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let folder = root.appendingPathComponent("Scenarios").resolvingSymlinksInPath()
  return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    .filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
}

@Suite struct FileTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("scenario-tests-\(UUID().uuidString)")

  private func refusal(_ path: String) -> String? {
    do {
      _ = try ScenarioLoader.load(path: path, services: catalog)
      return nil
    } catch { return "\(error)" }
  }

  @Test func unreadableFiles() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
      let path = folder.appendingPathComponent(name).path
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return path
    }
    let missing = folder.appendingPathComponent("none.yaml").path
    #expect(refusal(missing) == "\(missing): no such file; 'jamboree scenarios list' shows those that ship")
    #expect(refusal("") == "'': no such file; 'jamboree scenarios list' shows those that ship")
    #expect(refusal(folder.path) == "\(folder.path): is a directory; name a scenario file in it")
    let empty = try file("empty.yaml", [])
    #expect(refusal(empty) == "\(empty): is empty; 'jamboree scenarios schema' says what belongs in it")
    let latin = try file("latin.yaml", Array("name: caf".utf8) + [0xE9])
    #expect(refusal(latin) == "\(latin): is not UTF-8 text; save it as UTF-8")
    let large = try file("large.yaml", [UInt8](repeating: 0x20, count: (4 << 20) + 1))
    #expect(refusal(large) == "\(large): larger than 4 MiB; that is no scenario")
    // A pipe would be waited for, and a device may have no end.
    let pipe = folder.appendingPathComponent("pipe.yaml").path
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero", "/dev/null"] {
      #expect(refusal(path) == "\(path): is no plain file but a device or a pipe; name a scenario file")
    }
    #expect(refusal(pipe + "/x.yaml") == "\(pipe)/x.yaml: no such file; 'jamboree scenarios list' shows those that ship")
    #expect(refusal(folder.path + "/\u{1B}[31m")?.contains("/\\u{1b}[31m: no such file") == true)
    let good = try file("good.yaml", Array(tinyScenario.utf8))
    #expect(try ScenarioLoader.load(path: good, services: catalog).text == tinyScenario)
  }

  /// Nobody but root may read everything.
  @Test(.enabled(if: geteuid() != 0)) func permissions() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("secret.yaml").path
    try Data(tinyScenario.utf8).write(to: URL(fileURLWithPath: path))
    chmod(path, 0)
    #expect(refusal(path) == "\(path): permission denied; make the file readable, and the folders that lead to it")
    chmod(folder.path, 0)
    #expect(refusal(path) == "\(path): permission denied; make the file readable, and the folders that lead to it")
    chmod(folder.path, 0o700)
  }

  @Test func everyShippedScenarioDecodes() throws {
    let files = try shippedScenarios()
    #expect(!files.isEmpty)
    let services = ServiceCatalog(platformServices)
    for file in files {
      let scenario = try ScenarioLoader.load(path: file.path, services: services)
      #expect(scenario.name == file.deletingPathExtension().lastPathComponent, "\(file.path)")
      #expect(!scenario.summary.isEmpty, "\(file.path)")
      #expect(!scenario.expectations.isEmpty, "\(file.path)")
      let again = try ScenarioLoader.load(text: scenario.describe(), file: "described", services: services)
      #expect(again.describe() == scenario.describe(), "\(file.path)")
      #expect(again.population == scenario.population, "\(file.path)")
    }
  }
}
