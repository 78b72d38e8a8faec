import Foundation
import JamboreeKit
import JamboreePostgres
import Testing

@testable import JamboreeEngine

/// On the server that `Scripts/test` has started.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["JAMBOREE_SERVERS"] != nil, "Scripts/test starts the server"))
struct PostgresDigestTests {
  @Test(arguments: [1, 2, 7]) func postgresHasTheDigestOfMemory(_ workers: Int) throws {
    let plan = try loadPlan(denseJam, scale: 0.25)
    let whole = try simulate(plan)
    let postgres = BackendInstance.pipelined(
      try PostgresBackend(
        options: OptionValues(
          owner: "test", given: [(name: "synchronousCommit", value: "off")], descriptors: PostgresBackend.descriptor.options)))
    let finished = try simulate(plan, backend: postgres, workers: workers)
    try postgres.backend.finish()
    #expect(finished.digest == whole.digest)
    #expect(finished.outcomes == whole.outcomes)
  }
}
