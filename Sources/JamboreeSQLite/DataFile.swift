import CSQLite
import Glibc
import JamboreeKit

/// Where a run's data lies: a file that the user names, or one of its own that goes when the run is over.
///
/// While it exists, the file is locked against other runs. The lock is on the file itself, apart from SQLite's, and ends
/// with the process however that ends.
final class DataFile {
  let path: String
  let isTemporary: Bool
  private var lock: Int32 = -1

  init(location: String) throws(BackendError) {
    guard location.isEmpty else {
      (path, isTemporary) = (location, false)
      return
    }
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/jamboree-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw BackendError(.io, "sqlite: no temporary folder can be made in \(parent) (\(errorText(errno))); name a file: sqlite:FILE")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + DataFile.name
    isTemporary = true
    remember()
  }

  /// Being made: worth nothing yet.
  var isUnfinished = false {
    didSet { isUnfinished || isTemporary ? remember() : forget() }
  }

  deinit {
    forget()
    if lock >= 0 { close(lock) }
    guard isTemporary else { return }
    Self.remove(path, isTemporary: true)
  }

  func remove() { Self.remove(path, isTemporary: false) }

  private static let name = "/data.sqlite"
  /// The files that mean nothing once the process is gone, and whether they are temporary.
  private static let ours = Guarded<[String: Bool]>([:])

  private func remember() { Self.ours.withLock { $0[path] = isTemporary } }
  private func forget() { Self.ours.withLock { $0[path] = nil } }

  private static func remove(_ path: String, isTemporary: Bool) {
    for suffix in ["-wal", "-shm", "-journal", ""] { unlink(path + suffix) }
    if isTemporary { rmdir(String(path.dropLast(name.count))) }
  }

  /// Takes away what a process that ends at once would leave behind: temporary files, and files that are still being made.
  static func removeAll() {
    for (path, isTemporary) in ours.withLock({ $0 }) { remove(path, isTemporary: isTemporary) }
  }

  /// Whether something is there already. Looks at the bytes, so it must not be open in SQLite.
  /// - Throws: `usage` when it is there and not ours, `io` when that cannot be told.
  func exists() throws(BackendError) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT else { throw complain("cannot be reached (\(errorText(errno)))") }
      return false
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw BackendError(.usage, "sqlite: \(path) is not a file; name one: sqlite:FILE")
    }
    guard status.st_size > 0 else { return false }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw complain("cannot be read (\(errorText(errno)))") }
    defer { close(descriptor) }
    var header = [UInt8](repeating: 0, count: 100)
    let count = pread(descriptor, &header, 100, 0)
    // The file's mark is at byte 68, big-endian.
    guard count == 100, header[68..<72].reduce(0, { $0 << 8 | Int($1) }) == Schema.applicationID else {
      throw BackendError(
        .usage, "sqlite: \(path) is there, and is no data of a Jamboree run; it was left as it is, name another file")
    }
    return true
  }

  /// Keeps other runs off.
  func claim() throws(BackendError) {
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard lock >= 0 else { throw complain("cannot be opened (\(errorText(errno)))") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw BackendError(.io, "sqlite: \(path) is in use by another run; wait for it to end, or name another file")
    }
  }

  private func complain(_ what: String) -> BackendError {
    BackendError(.io, "sqlite: \(path) \(what); check the folder and its permissions, or name another file")
  }
}

func errorText(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
