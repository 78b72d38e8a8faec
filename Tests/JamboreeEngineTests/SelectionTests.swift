import Foundation
import JamboreeKit
import JamboreeMemory
import JamboreeScenario
import JamboreeSQLite
import JamboreeWorkloads
import Testing

@testable import JamboreeEngine

/// The dense jam with a selection after it.
private let judgedJam = denseJam.replacingOccurrences(of: "tick: 5s", with: "tick: 5s\ndrain: 10d") + """

    selection:
      delay: 12h
      clusters: 60
      reviewers: 12
      shortlist: 20
      votesPerPlan: 6
      funded: 5
  """

@Suite struct SelectionTests {
  private func total(_ finished: Finished, _ name: String) -> Int64 { finished.timeline.total("selection.\(name)") }
  private func metric(_ finished: Finished, _ name: String) -> Double? { finished.metrics.first { $0.name == "selection.\(name)" }?.value }

  @Test func everyOfferingIsCountedAndEachStepKeepsWhatItShould() throws {
    let finished = try simulate(loadPlan(judgedJam))
    // All that was posted, and the three ideas that the hosts had put into each of the two forums.
    #expect(total(finished, "offerings") == finished.timeline.total("jam.posts") + 6)
    #expect(total(finished, "ideas") == finished.timeline.total("jam.ideas") + 6)
    #expect(total(finished, "clusters") == 60)
    #expect(total(finished, "reviews") == 180)
    #expect(total(finished, "shortlisted") == 20)
    #expect(total(finished, "votes") == 120)
    #expect(total(finished, "funded") == 5)
    #expect(total(finished, "possible") == 5)
    // An hour of jam and twelve of rest before it begins, and the reviews take some more.
    #expect(try #require(metric(finished, "decidedAt")) > 13)
    let (funded, possible) = (try #require(metric(finished, "fundedLift")), try #require(metric(finished, "possibleLift")))
    #expect(funded <= possible)
  }

  @Test func theSameForAnyNumberOfWorkersAndOnSQLite() throws {
    let plan = try loadPlan(judgedJam, scale: 0.5)
    let one = try simulate(plan)
    for workers in [2, 7] {
      let other = try simulate(plan, workers: workers)
      #expect(other.digest == one.digest)
      #expect(other.timeline.values == one.timeline.values)
    }
    let sqlite = BackendInstance.blocking(
      try SQLiteBackend(options: OptionValues(owner: "sqlite", given: [], descriptors: SQLiteBackend.descriptor.options)))
    #expect(try simulate(plan, backend: sqlite).digest == one.digest)
  }

  /// A forum is a project: as many clusters as there are forums.
  @Test func clustersOfForums() throws {
    let finished = try simulate(loadPlan(judgedJam, overrides: ["services.selection.clusterBy=forum", "services.jam.forums=8"]))
    #expect(total(finished, "clusters") == 8)
    #expect(total(finished, "funded") == 5)
  }

  /// It may begin while the last visitors still post, which shifts the pages under it: each idea that was there in time is
  /// taken once, and none that came later.
  @Test func collectsWhilePeoplePost() throws {
    let finished = try simulate(
      loadPlan(
        judgedJam,
        overrides: [
          "services.selection.delay=0s", "services.jam.posts.perParticipant=2.2", "population.members=3200", "population.employees=3200", "services.jam.posts.threadSize=1.2", "measure.bucket=10m",
        ]))
    let column = try #require(finished.timeline.index(of: "jam.ideas"))
    let inTime = finished.timeline.values.prefix(6).reduce(0) { $0 + $1[column] }
    #expect(finished.timeline.total("jam.ideas") > inTime)
    #expect(inTime > 2_000)
    #expect(total(finished, "ideas") == inTime + 6)
  }

  /// The null backend's listings never end; the selection does, and is no more than the harness's floor.
  @Test(.timeLimit(.minutes(2))) func endsWhereListingsDoNot() throws {
    let finished = try simulate(loadPlan(judgedJam), backend: .blocking(NullBackend(options: noOptions("null"))))
    #expect(total(finished, "clusters") == 60)
    #expect(total(finished, "funded") == 5)
  }

  /// Reviewers who see quality as it is fund better ideas than reviewers who see nothing of it.
  @Test func whoJudgesWellFundsWell() throws {
    func lift(_ noise: Double) throws -> Double {
      var sum = 0.0
      for seed in 1...3 {
        let plan = try loadPlan(judgedJam, overrides: ["services.selection.judgementNoise=\(noise)", "seed=\(seed)"])
        sum += try #require(metric(simulate(plan), "fundedLift"))
      }
      return sum / 3
    }
    let (sharp, blind) = (try lift(0), try lift(10))
    // Five of sixty by merit lie one and a half deviations above the mean; by chance they are at what the crowd gives.
    #expect(sharp > blind + 0.5, "\(sharp) and \(blind)")
  }

  @Test func aJamWithoutIdeasFundsNothing() throws {
    let finished = try simulate(
      loadPlan(judgedJam, overrides: ["services.jam.posts.perParticipant=0", "services.jam.seedIdeasPerForum=0"], scale: 0.1))
    #expect(total(finished, "offerings") == 0)
    #expect(total(finished, "funded") == 0)
  }

  /// Fewer people than reviewers are asked for: all of them judge.
  @Test func aSmallCompany() throws {
    let finished = try simulate(loadPlan(judgedJam, overrides: ["population.members=8"]))
    #expect(total(finished, "funded") == min(5, total(finished, "clusters")))
    #expect(total(finished, "reviews") == 3 * total(finished, "clusters"))
  }

  /// What cannot be written is not counted, and nobody waits for it for ever.
  @Test(arguments: [1, 4]) func failedWritesHoldNothingUp(_ failures: Int) throws {
    let base = try MemoryBackend(options: noOptions())
    let finished = try simulate(loadPlan(judgedJam), backend: .blocking(Refusing(base, posts: failures, marks: failures)))
    #expect(total(finished, "reviews") == Int64(180 - failures))
    #expect(total(finished, "shortlisted") == 20)
    #expect(total(finished, "funded") == 5)
    #expect(finished.outcomes[Int(Outcome.unavailable.rawValue)] == Int64(2 * failures))
  }

  /// In the middle of the reviews, and of the votes.
  @Test(arguments: [13.01, 15.0, 20.0]) func aRestoredRunEndsLikeAnUninterruptedOne(_ hours: Double) throws {
    let plan = try loadPlan(judgedJam, scale: 0.5)
    let whole = try simulate(plan)
    let backend = try memory()
    try backend.backend.load(plan.dataset())
    let first = try Simulation(plan, backend: backend, ranker: hot(), workers: 1)
    first.start()
    try first.run(until: TickID(hours * 720))
    let second = try Simulation(plan, backend: backend, ranker: hot(), workers: 2)
    try second.restore(from: first.checkpoint())
    try second.run()
    #expect(second.digest.description == whole.digest)
    #expect(second.finishTimeline().0.values == whole.timeline.values)
  }

  @Test func withoutAJamThereIsNothingToSelectFrom() throws {
    let text = "name: alone\nduration: 1h\npopulation: { members: 80 }\nservices:\n  selection: {}\n"
    let error = #expect(throws: ConfigurationError.self) { try loadPlan(text) }
    #expect(error?.description == "test:5: services.selection: works on what 'jam' leaves, which is not there; add services.jam, or leave selection out")
  }

  @Test(arguments: [
    ("shortlist=100", "more than there are clusters"), ("funded=30", "more than the shortlist"),
    ("votesPerPlan=13", "more than there are reviewers"), ("reviewers=2", "more than there are reviewers"), ("clusters=0", "out of range"),
    ("clusterBy=tone", "one of topic, forum"),
  ]) func refused(change: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try loadPlan(judgedJam, overrides: ["services.selection.\(change)"])
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }
}

/// Refuses the first of the selection's announcements and the first of its marks.
private final class Refusing<Base: BlockingStorageBackend>: BlockingStorageBackend {
  static var descriptor: BackendDescriptor { Base.descriptor }
  private let base: Base
  private let posts: Guarded<Int>
  private let marks: Guarded<Int>

  init(_ base: Base, posts: Int, marks: Int) {
    self.base = base
    self.posts = Guarded(posts)
    self.marks = Guarded(marks)
  }

  init(options: OptionValues) throws(BackendError) { throw BackendError(.usage, "made in code") }
  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), self) }

  final class Session: StorageSession {
    private let base: Base.Session
    private let owner: Refusing

    init(_ base: Base.Session, _ owner: Refusing) {
      self.base = base
      self.owner = owner
    }

    func execute(_ operation: JamboreeKit.Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      func isRefused(_ left: Guarded<Int>) -> Bool {
        left.withLock {
          $0 -= 1
          return $0 >= 0
        }
      }
      if operation.verb == .publish, operation.subject.service == 1, isRefused(owner.posts) { return .unavailable }
      if operation.verb == .react, operation.kind >= 128, isRefused(owner.marks) { return .unavailable }
      return base.execute(operation, arguments: arguments, into: &reply)
    }
  }
}
