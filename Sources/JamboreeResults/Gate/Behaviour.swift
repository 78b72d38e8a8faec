import JamboreeEngine
import JamboreeKit

/// What a run came to, apart from the time it took: the same for the same program on any machine.
public struct Behaviour: Sendable, Hashable, Codable {
  /// 32 hexadecimal digits.
  public var digest: String
  public var operations: Int64
  /// By name, such as `ok` and `notFound`.
  public var outcomes: [String: Int64]
  /// Metrics whose names begin with `quality.`, by the rest of it: those of which more, or less, is better.
  public var quality: [String: QualityFigure]

  public struct QualityFigure: Sendable, Hashable, Codable {
    public var value: Double
    public var isBetterWhenHigher: Bool

    public init(value: Double, isBetterWhenHigher: Bool) {
      self.value = value
      self.isBetterWhenHigher = isBetterWhenHigher
    }
  }

  public init(digest: String, operations: Int64, outcomes: [String: Int64], quality: [String: QualityFigure]) {
    self.digest = digest
    self.operations = operations
    self.outcomes = outcomes
    self.quality = quality
  }

  public init(_ detail: RunDetail) {
    digest = detail.record.digest
    operations = detail.record.operations
    outcomes = Dictionary(zip(Outcome.allCases.map(\.name), detail.outcomes), uniquingKeysWith: { $1 })
    let prefix = "quality."
    quality = Dictionary(
      detail.metrics.filter { $0.name.hasPrefix(prefix) && $0.value.isFinite && $0.polarity != .neutral }.map {
        (String($0.name.dropFirst(prefix.count)), QualityFigure(value: $0.value, isBetterWhenHigher: $0.polarity == .higherIsBetter))
      }, uniquingKeysWith: { $1 })
  }
}

/// One thing that must not change, then and now.
public struct BehaviourFinding: Sendable, Hashable {
  public enum Value: Sendable, Hashable {
    case text(String)
    case number(Double)
    case none
  }
  public let figure: String
  public let baseline: Value
  public let now: Value
  public let verdict: FigureVerdict

  /// Now over then, less 1; nil where that says nothing.
  public var change: Double? {
    guard case .number(let then) = baseline, case .number(let now) = now, then != 0 else { return nil }
    return now / then - 1
  }
}

/// Holds what a run came to against what it came to for the baseline.
public struct BehaviourComparison: Sendable {
  /// Whether the program may do something else than the baseline's.
  public var allowsChange: Bool
  /// A quality may fall, and instructions may rise, by this part.
  public var qualityTolerance: Double
  public var instructionTolerance: Double

  public init(allowsChange: Bool, qualityTolerance: Double = 0.01, instructionTolerance: Double = 0.02) {
    self.allowsChange = allowsChange
    self.qualityTolerance = qualityTolerance
    self.instructionTolerance = instructionTolerance
  }

  public func compare(_ baseline: Behaviour, _ now: Behaviour) -> [BehaviourFinding] {
    func verdict(_ isSame: Bool) -> FigureVerdict { isSame ? .same : allowsChange ? .allowed : .changed }
    var findings = [
      BehaviourFinding(figure: "digest", baseline: .text(baseline.digest), now: .text(now.digest), verdict: verdict(baseline.digest == now.digest)),
      BehaviourFinding(
        figure: "operations", baseline: .number(Double(baseline.operations)), now: .number(Double(now.operations)),
        verdict: verdict(baseline.operations == now.operations)),
    ]
    for outcome in Outcome.allCases {
      let (then, this) = (baseline.outcomes[outcome.name] ?? 0, now.outcomes[outcome.name] ?? 0)
      guard then != 0 || this != 0 else { continue }
      // More errors are no matter of doing something else.
      let isWorse = outcome.isError && this > then
      findings.append(
        BehaviourFinding(
          figure: "outcome \(outcome.name)", baseline: .number(Double(then)), now: .number(Double(this)), verdict: isWorse ? .worse : verdict(then == this)))
    }
    // Baselines of earlier versions have figures that are neither good nor bad.
    for name in Set(baseline.quality.keys).union(now.quality.keys).sorted() where QualityReport.metric(name, 0).polarity != .neutral {
      findings.append(quality(name, baseline.quality[name], now.quality[name]))
    }
    return findings
  }

  /// A quality that nobody had looked at before is no change; one that is looked at no longer is.
  private func quality(_ name: String, _ then: Behaviour.QualityFigure?, _ now: Behaviour.QualityFigure?) -> BehaviourFinding {
    let verdict: FigureVerdict
    switch (then, now) {
    case (let then?, let now?):
      let room = qualityTolerance * abs(then.value)
      let gain = then.isBetterWhenHigher ? now.value - then.value : then.value - now.value
      verdict = gain < -room ? .worse : gain > room ? .better : .same
    case (.some, nil): verdict = allowsChange ? .allowed : .changed
    default: verdict = .same
    }
    return BehaviourFinding(
      figure: "quality.\(name)", baseline: then.map { .number($0.value) } ?? .none, now: now.map { .number($0.value) } ?? .none, verdict: verdict)
  }

  /// What counts of the same program differ by is let pass on top of the tolerance.
  /// - Returns: nil where the counts cannot be compared.
  public func compare(_ baseline: InstructionCount, _ now: InstructionCount) -> BehaviourFinding? {
    guard baseline.tool == now.tool, baseline.scale == now.scale, baseline.count > 0 else { return nil }
    let change = Double(now.count) / Double(baseline.count) - 1
    let room = instructionTolerance + max(baseline.spread, 0) + max(now.spread, 0)
    return BehaviourFinding(
      figure: "instructions (\(now.tool))", baseline: .number(Double(baseline.count)), now: .number(Double(now.count)),
      verdict: change > room ? .worse : change < -room ? .better : .same)
  }
}
