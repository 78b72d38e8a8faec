import Glibc

/// Opens files that a user names: plain ones, and nothing that could make the program wait or do anything else.
public enum PlainFile {
  /// Why a file cannot be read.
  public enum Refusal: Error, Equatable {
    case missing, forbidden, folder, notPlain
    /// Of the system, as a text.
    case other(String)

    init(code: Int32) {
      switch code {
      case ENOENT, ENOTDIR: self = .missing
      case EACCES, EPERM: self = .forbidden
      default: self = .other(strerror(code).map { String(cString: $0) } ?? "error \(code)")
      }
    }

    /// What is wrong, and the way out.
    /// - Parameters:
    ///   - wanted: what should have been named, such as `a scenario file`.
    ///   - hint: where to look when there is no such file.
    public func message(wanted: String, hint: String) -> String {
      switch self {
      case .missing: "no such file; \(hint)"
      case .forbidden: "permission denied; make the file readable, and the folders that lead to it"
      case .folder: "is a directory; name \(wanted) in it"
      case .notPlain: "is no plain file but a device or a pipe; name \(wanted)"
      case .other(let text): "cannot be read (\(text)); name another file"
      }
    }
  }

  /// - Returns: a descriptor open for reading, which the caller closes, and the file's length in bytes.
  public static func open(_ path: String) throws(Refusal) -> (descriptor: Int32, byteCount: Int) {
    // Looked at before it is opened: who opens a pipe waits for the other end, and a device may do anything.
    var status = stat()
    guard stat(path, &status) == 0 else { throw Refusal(code: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .folder
    default: throw .notPlain
    }
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Refusal(code: errno) }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .notPlain
    }
    return (descriptor, Int(status.st_size))
  }
}
