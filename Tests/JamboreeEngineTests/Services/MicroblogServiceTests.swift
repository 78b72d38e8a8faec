import Glibc
import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import JamboreeWorkloads
import Testing

@Suite struct MicroblogServiceTests {
  static let day = """
    name: day
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 398455, employees: 398455, graph: { meanDegree: 0 } }
    services: { microblog: {} }
    """

  /// Some hundred people who write a lot within two hours.
  static let dense = """
    name: dense
    start: Tuesday 10:00
    duration: 2h
    tick: 5s
    population: { members: 300, employees: 300, graph: { meanDegree: 0 } }
    services:
      microblog:
        participation: 1
        actionsPerDay: 60
        actionsPerVisit: 20
        mix: { readTimeline: 30, poll: 30, post: 8, reply: 12, repost: 4, follow: 4, unfollow: 2 }
        writers: { share: 50% }
        messages: 1500
        messagesAge: 10d
      notifications: { actionsPerDay: 1 }
    """

  /// Fifty people who each stay for an hour.
  static let lively = """
    name: lively
    start: Tuesday 10:00
    duration: 1h
    tick: 5s
    population: { members: 50, employees: 50, graph: { meanDegree: 0 } }
    services:
      microblog:
        participation: 1
        actionsPerDay: 1000
        actionsPerVisit: 1000
        thinkTime: { mean: 20s }
        mix: { readTimeline: 20, poll: 30, post: 6, reply: 6, repost: 3, follow: 4, unfollow: 4 }
        writers: { share: 1 }
        following: 5
        messages: 200
        feed: { window: 30, pageLength: 10 }
    """

  @Test func aDayHas187MessagesAtEveryScale() throws {
    for scale in [0.05, 0.15] {
      let finished = try simulate(loadPlan(Self.day, scale: scale), workers: 2)
      expectTotal(finished, "microblog.messages", 187, scale: scale, tolerance: 0.15)
      expectTotal(finished, "microblog.replies", 112, scale: scale, tolerance: 0.15)
      expectTotal(finished, "microblog.timelines", 5_610, scale: scale, tolerance: 0.005)
      expectTotal(finished, "microblog.polls", 60_000, scale: scale, tolerance: 0.002)
      expectTotal(finished, "microblog.participants", 5_000, scale: scale, tolerance: 0.002)
      #expect(finished.outcomes[0] == finished.operations)
      let shares = finished.metrics.filter { $0.name.hasSuffix("readsPerMessage") || $0.name.hasSuffix("replyShare") }
      #expect(shares.count == 2 && abs(shares[0].value - 30) < 4 && abs(shares[1].value - 0.6) < 0.05, "\(shares)")
    }
  }

  /// 34 people write 1.9 messages a day, where 1,223 write 0.1; they are those who wrote most before.
  @Test func aFewWriteAThirdOfAll() throws {
    let day = Self.day.replacing("398455", with: "5000").replacing(
      "{}",
      with: """
        { participation: 1, actionsPerDay: 0.2374, actionsPerVisit: 2,
          mix: { readTimeline: 1000, post: 56, reply: 112, repost: 19 } }
        """)
    let plan = try loadPlan(day)
    var before: [UInt32: Int] = [:]
    for write in plan.dataset().history.operations where write.verb == .publish { before[write.actor.rawValue, default: 0] += 1 }
    #expect(before.values.reduce(0, +) == 20_000)
    #expect(before.count { $0.value > 100 } == 34)
    let messages = try Aftermath(plan).newItems()
    #expect(abs(messages.count - 187) <= 2)
    let heavy = messages.count { before[$0.id.author.rawValue, default: 0] > 100 }
    #expect(abs(Double(heavy) - 34 * 1.9) <= 2, "\(heavy)")
    let threads = messages.count { $0.parent != .none }
    // The first few have nobody's message to answer on their page.
    #expect(abs(Double(threads) / Double(messages.count) - 0.6) < 0.02, "\(threads)")
  }

  /// The n-th most followed has n to the power of -1/(2.3 - 1) of the followers: the number of followers has the exponent 2.3.
  @Test func followersHaveAPowerLaw() throws {
    let readers = 5_000
    let text = Self.day.replacing("398455", with: "\(readers)").replacing("{}", with: "{ participation: 1, messages: 0 }")
    var followers = [Int](repeating: 0, count: readers)
    var followed = [Int](repeating: 0, count: readers)
    var ties = Set<UInt64>()
    for tie in try loadPlan(text).dataset().history.operations {
      #expect(tie.verb == .connect && tie.kind == MicroblogService.following.rawValue && tie.object != UInt64(tie.actor.rawValue))
      #expect(ties.insert(UInt64(tie.actor.rawValue) << 32 | tie.object).inserted, "twice")
      followers[Int(tie.object)] += 1
      followed[Int(tie.actor.rawValue)] += 1
    }
    #expect(abs(Double(ties.count) / Double(readers) - 12) < 0.4, "\(ties.count)")
    let logarithms = followed.filter { $0 > 2 }.map { log(Double($0)) }
    let mean = logarithms.reduce(0, +) / Double(logarithms.count)
    #expect(mean > 1.8 && mean < 2.4, "lognormal with sigma 1: most follow fewer than twelve: \(mean)")
    let ranked = followers.sorted(by: >)
    let points = (4..<1_000).map { (x: log(Double($0 + 1)), y: log(Double(ranked[$0]))) }
    let (x, y) = (points.reduce(0) { $0 + $1.x } / 996, points.reduce(0) { $0 + $1.y } / 996)
    let slope = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    #expect(abs(1 - 1 / slope - 2.3) < 0.12, "\(1 - 1 / slope)")
  }

  /// Writers are followed more than those who only read, and those who write much most of all.
  @Test func messagesFromBeforeAreLikeThoseToCome() throws {
    let text = Self.day.replacing("398455", with: "5000").replacing("{}", with: "{ participation: 1 }")
    let history = try loadPlan(text).dataset().history.operations
    var followers = [Int](repeating: 0, count: 5_000)
    var written = [Int](repeating: 0, count: 5_000)
    var seen = Set<UInt64>()
    var (replies, negative, cut) = (0, 0, 0)
    var last = SimTime(nanoseconds: .min)
    for write in history {
      #expect(write.intended >= last && write.intended < .zero)
      last = write.intended
      guard write.verb == .publish else {
        followers[Int(write.object)] += 1
        continue
      }
      #expect(seen.insert(write.subject.rawValue).inserted)
      #expect(write.object == 0 || seen.contains(write.object) && write.object != write.subject.rawValue)
      #expect((1...140).contains(write.payloadLength) && write.container == MicroblogService.publicPlace(ofService: 0))
      written[Int(write.actor.rawValue)] += 1
      replies += write.object != 0 ? 1 : 0
      negative += write.flags.contains(.isNegative) ? 1 : 0
      cut += write.payloadLength == 140 ? 1 : 0
    }
    #expect(seen.count == 20_000)
    #expect(abs(Double(replies) / 20_000 - 0.6) < 0.015 && abs(Double(negative) / 20_000 - 0.08) < 0.01)
    #expect(cut > 1_000 && cut < 3_000, "\(cut)")
    #expect(written.count { $0 > 0 } == 1_257)
    // 34 write 1.9 messages a day where the others write 0.1.
    let heavy = written.sorted(by: >)[..<34].reduce(0, +)
    #expect(abs(Double(heavy) / 20_000 - 64.6 / 186.9) < 0.02, "\(heavy)")
    func mean(_ isMeant: (Int) -> Bool) -> Double {
      let members = written.indices.filter { isMeant(written[$0]) }
      return Double(members.reduce(0) { $0 + followers[$1] }) / Double(members.count)
    }
    #expect(mean { $0 > 100 } > 5 * mean { $0 > 0 && $0 < 100 })
    #expect(mean { $0 > 0 } > 3 * mean { $0 == 0 })
  }

  @Test func whatIsWrittenIsThere() throws {
    let after = try Aftermath(loadPlan(Self.dense))
    let items = after.newItems()
    let all = Set(after.items().map(\.id))
    #expect(items.count == after.total("microblog.messages") && items.count > 300)
    #expect(items.reduce(0) { $0 + Int($1.payload >> 32) } == after.total("microblog.messageBytes"))
    #expect(items.allSatisfy { (1...140).contains($0.payload >> 32) })
    #expect(items.count { $0.flags.contains(.isNegative) } == after.total("microblog.negativeMessages"))
    #expect(items.count { $0.parent != .none } == after.total("microblog.replies"))
    #expect(items.allSatisfy { $0.parent == .none || all.contains($0.parent) })
    let reposts = items.filter { $0.kind == 1 }
    #expect(reposts.count == after.total("microblog.reposts"))
    #expect(reposts.allSatisfy { (0..<300).contains($0.value) && $0.parent == .none })
    // Each answer and each message passed on is told to its author; nobody answers themselves.
    var told = [Int](repeating: 0, count: 2)
    for member in 0..<300 {
      for (item, kind, actor) in after.notifications(of: member) {
        #expect(actor == item.id.author.rawValue && actor != UInt32(member))
        if kind == DeliveryKind.reply.rawValue {
          #expect(item.parent.author.rawValue == UInt32(member))
          told[0] += 1
        } else {
          #expect(kind == DeliveryKind.reaction.rawValue && item.value == Int32(member))
          told[1] += 1
        }
      }
    }
    #expect(told[0] == items.count { $0.parent != .none })
    #expect(told[1] == reposts.count)
  }

  /// A timeline has the newest messages of those whom the reader follows then, and the reader's own: it begins to show whoever is
  /// followed, and shows no longer whom the reader has given up.
  @Test func timelinesAreOfThoseWhomOneFollows() throws {
    let plan = try loadPlan(Self.lively)
    let watcher = TimelineWatcher(plan, window: 30)
    let finished = try simulate(plan, backend: .blocking(WatchedBackend(watcher)))
    #expect(watcher.timelines > 300 && watcher.newlyShown > 100, "\(watcher.timelines), \(watcher.newlyShown)")
    #expect(finished.timeline.total("microblog.follows") > 50 && finished.timeline.total("microblog.unfollows") > 50)
  }

  /// A poll finds something when somebody who is followed has written since the last look, and only then.
  @Test func pollsFindWhatIsNew() throws {
    let mix = "services.microblog.mix={ readTimeline: 20, poll: 50, post: 2, reply: 2, repost: 1 }"
    let plan = try loadPlan(Self.lively, overrides: [mix])
    let watcher = TimelineWatcher(plan, window: 30)
    let finished = try simulate(plan, backend: .blocking(WatchedBackend(watcher)))
    let found = finished.timeline.total("microblog.newPolls")
    #expect(found == Int64(watcher.newPolls))
    #expect(found > 50 && found < finished.timeline.total("microblog.polls") * 9 / 10, "\(found)")
    let silent = try simulate(loadPlan(Self.lively, overrides: ["services.microblog.mix={ readTimeline: 1, poll: 1 }"]))
    #expect(silent.timeline.total("microblog.newPolls") == 0)
  }

  /// Who follows nobody is shown everybody's messages, of which none is the own that is answered.
  @Test func newcomersAreShownEverybodysMessages() throws {
    let after = try Aftermath(
      loadPlan(Self.dense, overrides: ["services.microblog.following=0", "services.microblog.mix={ readTimeline: 3, reply: 1 }"]))
    let replies = after.newItems()
    #expect(replies.count == after.total("microblog.replies") && replies.count > 300)
    #expect(replies.allSatisfy { $0.parent != .none && $0.parent.author != $0.id.author })
  }

  @Test func tiesAreMadeAndUndone() throws {
    func ties(_ mix: String) throws -> (before: Int, after: Aftermath, count: Int) {
      let plan = try loadPlan(Self.dense, overrides: ["services.microblog.mix=\(mix)", "services.microblog.actionsPerDay=4"])
      let after = try Aftermath(plan)
      let before = plan.dataset().history.operations.count { $0.verb == .connect }
      return (before, after, (0..<300).reduce(0) { $0 + after.ties(of: $1, MicroblogService.following).count })
    }
    let fewer = try ties("{ unfollow: 1 }")
    let unfollows = fewer.after.total("microblog.unfollows")
    // Two who are meant within a tick may be the same; who follows nobody (any more) can give up nobody.
    #expect(unfollows > 50, "\(unfollows)")
    #expect(fewer.before - fewer.count <= unfollows && fewer.before - fewer.count > unfollows * 8 / 10)
    let more = try ties("{ readTimeline: 1, follow: 1 }")
    let follows = more.after.total("microblog.follows")
    // Most of those who are met or popular are not followed yet.
    let made = more.count - more.before
    #expect(follows >= 50 && made > follows / 2 && made <= follows, "\(made) of \(follows)")
  }

  /// With nobody's message to be found, answers are messages by themselves.
  @Test func anEmptyMicroblogFills() throws {
    let after = try Aftermath(
      loadPlan(Self.dense, overrides: ["services.microblog.messages=0", "services.microblog.mix={ readTimeline: 1, reply: 1 }"]))
    let messages = after.newItems()
    #expect(messages.count == after.total("microblog.messages"))
    #expect(messages.contains { $0.parent == .none } && messages.contains { $0.parent != .none })
  }

  @Test func aPageIsMadeFromMoreThanItShows() throws {
    let error = #expect(throws: ConfigurationError.self) {
      try loadPlan(Self.day.replacing("{}", with: "{ feed: { window: 10 } }"))
    }
    let key = "test:6: services.microblog.feed.pageLength"
    #expect(error?.description == key + ": a page of 20 cannot be filled from a window of 10; lower it, or raise window")
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.dense, scale: 0.2))
    try digestsAgree(Self.dense, scale: 0.1)
  }
}
