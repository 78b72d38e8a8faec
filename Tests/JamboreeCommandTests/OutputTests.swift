import Foundation
import Testing

/// Standard output and standard error may be closed, full, or a pipe that nobody reads.
@Suite struct OutputTests {
  private static let full = "standard output cannot be written (No space left on device)"
  private static let closed = "standard output cannot be written (Bad file descriptor)"

  /// What goes to standard error is dropped: the run is made and kept.
  @Test(arguments: ["2>/dev/full", "2>&-", "2>&- <&-"]) func runsWithoutStandardError(_ redirection: String) throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    let run = try place.shell("\"$0\" run s.yaml --no-floor --results r.sqlite \(redirection)")
    #expect(run.code == 0)
    #expect(run.out.contains("verdict"))
    #expect((try place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [Any])?.count == 1)
    #expect(try place.shell("\"$0\" run nowhere.yaml \(redirection)").code == 64)
    #expect(try place.shell("\"$0\" run s.yaml --scale x \(redirection)").code == 64)
  }

  /// The run is kept, and the exit code says that nobody was told.
  @Test(arguments: [(">/dev/full", full), (">&-", closed)]) func runsWithoutStandardOutput(_ redirection: String, _ message: String) throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    for flags in ["", "--json"] {
      let run = try place.shell("\"$0\" run s.yaml --no-floor --results r.sqlite \(flags) \(redirection)")
      #expect(run.code == 74)
      #expect(run.err == "jamboree: \(message); send it to a file or a terminal that can\n")
    }
    #expect((try place.run("list", "--results", "r.sqlite", "--json").object()["runs"] as? [Any])?.count == 2)
  }

  @Test(arguments: [
    "--help", "--version", "help run", "backends", "rankers --json", "scenarios schema", "scenarios validate s.yaml",
    "scenarios describe s.yaml", "scenarios list .", "list", "list --json", "doctor", "bench recorder --operations 100 --runs 1",
  ])
  func nothingIsLostWithoutAWord(_ command: String) throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    let run = try place.shell("\"$0\" \(command) >/dev/full")
    #expect(run.code == 74)
    #expect(run.err.contains(Self.full))
    #expect(run.err.split(separator: "\n").count == 1)
  }

  /// Who closes the pipe has what it wanted.
  @Test func aPipeThatIsClosedIsNoCrash() throws {
    let place = try Workplace()
    let run = try place.shell("{ \"$0\" scenarios schema; echo $? >code; } | true")
    #expect(run.err.isEmpty)
    #expect(["0\n", "74\n"].contains(place.text("code")))
  }

  /// A file that may not grow is a full disk to the one who writes it, not a signal to die of.
  @Test func aFileSizeLimitIsAFullDisk() throws {
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    let run = try place.shell("ulimit -f 64; \"$0\" run s.yaml --no-floor --results r.sqlite --json")
    #expect(run.code == 74)
    #expect(run.err.contains("r.sqlite is full, or the file has reached its size limit"))
    #expect(run.out.isEmpty)
  }
}
