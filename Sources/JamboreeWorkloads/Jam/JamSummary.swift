import Glibc
import JamboreeKit

/// What follows from a jam's timeline: peaks, the turn of the mood, whether good ideas were found.
struct JamSummary {
  /// All that there may be; some need posts, or an event long enough.
  static let names = [
    "jam.invited", "jam.peakOnline", "jam.peakOnlineAt", "jam.peakHour", "jam.peakHourPageViewsPerSecond", "jam.moodTurn",
    "jam.moodSettled", "jam.ideaViews", "jam.threadSize", "jam.qualityLift",
  ]

  let metrics: [Metric]

  init(_ timeline: MetricTimeline, _ model: JamModel) {
    var metrics: [Metric] = [
      Metric(name: "jam.invited", value: Double(model.population.count), unit: "members"),
      Metric(name: "jam.peakOnline", value: Double(timeline.total("jam.online")), unit: "members"),
    ]
    if let online = timeline.index(of: "jam.online") {
      metrics.append(Metric(name: "jam.peakOnlineAt", value: timeline.peakTimes[online].seconds, unit: "s from the start"))
    }
    let views = timeline.hourly("jam.pageViews")
    if let peak = views.indices.max(by: { views[$0] < views[$1] }) {
      metrics.append(Metric(name: "jam.peakHour", value: Double(peak), unit: "h from the start"))
      metrics.append(Metric(name: "jam.peakHourPageViewsPerSecond", value: views[peak] / 3600, unit: "1/s"))
    }
    // The jam alone, without what follows it.
    let hours = Int((model.durationNanoseconds + 3_599_999_999_999) / 3_600_000_000_000)
    if let turn = JamSummary.moodHour(timeline, hours: hours, fallen: 0.5) {
      metrics.append(Metric(name: "jam.moodTurn", value: turn, unit: "h from the start"))
    }
    if let settled = JamSummary.moodHour(timeline, hours: hours, fallen: 0.9) {
      metrics.append(Metric(name: "jam.moodSettled", value: settled, unit: "h from the start"))
    }
    metrics.append(
      Metric(
        name: "jam.ideaViews", value: Double(timeline.total("jam.pageViews") - timeline.total("jam.listings")), unit: "count"))
    let ideas = timeline.total("jam.ideas")
    if ideas > 0 {
      metrics.append(Metric(name: "jam.threadSize", value: Double(timeline.total("jam.posts")) / Double(ideas), unit: "posts"))
    }
    let reads = timeline.total("jam.qualityReads")
    if ideas > 0, reads > 0 {
      // In standard deviations of quality: 0 is what chance gives.
      let read = Double(timeline.total("jam.qualityRead")) / Double(reads)
      let posted = Double(timeline.total("jam.qualityPosted")) / Double(ideas)
      metrics.append(Metric(name: "jam.qualityLift", value: (read - posted) / 1000, unit: "sd", polarity: .higherIsBetter))
    }
    self.metrics = metrics
  }

  /// The hour by which the negative share has fallen by a part of the way from what it was in the first twelfth of the event
  /// to what it is in the last half; nil if it did not fall by three standard errors.
  /// - Parameters:
  ///   - hours: how long the event lasts.
  ///   - fallen: the part, `0 ... 1`.
  static func moodHour(_ timeline: MetricTimeline, hours: Int, fallen: Double) -> Double? {
    let posts = Array(timeline.hourly("jam.posts").prefix(hours))
    let negative = Array(timeline.hourly("jam.negativePosts").prefix(hours))
    guard posts.count >= 8 else { return nil }
    func share(_ range: Range<Int>) -> (value: Double, posts: Double) {
      let total = posts[range].reduce(0, +)
      return (total > 0 ? negative[range].reduce(0, +) / total : 0, total)
    }
    let first = share(0..<max(posts.count / 12, 2))
    let last = share((posts.count / 2)..<posts.count)
    guard first.posts > 0, last.posts > 0 else { return nil }
    let error = sqrt(first.value * (1 - first.value) / first.posts + last.value * (1 - last.value) / last.posts)
    guard first.value - last.value > 3 * error, error > 0 else { return nil }
    let wanted = first.value + (last.value - first.value) * fallen
    // Three hours' running share, so that a quiet hour does not decide it.
    for hour in 1..<(posts.count - 1) where posts[hour] > 0 && share((hour - 1)..<(hour + 2)).value <= wanted {
      return Double(hour) + 0.5
    }
    return nil
  }
}
