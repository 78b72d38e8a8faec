import Dispatch
import Foundation
import Synchronization

/// Runs other programs one after the other, and lets none outlive this one.
///
/// Each child has a process group of its own, so that what it starts in turn ends with it, and the dispositions of signals that a
/// program begins with: this one ignores some, which would be inherited.
final class ChildProcesses: Sendable {
  /// How a child ended.
  enum Ending: Equatable {
    case exited(Int32)
    case killed(bySignal: Int32)
  }

  private struct State {
    var running: pid_t?
    var isOver = false
  }
  private let state = Mutex(State())
  /// Holds what children write; removed with ``removeFolder()``.
  let folder: String

  /// - Throws: ``Failure`` when there is no place for temporary files.
  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "jamboree-gate-\(UUID().uuidString)").path
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw Failure(code: Failure.io, message: "\(folder) cannot be made; name a folder for temporary files with TMPDIR")
    }
    Interruption.shared.beforeLeaving { [self] in
      end()
      return false
    }
  }

  func removeFolder() { try? FileManager.default.removeItem(atPath: folder) }

  /// Ends the child that is running, waits until it is gone, and starts none any more.
  ///
  /// What a child has started in groups of their own, as rankers in other processes are, only it can end: asked twice, it does
  /// so and leaves at once. It gets half a second for it.
  func end() {
    let child = state.withLock { state in
      state.isOver = true
      return state.running
    }
    if let child {
      func isGone(within milliseconds: Int) -> Bool {
        for _ in 0..<milliseconds {
          if kill(-child, 0) != 0 { return true }
          usleep(1_000)
        }
        return false
      }
      // Two signals in a row may arrive as one.
      kill(-child, SIGTERM)
      if !isGone(within: 100) {
        kill(-child, SIGTERM)
        if !isGone(within: 400) { kill(-child, SIGKILL) }
      }
      // Whoever waits for it takes it from the list of processes.
      while state.withLock({ $0.running != nil }) { usleep(1_000) }
    }
    removeFolder()
  }

  /// Runs a program to its end.
  /// - Parameters:
  ///   - variables: Environment variables beside those of this process.
  ///   - output: The file that gets its standard output; nil for nowhere.
  ///   - errors: The file that gets its standard error.
  /// - Throws: ``Failure`` when it cannot be started.
  func run(_ path: String, _ arguments: [String], variables: [String: String] = [:], output: String? = nil, errors: String) throws -> Ending {
    let child = try state.withLock { state -> pid_t? in
      guard !state.isOver else { return nil }
      let child = try spawn(path, arguments, variables, output ?? "/dev/null", errors)
      state.running = child
      return child
    }
    guard let child else {
      // The program is about to end.
      Interruption.shared.letLeave()
      throw Failure(code: Failure.interrupted, message: "")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    let isOver = state.withLock { state in
      state.running = nil
      return state.isOver
    }
    // Whoever ended it removes the folder: two that did so would be in each other's way.
    if isOver { Interruption.shared.letLeave() }
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(bySignal: signal)
  }

  private func spawn(_ path: String, _ arguments: [String], _ variables: [String: String], _ output: String, _ errors: String) throws -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (defaults, mask) = (sigset_t(), sigset_t())
    sigemptyset(&defaults)
    sigemptyset(&mask)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }.map { "\($0)=\($1)" }
    var argumentPointers: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    var environmentPointers: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, path, &actions, &attributes, &argumentPointers, &environmentPointers)
    guard code == 0 else {
      throw Failure(code: Failure.usage, message: "\(path) cannot be run (\(String(cString: strerror(code)))); is it a program for this machine?")
    }
    return child
  }
}
