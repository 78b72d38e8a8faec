import JamboreeKit

/// What all services of a run come to together: what a platform is sized by.
///
/// A service's page views are what it counts as `SERVICE.pageViews`, its people what it counts as `SERVICE.participants`. The busiest
/// hour is that of the sum, which is less than the sum of the services' busiest hours wherever these are not the same.
public struct PlatformSummary: Sendable {
  /// One service, or one of several crowds of it.
  public struct Line: Sendable, Hashable {
    /// Such as `wiki` or `public.logins`.
    public let name: String
    public let participants: Int64
    public let pageViews: Int64
    public let peak: Peak?
  }

  /// The busiest hour.
  public struct Peak: Sendable, Hashable {
    /// Whole hours from the start: 0 is the first one.
    public let hour: Int
    /// Mean over the hour.
    public let pageViewsPerSecond: Double

    fileprivate init?(_ hourly: [Double]) {
      guard let hour = hourly.indices.max(by: { hourly[$0] < hourly[$1] }), hourly[hour] > 0 else { return nil }
      (self.hour, pageViewsPerSecond) = (hour, hourly[hour] / 3600)
    }
  }

  /// Names of ``metrics``.
  public static let names = [
    "platform.pageViews", "platform.peakHour", "platform.peakHourPageViewsPerSecond", "platform.peakRequestsPerSecond",
  ]

  /// In the order of the scenario; those to which nobody has come are left out.
  public let lines: [Line]
  public let pageViews: Int64
  /// Nil without page views, and where the timeline's buckets do not divide an hour.
  public let peak: Peak?
  /// Requests a second of a server in the mean over the busiest hour.
  public var peakRequestsPerSecond: Double? { peak.map { $0.pageViewsPerSecond * requestsPerPage } }
  private let requestsPerPage: Double

  /// - Parameter requestsPerPage: requests that a page view makes of a server: ``Scenario/requestsPerPage``.
  public init(_ timeline: MetricTimeline, requestsPerPage: Double) {
    self.requestsPerPage = requestsPerPage
    func counters(_ suffix: String) -> [String] {
      timeline.descriptors.filter { $0.kind == .counter && $0.name.hasSuffix(suffix) }.map(\.name)
    }
    lines = counters(".participants").compactMap { counter in
      let name = String(counter.dropLast(".participants".count))
      let participants = timeline.total(counter)
      guard participants > 0 else { return nil }
      return Line(
        name: name, participants: participants, pageViews: timeline.total("\(name).pageViews"),
        peak: Peak(timeline.hourly("\(name).pageViews")))
    }
    let views = counters(".pageViews")
    pageViews = views.reduce(0) { $0 + timeline.total($1) }
    let hours = views.map { timeline.hourly($0) }
    peak = Peak((0..<(hours.map(\.count).max() ?? 0)).map { hour in hours.reduce(0) { $0 + ($1.indices.contains(hour) ? $1[hour] : 0) } })
  }

  public var metrics: [Metric] {
    var metrics = [Metric(name: "platform.pageViews", value: Double(pageViews), unit: "count")]
    guard let peak, let requests = peakRequestsPerSecond else { return metrics }
    metrics.append(Metric(name: "platform.peakHour", value: Double(peak.hour), unit: "h from the start"))
    metrics.append(Metric(name: "platform.peakHourPageViewsPerSecond", value: peak.pageViewsPerSecond, unit: "1/s"))
    metrics.append(Metric(name: "platform.peakRequestsPerSecond", value: requests, unit: "1/s"))
    return metrics
  }
}
