import JamboreeEngine
import JamboreeKit
import JamboreeResults
import JamboreeScenario

/// What is to be run, and what it begins with.
struct RunRequest {
  let scenario: Scenario
  let backend: String
  let ranker: String
  let beginning: RunDriver.Beginning
  /// The run that it goes on with, if it is one of the result file.
  let resumed: String?

  /// A new run.
  init(scenario: Scenario, backend: String, ranker: String, reuse: Bool) {
    self.scenario = scenario
    self.backend = backend
    self.ranker = ranker
    beginning = reuse ? .leftBehind(nil, replay: Composition.replayBackend) : .empty
    resumed = nil
  }

  /// An interrupted run, from where its backend or, if that keeps nothing, its seed takes it up.
  /// - Throws: ``ResultStoreError`` when there is no such run; ``PlugInError`` when this program does not have its backend.
  init(resuming name: String, results: String) throws {
    let store = try ResultStore.open(path: results, readOnly: true)
    let run = try store.resolve(name)
    let detail = try store.detail(run)
    guard detail.record.status == .interrupted else {
      throw Failure(
        code: Failure.usage,
        message: detail.record.status == .running
          ? "run \(run) is still under way; stop it, or wait for its end"
          : "run \(run) came to its end: there is nothing to go on with; 'jamboree show \(run)' shows it")
    }
    let identity = detail.identity
    guard identity.pace == "max" else {
      throw Failure(
        code: Failure.usage,
        message: "run \(run) was a load (\(identity.pace)): what a server did in a time that is past cannot be gone on with; run it again")
    }
    // What was given by flags is among the overrides.
    scenario = try ScenarioLoader.load(
      text: identity.scenarioText, file: "run \(run)", folder: identity.scenarioFolder, overrides: identity.overrides, scale: identity.scale,
      services: Composition.services)
    backend = reference(identity.backend)
    ranker = reference(identity.ranker)
    resumed = run
    let checkpoint = try store.checkpoint(of: run)
    let keepsData = try Composition.backends.make(PlugInReference(backend)).instance.descriptor.durability != .none
    if keepsData, !identity.backend.location.isEmpty {
      beginning = .leftBehind(checkpoint, replay: Composition.replayBackend)
    } else {
      beginning = checkpoint.map { .again($0) } ?? .empty
    }
  }
}

/// A plug-in as a user would name it.
private func reference(_ plugIn: PlugInIdentity) -> String {
  let location = plugIn.location.isEmpty ? "" : ":\(plugIn.location)"
  let options = plugIn.options.isEmpty ? "" : "?" + plugIn.options.joined(separator: "&")
  return plugIn.id + location + options
}
