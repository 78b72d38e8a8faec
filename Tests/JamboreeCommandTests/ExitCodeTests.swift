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
    #expect(checks.map { $0["passed"] as? Bool } == [false, true])
    // It was measured all the same, and kept.
    #expect(try place.run("show", "--results", "r.sqlite").out.contains("FAILED"))
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
    Refusal(what: "unknown option", arguments: ["--ranker", "hot?gravitas=1"], names: ["hot", "gravitas", "gravity"]),
    Refusal(what: "option out of range", arguments: ["--ranker", "hot?gravity=heavy"], names: ["gravity", "heavy"]),
    Refusal(what: "unknown option of a backend", arguments: ["--backend", "memory?size=1"], names: ["memory", "size"]),
    Refusal(what: "scale", arguments: ["--scale", "0"], names: ["--scale"]),
    Refusal(what: "workers", arguments: ["--workers", "0"], names: ["--workers"]),
    Refusal(what: "pace", arguments: ["--pace", "walk"], names: ["--pace", "walk"]),
    Refusal(what: "scale below 0", arguments: ["--scale", "-1"], names: ["--scale -1", "above 0"]),
    Refusal(what: "scale that is no number", arguments: ["--scale", "half"], names: ["--scale", "half", "a number above 0"]),
    Refusal(
      what: "seed that is too large", arguments: ["--seed", "99999999999999999999"], names: ["--seed", "18446744073709551615"]),
    Refusal(what: "workers below 0", arguments: ["--workers", "-2"], names: ["--workers", "256"]),
    Refusal(what: "location of a backend", arguments: ["--backend", "memory:/tmp/x"], names: ["memory", "no location", ":/tmp/x"]),
    Refusal(what: "location of a ranker", arguments: ["--ranker", "hot:1.8"], names: ["hot", "no location", ":1.8"]),
    Refusal(what: "empty value", arguments: ["--set", "tick="], names: ["--set tick=", "nothing stands after", "~"]),
    Refusal(
      what: "expectation of nothing", scenario: tiny + "\nexpect:\n  - { metric: jam.pageViewz, min: 3 }",
      names: ["s.yaml:11", "expect.0.metric", "did you mean 'jam.pageViews'", "jam.threadSize"]),
    Refusal(
      what: "expectation of a latency of nothing", scenario: tiny + "\nexpect:\n  - { metric: jam.readTread.p99Nanoseconds, max: 3 }",
      names: ["s.yaml:11", "did you mean 'jam.readThread.p99Nanoseconds'"]),
    Refusal(
      what: "misspelt section", scenario: tiny.replacingOccurrences(of: "services:", with: "servicez:"),
      names: ["s.yaml:6", "servicez", "did you mean 'services'"]),
    Refusal(
      what: "population that does not fit",
      arguments: ["--set", "population.members=100000000", "--set", "population.graph.meanDegree=9000"],
      names: ["population.members", "100,000,000", "memory", "--scale"]),
    Refusal(
      what: "control characters", arguments: ["--backend", "\u{1B}[31mred"], names: ["\\u{1b}[31mred", "known: memory"]),
    Refusal(what: "unknown flag", arguments: ["--frobnicate"], names: ["--frobnicate"]),
  ]

  /// Refused before anything is done: one message, nothing on standard output, and no file made.
  @Test(arguments: refusals) func refused(_ refusal: Refusal) throws {
    let place = try Workplace()
    let scenario = try place.write("s.yaml", refusal.scenario)
    let run = try place.run(["run", scenario, "--results", "r.sqlite", "--json"] + refusal.arguments)
    #expect(run.code == 64)
    #expect(run.out.isEmpty)
    #expect(run.err.split(separator: "\n").count == 1, "one message: \(run.err)")
    for name in refusal.names { #expect(run.err.contains(name), "'\(name)' is not in: \(run.err)") }
    #expect(place.files == ["s.yaml"])
  }

  /// Reading one would wait for ever.
  @Test func pipesAndDevicesAreNoScenarios() throws {
    let place = try Workplace()
    #expect(mkfifo(place.path("pipe"), 0o600) == 0)
    for path in ["pipe", "/dev/zero", "/dev/null", "."] {
      for command in [["scenarios", "validate", path], ["run", path]] {
        let refused = try place.run(command)
        #expect(refused.code == 64)
        #expect(refused.err.hasPrefix("jamboree: \(path): is a d"))
      }
    }
  }

  @Test func helpAboutNothing() throws {
    let place = try Workplace()
    let help = try place.run("help", "dance")
    #expect(help.code == 64 && help.err.contains("'dance'") && help.err.contains("compare"))
    #expect(try place.run("help", "run").out.contains("--scale"))
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
