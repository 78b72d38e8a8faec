import JamboreeKit
import JamboreeMemory
import JamboreeSQLite
import JamboreeTesting
import Testing

@Suite struct ConsistencyTests {
  @Test func theReferenceModelBehindALockIsSerializable() {
    let report = BackendConsistency(commits: 100) { .blocking(AnomalousBackend(.none)) }.run()
    #expect(report.checks.map(\.name) == BackendConsistency.checkNames)
    for check in report.checks {
      #expect(check.result == .passed, "\(check.name): \(check.result)")
      #expect(check.commits >= 100, "\(check.name)")
    }
  }

  @Test func sqliteKeepsWhatItClaims() {
    let report = BackendConsistency(commits: 200) {
      .blocking(try sqlite(options: SQLiteBackend.descriptor.concurrentOptions.map { split($0) } + [("synchronous", "off")]))
    }.run()
    expectSerialWrites(report, commits: 200)
  }

  /// Of a backend that takes one stream of writes, some checks say less and some nothing, and they tell so.
  @Test func oneStreamOfWritesIsTold() {
    expectSerialWrites(BackendConsistency(commits: 50) { .blocking(try ModelBackend(options: noOptions())) }.run(), commits: 50)
    let report = BackendConsistency(commits: 10) { .blocking(AnomalousBackend(.none)) }.run()
    for check in report.checks { #expect(check.note == nil) }
  }

  private func expectSerialWrites(_ report: ConformanceReport, commits: Int) {
    let serial = "one stream of writes: serial by construction"
    #expect(report.checks.map(\.name) == BackendConsistency.checkNames)
    for check in report.checks {
      let isSilent = ["G0", "G1c"].contains(check.name)
      #expect(check.result == (isSilent ? .skipped(serial) : .passed), "\(check.name): \(check.result)")
      #expect(check.commits >= (isSilent ? 0 : commits), "\(check.name)")
      #expect((check.note == serial) == ["atomicity-commit", "atomicity-rollback", "LU", "WS"].contains(check.name), "\(check.name)")
    }
  }

  /// Behind a network, with completions out of order.
  @Test func aPipelinedBackendIsHeldAgainstTheSame() {
    let report = BackendConsistency(commits: 50) { .pipelined(PipelinedAdapter(AnomalousBackend(.none))) }.run()
    for check in report.checks { #expect(check.result == .passed, "\(check.name): \(check.result)") }
    let broken = BackendConsistency(commits: 50) { .pipelined(PipelinedAdapter(AnomalousBackend(.keepsHalfAGroup))) }.run()
    #expect(broken.failures.contains { $0.name == "atomicity-rollback" })
  }

  /// Each check, and the anomalies that it is there for.
  static let anomalies: [(check: String, anomaly: AnomalousBackend.Anomaly)] = [
    ("atomicity-rollback", .keepsHalfAGroup), ("atomicity-commit", .losesUpdates), ("atomicity-commit", .commitsHalf), ("G0", .splitsWrites),
    ("G1a", .showsAborted), ("G1a", .keepsHalfAGroup), ("G1b", .splitsWrites), ("G1c", .splitsWrites), ("LU", .losesUpdates),
    ("LU", .losesEdits),
    ("IMP", .splitsReads), ("PMP", .splitsReads), ("PMP", .forgetsRows), ("OTV", .fallsBack), ("FR", .splitsReads), ("FR", .splitsWrites),
    ("WS", .skewsWrites),
  ]

  /// With few sessions, too: two of them write at the same time, however few there are.
  @Test(arguments: anomalies, [3, 8])
  func eachCheckFindsItsAnomaly(specimen: (check: String, anomaly: AnomalousBackend.Anomaly), sessions: Int) throws {
    let (check, anomaly) = specimen
    let report = BackendConsistency(sessions: sessions, commits: 400) { .blocking(AnomalousBackend(anomaly)) }.run(only: [check])
    let result = try #require(report[check]?.result)
    guard case .failed(let message) = result else {
      Issue.record("\(check) does not see \(anomaly)")
      return
    }
    // It is the anomaly that is told of, not too few commits.
    #expect(!message.contains("nothing is proved"), "\(message)")
    if anomaly == .losesEdits { #expect(message.contains("the version after"), "\(message)") }
    if anomaly == .commitsHalf { #expect(message.contains("of a committed group: expected ok, got notFound"), "\(message)") }
  }

  @Test func everyCheckHasAnAnomaly() {
    #expect(Set(Self.anomalies.map(\.check)) == Set(BackendConsistency.checkNames))
  }

  /// Checks are for claims: what is not claimed is not held against a backend.
  @Test func whatIsNotClaimedIsSkipped() {
    let report = BackendConsistency(commits: 10) { .blocking(try MemoryBackend(options: noOptions())) }.run()
    #expect(report.isConformant)
    for check in report.checks {
      guard case .skipped(let reason) = check.result else {
        Issue.record("\(check.name): \(check.result)")
        continue
      }
      #expect(reason.contains("claimed"), "\(reason)")
    }
  }

  /// Groups that are all or none are no promise that sessions may race, and a verb that a check cannot do without is no
  /// promise because the others are.
  @Test func checksAskForNoMoreThanIsClaimed() {
    let alone = BackendConsistency(commits: 10) { .blocking(Claiming<AnomalousBackend, AtomicGroups>(AnomalousBackend(.none))) }.run()
    for check in alone.checks {
      guard case .skipped(let reason) = check.result else {
        Issue.record("\(check.name): \(check.result)")
        continue
      }
      #expect(reason.contains("the isolation claimed is 'none'"), "\(reason)")
    }
    let report = BackendConsistency(commits: 10) { .blocking(Claiming<AnomalousBackend, NoReactions>(AnomalousBackend(.none))) }.run()
    for name in ["atomicity-commit", "atomicity-rollback", "G0", "G1a", "LU"] {
      #expect(report[name]?.result == .skipped("the backend does not claim react"), "\(name)")
    }
    #expect(report.isConformant)
  }

  /// Two groups that meet may both be ended because of each other: that is serializable, and no reason for too few commits.
  @Test func groupsThatAllEndInAConflictNowAndThenAreNoFailure() {
    // The two items of a pair have numbers of which the first is even; a group that reads begins or ends with one of them.
    let report = BackendConsistency(commits: 60) {
      .blocking(EndsGroups(AnomalousBackend(.none)) { $0.contains { !$0.verb.isWrite } && $0[0].subject.sequence / 2 % 3 == 0 })
    }.run(only: ["WS", "G1c"])
    for check in report.checks {
      #expect(check.result == .passed, "\(check.name): \(check.result)")
      #expect(check.commits >= 60, "\(check.name)")
    }
  }

  /// What a backend refuses is no commit, also where a check wants some of it refused.
  @Test(arguments: [("WS", "only 0 commits of 20 in 40 pairs of groups"), ("atomicity-rollback", "only 0 commits of 20 in 1 s")])
  func groupsThatAllEndInAConflictProveNothing(check: String, message: String) throws {
    let report = BackendConsistency(commits: 20, timeoutNanoseconds: 1_000_000_000) {
      .blocking(EndsGroups(AnomalousBackend(.none)) { $0.contains { $0.verb != .item } })
    }.run(only: [check])
    #expect(report[check]?.result == .failed("\(message): nothing is proved"))
  }

  /// A check that has seen next to nothing does not pass.
  @Test func tooFewCommitsProveNothing() throws {
    let report = BackendConsistency(commits: 1_000_000, timeoutNanoseconds: 200_000_000) { .blocking(AnomalousBackend(.none)) }
      .run(only: ["IMP", "LU"])
    for check in report.checks {
      guard case .failed(let message) = check.result else {
        Issue.record("\(check.name) passed")
        continue
      }
      #expect(message.contains("nothing is proved"))
    }
    let dead = BackendConsistency { throw BackendError(.io, "the disk is full") }.run()
    #expect(dead.failures.map(\.name) == ["create"])
  }

  private func split(_ option: String) -> (String, String) {
    let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
    return (parts[0], parts.count > 1 ? parts[1] : "")
  }
}
