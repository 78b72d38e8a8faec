import JamboreeKit

/// Holds a backend against what ``Verb`` and ``StorageBackend`` promise in its name.
///
/// Each check takes a fresh, empty backend, so that none depends on what another has left. Only verbs that the
/// descriptor claims are used. Of a synthetic backend, whose replies are made up, only the protocol's contract is checked.
public struct BackendConformance: Sendable {
  let make: @Sendable () throws -> BackendInstance
  let timeoutNanoseconds: UInt64

  /// - Parameters:
  ///   - timeoutNanoseconds: how long a pipelined session may take over a handful of requests.
  ///   - make: makes a backend, without anything in it each time it is called.
  public init(timeoutNanoseconds: UInt64 = 10_000_000_000, make: @escaping @Sendable () throws -> BackendInstance) {
    self.timeoutNanoseconds = timeoutNanoseconds
    self.make = make
  }

  /// The names of all checks, in the order in which they run.
  public static var checkNames: [String] { checks.map(\.name) }

  /// Runs the checks.
  /// - Parameters:
  ///   - only: names of the checks to run; all when nil.
  ///   - onCheck: told of each check as it ends.
  public func run(only: Set<String>? = nil, onCheck: (ConformanceReport.Check) -> Void = { _ in }) -> ConformanceReport {
    let descriptor: BackendDescriptor
    do {
      descriptor = try make().descriptor
    } catch {
      let check = report("create", "The backend can be made.", comparisons: { 0 }) { throw error }
      return ConformanceReport(subject: "", checks: [check])
    }
    var results: [ConformanceReport.Check] = []
    for check in Self.checks where only?.contains(check.name) ?? true {
      let result = run(check, descriptor)
      results.append(result)
      onCheck(result)
    }
    let unchecked = Set(Verb.allCases).subtracting(descriptor.verbs.intersection(ReferenceModel.verbs))
    for verb in Verb.allCases where only == nil && unchecked.contains(verb) {
      let claimed = descriptor.verbs.contains(verb)
      let result = report("verb-\(verb.name)", "`\(verb.name)` does what its documentation says.", comparisons: { 0 }) {
        throw ConformanceSkip(claimed ? "the suite has no model of it" : "the backend does not claim it")
      }
      results.append(result)
      onCheck(result)
    }
    return ConformanceReport(subject: descriptor.id, checks: results)
  }

  private func run(_ check: Check, _ descriptor: BackendDescriptor) -> ConformanceReport.Check {
    var trial: Trial?
    return report(check.name, check.summary, comparisons: { trial?.comparisons ?? 0 }) {
      if descriptor.isSynthetic, !check.isContract { throw ConformanceSkip("its replies are made up") }
      let missing = check.verbs.subtracting(descriptor.verbs).map(\.name).sorted()
      if !missing.isEmpty { throw ConformanceSkip("the backend does not claim \(missing.joined(separator: ", "))") }
      let made = try Trial(timeoutNanoseconds: timeoutNanoseconds, make: make)
      trial = made
      try made.finishing { try check.body(made) }
    }
  }

  /// One check: its needs and what it does.
  struct Check: Sendable {
    let name: String
    let summary: String
    /// Without these it makes no sense.
    let verbs: Set<Verb>
    /// Whether it concerns the protocol alone, and so also a backend that makes its replies up.
    let isContract: Bool
    let body: @Sendable (Trial) throws -> Void

    init(
      _ name: String, _ summary: String, needs verbs: Set<Verb> = [], isContract: Bool = false,
      _ body: @escaping @Sendable (Trial) throws -> Void
    ) {
      self.name = name
      self.summary = summary
      self.verbs = verbs
      self.isContract = isContract
      self.body = body
    }
  }

  static let checks: [Check] = contractChecks + writeChecks + readChecks + deliveryChecks + memberChecks + parallelChecks
    + streamChecks
}
