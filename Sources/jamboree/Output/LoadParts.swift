import JamboreeEngine
import JamboreeMetrics
import JamboreeResults

/// Parts of a load's report that are shown alike when it ends and later on.
enum LoadParts {
  static func rate(_ perSecond: Double) -> String { perSecond >= 100 ? "\(Text.grouped(perSecond))/s" : "\(Text.significant(perSecond))/s" }

  static func name(_ stage: StoredStage) -> String { "\(stage.shape.rawValue) at \(Text.significant(Double(stage.startNanoseconds) / 1e9)) s" }

  static func stages(_ stages: [StoredStage]) -> String {
    var table = TextTable(["stage", "rate", "starts", "response p50", "p99", "max", "errors"])
    func time(_ value: UInt64) -> String { Text.duration(nanoseconds: Double(value)) }
    for stage in stages {
      table.add([
        name(stage), rate(stage.ratePerSecond), rate(stage.startsPerSecond), time(stage.responses.p50Nanoseconds),
        time(stage.responses.p99Nanoseconds), time(stage.responses.maxNanoseconds), Text.grouped(stage.errors),
      ])
    }
    return table.text()
  }

  /// The first ten, and how many there are.
  static func outages(_ outages: [Outage]) -> [RunRemark] {
    let shown = outages.prefix(10).map { outage in
      let start = "from \(Text.significant(Double(outage.startNanoseconds) / 1e9)) s"
      let end = outage.endNanoseconds.map { "for \(Text.duration(nanoseconds: Double($0 - outage.startNanoseconds))), then it was back" } ?? "to the end"
      return RunRemark("outage", "\(start) \(end); \(Text.counted(outage.failures, "request")) failed")
    }
    return outages.count > 10 ? shown + [RunRemark("outages", "\(outages.count) in all")] : shown
  }
}
