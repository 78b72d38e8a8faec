import JamboreeKit
import JamboreeTesting

/// What a verification found, line by line as it is found, or as one JSON object in the end.
struct VerifyTable {
  struct Row {
    let name: String
    let summary: String
    var result = ConformanceReport.Result.passed
    var comparisons = 0
    var commits = 0
    /// What it does not say when it passes.
    var note: String?

    init(name: String, summary: String) { (self.name, self.summary) = (name, summary) }

    init(_ check: ConformanceReport.Check) {
      self.init(name: check.name, summary: check.summary)
      (result, comparisons, commits, note) = (check.result, check.comparisons, check.commits, check.note)
    }
  }

  private let target: VerifyTarget
  private let isSilent: Bool
  private var rows: [(section: String, row: Row)] = []

  init(_ target: VerifyTarget, isSilent: Bool) {
    self.target = target
    self.isSilent = isSilent
  }

  var failures: [Row] { rows.map(\.row).filter { if case .failed = $0.result { true } else { false } } }

  func begin() throws {
    guard !isSilent else { return }
    let claims = target.descriptor
    try Console.print(
      "\(claims.id) \(claims.version) claims: \(claims.verbs.count) of \(Verb.allCases.count) verbs, groups \(claims.atomicGroups ? "all or none" : "one by one"), isolation \(claims.isolation.rawValue), durability \(claims.durability.rawValue)")
    if !claims.concurrentOptions.isEmpty {
      try Console.print("consistency and durability are checked with \(claims.concurrentOptions.joined(separator: ", "))")
    }
  }

  /// Runs the checks of a section, which tells of each as it ends.
  mutating func section(_ name: String, _ body: ((Row) -> Void) throws -> Void) throws {
    if !isSilent { try Console.print("\n\(pad(name, 32))\(pad("compared", 12, left: false))\(pad("commits", 10, left: false))") }
    var found: [Row] = []
    var failure: (any Error)?
    try body { row in
      found.append(row)
      do { try show(row) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    rows += found.map { (name, $0) }
  }

  private func show(_ row: Row) throws {
    guard !isSilent else { return }
    let counts = pad(row.comparisons > 0 ? Text.grouped(Int64(row.comparisons)) : "-", 12, left: false)
      + pad(row.commits > 0 ? Text.grouped(Int64(row.commits)) : "-", 10, left: false)
    switch row.result {
    case .passed: try Console.print("  ok      \(pad(row.name, 22))\(counts)\(row.note.map { "  (\($0))" } ?? "")")
    case .skipped(let reason): try Console.print("  skipped \(pad(row.name, 22))  \(reason)")
    case .failed(let message): try Console.print("  FAILED  \(pad(row.name, 22))\(counts)\n          \(row.summary)\n          \(message)")
    }
  }

  private func pad(_ text: String, _ width: Int, left: Bool = true) -> String {
    let blanks = String(repeating: " ", count: max(width - text.count, 0))
    return left ? text + blanks : blanks + text
  }

  func end() throws {
    var counts = (passed: 0, failed: 0, skipped: 0)
    for (_, row) in rows {
      switch row.result {
      case .passed: counts.passed += 1
      case .failed: counts.failed += 1
      case .skipped: counts.skipped += 1
      }
    }
    guard isSilent else {
      let verdict = counts.failed == 0 ? "keeps what it claims" : "does NOT keep what it claims"
      return try Console.print("\n\(target.descriptor.id) \(verdict): \(counts.passed) passed, \(counts.failed) failed, \(counts.skipped) skipped")
    }
    let claims = target.descriptor
    try JSON.object([
      "backend": .string(claims.id), "version": .string(claims.version), "passed": .boolean(counts.failed == 0),
      "claims": .object([
        "verbs": .integer(Int64(claims.verbs.count)), "atomicGroups": .boolean(claims.atomicGroups),
        "isolation": .string(claims.isolation.rawValue), "durability": .string(claims.durability.rawValue),
      ]),
      "concurrentOptions": .array(claims.concurrentOptions.map { .string($0) }),
      "checks": .array(rows.map { .object(Self.json($0.section, $0.row)) }),
    ]).print()
  }

  private static func json(_ section: String, _ row: Row) -> [String: JSON] {
    var object: [String: JSON] = [
      "section": .string(section), "name": .string(row.name), "summary": .string(row.summary),
      "comparisons": .integer(Int64(row.comparisons)), "commits": .integer(Int64(row.commits)), "message": .null,
      "note": row.note.map { .string($0) } ?? .null,
    ]
    switch row.result {
    case .passed: object["result"] = "passed"
    case .failed(let message): (object["result"], object["message"]) = ("failed", .string(message))
    case .skipped(let reason): (object["result"], object["message"]) = ("skipped", .string(reason))
    }
    return object
  }
}
