import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeScenario

/// What a platform has to be sized for, from all services of a run: the sum first, then a line each.
struct PlatformText {
  let run: FinishedRun
  let platform: PlatformSummary

  func lines() -> [String] {
    var lines = [item("page views", "\(Text.grouped(platform.pageViews)) of all services")]
    if let peak = platform.peak, let requests = platform.peakRequestsPerSecond {
      let start = Text.weekTime(minuteOfWeek: run.scenario.startMinuteOfWeek + peak.hour * 60)
      lines.append(
        item(
          "peak requests",
          "\(rate(requests)) mean over hour \(peak.hour), from \(start) UTC (\(Text.significant(peak.pageViewsPerSecond)) page views/s x "
            + "\(Text.significant(run.scenario.requestsPerPage))); plan for twice that, \(rate(requests * 2)), in bursts"))
      if run.scenario.durationNanoseconds < 3_600_000_000_000 {
        lines.append(item("", "the event has but \(Text.span(nanoseconds: run.scenario.durationNanoseconds)) of that hour: while it lasts there are more"))
      }
    } else if platform.pageViews > 0 {
      lines.append(item("peak requests", "not known by the hour: measure.bucket does not divide one"))
    }
    lines += storms()
    guard !platform.lines.isEmpty else { return lines }
    var table = TextTable(["service", "participants", "page views", "peak hour", "page views/s"])
    for line in platform.lines {
      table.add([
        line.name, Text.grouped(line.participants), Text.grouped(line.pageViews), line.peak.map { "\($0.hour)" } ?? "-",
        line.peak.map { Text.significant($0.pageViewsPerSecond) } ?? "-",
      ])
    }
    return lines + ["", table.text()]
  }

  /// What is no page view and comes all at once.
  private func storms() -> [String] {
    guard let rate = metric("public.logins.peakMinutePerSecond"), let minute = metric("public.logins.peakMinute") else { return [] }
    let start = Text.weekTime(minuteOfWeek: run.scenario.startMinuteOfWeek + Int(minute))
    return [
      item(
        "logins",
        "\(Text.grouped(run.output.timeline.total("public.logins.logins"))), no page views; \(self.rate(rate)) in the busiest minute, from \(start) UTC")
    ]
  }

  private func rate(_ perSecond: Double) -> String { LoadParts.rate(perSecond) }
  private func metric(_ name: String) -> Double? { run.output.metrics.first { $0.name == name }?.value }
  private func item(_ name: String, _ value: String) -> String { "  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + "  " + value }
}
