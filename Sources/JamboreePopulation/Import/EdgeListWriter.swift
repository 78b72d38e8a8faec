import Glibc
import JamboreeKit

/// Writes graphs as edge lists, for other programs and for ``EdgeList``.
public enum EdgeListWriter {
  /// Writes "who follows" and "who is followed", separated by a tab, one edge a line, ordered by both.
  /// - Parameter path: made anew; what was there is overwritten.
  /// - Throws: ``EdgeListError`` when the file cannot be written, naming the reason.
  public static func write(_ graph: SocialGraph, to path: String) throws(EdgeListError) {
    func fail(_ code: Int32) -> EdgeListError {
      EdgeListError(path: path, line: nil, message: "cannot be written (\(String(cString: strerror(code)))); name another file, or make room")
    }
    guard let file = fopen(path, "we") else { throw fail(errno) }
    var bytes: [UInt8] = Array("# \(graph.memberCount) nodes, \(graph.edgeCount) directed edges\n# FromNodeId\tToNodeId\n".utf8)
    bytes.reserveCapacity(1 << 17)
    var written = true
    func append(_ number: UInt32, _ end: UInt8) {
      let start = bytes.count
      var rest = number
      repeat {
        bytes.append(0x30 + UInt8(rest % 10))
        rest /= 10
      } while rest > 0
      bytes[start...].reverse()
      bytes.append(end)
    }
    func flush() {
      written = written && fwrite(bytes, 1, bytes.count, file) == bytes.count
      bytes.removeAll(keepingCapacity: true)
    }
    for source in 0..<graph.memberCount where written {
      for target in graph.neighbors(of: MemberID(UInt32(source))) {
        append(UInt32(source), 0x09)
        append(target, 0x0A)
        if bytes.count > 1 << 16 { flush() }
      }
    }
    flush()
    let code = errno
    guard fclose(file) == 0, written else {
      let error = fail(errno == 0 ? code : errno)
      // A part of a list could be taken for a whole one.
      var status = stat()
      if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG { unlink(path) }
      throw error
    }
  }
}
