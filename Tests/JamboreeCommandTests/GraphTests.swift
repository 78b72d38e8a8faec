import Foundation
import Testing

@Suite struct GraphTests {
  private static let edges = "# a ring of five, one edge twice, one back, one to itself\n1\t2\n2\t3\n3\t4\n4\t5\n5\t1\n1\t2\n2\t1\n3\t3\n"

  private static func scenario(members: Int = 50, graph: String = "{ file: g.txt }") -> String {
    tiny.replacingOccurrences(of: "members: 80, employees: 80, graph: { meanDegree: 0 }", with: "members: \(members), graph: \(graph)")
  }

  @Test func aRunTellsWhatWasFoundInTheFile() throws {
    let place = try Workplace()
    try FileManager.default.createDirectory(at: place.folder.appending(path: "s"), withIntermediateDirectories: true)
    _ = try place.write("s/g.txt", Self.edges)
    _ = try place.write("s/s.yaml", Self.scenario())
    // Seen from the scenario's folder, wherever the command is given.
    let run = try place.run("run", "s/s.yaml", "--results", "r.sqlite")
    #expect(run.code == 0, "\(run.err)")
    #expect(run.out.contains("5 nodes, 6 edges from a file; dropped 1 duplicate and 1 self edges"))
    let metrics = try place.run("show", "--results", "r.sqlite", "--json").object()["metrics"] as? [String: Any]
    #expect((metrics?["population.graph.listedEdges"] as? NSNumber)?.intValue == 8)
    #expect((metrics?["population.graph.reversedEdges"] as? NSNumber)?.intValue == 1)
    // What a flag names is seen from where it is given.
    _ = try place.write("other.txt", "1 2\n")
    let other = try place.run("run", "s/s.yaml", "--set", "population.graph.file=other.txt", "--results", "r.sqlite")
    #expect(other.out.contains("2 nodes, 1 edges"))
  }

  @Test(arguments: [
    (50, "{ file: nix.txt }", [String](), "nix.txt: no such file; in a scenario it is relative to the scenario's folder"),
    (50, "{ file: \".\" }", [], "is a directory"),
    (50, "{ file: g.txt, meanDegree: 8 }", [], "has no meaning for a graph from a file"),
    (50, "{ mutual: true }", [], "there is no file"),
    (50, "{ file: g.txt }", ["--scale", "0.5"], "cannot be scaled by 0.5"),
    (4, "{ file: g.txt }", [], "has 5 nodes, and there are but 4 members"),
    (50, "{ file: s.yaml }", [], "s.yaml:1: expected two whole numbers"),
  ]) func refused(members: Int, graph: String, flags: [String], message: String) throws {
    let place = try Workplace()
    _ = try place.write("g.txt", Self.edges)
    let scenario = try place.write("s.yaml", Self.scenario(members: members, graph: graph))
    let run = try place.run(["run", scenario, "--results", "r.sqlite"] + flags)
    #expect(run.code == 64)
    #expect(run.err.contains("s.yaml:"))
    #expect(run.err.contains("population.graph."))
    #expect(run.err.contains(message), "\(run.err)")
    #expect(run.err.split(separator: "\n").count == 1)
  }

  /// The scenario's text is in the result file, the graph beside the scenario.
  @Test func anInterruptedRunFindsItsGraphAgain() throws {
    let place = try Workplace()
    try FileManager.default.createDirectory(at: place.folder.appending(path: "s"), withIntermediateDirectories: true)
    _ = try place.write("s/g.txt", Self.edges)
    _ = try place.write("s/s.yaml", Self.scenario(members: 15_000))
    let run = try place.start(["run", "s/s.yaml", "--results", "r.sqlite", "--json", "--no-floor", "--checkpoint-nanoseconds", "50000000"])
    while run.process.isRunning, run.userSeconds < 1.5 { usleep(10_000) }
    kill(run.process.processIdentifier, SIGKILL)
    _ = try run.finish()
    let resumed = try place.shell("cd / && \"$0\" run --resume last --results '\(place.path("r.sqlite"))' --json --no-floor")
    #expect(resumed.code == 0, "\(resumed.err)")
    let whole = try place.run("run", "s/s.yaml", "--results", "whole.sqlite", "--json", "--no-floor")
    #expect(try resumed.object()["digest"] as? String == whole.object()["digest"] as? String)
  }

  @Test func graphsAreDescribed() throws {
    let place = try Workplace()
    _ = try place.write("g.txt", Self.edges)
    let text = try place.run("bench", "graph", "--file", "g.txt", "--describe", "--runs", "1")
    #expect(text.code == 0)
    for line in [
      "5 members, 6 edges", "components: 1, the largest has 5 members", "clustering: mean 0.00",
      "9 lines (1 comments", "dropped: 1 duplicate and 1 self edges; kept: 1 pairs that are listed in both directions",
    ] { #expect(text.out.contains(line), "\(line)") }
    let json = try place.run("bench", "graph", "--file", "g.txt", "--mutual", "--describe", "--write", "w.txt", "--runs", "1", "--json").object()
    #expect((json["edges"] as? NSNumber)?.intValue == 10)
    #expect((json["components"] as? NSNumber)?.intValue == 1)
    #expect(((json["import"] as? [String: Any])?["selfEdges"] as? NSNumber)?.intValue == 1)
    #expect(place.text("w.txt").hasPrefix("# 5 nodes, 10 directed edges\n# FromNodeId\tToNodeId\n0\t1\n0\t4\n"))
    let scenario = try place.write("s.yaml", Self.scenario())
    let ofScenario = try place.run("bench", "graph", "--scenario", scenario, "--describe", "--runs", "1", "--json").object()
    #expect((ofScenario["members"] as? NSNumber)?.intValue == 50)
    #expect((ofScenario["isolatedMembers"] as? NSNumber)?.intValue == 45)
  }

  @Test(arguments: [
    (["--file", "g.txt", "--members", "5"], "each name a graph"), (["--mutual"], "add --file"), (["--file", ""], "names nothing"),
    (["--file", "nix.txt"], "nix.txt: no such file"), (["--scenario", "nix.yaml"], "nix.yaml: no such file"),
    (["--members", "5", "--write", "/nowhere/g.txt"], "/nowhere/g.txt: cannot be written"),
  ]) func badFlags(flags: [String], message: String) throws {
    let run = try Workplace().run(["bench", "graph"] + flags)
    #expect(run.code == (flags.contains("--write") ? 74 : 64))
    #expect(run.err.contains(message), "\(run.err)")
    #expect(run.out.isEmpty)
  }
}
