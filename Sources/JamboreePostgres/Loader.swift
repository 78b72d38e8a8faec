import CLibPQ
import JamboreeKit

/// Makes a schema and fills it with what is there before the first member comes.
struct Loader {
  private let control: ControlConnection
  private let settings: PostgresBackend.Settings

  init(_ control: ControlConnection, _ settings: PostgresBackend.Settings) {
    self.control = control
    self.settings = settings
  }

  /// What fails leaves nothing; a process that is killed meanwhile leaves a schema that nobody takes for a whole one.
  /// - Parameter shouldStop: whether it failed because it was to.
  /// - Throws: `failed` where somebody else was faster to make the schema, among others.
  func load(_ dataset: Dataset, shouldStop: () -> Bool) throws(BackendError) {
    try control.execute("SET synchronous_commit = off; SET client_min_messages = error; SET maintenance_work_mem = '256MB'")
    for (name, value) in PostgresBackend.Settings.planner { try control.execute("SET \(name) = \(literal(value))") }
    try control.execute("BEGIN; CREATE SCHEMA \(quoted(settings.schema)); SET search_path = \(quoted(settings.schema))")
    if settings.isTemporary { try control.execute(TemporarySchema.marking(settings.schema)) }
    try makeTables(dataset)
    try control.execute("COMMIT")
    do {
      try fill(dataset)
    } catch {
      // Over another connection: this one may be in the middle of anything.
      control.hangUp()
      do throws(BackendError) {
        // Who has asked for the end does not wait for a server that has stopped answering.
        let isStopped = shouldStop()
        try ControlConnection(settings, seconds: isStopped ? 2 : nil).drop(settings.schema, lockMilliseconds: isStopped ? 2_000 : 0)
      } catch _ {
        throw BackendError(error.kind, "\(error.message); schema '\(settings.schema)' could not be removed, and is left in the server")
      }
      throw error
    }
    // The data are there; without statistics the plans are the same.
    try? control.execute("ANALYZE \(Schema.analyzed)")
  }

  private func makeTables(_ dataset: Dataset) throws(BackendError) {
    try control.execute(Schema.tables)
    try copyMembers(dataset.population)
    try copyConnections(dataset.population.graph)
    try control.execute(Schema.memberIndexes)
    for index in Schema.optionalIndexes where !index.verbs.isDisjoint(with: dataset.verbs) { try control.execute(index.sql) }
    try copyContainers(dataset.containers)
  }

  private func fill(_ dataset: Dataset) throws(BackendError) {
    var functions = Functions(keepsTotals: dataset.verbs.contains(.counts), indexesWords: dataset.verbs.contains(.search))
    functions.isAlone = true
    try control.execute(functions.sql)
    var replay = Replay(control, indexesWords: functions.indexesWords)
    try replay.run(dataset.history)
    functions.isAlone = false
    let identity = literal(dataset.identity)
    try control.execute(
      "BEGIN; \(functions.sql); INSERT INTO platform VALUES ('version', '\(Schema.version)'), ('dataset', \(identity)); COMMIT")
  }

  private func copyMembers(_ population: Population) throws(BackendError) {
    try control.copy(into: "member") { (buffer) throws(BackendError) in
      for number in 0..<population.count {
        let member = MemberID(UInt32(number))
        buffer.beginRow(4)
        buffer.add(Int64(number))
        buffer.add(Int32(population.regionIndices[number]))
        buffer.add(bytes: Array(population.name(of: member).utf8))
        population.collationKey(of: member).withUnsafeBufferPointer { buffer.add(bytes: $0) }
      }
    }
  }

  private func copyConnections(_ graph: SocialGraph) throws(BackendError) {
    try control.copy(into: "connection") { (buffer) throws(BackendError) in
      for number in 0..<UInt32(graph.memberCount) {
        for other in graph.neighbors(of: MemberID(number)) {
          buffer.beginRow(3)
          buffer.add(Int64(number))
          buffer.add(Int16(ConnectionKind.follow.rawValue))
          buffer.add(Int64(other))
        }
      }
    }
  }

  private func copyContainers(_ containers: [Dataset.Container]) throws(BackendError) {
    var seen: Set<ContainerID> = []
    try control.copy(into: "container (id, name)") { (buffer) throws(BackendError) in
      for container in containers where container.id != .none && seen.insert(container.id).inserted {
        buffer.beginRow(2)
        buffer.add(container.id.rawValue)
        buffer.add(bytes: Array(container.name.utf8))
      }
    }
  }
}
