import Foundation
import Testing

@Suite struct ExitCodeTests {
  @Test func zeroWhenAllHeld() throws {
    let place = try Workplace()
    let run = try place.run("run", Workplace.smoke, "--scale", "0.05", "--results", "r.sqlite")
    #expect(run.code == 0)
    #expect(run.out.contains("expectation"))
    #expect(run.out.contains("jam.participants"))
    // The folder holds the one file, and nothing that SQLite needs while it works.
    #expect(place.files == ["r.sqlite"])
  }

  @Test func oneWhenAnExpectationFailed() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny + "\nexpect:\n  - { metric: jam.sessions, value: 5 }\n  - { metric: jam.participants, value: 50 }")
    let run = try place.run("run", scenario, "--results", "r.sqlite", "--json")
    #expect(run.code == 1)
    let checks = try #require(try run.object()["expectations"] as? [[String: Any]])
    #expect(checks.map { $0["name"] as? String } == ["jam.sessions", "jam.participants"])
    // Far above what noise explains is wrong, however little of it was expected.
    #expect(checks.map { $0["passed"] as? Bool } == [false, true])
    // It was measured all the same, and kept; looking at it leaves nothing beside the file.
    #expect(try place.run("show", "--results", "r.sqlite").out.contains("FAILED"))
    #expect(place.files == ["r.sqlite", "s.yaml"])
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let what: String
    /// The scenario, if it is not the tiny one.
    var scenario = tiny
    var arguments: [String] = []
    /// What the message must name.
    let names: [String]
    var testDescription: String { what }
  }

  static let refusals: [Refusal] = [
    Refusal(what: "unknown key", scenario: tiny + "\nduratoin: 3h", names: ["s.yaml:10", "duratoin", "did you mean 'duration'"]),
    Refusal(what: "unknown service", scenario: tiny + "\n  jan: {}", names: ["s.yaml:10", "services.jan", "did you mean 'jam'"]),
    Refusal(
      what: "unknown key of a service", scenario: tiny.replacingOccurrences(of: "forums: 2", with: "forumz: 2"),
      names: ["s.yaml:8", "services.jam.forumz", "did you mean 'forums'"]),
    Refusal(
      what: "wrong type", scenario: tiny.replacingOccurrences(of: "forums: 2", with: "forums: many"),
      names: ["s.yaml:8", "services.jam.forums", "many"]),
    Refusal(
      what: "out of range", scenario: tiny.replacingOccurrences(of: "forums: 2", with: "forums: 0"),
      names: ["s.yaml:8", "services.jam.forums", "1"]),
    Refusal(what: "no YAML", scenario: "name: [", names: ["s.yaml:"]),
    Refusal(what: "unknown key in a flag", arguments: ["--set", "services.jam.forumz=3"], names: ["--set", "forumz"]),
    Refusal(what: "wrong type in a flag", arguments: ["--set", "services.jam.forums=many"], names: ["--set", "forums", "many"]),
    Refusal(what: "unknown backend", arguments: ["--backend", "memry"], names: ["backend 'memry'", "memory", "jamboree backends"]),
    Refusal(what: "unknown ranker", arguments: ["--ranker", "warm"], names: ["ranker 'warm'", "hot", "jamboree rankers"]),
    Refusal(what: "unknown ranker of a scenario", scenario: tiny + "\nranker: { id: warm }", names: ["s.yaml:10", "ranker.id", "ranker 'warm'", "hot"]),
    Refusal(what: "wrong option in a scenario", scenario: tiny + "\nranker:\n  id: top\n  options:\n    z: 11",
      names: ["s.yaml:13", "ranker.options.z", "'11'", "from 0 to 10"]),
    Refusal(what: "wrong option of a base ranker", arguments: ["--ranker", "diversified?base=top&base.gravity=2"],
      names: ["ranker 'diversified', base 'top' has no option 'gravity'", "it takes z"]),
    Refusal(what: "location of a backend", arguments: ["--backend", "memory:/path"], names: ["'memory' takes no location", "':/path'"]),
    Refusal(what: "nothing after the colon", arguments: ["--backend", "memory:"], names: ["'memory:'", "colon"]),
    Refusal(what: "location of a ranker", arguments: ["--ranker", "hot:foo"], names: ["'hot' takes no location", "':foo'"]),
    Refusal(what: "control characters", arguments: ["--backend", "mem\u{1B}[31mory"], names: ["'mem\\u{1b}[31mory'", "known: memory, null"]),
    Refusal(what: "no backend", arguments: ["--backend", ""], names: ["backend ''", "memory"]),
    Refusal(what: "no value", arguments: ["--set", "seed="], names: ["--set seed=", "~"]),
    Refusal(what: "no override", arguments: ["--set", ""], names: ["--set ''", "key.path=value"]),
    Refusal(what: "a mistyped required key", scenario: tiny.replacingOccurrences(of: "services:", with: "servicez:"),
      names: ["s.yaml:6", "unknown key 'servicez'", "did you mean 'services'"]),
    Refusal(what: "an expectation of nothing", scenario: tiny + "\nexpect:\n  - { metric: jam.pageVeiws, min: 1 }",
      names: ["s.yaml:11", "expect.0.metric", "'jam.pageVeiws'", "did you mean 'jam.pageViews'"]),
    Refusal(what: "an expectation of something else", scenario: tiny + "\nexpect: [{ metric: happiness, min: 1 }]",
      names: ["s.yaml:10", "'happiness'", "known: ", "jam.posts", "jam.threadSize", "jam.join.p99Nanoseconds"]),
    Refusal(what: "an expectation in a flag", arguments: ["--set", "expect.0.metric=jam.poost", "--set", "expect.0.min=1"],
      names: ["--set expect.0.metric=jam.poost", "did you mean 'jam.posts'"]),
    Refusal(what: "more relations than memory",
      arguments: ["--set", "population.members=100000000", "--set", "population.graph.meanDegree=10000"],
      names: ["population.graph.meanDegree", "100,000,000 members", "GiB", "this machine has", "--scale"]),
    Refusal(what: "unknown option", arguments: ["--ranker", "hot?gravitas=1"], names: ["hot", "gravitas", "gravity"]),
    Refusal(what: "option out of range", arguments: ["--ranker", "hot?gravity=heavy"], names: ["gravity", "heavy"]),
    Refusal(what: "unknown option of a backend", arguments: ["--backend", "memory?size=1"], names: ["memory", "size"]),
    Refusal(what: "scale", arguments: ["--scale", "0"], names: ["--scale"]),
    Refusal(what: "workers", arguments: ["--workers", "0"], names: ["--workers"]),
    Refusal(what: "pace", arguments: ["--pace", "walk"], names: ["--pace", "walk"]),
    Refusal(what: "unknown flag", arguments: ["--frobnicate"], names: ["--frobnicate"]),
  ]

  /// Refused before anything is done: one message, nothing on standard output, and no file made.
  @Test(arguments: refusals) func refused(_ refusal: Refusal) throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", refusal.scenario)
    let run = try place.run(["run", scenario, "--results", "r.sqlite", "--json"] + refusal.arguments)
    #expect(run.code == 64)
    #expect(run.out.isEmpty)
    #expect(run.err.split(separator: "\n").count == 1)
    for name in refusal.names { #expect(run.err.contains(name), "'\(name)' is not in: \(run.err)") }
    #expect(place.files == ["s.yaml"])
  }

  /// Where the address space is limited, as in a small container, fewer members are too many.
  @Test func moreMembersThanMemory() throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    let run = try place.shell("ulimit -v 4000000; \"$0\" run s.yaml --set population.members=90000000 --results r.sqlite")
    #expect(run.code == 64)
    for name in ["--set population.members=90000000", "population.members", "GiB", "use --scale 0.1"] {
      #expect(run.err.contains(name), "'\(name)' is not in: \(run.err)")
    }
    for bench in ["population --mean-degree 100", "graph --mean-degree 100", "scheduler", "phold", "start s.yaml"] {
      let refused = try place.shell("ulimit -v 4000000; \"$0\" bench \(bench) --members 100000000")
      #expect(refused.code == 64)
      #expect(refused.err.contains("--members 100000000") && refused.err.contains("lower --members"), "\(refused.err)")
    }
    let feed = try place.shell("ulimit -v 4000000; \"$0\" bench feed --followers 10,1000000 --following 1000")
    #expect(feed.code == 64)
    #expect(feed.err.contains("lower --followers or --following"), "\(feed.err)")
    #expect(place.files == ["s.yaml"])
  }

  /// What services load beforehand may be more than the members are.
  @Test(arguments: [
    ("social-blue", "services.network.itemsPerMember=1000", "53,000,000 items at the start take about"),
    ("blog-central", "services.blogs.seedPostsPerBlog=1000", "17,000,000 items at the start take about"),
    ("blue-twit", "services.microblog.messages=10000000", "10,000,000 items at the start take about"),
  ]) func moreAtTheStartThanMemory(_ name: String, _ flag: String, _ message: String) throws {
    let place = try Workplace()
    let scenario = Workplace.smoke.replacingOccurrences(of: "smoke", with: name)
    let run = try place.shell("ulimit -v 4000000; \"$0\" run \(scenario) --set \(flag) --results r.sqlite")
    #expect(run.code == 64)
    let key = flag.prefix { $0 != "=" }
    for part in ["--set \(flag): \(key): \(message)", "this machine has", "lower it, or use a smaller --scale"] {
      #expect(run.err.contains(part), "'\(part)' is not in: \(run.err)")
    }
    #expect(place.files.isEmpty)
  }

  /// Every name that a run reports may be expected of it: the names that are known before must keep up with those after.
  @Test func everythingThatIsMeasuredMayBeExpected() throws {
    let place = try Workplace()
    let run = try place.run("run", Workplace.smoke, "--scale", "0.1", "--results", "r.sqlite", "--json", "--no-floor").object()
    var names = ["operations", "errors", "operationsPerSecond", "wallSeconds"]
    for key in ["totals", "metrics"] { names += try #require(run[key] as? [String: Any]).keys }
    for key in ["latency", "storage", "ranking"] { names += try #require(run[key] as? [String: Any]).keys.map { $0 + ".p99Nanoseconds" } }
    #expect(names.count > 40)
    let expectations = names.map { "  - { metric: \($0), min: -1e300 }\n" }.joined()
    let scenario = try place.write("s.yaml", tiny + "\nexpect:\n" + expectations)
    let checked = try place.run("scenarios", "validate", scenario)
    #expect(checked.code == 0, "\(checked.err)")
    // The mood needs eight hours to turn, and may or may not.
    let long = tiny.replacingOccurrences(of: "duration: 1h", with: "duration: 9h") + "\nexpect: [{ metric: jam.moodTurn, min: 0 }]"
    #expect(try place.run("scenarios", "validate", place.write("long.yaml", long)).code == 0)
  }

  /// A pipe without a writer would be waited for until the end of days.
  @Test func pipesAndDevicesAreNoScenarios() throws {
    let place = try Workplace()
    #expect(mkfifo(place.path("pipe.yaml"), 0o600) == 0)
    let checked = try place.run("scenarios", "validate", "pipe.yaml", "/dev/zero", "/dev/stdin", ".")
    #expect(checked.code == 64)
    #expect(checked.err.split(separator: "\n").count == 4)
    #expect(try place.run("run", "pipe.yaml").code == 64)
    #expect(try place.run("scenarios", "list", ".").out.contains("is no plain file"))
    #expect(try place.run("scenarios", "list", "").err == "jamboree: '': no such folder; name one with scenario files\n")
    #expect(try place.run("scenarios", "list", "pipe.yaml").err.contains("is no folder"))
  }

  /// What a file says may be meant for the terminal; it is shown instead.
  @Test func controlCharactersAreShown() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny.replacingOccurrences(of: "fifty people", with: "\"\\e[31mred\""))
    let run = try place.run("run", scenario, "--no-floor", "--results", "r.sqlite")
    #expect(run.out.contains("\\u{1b}[31mred") && !run.out.contains("\u{1B}"))
    for command in [["scenarios", "list", "."], ["scenarios", "describe", scenario], ["show", "\u{1B}[31m", "--results", "r.sqlite"]] {
      let ended = try place.run(command)
      #expect(!ended.out.contains("\u{1B}") && !ended.err.contains("\u{1B}"))
    }
  }

  @Test func missingFiles() throws {
    let place = try Workplace()
    let run = try place.run("run", "nowhere.yaml", "--results", "r.sqlite")
    #expect(run.code == 64)
    #expect(run.err.contains("nowhere.yaml"))
    for command in [["show", "last"], ["compare", "last", "last~1"], ["list"]] {
      let read = try place.run(command + ["--results", "nowhere.sqlite"])
      #expect(read.code == 64)
      #expect(read.err.contains("nowhere.sqlite"))
    }
    #expect(place.files.isEmpty)
  }

  @Test func foreignResultFilesAreLeftAlone() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    let text = try place.write("diary.txt", "dear diary, " + String(repeating: "nothing happened. ", count: 100))
    let before = place.text("diary.txt")
    for command in [["run", scenario], ["list"], ["show"], ["compare", "last", "last~1"]] {
      let refused = try place.run(command + ["--results", text])
      #expect(refused.code == 64)
      #expect(refused.err.contains("diary.txt"))
      #expect(refused.out.isEmpty)
    }
    #expect(place.text("diary.txt") == before)
    #expect(place.files == ["diary.txt", "s.yaml"])
  }

  @Test func unwritableResults() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    // Nobody, not even root, makes files in these; a folder is no file, and neither is one below a file.
    for results in ["/proc/jamboree/r.sqlite", "/proc/r.sqlite", ".", "s.yaml/r.sqlite"] {
      let run = try place.run("run", scenario, "--results", results, "--json")
      #expect(run.code == 74, "\(results): \(run.err)")
      #expect(run.err.contains(results))
      #expect(run.out.isEmpty)
    }
    #expect(place.files == ["s.yaml"])
  }

  @Test func unknownRuns() throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    #expect(try place.run("run", scenario, "--results", "r.sqlite", "--no-floor").code == 0)
    for name in ["last~1", "zzzz", "no such run"] {
      let shown = try place.run("show", name, "--results", "r.sqlite")
      #expect(shown.code == 64)
      #expect(shown.err.contains(name))
    }
    #expect(try place.run("compare", "last", "--results", "r.sqlite").code == 64)
  }
}
