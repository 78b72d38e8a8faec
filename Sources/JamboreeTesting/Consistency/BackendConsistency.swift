import JamboreeKit

/// Holds a backend against the atomicity and the isolation that its descriptor claims, with sessions that read and write at
/// the same time.
///
/// The checks are modelled on those that the LDBC Social Network Benchmark demands (Waudby, Steer, Karimov, Marton, Boncz and Szarnyas,
/// "Towards testing ACID compliance in the LDBC Social Network Benchmark", 2020), put in terms of groups: a group is a
/// transaction. What a session cannot say in a group, the checks do not ask for. A check that did not see enough commits in
/// time fails: nothing is proved then.
public struct BackendConsistency: Sendable {
  /// Two that write at the same time, and one that looks.
  public static let leastSessions = 3

  let make: @Sendable () throws -> BackendInstance
  let sessions: Int
  let commits: Int
  let timeoutNanoseconds: UInt64

  /// - Parameters:
  ///   - sessions: how many work at the same time, 3 or more: half of them write and two at least, or one where only one may.
  ///   - commits: how many groups each check wants to see committed at least, and how often it wants to look.
  ///   - timeoutNanoseconds: how long a check may take over them.
  ///   - make: makes a backend with the options under which sessions may work at the same time, without anything in it each
  ///     time it is called.
  public init(
    sessions: Int = 8, commits: Int = 1_000, timeoutNanoseconds: UInt64 = 60_000_000_000,
    make: @escaping @Sendable () throws -> BackendInstance
  ) {
    self.sessions = max(sessions, Self.leastSessions)
    self.commits = max(commits, 1)
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
      Self.checks.filter { only?.contains($0.name) ?? true }.map { check in { run(check, descriptor) } }
    }
  }

  private func run(_ check: Check, _ descriptor: BackendDescriptor) -> ConformanceReport.Check {
    var arena: Arena?
    return report(
      check.name, check.summary, note: check.note(descriptor), comparisons: { arena?.progress.access { $0.observations } ?? 0 },
      commits: { arena?.progress.access { $0.commits } ?? 0 }
    ) {
      if descriptor.isSynthetic { throw ConformanceSkip("its replies are made up") }
      if let reason = check.unclaimed(descriptor) { throw ConformanceSkip(reason) }
      let missing = check.verbs.subtracting(descriptor.verbs).map(\.name).sorted()
      if !missing.isEmpty { throw ConformanceSkip("the backend does not claim \(missing.joined(separator: ", "))") }
      if check.oneStream == .nothing, descriptor.writers == .single { throw ConformanceSkip(Self.serial) }
      let made = try Arena(self)
      arena = made
      do {
        try check.body(made)
      } catch {
        try? made.instance.backend.finish()
        throw error
      }
      try made.instance.backend.finish()
    }
  }

  /// Of a backend that takes one stream of writes: of two groups that write, one comes after the other.
  static let serial = "one stream of writes: serial by construction"

  /// One check: what it takes a claim of, and what it does.
  struct Check: Sendable {
    /// What it says of a backend that takes one stream of writes.
    enum OneStream: Sendable {
      /// The same as of any other: it is about groups that only read.
      case asMuch
      /// That writes come out right, not that they do so when they meet.
      case less
      /// It could not fail.
      case nothing
    }

    let name: String
    let summary: String
    let verbs: Set<Verb>
    /// Nil for a check of groups being all or none.
    let isolation: BackendDescriptor.Isolation?
    let oneStream: OneStream
    let body: @Sendable (Arena) throws -> Void

    init(
      _ name: String, _ summary: String, needs verbs: Set<Verb>, isolation: BackendDescriptor.Isolation? = nil,
      oneStream: OneStream = .asMuch, _ body: @escaping @Sendable (Arena) throws -> Void
    ) {
      self.name = name
      self.summary = summary
      self.verbs = verbs
      self.isolation = isolation
      self.oneStream = oneStream
      self.body = body
    }

    func note(_ descriptor: BackendDescriptor) -> String? {
      oneStream == .less && descriptor.writers == .single ? BackendConsistency.serial : nil
    }

    /// Why the descriptor does not promise what is checked; nil if it does.
    func unclaimed(_ descriptor: BackendDescriptor) -> String? {
      guard let isolation else {
        if !descriptor.atomicGroups { return "groups are not claimed to be all or none" }
        // Its sessions may work by turns alone, and here they race; `BackendConformance` checks its groups one by one.
        return descriptor.isolation == .none ? "the isolation claimed is 'none', so no sessions at the same time" : nil
      }
      return descriptor.isolation >= isolation
        ? nil : "the isolation claimed is '\(descriptor.isolation.rawValue)', which is less than '\(isolation.rawValue)'"
    }
  }

  static let checks: [Check] = atomicityChecks + readCommittedChecks + updateChecks + snapshotChecks + serializableChecks
}
