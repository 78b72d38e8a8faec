import CLinux
import Dispatch
import Foundation
import Synchronization

/// Runs other programs one after the other, and lets none outlive this one.
///
/// Each child is in a process group of its own, so that what it starts in turn ends with it, and has the dispositions of signals
/// that a program begins with: this one ignores some, which would be inherited.
final class ChildProcesses: Sendable {
  /// How a child ended.
  enum Ending: Equatable {
    case exited(Int32)
    case killed(bySignal: Int32)
    /// It was ended, having taken longer than it may.
    case timedOut
  }

  private struct State {
    var running: ChildGroup?
    var isOver = false
    /// Whether what is running was ended because it took too long.
    var isLate = false
  }
  private let state = Mutex(State())
  /// Where groups are ended: one at a time, and never one that is gone already.
  private let ending = DispatchQueue(label: "ending children", qos: .userInteractive)
  /// Holds what children write; removed with ``removeFolder()``.
  let folder: String
  /// The longest that a child may take.
  let limitNanoseconds: Int64

  /// - Throws: ``Failure`` when there is no place for temporary files.
  init(limitNanoseconds: Int64) throws {
    self.limitNanoseconds = limitNanoseconds
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
  func end() {
    let group = state.withLock { state in
      state.isOver = true
      return state.running
    }
    if group != nil {
      // Unless it has gone meanwhile, and its number may be another's.
      ending.sync { state.withLock { $0.running }?.end() }
      // Whoever waits for it takes it from the list of processes.
      while state.withLock({ $0.running != nil }) { usleep(1_000) }
    }
    removeFolder()
  }

  /// Runs a program to its end, or to the end of its time.
  /// - Parameters:
  ///   - variables: Environment variables beside those of this process.
  ///   - output: The file that gets its standard output; nil for nowhere.
  ///   - errors: The file that gets its standard error.
  /// - Throws: ``Failure`` when it cannot be started.
  func run(_ path: String, _ arguments: [String], variables: [String: String] = [:], output: String? = nil, errors: String) throws -> Ending {
    let started = try state.withLock { state -> (ChildGroup, pid_t)? in
      guard !state.isOver else { return nil }
      let group = try ChildGroup(folder: folder)
      do {
        let child = try spawnChild(
          path, arguments, variables, group: group.identifier, output: output ?? "/dev/null", errors: errors)
        state.running = group
        state.isLate = false
        return (group, child)
      } catch {
        group.remove()
        throw error
      }
    }
    guard let (group, child) = started else {
      // The program is about to end.
      Interruption.shared.letLeave()
      throw Failure(code: Failure.interrupted, message: "")
    }
    let alarm = DispatchSource.makeTimerSource(queue: ending)
    alarm.setEventHandler { [self] in
      guard state.withLock({ state in
        state.isLate = state.running != nil
        return state.isLate
      }) else { return }
      group.end()
    }
    alarm.schedule(deadline: .now() + .nanoseconds(Int(limitNanoseconds)))
    alarm.resume()
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    alarm.cancel()
    // Where it is ended, so that nobody does so when its number can be another's.
    let (isOver, isLate) = ending.sync {
      group.remove()
      return state.withLock { state in
        state.running = nil
        return (state.isOver, state.isLate)
      }
    }
    // Whoever ended it removes the folder: two that did so would be in each other's way.
    if isOver { Interruption.shared.letLeave() }
    if isLate { return .timedOut }
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(bySignal: signal)
  }
}

/// A process group with a shell at its head, which waits for the end of a pipe whose other end this process alone has. So
/// when this process is gone, however it went, the shell ends the group.
private struct ChildGroup {
  let identifier: pid_t
  private let pipe: Int32

  /// As ``end()`` does, with what it leaves: by then nobody else does.
  private static let watch =
    "PATH=/usr/bin:/bin; read -r gone; trap '' TERM; kill -TERM 0; sleep 0.1; kill -TERM 0; sleep 0.4; rm -rf -- \"$0\"; kill -KILL 0"

  /// - Parameter folder: what is removed when this process is gone.
  /// - Throws: ``Failure`` when a shell cannot be started.
  init(folder: String) throws {
    var ends: [Int32] = [-1, -1]
    guard clinux_pipe(&ends) == 0 else {
      throw Failure(code: Failure.io, message: "no pipe can be made (\(String(cString: strerror(errno)))); close other programs, or raise ulimit -n")
    }
    defer { close(ends[0]) }
    do {
      identifier = try spawnChild(
        "/bin/sh", ["-c", Self.watch, folder], [:], group: 0, input: ends[0], output: "/dev/null", errors: "/dev/null")
    } catch {
      close(ends[1])
      throw error
    }
    pipe = ends[1]
  }

  /// Ends all of it.
  ///
  /// What a child has started in groups of their own, as rankers in other processes are, only it can end: asked twice, it does
  /// so and leaves at once. It gets half a second for it.
  func end() {
    func isGone(within milliseconds: Int) -> Bool {
      for _ in 0..<milliseconds {
        // The shell keeps nobody from being gone.
        waitpid(identifier, nil, WNOHANG)
        if kill(-identifier, 0) != 0 { return true }
        usleep(1_000)
      }
      return false
    }
    // Two signals in a row may arrive as one.
    kill(-identifier, SIGTERM)
    if isGone(within: 100) { return }
    kill(-identifier, SIGTERM)
    if isGone(within: 400) { return }
    kill(-identifier, SIGKILL)
  }

  /// Called once, when the child has ended: nothing that it left in the group goes on.
  func remove() {
    kill(-identifier, SIGKILL)
    while waitpid(identifier, nil, 0) < 0, errno == EINTR {}
    close(pipe)
  }
}

/// - Parameters:
///   - group: the process group that it joins; 0 for one of its own.
///   - input: its standard input; nil for nothing.
/// - Throws: ``Failure`` when it cannot be started.
private func spawnChild(
  _ path: String, _ arguments: [String], _ variables: [String: String], group: pid_t, input: Int32? = nil, output: String,
  errors: String
) throws -> pid_t {
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var (defaults, mask) = (sigset_t(), sigset_t())
  sigemptyset(&defaults)
  sigemptyset(&mask)
  for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ] { sigaddset(&defaults, signal) }
  posix_spawnattr_setsigdefault(&attributes, &defaults)
  posix_spawnattr_setsigmask(&attributes, &mask)
  posix_spawnattr_setpgroup(&attributes, group)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if let input {
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
  } else {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
  }
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
