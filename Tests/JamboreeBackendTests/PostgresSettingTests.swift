import Foundation
import JamboreeKit
import JamboreePostgres
import JamboreeTesting
import Testing

/// What becomes of the options where no server is needed to see it.
@Suite struct PostgresAddressTests {
  private func address(_ location: String, _ options: [(name: String, value: String)]) throws -> String {
    try PostgresBackend(
      options: OptionValues(owner: "test", location: location, given: options, descriptors: PostgresBackend.descriptor.options)
    ).connectionString
  }

  /// Each is handed to libpq, written so that it stays one value.
  @Test func tlsIsHandedOver() throws {
    let files = [("sslmode", "verify-full"), ("sslrootcert", "/etc/a b&c=d?.pem"), ("sslcert", "/home/ann/50%.crt"), ("sslkey", "/k#ey")]
    #expect(
      try address("//ann:s3cret@db:5432/jam", [("schema", "s")] + files)
        == "postgres://ann@db:5432/jam?application_name=jamboree%20s&sslmode=verify-full&sslrootcert=/etc/a%20b%26c%3Dd%3F.pem&sslcert=/home/ann/50%25.crt&sslkey=/k%23ey")
    // What is not given is libpq's own.
    #expect(try address("//db", [("schema", "s")]) == "postgres://db?application_name=jamboree%20s")
  }

  /// By its maker, before anybody waits for a server.
  @Test(arguments: ["//ann:s3cret%zz@db/jam", "//ann:s3cret%00@db/jam", "//ann:s3cret@[::1/jam"])
  func whatCannotBeReadIsRefused(_ location: String) {
    let error = #expect(throws: BackendError.self) { try address(location, []) }
    #expect(error?.kind == .usage && error?.message.contains("s3cret") == false, "\(error?.message ?? "")")
  }
}

extension PostgresTests {
  /// Each is in force in the transactions that write, as the server sees it.
  @Test(arguments: [
    ([], "on|read committed|1min"), ([("synchronousCommit", "on")], "on|read committed|1min"),
    ([("synchronousCommit", "off"), ("isolation", "serializable")], "off|serializable|1min"),
    ([("synchronousCommit", "local"), ("statementTimeout", "7000")], "local|read committed|7s"),
  ]) func settingsAreThoseOfTheOptions(_ options: [(name: String, value: String)], _ expected: String) throws {
    let schema = "jamboree_test_\(UUID().uuidString)"
    let backend = try backend("", [("schema", schema)] + options)
    try backend.load(dataset())
    _ = try psql(
      """
      CREATE TABLE "\(schema)".told (settings text);
      CREATE FUNCTION "\(schema)".tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO told SELECT concat_ws('|', current_setting('synchronous_commit'), current_setting('transaction_isolation'), current_setting('statement_timeout'));
        RETURN NEW;
      END $$;
      CREATE TRIGGER tell BEFORE INSERT ON "\(schema)".item FOR EACH ROW EXECUTE FUNCTION "\(schema)".tell();
      """)
    let session = try backend.openSession(0, connections: 1)
    #expect(perform([publish(1)], session) == [.ok])
    #expect(try psql("SELECT settings FROM \"\(schema)\".told") == expected + "\n")
    try backend.finish()
    try backend.discard()
  }

  /// A write that the server ends since another came first is tried again, twenty times in all: then it is a conflict, and undone.
  @Test(arguments: [(19, Outcome.ok, 20), (1_000, .conflict, 20), (3, .ok, 4)])
  func aSerializationFailureIsTriedAgain(_ failures: Int, _ outcome: Outcome, _ tries: Int) throws {
    let schema = "jamboree_test_\(UUID().uuidString)"
    let backend = try backend("", [("schema", schema), ("synchronousCommit", "off"), ("isolation", "serializable")])
    try backend.load(dataset())
    // What a sequence has counted stays when the transaction is ended.
    _ = try psql(
      """
      CREATE SEQUENCE "\(schema)".tries;
      CREATE FUNCTION "\(schema)".fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('tries') <= \(failures) THEN RAISE 'another came first' USING ERRCODE = 'serialization_failure'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail BEFORE INSERT ON "\(schema)".item FOR EACH ROW WHEN (NEW.author = 3) EXECUTE FUNCTION "\(schema)".fail();
      """)
    let session = try backend.openSession(0, connections: 2)
    // What others write meanwhile is not taken along.
    #expect(perform([publish(1), publish(1, by: 3), publish(2)], session) == [.ok, outcome, .ok])
    #expect(try psql("SELECT last_value FROM \"\(schema)\".tries") == "\(tries)\n")
    #expect(try psql("SELECT count(*) FROM \"\(schema)\".item") == (outcome == .ok ? "3\n" : "2\n"))
    try backend.finish()
    try backend.discard()
  }

  /// Of two sessions' transactions that read what the other one writes, one is ended: under real conflicts nothing is lost or skewed.
  @Test func sessionsThatConflictAreSerial() {
    let report = BackendConsistency(sessions: 4, commits: 60) {
      .pipelined(try self.backend("", [("synchronousCommit", "off"), ("isolation", "serializable")]))
    }.run(only: ["LU", "WS"])
    expectConformance(report)
    for check in report.checks { #expect(check.result == .passed && check.commits >= 60, "\(check.name)") }
  }
}
