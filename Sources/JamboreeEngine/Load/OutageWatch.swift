/// Notices when the backend cannot be reached, and when it can again. Times are nanoseconds since the load's start.
struct OutageWatch {
  private var current: Outage?
  private var ended: [Outage] = []

  var isUnderWay: Bool { current != nil }

  /// A request has ended because the backend could not be reached.
  mutating func failed(at time: Int64) {
    if current == nil { current = Outage(startNanoseconds: time, endNanoseconds: nil, failures: 0) }
    current?.failures += 1
  }

  /// A request was answered. One that was sent before the outage tells nothing of its end.
  /// - Returns: whether the outage is over.
  mutating func recovered(at time: Int64, sent: Int64) -> Bool {
    guard var outage = current, sent >= outage.startNanoseconds else { return false }
    outage.endNanoseconds = time
    ended.append(outage)
    current = nil
    return true
  }

  /// Those that are over and have not been taken.
  mutating func take() -> [Outage] {
    defer { ended = [] }
    return ended
  }

  /// All that are left, and the one that is not over.
  mutating func end() -> [Outage] {
    if let current { ended.append(current) }
    current = nil
    return take()
  }
}
