import Foundation
import JamboreeKit
import Testing

/// What a load tells of a server that fails under it: the run goes on to its end, says what happened, and what was acknowledged is
/// there.
@Suite(.serialized, .enabled(if: ThrowawayServer.isInstalled)) struct LoadFaultTests {
  @Test func aServerThatIsKilledAndComesBack() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try trial.start(server.address, rate: 300, duration: "6s", ["--json"])
    try trial.waitUntilMeasured(run)
    server.killPostmaster()
    try server.restart()
    let ended = try run.finishInTime()
    try expectRecovery(ended, trial)
    #expect(try ToldLoad(ended).metric("audit.acknowledgedWrites") ?? 0 > 0)
  }

  @Test func connectionsThatAreResetInFlight() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try trial.start(server.address, rate: 300, duration: "4s", ["--json"])
    try trial.waitUntilMeasured(run)
    // More than once, so that some of them have something under way.
    for _ in 0..<5 {
      try server.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'jamboree %'")
      usleep(100_000)
    }
    try expectRecovery(run.finishInTime(), trial)
  }

  /// It was away, it is back, and nothing is lost.
  private func expectRecovery(_ ended: Finished, _ trial: LoadTrial, _ location: SourceLocation = #_sourceLocation) throws {
    let told = try ToldLoad(ended)
    #expect(ended.code == told.code, "\(ended.err)", sourceLocation: location)
    #expect(told.outcome("unavailable") > 0, sourceLocation: location)
    let end = try #require(told.outages.last?.end, "\(told.outages)", sourceLocation: location)
    #expect(told.outages.allSatisfy { $0.end ?? 0 > $0.start }, sourceLocation: location)
    let later = try trial.stored().detail.timeline.buckets.filter { $0.start.seconds > end }
    #expect(later.contains { $0.operations > 0 && $0.errors == 0 }, sourceLocation: location)
    #expect(told.metric("audit.lost") == 0 && told.metric("audit.duplicated") == 0 && told.metric("audit.stale") == 0, sourceLocation: location)
    #expect(told.metric("audit.notReadBack") == 0, sourceLocation: location)
    #expect(told.metric("audit.auditedItems") ?? 0 > 0, sourceLocation: location)
  }

  @Test func aServerThatDoesNotComeBack() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try trial.start(server.address + "?connectTimeout=1", rate: 300, duration: "3s")
    try trial.waitUntilMeasured(run)
    server.killPostmaster()
    let ended = try run.finishInTime()
    let stored = try trial.stored()
    // It has not been found to keep what it acknowledged; a generator that was late says less.
    #expect(stored.detail.record.verdict.rawValue == "failed" && ended.code == 1 || ended.code == 75, "\(ended.out)")
    #expect(ended.out.contains("to the end; "), "\(ended.out)")
    #expect(ended.out.contains("first error"), "\(ended.out)")
    #expect(ended.out.contains("could not be made: postgres: no connection within 1 s"), "\(ended.out)")
    #expect(!ended.out.contains("max_connections"), "\(ended.out)")
    #expect(stored.outcome(.unavailable) > 0)
    #expect(stored.metric("load.outages") == 1)
    #expect(stored.metric("load.longestOutageSeconds") == nil)
    #expect(stored.metric("audit.lost") == nil)
    // It has tried to the end, and no longer: neither the drain nor the reading back waits for nothing.
    #expect(stored.metric("load.starts") ?? 0 >= 0.9 * 900)
    #expect(stored.detail.record.wallSeconds < 20, "\(stored.detail.record.wallSeconds)")
  }

  /// While others have all connections the load has none; when they go it goes on.
  @Test func connectionsThatOthersTake() throws {
    let server = try ThrowawayServer(["max_connections = 12", "client_connection_check_interval = 50ms"])
    let trial = try LoadTrial()
    let run = try trial.start(server.address + "?connectTimeout=1", rate: 300, duration: "7s", ["--connections", "4", "--json"])
    try trial.waitUntilMeasured(run)
    let others = try server.takeAllConnections(12, from: "jamboree %")
    let refusal = #expect(throws: ServerFailure.self) { try server.ask("SELECT 1") }
    #expect(refusal?.description.contains("too many clients") == true)
    usleep(500_000)
    #expect(run.process.isRunning)
    server.end(others)
    let ended = try run.finishInTime()
    try expectRecovery(ended, trial)
    let told = try ToldLoad(ended)
    #expect(told.outcome("ok") > 0)
    // Each kind is counted, and nothing is counted twice.
    #expect(Int64(told.outcome("unavailable")) == (try trial.stored().outcome(.unavailable)))
  }

  @Test func aServerThatIsNotThereAtTheStart() throws {
    let server = try ThrowawayServer()
    server.stop()
    let trial = try LoadTrial()
    let ended = try trial.start(server.address + "?connectTimeout=1", rate: 100, duration: "1s", ["--json"]).finishInTime()
    expectRefusal(ended, trial, "not reachable within 1 s", "connectTimeout")
  }

  @Test func fewerConnectionsThanAreAskedFor() throws {
    let server = try ThrowawayServer(["max_connections = 12"])
    let trial = try LoadTrial()
    let ended = try trial.start(server.address + "?connectTimeout=1", rate: 100, duration: "1s", ["--connections", "20", "--json"]).finishInTime()
    expectRefusal(ended, trial, "too many clients", "max_connections")
    // Nothing that it has made is left.
    #expect(try server.ask("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'jamboree%'") == "0")
  }

  /// A load is not begun before its data are there, and whoever does not want to wait for that need not, whatever the server does.
  @Test(arguments: [true, false]) func aLoadingThatIsStopped(_ isFrozen: Bool) throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let scenario = try trial.place.write("s.yaml", FeedCommandTests.scenario)
    // What comes before a load is simulated, which is under way before the loading is.
    let run = try trial.start(
      server.address, scenario: scenario, rate: 10, duration: "1s", ["--from", "1m", "--set", "services.microblog.messages=40000", "--json"])
    func schemas() throws -> String { try server.ask("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'jamboree%'") }
    while run.process.isRunning, try schemas() == "0" { usleep(10_000) }
    if isFrozen { server.freeze() }
    usleep(300_000)
    kill(run.process.processIdentifier, SIGINT)
    let ended = try run.finishInTime(seconds: 40)
    #expect(ended.code == 130, "\(ended.err)")
    #expect(ended.err.contains("stopped before anything new was measured; postgres: loading was stopped"), "\(ended.err)")
    #expect(ended.err.contains("is left in the server") == isFrozen, "\(ended.err)")
    server.thaw()
    #expect(try schemas() == (isFrozen ? "1" : "0"))
  }

  /// Nobody takes away what a killed run has made in the server; the next run does, and leaves that alone which another one uses.
  @Test func whatAKilledRunLeaves() throws {
    let server = try ThrowawayServer()
    func schemas() throws -> Set<Substring> {
      Set(try server.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'jamboree%'").split(separator: "\n"))
    }
    let (going, killed) = (try LoadTrial(), try LoadTrial())
    let other = try going.start(server.address, rate: 50, duration: "40s", ["--json"])
    try going.waitUntilMeasured(other)
    let used = try schemas()
    let run = try killed.start(server.address, rate: 50, duration: "60s")
    try killed.waitUntilMeasured(run)
    // Once to end, and once more to end at once.
    while run.process.isRunning {
      kill(run.process.processIdentifier, SIGINT)
      usleep(20_000)
    }
    #expect(try run.finish().code == 130)
    let left = try schemas().subtracting(used)
    #expect(used.count == 1 && left.count == 1)
    for schema in left {
      while try server.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jamboree \(schema)'") != "0" { usleep(20_000) }
    }
    let next = try Workplace()
    let ended = try next.run("run", next.write("s.yaml", tiny), "--backend", server.address, "--no-floor")
    #expect(ended.code == 0, "\(ended.err)")
    #expect(other.process.isRunning)
    #expect(try schemas() == used)
    let told = try ToldLoad(try other.finishInTime())
    #expect(told.outcome("failed") == 0 && told.metric("audit.lost") == 0)
    #expect(try schemas().isEmpty)
  }

  /// Where somebody must do something about the server, who and what is told.
  @Test func whatTheServerDoesNotAllow() throws {
    let server = try ThrowawayServer()
    try server.ask("CREATE ROLE ann LOGIN PASSWORD 'ann'; CREATE ROLE \"bob the \"\"2nd\" LOGIN PASSWORD 'bob'; CREATE ROLE eve LOGIN PASSWORD 'eve'")
    try server.ask("GRANT CREATE ON DATABASE postgres TO eve; ALTER ROLE eve SET default_transaction_read_only = on")
    func run(_ user: String, _ password: String) throws -> Finished {
      let place = try Workplace()
      return try place.run("run", place.write("s.yaml", tiny), "--backend", "postgres://\(user):\(password)@127.0.0.1:\(server.port)/postgres", "--no-floor")
    }
    func expectRefusal(_ user: String, _ password: String, _ words: String..., location: SourceLocation = #_sourceLocation) throws {
      let ended = try run(user, password)
      #expect(ended.code == 64, sourceLocation: location)
      #expect(ended.err.split(separator: "\n").count == 1, "\(ended.err)", sourceLocation: location)
      for word in words { #expect(ended.err.contains(word), "\(ended.err)", sourceLocation: location) }
    }
    try expectRefusal("ann", "ann", "permission denied for database postgres", "GRANT CREATE ON DATABASE \"postgres\" TO \"ann\"")
    try expectRefusal("bob%20the%20%222nd", "bob", "TO \"bob the \"\"2nd\"")
    try expectRefusal("eve", "eve", "read-only transaction", "ALTER ROLE \"eve\" SET default_transaction_read_only = off")
    try server.ask("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
    try expectRefusal("ann", "ann", "permission denied for database", "GRANT CONNECT ON DATABASE \"postgres\" TO \"ann\"")
    // What is told to do helps.
    try server.ask("GRANT CONNECT, CREATE ON DATABASE postgres TO ann")
    #expect(try run("ann", "ann").code == 0)
    // As a pooler would have it that gives each statement another session.
    try server.ask(
      """
      CREATE FUNCTION public.forget() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', '', false); END $$;
      CREATE EVENT TRIGGER forget ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.forget();
      """)
    try expectRefusal("ann", "ann", "no schema has been selected to create in", "name the server itself, or a pooler")
    #expect(try server.ask("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'jamboree%'") == "0")
    try server.restartAsStandby()
    try expectRefusal("ann", "ann", "read-only transaction; it is a standby: name its primary")
  }

  private func expectRefusal(_ ended: Finished, _ trial: LoadTrial, _ words: String..., location: SourceLocation = #_sourceLocation) {
    #expect(ended.code == 69, sourceLocation: location)
    #expect(ended.out.isEmpty, sourceLocation: location)
    #expect(ended.err.split(separator: "\n").count == 1, "\(ended.err)", sourceLocation: location)
    for word in words { #expect(ended.err.contains(word), "\(ended.err)", sourceLocation: location) }
    #expect((try? trial.stored()) == nil, sourceLocation: location)
  }

  /// Writes fail while the disk is full; reads go on, and so does the run.
  @Test(.enabled(if: ThrowawayServer.canMount)) func aDiskThatIsFull() throws {
    let server = try ThrowawayServer(smallDisk: true)
    let trial = try LoadTrial()
    let run = try trial.start(server.address, rate: 600, duration: "5s", ["--json"])
    try trial.waitUntilMeasured(run)
    try server.fillDisk()
    usleep(2_000_000)
    server.emptyDisk()
    let ended = try run.finishInTime()
    let told = try ToldLoad(ended)
    #expect(ended.code == told.code, "\(ended.err)")
    #expect(server.logText.contains("No space left on device"))
    #expect(told.outcome("failed") > 0)
    #expect(told.outages.isEmpty)
    let stored = try trial.stored()
    #expect(stored.detail.errorSamples.contains { $0.message.contains("No space left on device") })
    #expect(stored.detail.timeline.buckets.last { $0.operations > 0 }?.errors == 0)
    #expect(told.metric("audit.acknowledgedWrites") ?? 0 > 0)
    #expect(told.metric("audit.lost") == 0 && told.metric("audit.duplicated") == 0 && told.metric("audit.stale") == 0)
  }

  /// Who is still waiting when the drain is over counts as timed out: the run's end does not depend on the server.
  @Test func aServerThatIsTooSlow() throws {
    let server = try ThrowawayServer()
    let trial = try LoadTrial()
    let run = try trial.start(
      server.address, rate: 300, duration: "3s", ["--set", "load.drain=300ms", "--connections", "2", "--in-flight", "20", "--json"])
    try trial.waitUntilMeasured(run)
    let schema = try server.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'jamboree%'")
    // Each new rating and post takes longer than the rest of the run.
    try server.ask(
      """
      CREATE FUNCTION \(schema).sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN NEW; END';
      CREATE TRIGGER sleep BEFORE INSERT ON \(schema).item FOR EACH ROW EXECUTE FUNCTION \(schema).sleep();
      CREATE TRIGGER sleep BEFORE INSERT ON \(schema).reaction FOR EACH ROW EXECUTE FUNCTION \(schema).sleep();
      """)
    let ended = try run.finishInTime()
    let told = try ToldLoad(ended)
    #expect(ended.code == told.code, "\(ended.err)")
    #expect(told.figure("drainSeconds") ?? .infinity < 3)
    let unanswered = try #require(told.figure("unanswered"))
    #expect(unanswered > 0 && unanswered <= 20)
    #expect(told.outcome("timedOut") > 0)
    #expect(told.figure("peakInFlight") == 20)
    #expect(told.metric("audit.lost") == 0)
  }

  /// The password is shown and kept nowhere, whatever becomes of the run.
  @Test func aPasswordThatIsNowhere() throws {
    let secret = "secretXYZ"
    let server = try ThrowawayServer(password: secret)
    try server.ask("ALTER DATABASE postgres SET log_statement = 'all'")
    let trial = try LoadTrial()
    var said = ""
    func watch(_ run: Started) throws -> Int32 {
      while run.process.isRunning {
        said += children(of: run.process.processIdentifier) + trial.place.text("r.sqlite") + trial.place.text("r.sqlite-wal")
        usleep(50_000)
      }
      let ended = try run.finishInTime()
      said += ended.out + ended.err + trial.place.text("r.sqlite") + trial.place.text("r.sqlite-wal")
      return ended.code
    }
    func run(_ address: String, _ more: String) throws -> Int32 {
      try watch(trial.start(address, rate: 100, warmUp: "0s", duration: "1s", [more]))
    }
    for format in ["--no-audit", "--json"] { #expect([0, 75].contains(try run(server.address, format))) }
    for command in ["list", "show"] { said += try trial.told(command) }
    // Wrong, not to be read, with an option that there is not, and for nobody.
    #expect(try run(server.address("wrong" + secret), "--json") == 64)
    #expect(try run(server.address(secret + "%zz"), "--json") == 64)
    #expect(try run(server.address(secret + "/@"), "--json") == 64)
    #expect(try run(server.address + "?frobnicate=1", "--json") == 64)
    #expect(try run(server.address + "?password=\(secret)&XYZ", "--json") == 64)
    #expect(try run("postgres:host=127.0.0.1 password = '\(secret)'?x", "--json") == 64)
    for address in [server.address("a/" + secret + "@b") + "?schema=s", "postgres:u:\(secret)@h?schema=s", "postgres://h/d?password=\(secret)&schema=s"] {
      #expect(try watch(trial.place.start(["baseline", "set", "main", Workplace.smoke, "--backend", address])) == 64)
    }
    #expect(server.logText.contains("log_statement") == false && server.logText.contains("statement: "))
    said += server.logText
    server.stop()
    #expect(try run(server.address + "?connectTimeout=1", "--json") == 69)
    #expect(said.contains(ThrowawayServer.user))
    #expect(!said.contains("XYZ"))
    // What it had made in the server was gone before.
    #expect(trial.place.files == ["r.sqlite"])
  }

  /// The bare word means the server that libpq's variables name, and without these the one that was started for it.
  @Test func theServerThatVariablesName() throws {
    let server = try ThrowawayServer(password: "p@ss word")
    try server.ask("CREATE DATABASE other")
    let place = try Workplace()
    _ = try (place.write("s.yaml", tiny), place.write("postgres.url", "postgres://nobody:nothing@127.0.0.1:1/nowhere\n"))
    func run(_ variables: String, _ backend: String = "postgres") throws -> Finished {
      try place.shell("\(variables) JAMBOREE_SERVERS=\"$PWD\" exec \"$0\" run s.yaml --no-floor --backend '\(backend)'")
    }
    let variables = "PGHOST=127.0.0.1 PGPORT=\(server.port) PGUSER=\(ThrowawayServer.user) PGDATABASE=other"
    func commits() throws -> Int { try Int(server.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = 'other'")) ?? 0 }
    let before = try commits()
    let ended = try run("\(variables) PGPASSWORD='p@ss word'")
    #expect(ended.code == 0, "\(ended.err)")
    #expect(try commits() > before + 100)
    let refused = try run("\(variables) PGPASSWORD=other")
    #expect(refused.code == 64 && refused.err.contains("password authentication failed"), "\(refused.err)")
    // What the address says counts more.
    let named = try run("\(variables) PGPASSWORD='p@ss word'", "postgres:///absent")
    #expect(named.code == 64 && named.err.contains("database \"absent\" does not exist"), "\(named.err)")
    _ = try place.write("postgres.url", server.address("p%40ss%20word") + "\n")
    let started = try run("unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGSERVICE PGUSER;")
    #expect(started.code == 0, "\(started.err)")
  }

  /// In libpq's words, and at once: to wait for it would not help.
  @Test(arguments: [("sslmode=require", "server does not support SSL, but SSL was required"), ("sslmode=always", "invalid sslmode value")])
  func tlsThatTheServerDoesNotSpeak(_ options: String, _ reason: String) throws {
    let server = try ThrowawayServer()
    let place = try Workplace()
    let ended = try place.run("run", place.write("s.yaml", tiny), "--backend", server.address + "?\(options)", "--no-floor")
    #expect(ended.code == 64)
    #expect(ended.err.contains(reason) && ended.err.split(separator: "\n").count == 1, "\(ended.err)")
  }

  /// TLS with certificates on both sides: what libpq's options say is done, and what they rule out is refused in its words.
  @Test func tlsIsSpoken() throws {
    let server = try ThrowawayServer(tls: true)
    let place = try Workplace()
    let scenario = try place.write("s.yaml", tiny)
    let (certificate, key) = server.certificate
    let own = "sslcert=\(certificate)&sslkey=\(key)"
    func run(_ options: String, host: String = "127.0.0.1") throws -> Finished {
      try place.run("run", scenario, "--no-floor", "--backend", server.address.replacing("127.0.0.1", with: host) + "?\(options)")
    }
    let ended = try run("sslmode=verify-full&sslrootcert=\(certificate)&\(own)&synchronousCommit=off")
    #expect(ended.code == 0, "\(ended.err)")
    #expect(server.logText.contains("SSL enabled (protocol=TLSv1."))
    let (other, otherKey) = (place.path("other.crt"), place.path("other.key"))
    try ThrowawayServer.makeCertificate(other, key: otherKey)
    for (options, host, reason) in [
      ("sslmode=disable", "127.0.0.1", "no encryption"),
      ("sslmode=require", "127.0.0.1", "requires a valid client certificate"),
      ("sslmode=verify-ca&sslrootcert=\(other)&\(own)", "127.0.0.1", "certificate verify failed"),
      ("sslmode=verify-full&sslrootcert=\(certificate)&\(own)", "localhost", "does not match host name"),
      ("sslmode=require&sslcert=\(other)&sslkey=\(otherKey)", "127.0.0.1", "unknown ca"),
      ("sslmode=require&sslcert=\(certificate)&sslkey=\(place.path("absent"))", "127.0.0.1", "private key file"),
    ] {
      let refused = try run(options, host: host)
      #expect(refused.code == 64 && refused.err.contains(reason), "\(options): \(refused.code) \(refused.err)")
      #expect(refused.err.split(separator: "\n").count == 1, "\(refused.err)")
    }
  }

  /// Nor do processes that a baseline and a gate are measured with have it among their arguments; they get it all the same.
  @Test func aPasswordThatIsNoArgument() throws {
    let server = try ThrowawayServer(password: "secret@XYZ")
    let place = try Workplace()
    _ = try place.write("s.yaml", tiny)
    // Tools that count nothing here, and take long enough to be seen.
    #expect(try chmod(place.write("valgrind", "#!/bin/sh\nsleep 1\nexit 1\n"), 0o755) == 0)
    let backend = server.address("secret%40%58YZ") + "?synchronousCommit=off"
    for command in ["baseline set main s.yaml --instructions callgrind", "gate s.yaml --baseline main --instructions off"] {
      var (arguments, said) = ("", "")
      let run = try place.startShell("PATH=\"$PWD:$PATH\" exec \"$0\" \(command) --workers 1 --replicates 2 --backend '\(backend)'")
      while run.process.isRunning {
        arguments += children(of: run.process.processIdentifier)
        usleep(5_000)
      }
      let ended = try run.finishInTime()
      #expect(ended.code == 0, "\(ended.err)")
      said = ended.out + ended.err + place.text("Results/baselines/main.json") + server.logText
      let shown = "\(ThrowawayServer.user)@127.0.0.1:\(server.port)/postgres"
      #expect(arguments.contains("--backend\0postgres://\(shown)?synchronousCommit=off\0"), "\(arguments.prefix(500))")
      #expect(arguments.contains("--tool=callgrind") == command.contains("callgrind"))
      for text in [arguments, said] { #expect(!text.contains("XYZ") && !text.contains("%58YZ")) }
    }
    // Without the password what is kept is the server's name; it is asked for in libpq's way.
    let refused = try place.run("gate", "s.yaml", "--baseline", "main", "--instructions", "off")
    #expect(refused.code == 64 && refused.err.contains("no password supplied"), "\(refused.err)")
  }

  /// The command lines of a process's descendants. One that is about to become another program still has its parent's.
  private func children(of parent: pid_t) -> String {
    func line(_ process: pid_t) -> String { (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? "" }
    let own = line(parent)
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []
    let text = threads.compactMap { try? String(contentsOfFile: "/proc/\(parent)/task/\($0)/children", encoding: .utf8) }.joined()
    return text.split(separator: " ").compactMap { pid_t($0) }.map { child in
      let its = line(child)
      return (its == own ? "" : its) + children(of: child)
    }.joined()
  }
}
