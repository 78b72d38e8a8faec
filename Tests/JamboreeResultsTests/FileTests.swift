import Foundation
import GRDB
import JamboreeEngine
import Testing

@testable import JamboreeResults

/// The error that opening ends with; nil when it opens.
private func openError(_ path: String, readOnly: Bool = false) -> ResultStoreError? {
  do {
    _ = try ResultStore.open(path: path, readOnly: readOnly)
    return nil
  } catch { return error as? ResultStoreError ?? ResultStoreError(kind: .io, message: "not wrapped: \(error)") }
}

private func expectRefused(
  _ error: ResultStoreError?, _ kind: ResultStoreError.Kind, _ path: String, _ parts: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(error?.kind == kind, "\(error as Any)", sourceLocation: sourceLocation)
  for part in [path] + parts {
    #expect(
      error?.message.contains(part) == true, "“\(part)” is missing in: \(error?.message ?? "")", sourceLocation: sourceLocation)
  }
}

@Suite struct FileTests {
  @Test(arguments: [false, true])
  func textFileIsLeftAlone(readOnly: Bool) throws {
    let folder = try TemporaryFolder()
    for text in ["x", "notes that somebody wrote\n", String(repeating: "long ", count: 400)] {
      try folder.write("notes.txt", Data(text.utf8))
      expectRefused(
        openError(folder.file("notes.txt"), readOnly: readOnly), .usage, folder.file("notes.txt"), "not a SQLite database",
        "--results")
      #expect(try folder.bytes("notes.txt") == Data(text.utf8))
      #expect(try folder.names == ["notes.txt"])
    }
  }

  @Test(arguments: [false, true])
  func foreignDatabaseIsLeftAlone(readOnly: Bool) throws {
    let folder = try TemporaryFolder()
    try makeForeignDatabase(folder.file("f.sqlite"))
    let before = try folder.bytes("f.sqlite")
    expectRefused(
      openError(folder.file("f.sqlite"), readOnly: readOnly), .usage, folder.file("f.sqlite"), "another program", "--results")
    #expect(try folder.bytes("f.sqlite") == before)
    #expect(try folder.names == ["f.sqlite"])
    // Only its beginning, too.
    try folder.write("part.sqlite", before.prefix(50))
    expectRefused(
      openError(folder.file("part.sqlite"), readOnly: readOnly), .usage, folder.file("part.sqlite"), "beginning of a SQLite")
    #expect(try folder.bytes("part.sqlite") == before.prefix(50))
  }

  @Test(arguments: [false, true])
  func damagedFile(readOnly: Bool) throws {
    let folder = try TemporaryFolder()
    do { try ResultStore.open(path: folder.file("r.sqlite")).save(OutputShape()) }
    let bytes = try folder.bytes("r.sqlite")
    // The page that holds the schema.
    var damaged = bytes
    damaged.replaceSubrange(100..<1000, with: Data(repeating: 0xAA, count: 900))
    try folder.write("d.sqlite", damaged)
    expectRefused(openError(folder.file("d.sqlite"), readOnly: readOnly), .usage, folder.file("d.sqlite"), "damaged", "Restore")
    #expect(try folder.bytes("d.sqlite") == damaged)
    // Only the header.
    try folder.write("h.sqlite", bytes.prefix(100))
    expectRefused(openError(folder.file("h.sqlite"), readOnly: readOnly), .usage, folder.file("h.sqlite"), "damaged")
  }

  /// Damage that shows only when the rows are read is an error as well, and never stops the program.
  @Test func damagedPages() throws {
    let folder = try TemporaryFolder()
    let run: String
    do {
      run = try ResultStore.open(path: folder.file("r.sqlite")).save(OutputShape(valuesPerHistogram: 40))
    }
    let bytes = try folder.bytes("r.sqlite")
    var refused = 0
    for page in 1..<(bytes.count / 4096) {
      var damaged = bytes
      let start = page * 4096
      damaged.replaceSubrange(start..<(start + 4096), with: Data(repeating: 0xEE, count: 4096))
      try folder.write("d\(page).sqlite", damaged)
      do {
        let store = try ResultStore.open(path: folder.file("d\(page).sqlite"), readOnly: true)
        _ = try store.detail(run)
        _ = try store.histogram(run: run, kind: .service, name: "jam.rate")
      } catch let error as ResultStoreError {
        refused += 1
        #expect(error.kind == .usage, "\(error)")
        #expect(error.message.contains(folder.file("d\(page).sqlite")))
      }
    }
    #expect(refused > 0)
  }

  @Test(arguments: [
    "UPDATE run SET verdict = 'splendid'", "UPDATE run SET outcomes = '[1,'", "UPDATE timeline SET latency = x'01'",
    "UPDATE timeline_metric SET \"values\" = '[]'", "UPDATE metric SET polarity = 'upwards'", "DROP TABLE metric",
    "ALTER TABLE phase DROP COLUMN duration_ns",
  ])
  func tamperedRows(change: String) throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    let run = try store.save(OutputShape())
    try store.write { db in try db.execute(sql: change) }
    let error = #expect(throws: ResultStoreError.self) { _ = try store.detail(run) }
    expectRefused(error, .usage, store.path, "damaged")
  }

  @Test(arguments: [false, true])
  func newerSchema(readOnly: Bool) throws {
    let folder = try TemporaryFolder()
    do {
      let store = try ResultStore.open(path: folder.file("r.sqlite"))
      try store.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999')") }
    }
    let before = try folder.bytes("r.sqlite")
    expectRefused(
      openError(folder.file("r.sqlite"), readOnly: readOnly), .usage, folder.file("r.sqlite"), "newer version", "v999", "--results")
    #expect(try folder.bytes("r.sqlite") == before)
  }

  /// Our mark and something else behind it: it is neither filled up nor turned into write-ahead mode.
  @Test(arguments: [
    "DROP TABLE grdb_migrations", "DELETE FROM grdb_migrations; DROP TABLE grdb_migrations; DROP TABLE check_result", "DROP TABLE metric",
  ])
  func ourMarkWithoutOurTables(change: String) throws {
    let folder = try TemporaryFolder()
    do {
      let store = try ResultStore.open(path: folder.file("r.sqlite"))
      try store.write { db in try db.execute(sql: change) }
      try store.queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
    }
    let before = try folder.bytes("r.sqlite")
    for readOnly in [false, true] {
      expectRefused(openError(folder.file("r.sqlite"), readOnly: readOnly), .usage, folder.file("r.sqlite"), "damaged", "Restore")
      #expect(try folder.bytes("r.sqlite") == before)
      #expect(try folder.names == ["r.sqlite"])
    }
  }

  /// A first page that says that there is no table, and more pages behind it.
  @Test func aFileWhoseSchemaIsLost() throws {
    let folder = try TemporaryFolder()
    do { try ResultStore.open(path: folder.file("r.sqlite")).save(OutputShape()) }
    var damaged = try folder.bytes("r.sqlite")
    damaged.replaceSubrange(100..<112, with: [0x0D, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0])
    try folder.write("d.sqlite", damaged)
    for readOnly in [false, true] {
      expectRefused(openError(folder.file("d.sqlite"), readOnly: readOnly), .usage, folder.file("d.sqlite"), "damaged")
      #expect(try folder.bytes("d.sqlite") == damaged)
    }
    #expect(try folder.names == ["d.sqlite", "r.sqlite"])
  }

  /// Whoever closes a file last leaves nothing beside it, also who only read, and who refused it.
  @Test func nothingIsLeftBesideTheFile() throws {
    let folder = try TemporaryFolder()
    do { try ResultStore.open(path: folder.file("r.sqlite")).save(OutputShape(buckets: 1)) }
    #expect(try folder.names == ["r.sqlite"])
    do { #expect(try ResultStore.open(path: folder.file("r.sqlite"), readOnly: true).runs().count == 1) }
    #expect(try folder.names == ["r.sqlite"])
    do {
      let store = try ResultStore.open(path: folder.file("r.sqlite"))
      try store.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999')") }
    }
    for readOnly in [false, true] {
      #expect(openError(folder.file("r.sqlite"), readOnly: readOnly)?.message.contains("newer version") == true)
      #expect(try folder.names == ["r.sqlite"])
    }
  }

  @Test func directory() throws {
    let folder = try TemporaryFolder()
    expectRefused(openError(folder.path), .io, folder.path, "is a directory", folder.path + "/jamboree.sqlite")
    expectRefused(openError(folder.path, readOnly: true), .io, folder.path, "is a directory")
    expectRefused(openError(folder.file("new/")), .io, folder.file("new/"))
  }

  @Test func missingFileIsNotMadeForReading() throws {
    let folder = try TemporaryFolder()
    expectRefused(
      openError(folder.file("a/r.sqlite"), readOnly: true), .usage, folder.file("a/r.sqlite"), "does not exist", "jamboree run")
    #expect(try folder.names == [])
    try folder.write("empty.sqlite", Data())
    expectRefused(openError(folder.file("empty.sqlite"), readOnly: true), .usage, folder.file("empty.sqlite"), "no results yet")
    #expect(try folder.bytes("empty.sqlite") == Data())
    // A file without bytes is what a stopped program leaves; it may be filled.
    #expect(openError(folder.file("empty.sqlite")) == nil)
    #expect(openError(folder.file("empty.sqlite"), readOnly: true) == nil)
  }

  @Test func unwritablePlaces() throws {
    let folder = try TemporaryFolder()
    expectRefused(openError("/proc/jamboree/r.sqlite"), .io, "/proc/jamboree/r.sqlite", "folder", "permissions")
    try folder.write("file", Data("x".utf8))
    expectRefused(openError(folder.file("file/r.sqlite")), .io, folder.file("file/r.sqlite"))
    expectRefused(openError("/dev/null"), .usage, "/dev/null", "device")
    #expect(openError("")?.kind == .usage)
  }

  @Test func readOnlyStoreDoesNotWrite() throws {
    let folder = try TemporaryFolder()
    do { _ = try ResultStore.open(path: folder.file("r.sqlite")) }
    let store = try ResultStore.open(path: folder.file("r.sqlite"), readOnly: true)
    let error = #expect(throws: ResultStoreError.self) { try store.save(OutputShape(buckets: 1)) }
    expectRefused(error, .io, store.path, "cannot be written", "permissions")
  }

  @Test func lockedFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    let store = try ResultStore(path: path, readOnly: false, busySeconds: 0.2)
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: path, configuration: configuration)
    try other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
    let error = #expect(throws: ResultStoreError.self) { try store.save(OutputShape(buckets: 1)) }
    expectRefused(error, .io, path, "locked", "0.2 s", "Wait")
    // Reading goes on, also for who comes now.
    #expect(try store.runs().isEmpty)
    #expect(try ResultStore(path: path, readOnly: true, busySeconds: 0.2).runs().isEmpty)
    try other.writeWithoutTransaction { db in try db.execute(sql: "ROLLBACK") }
    try store.save(OutputShape(buckets: 1))
    #expect(try store.runs().count == 1)
  }

  @Test func fullDisk() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    try store.save(OutputShape(buckets: 1))
    try store.queue.writeWithoutTransaction { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      try db.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
    }
    let error = #expect(throws: ResultStoreError.self) { try store.save(OutputShape(buckets: 60)) }
    expectRefused(error, .io, store.path, "full", "Make room")
    // It may have begun; nothing of its end is there.
    #expect(try store.runs().count { $0.operations > 0 } == 1)
    try store.queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 1000000") }
    try store.save(OutputShape(buckets: 60))
    #expect(try store.runs().count { $0.operations > 0 } == 2)
  }

  /// SQLite calls it an input/output error when there is no room for the log beside the file.
  @Test func noRoomForTheLog() throws {
    for code in [ENOSPC, EDQUOT, EFBIG] {
      expectRefused(.wrapping(errno: code, path: "a/r.sqlite", "cannot be made"), .io, "a/r.sqlite", "full", "Make room")
    }
    expectRefused(.wrapping(errno: EACCES, path: "a/r.sqlite", "cannot be made"), .io, "a/r.sqlite", "permissions")
    var status = statvfs()
    #expect(!ResultStoreError.isFull(status))
    (status.f_blocks, status.f_frsize, status.f_bavail) = (64, 4096, 10)
    #expect(ResultStoreError.isFull(status))
    status.f_bavail = 64
    #expect(!ResultStoreError.isFull(status))
    (status.f_files, status.f_favail) = (100, 0)
    #expect(ResultStoreError.isFull(status))
  }

  @Test func namesThatSQLiteWouldTakeForSomethingElse() throws {
    let folder = try TemporaryFolder()
    for name in [":memory:", "file:r.sqlite?mode=memory", "a b%20ü'\".sqlite"] {
      do { try ResultStore.open(path: folder.file(name)).save(OutputShape(buckets: 1)) }
      #expect(try ResultStore.open(path: folder.file(name), readOnly: true).runs().count == 1)
      #expect(try folder.names.contains(name))
    }
  }

  @Test func severalWriters() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<3 { try ResultStore.open(path: path).save(OutputShape(buckets: 2, valuesPerHistogram: 20)) }
        }
      }
      try await group.waitForAll()
    }
    let runs = try ResultStore.open(path: path, readOnly: true).runs()
    #expect(Set(runs.map(\.run)).count == 12)
  }
}
