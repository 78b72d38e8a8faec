import CLibPQ
import JamboreeKit

/// Makes a schema and fills it with what is there before the first member comes, in one transaction.
struct Loader {
  private let control: ControlConnection
  private let settings: PostgresBackend.Settings

  init(_ control: ControlConnection, _ settings: PostgresBackend.Settings) {
    self.control = control
    self.settings = settings
  }

  func load(_ dataset: Dataset) throws(BackendError) {
    try control.execute("SET synchronous_commit = off; SET client_min_messages = error")
    try control.execute("BEGIN; CREATE SCHEMA \(quoted(settings.schema)); SET search_path = \(quoted(settings.schema))")
    try control.execute(Schema.tables)
    try copyMembers(dataset.population)
    try copyConnections(dataset.population.graph)
    try control.execute(Schema.memberIndexes)
    for index in Schema.optionalIndexes where !index.verbs.isDisjoint(with: dataset.verbs) { try control.execute(index.sql) }
    try copyContainers(dataset.containers)
    try control.execute(Functions.sql(keepsTotals: dataset.verbs.contains(.counts), indexesWords: dataset.verbs.contains(.search)))
    try replay(dataset)
    let identity = literal(dataset.identity)
    try control.execute("INSERT INTO platform VALUES ('version', '\(Schema.version)'), ('dataset', \(identity)); COMMIT")
    // The data are there; without statistics the plans are the same.
    try? control.execute("ANALYZE \(Schema.analyzed)")
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

  /// What has happened already goes through the same functions as what will, a call after the other.
  private func replay(_ dataset: Dataset) throws(BackendError) {
    var writer = RequestWriter(indexesWords: dataset.verbs.contains(.search))
    var isPrepared = Set<Statement>()
    let handle = control.handle
    try dataset.history.forEach { (write, arguments) throws(BackendError) in
      var failed = false
      var outcome = Outcome.ok
      writer.write(write, arguments: arguments, inGroup: false) { statement, parameters in
        if isPrepared.insert(statement).inserted {
          let kinds = statement.kinds.map(\.rawValue)
          let result = PQprepare(handle, statement.name, statement.sql, Int32(kinds.count), kinds)
          if PQresultStatus(result) != PGRES_COMMAND_OK { failed = true }
          PQclear(result)
        }
        let result = parameters.withPointers { count, values, lengths, formats in
          PQexecPrepared(handle, statement.name, count, values, lengths, formats, 1)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK:
          guard let result, PQntuples(result) == 1 else { return }
          outcome = Outcome(rawValue: UInt8(truncatingIfNeeded: Rows(result: result).int(0, 0))) ?? .failed
        case PGRES_COMMAND_OK: break
        default: failed = true
        }
      }
      if failed { throw control.failure("loading: ") }
      guard outcome == .ok else {
        throw BackendError(.failed, "postgres: loading: \(write.verb.name) of item \(write.subject.rawValue) ended \(outcome.name)")
      }
    }
  }
}
