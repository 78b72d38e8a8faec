import Foundation
import Testing

/// Flags of runs at wall-clock pace that make no sense, alone or together: one message that names the flag, and nothing begun.
@Suite struct LoadFlagTests {
  @Test(arguments: [
    (["--pace", "fast"], "--pace 'fast' is not known"), (["--pace", "0x"], "--pace '0x'"), (["--pace", "-1x"], "--pace"),
    (["--pace", "nanx"], "--pace 'nanx'"), (["--pace", "1e300x"], "--pace '1e300x'"), (["--pace", ""], "--pace ''"),
    (["--rate", "5000"], "5000/s"), (["--rate", "stage"], "'stages' for those of"),
    (["--rate", "stages", "--duration", "3s", "--warm-up", "500ms", "--set", "load.warmUp=500ms", "--set", "load.stages=[{shape: step, rate: 10/s, for: 2s}]"], "ends after the stages"), (["--rate", "-1/s", "--duration", "1s"], "--rate"), (["--rate", "0/s", "--duration", "1s"], "nothing would ever start"),
    (["--rate", "nan/s", "--duration", "1s"], "--rate"), (["--rate", "99999999999/s", "--duration", "1s"], "10000000"),
    (["--rate", "100/s"], "--duration"), (["--rate", "stages"], "load.stages"),
    (["--rate", "100/s", "--pace", "60x"], "exclude each other"), (["--rate", "100/s", "--pace", "max"], "exclude each other"),
    (["--rate", "100/s", "--duration", "1s", "--warm-up", "100ms", "--backend", "postgres://u:a?SEKRET@h:5432/db"], "write '?' in a password as %3F"),
    (["--rate", "100/s", "--duration", "1s", "--backend", "postgres://localhost:SEKRET"], "is no port"),
    (["--rate", "100/s", "--duration", "1s", "--backend", "postgres://u:12:SEKRET/a?connectTimeout=1"], "is no port"),
    (["--rate", "100/s", "--duration", "soon"], "--duration 'soon'"), (["--rate", "100/s", "--duration", "1ns"], "--duration 1ns: shorter than 1s"),
    (["--pace", "60x", "--duration", "999ms"], "--duration 999ms: shorter than 1s"), (["--rate", "100/s", "--duration", "90000000d"], "--duration"),
    (["--rate", "100/s", "--duration", "1s", "--arrivals", "often"], "--arrivals 'often'"), (["--pace", "2x", "--arrivals", "poisson"], "--arrivals"),
    (["--rate", "100/s", "--duration", "1s", "--connections", "0"], "connections"),
    (["--rate", "100/s", "--duration", "1s", "--in-flight", "-3"], "in-flight"),
    (["--rate", "100/s", "--duration", "1s", "--from", "1h"], "before its end"),
    (["--duration", "1s"], "--duration: for load alone"), (["--from", "1s"], "--from"), (["--no-audit"], "--no-audit"),
    (["--connections", "4", "--in-flight", "4"], "--connections, --in-flight"),
    (["--rate", "100/s", "--duration", "0s"], "nothing would be measured"), (["--pace", "realtime", "--warm-up", "2h"], "nothing would be measured"),
    (["--rate", "100/s", "--duration", "1s", "--reuse"], "--reuse"), (["--rate", "100/s", "--duration", "1s", "--backend", "memory"], "--pace max"),
    (["--rate", "100/s", "--duration", "1s", "--backend", "sqlite", "--connections", "300"], "--connections 200"),
  ])
  func isRefused(_ flags: [String], _ message: String) throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    let backend = flags.contains("--backend") ? [] : ["--backend", "null"]
    let refused = try place.run(["run", scenario, "--results", "r.sqlite", "--no-floor"] + backend + flags)
    #expect(refused.code == 64, "\(flags): \(refused.err)")
    #expect(refused.err.contains(message), "\(flags): \(refused.err)")
    #expect(refused.out.isEmpty)
    // What may be a part of a password is not repeated.
    #expect(!refused.err.contains("SEKRET"), "\(refused.err)")
  }

  /// What is kept of a load says so, and it cannot be gone on with.
  @Test func aLoadIsListedShownAndNotResumed() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    let flags = ["--backend", "null", "--results", "r.sqlite", "--set", "load.lateness.limit=60s"]
    let run = try place.run(["run", scenario, "--rate", "200/s", "--warm-up", "100ms", "--duration", "1s", "--json"] + flags)
    #expect(run.code == 0, "\(run.err)")
    let load = try #require(try run.object()["load"] as? [String: Any])
    #expect(load["starts"] as? Int == 200)
    #expect((load["timeline"] as? [Any])?.count == 2)
    #expect((load["stages"] as? [[String: Any]])?.first?["shape"] as? String == "step")
    #expect(try run.object()["digest"] is NSNull)
    // The harness's own share, of a small load of the same scenario at the same rate.
    let floor = try #require(try run.object()["floorMeanNanoseconds"] as? [String: Double])
    #expect(floor["jam.readThread"] ?? 0 > 0 && floor.values.allSatisfy { $0 > 0 }, "\(floor)")
    let shown = try place.run("show", "last", "--results", "r.sqlite")
    #expect(shown.out.contains("pace        200/s (constant, 8 connections, 128 in flight)"))
    #expect(shown.out.contains("digest      none"))
    #expect(shown.out.contains("response"))
    let stopped = try place.start(["run", scenario, "--rate", "200/s", "--warm-up", "0s", "--duration", "1h", "--no-floor"] + flags)
    while stopped.process.isRunning, !stopped.errorText.contains("measure") { usleep(20_000) }
    kill(stopped.process.processIdentifier, SIGINT)
    #expect(try stopped.finish().code == 130)
    let resumed = try place.run("run", "--resume", "last", "--results", "r.sqlite")
    #expect(resumed.code == 64)
    #expect(resumed.err.contains("was a load (200/s"))
  }
}
