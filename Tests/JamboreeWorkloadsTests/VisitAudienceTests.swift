import JamboreeKit
import JamboreePopulation
import Testing

@testable import JamboreeWorkloads

/// Whom services are for, and several crowds in one.
@Suite struct VisitAudienceTests {
  @Test func employeesAndAlumniAreApart() {
    let plan = ToyPlan(members: 3_000, alumni: 1_000)
    let setup = plan.setup
    for (audience, affiliation, count) in [(Audience.employees, Affiliation.employee, 3_000), (.alumni, .alumnus, 1_000)] {
      for participation in [1, 0.25] {
        let drawn = audience.draw(participation, setup, RandomDomain("toy"))
        #expect(drawn.count == Int(Double(count) * participation))
        #expect(Set(drawn).count == drawn.count)
        #expect(drawn.allSatisfy { setup.population.affiliations[Int($0)] == affiliation })
        // In an order without meaning.
        #expect(drawn != drawn.sorted())
      }
    }
  }

  /// Readers without an account have reserved ids, of which two crowds share none; the last one is the platform's.
  @Test func readersHaveReservedIds() {
    let setup = ToyPlan(members: 10, scale: 0.5).setup
    let readers = Audience.public_(count: 10_000, first: 0).draw(0.5, setup, RandomDomain("toy"))
    #expect(readers.count == 2_500 && Set(readers).count == 2_500)
    #expect(readers.allSatisfy { MemberID($0).isAnonymous })
    let most = UInt32(Audience.mostAnonymous)
    #expect(most <= 0x0700_0000)
    #expect(UInt64(MemberID.firstAnonymous.rawValue) + 0x0700_0000 + UInt64(most) - 1 <= 0xFFFF_FFFE)
    // Four kinds of agents, each with as many visits under way as there are visitors, have 24 bits of number.
    #expect(Audience.mostAnonymous / shardCount * 2 * 4 < 1 << 24)
    let last = Audience.public_(count: 40, first: 0x0700_0000 + most - 10).draw(0.5, setup, RandomDomain("toy"))
    #expect(last.max().map { MemberID($0).isAnonymous } == true && last.count == 10)
  }

  @Test func readersLiveWhereMembersDo() {
    var plan = ToyPlan(members: 10, audience: .public_(count: 20_000, first: 0))
    plan.parameters.participation = 1
    plan.regions = [("A", 5.0), ("None", 0), ("B", 3), ("C", 2), ("End", 0)].map { Region(name: $0.0, share: $0.1, utcOffsetMinutes: 0) }
    let model = plan.model()
    var counts = [Int](repeating: 0, count: 5)
    for participant in model.roster.indices { counts[Int(model.region(of: participant))] += 1 }
    #expect(zip(counts, [10_000, 0, 6_000, 4_000, 0]).allSatisfy { abs($0 - $1) <= 1 }, "\(counts)")
  }

  // MARK: Several crowds in one service

  private struct Crowds {
    let models: [VisitModel]
    let service: CombinedVisits

    /// Employees, alumni and readers, with other amounts each.
    init() {
      let plan = ToyPlan(members: 400, alumni: 300)
      let setup = plan.setup
      var outlines: [VisitOutline] = []
      models = [("", Audience.employees, 5.0), ("old", .alumni, 9), ("out", .public_(count: 200, first: 7), 3)].map { part, audience, actions in
        var own = plan
        own.audience = audience
        own.parameters.actionsPerDay = actions
        let outline = Toy.outline(part: part)
        defer { outlines.append(outline) }
        return own.model(outline, setup: setup.after(outlines))
      }
      service = CombinedVisits(models.map { PreparedVisits(Toy(model: $0)) })
    }
  }

  @Test func crowdsAreCountedApart() throws {
    let crowds = Crowds()
    let play = try VisitPlay(crowds.service)
    let names = crowds.service.metrics.map(\.name)
    #expect(Set(names).count == names.count)
    for (part, prefix) in ["toy", "toy.old", "toy.out"].enumerated() {
      let model = crowds.models[part]
      let people = Set(model.roster)
      var done = [UInt32: [Int]]()
      for action in play.actions where Int(action.action) / 5 == part {
        #expect(people.contains(action.actor.rawValue))
        done[action.actor.rawValue, default: [0, 0, 0, 0, 0]][Int(action.action) % 5] += 1
      }
      for participant in 0..<model.comingCount {
        let budget = (0..<5).map { Int(model.budget($0, of: participant)) }
        #expect(done[model.roster[participant]] ?? [0, 0, 0, 0, 0] == budget)
      }
      for (activity, name) in ["views", "looks", "clicks", "edits", "posts"].enumerated() {
        let index = try #require(names.firstIndex(of: "\(prefix).\(name)"))
        #expect(play.counters[index] == Int64(model.total(activity)) && model.total(activity) > 0)
      }
      let index = try #require(names.firstIndex(of: "\(prefix).participants"))
      #expect(play.counters[index] == Int64((0..<model.comingCount).count { part in (0..<5).contains { model.budget($0, of: part) > 0 } }))
    }
  }

  /// Others that take over in the middle of it, visits of all crowds being under way, do what would have been done.
  @Test(arguments: [0, 1, 40]) func crowdsGoOnFromACheckpoint(_ wakes: Int) throws {
    let service = Crowds().service
    let (whole, resumed) = (try VisitPlay(service), try VisitPlay(service, checkpoint: wakes))
    #expect(whole.actions == resumed.actions && whole.counters == resumed.counters)
    #expect(whole.actions.count > 3_000)
  }

  @Test func aCheckpointOfOthersIsRefused() throws {
    let agents = Crowds().service.makeAgents(shard: 0)
    var encoder = StateEncoder()
    PreparedVisits(Toy(model: ToyPlan(members: 9).model())).makeAgents(shard: 0).encode(into: &encoder)
    var decoder = StateDecoder(encoder.bytes)
    #expect(throws: StateMismatch.self) { try agents.restore(from: &decoder) }
  }

  /// A crowd's writers are drawn by the crowd's own name, which is what they do it by, too.
  @Test func writersOfAPart() {
    let model = Crowds().models[1]
    let writers = Set(model.writers().members.map(\.rawValue))
    for participant in 0..<model.comingCount where model.budget(3, of: participant) > 0 {
      #expect(writers.contains(model.roster[participant]))
    }
  }
}
