import Foundation
import JamboreeKit
import JamboreeMemory
import JamboreeMetrics
import JamboreeSQLite
import JamboreeTesting
import Testing

@testable import JamboreeEngine

/// Whole load runs in process. How fast they are is no matter: what is late is told, and everything must add up all the same.
@Suite struct LoadRunTests {
  private func run(
    _ plan: SimulationPlan, on backend: BackendInstance, workers: Int = 2, _ change: (inout LoadOptions) -> Void
  ) throws -> RunOutput {
    var options = LoadOptions(settings: LoadSettings(), pace: .stages, connections: 4, inFlight: 16)
    options.settings.warmUpNanoseconds = 200_000_000
    change(&options)
    let identity = RunIdentity(
      scenarioName: "test", scenarioText: "", scenarioHash: "", overrides: [], seed: plan.seed, scale: 1, workers: workers, pace: options.text,
      backend: PlugInIdentity(id: backend.descriptor.id, version: "1", options: []), ranker: PlugInIdentity(id: "hot", version: "1", options: []))
    var driver = RunDriver(
      identity: identity, makePopulation: { (plan.population, []) }, makePlan: { _ in plan }, backend: backend, ranker: try hot(),
      workers: workers)
    driver.load = options
    driver.makeRehearsal = { () throws(BackendError) in
      .blocking(try MemoryBackend(options: try OptionValues(owner: "memory", given: [], descriptors: [])))
    }
    return try driver.run()
  }

  private func null() throws -> BackendInstance { .blocking(try NullBackend(options: noOptions())) }

  private func sqlite(_ file: String) throws -> BackendInstance {
    .blocking(
      try SQLiteBackend(
        options: OptionValues(
          owner: "sqlite", location: file, given: [(name: "groupCommit", value: "write"), (name: "synchronous", value: "off")],
          descriptors: SQLiteBackend.descriptor.options)))
  }

  private func step(_ rate: Double, _ milliseconds: Int64) -> LoadSettings.Stage {
    LoadSettings.Stage(shape: .step, ratePerSecond: rate, durationNanoseconds: milliseconds * 1_000_000)
  }

  private func count(_ kind: LatencyKind, _ output: RunOutput) -> UInt64 {
    output.histograms.reduce(0) { $1.key.kind == kind ? $0 + $1.value.totalCount : $0 }
  }

  @Test(arguments: [1, 2, 7], [LoadSettings.Arrivals.constant, .poisson]) func everyArrivalStartsOneAction(
    _ workers: Int, _ arrivals: LoadSettings.Arrivals
  ) throws {
    let plan = try loadPlan(denseJam)
    let output = try run(plan, on: null(), workers: workers) {
      $0.settings.arrivals = arrivals
      $0.settings.stages = [step(2_000, 700), step(500, 300)]
    }
    var schedule = ArrivalSchedule(arrivals: arrivals, stages: [step(2_000, 700), step(500, 300)], seed: plan.seed)
    var due: Int64 = 0
    while let time = schedule.next() { due += time >= 200_000_000 ? 1 : 0 }
    let load = try #require(output.load)
    #expect(load.starts == due)
    #expect(load.unanswered == 0 && !load.ranOut)
    #expect(abs((load.intendedRate ?? 0) - (2_000 * 0.5 + 500 * 0.3) / 0.8) < 1e-6)
    // One response, one service time and one lateness for each cause a start.
    #expect(count(.response, output) == UInt64(due))
    #expect(count(.service, output) == UInt64(due))
    #expect(count(.lateness, output) == UInt64(2 * due))
    #expect(count(.storage, output) == UInt64(output.operations))
    // The timeline has the warm-up too: of the first 200 ms, 400.
    let starts = output.timeline.total("load.allStarts")
    #expect(arrivals == .poisson ? starts > due : starts == due + 400)
    #expect(output.buckets.reduce(0) { $0 + $1.latency.totalCount } == UInt64(starts))
    #expect(load.peakInFlight <= 16 + workers)
  }

  /// The same people do the same, whatever the pace, up to the same time of the scenario.
  @Test(arguments: [1, 2]) func membersDoWhatTheyDoInVirtualTime(_ workers: Int) throws {
    let plan = try loadPlan(denseJam)
    let simulation = try Simulation(plan, backend: null(), ranker: hot(), workers: 2)
    simulation.start()
    try simulation.run(until: plan.durationNanoseconds / plan.tickNanoseconds)
    let simulated = simulation.finishTimeline().timeline
    let output = try run(plan, on: null(), workers: workers) {
      $0.pace = .compressed(900)
      $0.settings.warmUpNanoseconds = 0
      $0.inFlight = 64
    }
    for metric in ["jam.sessions", "jam.pageViews", "jam.ratings", "jam.posts"] {
      let (loaded, whole) = (Double(output.timeline.total(metric)), Double(simulated.total(metric)))
      // Visits begin when they should. Within them, ten milliseconds here are nine seconds there, and on a busy machine many of
      // them pass before a reply is seen: members then do less, and never more.
      let least = metric == "jam.sessions" ? 0.5 * whole : 0.1 * whole
      #expect(loaded >= least && loaded <= 1.05 * whole + 30, "\(metric): \(loaded), and \(whole) simulated")
    }
    #expect(output.load?.intendedRate == nil)
    #expect(output.outcomes[Int(Outcome.ok.rawValue)] == output.operations)
  }

  /// Everything that was acknowledged is there, and nothing else: also what was simulated before.
  @Test(arguments: [0, 1_800_000_000_000]) func whatIsAcknowledgedIsThere(_ from: Int64) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "jamboree-load-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = try run(loadPlan(denseJam), on: sqlite(folder.appending(path: "data.sqlite").path)) {
      $0.fromNanoseconds = from
      $0.settings.stages = [step(400, 2_000)]
      $0.audit?.probeShare = 1
    }
    let audit = try #require(output.load?.audit)
    #expect(audit.acknowledgedWrites > 20)
    #expect(audit.isClean, "\(audit.examples)")
    #expect(audit.tellsUnknownItems && audit.notReadBack == 0 && audit.auditedShare == 1)
    #expect(output.outcomes[Int(Outcome.rejected.rawValue)] == 0)
    #expect(output.errors == 0)
    #expect(output.simulatedNanoseconds > from)
    if from > 0 {
      // Ideas of before are shown and opened.
      #expect(output.outcomes[Int(Outcome.notFound.rawValue)] == 0)
      #expect((output.histogram(.response, "jam.readThread")?.totalCount ?? 0) > 0)
      #expect(output.phases.contains { $0.name == "simulate" })
    }
  }

  /// A jam in which people also edit pages: writes of all kinds that are audited.
  private func busyPlan() throws -> SimulationPlan {
    try loadPlan(
      denseJam + """

          wiki:
            participation: 1
            dailyActive: 1
            actionsPerDay: 300
            actionsPerVisit: 20
            mix: { view: 10, edit: 25 }
            writers: { share: 100% }
            pages: 2000
        """)
  }

  private func runUnreliable(_ fault: Unreliable.Fault) throws -> (output: RunOutput, backend: Unreliable) {
    let backend = Unreliable(PipelinedAdapter(try ModelBackend(options: noOptions())), fault: fault)
    let output = try run(busyPlan(), on: .pipelined(backend)) {
      $0.settings.stages = [step(1_000, 2_500)]
      $0.audit?.probeShare = 1
    }
    return (output, backend)
  }

  private func metric(_ name: String, _ output: RunOutput) -> Double? { output.metrics.first { $0.name == name }?.value }

  /// A backend that acknowledges what it does not keep is found out at the end of a load, and while it goes on.
  @Test func whatWasAcknowledgedAndDroppedIsMissed() throws {
    let (output, backend) = try runUnreliable(.dropsAcknowledgedWrites(oneIn: 3))
    let struck = backend.struckWrites
    #expect(struck[.init(verb: .publish)] ?? 0 > 0 && struck[.init(verb: .edit)] ?? 0 > 0)
    let audit = try #require(output.load?.audit)
    #expect(!audit.isClean && audit.notReadBack == 0 && output.load?.auditFailure == nil)
    #expect(audit.findings[.lostItem] == struck[.init(verb: .publish)], "\(audit.findings)")
    #expect(audit.stale > 0 && audit.findings[.staleVersion] == audit.stale, "\(audit.findings)")
    #expect(audit.readYourWritesViolations > 0 && audit.neverSeen > 0)
    #expect(metric("audit.lost", output) == Double(audit.lost) && metric("audit.stale", output) == Double(audit.stale))
    #expect(metric("audit.readYourWritesViolations", output) == Double(audit.readYourWritesViolations))
  }

  /// What comes late and is there in the end is neither lost nor stale, but whoever wrote it could not read it.
  @Test func aReplicaThatLagsShowsInALoad() throws {
    let lag = 300_000_000 as UInt64
    let audit = try #require(try runUnreliable(.servesStaleReads(delayNanoseconds: lag)).output.load?.audit)
    #expect(!audit.isClean && audit.readYourWritesViolations > 0)
    #expect(audit.findings[.lostItem] ?? 0 == 0 && audit.duplicated == 0, "\(audit.findings)")
    // An edit may seem to be there sooner, when another one makes the same version.
    #expect(audit.staleness.totalCount > 0 && audit.staleness.maxRecorded >= lag / 2)
    #expect(audit.stalenessTimeline.contains { $0.violations > 0 && $0.maxStalenessNanoseconds >= lag / 2 })
    #expect(audit.stalenessTimeline.reduce(0) { $0 + $1.violations } == audit.readYourWritesViolations)
  }

  /// Who acts at a rate is who would come next: the actions have the shares that they have when the same people go by their own time.
  @Test func aRateKeepsTheMix() throws {
    let plan = try busyPlan()
    let output = try run(plan, on: null(), workers: 1) {
      $0.settings.warmUpNanoseconds = 0
      $0.settings.stages = [step(2_000, 2_500)]
    }
    let reached = try #require(output.load?.virtualNanoseconds)
    let simulation = try Simulation(plan, backend: null(), ranker: hot(), workers: 1)
    simulation.start()
    try simulation.run(until: reached / plan.tickNanoseconds + 1)
    func counts(_ histograms: [LatencyRecorder.Key: LatencyHistogram], _ kind: LatencyKind) -> [String: Double] {
      histograms.reduce(into: [:]) { if $1.key.kind == kind { $0[$1.key.name, default: 0] += Double($1.value.totalCount) } }
    }
    let (loaded, simulated) = (counts(output.histograms, .response), counts(simulation.histograms(), .service))
    let (all, allSimulated) = (loaded.values.reduce(0, +), simulated.values.reduce(0, +))
    #expect(all == 5_000 && allSimulated > 0.8 * all && simulated.count >= 8, "\(simulated)")
    for (action, count) in simulated {
      let (share, found) = (count / allSimulated, loaded[action, default: 0] / all)
      // Five standard deviations of the difference between two samples.
      let tolerance = 5 * (share * (1 - share) * (1 / all + 1 / allSimulated)).squareRoot() + 2 / all
      #expect(abs(found - share) <= tolerance, "\(action): \(found) of the load, \(share) simulated")
    }
  }

  @Test func aScenarioWithNobodyLeftEndsTheLoad() throws {
    let plan = try loadPlan(denseJam, overrides: ["population.members=16", "population.employees=16"])
    let output = try run(plan, on: null()) {
      $0.settings.warmUpNanoseconds = 0
      $0.settings.stages = [step(100_000, 20_000)]
    }
    #expect(output.load?.ranOut == true)
    // Nobody was left, which is not the backend's doing.
    #expect(output.load?.unstarted == 0)
    #expect(output.wallNanoseconds < 15_000_000_000)
  }

  @Test func aBackendForOneAtATimeIsRefused() throws {
    let plan = try loadPlan(denseJam)
    let error = #expect(throws: BackendError.self) {
      try run(plan, on: memory()) { $0.settings.stages = [step(100, 1_000)] }
    }
    #expect(error?.kind == .usage)
    #expect(error?.message.contains("--pace max") == true)
  }
}
