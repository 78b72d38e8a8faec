import JamboreeEngine
import JamboreeKit
import Testing

@Suite struct ModerationServiceTests {
  /// 400 people who are all there, in a commons of their own.
  static let commons = """
    name: commons
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 400, employees: 400, graph: { meanDegree: 0 } }
    services:
      moderation:
        participation: 1
        dailyActive: 1
        actionsPerDay: 40
        actionsPerVisit: 10
        offending: 5%
        mistakes: 0
        mix: { read: 60, post: 8, flag: 20, voteDown: 4, standUp: 4, counterReply: 4 }
        writers: { share: 1, heavyShare: 0 }
    """
  private static func run(_ overrides: String..., of text: String = commons) throws -> Finished {
    try simulate(loadPlan(text, overrides: overrides.map { "services.moderation.\($0)" }), workers: 2)
  }
  private static func total(_ finished: Finished, _ name: String) -> Double { Double(finished.timeline.total("moderation.\(name)")) }

  @Test func whatBreaksTheRulesCollapses() throws {
    let finished = try Self.run()
    let offences = Self.total(finished, "offences")
    // 5% of 1,280 posts. Those that are seen often enough before newer ones push them off the page are flagged away.
    #expect(abs(offences - 64) < 3 * 64.0.squareRoot())
    #expect(Self.total(finished, "collapses") > 0.2 * offences && Self.total(finished, "collapses") < offences)
    #expect(Self.total(finished, "collapses") <= Self.total(finished, "flags") / 4)
    #expect(Self.total(finished, "exposures") > 0 && Self.total(finished, "collapsedViews") > Self.total(finished, "exposures"))
    // Nobody flags without a reason, so nothing else collapses.
    #expect(Self.total(finished, "wronglyCollapsedViews") == 0 && Self.total(finished, "mistakenFlags") == 0)
    #expect(Self.total(finished, "counterReplies") > 0 && Self.total(finished, "downVotes") > 0)
  }

  /// Nobody above the members acts: the run's operations are theirs alone, and every post that breaks the rules is still there,
  /// text and all, collapsed or not.
  @Test func nothingIsRemovedFromAbove() throws {
    let watcher = OperationWatcher()
    let backend = try WatchedBackend(watcher)
    let plan = try loadPlan(Self.commons, overrides: ["services.moderation.threshold=1"])
    let finished = try simulate(plan, backend: .blocking(backend))
    #expect(Self.total(finished, "collapses") > 10)
    #expect(watcher.operations.allSatisfy { $0.actor.rawValue < 400 })
    // None of the verbs takes anything away but one's own ties.
    #expect(Set(watcher.operations.map(\.verb)).isDisjoint(with: [.edit, .disconnect]))
    let published = watcher.operations.filter { $0.verb == .publish }
    let session = try backend.openSession(0)
    var reply = Reply()
    let none: [UInt64] = []
    var flagged = 0
    for post in published {
      var read = Operation(verb: .item, action: ActionID(0), actor: MemberID(1), intended: SimTime(nanoseconds: 1 << 50))
      (read.subject, read.limit) = (post.subject, 1)
      read.flags.insert(.wantsText)
      reply.reset()
      #expect(session.execute(read, arguments: none.span, into: &reply) == .ok && reply.items.count == 1)
      #expect(reply.items[0].flags.contains(.isNegative) == post.flags.contains(.isNegative))
      if reply.items[0].flagCount > 0 { flagged += 1 }
    }
    #expect(flagged > 10)
  }

  /// A lower threshold spares readers more, and an unreachable one nothing at all.
  @Test func exposureGrowsWithTheThreshold() throws {
    let exposures = try ["threshold=1", "threshold=5", "threshold=20", "threshold=100000"].map { Self.total(try Self.run($0), "exposures") }
    #expect(exposures[0] < exposures[1] && exposures[1] < exposures[2] && exposures[2] < exposures[3], "\(exposures)")
    let never = try Self.run("threshold=100000")
    #expect(Self.total(never, "collapses") == 0 && Self.total(never, "collapsedViews") == 0)
  }

  /// A group that is smaller than the threshold can flag as often as it likes: each member counts once.
  @Test func aSmallBrigadeIsPowerless() throws {
    let few = try Self.run("brigade.members=4", "brigade.flagsPerDay=500", "brigade.targets=1", "mix={read: 70, post: 30}")
    #expect(Self.total(few, "brigade.flags") > 500)
    #expect(Self.total(few, "wronglyCollapsedViews") == 0)
    let perVisit = Self.total(few, "brigade.flags") / Self.total(few, "brigade.visits")
    #expect(perVisit > 1 && perVisit <= 5, "\(perVisit)")
    let enough = try Self.run("brigade.members=8", "brigade.flagsPerDay=500", "brigade.targets=1", "mix={read: 70, post: 30}")
    #expect(Self.total(enough, "wronglyCollapsedViews") > 0)
    #expect(Self.total(enough, "wrongCollapses") > 0 && Self.total(enough, "mistakenFlags") == 0)
  }

  /// Members who stand up for what is flagged bring it back, without anybody above them.
  @Test func defendersUndoABrigade() throws {
    let attack = ["brigade.members=8", "brigade.flagsPerDay=100", "brigade.targets=0.3"]
    func share(_ mix: String) throws -> Double {
      let finished = try simulate(
        loadPlan(Self.commons, overrides: (attack + [mix]).map { "services.moderation.\($0)" }), workers: 2)
      return Self.total(finished, "wronglyCollapsedViews")
        / (Self.total(finished, "wronglyCollapsedViews") + Self.total(finished, "innocentViews"))
    }
    let alone = try share("mix={read: 70, post: 8, standUp: 0}")
    let defended = try share("mix={read: 70, post: 8, standUp: 40}")
    #expect(alone > 0.003 && defended < alone / 2, "\(alone), \(defended)")
  }

  @Test func mistakesAreFlagsToo() throws {
    let finished = try Self.run("mistakes=0.5", "offending=0", "threshold=100000")
    #expect(Self.total(finished, "offences") == 0 && Self.total(finished, "flags") == 0)
    #expect(abs(Self.total(finished, "mistakenFlags") / Self.total(finished, "flagChecks") - 0.5) < 0.05)
  }

  /// Nothing is opened from a page, so there is no bias of the places to be given.
  @Test func thereIsNoPositionBias() {
    #expect {
      try loadPlan(Self.commons, overrides: ["services.moderation.reading={ positionBias: 3 }"])
    } throws: { "\($0)".contains("positionBias") }
  }

  @Test(arguments: ["0", "-3", "0.5"]) func aThresholdIsOneAtTheLeast(_ value: String) {
    #expect {
      try loadPlan(Self.commons, overrides: ["services.moderation.threshold=\(value)"])
    } throws: { "\($0)".contains("services.moderation.threshold: ") && "\($0)".contains("from 1 to 100000") }
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.commons, scale: 0.2))
    try digestsAgree(Self.commons, scale: 0.2)
  }
}
