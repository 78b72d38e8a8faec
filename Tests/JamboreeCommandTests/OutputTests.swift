import Foundation
import Testing

/// Where output goes that cannot be written.
@Suite struct OutputTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    return place
  }

  /// Progress and messages are for people, who may have closed the terminal: the run is made and kept.
  @Test(arguments: ["2>/dev/full", "2>&-", "2>&- <&-"]) func aRunNeedsNoStandardError(_ redirection: String) throws {
    let place = try place()
    let run = try place.shell("run s.yaml --no-floor --results r.sqlite --json \(redirection)")
    #expect(run.code == 0)
    #expect(try run.object()["verdict"] != nil)
    #expect((try place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [Any])?.count == 1)
    #expect(try place.shell("run nowhere.yaml \(redirection)").code == 64)
  }

  /// A result that nobody got is not a success.
  @Test(arguments: [">/dev/full", ">&-"]) func lostOutputIsAnError(_ redirection: String) throws {
    let place = try place()
    for command in ["run s.yaml --no-floor --results r.sqlite", "run s.yaml --no-floor --results r.sqlite --json"] {
      let run = try place.shell("\(command) \(redirection)")
      #expect(run.code == 74)
      #expect(run.err.contains("cannot write to standard output (No space left on device)"))
    }
    // What was measured is kept all the same, and nothing was printed into the file.
    #expect((try place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [Any])?.count == 2)
    for command in ["list --results r.sqlite", "show --results r.sqlite", "scenarios schema", "backends", "--help", "--version"] {
      #expect(try place.shell("\(command) \(redirection)").code == 74, "\(command)")
    }
  }

  /// Who reads has had enough.
  @Test func brokenPipesEndQuietly() throws {
    let place = try place()
    let run = try place.shell("scenarios schema | head -c 1; true")
    #expect(run.err.isEmpty)
    #expect(run.out == "{")
  }

  @Test func filesThatMayNotGrow() throws {
    let place = try place()
    let run = try Started(
      program: URL(filePath: "/bin/sh"),
      arguments: ["-c", "ulimit -f 40; exec '\(Workplace.programPath)' run s.yaml --no-floor --results r.sqlite"], folder: place.folder
    ).finish()
    #expect(run.code == 74)
    #expect(run.err.contains("r.sqlite is full, or the file has reached its size limit"))
  }

  @Test func readersLeaveNothingBehind() throws {
    let place = try place()
    #expect(try place.run("run", "s.yaml", "--no-floor", "--results", "r.sqlite").code == 0)
    for command in [["list"], ["show", "last"]] {
      #expect(try place.run(command + ["--results", "r.sqlite"]).code == 0)
      #expect(place.files == ["r.sqlite", "s.yaml"])
    }
  }
}
