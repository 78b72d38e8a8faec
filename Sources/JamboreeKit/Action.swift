/// Number of an action within a run: an index into the run's ``ActionCatalog``.
@frozen public struct ActionID: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt16
  @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue }
}

/// What a member does and what latency is reported for: `jam.rate`, `wiki.edit`, `bookmarks.followLink`.
public struct ActionDescriptor: Sendable, Hashable {
  /// The name under which it is reported: the service's id, a dot, a verb in lower camel case.
  public let name: String
  /// One line for the documentation and `jamboree scenarios describe`.
  public let summary: String
  /// Whether it shows the member a page, and so counts as a page view.
  public let isPageView: Bool

  public init(name: String, summary: String, isPageView: Bool = false) {
    self.name = name
    self.summary = summary
    self.isPageView = isPageView
  }
}

/// The actions of all of a run's services, in the order in which the scenario names the services.
public struct ActionCatalog: Sendable {
  public private(set) var descriptors: [ActionDescriptor] = []

  public init() {}

  /// Adds a service's actions. The first gets the returned id, the next ones follow on.
  public mutating func append(_ actions: [ActionDescriptor]) -> ActionID {
    let first = ActionID(UInt16(descriptors.count))
    descriptors += actions
    return first
  }

  public subscript(id: ActionID) -> ActionDescriptor { descriptors[Int(id.rawValue)] }
  public var count: Int { descriptors.count }
}

/// How an operation ended. A status value, not an error: nothing is thrown on the hot path.
@frozen public enum Outcome: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  case ok
  /// What the operation names does not exist.
  case notFound
  /// The backend understood and refused: a right is missing, a limit is passed.
  case rejected
  /// The expected version was not the present one.
  case conflict
  /// No answer in time.
  case timedOut
  /// The backend could not be reached.
  case unavailable
  /// The backend failed in any other way.
  case failed

  /// Whether it counts in a run's `errors`: the backend did not answer as a working one would.
  @inlinable public var isError: Bool { rawValue >= Outcome.timedOut.rawValue }

  public var name: String {
    switch self {
    case .ok: "ok"
    case .notFound: "notFound"
    case .rejected: "rejected"
    case .conflict: "conflict"
    case .timedOut: "timedOut"
    case .unavailable: "unavailable"
    case .failed: "failed"
    }
  }
}
