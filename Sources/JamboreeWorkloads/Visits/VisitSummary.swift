import JamboreeKit

/// What follows from the timeline of any service with visitors.
struct VisitSummary {
  static func names(_ id: String) -> [String] {
    ["\(id).peakOnline", "\(id).peakHour", "\(id).peakHourPageViewsPerSecond", "\(id).peakHourShare"]
  }

  let metrics: [Metric]

  init(_ timeline: MetricTimeline, _ id: String) {
    var metrics = [Metric(name: "\(id).peakOnline", value: Double(timeline.total("\(id).online")), unit: "members")]
    let views = timeline.hourly("\(id).pageViews")
    let total = views.reduce(0, +)
    if total > 0, let peak = views.indices.max(by: { views[$0] < views[$1] }) {
      metrics.append(Metric(name: "\(id).peakHour", value: Double(peak), unit: "h from the start"))
      metrics.append(Metric(name: "\(id).peakHourPageViewsPerSecond", value: views[peak] / 3600, unit: "1/s"))
      metrics.append(Metric(name: "\(id).peakHourShare", value: views[peak] / total, unit: "ratio"))
    }
    self.metrics = metrics
  }
}
