import JamboreeExec
import JamboreeKit
import JamboreeMemory
import JamboreePostgres
import JamboreeRankers
import JamboreeSQLite
import JamboreeScenario
import JamboreeWorkloads

/// What this executable is composed of. Nothing else in the package names a concrete backend, ranker or service.
enum Composition {
  static let version = "0.1.0"
  static let defaultResults = "Results/jamboree.sqlite"

  static let services = ServiceCatalog(platformServices)

  static let backends: BackendRegistry = {
    var registry = BackendRegistry()
    registry.register(MemoryBackend.self)
    registry.register(NullBackend.self)
    registry.register(SQLiteBackend.self)
    registry.register(PostgresBackend.self)
    return registry
  }()

  /// Whether a backend has what it is given in this process's memory: nothing else is left of it when the process ends.
  static func keepsItems(_ reference: String) -> Bool {
    guard let id = try? PlugInReference(reference).id, let known = backends.descriptors.first(where: { $0.id == id }) else { return true }
    return known.durability == .none && !known.isSynthetic
  }

  /// Refuses a backend that keeps its data in a place that was named, where several runs are to begin with nothing: the second
  /// would find what the first has left.
  static func refuseNamedPlace(_ backend: String) throws {
    let reference = try PlugInReference(backend)
    guard let known = backends.descriptors.first(where: { $0.id == reference.id }) else { return }
    let isFile = known.locatesFile && !reference.location.isEmpty
    let option = reference.options.first { $0.name == known.placeOption && !$0.value.isEmpty }
    guard let place = isFile ? "file" : option?.name else { return }
    throw Failure(
      code: Failure.usage,
      message: "--backend \(printable(withoutPassword(backend), limit: 200)): there are several runs, and the second would find what the first has left; leave out the \(place), and each run gets one of its own that goes with it")
  }

  /// A backend as another process's arguments may have it, and the environment variables that say what is not for everybody.
  static func withoutSecrets(_ backend: String) -> (reference: String, variables: [String: String]) {
    guard let reference = try? PlugInReference(backend), reference.id == PostgresBackend.descriptor.id,
      reference.location.hasPrefix("//")
    else { return (withoutPassword(backend), [:]) }
    let location = reference.location
    guard let at = location.firstIndex(of: "@"), let colon = location[..<at].firstIndex(of: ":") else { return (backend, [:]) }
    let password = percentDecoded(location[location.index(after: colon)..<at].utf8)
    // An empty one is none for libpq, which then looks at the variable.
    let shown = reference.located(at: String(location[..<colon] + location[at...]))
    return (shown.text, password.isEmpty ? [:] : ["PGPASSWORD": password])
  }

  /// What is to be done by a process that ends at once, without tearing anything down.
  static let leaveNothingBehind: @Sendable () -> Void = {
    SQLiteBackend.removeUnfinishedFiles()
    ExecRanker.endProcesses()
  }

  /// Where a run is done again to find out where its members stood.
  static let replayBackend: @Sendable () throws(BackendError) -> BackendInstance = { () throws(BackendError) in
    try backends.make(PlugInReference(MemoryBackend.descriptor.id)).instance
  }

  /// The backend whose client is held against pgbench.
  static func postgres(_ reference: PlugInReference) throws -> PostgresBackend {
    let made = try backends.make(reference).instance.backend
    guard let backend = made as? PostgresBackend else {
      throw Failure(code: Failure.usage, message: "'\(withoutPassword(reference.text))' is no address of a PostgreSQL server: postgres[://...]")
    }
    return backend
  }

  /// The statement of a verb, for another client.
  static func postgresStatement(of verb: Verb) -> String? { PostgresBackend.statement(of: verb) }

  /// Ids of the rankers that need no other program.
  static var inProcessRankers: [String] { platformRankers.map { $0.descriptor.id } }

  /// The ranker with which the harness's own share is measured: what a ranker in another process takes is not the harness's.
  static func floorRanker(for ranker: String) -> String {
    ranker.hasPrefix(ExecRanker.descriptor.id) ? ChronologicalRanker.descriptor.id : ranker
  }

  static let rankers: RankerRegistry = {
    var registry = RankerRegistry()
    for ranker in platformRankers { registry.register(ranker) }
    registry.register(ExecRanker.self)
    return registry
  }()
}
