import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreePopulation
import JamboreeScenario

/// What a scenario comes to before it is run: its parameters, and what its members set out to do.
struct ScenarioPlanText {
  let scenario: Scenario
  /// Nil where it would take too long to deal everything out.
  let crowds: [PlannedCrowd]?
  /// Of more members nothing is planned: it takes a second for a million, and as much memory as a run.
  static let mostMembers = 5_000_000

  /// Makes everybody, but for whom they know: nothing of what is planned depends on that.
  init(_ scenario: Scenario) throws {
    self.scenario = scenario
    guard scenario.population.members <= Self.mostMembers else {
      crowds = nil
      return
    }
    var parameters = scenario.population
    parameters.graph = GraphParameters(meanDegree: 0)
    let population = PopulationGenerator.generate(parameters, seed: scenario.seed, workers: ProcessInfo.processInfo.activeProcessorCount)
    crowds = try SimulationPlan(
      population: population, services: scenario.services, seed: scenario.seed, scale: scenario.scale,
      startMinuteOfWeek: scenario.startMinuteOfWeek, durationNanoseconds: scenario.durationNanoseconds,
      drainNanoseconds: scenario.drainNanoseconds, tickNanoseconds: scenario.tickNanoseconds, bucketNanoseconds: scenario.bucketNanoseconds
    ).services.flatMap(\.planned)
  }

  /// As comments, so that what `describe` prints is still a scenario.
  func lines() -> [String] {
    guard let crowds else {
      return ["", "# planned: not worked out for more than \(Text.grouped(Int64(Self.mostMembers))) members; totals are in proportion to --scale"]
    }
    guard !crowds.isEmpty else { return ["", "# planned: nothing that is known before a run"] }
    let start = Text.weekTime(minuteOfWeek: scenario.startMinuteOfWeek)
    var lines = [
      "", "# planned: what members set out to do in \(Text.span(nanoseconds: scenario.durationNanoseconds)) from \(start) UTC, scale "
        + "\(Text.significant(scenario.scale)), seed \(scenario.seed.rawValue), whatever they are shown",
    ]
    for crowd in crowds where crowd.people > 0 {
      let days = crowd.workingDays.map { ", a working day's rates for \(Text.significant($0)) of one" } ?? ""
      lines.append("#   \(crowd.name): \(Text.grouped(Int64(crowd.participants))) of \(Text.grouped(Int64(crowd.people))) people come\(days)")
      for amount in crowd.amounts where amount.count > 0 { lines.append("#     \(amount.action) \(Text.grouped(amount.count))") }
    }
    return lines
  }

  func json() -> JSON {
    .object([
      "name": .string(scenario.name), "summary": .string(scenario.summary), "scale": JSON(scenario.scale),
      "seed": .unsigned(scenario.seed.rawValue), "parameters": Self.parameters(scenario.descriptions),
      "planned": crowds.map { .array($0.map(Self.json)) } ?? .null,
    ])
  }

  private static func json(_ crowd: PlannedCrowd) -> JSON {
    .object([
      "name": .string(crowd.name), "people": .integer(Int64(crowd.people)), "participants": .integer(Int64(crowd.participants)),
      "workingDays": JSON(crowd.workingDays),
      "actions": .object(Dictionary(crowd.amounts.map { ($0.action, .integer($0.count)) }, uniquingKeysWith: { $1 })),
    ])
  }

  /// A section is an object of its keys; a key has the value in force as it is written in a scenario, its default, unit and meaning.
  private static func parameters(_ descriptions: [ParameterDescription]) -> JSON {
    .object(Dictionary(descriptions.map { ($0.key, parameter($0)) }, uniquingKeysWith: { $1 }))
  }

  private static func parameter(_ description: ParameterDescription) -> JSON {
    switch description.kind {
    case .section(let inner), .keyed(let inner): return parameters(inner)
    case .list(_, let entries) where !entries.isEmpty: return .array(entries.map(parameters))
    default:
      return .object([
        "value": description.value.map { .string($0) } ?? .null, "default": description.defaultValue.map { .string($0) } ?? .null,
        "unit": .string(description.unit), "summary": .string(description.summary),
      ])
    }
  }
}
