import Foundation
import JamboreeKit
import JamboreeTesting

/// Kills processes that write, again and again, and looks in each one's data for everything that it was told is there.
struct DurabilityCheck {
  let target: VerifyTarget
  let sessions: Int
  let kills: Int
  let seed: UInt64
  /// Under which each acknowledged write is committed.
  let options: [String]
  /// Cuts what a killed writer has left, to see the check fail.
  var damagesFiles = false

  struct Outcome {
    /// Acknowledged writes of each session, over all kills.
    var acknowledged: [Int]
    var looked = 0
    var complaint: String?
  }

  /// Whatever is thrown on the way is a complaint: that the data cannot be opened again is what the check is there to find.
  func run() -> Outcome {
    var outcome = Outcome(acknowledged: [Int](repeating: 0, count: sessions))
    for number in 0..<kills where outcome.complaint == nil {
      do {
        try examine(number, &outcome)
      } catch {
        outcome.complaint = "kill \(number + 1) of \(kills): \(Failure(error)?.message ?? String(describing: error))"
      }
    }
    return outcome
  }

  private func examine(_ number: Int, _ outcome: inout Outcome) throws {
    let reference = target.lasting(adding: options)
    let bits = RandomStream.key(base: RandomStream.base(seed: Seed(seed), domain: RandomDomain("verify.kill")), entity: UInt64(number))
    // Between the first write and some thousands of them.
    let acknowledged = try killWriter(reference, afterMicroseconds: UInt32(bits % 250_000))
    for (session, last) in acknowledged.enumerated() { outcome.acknowledged[session] += last }
    if damagesFiles { try damage(reference.location) }
    let instance = try Composition.backends.make(reference).instance
    let found: (looked: Int, complaint: String?)
    do {
      found = try DurabilityTrial.check(instance, acknowledged: acknowledged)
    } catch {
      try? instance.backend.finish()
      try? instance.backend.discard()
      throw error
    }
    try instance.backend.finish()
    try instance.backend.discard()
    outcome.looked += found.looked
    if let complaint = found.complaint { outcome.complaint = "after kill \(number + 1) of \(kills): \(complaint)" }
  }

  /// Where the process that is killed finds its backend.
  static let backendVariable = "JAMBOREE_VERIFY_BACKEND"

  /// Leaves a stump of every file that the killed process has made at a place.
  private func damage(_ location: String) throws {
    let place = URL(filePath: location)
    let folder = place.deletingLastPathComponent()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix(place.lastPathComponent) {
      truncate(folder.appending(path: name).path, 50)
    }
  }

  /// Lets a process write and kills it.
  /// - Returns: the last number that was acknowledged, by session.
  private func killWriter(_ reference: PlugInReference, afterMicroseconds delay: UInt32) throws -> [Int] {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["verify", reference.id, "--sessions", "\(sessions)", "--write-until-killed"]
    // Anybody may read the arguments of a process, and an address may hold a password.
    process.environment = ProcessInfo.processInfo.environment.merging([Self.backendVariable: reference.text]) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    var bytes = output.fileHandleForReading.availableData
    // From its first word on.
    let killer = Thread {
      usleep(delay)
      kill(process.processIdentifier, SIGKILL)
    }
    if !bytes.isEmpty { killer.start() }
    while true {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { break }
      bytes += more
    }
    process.waitUntilExit()
    guard process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL else {
      let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      throw Failure(code: Failure.unreachable, message: "the writer that was to be killed ended by itself: \(message.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
    return Self.lastNumbers(bytes, sessions: sessions)
  }

  /// Reads lines of `session number`; the last one may be cut.
  private static func lastNumbers(_ bytes: Data, sessions: Int) -> [Int] {
    var last = [Int](repeating: 0, count: sessions)
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.lastIndex(of: "\n") else { return last }
    for line in text[..<end].split(separator: "\n") {
      let parts = line.split(separator: " ").compactMap { Int($0) }
      if parts.count == 2, last.indices.contains(parts[0]) { last[parts[0]] = max(last[parts[0]], parts[1]) }
    }
    return last
  }

  /// The part of the process that is killed: writes, and tells on standard output of each write when it is acknowledged.
  static func write(to instance: BackendInstance, sessions: Int) throws {
    try DurabilityTrial.write(to: instance, sessions: sessions) { session, number in
      // One call, so that a line is there whole or not at all.
      (try? Console.write(Array("\(session) \(number)\n".utf8))) != nil
    }
  }
}
