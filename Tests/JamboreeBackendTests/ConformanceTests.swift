import JamboreeKit
import JamboreeMemory
import JamboreeSQLite
import JamboreeTesting
import Testing

func noOptions() throws -> OptionValues { try OptionValues(owner: "test", given: [], descriptors: []) }

func memory() throws -> MemoryBackend { try MemoryBackend(options: noOptions()) }

/// In a temporary file, or in the one that is named.
func sqlite(_ location: String = "", options: [(name: String, value: String)] = []) throws -> SQLiteBackend {
  try SQLiteBackend(
    options: OptionValues(owner: "test", location: location, given: options, descriptors: SQLiteBackend.descriptor.options))
}

/// Fails the test with each failed check's sentence.
func expectConformance(_ report: ConformanceReport) {
  for check in report.failures {
    if case .failed(let detail) = check.result { Issue.record("\(report.subject): \(check.name): \(detail)") }
  }
}

@Suite struct ConformanceTests {
  /// The names of the checks that were skipped, without those of single verbs.
  private func skipped(_ report: ConformanceReport) -> Set<String> {
    var names: Set<String> = []
    for check in report.checks where !check.name.hasPrefix("verb-") {
      if case .skipped = check.result { names.insert(check.name) }
    }
    return names
  }

  /// The suite and its model agree with each other, atomic groups included.
  @Test func theModelConforms() throws {
    let report = BackendConformance { .blocking(try ModelBackend(options: noOptions())) }.run()
    expectConformance(report)
    #expect(skipped(report) == ["pipelined-contract", "pipelined-owner-order", "unclaimed-verbs", "parallel-writes"])
  }

  @Test func memoryConforms() throws {
    let report = BackendConformance { .blocking(try memory()) }.run()
    expectConformance(report)
    #expect(skipped(report) == ["pipelined-contract", "pipelined-owner-order", "unclaimed-verbs", "groups-with-reads"])
    // A check that compares nothing passes as well.
    for check in report.checks where check.result == .passed { #expect(check.comparisons > 0, "\(check.name)") }
    #expect(report.checks.reduce(0) { $0 + $1.comparisons } > 5_000)
  }

  @Test(arguments: ["tick", "write"]) func sqliteConforms(groupCommit: String) throws {
    let report = BackendConformance { .blocking(try sqlite(options: [("groupCommit", groupCommit), ("synchronous", "off")])) }.run()
    expectConformance(report)
    #expect(skipped(report) == ["pipelined-contract", "pipelined-owner-order", "unclaimed-verbs", "parallel-writes"])
    for check in report.checks where check.result == .passed { #expect(check.comparisons > 0, "\(check.name)") }
    #expect(report.checks.reduce(0) { $0 + $1.comparisons } > 5_000)
  }

  @Test(arguments: [1, 2] as [UInt64]) func memoryConformsThroughAPipeline(seed: UInt64) throws {
    let report = BackendConformance { .pipelined(PipelinedAdapter(try memory(), seed: seed)) }.run()
    expectConformance(report)
    #expect(skipped(report) == ["unclaimed-verbs", "groups-with-reads"])
  }

  @Test func nullKeepsTheContract() throws {
    for isPipelined in [false, true] {
      let report = BackendConformance {
        let null = try NullBackend(options: noOptions())
        return isPipelined ? .pipelined(PipelinedAdapter(null)) : .blocking(null)
      }.run()
      expectConformance(report)
      for name in ["lifecycle", "page-limits", "repeatable-reads", "parallel-reads"] {
        #expect(report[name]?.result == .passed)
      }
      #expect(skipped(report).contains("random-streams"))
    }
  }
}
