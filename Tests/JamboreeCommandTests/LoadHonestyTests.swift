import Foundation
import JamboreeKit
import Testing

/// What a load tells must be true where it is easiest not to notice that it is not: when everything stands still.
@Suite(.serialized) struct LoadHonestyTests {
  /// What keeps more from being under way.
  enum Limit: CaseIterable, Sendable {
    /// Of what may be in flight.
    case window
    /// There are no more people.
    case people
  }

  private static let window = 48
  private static let stallMicroseconds: UInt32 = 1_400_000

  private func start(
    _ trial: LoadTrial, _ server: ThrowawayServer, _ limit: Limit = .window, rate: Int, duration: String = "4500ms", _ more: [String]
  ) throws -> Started {
    let scenario = try limit == .window ? Workplace.smoke : trial.place.write("s.yaml", tiny)
    let inFlight = limit == .window ? Self.window : 500
    return try trial.start(
      server.address + "?connectTimeout=1", scenario: scenario, rate: rate, duration: duration,
      ["--connections", "4", "--in-flight", "\(inFlight)", "--workers", "1"] + more)
  }

  /// Has a server stand still for a while in the measured part of a load, which goes on to its end.
  private func freeze(_ server: ThrowawayServer, under run: Started, _ trial: LoadTrial) throws -> (ToldLoad, StoredLoad) {
    try trial.waitUntilMeasured(run)
    server.freeze()
    usleep(Self.stallMicroseconds)
    server.thaw()
    let ended = try run.finishInTime()
    let told = try ToldLoad(ended)
    #expect(ended.code == told.code, "\(ended.err)")
    return (told, try trial.stored())
  }

  /// While a server stands still, whoever would have come is waiting: all of them are in the response times, the ones in front
  /// in the service times, and none is started beyond the window to make up for it.
  @Test(.enabled(if: ThrowawayServer.isInstalled), arguments: Limit.allCases) func aServerThatStandsStillShows(_ limit: Limit) throws {
    let rate = limit == .window ? 400 : 200
    let most = limit == .window ? Self.window : 50
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try start(trial, server, limit, rate: rate, ["--json"])
    let (told, stored) = try freeze(server, under: run, trial)

    #expect(stored.longestSeconds(.response) >= 1.3)
    #expect(stored.longestSeconds(.service) >= 1.3)
    let waited = try stored.count(.response, atLeastSeconds: 0.7)
    let served = try stored.count(.service, atLeastSeconds: 0.7)
    // What the schedule started in the first half of the stall, less half of it for a machine that is busy.
    #expect(Double(waited) >= 0.5 * Double(rate) * 0.7, "\(waited)")
    #expect(served >= 1 && served <= most, "\(served)")
    // No more could be under way: it is the server that kept the others from starting.
    let byBackend = try stored.count(.lateness, "backend", atLeastSeconds: 0.7)
    let byGenerator = try stored.count(.lateness, "generator", atLeastSeconds: 0.7)
    #expect(byBackend >= waited - served - most && byBackend > 0, "\(byBackend) of \(waited)")
    #expect(byGenerator <= byBackend / 4, "\(byGenerator) of the generator, \(byBackend) of the backend")
    #expect(told.figure("peakInFlight") ?? .infinity <= Double(most))
    #expect(limit == .people || told.figure("peakInFlight") == told.figure("inFlight"))
    // Nobody was left out.
    #expect(told.figure("starts") == 4.5 * Double(rate))
    #expect(told.figure("unstarted") == 0)
    #expect(told.metric("audit.lost") == 0)
  }

  /// Members who go by their own time wait for their replies, and go on no earlier: what they had meant to do meanwhile comes later,
  /// by the backend's doing, though there was room all the time.
  @Test(.enabled(if: ThrowawayServer.isInstalled)) func aServerThatStandsStillDelaysWhoWaitsForIt() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try trial.start(
      server.address + "?connectTimeout=1", pace: ["--pace", "60x"], duration: "4500ms",
      ["--from", "1h", "--connections", "4", "--in-flight", "3000", "--workers", "1", "--json"])
    let (told, stored) = try freeze(server, under: run, trial)
    #expect(told.text("pace") == "60x" && told.figure("intendedRate") == nil)
    #expect(told.figure("peakInFlight") ?? .infinity < 3000)
    #expect(stored.longestSeconds(.response) >= 1.3)
    #expect(stored.longestSeconds(.service) >= 1.3)
    // At sixty times its speed nobody thinks for as long as the stall takes, by and large.
    let byBackend = try stored.count(.lateness, "backend", atLeastSeconds: 0.4)
    let byGenerator = try stored.count(.lateness, "generator", atLeastSeconds: 0.4)
    #expect(byBackend >= 20, "\(byBackend)")
    #expect(byGenerator <= byBackend / 4, "\(byGenerator) of the generator, \(byBackend) of the backend")
    // It is no response time: nobody asks before the last reply is there.
    #expect(try stored.count(.response, atLeastSeconds: 2 * 1.4) == 0)
    #expect(told.figure("unstarted") == 0 && told.metric("audit.lost") == 0)
  }

  /// Virtual time is wall time, and what the harness adds to latencies is told beside them.
  @Test func aLoadInRealTimePasses() throws {
    let place = try Workplace()
    let run = try place.run(
      "run", Workplace.smoke, "--backend", "sqlite", "--pace", "realtime", "--from", "1h", "--warm-up", "0s", "--duration", "3s",
      "--set", "load.lateness.limit=60s", "--results", "r.sqlite")
    #expect(run.code == 0, "\(run.out)\(run.err)")
    #expect(run.out.contains("load at realtime"), "\(run.out)")
    #expect(run.out.contains("up to           hour 1.00 of the scenario") || run.out.contains("up to           1h "), "\(run.out)")
    #expect(run.out.contains("nothing lost, duplicated or stale") || run.out.contains("none of a kind that is audited"), "\(run.out)")
    let lines = run.out.split(separator: "\n")
    let head = try #require(lines.firstIndex { $0.contains("response time") && $0.hasSuffix("harness floor") }, "\(run.out)")
    // So slow a load has few actions while its floor is measured: not of each kind.
    #expect(lines[head...].dropFirst().prefix { $0.contains("jam.") }.contains { $0.hasSuffix(" us") || $0.hasSuffix(" ms") }, "\(run.out)")
  }

  /// Who was due and could not start before the end is in no response time: that is told, and the run has failed.
  @Test(.enabled(if: ThrowawayServer.isInstalled)) func aServerThatStandsStillToTheEnd() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try start(trial, server, rate: 400, duration: "3s", ["--json", "--set", "load.drain=200ms"])
    try trial.waitUntilMeasured(run)
    server.freeze()
    let ended = try run.finishInTime()
    server.thaw()
    let told = try ToldLoad(ended)
    #expect(["failed", "invalid"].contains(told.verdict) && ended.code == told.code, "\(ended.out)")
    let (starts, unstarted) = (told.figure("starts") ?? 0, told.figure("unstarted") ?? 0)
    #expect(starts + unstarted == 3 * 400)
    #expect(unstarted >= 200, "\(unstarted)")
    #expect(told.figure("unanswered") == Double(Self.window))
    #expect(told.outcome("timedOut") == Self.window)
    #expect(told.text("auditFailure")?.contains("no connection within 1 s") == true)
    let stored = try trial.stored()
    #expect(stored.metric("load.unstarted") == unstarted)
    // How long they had waited by then is told.
    #expect(Double(try stored.count(.lateness, "backend", atLeastSeconds: 0.5)) >= unstarted / 4)
    #expect(try stored.count(.lateness, "generator", atLeastSeconds: 0.5) == 0)
  }

  /// While the program itself stands still nothing starts, and nobody would notice if it did not: its figures are not to be used.
  @Test(.enabled(if: ThrowawayServer.isInstalled)) func aGeneratorThatStandsStillMakesTheRunInvalid() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let rate = 400
    let run = try start(trial, server, rate: rate, ["--no-audit"])
    try trial.waitUntilMeasured(run)
    kill(run.process.processIdentifier, SIGSTOP)
    usleep(Self.stallMicroseconds)
    kill(run.process.processIdentifier, SIGCONT)
    let ended = try run.finishInTime()
    #expect(ended.code == 75, "\(ended.err)")
    let stored = try trial.stored()

    #expect(stored.detail.record.verdict.rawValue == "invalid")
    #expect(ended.out.contains("invalid: the generator was late"), "\(ended.out)")
    #expect(try trial.told("show").contains("invalid: the generator was late"))
    #expect(try trial.told("list").contains("invalid"))
    // Those who should have come meanwhile started late, by the generator's doing, and their wait is in the response times.
    let late = Double(rate) * Double(Self.stallMicroseconds) / 1e6
    #expect(stored.metric("load.lateStarts") ?? 0 >= 0.5 * late)
    #expect(stored.longestSeconds(.lateness, "generator") >= 1.3)
    #expect(stored.longestSeconds(.response) >= 1.3)
    #expect(Double(try stored.count(.response, atLeastSeconds: 0.7)) >= 0.5 * late / 2)
    #expect(try stored.count(.lateness, "backend", atLeastSeconds: 0.7) <= stored.count(.lateness, "generator", atLeastSeconds: 0.7) / 4)
    #expect(stored.metric("load.peakInFlight") ?? .infinity <= Double(Self.window))
  }

  /// A load that would end within its warm-up is refused before anything is done.
  @Test(arguments: [["--rate", "100/s", "--warm-up", "1s", "--duration", "0s"], ["--pace", "60x", "--warm-up", "4m"]])
  func aLoadThatMeasuresNothingIsRefused(_ arguments: [String]) throws {
    let place = try Workplace()
    let run = try place.run(["run", Workplace.smoke, "--backend", "null", "--results", "r.sqlite", "--json"] + arguments)
    #expect(run.code == 64)
    #expect(run.out.isEmpty)
    #expect(run.err.contains("nothing would be measured") && run.err.contains("--warm-up"), "\(run.err)")
    #expect(run.err.split(separator: "\n").count == 1)
    #expect(place.files.isEmpty)
  }

  /// Where the members have done all that they would before the warm-up is over, there is nothing to tell either.
  @Test func aLoadThatRunsOutOfMembersIsInvalid() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    let run = try place.run(
      "run", scenario, "--backend", "null", "--rate", "20000/s", "--warm-up", "20s", "--duration", "1s", "--results", "r.sqlite", "--no-floor")
    #expect(run.code == 75, "\(run.err)")
    #expect(run.out.contains("invalid: nobody was left to act in the measured part"), "\(run.out)")
    #expect(!run.out.contains("response time") && !run.out.contains("p99"), "\(run.out)")
  }

  /// What was stopped in its warm-up has measured nothing, and prints nothing that looks as if.
  @Test func aLoadThatIsStoppedInItsWarmUpHasNoLatencies() throws {
    let trial = try LoadTrial()
    let run = try trial.start("null", rate: 100, warmUp: "10m", duration: "1s")
    try trial.waitUntilUnderWay(run)
    kill(run.process.processIdentifier, SIGINT)
    let ended = try run.finishInTime()
    #expect(ended.code == 130, "\(ended.err)")
    #expect(ended.out.contains("nothing was measured"), "\(ended.out)")
    #expect(!ended.out.contains("response time") && !ended.out.contains("p99"), "\(ended.out)")
    let stored = try trial.stored()
    #expect(stored.detail.verdictReason.contains("nothing was measured"))
    #expect(stored.detail.summaries.isEmpty)
    #expect(stored.detail.record.operations == 0)
  }
}
