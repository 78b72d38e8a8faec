import JamboreeKit

/// One kind of thing that members do in a service: an action, its share of all actions, and what it counts.
public struct Activity: Sendable {
  /// Who does it.
  public enum Doer: Sendable {
    case everyone
    /// Those of the participants who write at all: see ``VisitParameters/Writers``.
    case writers
    /// Those who own a place of their own, such as a blog: see ``VisitModel/ownerCount``.
    case owners
  }

  /// The part of the action's name behind the service's id.
  public let name: String
  public let summary: String
  /// Relative to the other activities' weights, where the scenario gives no mix.
  let weight: Double
  let isPageView: Bool
  let doer: Doer
  /// Counters, behind the service's id, that go up by one each time that it is done.
  let counts: [String]
  /// Whether those who do it do it about as often as each other, such as once at most, rather than some far more often.
  var isEven = false

  /// A look at a page.
  public static func page(_ name: String, _ weight: Double, counts: [String], _ summary: String) -> Activity {
    Activity(name: name, summary: summary, weight: weight, isPageView: true, doer: .everyone, counts: ["pageViews"] + counts)
  }

  /// A change.
  public static func write(_ name: String, _ weight: Double, by doer: Doer = .writers, counts: [String], _ summary: String) -> Activity {
    Activity(name: name, summary: summary, weight: weight, isPageView: false, doer: doer, counts: counts)
  }

  /// Something else that is neither.
  public static func call(_ name: String, _ weight: Double, isEven: Bool = false, counts: [String], _ summary: String) -> Activity {
    Activity(name: name, summary: summary, weight: weight, isPageView: false, doer: .everyone, counts: counts, isEven: isEven)
  }
}

/// What a service whose members come in visits consists of: its activities, and what it counts and derives.
public struct VisitOutline: Sendable {
  /// Of the service.
  public let id: String
  /// Which of several crowds of the service it is; empty where there is one alone.
  let part: String
  public let summary: String
  /// At most ``Visit/mostActivities``. Their order is that of the actions.
  public let activities: [Activity]
  public let verbs: Set<Verb>
  /// Counters of the service's own, behind its id, with their units.
  let counters: [(name: String, unit: String)]
  /// What the service's summary adds to the figures, names in full.
  let derived: [String]
  /// Those of the service's own counters and derived figures that depend on replies; names in full.
  let readBack: Set<String>
  let requires: [String]

  /// - Parameters:
  ///   - id: of the service.
  ///   - part: which of several crowds of the service it is.
  ///   - activities: at most ``Visit/mostActivities``.
  ///   - counters: of the service's own, behind its id.
  ///   - derived: figures that the service adds, names in full.
  ///   - readBack: those of its counters and figures that depend on replies, names in full.
  ///   - requires: ids of services that it cannot be without.
  public init(
    id: String, part: String = "", summary: String, activities: [Activity], verbs: Set<Verb>,
    counters: [(name: String, unit: String)] = [], derived: [String] = [],
    readBack: Set<String> = [], requires: [String] = []
  ) {
    (self.id, self.part, self.summary) = (id, part, summary)
    (self.activities, self.verbs) = (activities, verbs)
    (self.counters, self.derived) = (counters, derived)
    (self.readBack, self.requires) = (readBack, requires)
  }

  /// What its metrics and its streams of random numbers are named by.
  var name: String { part.isEmpty ? id : "\(id).\(part)" }

  var actions: [ActionDescriptor] {
    activities.map { ActionDescriptor(name: "\(id).\($0.name)", summary: $0.summary, isPageView: $0.isPageView) }
  }

  var figures: [String] { metrics.map(\.name) + VisitSummary.names(name) + derived }

  /// Whether anything is done by some of those who come and not by others: see ``VisitParameters/Writers``.
  var hasWriters: Bool {
    activities.contains { if case .everyone = $0.doer { false } else { true } }
  }

  public var descriptor: ServiceDescriptor {
    ServiceDescriptor(
      id: id, summary: summary, actions: actions, verbs: verbs, figures: figures, readBackFigures: readBack, requires: requires)
  }

  /// Names behind the id, in the order of the metrics.
  var metricNames: [String] {
    var names = ["participants", "visits", "online", "pageViews"]
    for name in activities.flatMap(\.counts) + counters.map(\.name) where !names.contains(name) { names.append(name) }
    return names
  }

  var metrics: [MetricDescriptor] {
    metricNames.map { name in
      let full = "\(self.name).\(name)"
      if name == "online" { return MetricDescriptor(name: full, unit: "members", kind: .gauge) }
      return MetricDescriptor(name: full, unit: counters.first { $0.name == name }?.unit ?? "count", kind: .counter)
    }
  }

  /// Index of a metric of the service within the run.
  func metric(_ name: String, first: Int) -> Int {
    guard let index = metricNames.firstIndex(of: name) else { preconditionFailure("\(self.name) counts no '\(name)'") }
    return first + index
  }
}
