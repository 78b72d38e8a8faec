import JamboreeKit

/// What a conformance suite found: one entry a check, in the order in which they ran.
public struct ConformanceReport: Sendable {
  public enum Result: Sendable, Hashable {
    case passed
    /// With one sentence that says where it went wrong, what was expected and what was got.
    case failed(String)
    /// With the reason, such as a verb that the backend does not claim.
    case skipped(String)
  }

  public struct Check: Sendable {
    /// Short and stable, as in `listing-order`.
    public let name: String
    /// What holds if it passes, in one sentence.
    public let summary: String
    public let result: Result
    /// How many operations' answers (or candidates' scores) were compared.
    public let comparisons: Int
    /// How many groups were committed; 0 for checks that do not count them.
    public let commits: Int
    /// What a check that passes does not say, or nil.
    public let note: String?
  }

  /// Id of the backend or ranker.
  public let subject: String
  public let checks: [Check]

  /// Whether no check failed.
  public var isConformant: Bool { failures.isEmpty }

  /// The checks that failed.
  public var failures: [Check] {
    checks.filter { if case .failed = $0.result { true } else { false } }
  }

  public subscript(name: String) -> Check? { checks.first { $0.name == name } }
}

/// Why a check does not pass. Thrown within the suite and turned into an entry of the report.
struct ConformanceFailure: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
  init(_ message: String) { self.message = message }
}

/// Why a check does not apply.
struct ConformanceSkip: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}

/// Ends the check with a message unless the condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ConformanceFailure(message()) }
}

/// Runs a suite's checks on the descriptor of what `make` makes, and collects what they report.
/// - Parameters:
///   - onCheck: told of each check as it ends.
///   - checks: each runs one check; they run in order.
func reportSuite(
  of make: () throws -> BackendInstance, onCheck: (ConformanceReport.Check) -> Void,
  checks: (BackendDescriptor) -> [() -> ConformanceReport.Check]
) -> ConformanceReport {
  let descriptor: BackendDescriptor
  do {
    descriptor = try make().descriptor
  } catch {
    let check = report("create", "The backend can be made.", comparisons: { 0 }) { throw error }
    onCheck(check)
    return ConformanceReport(subject: "", checks: [check])
  }
  let results = checks(descriptor).map { check in
    let result = check()
    onCheck(result)
    return result
  }
  return ConformanceReport(subject: descriptor.id, checks: results)
}

/// Runs a check and reports how it ended, whatever it throws.
/// - Parameter comparisons: asked after the check has run.
func report(
  _ name: String, _ summary: String, note: String? = nil, comparisons: () -> Int, commits: () -> Int = { 0 },
  _ body: () throws -> Void
) -> ConformanceReport.Check {
  var result = ConformanceReport.Result.passed
  do {
    try body()
  } catch let failure as ConformanceFailure {
    result = .failed(failure.message)
  } catch let skip as ConformanceSkip {
    result = .skipped(skip.reason)
  } catch {
    result = .failed("it threw an error: \(error)")
  }
  return ConformanceReport.Check(
    name: name, summary: summary, result: result, comparisons: comparisons(), commits: commits(), note: note)
}
