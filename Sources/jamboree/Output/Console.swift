import Foundation
import JamboreeKit

/// Standard output and standard error, written through to the system at once.
///
/// What cannot be written to standard output ends the program with 74: a result that nobody got must not look like
/// success. Standard error is for people who may have closed it: what cannot be written there is dropped.
enum Console {
  /// Sees to it that descriptors 0 to 2 are taken, so that no file of ours gets the number of a closed one and the output
  /// with it, and that broken pipes and size limits are errors of a call and not the program's end.
  static func prepare() {
    for (descriptor, path, mode) in [(0, "/dev/null", O_RDONLY), (1, "/dev/full", O_WRONLY), (2, "/dev/null", O_WRONLY)] as [(Int32, String, Int32)]
    where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is taken: this one, because those below it are taken already.
      _ = open(path, mode)
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    // Asks for an end, not for the stack that Swift's handler would print.
    signal(SIGQUIT, SIG_DFL)
  }

  static func out(_ text: String) {
    guard let code = write(text, to: STDOUT_FILENO) else { return }
    // Whoever reads a pipe and has had enough of it does not want to hear about it.
    if code != EPIPE { complain("cannot write to standard output (\(String(cString: strerror(code)))); nothing of it can be relied on") }
    exit(Failure.io)
  }

  /// A message of ours on standard error: one line, without characters that a terminal obeys.
  static func complain(_ message: String) {
    let lines = message.split(separator: "\n", omittingEmptySubsequences: true).map { printable(String($0), limit: 4000) }
    err("jamboree: \(lines.joined(separator: "\n"))\n")
  }

  /// Text on standard error as it is: progress.
  static func err(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// The error number of what went wrong, or nil.
  private static func write(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      return nil
    }
  }
}

/// Prints a line, or ends the program: see ``Console``. In the place of Swift's own, which takes a full disk for success.
func print(_ text: String) { Console.out(text + "\n") }
