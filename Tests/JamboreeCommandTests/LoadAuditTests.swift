import Foundation
import JamboreeKit
import Testing

/// What a load tells of a server that does not keep what it has acknowledged.
@Suite(.serialized, .enabled(if: ThrowawayServer.isInstalled)) struct LoadAuditTests {
  /// Somebody deletes what was acknowledged, and from then on everything new in the moment in which it is acknowledged.
  @Test func whatSomebodyDeletesIsLost() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try trial.start(server.address, rate: 300, duration: "5s", ["--from", "1h", "--set", "load.lateness.limit=60s", "--json"])
    try trial.waitUntilMeasured(run)
    let schema = try server.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'jamboree%'")
    var deleted = 0
    while run.process.isRunning, deleted == 0 {
      usleep(500_000)
      // The newest are the load's own.
      deleted = try Int(server.ask("WITH gone AS (DELETE FROM \(schema).item WHERE created > (SELECT max(created) - 60000000000 FROM \(schema).item) RETURNING 1) SELECT count(*) FROM gone")) ?? 0
    }
    try server.ask(
      """
      CREATE FUNCTION \(schema).forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM \(schema).item WHERE id = NEW.id; RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER forget AFTER INSERT ON \(schema).item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION \(schema).forget();
      """)
    let ended = try run.finishInTime()
    let told = try ToldLoad(ended)
    #expect(deleted > 0)
    #expect(ended.code == 1 && told.verdict == "failed", "\(ended.out)")
    #expect((told.object["verdictReason"] as? String)?.contains("the audit found") == true, "\(ended.out)")
    #expect(told.metric("audit.lost") ?? 0 > 0)
    #expect(told.metric("audit.readYourWritesViolations") ?? 0 > 0)
    // When they could not read what they had written is told second by second.
    let seconds = told.staleness
    #expect(!seconds.isEmpty && seconds.map(\.start) == seconds.map(\.start).sorted())
    #expect(Double(seconds.reduce(0) { $0 + $1.probes }) == told.metric("audit.probes"))
    #expect(Double(seconds.reduce(0) { $0 + $1.violations }) == told.metric("audit.readYourWritesViolations"))
    #expect(seconds.allSatisfy { $0.violations <= $0.probes && ($0.violations > 0 || $0.longestSeconds == 0) }, "\(seconds)")
    #expect(seconds.map(\.longestSeconds).max() == told.metric("audit.longestStalenessSeconds"))
    // What the server has used meanwhile.
    for figure in ["cpuSeconds", "residentBytes", "logBytes", "dataBytes"] {
      #expect(told.metric("server.\(figure)") ?? 0 > 0, "\(figure): \(ended.out)")
    }
    // What the kernel did not have to do, or a file system in memory does not count, is 0.
    for figure in ["diskReadBytes", "diskWrittenBytes"] { #expect(told.metric("server.\(figure)") ?? -1 >= 0, "\(figure)") }
  }
}
