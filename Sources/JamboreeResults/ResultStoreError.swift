import GRDB
import Glibc

/// Why a result file could not be used. The message names the file, what is wrong with it, and what to do.
public struct ResultStoreError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// What was asked for cannot be: the file is not a result file, is corrupt, or was written by a newer version; or
    /// there is no such run. A command ends with 64.
    case usage
    /// The file cannot be read or written now: it is locked, the disk is full, permissions are missing, or the path
    /// is a directory. A command ends with 74.
    case io
  }

  public let kind: Kind
  public let message: String

  public init(kind: Kind, message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}

extension ResultStoreError {
  private static let elsewhere = "name another file with --results"

  static func notOurs(_ path: String, _ what: String) -> ResultStoreError {
    ResultStoreError(
      kind: .usage, message: "\(path) is not a Jamboree result file: \(what). It was left as it is; \(elsewhere).")
  }

  static func corrupt(_ path: String, _ what: String) -> ResultStoreError {
    ResultStoreError(
      kind: .usage,
      message: "\(path) is a Jamboree result file, but it is damaged: \(what). Restore it from a copy, or move it away "
        + "(with the files of the same name that end in -wal and -shm) and a new one is made.")
  }

  static func newer(_ path: String, _ migrations: [String]) -> ResultStoreError {
    ResultStoreError(
      kind: .usage,
      message: "\(path) was written by a newer version of Jamboree: this one does not know its schema "
        + "\(migrations.joined(separator: ", ")). It was left as it is; use the newer version, or \(elsewhere).")
  }

  static func older(_ path: String) -> ResultStoreError {
    ResultStoreError(
      kind: .io,
      message: "\(path) was written by an older version of Jamboree and has to be brought up to date, but it cannot be written. "
        + "Make it writable, or read a copy of it.")
  }

  static func noResults(_ path: String, _ what: String) -> ResultStoreError {
    ResultStoreError(
      kind: .usage, message: "\(path) \(what). Make results with `jamboree run`, or \(elsewhere).")
  }

  static func directory(_ path: String) -> ResultStoreError {
    ResultStoreError(
      kind: .io,
      message: "\(path) is a directory, and results are kept in one file: name one in it, such as "
        + "--results \(path.hasSuffix("/") ? path : path + "/")jamboree.sqlite.")
  }

  static func inaccessible(_ path: String, _ what: String) -> ResultStoreError {
    ResultStoreError(
      kind: .io, message: "\(path) \(what). Check the permissions of the file and its folder, or \(elsewhere).")
  }

  static func locked(_ path: String, seconds: Double) -> ResultStoreError {
    ResultStoreError(
      kind: .io,
      message: "\(path) is locked: another process has kept it busy for more than \(shortened(seconds)) s. Wait for that process "
        + "to end and try again, or \(elsewhere).")
  }

  static func diskFull(_ path: String) -> ResultStoreError {
    ResultStoreError(
      kind: .io,
      message:
        "The disk that holds \(path) is full, or the file has reached its size limit; what was being written was not kept, what was there before "
        + "is. Make room, or \(elsewhere) on another disk.")
  }

  /// What an error of the operating system means for the one who named the file.
  static func wrapping(errno code: Int32, path: String, _ what: String) -> ResultStoreError {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: diskFull(path)
    case EISDIR: directory(path)
    default: inaccessible(path, "\(what) (\(errorText(code)))")
    }
  }

  /// What an error of SQLite means for the one who named the file.
  static func wrapping(_ error: DatabaseError, path: String, busySeconds: Double) -> ResultStoreError {
    let text = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    return switch error.resultCode {
    // SQLite knows one kind of full disk, and takes the others for failures: of the log beside the file, of a limit.
    case .SQLITE_IOERR where isOutOfRoom(path), .SQLITE_CANTOPEN where isOutOfRoom(path): diskFull(path)
    case .SQLITE_BUSY, .SQLITE_LOCKED: locked(path, seconds: busySeconds)
    case .SQLITE_FULL: diskFull(path)
    case .SQLITE_NOTADB, .SQLITE_CORRUPT: corrupt(path, text)
    case .SQLITE_READONLY:
      inaccessible(path, "cannot be written (\(text)); even reading needs a folder in which files can be made")
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
      inaccessible(path, "cannot be opened (\(text)); even reading needs a folder in which files can be made")
    // What a disk without room and a limit on the size of files look like where no whole page could be written.
    case .SQLITE_IOERR where [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_TRUNCATE].contains(error.extendedResultCode):
      diskFull(path)
    case .SQLITE_IOERR: inaccessible(path, "cannot be read or written (\(text))")
    // A table or column is missing, or holds what its schema forbids: somebody changed the file by other means.
    case .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH: corrupt(path, text)
    default: ResultStoreError(kind: .io, message: "\(path): \(text). Try again, or \(elsewhere).")
    }
  }

  static func isLackOfRoom(_ error: DatabaseError, path: String) -> Bool {
    wrapping(error, path: path, busySeconds: 0) == diskFull(path)
  }

  /// Whether nothing more can be written where a file is: no space, no names, or this process may write no longer files.
  static func isOutOfRoom(_ path: String) -> Bool {
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur < 1 << 40 { return true }
    var status = statvfs()
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    guard statvfs(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, &status) == 0 else { return false }
    return isFull(status)
  }

  /// Less is free than the log beside the file takes when it is made, or no name is. File systems that have no fixed number
  /// of blocks or names report 0 of them.
  static func isFull(_ status: statvfs) -> Bool {
    (status.f_blocks > 0 && UInt64(status.f_bavail) * UInt64(status.f_frsize) < 256 << 10) || (status.f_files > 0 && status.f_favail == 0)
  }

  private static func shortened(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
  }
}

func errorText(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
