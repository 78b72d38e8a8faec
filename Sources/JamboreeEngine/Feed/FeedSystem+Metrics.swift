import JamboreeKit

extension FeedSystem {
  /// What an entry takes where it is kept in memory: two times, an order, two ids, a kind and a member.
  static let entryBytes: Int64 = 48

  /// Authors of whom nothing is delivered to those who follow them by some kind of tie: too many do, or once did.
  private var pulledAuthors: Int {
    (0..<UInt32(base.population.count)).count { author in indexes.contains { $0.isPulled(author) } }
  }

  /// What a run tells of its feeds, besides the latencies of the looks.
  /// - Parameter isFinal: whether with what inboxes hold, for which every member is looked at.
  func metrics(_ lanes: [FeedNews], isFinal: Bool = true) -> [Metric] {
    let counters = counters(lanes)
    func ratio(_ a: Int64, _ b: Int64) -> Double { b > 0 ? Double(a) / Double(b) : 0 }
    var metrics = [
      Metric(name: "feed.reads", value: Double(counters.reads), unit: "count"),
      Metric(
        name: "feed.storageCallsPerRead", value: ratio(counters.readCalls, counters.reads), unit: "ratio", polarity: .lowerIsBetter),
      Metric(name: "feed.publications", value: Double(counters.publications), unit: "count"),
      Metric(name: "feed.deliveries", value: Double(counters.deliveries), unit: "count"),
      Metric(
        name: "feed.writeAmplification", value: ratio(counters.deliveries, counters.publications), unit: "ratio",
        polarity: .lowerIsBetter),
    ]
    guard delivers else { return metrics }
    metrics.append(Metric(name: "feed.backfilled", value: Double(counters.backfilled), unit: "count"))
    if isFinal {
      metrics.append(Metric(name: "feed.pulledAuthors", value: Double(pulledAuthors), unit: "count"))
      metrics.append(
        Metric(name: "feed.inboxBytes", value: Double(heldEntries(lanes) * Self.entryBytes), unit: "B", polarity: .lowerIsBetter))
    }
    metrics.append(
      Metric(
        name: "feed.timeToVisibleSeconds", value: ratio(counters.visibleNanoseconds, counters.visible) * 1e-9, unit: "s",
        polarity: .lowerIsBetter))
    return metrics
  }
}
