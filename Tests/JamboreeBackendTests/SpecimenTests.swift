import JamboreeKit
import JamboreeMemory
import JamboreeTesting
import Testing

/// A suite that lets a broken backend pass is worth nothing: each specimen is caught by the check made for it.
@Suite struct SpecimenTests {
  typealias Faulty = FaultyBackend<MemoryBackend>
  typealias FaultyPiped = FaultyPipeline<PipelinedAdapter<MemoryBackend>>

  /// What the random streams meet as well.
  static let faults: [(fault: Faulty.Fault, check: String)] = [
    (.dropsWrite(number: 2), "read-your-tick"), (.duplicatesWrite(number: 2), "read-your-tick"),
    (.servesStalePage, "read-your-tick"), (.breaksOrder, "listing-order"), (.showsPrivate, "private-items"),
    (.losesRating(number: 3), "reactions"), (.ignoresConflicts, "edit-conflicts"), (.losesHistory, "load"),
    (.losesDelivery(number: 3), "inbox-order"), (.losesDelivery(number: 3), "notification-order"),
    (.forgetsMarks, "unread-counts"), (.breaksNames, "directory-pages"), (.losesHit, "search"),
    (.exceedsLimit, "page-limits"), (.variesAnswers, "repeatable-reads"), (.delaysEdit(number: 3), "owner-order"),
    (.losesDeletion(number: 1), "deletion"), (.keepsVotes, "votes-flags-downloads"), (.keepsTies, "connections"),
    (.breaksTies, "connections"), (.skipsOneMore, "paging"), (.refusesOrphans, "replies"),
    (.ignoresFurther, "further-containers"), (.capsPages, "large-pages"), (.cutsLongTexts, "boundary-values"),
    (.countsShown, "inbox-visibility"), (.showsPrivate, "inbox-visibility"), (.ignoresPrefix, "directory-prefix"),
    (.losesJoin(number: 2), "directory-members"), (.mixesUpProfiles, "profiles"), (.dropsWrite(number: 2), "random-bursts"),
  ]

  /// What they do not: what takes several sessions, much of something, or a call that they do not make.
  static let rarerFaults: [(fault: Faulty.Fault, check: String)] = [
    (.failsIdleTicks, "lifecycle"), (.ignoresExpectedVersion, "item-version"), (.capsInboxes, "inbox-capacity"),
    (.overflows(number: 250), "random-bursts"), (.mixesUpParallelReads, "parallel-reads"),
    (.losesParallelWrites, "parallel-writes"),
  ]

  static let pipelineFaults: [(fault: FaultyPiped.Fault, check: String)] = [
    (.completesTwice(number: 5), "pipelined-contract"), (.neverCompletes(number: 5), "pipelined-contract"),
    (.mixesUpTokens(number: 5), "pipelined-contract"), (.breaksOwnerOrder, "pipelined-owner-order"),
  ]

  /// Groups are not memory's strength, so these are of a backend that has them.
  static let anomalies: [(anomaly: AnomalousBackend.Anomaly, check: String)] = [
    (.keepsHalfAGroup, "groups"), (.keepsHalfAGroup, "groups-with-reads"), (.fallsBack, "groups-with-reads"),
    (.forgetsRows, "groups-with-reads"),
  ]

  /// Backends that do something else than they say.
  static let falseClaims: [(make: @Sendable () throws -> BackendInstance, check: String)] = [
    // Says that its groups are all or none, over a backend that makes them one by one.
    ({ .blocking(Claiming<MemoryBackend, AtomicGroups>(try memory())) }, "groups"),
    ({ .blocking(Claiming<MemoryBackend, Modest>(try memory())) }, "unclaimed-verbs"),
  ]

  /// The sentence with which a check failed, or nil.
  private func complaint(_ report: ConformanceReport, _ check: String) -> String? {
    if case .failed(let detail)? = report[check]?.result { detail } else { nil }
  }

  @Test func everyCheckHasASpecimen() {
    let proved =
      Self.faults.map(\.check) + Self.rarerFaults.map(\.check) + Self.pipelineFaults.map(\.check) + Self.anomalies.map(\.check)
      + Self.falseClaims.map(\.check) + ["random-streams"]
    #expect(Set(proved) == Set(BackendConformance.checkNames))
  }

  @Test(arguments: faults) func faultyBackendsAreCaught(fault: Faulty.Fault, check: String) {
    let suite = BackendConformance { .blocking(Faulty(try memory(), fault: fault)) }
    let report = suite.run(only: [check, "random-streams"])
    #expect(complaint(report, check) != nil, "\(fault) got past \(check)")
    #expect(complaint(report, "random-streams") != nil, "\(fault) got past the random streams")
  }

  @Test(arguments: rarerFaults) func rarerFaultsAreCaught(fault: Faulty.Fault, check: String) {
    let report = BackendConformance { .blocking(Faulty(try memory(), fault: fault)) }.run(only: [check])
    #expect(complaint(report, check) != nil, "\(fault) got past \(check)")
  }

  @Test(arguments: anomalies) func anomalousGroupsAreCaught(anomaly: AnomalousBackend.Anomaly, check: String) {
    let report = BackendConformance { .blocking(AnomalousBackend(anomaly)) }.run(only: [check])
    #expect(complaint(report, check) != nil, "\(anomaly) got past \(check)")
    // It is the anomaly that is seen: without one it is a backend like any other.
    expectConformance(BackendConformance { .blocking(AnomalousBackend(.none)) }.run(only: [check]))
  }

  @Test(arguments: falseClaims.indices) func falseClaimsAreCaught(index: Int) {
    let (make, check) = Self.falseClaims[index]
    let report = BackendConformance(make: make).run(only: [check])
    #expect(complaint(report, check) != nil, "\(report.subject) got past \(check)")
  }

  @Test func aComplaintSaysWhereAndWhat() throws {
    let suite = BackendConformance { .blocking(Faulty(try memory(), fault: .dropsWrite(number: 2))) }
    let detail = try #require(complaint(suite.run(only: ["read-your-tick"]), "read-your-tick"))
    #expect(detail.contains("tick 1, listing"))
    #expect(detail.contains("expected 2#1, got 1#1"))
  }

  @Test(arguments: pipelineFaults) func faultyPipelinesAreCaught(fault: FaultyPiped.Fault, check: String) {
    let suite = BackendConformance(timeoutNanoseconds: 500_000_000) {
      .pipelined(FaultyPiped(PipelinedAdapter(try memory()), fault: fault))
    }
    #expect(complaint(suite.run(only: [check]), check) != nil, "\(fault) got past \(check)")
  }

  /// There is nothing to ask such a backend by the page.
  @Test func aPipelineWithoutPagesIsNotAskedForThem() {
    let report = BackendConformance { .pipelined(PipelinedAdapter(Claiming<MemoryBackend, NoPages>(try memory()))) }
      .run(only: ["pipelined-contract"])
    #expect(report["pipelined-contract"]?.result == .skipped("the backend claims no read that has pages"))
  }

  /// Whoever listens for single checks and drops the report hears of it, too.
  @Test func aBackendThatThrowsFailsItsChecks() {
    var told: [String] = []
    let report = BackendConformance { throw BackendError(.io, "the disk is full") }.run { told.append($0.name) }
    #expect(complaint(report, "create")?.contains("the disk is full") == true)
    #expect(told == ["create"])
    told = []
    _ = BackendConsistency { throw BackendError(.io, "the disk is full") }.run { told.append($0.name) }
    #expect(told == ["create"])
  }
}
