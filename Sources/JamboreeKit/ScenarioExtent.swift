/// How large a scenario is, as far as that is known before anybody is made: what services hold their parameters against.
public struct ScenarioExtent: Sendable {
  /// How many people there are, by how they belong to the company. The members who are neither are guests.
  public struct Headcount: Sendable, Hashable {
    public let members: Int
    public let employees: Int
    public let alumni: Int

    /// - Parameters:
    ///   - employees: at most so many of the members are.
    ///   - alumni: at most so many of the others are.
    public init(members: Int, employees: Int, alumni: Int) {
      self.members = members
      self.employees = min(employees, members)
      self.alumni = min(alumni, members - self.employees)
    }
  }

  /// At the scenario's own size.
  public let full: Headcount
  /// At the size of the run.
  public let scaled: Headcount
  /// See ``ServiceSetup/scale``.
  public let scale: Double
  public let regions: [Region]
  /// Minutes since Monday 00:00 UTC.
  public let startMinuteOfWeek: Int
  public let durationNanoseconds: Int64
  /// How long after the end members may finish what they have begun.
  public let drainNanoseconds: Int64
  /// All services of the scenario, by number.
  public let services: [any Service]

  public init(
    full: Headcount, scaled: Headcount, scale: Double, regions: [Region], startMinuteOfWeek: Int, durationNanoseconds: Int64,
    drainNanoseconds: Int64, services: [any Service]
  ) {
    (self.full, self.scaled, self.scale, self.regions) = (full, scaled, scale, regions)
    self.startMinuteOfWeek = startMinuteOfWeek
    self.durationNanoseconds = durationNanoseconds
    self.drainNanoseconds = drainNanoseconds
    self.services = services
  }
}

/// What a service cannot do with its parameters in this scenario, and the way out.
public struct ServiceFault: Error, Sendable, Hashable {
  /// Below the service's mapping, as in `viral.peak`; empty for the mapping itself.
  public let key: String
  /// As that of a ``ConfigurationError``.
  public let message: String

  public init(_ key: String, _ message: String) {
    self.key = key
    self.message = message
  }
}

/// A part of what a service keeps in memory from the start, for an estimate of what a run takes.
public struct MemoryShare: Sendable, Hashable {
  /// Of the parameter that says how much it is, below the service's mapping.
  public let key: String
  public let kind: Kind
  /// About how many.
  public let count: Double

  public enum Kind: Sendable, Hashable {
    /// Items of ``PreparedService/history``, each with so many places besides its own that list it.
    case items(furtherPlaces: Double)
    /// Connections of it, or memberships.
    case ties
    /// Agents of people who are in no population.
    case visitors
  }

  public init(_ key: String, _ kind: Kind, count: Double) {
    self.key = key
    self.kind = kind
    self.count = count
  }
}
