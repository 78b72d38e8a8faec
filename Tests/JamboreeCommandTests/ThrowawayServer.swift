import Foundation
import Glibc
import Synchronization

/// A PostgreSQL server of a test's own, which may do to it what it likes: it listens on loopback, on a port that was free, and
/// is gone with all that it has written when the test is over.
final class ThrowawayServer {
  static let user = "jamboree"
  /// Without `fsync`: what is killed here are processes, and what they have handed to the kernel stays.
  private static let basics = [
    "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "fsync = off", "shared_buffers = 16MB", "max_connections = 60",
    "max_wal_size = 256MB", "autovacuum = off",
  ]

  let password: String
  private(set) var port: UInt16 = 0
  /// A small disk of the server's own: only its processes see it, and it goes with the last of them.
  private let hasSmallDisk: Bool
  let folder: URL
  private var data: URL { folder.appending(path: "data") }
  private var log: URL { folder.appending(path: "log") }
  private var postmaster: Process?

  /// Starts one, and returns when it takes connections.
  /// - Parameters:
  ///   - settings: more lines of its `postgresql.conf`.
  ///   - smallDisk: whether new databases' tables lie on a disk of 48 MiB; only where ``canMount``.
  ///   - tls: whether it takes connections by TLS alone, from clients with the certificate that it has itself: ``certificate``.
  init(
    _ settings: [String] = [], password: String = "p\(UInt64.random(in: 0 ..< .max))", smallDisk: Bool = false, tls: Bool = false
  ) throws {
    self.password = password
    hasSmallDisk = smallDisk
    folder = try makeFolder()
    // The template's password is nobody's.
    try run(["cp", "-a", Template.shared.get().path, data.path])
    if smallDisk { try makeServersFolder(disk) }
    try write(Self.basics + settings)
    if tls { try speakTLS() }
    var tries = 0
    while try !start(on: freePort()) {
      tries += 1
      guard tries < 5 else { throw ServerFailure("five ports, one after the other, were taken meanwhile") }
    }
    try ask("ALTER USER \(Self.user) PASSWORD '\(password)'", password: Template.password)
    if tls {
      // From here on; what comes before is the set-up's own.
      try Data("hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n".utf8).write(to: data.appending(path: "pg_hba.conf"))
      try giveToServer(data.appending(path: "pg_hba.conf"))
      try ask("SELECT pg_reload_conf()", password: password)
    }
    guard smallDisk else { return }
    try ask("CREATE TABLESPACE small LOCATION '\(disk.path)'")
    try ask("ALTER DATABASE postgres SET default_tablespace = small")
  }

  deinit {
    thaw()
    stop()
    // What the server itself could not give back, when it was killed: the segment by which servers notice each other.
    if let segment = ownWords.dropFirst(6).first?.split(separator: " ").last.flatMap({ Int32($0) }) { shmctl(segment, IPC_RMID, nil) }
    try? FileManager.default.removeItem(at: folder)
  }

  /// Where it is, as the program's `--backend` has it.
  var address: String { address(password) }
  func address(_ password: String) -> String { "postgres://\(Self.user):\(password)@127.0.0.1:\(port)/postgres" }

  // MARK: Up and down

  /// The lines in which a server tells of itself, the one that runs or one that was killed; empty when none is there.
  private var ownWords: [Substring] {
    let text = try? String(contentsOf: data.appending(path: "postmaster.pid"), encoding: .utf8)
    return text?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
  }

  /// By its own word: an answer on the port could be another server's that was faster.
  private var isUp: Bool {
    let words = ownWords
    return words.count > 7 && words[0] == "\(postmaster?.processIdentifier ?? 0)" && words[7].hasPrefix("ready")
  }

  /// - Returns: false when somebody else has taken the port meanwhile.
  private func start(on port: UInt16) throws -> Bool {
    self.port = port
    try Data().write(to: log)
    let server = Tools.asServer + [Tools.folder + "/postgres", "-D", data.path, "-p", "\(port)"]
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      hasSmallDisk
      ? ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=48m,mode=700,uid=\(Tools.owner ?? "") none \"$0\" && exec \"$@\"", disk.path] + server : server
    process.currentDirectoryURL = URL(filePath: "/")
    process.environment = Tools.environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = process.standardOutput
    try process.run()
    postmaster = process
    let deadline = ContinuousClock.now + .seconds(60)
    while process.isRunning, ContinuousClock.now < deadline {
      if isUp { return true }
      usleep(20_000)
    }
    guard logText.contains("Address already in use") else { throw ServerFailure("the server did not start: \(logText.suffix(500))") }
    return false
  }

  /// Kills the postmaster, as the kernel does when there is no memory left, and waits until the others have noticed.
  func killPostmaster() {
    if let postmaster { kill(postmaster.processIdentifier, SIGKILL) }
    waitForProcesses()
  }

  /// Takes it up again where it was, on the same port. Whoever has been waiting for it asks all the time, so it must be there at once.
  func restart() throws {
    guard try start(on: port) else { throw ServerFailure("port \(port) was taken meanwhile") }
  }

  /// Takes it up again as a standby, of no primary in particular: it answers, and takes no writes.
  func restartAsStandby() throws {
    stop()
    let signal = data.appending(path: "standby.signal")
    try Data().write(to: signal)
    try giveToServer(signal)
    try restart()
  }

  /// Stops it without a word to its clients, for good.
  func stop() {
    if let postmaster { kill(postmaster.processIdentifier, SIGQUIT) }
    waitForProcesses()
  }

  /// All of it stands still: connections stay, and nothing answers.
  func freeze() {
    // The first one first, so that it makes no more.
    if let postmaster { kill(postmaster.processIdentifier, SIGSTOP) }
    processes.forEach { kill($0, SIGSTOP) }
  }

  func thaw() { processes.forEach { kill($0, SIGCONT) } }

  /// Of the server, those that outlive a killed postmaster for a moment included: all of them work in the data folder.
  private var processes: [pid_t] {
    let own = data.resolvingSymlinksInPath().path
    return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }.filter {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/cwd")) == own
    }
  }

  private func waitForProcesses() {
    for attempt in 0..<1_000 {
      let left = processes
      if left.isEmpty { break }
      // Whoever is in the middle of something does not look.
      if attempt > 100 { left.forEach { kill($0, SIGKILL) } }
      usleep(20_000)
    }
    postmaster?.waitUntilExit()
    postmaster = nil
  }

  // MARK: Inside

  var logText: String { (try? Data(contentsOf: log)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// What a statement answers, as `psql` prints it without ornament.
  @discardableResult func ask(_ sql: String) throws -> String { try ask(sql, password: password) }

  @discardableResult private func ask(_ sql: String, password: String) throws -> String {
    try run(psql + ["-c", sql], environment: environment(password)).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Connects as ``user``.
  var psql: [String] {
    [Tools.folder + "/psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", "\(port)", "-U", Self.user, "-d", "postgres"]
  }

  /// What ``psql`` needs to know.
  func environment(_ password: String) -> [String: String] {
    Tools.environment.merging(["PGPASSWORD": password, "PGCONNECT_TIMEOUT": "20"]) { $1 }
  }

  private var disk: URL { folder.appending(path: "disk") }
  /// The same file, seen from outside of the server's view of the file system.
  private var ballast: String { "/proc/\(postmaster?.processIdentifier ?? 0)/root\(disk.path)/ballast" }

  /// Leaves no byte on the small disk.
  func fillDisk() throws {
    let file = open(ballast, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw ServerFailure("cannot write \(ballast)") }
    defer { close(file) }
    for size in [1 << 20, 1 << 12] {
      let block = [UInt8](repeating: 0x4A, count: size)
      while Glibc.write(file, block, size) > 0 {}
    }
    guard errno == ENOSPC else { throw ServerFailure("the disk is not full: error \(errno)") }
  }

  func emptyDisk() { unlink(ballast) }

  /// Of one that speaks TLS: a certificate for 127.0.0.1 that has signed itself, and its key.
  var certificate: (path: String, key: String) { (folder.appending(path: "tls.crt").path, folder.appending(path: "tls.key").path) }

  /// Makes a certificate that has signed itself.
  static func makeCertificate(_ path: String, key: String) throws {
    try run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=jamboree",
      "-addext", "subjectAltName=IP:127.0.0.1", "-out", path, "-keyout", key,
    ])
  }

  private func speakTLS() throws {
    try Self.makeCertificate(certificate.path, key: certificate.key)
    // The server insists on a key of its own.
    let own = data.appending(path: "server.key")
    try run(["install", "-m", "600", certificate.key, own.path])
    try giveToServer(own)
    try write([
      "ssl = on", "ssl_cert_file = '\(certificate.path)'", "ssl_ca_file = '\(certificate.path)'", "ssl_key_file = '\(own.path)'", "log_connections = on",
    ])
  }

  private func write(_ settings: [String]) throws {
    let file = try FileHandle(forWritingTo: data.appending(path: "postgresql.conf"))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data(("\n" + settings.joined(separator: "\n") + "\n").utf8))
  }
}

extension ThrowawayServer {
  /// Whether PostgreSQL's programs are there, and somebody they run as.
  static let isInstalled = Tools.isComplete
  /// Whether a server can have a disk of its own.
  static let canMount = geteuid() == 0 && (try? run(["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"])) != nil
}

struct ServerFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// PostgreSQL's programs, and who they run as: not the superuser, whom the server refuses.
private enum Tools {
  static let folder: String = {
    let installed = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    let newest = installed.compactMap { Int($0) }.sorted().last.map { "/usr/lib/postgresql/\($0)/bin" }
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return ([newest].compactMap(\.self) + path).first { folder in
      ["postgres", "initdb", "psql"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    } ?? ""
  }()

  /// By name; nil when this is no superuser.
  static let owner: String? = geteuid() == 0 ? ["postgres", "nobody"].first { getpwnam($0) != nil } : nil
  static let asServer: [String] = owner.map { ["setpriv", "--reuid=\($0)", "--regid=\(group(of: $0))", "--init-groups", "--"] } ?? []
  static let isComplete = !folder.isEmpty && (geteuid() != 0 || owner != nil && (try? run(["setpriv", "--version"])) != nil)

  /// The caller's `PGHOST`, `PGOPTIONS` and so on mean another server.
  static let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }.merging(["LC_ALL": "C"]) { $1 }

  private static func group(of user: String) -> gid_t { getpwnam(user)?.pointee.pw_gid ?? 0 }
}

/// A data folder as `initdb` makes it, which takes seconds: made once, and copied.
private enum Template {
  static let password = "template"
  static let shared = Result { () throws -> URL in
    let folder = try makeFolder()
    path.withLock { $0 = folder.path }
    // The process's end is the only moment at which nobody needs it any more.
    atexit { if let path = path.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) } }
    let (data, secret) = (folder.appending(path: "data"), folder.appending(path: "password"))
    try Data("\(password)\n".utf8).write(to: secret)
    try makeServersFolder(data)
    try giveToServer(secret)
    try run(
      Tools.asServer + [
        Tools.folder + "/initdb", "-D", data.path, "-U", ThrowawayServer.user, "--pwfile=\(secret.path)", "--auth=scram-sha-256", "--encoding=UTF8",
        "--locale=C", "--no-sync", "--wal-segsize=1",
      ])
    return data
  }

  private static let path = Mutex<String?>(nil)
}

/// A port that nobody listens on, from the system.
private func freePort() throws -> UInt16 {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(listener) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isBound = withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0 }
  }
  guard isBound else { throw ServerFailure("no port is free") }
  return UInt16(bigEndian: address.sin_port)
}

private func makeFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "jamboree-server-\(UUID().uuidString)")
  // Others must get through to what belongs to the server.
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
  return folder
}

/// A folder that the server alone reads and writes.
private func makeServersFolder(_ folder: URL) throws {
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  try giveToServer(folder)
}

private func giveToServer(_ file: URL) throws {
  if let owner = Tools.owner { try run(["chown", owner, file.path]) }
}

/// Runs a program to its end.
/// - Returns: its standard output.
/// - Throws: ``ServerFailure`` with what it has said, when it fails.
@discardableResult private func run(_ command: [String], environment: [String: String] = Tools.environment) throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = command
  // The caller's folder may be closed to the server's user.
  process.currentDirectoryURL = URL(filePath: "/")
  process.environment = environment
  process.standardInput = FileHandle.nullDevice
  let (out, err) = (Pipe(), FileManager.default.temporaryDirectory.appending(path: "jamboree-server-\(UUID().uuidString).err"))
  try Data().write(to: err)
  defer { try? FileManager.default.removeItem(at: err) }
  process.standardOutput = out
  process.standardError = try FileHandle(forWritingTo: err)
  try process.run()
  let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    throw ServerFailure("\(command.joined(separator: " ")): \((try? String(contentsOf: err, encoding: .utf8)) ?? "")")
  }
  return text
}
