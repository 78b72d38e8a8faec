import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import Testing

@Suite struct WikiServiceTests {
  /// A working day of the reference platform's wikis, a twentieth of it at most.
  static let wiki = """
    name: wiki
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 398455, employees: 398455, graph: { meanDegree: 0 } }
    services: { wiki: {} }
    """

  @Test func aDayHasAMillionViewsAtEveryScale() throws {
    for scale in [0.01, 0.05] {
      let finished = try simulate(loadPlan(Self.wiki, scale: scale), workers: 2)
      expectTotal(finished, "wiki.views", 1_000_000, scale: scale, tolerance: 0.002)
      expectTotal(finished, "wiki.linkViews", 400_000, scale: scale, tolerance: 0.002)
      expectTotal(finished, "wiki.edits", 10_000, scale: scale, tolerance: 0.02)
      #expect(finished.outcomes[0] == finished.operations - finished.outcomes[3])
    }
  }

  /// The peak hour has 7 to 8 percent of a day.
  @Test func theWeekendIsQuiet() throws {
    let week = try simulate(loadPlan(Self.wiki, overrides: ["duration=7d", "start=Monday 00:00"], scale: 0.005))
    let days = (0..<7).map { day in
      week.timeline.values[(day * 144)..<((day + 1) * 144)].reduce(0) { $0 + $1[week.timeline.index(of: "wiki.views") ?? 0] }
    }
    let weekdays = Double(days[0..<5].reduce(0, +)) / 5
    #expect(abs(weekdays - 5_000) < 400)
    #expect(Double(days[5] + days[6]) / 2 < 0.3 * weekdays)
  }

  /// Many people at one page: everybody's change is made in the end, none over another's head.
  @Test func conflictsAreDetectedAndTriedAgain() throws {
    let crowded = """
      name: crowded
      start: Tuesday 10:00
      duration: 1h
      tick: 5s
      population: { members: 100, employees: 100, graph: { meanDegree: 0 } }
      services:
        wiki:
          { participation: 1, dailyActive: 1, actionsPerDay: 40, actionsPerVisit: 10, pages: 1, mix: { edit: 1 }, writers: { share: 1 } }
      """
    let plan = try loadPlan(crowded)
    let backend = try MemoryBackend(options: noOptions())
    let finished = try simulate(plan, backend: .blocking(backend))
    let conflicts = finished.timeline.total("wiki.conflicts")
    #expect(conflicts > 20)
    #expect(finished.outcomes[Int(Outcome.conflict.rawValue)] >= conflicts)
    // What was begun, less what was given up after many conflicts, is what the page's version says.
    let session = try backend.openSession(0)
    var read = Operation(verb: .item, action: ActionID(0), actor: MemberID(1), intended: .zero)
    read.subject = ItemID(author: .platform, service: 0, sequence: 1)
    read.limit = 1
    var reply = Reply()
    let none: [UInt64] = []
    #expect(session.execute(read, arguments: none.span, into: &reply) == .ok)
    let made = Int64(reply.items[0].version) - 1
    let edits = finished.timeline.total("wiki.edits")
    #expect(made <= edits && made > edits * 8 / 10, "\(made) of \(edits)")
    let ended = finished.outcomes[Int(Outcome.conflict.rawValue)]
    #expect(made + ended == edits + conflicts, "\(made) made, \(ended) conflicts, \(edits) begun, \(conflicts) begun anew")
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.wiki, scale: 0.002))
    try digestsAgree(Self.wiki, scale: 0.002)
  }
}
