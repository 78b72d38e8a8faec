import Glibc
import Synchronization

/// A file, whatever path leads to it.
private struct FileIdentity: Hashable {
  let device: UInt64
  let inode: UInt64
}

/// A result file that this process has open, or is about to open.
///
/// Linux drops all of a process's locks on a file as soon as the process closes any descriptor of it, so the bytes of
/// a file that SQLite has open must not be looked at in any other way. While a claim exists, no other claim on the
/// same file looks at it: it was found to be ours when it was first claimed.
final class ResultFileClaim: Sendable {
  /// The file has no bytes yet: it was made just now, or is what a program left that was stopped just after making it.
  let isEmpty: Bool
  private let identity: FileIdentity
  private static let counts = Mutex<[FileIdentity: Int]>([:])

  /// Finds out what the path names, and makes an empty file when it names nothing. Anything else is left as it is.
  ///
  /// - Throws: ``ResultStoreError`` when it is not a result file, or (read-only) there is none.
  init(path: String, readOnly: Bool) throws {
    (identity, isEmpty) = try Self.counts.withLock { counts in
      if try fileStatus(path) == nil {
        if readOnly { throw ResultStoreError.noResults(path, "does not exist") }
        try makeEmptyFile(path)
      }
      guard let status = try fileStatus(path) else {
        throw ResultStoreError.inaccessible(path, "was removed while it was opened")
      }
      let identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
      if counts[identity] == nil { try inspect(path, status) }
      counts[identity, default: 0] += 1
      return (identity, status.st_size == 0)
    }
  }

  deinit {
    Self.counts.withLock { counts in
      let left = (counts[identity] ?? 1) - 1
      counts[identity] = left > 0 ? left : nil
    }
  }
}

/// A SQLite file's header: 100 bytes, the first 16 always the same, the application id at 68, big-endian.
private let headerLength = 100
private let magic = Array("SQLite format 3\0".utf8)

/// Nil when there is nothing at the path.
private func fileStatus(_ path: String) throws -> stat? {
  var status = stat()
  if stat(path, &status) == 0 { return status }
  let code = errno
  if code == ENOENT { return nil }
  throw ResultStoreError.inaccessible(path, "cannot be reached (\(errorText(code)))")
}

private func inspect(_ path: String, _ status: stat) throws {
  switch status.st_mode & S_IFMT {
  case S_IFDIR: throw ResultStoreError.directory(path)
  case S_IFREG: break
  default: throw ResultStoreError.notOurs(path, "it is a device or a pipe")
  }
  if status.st_size == 0 { return }
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw ResultStoreError.inaccessible(path, "cannot be read (\(errorText(errno)))") }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: headerLength)
  let count = pread(descriptor, &bytes, headerLength, 0)
  guard count >= 0 else { throw ResultStoreError.inaccessible(path, "cannot be read (\(errorText(errno)))") }
  guard count >= magic.count, bytes.starts(with: magic) else {
    throw ResultStoreError.notOurs(path, "it is not a SQLite database")
  }
  guard count == headerLength else { throw ResultStoreError.notOurs(path, "it is the beginning of a SQLite database") }
  let application = bytes[68..<72].reduce(0) { $0 << 8 | Int($1) }
  guard application == ResultSchema.applicationID else {
    throw ResultStoreError.notOurs(path, "it is a SQLite database of another program")
  }
}

/// The file, and the folders that lead to it as far as they are missing.
private func makeEmptyFile(_ path: String) throws {
  try makeParentFolders(of: path)
  let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw ResultStoreError.wrapping(errno: errno, path: path, "cannot be made") }
  close(descriptor)
}

private func makeParentFolders(of path: String) throws {
  var prefix = ""
  var components = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  while let component = components.popFirst() {
    prefix += component + "/"
    if component.isEmpty || component == "." || component == ".." { continue }
    if mkdir(prefix, 0o777) != 0 && errno != EEXIST {
      let code = errno
      var status = stat()
      // A folder that exists can answer with something else than EEXIST, such as EROFS.
      if stat(prefix, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR { continue }
      throw ResultStoreError.wrapping(errno: code, path: path, "cannot be made, because its folder \(prefix) cannot")
    }
  }
}
