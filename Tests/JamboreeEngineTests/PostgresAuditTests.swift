import Foundation
import JamboreeKit
import JamboreePostgres
import JamboreeTesting
import Testing

@testable import JamboreeEngine

/// On the server that `Scripts/test` has started.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["JAMBOREE_SERVERS"] != nil, "Scripts/test starts the server"))
struct PostgresAuditTests {
  private func postgres() throws -> PostgresBackend {
    try PostgresBackend(
      options: OptionValues(
        owner: "test", given: [(name: "synchronousCommit", value: "off")], descriptors: PostgresBackend.descriptor.options))
  }

  private func item(_ number: Int, sequence: UInt32 = 1) -> ItemID { ItemID(author: MemberID(UInt32(number)), sequence: sequence) }

  private func report<Backend: PipelinedStorageBackend>(_ backend: Backend) throws -> AuditReport {
    let load = try AuditedLoad(backend, workers: 2)
    load.write((0..<200).map { Writing.publish(item($0), in: auditForums[$0 % auditForums.count]) })
    load.write((0..<200).map { Writing.publish(item($0, sequence: 2), answers: item(199 - $0)) })
    // In other orders than the items, so that what is dropped of one kind is not of what was dropped of another.
    load.write((0..<200).map { Writing.edit(item(($0 + 17) % 200), expecting: 1) })
    load.write((0..<200).map { Writing.react(item(($0 + 31) % 200), .rating, 4, by: MemberID(UInt32($0) + 1)) })
    load.write((0..<40).map { Writing.delete(item($0, sequence: 2)) })
    return try load.report()
  }

  @Test func whatPostgresAcknowledgedIsThere() throws {
    let backend = try postgres()
    let report = try report(backend)
    try backend.finish()
    #expect(report.isClean, "\(report.findings) \(report.examples)")
    #expect(report.acknowledgedWrites == 840 && report.auditedItems == 400)
    #expect(report.notReadBack == 0 && report.listingsNotRead == 0)
  }

  @Test func whatIsDroppedOnTheWayToPostgresIsMissed() throws {
    let backend = UnreliablePipeline(try postgres(), fault: .dropsAcknowledgedWrites(oneIn: 50))
    let report = try report(backend)
    let struck = backend.struckWrites
    try backend.finish()
    #expect(report.findings == [.lostItem: 8, .staleVersion: 4, .lostReaction: 4])
    #expect(struck.values.reduce(0, +) == 16 && !report.isClean)
  }
}
