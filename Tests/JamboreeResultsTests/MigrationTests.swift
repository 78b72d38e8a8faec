import Foundation
import GRDB
import Testing

@testable import JamboreeResults

/// A file of every released version is kept beside the tests; each must be readable for ever.
@Suite struct MigrationTests {
  private static let files = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Files")

  /// Every version but the present one has its file: who adds a migration adds the file of the version before.
  @Test func everyReleasedVersionHasItsFile() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.files.path).sorted()
    #expect(names == ResultSchema.migrator.migrations.dropLast().map { "\($0).sqlite" })
  }

  @Test(arguments: [false, true]) func versionOne(readOnly: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    try FileManager.default.copyItem(atPath: Self.files.appending(path: "v1.sqlite").path, toPath: path)
    let store = try ResultStore.open(path: path, readOnly: readOnly)
    let runs = try store.runs()
    #expect(runs.map(\.backend) == ["null", "memory"])
    #expect(runs.map(\.status) == [.finished, .finished])
    #expect(runs[1].digest == "5783b553fcff335dbdea21056c9a7411")
    #expect(runs[1].seed.rawValue == 7)
    let detail = try store.detail(runs[1].run)
    #expect(detail.timeline.buckets.count == 59)
    #expect(detail.identity.backend.location.isEmpty)
    #expect(detail.summaries.contains { $0.name == "jam.listForum" && $0.latency.count > 0 })
    let other = try DatabaseQueue(path: path)
    #expect(try other.read { try ResultSchema.migrator.hasCompletedMigrations($0) })
  }

  /// A run that was killed, among others: its checkpoint is still there.
  @Test(arguments: [false, true]) func versionTwo(readOnly: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    try FileManager.default.copyItem(atPath: Self.files.appending(path: "v2.sqlite").path, toPath: path)
    let store = try ResultStore.open(path: path, readOnly: readOnly)
    let runs = try store.runs()
    #expect(runs.map(\.backend) == ["sqlite", "memory", "null"])
    #expect(runs.map(\.status) == [.interrupted, .finished, .finished])
    let detail = try store.detail(runs[0].run)
    #expect(detail.identity.backend.location == "data.sqlite")
    #expect(detail.identity.scenarioFolder.isEmpty)
    let checkpoint = try #require(try store.checkpoint(of: runs[0].run))
    #expect(checkpoint.tick == 702)
    #expect(checkpoint.digest == "67d494097e10b4d89bf99a9d338a83b5")
  }

  /// A run in virtual time and a load, of which nothing was kept beside its figures; expectations that were not held against it neither.
  @Test(arguments: [false, true]) func versionThree(readOnly: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    try FileManager.default.copyItem(atPath: Self.files.appending(path: "v3.sqlite").path, toPath: path)
    let store = try ResultStore.open(path: path, readOnly: readOnly)
    let runs = try store.runs()
    #expect(runs.map(\.backend) == ["null", "memory"])
    #expect(runs.map(\.pace) == ["200/s (constant, 8 connections, 128 in flight)", "max"])
    #expect(runs[1].digest == "813e54341f06a96407435736fa53b48e" && runs[1].overrides == ["seed=7"])
    #expect(try store.detail(runs[0].run).load == nil)
    let checks = try store.detail(runs[1].run).checks
    #expect(checks.map(\.name) == ["jam.participants"] && checks.allSatisfy { $0.passed && $0.notHeldBecause == nil })
  }

  /// What cannot be brought up to date is said to be old, not empty.
  @Test func anOldFileThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    try FileManager.default.copyItem(atPath: Self.files.appending(path: "v1.sqlite").path, toPath: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
    // Root may write everything.
    guard access(path, W_OK) != 0 else { return }
    let error = #expect(throws: ResultStoreError.self) { try ResultStore.open(path: path, readOnly: true) }
    #expect(error?.message.contains("older version") == true)
  }
}
