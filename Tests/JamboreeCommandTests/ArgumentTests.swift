import Foundation
import Testing

/// Flags and arguments that are wrong: one line each, which says what would be right.
@Suite struct ArgumentTests {
  @Test(arguments: [
    (["run", "s.yaml", "--scale", "-1"], ["'-1'", "--scale", "above 0 and at most 100", "'jamboree run --help'"]),
    (["run", "s.yaml", "--scale", "nan"], ["'nan'", "--scale", "above 0 and at most 100"]),
    (["run", "s.yaml", "--scale", "much"], ["'much'", "--scale", "above 0 and at most 100"]),
    (["run", "s.yaml", "--seed", "99999999999999999999"], ["--seed", "from 0 to 18446744073709551615"]),
    (["run", "s.yaml", "--seed", "-1"], ["'-1'", "--seed", "from 0 to 18446744073709551615"]),
    (["run", "s.yaml", "--workers", "257"], ["'257'", "--workers", "from 1 to 256"]),
    (["run", "s.yaml", "--workers", "99999999999999999999"], ["--workers", "from 1 to 256"]),
    (["run", "s.yaml", "--feed", "sideways"], ["'sideways'", "--feed", "pull, push, hybrid or hybrid:THRESHOLD"]),
    (["run", "s.yaml", "--feed", "hybrid:-1"], ["'hybrid:-1'", "--feed", "from 0 to 100000000"]),
    (["run", "s.yaml", "--feed", "push:3"], ["'push:3'", "--feed"]),
    (["run", "--resume", "last", "--feed", "push"], ["--resume", "leave out --feed"]),
    (["bench", "feed", "--followers", "10,x"], ["'10,x'", "--followers", "from 1 to 1000000"]),
    (["run"], ["<scenario>", "'jamboree run --help'"]),
    (["run", "s.yaml", "t.yaml"], ["unexpected argument 't.yaml'"]),
    (["run", "s.yaml", "--frobnicate"], ["'--frobnicate'", "'jamboree run --help'"]),
    (["run", "s.yaml", "--results", ""], ["--results ''", "Results/jamboree.sqlite"]),
    (["list", "--results", ""], ["--results ''", "Results/jamboree.sqlite"]),
    (["baseline", "list", "--baselines", ""], ["--baselines ''", "Results/baselines"]),
    (["baseline", "show", "main", "--baselines", ""], ["--baselines ''", "Results/baselines"]),
    (["bench", "exec", "--ranker", "exec:a", "--ranker", "exec:b"], ["--ranker is given more than once"]),
    (["list", "--limit", "0"], ["'0'", "--limit", "1 or more"]),
    (["list", "--limit", "-3"], ["'-3'", "--limit", "1 or more"]),
    (["compare", "last"], ["two runs", "'jamboree list'"]),
    (["bench", "phold", "--mean", "0.01"], ["--mean 0.01", "--lookahead", "0.1"]),
    (["bench", "recorder", "--runs", "0"], ["--runs", "from 1 to 1000"]),
    (["bench", "population", "--members", "-5"], ["--members", "from 1 to 100000000"]),
    (["run", "s.yaml", "--seed", "1", "--seed", "2"], ["--seed is given more than once; keep one"]),
    (["run", "s.yaml", "--seed=1", "--seed=1"], ["--seed is given more than once"]),
    (["run", "s.yaml", "--rate", "5/s", "--rate", "6/s", "--duration", "2s"], ["--rate is given more than once"]),
    (["dance"], ["'dance'", "'jamboree --help'"]),
    (["help", "bogus"], ["'bogus'", "known: run, list"]),
    (["help", "scenarios", "lits"], ["'lits'", "did you mean 'list'"]),
  ])
  func refused(_ arguments: [String], _ names: [String]) throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    let run = try place.run(arguments)
    #expect(run.code == 64)
    #expect(run.out.isEmpty)
    #expect(run.err.hasPrefix("jamboree: "))
    #expect(run.err.split(separator: "\n").count == 1, "\(run.err)")
    for name in names { #expect(run.err.contains(name), "'\(name)' is not in: \(run.err)") }
    #expect(place.files == ["s.yaml"])
  }

  /// Overrides are meant to be given often.
  @Test func overridesMayBeRepeated() throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    let run = try place.run("run", "s.yaml", "--set", "seed=3", "--set", "services.jam.forums=1", "--no-floor", "--results", "r.sqlite", "--json")
    #expect(run.code == 0)
    #expect(try run.object()["seed"] as? Int == 3)
  }

  @Test func helpOfKnownCommands() throws {
    let place = try Workplace()
    for command in [["help"], ["help", "run"], ["help", "bench", "phold"], ["help", "help"], ["run", "--help"]] {
      let help = try place.run(command)
      #expect(help.code == 0)
      #expect(help.out.contains("USAGE: jamboree"))
    }
  }
}
