import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// One figure of several runs, side by side.
public struct ComparedFigure: Sendable, Hashable {
  /// By run; nil where a run does not have it.
  public let values: [Double?]

  /// By run: the value as a multiple of the first run's, which makes the first 1; nil where either is missing or the
  /// first is 0.
  public let ratios: [Double?]

  public init(_ values: [Double?]) {
    self.values = values
    let first = values.first ?? nil
    ratios = values.map { value in
      guard let value, let first, first != 0 else { return nil }
      return value / first
    }
  }
}

/// Several runs side by side: what each took, as a multiple of the first, and what of that can be believed.
public struct RunComparison: Sendable {
  /// The successful calls of one action, verb or ranker. Latencies in nanoseconds.
  public struct LatencyRow: Sendable, Hashable {
    public let kind: LatencyKind
    public let name: String
    public let count: ComparedFigure
    public let mean: ComparedFigure
    public let p50: ComparedFigure
    public let p90: ComparedFigure
    public let p99: ComparedFigure
    public let p999: ComparedFigure
    public let max: ComparedFigure
  }

  /// A total or a figure that is not the same in all runs.
  public struct FigureRow: Sendable, Hashable {
    public let name: String
    public let unit: String
    public let figure: ComparedFigure
  }

  /// An expectation that did not hold in some of the runs, or was not stated of them or not held against them.
  public struct ExpectationRow: Sendable, Hashable {
    public let name: String
    /// By run; nil where it was not stated.
    public let checks: [CheckRecord?]
  }

  /// In the order in which they were given; the first is what the others are measured by.
  public let runs: [RunRecord]
  /// Storage calls per second of the measured phase.
  public let throughput: ComparedFigure
  /// Every kind and name that any run has: kinds in the order service, response, storage, ranking, names ascending.
  public let rows: [LatencyRow]
  /// Totals first, then what follows from them, by name: what members did and what the platform answered. Of the machine, the process
  /// and the engine there is nothing in it, which is never the same.
  public let figures: [FigureRow]
  /// By name. An expectation that was stated of every run, held against every run, and met in each is not in it.
  public let expectations: [ExpectationRow]
  /// By run: what is kept of a load; nil of runs in virtual time.
  public let loads: [StoredLoad?]
  /// What makes the runs not comparable, each in a sentence; empty when they are. Backend, ranker and commit are not
  /// in it: they are what one compares.
  public let differences: [String]

  public init(_ details: [RunDetail]) {
    runs = details.map(\.record)
    throughput = ComparedFigure(details.map { $0.record.operationsPerSecond })
    rows = Self.rows(details)
    figures = Self.figures(details)
    expectations = Self.expectations(details)
    loads = details.map(\.load)
    differences = Self.differences(details)
  }

  private struct RowKey: Hashable {
    let kind: LatencyKind
    let name: String
  }

  private static func rows(_ details: [RunDetail]) -> [LatencyRow] {
    let byRun = details.map { detail in
      Dictionary(
        detail.summaries.filter { $0.outcome == .ok }.map { (RowKey(kind: $0.kind, name: $0.name), $0.latency) },
        uniquingKeysWith: { first, _ in first })
    }
    let names = Dictionary(grouping: Set(byRun.flatMap(\.keys)), by: \.kind)
    return LatencyKind.allCases.flatMap { kind in
      (names[kind] ?? []).sorted { $0.name < $1.name }.map { key in
        func figure(_ value: (LatencySummary) -> Double) -> ComparedFigure { ComparedFigure(byRun.map { $0[key].map(value) }) }
        return LatencyRow(
          kind: kind, name: key.name, count: figure { Double($0.count) }, mean: figure { $0.meanNanoseconds },
          p50: figure { Double($0.p50Nanoseconds) }, p90: figure { Double($0.p90Nanoseconds) },
          p99: figure { Double($0.p99Nanoseconds) }, p999: figure { Double($0.p999Nanoseconds) },
          max: figure { Double($0.maxNanoseconds) })
      }
    }
  }

  private static func figures(_ details: [RunDetail]) -> [FigureRow] {
    struct Figure { let unit: String; let value: Double }
    func rows(_ byRun: [[String: Figure]]) -> [FigureRow] {
      Set(byRun.flatMap(\.keys)).sorted().compactMap { name in
        let values = byRun.map { $0[name]?.value }
        guard values.contains(where: { $0 != values[0] }) else { return nil }
        return FigureRow(name: name, unit: byRun.compactMap { $0[name]?.unit }.first ?? "", figure: ComparedFigure(values))
      }
    }
    let totals = details.map { detail in
      Dictionary(
        detail.timeline.series.map { series in
          let total = series.descriptor.kind == .gauge ? series.peakValue : series.values.reduce(0, +)
          return (series.descriptor.name, Figure(unit: series.descriptor.unit, value: Double(total)))
        }, uniquingKeysWith: { first, _ in first })
    }
    let metrics = details.map { detail in
      Dictionary(
        detail.metrics.filter { !$0.isOfMachine && $0.value.isFinite }.map { ($0.name, Figure(unit: $0.unit, value: $0.value)) },
        uniquingKeysWith: { first, _ in first })
    }
    return rows(totals) + rows(metrics)
  }

  private static func expectations(_ details: [RunDetail]) -> [ExpectationRow] {
    let byRun = details.map { Dictionary($0.checks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }) }
    return Set(byRun.flatMap(\.keys)).sorted().compactMap { name in
      let checks = byRun.map { $0[name] }
      let isSame = checks.allSatisfy { $0?.passed == true && $0?.notHeldBecause == nil }
      return isSame ? nil : ExpectationRow(name: name, checks: checks)
    }
  }

  private static func differences(_ details: [RunDetail]) -> [String] {
    guard let first = details.first else { return [] }
    var found: [String] = []
    func compare(_ what: String, _ value: (RunDetail) -> String) {
      for other in details.dropFirst() where value(other) != value(first) {
        found.append("\(what): \(first.record.run) has \(quoted(value(first))), \(other.record.run) has \(quoted(value(other)))")
      }
    }
    compare("scenario") { "\($0.identity.scenarioName) (\($0.identity.scenarioHash))" }
    compare("overrides") { $0.identity.overrides.joined(separator: " ") }
    compare("seed") { String($0.identity.seed.rawValue) }
    compare("scale") { String($0.identity.scale) }
    compare("workers") { String($0.identity.workers) }
    compare("pace") { $0.identity.pace }
    compare("processor") { $0.environment.cpuModel }
    compare("logical cores") { String($0.environment.logicalCores) }
    compare("memory in bytes") { String($0.environment.memoryBytes) }
    compare("kernel") { $0.environment.kernel }
    compare("compiler") { $0.environment.compiler }
    compare("build configuration") { $0.environment.buildConfiguration }
    for detail in details {
      switch detail.record.verdict {
      case .passed: break
      case .failed, .invalid, .notComparable, .interrupted:
        found.append(
          "verdict: \(detail.record.run) is \(detail.record.verdict.rawValue)"
            + (detail.verdictReason.isEmpty ? "" : " (\(detail.verdictReason))"))
      }
    }
    return found
  }

  private static func quoted(_ text: String) -> String { text.isEmpty ? "none" : text }
}

extension Metric {
  /// Whether it is of the process, the engine or the harness: it tells what a run cost, and not what came of it.
  public var isOfMachine: Bool { ["process.", "engine.", "floor.", "results.", "server."].contains { name.hasPrefix($0) } }
}
