/// A figure of a run that takes time, and what of a change in it is held against the program.
public struct TimedFigure: Sendable, Hashable {
  public enum Subject: Sendable, Hashable {
    /// Storage calls a second of the measure phase.
    case operationsPerSecond
    /// The mean latency of an action, verb or ranker, in nanoseconds.
    case mean(ProcessLatency.Key)
    /// Its median: what waiting for a busy machine's processor does not move.
    case p50(ProcessLatency.Key)
    /// Its 99th percentile.
    case p99(ProcessLatency.Key)
  }

  public let subject: Subject

  public init(_ subject: Subject) { self.subject = subject }

  public var name: String {
    switch subject {
    case .operationsPerSecond: "operationsPerSecond"
    case .mean(let key): "\(key.text).meanNanoseconds"
    case .p50(let key): "\(key.text).p50Nanoseconds"
    case .p99(let key): "\(key.text).p99Nanoseconds"
    }
  }

  public var isBetterWhenHigher: Bool { subject == .operationsPerSecond }

  /// A worsening up to this part is let pass, however sure it is: where code comes to lie in memory is worth as much, a tail moves
  /// more than the mean does, and a median moves by ticks of the clock.
  public var tolerance: Double {
    switch subject {
    case .operationsPerSecond, .mean: 0.02
    case .p50, .p99: 0.05
    }
  }
}

/// What is to be said of one figure.
public enum FigureVerdict: String, Sendable, Codable {
  /// No worsening that counts.
  case same
  case better
  case worse
  /// Something that must be equal is not.
  case changed
  /// A change that was allowed.
  case allowed
}

/// Decides on all figures together, so that a program that has not changed is failed in one case of a hundred at most, however
/// many figures there are.
public struct GateJudge: Sendable {
  public struct Judged: Sendable {
    public let figure: TimedFigure
    public let estimate: ShiftEstimate
    /// A worsening up to this part was let pass.
    public let tolerance: Double
    public let verdict: FigureVerdict

    /// Whether the figure's 99% interval says otherwise than its verdict: the one is of this figure by itself, the other of
    /// all of them together and with what is let pass.
    public var intervalDiffers: Bool { estimate.interval(confidence: 0.99).contains(0) == (verdict != .same) }
  }

  /// The chance that any figure of an unchanged program is taken to be worse, where noise is normal: less than the one in a
  /// hundred that is promised, because noise is not quite.
  public var falseAlarms = 0.0075
  /// Worsenings that are let pass are at least so large, whatever the figure's own tolerance is.
  public var leastTolerance = 0.0

  public init(leastTolerance: Double = 0) { self.leastTolerance = leastTolerance }

  /// What baselines that are not measured again must let pass: a machine is faster one day than on another.
  public static let toleranceBetweenSessions = 0.05

  /// Holm's method (1979) on one-sided tests: the surest worsening is held against the chance over the number of figures,
  /// the next against the chance over one less, until one does not pass. It needs no assumption on how figures hang together.
  /// What is then worse by more than its tolerance fails.
  public func judge(_ figures: [(figure: TimedFigure, estimate: ShiftEstimate)]) -> [Judged] {
    let worse = Self.rejected(figures.map { $0.figure.isBetterWhenHigher ? $0.estimate.chanceOfFall : $0.estimate.chanceOfRise }, falseAlarms)
    let better = Self.rejected(figures.map { $0.figure.isBetterWhenHigher ? $0.estimate.chanceOfRise : $0.estimate.chanceOfFall }, falseAlarms)
    return figures.indices.map { index in
      let (figure, estimate) = figures[index]
      let tolerance = max(figure.tolerance, leastTolerance)
      let worsening = figure.isBetterWhenHigher ? -estimate.change : estimate.change
      let verdict: FigureVerdict = worse[index] && worsening > tolerance ? .worse : better[index] && -worsening > tolerance ? .better : .same
      return Judged(figure: figure, estimate: estimate, tolerance: tolerance, verdict: verdict)
    }
  }

  /// The smallest true worsening of a figure that would be found in nine cases of ten, being the only one of so many figures.
  public func findable(_ judged: Judged, among count: Int) -> Double {
    // It has to be sure enough, and more than what is let pass.
    max(
      judged.estimate.findable(falseAlarms: falseAlarms / Double(max(count, 1)), power: 0.9),
      judged.estimate.findable(beyond: judged.tolerance, power: 0.9))
  }

  /// Which hypotheses Holm's method rejects, by their p-values.
  static func rejected(_ chances: [Double], _ limit: Double) -> [Bool] {
    var result = [Bool](repeating: false, count: chances.count)
    let order = chances.indices.sorted { chances[$0] < chances[$1] }
    for (rank, index) in order.enumerated() {
      guard chances[index] <= limit / Double(chances.count - rank) else { break }
      result[index] = true
    }
    return result
  }
}
