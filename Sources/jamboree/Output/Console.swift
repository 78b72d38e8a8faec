import Glibc
import JamboreeKit

/// The one place that writes on standard output and standard error. Neither can be relied on: either may be closed, a
/// full disk, or a pipe whose reader has gone.
enum Console {
  /// What the program was asked for, as text and a line feed on standard output. Characters that a terminal obeys are
  /// shown, not sent: much of what is printed was read from files.
  /// - Throws: ``Failure`` with exit code 74 when it cannot be written.
  static func print(_ text: String) throws(Failure) {
    try write(Array((text.split(separator: "\n", omittingEmptySubsequences: false).map(visible).joined(separator: "\n") + "\n").utf8))
  }

  /// Bytes on standard output as they are.
  /// - Throws: ``Failure`` with exit code 74 when they cannot be written.
  static func write(_ bytes: [UInt8]) throws(Failure) {
    let code = send(bytes, to: STDOUT_FILENO)
    guard code != 0 else { return }
    // Who closes a pipe early, as `head` does, has what it wanted.
    let isPipe = code == EPIPE
    let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
    throw Failure(
      code: Failure.io, message: isPipe ? "" : "standard output cannot be written (\(reason)); send it to a file or a terminal that can")
  }

  /// A message on standard error: one line, whatever the text holds. Lost without a word when it cannot be written.
  static func complain(_ message: String) {
    if !message.isEmpty { note("jamboree: \(visible(message))\n") }
  }

  /// Text on standard error as it is: progress. Lost without a word when it cannot be written.
  static func note(_ text: String) { _ = send(Array(text.utf8), to: STDERR_FILENO) }

  /// Puts something in the place of standard streams that are closed, so that no file which is opened later gets their
  /// numbers and what is meant for them. Reading from it or writing to it fails, as it would have before.
  static func claimStandardStreams() {
    for (stream, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)] {
      // The lowest free number is taken, and all below this one are in use.
      if fcntl(stream, F_GETFD) == -1 { _ = open("/dev/null", mode) }
    }
  }

  private static func visible(_ text: some StringProtocol) -> String { printable(String(text), limit: .max) }

  /// - Returns: 0, or the number of the error.
  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var sent = 0
      while sent < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent)
        if count >= 0 {
          sent += count
        } else if errno == EAGAIN {
          // Somebody shares the terminal or pipe with us and made it non-blocking.
          var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = Glibc.poll(&poll, 1, 1000)
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }
}
