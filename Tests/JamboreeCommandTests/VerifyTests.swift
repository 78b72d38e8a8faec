import Foundation
import Testing

@Suite struct VerifyTests {
  private func checks(_ object: [String: Any], _ section: String) -> [[String: Any]] {
    (object["checks"] as? [[String: Any]] ?? []).filter { $0["section"] as? String == section }
  }

  /// Holds a backend that keeps its data, and has sessions at once, against its claims.
  private func verify(_ backend: String, _ place: Workplace) throws -> (object: [String: Any], consistency: [[String: Any]]) {
    let run = try place.run("verify", backend, "--commits", "60", "--kills", "3", "--json")
    #expect(run.code == 0, "\(run.err)")
    let object = try run.object()
    #expect(object["passed"] as? Bool == true)
    #expect((object["claims"] as? [String: Any])?["isolation"] as? String == "serializable")
    #expect(checks(object, "conformance").count > 30)
    let durability = checks(object, "durability")
    #expect(durability.map { $0["result"] as? String } == ["passed"], "\(durability)")
    let consistency = checks(object, "consistency")
    #expect(consistency.count >= 12)
    return (object, consistency)
  }

  @Test func aServerThatIsNotThereBreaksNoClaim() throws {
    let told = try Workplace().run("verify", "postgres://u:SEKRET@127.0.0.1:1/db?connectTimeout=1")
    #expect(told.code == 69, "\(told.err)")
    #expect(told.err.contains("not reachable within 1 s") && !told.err.contains("SEKRET"))
    #expect(told.out.isEmpty)
  }

  @Test func sqliteKeepsWhatItClaims() throws {
    let place = try Workplace()
    let (object, consistency) = try verify("sqlite:data", place)
    let serial = "one stream of writes: serial by construction"
    for check in consistency {
      if ["G0", "G1c"].contains(check["name"] as? String) {
        #expect(check["result"] as? String == "skipped", "\(check)")
        #expect(check["message"] as? String == serial, "\(check)")
        continue
      }
      #expect(check["result"] as? String == "passed", "\(check)")
      #expect((check["commits"] as? NSNumber)?.intValue ?? 0 >= 60, "\(check)")
      if check["name"] as? String == "LU" { #expect(check["note"] as? String == serial) }
    }
    let durability = checks(object, "durability")
    #expect((durability.first?["commits"] as? NSNumber)?.intValue ?? 0 > 100)
    // What was made for it is gone.
    #expect(place.files.isEmpty)
  }

  /// Nothing of the server's is serial by construction, so nothing is skipped; and nothing is left there.
  @Test(.enabled(if: ThrowawayServer.isInstalled)) func postgresKeepsWhatItClaims() throws {
    let server = try ThrowawayServer()
    let (object, consistency) = try verify(server.address, Workplace())
    for check in consistency {
      #expect(check["result"] as? String == "passed" && check["note"] as? String == nil, "\(check)")
      #expect((check["commits"] as? NSNumber)?.intValue ?? 0 >= 60, "\(check)")
    }
    let durability = checks(object, "durability")
    #expect((durability.first?["commits"] as? NSNumber)?.intValue ?? 0 > 0)
    #expect(try server.ask("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'jamboree%'") == "0")
  }

  @Test func memoryClaimsLittle() throws {
    let run = try Workplace().run("verify", "memory")
    #expect(run.code == 0)
    #expect(run.out.contains("isolation none, durability none"))
    #expect(run.out.contains("skipped FR"))
    #expect(run.out.contains("the durability claimed is 'none'"))
    #expect(run.out.contains("memory keeps what it claims"))
  }

  /// With a commit a tick, what was acknowledged within it is lost with the process: the check sees it, and says so.
  @Test func aBrokenClaimIsTold() throws {
    let place = try Workplace()
    let run = try place.run("verify", "sqlite?groupCommit=tick", "--trust-options", "--commits", "1", "--kills", "3")
    #expect(run.code == 1)
    #expect(run.out.contains("FAILED  kill-9"))
    #expect(run.out.contains("acknowledged write 1 of"))
    #expect(run.out.contains("expected ok, got notFound"))
    #expect(run.out.contains("does NOT keep what it claims"))
  }

  /// That the data cannot be opened again is a finding like any other: a row, exit code 1, and the whole table around it.
  @Test func dataThatCannotBeOpenedAgainIsToldInTheTable() throws {
    let place = try Workplace()
    let arguments = ["verify", "sqlite:data", "--damage-files", "--commits", "1", "--kills", "2"]
    let run = try place.run(arguments + ["--json"])
    #expect(run.code == 1, "\(run.err)")
    let object = try run.object()
    #expect(object["passed"] as? Bool == false)
    let rows = checks(object, "durability")
    #expect(rows.map { $0["result"] as? String } == ["failed"])
    #expect((rows.first?["message"] as? String)?.contains("kill 1 of 2: sqlite: ") == true, "\(rows)")
    let told = try place.run(arguments)
    #expect(told.code == 1)
    #expect(told.out.contains("FAILED  kill-9"))
    #expect(told.out.contains("does NOT keep what it claims"))
    #expect(place.files.isEmpty)
  }

  /// So is a writer that cannot write any more before it is killed, as on a full disk.
  @Test func aWriterThatEndsByItselfIsToldInTheTable() throws {
    let place = try Workplace()
    let run = try place.shell("ulimit -f 1500; exec \"$0\" verify sqlite:data --commits 1 --kills 3 --json")
    #expect(run.code == 1, "\(run.err)")
    let rows = checks(try run.object(), "durability")
    #expect(rows.map { $0["result"] as? String } == ["failed"])
    #expect((rows.first?["message"] as? String)?.contains("ended by itself: jamboree: write") == true, "\(rows)")
  }

  @Test(arguments: [
    (["verify", "memry"], "did you mean 'memory'"), (["verify", "sqlite?synchronus=off"], "synchronus"),
    (["verify", "memory", "--commits", "0"], "--commits"), (["verify", "memory", "--sessions", "2"], "--sessions"), (["verify"], "backend"),
    (["verify", "sqlite:there"], "there.verify is there already"),
  ]) func badInput(arguments: [String], message: String) throws {
    let place = try Workplace()
    try FileManager.default.createDirectory(at: place.folder.appending(path: "there.verify"), withIntermediateDirectories: true)
    let run = try place.run(arguments)
    #expect(run.code == 64)
    #expect(run.err.contains(message), "\(run.err)")
    #expect(run.out.isEmpty)
    #expect(place.files == ["there.verify"])
  }

  @Test func aFolderThatCannotBeMade() throws {
    let run = try Workplace().run("verify", "sqlite:/nowhere/data")
    #expect(run.code == 74)
    #expect(run.err.contains("/nowhere/data.verify"))
  }
}
