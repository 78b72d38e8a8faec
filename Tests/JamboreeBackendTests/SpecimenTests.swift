import JamboreeKit
import JamboreeMemory
import JamboreeTesting
import Testing

/// A suite that lets a broken backend pass is worth nothing: each specimen is caught by the check made for it.
@Suite struct SpecimenTests {
  private typealias Faulty = FaultyBackend<MemoryBackend>
  private typealias FaultyPiped = FaultyPipeline<PipelinedAdapter<MemoryBackend>>

  /// The sentence with which a check failed, or nil.
  private func complaint(_ report: ConformanceReport, _ check: String) -> String? {
    if case .failed(let detail)? = report[check]?.result { detail } else { nil }
  }

  @Test(
    arguments: [
      (.dropsWrite(number: 2), "read-your-tick"), (.duplicatesWrite(number: 2), "read-your-tick"),
      (.servesStalePage, "read-your-tick"), (.breaksOrder, "listing-order"), (.showsPrivate, "private-items"),
      (.losesRating(number: 3), "reactions"), (.ignoresConflicts, "edit-conflicts"),
      (.losesDelivery(number: 3), "inbox-order"), (.losesDelivery(number: 3), "notification-order"),
      (.forgetsMarks, "unread-counts"), (.breaksNames, "directory-pages"), (.losesHit, "search"),
    ] as [(FaultyBackend<MemoryBackend>.Fault, String)])
  func faultyBackendsAreCaught(fault: FaultyBackend<MemoryBackend>.Fault, check: String) {
    let suite = BackendConformance { .blocking(Faulty(try memory(), fault: fault)) }
    let report = suite.run(only: [check, "random-streams"])
    #expect(complaint(report, check) != nil, "\(fault) got past \(check)")
    #expect(complaint(report, "random-streams") != nil, "\(fault) got past the random streams")
  }

  @Test func aComplaintSaysWhereAndWhat() throws {
    let suite = BackendConformance { .blocking(Faulty(try memory(), fault: .dropsWrite(number: 2))) }
    let detail = try #require(complaint(suite.run(only: ["read-your-tick"]), "read-your-tick"))
    #expect(detail.contains("tick 1, listing"))
    #expect(detail.contains("expected 2#1, got 1#1"))
  }

  @Test(
    arguments: [
      (.completesTwice(number: 5), "pipelined-contract"), (.neverCompletes(number: 5), "pipelined-contract"),
      (.mixesUpTokens(number: 5), "pipelined-contract"), (.breaksOwnerOrder, "pipelined-owner-order"),
    ] as [(FaultyPipeline<PipelinedAdapter<MemoryBackend>>.Fault, String)])
  func faultyPipelinesAreCaught(fault: FaultyPipeline<PipelinedAdapter<MemoryBackend>>.Fault, check: String) {
    let suite = BackendConformance(timeoutNanoseconds: 500_000_000) {
      .pipelined(FaultyPiped(PipelinedAdapter(try memory()), fault: fault))
    }
    #expect(complaint(suite.run(only: [check]), check) != nil, "\(fault) got past \(check)")
  }

  /// Says that its groups are all or none, over a backend that makes them one by one.
  @Test func anEmptyPromiseOfAtomicGroupsIsCaught() {
    let report = BackendConformance { .blocking(Claiming<MemoryBackend, AtomicGroups>(try memory())) }.run(only: ["groups"])
    #expect(complaint(report, "groups") != nil)
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
