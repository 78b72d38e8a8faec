import Foundation
import Glibc

extension ThrowawayServer {
  /// Opens as many connections as the server has, and sends those away, again and again, that have them.
  /// - Parameters:
  ///   - count: its `max_connections`.
  ///   - victims: a pattern of the `application_name` of those.
  /// - Returns: the processes that have them now; they give them back when they are ended (the server needs
  ///   `client_connection_check_interval` to notice) and, at the latest, after a minute.
  func takeAllConnections(_ count: Int, from victims: String) throws -> [Process] {
    let done = folder.appending(path: "taken-\(UUID().uuidString)")
    func connect(_ commands: [String]) throws -> Process {
      let process = Process()
      process.executableURL = URL(filePath: psql[0])
      process.arguments = psql.dropFirst() + (commands + ["SELECT pg_sleep(60)"]).flatMap { ["-c", $0] }
      process.currentDirectoryURL = URL(filePath: "/")
      process.environment = environment(password)
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      return process
    }
    let first = try connect([
      """
      DO $$ BEGIN LOOP
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '\(victims)';
        PERFORM pg_sleep(0.01);
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql') >= \(count);
      END LOOP; END $$
      """, "\\! touch \(done.path)",
    ])
    var others: [Process] = []
    let deadline = ContinuousClock.now + .seconds(20)
    while !FileManager.default.fileExists(atPath: done.path) {
      others.removeAll { !$0.isRunning }
      guard first.isRunning, ContinuousClock.now < deadline else {
        end(others + [first])
        throw ServerFailure("not all connections could be had: \(others.count) of \(count)")
      }
      while others.count < count - 1 { others.append(try connect([])) }
      usleep(20_000)
    }
    return others + [first]
  }

  /// Ends processes, and with them what they have of the server.
  func end(_ processes: [Process]) {
    for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    processes.forEach { $0.waitUntilExit() }
  }
}
