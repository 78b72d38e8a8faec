import JamboreeKit

/// How many people come to a service, how often, and what they do there. All that services have in common in a scenario.
public struct VisitParameters: Sendable {
  /// Share of those whom the service is for who use it at all.
  public var participation: Double
  /// Share of these who come on a working day.
  public var dailyActive: Double
  /// Actions of all of these together on a working day, for each of them.
  public var actionsPerDay: Double
  public var actionsPerVisit: Double
  public var think: ThinkTime
  public var arrivals: Arrivals
  /// Weight of each activity, relative to their sum; one is above 0 at the least.
  public var mix: [Double]
  public var writers: Writers

  /// Who makes the content: participation is unequal everywhere.
  public struct Writers: Sendable {
    /// Of those who come.
    public var share: Double
    /// Share of the writers who write much.
    public var heavyShare: Double
    /// How much more each of these writes than the others.
    public var heavyFactor: Double

    public init(share: Double, heavyShare: Double = 0.1, heavyFactor: Double = 10) {
      self.share = share
      self.heavyShare = heavyShare
      self.heavyFactor = heavyFactor
    }
  }

  /// The defaults that a service has for them; the mix is its activities'.
  public init(
    participation: Double, dailyActive: Double, actionsPerDay: Double, actionsPerVisit: Double, thinkSeconds: Int64 = 30,
    thinkSigma: Double = 1, arrivals: Arrivals = .office, writers: Writers = Writers(share: 0.1)
  ) {
    self.participation = participation
    self.dailyActive = dailyActive
    self.actionsPerDay = actionsPerDay
    self.actionsPerVisit = actionsPerVisit
    think = ThinkTime(meanNanoseconds: thinkSeconds * 1_000_000_000, sigma: thinkSigma)
    self.arrivals = arrivals
    mix = []
    self.writers = writers
  }

  /// Reads the keys that all services have.
  public init(_ reader: inout ParameterReader, _ outline: VisitOutline, _ standard: VisitParameters) throws(ConfigurationError) {
    participation = try reader.number(
      "participation", default: standard.participation, in: 0...1, "share of those whom the service is for who use it")
    dailyActive = try reader.number(
      "dailyActive", default: standard.dailyActive, in: 0...1, "share of its users who come on a working day")
    actionsPerDay = try reader.number(
      "actionsPerDay", default: standard.actionsPerDay, in: 0...1000, "actions on a working day, for each of its users")
    actionsPerVisit = try reader.number(
      "actionsPerVisit", default: standard.actionsPerVisit, in: 1...1000, "mean number of actions of a visit")
    think = try ThinkTime(&reader, standard.think)
    arrivals = try reader.section("arrivals", "when visits begin") { reader throws(ConfigurationError) in
      try Arrivals(hours: &reader, standard.arrivals)
    }
    mix = try Self.mix(&reader, outline.activities)
    writers = try outline.hasWriters ? Self.writers(&reader, standard.writers) : standard.writers
    if writers.share == 0, let idle = outline.activities.indices.first(where: { outline.activities[$0].doer == .writers && mix[$0] > 0 }) {
      throw reader.fail(
        "writers", "nobody writes, but '\(outline.activities[idle].name)' is in the mix; raise writers.share, or give a mix without it")
    }
    // A share so small that it is lost beside 1 is none.
    guard 1 - dailyActive < 1 || actionsPerDay == 0 else {
      throw reader.fail("dailyActive", "nobody comes, but there are actions to be done; raise it, or set actionsPerDay to 0")
    }
  }

  private static func writers(_ reader: inout ParameterReader, _ standard: Writers) throws(ConfigurationError) -> Writers {
    try reader.section("writers", "who makes the content") { reader throws(ConfigurationError) in
      Writers(
        share: try reader.number("share", default: standard.share, in: 0...1, "of those who come, who write"),
        heavyShare: try reader.number("heavyShare", default: standard.heavyShare, in: 0...1, "of these, who write much"),
        heavyFactor: try reader.number(
          "heavyFactor", default: standard.heavyFactor, in: 1...10_000, "how much more they write than the others"))
    }
  }

  /// A mix that is given is all there is: what it does not name is not done. A weight with nothing behind its name has its default,
  /// and a mix of nothing but such is as good as none.
  private static func mix(_ reader: inout ParameterReader, _ activities: [Activity]) throws(ConfigurationError) -> [Double] {
    var isEmpty = false
    let mix = try reader.section("mix", "weight of each action, relative to their sum; where it is given, what is left out is not done") {
      reader throws(ConfigurationError) in
      var weights: [Double] = []
      isEmpty = reader.isGiven && reader.keys.isEmpty
      let isGiven = isEmpty || reader.keys.contains(where: reader.hasValue)
      for activity in activities {
        weights.append(
          try reader.number(
            activity.name, default: activity.weight, leftOut: isGiven && !reader.has(activity.name) ? 0 : nil, in: 0...1e12, activity.summary))
      }
      return weights
    }
    guard mix.contains(where: { $0 > 0 }) || reader.describesOnly else {
      throw reader.fail(
        "mix",
        isEmpty
          ? "no action is named, so nothing would be done; give one a weight above 0, or leave mix out"
          : "all weights are 0; at least one action needs a weight above 0")
    }
    return mix
  }
}
