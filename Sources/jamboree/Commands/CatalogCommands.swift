import ArgumentParser
import Foundation
import JamboreeKit
import JamboreeScenario

struct ScenariosCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scenarios", abstract: "List, describe and check scenario files.",
    subcommands: [ScenarioList.self, ScenarioDescribe.self, ScenarioValidate.self, ScenarioSchemaCommand.self],
    defaultSubcommand: ScenarioList.self)
}

struct ScenarioList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the scenario files of a folder.")

  @Argument(help: "Folder with scenario files.")
  var folder = "Scenarios"

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func run() throws {
    let shown = folder.isEmpty ? "''" : folder
    var status = stat()
    guard stat(folder, &status) == 0 else {
      let denied = errno == EACCES
      throw Failure(
        code: Failure.usage,
        message: "\(shown): \(denied ? "permission denied; make it and the folders that lead to it readable" : "no such folder; name one with scenario files")")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(code: Failure.usage, message: "\(shown): is no folder; 'jamboree scenarios validate' checks a file")
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw Failure(code: Failure.usage, message: "\(shown): permission denied; make the folder readable")
    }
    let files = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
    var table = TextTable(["file", "name", "what"], left: [0, 1, 2])
    var entries: [JSON] = []
    for file in files {
      let path = "\(folder)/\(file)"
      do {
        let scenario = try ScenarioLoader.load(path: path, services: Composition.services, rankers: Composition.rankers)
        table.add([path, scenario.name, scenario.summary])
        entries.append(.object(["file": .string(path), "name": .string(scenario.name), "summary": .string(scenario.summary)]))
      } catch {
        table.add([path, "-", "does not load: \(error.message)"])
        entries.append(.object(["file": .string(path), "error": .string(error.description)]))
      }
    }
    if json { try JSON.object(["scenarios": .array(entries)]).print() } else { try Console.print(table.text(indent: "")) }
  }
}

struct ScenarioDescribe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Show every parameter of a scenario with the value in force, and what members set out to do.")

  @Argument(help: "A scenario file, such as Scenarios/jam-500k.yaml.")
  var scenario: String

  @OptionGroup var changes: ScenarioChanges

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func run() throws {
    let loaded = try changes.load(scenario)
    let plan = try ScenarioPlanText(loaded)
    if json {
      try plan.json().print()
      return
    }
    try Console.print("# \(loaded.title)\n\(loaded.description)\n\(plan.lines().joined(separator: "\n"))")
  }
}

struct ScenarioValidate: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "validate", abstract: "Check scenario files; exit 64 if one is wrong.")

  @Argument(help: "Scenario files.")
  var files: [String]

  func run() throws {
    var wrong = 0
    for file in files {
      do throws(ConfigurationError) {
        _ = try ScenarioLoader.load(path: file, services: Composition.services, rankers: Composition.rankers)
      } catch {
        wrong += 1
        Console.complain(error.description)
        continue
      }
      try Console.print("ok  \(file)")
    }
    if wrong > 0 { throw ExitCode(Failure.usage) }
  }
}

struct ScenarioSchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of scenario files, for editors.")

  func run() throws { try Console.print(try ScenarioSchema.json(services: Composition.services)) }
}

struct BackendsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "backends", abstract: "List the storage backends and their options.")

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func run() throws {
    let descriptors = Composition.backends.descriptors
    if json {
      try JSON.object([
        "backends": .array(
          descriptors.map { backend in
            .object([
              "id": .string(backend.id), "version": .string(backend.version), "summary": .string(backend.summary),
              "durability": .string(backend.durability.rawValue), "writers": .string("\(backend.writers)"),
              "location": backend.location.map { .string($0) } ?? .null, "atomicGroups": .boolean(backend.atomicGroups),
              "isolation": .string(backend.isolation.rawValue), "synthetic": .boolean(backend.isSynthetic),
              "verbs": .array(Verb.allCases.filter { backend.verbs.contains($0) }.map { .string($0.name) }),
              "options": PlugInText.json(backend.options),
            ])
          })
      ]).print()
      return
    }
    for backend in descriptors {
      try Console.print("\(backend.id)  \(backend.summary)")
      if let location = backend.location { try Console.print("    \(backend.id):LOCATION, \(location)") }
      try Console.print("    version \(backend.version), durability \(backend.durability.rawValue), writers \(backend.writers), isolation \(backend.isolation.rawValue)")
      try Console.print(PlugInText.lines(backend.options))
    }
  }
}

struct RankersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rankers", abstract: "List the feed rankers and their options.")

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  func run() throws {
    let descriptors = Composition.rankers.descriptors
    if json {
      try JSON.object([
        "rankers": .array(
          descriptors.map { ranker in
            .object([
              "id": .string(ranker.id), "version": .string(ranker.version), "summary": .string(ranker.summary),
              "options": PlugInText.json(ranker.options),
            ])
          })
      ]).print()
      return
    }
    for ranker in descriptors {
      try Console.print("\(ranker.id)  \(ranker.summary)")
      if let option = ranker.locationOption { try Console.print("    \(ranker.id):\(option.uppercased()), short for \(option)=\(option.uppercased())") }
      try Console.print(PlugInText.lines(ranker.options))
    }
  }
}

/// Options of plug-ins, as text and as JSON.
private enum PlugInText {
  static func lines(_ options: [OptionDescriptor]) -> String {
    guard !options.isEmpty else { return "    no options\n" }
    return options.map { "    \($0.name)=\($0.defaultValue)  \($0.summary); \($0.kind.inWords)" }.joined(separator: "\n") + "\n"
  }

  static func json(_ options: [OptionDescriptor]) -> JSON {
    .array(
      options.map {
        .object(["name": .string($0.name), "default": .string($0.defaultValue), "summary": .string($0.summary), "value": .string($0.kind.inWords)])
      })
  }
}
