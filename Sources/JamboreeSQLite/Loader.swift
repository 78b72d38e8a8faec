import CSQLite
import JamboreeKit

/// Makes a data file and fills it with what is there before the first member comes.
enum Loader {
  /// Without a journal and without waiting for the disk, which is faster than anything else; a file of which this was not
  /// the end lacks the tick's number, and is not taken for a whole one.
  static func load(_ dataset: Dataset, into path: String) throws(BackendError) {
    let connection = try Connection(path: path, create: true)
    defer { connection.close() }
    try connection.execute(
      """
      PRAGMA page_size = \(SQLiteBackend.Settings.pageBytes);
      PRAGMA application_id = \(Schema.applicationID);
      PRAGMA user_version = \(Schema.version);
      PRAGMA journal_mode = off;
      PRAGMA synchronous = off;
      PRAGMA cache_size = -262144;
      BEGIN;
      """)
    try connection.execute(Schema.tables)
    for index in Schema.optionalIndexes where !index.verbs.isDisjoint(with: dataset.verbs) {
      // The members' order is cheaper to make when they are all there.
      if !index.verbs.contains(.directory) { try connection.execute(index.sql) }
    }
    try insertMembers(dataset.population, connection)
    for index in Schema.optionalIndexes where index.verbs.contains(.directory) && dataset.verbs.contains(.directory) {
      try connection.execute(index.sql)
    }
    try insertConnections(dataset.population.graph, connection)
    try insertContainers(dataset.containers, connection)
    try replay(dataset, connection)
    let identity = try connection.prepare("INSERT INTO platform VALUES ('dataset', ?), ('tick', -1)")
    var text = dataset.identity
    let code = text.withUTF8 { bytes in
      identity.bindText(1, UnsafeRawBufferPointer(bytes))
      return identity.run()
    }
    guard code == SQLITE_DONE else { throw connection.error(code) }
    try connection.execute("COMMIT")
  }

  private static func insertMembers(_ population: Population, _ connection: Connection) throws(BackendError) {
    let insert = try connection.prepare("INSERT INTO member VALUES (?, ?, ?, ?)")
    for number in 0..<population.count {
      let member = MemberID(UInt32(number))
      var name = population.name(of: member)
      insert.bind(1, Int64(number))
      insert.bind(2, Int64(population.regionIndices[number]))
      let code = name.withUTF8 { name in
        population.collationKey(of: member).withUnsafeBytes { key in
          insert.bindText(3, UnsafeRawBufferPointer(name))
          insert.bindBlob(4, key)
          return insert.run()
        }
      }
      guard code == SQLITE_DONE else { throw connection.error(code) }
    }
  }

  private static func insertConnections(_ graph: SocialGraph, _ connection: Connection) throws(BackendError) {
    let insert = try connection.prepare("INSERT INTO connection VALUES (?, \(ConnectionKind.follow.rawValue), ?)")
    for number in 0..<UInt32(graph.memberCount) {
      insert.bind(1, number)
      for other in graph.neighbors(of: MemberID(number)) {
        insert.bind(2, other)
        let code = insert.run()
        guard code == SQLITE_DONE else { throw connection.error(code) }
      }
    }
  }

  private static func insertContainers(_ containers: [Dataset.Container], _ connection: Connection) throws(BackendError) {
    let insert = try connection.prepare("INSERT OR IGNORE INTO container (id, name) VALUES (?, ?)")
    for container in containers where container.id != .none {
      insert.bind(1, container.id.rawValue)
      var name = container.name
      let code = name.withUTF8 { bytes in
        insert.bindText(2, UnsafeRawBufferPointer(bytes))
        return insert.run()
      }
      guard code == SQLITE_DONE else { throw connection.error(code) }
    }
  }

  private static func replay(_ dataset: Dataset, _ connection: Connection) throws(BackendError) {
    guard dataset.history.count > 0 else { return }
    let writer = try Writer(connection, verbs: dataset.verbs, commitsEachWrite: false, isLoading: true)
    var reply = Reply()
    try dataset.history.forEach { (write, arguments) throws(BackendError) in
      let outcome = writer.write(write, arguments: arguments, into: &reply)
      guard outcome == .ok else {
        throw writer.failure
          ?? BackendError(.failed, "sqlite: loading: \(write.verb.name) of item \(write.subject.rawValue) ended \(outcome.name)")
      }
    }
  }
}
