import Foundation
import Testing

@Suite struct FeedCommandTests {
  static let scenario = """
    name: feeds
    start: Tuesday 10:00
    duration: 1h
    population: { members: 300, employees: 300, graph: { meanDegree: 6 } }
    services:
      microblog:
        participation: 1
        actionsPerDay: 60
        actionsPerVisit: 20
        mix: { readTimeline: 30, poll: 10, post: 20, reply: 12, follow: 4, unfollow: 2 }
        writers: { share: 50% }
        messages: 500
    """

  /// The strategy is part of what was run: it is told of, kept, and gone on with.
  @Test func aStrategyIsKeptWithTheRun() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", Self.scenario)
    func run(_ arguments: String...) throws -> [String: Any] {
      let run = try place.run(["run", scenario, "--results", "r.sqlite", "--json", "--no-floor"] + arguments)
      #expect(run.code == 0, "\(run.err)")
      return try run.object()
    }
    let (pulled, pushed, hybrid) = (try run(), try run("--feed", "push"), try run("--feed", "hybrid:3"))
    let digests = Set([pulled, pushed, hybrid].compactMap { $0["digest"] as? String })
    #expect(digests.count == 3)
    #expect(pulled["totals"] as? NSDictionary == pushed["totals"] as? NSDictionary)
    #expect(pulled["totals"] as? NSDictionary == hybrid["totals"] as? NSDictionary)
    let latency = try #require(pushed["latency"] as? [String: Any])
    #expect(latency["feed.deliver"] != nil && latency["feed.backfill"] != nil)
    #expect((pulled["latency"] as? [String: Any])?["feed.deliver"] == nil)
    func figure(_ name: String, _ run: [String: Any]) -> Double { ((run["metrics"] as? [String: Any])?[name] as? NSNumber)?.doubleValue ?? -1 }
    #expect(figure("feed.storageCallsPerRead", pulled) > 1.9 && figure("feed.writeAmplification", pulled) == 0)
    #expect(figure("feed.writeAmplification", pushed) > figure("feed.writeAmplification", hybrid))
    #expect(figure("feed.writeAmplification", hybrid) > 0 && figure("feed.inboxBytes", hybrid) > 0)
    #expect(figure("feed.timeToVisibleSeconds", pushed) > 0 && figure("feed.timeToVisibleSeconds", pushed) < 5)
    // The key of the scenario does what the flag does.
    #expect(try run("--set", "feed.strategy=push")["digest"] as? String == pushed["digest"] as? String)
    let described = try place.run("scenarios", "describe", scenario, "--feed", "hybrid:3")
    #expect(described.out.contains("hybrid") && described.code == 0, "\(described.err)")
  }

  /// Who measures hybrid where nobody is pulled has measured push: the run says so.
  @Test func hybridWithoutAnybodyToPullSaysThatItIsPush() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", Self.scenario)
    func run(_ feed: String) throws -> (text: String, pulled: Double?) {
      let run = try place.run("run", scenario, "--results", "r.sqlite", "--no-floor", "--feed", feed)
      #expect(run.code == 0, "\(run.err)")
      let shown = try place.run("show", "last", "--results", "r.sqlite", "--json").object()
      return (run.out, (shown["metrics"] as? [String: NSNumber])?["feed.pulledAuthors"]?.doubleValue)
    }
    let (pull, push, both, alone) = (try run("pull"), try run("push"), try run("hybrid:3"), try run("hybrid:5000"))
    #expect(alone.text.contains("hybrid:5000, which was push alone as nobody had more than 5,000 followers: "))
    #expect(![pull, push, both].contains { $0.text.contains("push alone") })
    #expect(pull.pulled == nil && push.pulled == 0 && alone.pulled == 0)
    #expect(try #require(both.pulled) > 0)
  }

  @Test func aKilledRunGoesOnWithItsStrategy() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", Self.scenario)
    let flags = ["--feed", "push", "--set", "population.members=7000", "--set", "population.employees=7000", "--json", "--no-floor"]
    let run = try place.start(["run", scenario, "--results", "r.sqlite", "--checkpoint-nanoseconds", "50000000", "--backend", "sqlite:data.sqlite"] + flags)
    func measured() throws -> Int {
      let listed = try? place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [[String: Any]]
      return (listed?.first?["operations"] as? NSNumber)?.intValue ?? 0
    }
    while run.process.isRunning, try measured() < 20_000 { usleep(100_000) }
    #expect(run.process.isRunning)
    kill(run.process.processIdentifier, SIGKILL)
    _ = try run.finish()
    let resumed = try place.run("run", "--resume", "last", "--results", "r.sqlite", "--json", "--no-floor")
    #expect(resumed.code == 0, "\(resumed.err)")
    let whole = try place.run(["run", scenario, "--results", "whole.sqlite"] + flags)
    #expect(try resumed.object()["digest"] as? String == whole.object()["digest"] as? String)
    func figures(_ run: Finished) throws -> [String: NSNumber] {
      (try run.object()["metrics"] as? [String: NSNumber] ?? [:]).filter { $0.key.hasPrefix("feed.") }
    }
    #expect(try figures(resumed) == figures(whole))
  }

  @Test func theBenchmarkPrintsWhereTheyCross() throws {
    let arguments = ["bench", "feed", "--followers", "1,40", "--looks", "300", "--posts", "20", "--following", "3", "--threshold", "10", "--runs", "1"]
    let json = try Workplace().run(arguments + ["--json"])
    #expect(json.code == 0, "\(json.err)")
    let points = try #require(try json.object()["points"] as? [[String: Any]])
    #expect(points.map { $0["strategy"] as? String } == ["pull", "push", "hybrid:10", "pull", "push", "hybrid:10"])
    let recipients = points.map { ($0["writeAmplification"] as? NSNumber)?.doubleValue }
    #expect(recipients == [0, 1, 1, 0, 40, 0])
    let calls = points.map { ($0["storageCallsPerRead"] as? NSNumber)?.doubleValue }
    #expect(calls == [2, 1, 1, 2, 1, 2])
    #expect((try json.object()["crossovers"] as? [Any])?.count == 2)
    let text = try Workplace().run(arguments)
    #expect(text.out.contains("looks a post") && text.out.contains("hybrid:10"))
  }
}
