import CLinux
import Glibc
import JamboreeKit

/// A ranker's process, with pipes to its standard input and from its standard output and error, none of which blocks.
///
/// It is the head of a process group of its own: Ctrl-C at the terminal is the harness's to deal with, and what the ranker
/// starts goes with it.
final class ExecProcess {
  let identifier: pid_t
  /// Its standard input; -1 when closed, as the others.
  private(set) var input: Int32
  let output: Int32
  private(set) var errors: Int32
  /// How much of what it writes to standard error is passed on.
  private var errorBytesLeft: Int
  private var isReaped = false

  private static let running = Guarded<Set<pid_t>>([])

  /// Why a process could not be started.
  struct SpawnError: Error {
    let code: Int32
    /// Whether it was the program that could not be run.
    let isProgram: Bool
  }

  /// - Parameters:
  ///   - words: the program, looked for on PATH where it has no slash, and its arguments; at least one.
  ///   - errorBytes: how much of its standard error is passed on.
  init(_ words: [String], errorBytes: Int) throws(SpawnError) {
    // A write to a process that has died is an error where it is made, and no reason to die as well.
    _ = signal(SIGPIPE, SIG_IGN)
    var pipes: [(read: Int32, write: Int32)] = []
    func closeAll() { for pipe in pipes { for end in [pipe.read, pipe.write] { close(end) } } }
    for _ in 0..<3 {
      var ends: [Int32] = [-1, -1]
      guard clinux_pipe(&ends) == 0 else {
        let code = errno
        closeAll()
        throw SpawnError(code: code, isProgram: false)
      }
      pipes.append((ends[0], ends[1]))
    }
    let (code, identifier) = Self.spawn(words, input: pipes[0].read, output: pipes[1].write, errors: pipes[2].write)
    guard code == 0 else {
      closeAll()
      throw SpawnError(code: code, isProgram: true)
    }
    for end in [pipes[0].read, pipes[1].write, pipes[2].write] { close(end) }
    for end in [pipes[0].write, pipes[1].read, pipes[2].read] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
    // As much as anybody may have: a batch goes out in one go.
    for end in [pipes[0].write, pipes[1].read] { _ = fcntl(end, Self.setPipeSize, 1 << 20) }
    self.identifier = identifier
    (input, output, errors) = (pipes[0].write, pipes[1].read, pipes[2].read)
    errorBytesLeft = errorBytes
    Self.running.withLock { _ = $0.insert(identifier) }
  }

  /// F_SETPIPE_SZ.
  private static let setPipeSize: Int32 = 1031

  deinit { kill() }

  private static func spawn(_ words: [String], input: Int32, output: Int32, errors: Int32) -> (code: Int32, identifier: pid_t) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, number) in [(input, STDIN_FILENO), (output, STDOUT_FILENO), (errors, STDERR_FILENO)] {
      posix_spawn_file_actions_adddup2(&actions, descriptor, number)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this process does with signals is no concern of the ranker's.
    var all = sigset_t(), none = sigset_t()
    sigemptyset(&none)
    sigemptyset(&all)
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ, SIGCHLD, SIGTTOU, SIGTTIN] { sigaddset(&all, number) }
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var identifier: pid_t = 0
    let code = posix_spawnp(&identifier, words[0], &actions, &attributes, arguments, environ)
    return (code, identifier)
  }

  // MARK: Reading and writing

  /// What a read or write came to.
  enum Transfer {
    case bytes(Int)
    case wouldBlock
    /// The other end is closed, or broken.
    case ended
  }

  func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    guard input >= 0 else { return .ended }
    return Self.transfer { Glibc.write(input, bytes.baseAddress, bytes.count) }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    Self.transfer { Glibc.read(output, buffer.baseAddress, buffer.count) }
  }

  private static func transfer(_ call: () -> Int) -> Transfer {
    while true {
      let count = call()
      if count > 0 { return .bytes(count) }
      if count == 0 { return .ended }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default: return .ended
      }
    }
  }

  /// Reads of standard error at a time, 4 KiB each: as much as a pipe holds. Whoever writes faster keeps nobody from the rest.
  private static let errorReads = 16

  /// Passes on what it has written to standard error, up to a limit: a ranker in despair must not fill anybody's disk.
  func passErrorsOn() {
    guard errors >= 0 else { return }
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
      for _ in 0..<Self.errorReads {
        switch Self.transfer({ Glibc.read(errors, buffer.baseAddress, buffer.count) }) {
        case .wouldBlock: return
        case .ended:
          close(errors)
          errors = -1
          return
        case .bytes(let count):
          guard errorBytesLeft > 0 else { continue }
          _ = Glibc.write(STDERR_FILENO, buffer.baseAddress, min(count, errorBytesLeft))
          errorBytesLeft -= count
          guard errorBytesLeft <= 0 else { continue }
          let note = "\njamboree: what else the ranker writes to standard error is left out\n"
          _ = note.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
        }
      }
    }
  }

  /// Waits until there is something to read, room to write (if wanted), or the time has come.
  func wait(until deadline: UInt64, toWrite: Bool) {
    let now = monotonicNow()
    guard deadline > now else { return }
    let nanoseconds = Int64(min(deadline - now, 1 << 60))
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 3) { watched in
      watched[0] = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      watched[1] = pollfd(fd: errors, events: Int16(POLLIN), revents: 0)
      watched[2] = pollfd(fd: toWrite ? input : -1, events: Int16(POLLOUT), revents: 0)
      _ = clinux_poll(watched.baseAddress, 3, nanoseconds)
    }
  }

  // MARK: The end

  /// How it has ended, in words; nil while it has not.
  private func ending() -> String? {
    // Looks without taking note: while it is not reaped, its group's number is nobody else's.
    var information = siginfo_t()
    guard waitid(P_PID, id_t(identifier), &information, WEXITED | WNOHANG | WNOWAIT) != 0 || information.si_signo == SIGCHLD else { return nil }
    _ = Glibc.kill(-identifier, SIGKILL)
    guard let status = reap() else { return "has ended" }
    let signal = status & 0x7F
    return signal == 0 ? "has ended with exit code \(status >> 8 & 0xFF)" : "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
  }

  /// Waits for its end; nil where somebody else has done that.
  @discardableResult private func reap() -> Int32? {
    isReaped = true
    Self.running.withLock { _ = $0.remove(identifier) }
    var status: Int32 = 0
    while true {
      if waitpid(identifier, &status, 0) >= 0 { return status }
      if errno != EINTR { return nil }
    }
  }

  /// How it has ended, after it has closed one of its streams. What goes on without is ended, and `closed` returned.
  func ending(or closed: String) -> String {
    for _ in 0..<100 {
      if let text = ending() {
        passErrorsOn()
        kill()
        return text
      }
      usleep(1_000)
    }
    kill()
    return closed
  }

  /// Lets it end by itself, which the end of its input tells it to; ends it where it does not.
  func finish(patienceNanoseconds: UInt64) {
    closeInput()
    let deadline = monotonicNow() &+ patienceNanoseconds
    while !isReaped, ending() == nil, monotonicNow() < deadline {
      passErrorsOn()
      usleep(1_000)
    }
    kill()
  }

  private func closeInput() {
    guard input >= 0 else { return }
    close(input)
    input = -1
  }

  private var isClosed = false

  /// Ends it and all that it has started, and waits until it is gone.
  func kill() {
    guard !isClosed else { return }
    isClosed = true
    if !isReaped {
      _ = Glibc.kill(-identifier, SIGKILL)
      reap()
    }
    // Its last words: by now there are no more to come.
    passErrorsOn()
    closeInput()
    close(output)
    if errors >= 0 { close(errors) }
    errors = -1
  }

  /// Ends all of them at once: for a program that is about to end without tearing anything down.
  static func killAll() { running.withLock { for identifier in $0 { _ = Glibc.kill(-identifier, SIGKILL) } } }
}

func monotonicNow() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

func sleep(until deadline: UInt64) {
  let now = monotonicNow()
  guard deadline > now else { return }
  let nanoseconds = min(deadline - now, 1 << 60)
  var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  nanosleep(&time, nil)
}
