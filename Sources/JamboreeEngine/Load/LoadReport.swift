import JamboreeKit
import JamboreeMetrics

/// What a load run tells beside its latencies.
public struct LoadReport: Sendable {
  /// As ``LoadOptions/paceText``.
  public var pace: String
  public var connections: Int
  public var inFlight: Int
  /// Wall time of the parts.
  public var warmUpNanoseconds: Int64
  public var measureNanoseconds: Int64
  /// How long it took until nothing was under way any more.
  public var drainNanoseconds: Int64
  /// Virtual time of the last action that started.
  public var virtualNanoseconds: Int64
  /// Actions that started in the measured part.
  public var starts: Int64
  /// Those of them that started before it was over; the others were late, and started in the drain.
  public var startsInTime: Int64
  /// Those of them that the generator has delayed by more than the limit.
  public var lateStarts: Int64
  public var latenessLimitNanoseconds: Int64
  /// Share of late starts from which on the run is invalid.
  public var latenessShare: Double
  /// Starts a second that the stages ask for in the measured part; nil with a pace.
  public var intendedRate: Double?
  /// The most actions that were under way at a time.
  public var peakInFlight: Int
  /// Actions that had no answer when the drain was over; counted as `timedOut`.
  public var unanswered: Int64
  /// Actions that were due in the measured part and had found no room when the drain was over: no latency tells of them.
  public var unstarted: Int64
  /// The scenario had no more members to act, before the load's end.
  public var ranOut: Bool
  public var outages: [Outage]
  /// Of a load by stages, those that were reached.
  public var stages: [StageReport] = []
  /// What the server has used meanwhile; nil where it does not tell.
  public var server: ServerCost?
  /// What became of what was acknowledged; nil where nothing was audited, and when it could not be read back.
  public var audit: AuditReport?
  /// Why nothing could be read back.
  public var auditFailure: String?
  /// Why the backend could not be closed as it should.
  public var finishFailure: String?

  /// Starts a second in the measured part.
  public var achievedRate: Double { measureNanoseconds > 0 ? Double(startsInTime) * 1e9 / Double(measureNanoseconds) : 0 }

  /// Why the run's figures are not to be used; nil when they are.
  public var invalidReason: String? {
    guard starts > 0, Double(lateStarts) > latenessShare * Double(starts) else { return nil }
    return "the generator was late: \(lateStarts) of \(starts) starts (\(percentage(Double(lateStarts) / Double(starts)))) were delayed by it for more than "
      + "\(Double(latenessLimitNanoseconds) / 1e6) ms, and \(percentage(latenessShare)) may be; use fewer actions a second, more workers, or a machine of its own"
      + (peakInFlight >= inFlight ? ". The backend was behind as well: all \(inFlight) places in flight were taken" : "")
  }

  /// Why the backend has failed, whatever its latencies say; nil when it has not.
  public var failedReason: String? {
    let due = starts + unstarted
    guard Double(unstarted) <= latenessShare * Double(due) else {
      return "the backend did not keep up: \(unstarted) of \(due) actions that were due (\(percentage(Double(unstarted) / Double(due)))) could not start before "
        + "the drain was over, and no response time tells of them"
    }
    // Members who wait for replies act later; a rate that is asked for is either held or not.
    guard intendedRate != nil, Double(starts - startsInTime) > latenessShare * Double(due) else { return nil }
    return "the backend did not keep up: \(starts - startsInTime) of \(due) actions that were due (\(percentage(Double(starts - startsInTime) / Double(due)))) "
      + "started only after the measured part was over; use a lower rate, or more --connections and --in-flight if the server has room"
  }

  /// As figures, to be kept with the others.
  var metrics: [Metric] {
    var metrics = [
      Metric(name: "load.starts", value: Double(starts), unit: "count"),
      Metric(name: "load.achievedRate", value: achievedRate, unit: "1/s", polarity: .higherIsBetter),
      Metric(name: "load.lateStarts", value: Double(lateStarts), unit: "count", polarity: .lowerIsBetter),
      Metric(name: "load.peakInFlight", value: Double(peakInFlight), unit: "count"),
      Metric(name: "load.unanswered", value: Double(unanswered), unit: "count", polarity: .lowerIsBetter),
      Metric(name: "load.unstarted", value: Double(unstarted), unit: "count", polarity: .lowerIsBetter),
      Metric(name: "load.outages", value: Double(outages.count), unit: "count", polarity: .lowerIsBetter),
      Metric(name: "load.virtualSeconds", value: Double(virtualNanoseconds) / 1e9, unit: "s"),
    ]
    if let intendedRate { metrics.append(Metric(name: "load.intendedRate", value: intendedRate, unit: "1/s")) }
    if let server { metrics += server.metrics }
    if let audit { metrics += audit.metrics }
    let known = outages.compactMap { outage in outage.endNanoseconds.map { $0 - outage.startNanoseconds } }
    if let longest = known.max() {
      metrics.append(Metric(name: "load.longestOutageSeconds", value: Double(longest) / 1e9, unit: "s", polarity: .lowerIsBetter))
    }
    return metrics
  }
}

extension AuditReport {
  var metrics: [Metric] {
    let bad: [(String, Int)] = [
      ("lost", lost), ("stale", stale), ("duplicated", duplicated), ("readYourWritesViolations", readYourWritesViolations),
      ("neverSeen", neverSeen), ("notReadBack", notReadBack), ("unknownWrites", unknownWrites),
    ]
    var metrics = [("acknowledgedWrites", acknowledgedWrites), ("auditedItems", auditedItems), ("probes", probes)].map {
      Metric(name: "audit.\($0.0)", value: Double($0.1), unit: "count")
    }
    metrics += bad.map { Metric(name: "audit.\($0.0)", value: Double($0.1), unit: "count", polarity: .lowerIsBetter) }
    metrics.append(Metric(name: "audit.auditedShare", value: auditedShare, unit: "ratio"))
    let longest = stalenessTimeline.map(\.maxStalenessNanoseconds).max() ?? 0
    metrics.append(Metric(name: "audit.longestStalenessSeconds", value: Double(longest) / 1e9, unit: "s", polarity: .lowerIsBetter))
    return metrics
  }
}

private func percentage(_ share: Double) -> String { "\((share * 10_000).rounded() / 100)%" }
