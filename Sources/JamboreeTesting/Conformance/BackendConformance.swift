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
    reportSuite(of: make, onCheck: onCheck) { descriptor in
      let wanted = Self.checks.filter { only?.contains($0.name) ?? true }
      let unchecked = Set(Verb.allCases).subtracting(descriptor.verbs.intersection(ReferenceModel.verbs))
      let verbs = only == nil ? Verb.allCases.filter(unchecked.contains) : []
      return wanted.map { check in { run(check, descriptor) } } + verbs.map { verb in { reportUnchecked(verb, descriptor) } }
    }
  }

  private func reportUnchecked(_ verb: Verb, _ descriptor: BackendDescriptor) -> ConformanceReport.Check {
    report("verb-\(verb.name)", "`\(verb.name)` does what its documentation says.", comparisons: { 0 }) {
      throw ConformanceSkip(descriptor.verbs.contains(verb) ? "the suite has no model of it" : "the backend does not claim it")
    }
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
