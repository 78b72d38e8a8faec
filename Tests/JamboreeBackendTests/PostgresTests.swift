import Foundation
import JamboreeKit
import JamboreePostgres
import JamboreeTesting
import Testing

/// On the server that `Scripts/test` has started; without it there is nothing to talk to.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["JAMBOREE_SERVERS"] != nil, "Scripts/test starts the server"))
struct PostgresTests {
  func backend(
    _ location: String = "", _ options: [(name: String, value: String)] = [("synchronousCommit", "off")]
  ) throws -> PostgresBackend {
    try PostgresBackend(
      options: OptionValues(owner: "test", location: location, given: options, descriptors: PostgresBackend.descriptor.options))
  }

  func dataset(
    _ history: OperationLog = OperationLog(), identity: String = "a", verbs: Set<Verb> = Set(Verb.allCases)
  ) -> Dataset {
    let count = 4
    return Dataset(
      identity: identity,
      population: Population(
        regions: [Region(name: "Here", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: count),
        roles: [ParticipationRole](repeating: .lurker, count: count), affiliations: [Affiliation](repeating: .employee, count: count),
        interests: [UInt64](repeating: 0, count: count), graph: SocialGraph(memberCount: count)),
      containers: [], history: history, verbs: verbs)
  }

  func publish(_ sequence: UInt32, by member: UInt32 = 1) -> JamboreeKit.Operation {
    var publish = Operation(verb: .publish, action: ActionID(0), actor: MemberID(member), intended: SimTime(nanoseconds: Int64(sequence)))
    publish.subject = ItemID(author: MemberID(member), sequence: sequence)
    publish.payloadSeed = 7
    publish.payloadLength = 60
    return publish
  }

  private func item(_ sequence: UInt32) -> JamboreeKit.Operation {
    var read = Operation(verb: .item, action: ActionID(0), actor: MemberID(2), intended: .zero)
    read.subject = ItemID(author: MemberID(1), sequence: sequence)
    read.limit = 1
    return read
  }

  /// Submits and polls until all have completed; outcomes by token.
  func perform(_ operations: [JamboreeKit.Operation], _ session: PostgresBackend.Session) -> [Outcome] {
    let none: [UInt64] = []
    for (index, operation) in operations.enumerated() {
      session.submit(operation, arguments: none.span, token: Token(rawValue: UInt64(index)))
    }
    var outcomes = [Outcome?](repeating: nil, count: operations.count)
    var batch = CompletionBatch(capacity: 3)
    while outcomes.contains(where: { $0 == nil }) {
      batch.removeAll()
      session.poll(until: .distantFuture, into: &batch)
      for index in 0..<batch.count {
        let token = Int(batch.token(at: index).rawValue)
        #expect(outcomes[token] == nil)
        outcomes[token] = batch.outcome(at: index)
      }
    }
    return outcomes.compactMap { $0 }
  }

  @Test(arguments: ["each", "shared"]) func conforms(transaction: String) throws {
    let report = BackendConformance {
      .pipelined(try backend("", [("synchronousCommit", "off"), ("transaction", transaction)]))
    }.run()
    expectConformance(report)
    for check in report.checks where check.result == .passed { #expect(check.comparisons > 0, "\(check.name)") }
    #expect(report.checks.reduce(0) { $0 + $1.comparisons } > 5_000)
  }

  /// More connections change nothing of what is answered, and more requests than a batch holds wait for the next one.
  @Test func manyRequestsOverManyConnections() throws {
    let backend = try backend()
    try backend.load(dataset())
    let session = try backend.openSession(0, connections: 3)
    #expect(perform((1...200).map { publish($0) }, session).allSatisfy { $0 == .ok })
    #expect(perform((1...201).map { item($0) }, session) == [Outcome](repeating: .ok, count: 200) + [.notFound])
    #expect(perform([publish(5)], session) == [.rejected])
    try backend.finish()
  }

  /// Writes that share a transaction end each in its own way, and in their order; one that fails does not take others along.
  @Test func sharedTransactionsKeepTheirWritesApart() throws {
    let schema = "jamboree_test_\(UUID().uuidString)"
    let backend = try backend("", [("schema", schema), ("synchronousCommit", "off"), ("transaction", "shared")])
    try backend.load(dataset())
    _ = try psql("ALTER TABLE \"\(schema)\".item ADD CHECK (download_count < 2)")
    let session = try backend.openSession(0, connections: 1)
    var download = Operation(verb: .react, action: ActionID(0), actor: MemberID(2), intended: .zero)
    download.subject = ItemID(author: MemberID(1), sequence: 1)
    download.kind = ReactionKind.download.rawValue
    download.value = 1
    var missing = download
    missing.subject = ItemID(author: MemberID(1), sequence: 999)
    let writes = [publish(1), download, missing, publish(2), download, publish(3), publish(1)]
    #expect(perform(writes, session) == [.ok, .ok, .notFound, .ok, .failed, .ok, .rejected])
    #expect(perform((1...3).map { item($0) }, session) == [.ok, .ok, .ok])
    // More than one transaction takes.
    #expect(perform((4...203).map { publish($0) }, session).allSatisfy { $0 == .ok })
    #expect(perform((4...204).map { item($0) }, session) == [Outcome](repeating: .ok, count: 200) + [.notFound])
    try backend.finish()
    try backend.discard()
  }

  /// What was under way on a connection that is lost is told, and the session goes on over a new one.
  @Test func aLostConnectionComesBack() throws {
    let schema = "jamboree_test_\(UUID().uuidString)"
    let first = try backend("", [("schema", schema), ("synchronousCommit", "off")])
    try first.load(dataset())
    defer { _ = try? psql("DROP SCHEMA \"\(schema)\" CASCADE") }
    let session = try first.openSession(0, connections: 1)
    #expect(perform([publish(1)], session) == [.ok])
    // Only this test's connection has the schema in its path.
    let locked = try Process.run(
      URL(filePath: "/usr/bin/env"), arguments: ["psql", "-qAt", server, "-c", "BEGIN; LOCK TABLE \"\(schema)\".item; SELECT pg_sleep(1)"])
    usleep(300_000)
    let none: [UInt64] = []
    session.submit(item(1), arguments: none.span, token: Token(rawValue: 0))
    var batch = CompletionBatch(capacity: 3)
    session.poll(until: MonotonicInstant(nanoseconds: 1), into: &batch)
    #expect(batch.count == 0)
    _ = try psql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = '\"\(schema)\".item'::regclass")
    session.poll(until: .distantFuture, into: &batch)
    #expect(batch.count == 1 && batch.outcome(at: 0) == .unavailable)
    locked.waitUntilExit()
    var outcome = Outcome.unavailable
    for _ in 0..<200 where outcome == .unavailable {
      usleep(20_000)
      outcome = perform([item(1)], session)[0]
    }
    #expect(outcome == .ok)
    try first.finish()
  }

  /// Its end is noticed while requests are being sent, long before anything is read.
  @Test func aConnectionIsLostWhileItIsSentTo() throws {
    let schema = "jamboree_test_\(UUID().uuidString)"
    let first = try backend("", [("schema", schema), ("synchronousCommit", "off")])
    try first.load(dataset())
    let session = try first.openSession(0, connections: 1)
    #expect(perform([publish(1)], session) == [.ok])
    #expect(try psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jamboree \(schema)'") == "t\n")
    usleep(100_000)
    let outcomes = perform((2...60).map { publish($0) }, session)
    #expect(outcomes.allSatisfy { $0 == .unavailable || $0 == .ok })
    var outcome = Outcome.unavailable
    for _ in 0..<200 where outcome == .unavailable {
      usleep(20_000)
      outcome = perform([item(1)], session)[0]
    }
    #expect(outcome == .ok)
    // What was acknowledged is there, and nothing else.
    for (index, outcome) in outcomes.enumerated() where outcome == .ok { #expect(perform([item(UInt32(index + 2))], session) == [.ok]) }
    try first.finish()
    try first.discard()
  }

  @Test func aNamedSchemaStaysAndIsNotWrittenOver() throws {
    let schema = "jamboree test ' \" \(UUID().uuidString.prefix(8))"
    defer { _ = try? psql("DROP SCHEMA \"\(schema.replacingOccurrences(of: "\"", with: "\"\""))\" CASCADE") }
    let options = [(name: "schema", value: schema)]
    let first = try backend("", options)
    try first.load(dataset())
    try first.finish()
    let occupied = #expect(throws: BackendError.self) { try backend("", options).load(dataset()) }
    #expect(occupied?.kind == .usage && occupied?.message.contains(schema) == true)
    #expect(try backend("", options).reopen(dataset()) == Watermark(tick: -1, isWhole: false))
    let other = #expect(throws: BackendError.self) { try backend("", options).reopen(dataset(identity: "b")) }
    #expect(other?.message.contains("has the data of a") == true, "\(other?.message ?? "")")
  }

  /// What a killed run has left goes when the next one begins; what somebody uses, or has made for themselves, does not.
  @Test func schemasOfKilledRunsAreRemoved() throws {
    let number = UInt64.random(in: 1 << 40 ..< 1 << 50)
    let (left, locked, unmarked, named) = ("jamboree_1_\(number)", "jamboree_2_\(number)", "jamboree_3_\(number)", "jamboree_mine_\(number)")
    for schema in [left, locked, unmarked, named] { _ = try psql("CREATE SCHEMA \(schema); CREATE TABLE \(schema).item (id int)") }
    defer { for schema in [left, locked, unmarked, named] { _ = try? psql("DROP SCHEMA IF EXISTS \(schema) CASCADE") } }
    func there(_ names: [String]) throws -> [Bool] {
      try names.map { try psql("SELECT count(*) FROM pg_namespace WHERE nspname = '\($0)'") == "1\n" }
    }
    let used = try backend()
    try used.load(dataset())
    let session = try used.openSession(0, connections: 2)
    #expect(perform([publish(1)], session) == [.ok])
    let parameter = try #require(used.connectionString.split(separator: "jamboree%20", maxSplits: 1).last)
    let usedName = String(parameter.prefix { $0 != "&" })
    #expect(try there([usedName]) == [true])
    // As a run has it: a mark on the schema, and a lock for each connection.
    for schema in [left, locked, named] { _ = try psql("COMMENT ON SCHEMA \(schema) IS 'jamboree: goes with the run that made it'") }
    let holder = try Process.run(
      URL(filePath: "/usr/bin/env"),
      arguments: ["psql", "-qAt", server, "-c", "SELECT pg_advisory_lock_shared(\(0x4A4D_4252), hashtext('\(locked)')); SELECT pg_sleep(60)"])
    defer { holder.terminate() }
    func holders(_ schema: String) throws -> String {
      try psql(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = \(0x4A4D_4252) AND objid = (hashtext('\(schema)')::bigint & 4294967295)::oid")
    }
    for _ in 0..<500 where try holders(locked) != "1\n" { usleep(20_000) }
    // The two of the session, and one for when there is none.
    #expect(try holders(usedName) == "3\n")

    let next = try backend()
    next.removeLeftovers(shouldStop: { false })
    try next.load(dataset())
    #expect(try there([left, locked, unmarked, named, usedName]) == [false, true, true, true, true])
    #expect(perform([item(1)], session) == [.ok])
    try next.finish()
    try used.finish()
    #expect(try there([usedName]) == [false])
  }

  /// A load that fails leaves no schema.
  @Test func nothingIsLeft() throws {
    func own() throws -> String {
      try psql("SELECT count(*) FROM pg_namespace WHERE nspname = '\(schema)'")
    }
    let schema = "jamboree_test_\(UUID().uuidString)"
    let doubled = OperationLog([publish(1), publish(1)])
    let error = #expect(throws: BackendError.self) { try backend("", [("schema", schema)]).load(dataset(doubled)) }
    #expect(error?.message.contains("ended rejected") == true, "\(error?.message ?? "")")
    #expect(try own() == "0\n")
  }

  /// More than a server has room for locks in one transaction, and many windows of requests.
  @Test func aLongHistoryIsLoaded() throws {
    let ideas: UInt32 = 10_000
    var history = OperationLog()
    for number in 1...ideas { history.append(publish(number)) }
    for number in (ideas + 1)...(3 * ideas) {
      var reply = publish(number)
      reply.object = ItemID(author: MemberID(1), sequence: (number - 1) % ideas + 1).rawValue
      history.append(reply)
    }
    let backend = try backend()
    try backend.load(dataset(history, verbs: [.publish, .item, .thread]))
    let session = try backend.openSession(0, connections: 2)
    var thread = item(77)
    thread.verb = .thread
    thread.limit = 10
    let none: [UInt64] = []
    session.submit(thread, arguments: none.span, token: Token(rawValue: 0))
    var batch = CompletionBatch(capacity: 1)
    session.poll(until: .distantFuture, into: &batch)
    let shown = batch.withReply(at: 0) { reply in (0..<reply.items.count).map { (reply.items[$0].id.sequence, reply.items[$0].replyCount) } }
    #expect(shown.map(\.0) == [77, 20_077, 10_077] && shown.first?.1 == 2)
    #expect(perform([item(3 * ideas), item(3 * ideas + 1)], session) == [.ok, .notFound])
    // From now on writers may meet: what loads without locks does not stay.
    #expect(perform([publish(3 * ideas + 1), publish(1)], session) == [.ok, .rejected])
    try backend.finish()
  }

  /// The server is on this machine: all is known, and grows with what is done.
  @Test func tellsWhatTheServerUses() throws {
    let postgres = try backend()
    try postgres.load(dataset())
    defer { try? postgres.finish() }
    let before = try #require(postgres.serverUsage())
    let session = try postgres.openSession(0, connections: 2)
    let outcomes = perform((1...2_000 as ClosedRange<UInt32>).map { publish($0) }, session)
    #expect(outcomes.allSatisfy { $0 == .ok })
    let after = try #require(postgres.serverUsage())
    func figures(_ usage: ServerUsage) throws -> (cpu: Int64, memory: Int64, log: Int64, data: Int64) {
      try (
        #require(usage.cpuNanoseconds), #require(usage.residentBytes), #require(usage.logBytes), #require(usage.dataBytes)
      )
    }
    let (first, last) = (try figures(before), try figures(after))
    #expect(last.cpu > first.cpu)
    #expect(last.memory > 1 << 20)
    // A row of text and its index entries: more than its sixty letters each.
    #expect(last.log - first.log > 2_000 * 60 && last.data - first.data > 2_000 * 60)
  }

  @Test func whatCannotBeReachedIsToldWithoutThePassword() throws {
    for (location, kind) in [
      ("//ann:s3cret@127.0.0.1:1/jam", BackendError.Kind.unreachable), ("//ann:s3cret@127.0.0.1:notaport/jam", .usage),
    ] {
      let error = #expect(throws: BackendError.self) {
        try backend(location, [("connectTimeout", "1")]).load(dataset())
      }
      #expect(error?.kind == kind, "\(error?.message ?? "")")
      #expect(error?.message.contains("s3cret") == false)
    }
    let bad = #expect(throws: BackendError.self) { try backend("here", []) }
    #expect(bad?.kind == .usage)
  }

  // MARK: The server, as somebody else sees it

  private var server: String {
    let folder = ProcessInfo.processInfo.environment["JAMBOREE_SERVERS"] ?? ""
    return ((try? String(contentsOfFile: folder + "/postgres.url", encoding: .utf8)) ?? "").trimmingCharacters(in: .newlines)
  }

  func psql(_ sql: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["psql", "-qAt", server, "-c", "SET client_min_messages = error", "-c", sql]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}
