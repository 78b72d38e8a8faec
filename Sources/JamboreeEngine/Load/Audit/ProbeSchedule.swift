import Histogram
import JamboreeKit
import JamboreeMetrics

/// Reads of what was just written, by who wrote it: each write is asked for at once, and again after growing pauses until
/// it shows.
///
/// All times are nanoseconds since the load's start.
struct ProbeSchedule: Sendable {
  /// A write that no probe has shown.
  struct Unseen: Sendable {
    let item: ItemID
    let acknowledgedNanoseconds: UInt64
    /// From the acknowledgement to the start of the last probe.
    let stalenessNanoseconds: UInt64
  }

  /// A write that is probed.
  private struct Probe {
    let item: ItemID
    let actor: MemberID
    let version: UInt32
    let acknowledgedNanoseconds: UInt64
    var pauseNanoseconds: UInt64
    /// When the last probe started that was answered without the write.
    var missedNanoseconds: UInt64?
  }

  /// Unseen writes that are remembered singly; more than these are no accident of deletions.
  private static let unseenLimit = 4096

  private(set) var histogram = LatencyHistogram.latencies(digits: .two)
  private(set) var timeline = StalenessTimeline()
  /// Those that were given up, or under way at the end.
  private(set) var unseen: [Unseen] = []
  /// Writes of which no probe was answered.
  private(set) var unanswered = 0

  private let settings: AuditSettings
  private let probeLimit: Int
  private var stream: RandomStream
  private var probes: [Probe?] = []
  private var free: [Int] = []
  private var due = DueQueue()
  private var underWay = 0
  private var second: UInt64 = .max
  private var begunInSecond = 0

  init(settings: AuditSettings, seed: Seed, worker: Int) {
    self.settings = settings
    stream = RandomStream(seed: seed, domain: RandomDomain("audit.probe"), entity: UInt64(worker))
    // As many as begin before the first is given up, and not without bound.
    let seconds = Double(settings.giveUpNanoseconds) * 1e-9 + 1
    probeLimit = Int(min(max(Double(settings.probesPerSecond) * seconds, 1), 16_384))
  }

  /// Probes a write that was acknowledged, or does not.
  @inline(__always) mutating func consider(_ operation: Operation, version: UInt32, now: UInt64) {
    guard stream.chance(settings.probeShare) else { return }
    begin(operation, version: version, now: now)
  }

  @inline(never) private mutating func begin(_ operation: Operation, version: UInt32, now: UInt64) {
    let second = now / 1_000_000_000
    if second != self.second { (self.second, begunInSecond) = (second, 0) }
    // Nobody but the author is shown what is private.
    guard begunInSecond < settings.probesPerSecond,
      !operation.flags.contains(.isPrivate) || operation.actor == operation.subject.author
    else { return }
    let probe = Probe(
      item: operation.subject, actor: operation.actor, version: version, acknowledgedNanoseconds: now,
      pauseNanoseconds: settings.firstPauseNanoseconds)
    if let index = free.popLast() {
      probes[index] = probe
      due.insert(index, at: now)
    } else {
      guard probes.count < probeLimit else { return }
      probes.append(probe)
      due.insert(probes.count - 1, at: now)
    }
    begunInSecond += 1
  }

  /// When the next probe may be sent; nil for none, or when as many are under way as may be.
  var nextNanoseconds: UInt64? { underWay < max(settings.probesUnderWay, 1) ? due.first : nil }

  mutating func next(now: UInt64) -> AuditProbe? {
    guard let nextNanoseconds, nextNanoseconds <= now, let index = due.removeFirst(), let probe = probes[index] else { return nil }
    underWay += 1
    var read = Operation(verb: .item, action: ActionID(0), actor: probe.actor, intended: .zero)
    read.subject = probe.item
    return AuditProbe(id: index, operation: read)
  }

  mutating func completed(_ id: Int, _ outcome: Outcome, _ reply: borrowing Reply, sentNanoseconds: UInt64, now: UInt64) {
    guard probes.indices.contains(id), var probe = probes[id] else { return }
    underWay -= 1
    let isSeen =
      outcome == .ok && reply.items.count > 0 && reply.items[0].id == probe.item && reply.items[0].version >= probe.version
    if isSeen {
      var bucket = StalenessTimeline.Bucket(probes: 1)
      if probe.missedNanoseconds != nil {
        let staleness = sentNanoseconds - min(probe.acknowledgedNanoseconds, sentNanoseconds)
        _ = histogram.record(staleness)
        bucket.violations = 1
        bucket.maxStalenessNanoseconds = staleness
      }
      timeline.add(bucket, at: probe.acknowledgedNanoseconds)
      return end(id)
    }
    // An error tells nothing of what is there.
    if !outcome.isError { probe.missedNanoseconds = sentNanoseconds }
    if now - min(probe.acknowledgedNanoseconds, now) >= settings.giveUpNanoseconds {
      giveUp(probe)
      return end(id)
    }
    due.insert(id, at: now + probe.pauseNanoseconds)
    probe.pauseNanoseconds = min(probe.pauseNanoseconds * 2, settings.longestPauseNanoseconds)
    probes[id] = probe
  }

  /// The load is over: what has not been seen will not be asked for again.
  mutating func finish() {
    for probe in probes { if let probe { giveUp(probe) } }
    probes.removeAll()
    free.removeAll()
    due = DueQueue()
    underWay = 0
  }

  private mutating func giveUp(_ probe: Probe) {
    guard let missed = probe.missedNanoseconds else {
      unanswered += 1
      return
    }
    let staleness = missed - min(probe.acknowledgedNanoseconds, missed)
    let found = Unseen(
      item: probe.item, acknowledgedNanoseconds: probe.acknowledgedNanoseconds, stalenessNanoseconds: staleness)
    if unseen.count < Self.unseenLimit {
      unseen.append(found)
    } else {
      timeline.add(found)
      unseenBeyond += 1
    }
  }

  /// Unseen writes beyond those in ``unseen``; they are in the timeline already.
  private(set) var unseenBeyond = 0

  private mutating func end(_ id: Int) {
    probes[id] = nil
    free.append(id)
  }
}

extension StalenessTimeline {
  mutating func add(_ unseen: ProbeSchedule.Unseen) {
    add(
      Bucket(probes: 1, violations: 1, maxStalenessNanoseconds: unseen.stalenessNanoseconds), at: unseen.acknowledgedNanoseconds)
  }
}

/// Numbers by the time at which they fall due, earliest first: a binary heap.
private struct DueQueue {
  private var entries: [(nanoseconds: UInt64, number: Int)] = []

  var first: UInt64? { entries.first?.nanoseconds }

  mutating func insert(_ number: Int, at nanoseconds: UInt64) {
    entries.append((nanoseconds, number))
    var child = entries.count - 1
    while child > 0, entries[child].nanoseconds < entries[(child - 1) / 2].nanoseconds {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> Int? {
    guard let last = entries.popLast() else { return nil }
    guard let first = entries.first else { return last.number }
    entries[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].nanoseconds < entries[child].nanoseconds { child += 1 }
      guard entries[child].nanoseconds < entries[parent].nanoseconds else { break }
      entries.swapAt(parent, child)
      parent = child
    }
    return first.number
  }
}
