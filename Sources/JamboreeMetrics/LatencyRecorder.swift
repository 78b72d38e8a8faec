import Histogram
import JamboreeKit

public typealias LatencyHistogram = Histogram<UInt64>

extension LatencyHistogram {
  /// An empty histogram with room from the start for values up to `nanoseconds`; it grows for larger ones, which costs
  /// far more than recording.
  public static func latencies(
    upToNanoseconds nanoseconds: UInt64 = 1 << 28, digits: SignificantDigits = .three
  ) -> LatencyHistogram {
    var histogram = LatencyHistogram(highestTrackableValue: Swift.max(nanoseconds, 2), numberOfSignificantValueDigits: digits)
    histogram.autoResize = true
    return histogram
  }
}

/// What a latency is of.
public enum LatencyKind: String, Sendable, CaseIterable {
  /// An action, from its actual start to its last completion: time in storage and ranking.
  case service
  /// An action, from its intended start to its last completion. Only load mode knows it.
  case response
  /// How much later than intended an action started, and by whose doing: `generator` or `backend`. Only load mode knows it.
  case lateness
  /// One call of a storage verb.
  case storage
  /// One ranking of a feed.
  case ranking
}

/// The latencies of one worker. Not shared: each worker has its own and the run merges them, which is exact because
/// histograms add.
///
/// An action that consists of one storage call has that call's latency, so it is recorded once, under the pair of
/// action and verb, and counted for both when the recorders are merged.
public final class LatencyRecorder {
  /// One histogram: what it is of and the outcome it ended with.
  public struct Key: Hashable, Sendable {
    public let kind: LatencyKind
    /// Name of the action, verb or ranker.
    public let name: String
    public let outcome: Outcome

    public init(kind: LatencyKind, name: String, outcome: Outcome) {
      self.kind = kind
      self.name = name
      self.outcome = outcome
    }
  }

  private let actions: ActionCatalog
  private let rankerName: String
  /// Places for verbs: their raw values have gaps.
  private static let verbCount = 64
  private static let outcomeCount = Outcome.allCases.count

  // Slots are made when first needed; -1 says not yet. `single` is for calls that were a whole action.
  @exclusivity(unchecked) private var singleSlots: [Int32]
  @exclusivity(unchecked) private var partSlots: [Int32]
  @exclusivity(unchecked) private var actionSlots: [Int32]
  @exclusivity(unchecked) private var responseSlots: [Int32]
  @exclusivity(unchecked) private var counts: UnsafeMutablePointer<LatencyCounts>
  @exclusivity(unchecked) private var slotCount = 0
  private var slotCapacity = 16
  private let ranking: UnsafeMutablePointer<LatencyCounts>
  /// Of the generator's doing, then of the backend's.
  private let lateness: UnsafeMutablePointer<LatencyCounts>
  /// What the timeline shows of its bucket that is under way: storage calls, or responses under load. Two digits are enough for a
  /// line on a chart.
  private let bucket: UnsafeMutablePointer<LatencyCounts>

  public init(actions: ActionCatalog, rankerName: String) {
    self.actions = actions
    self.rankerName = rankerName
    singleSlots = [Int32](repeating: -1, count: actions.count * Self.verbCount * Self.outcomeCount)
    partSlots = singleSlots
    actionSlots = [Int32](repeating: -1, count: actions.count * Self.outcomeCount)
    responseSlots = actionSlots
    counts = .allocate(capacity: slotCapacity)
    ranking = .allocate(capacity: 1)
    ranking.initialize(to: LatencyCounts(digits: .three))
    bucket = .allocate(capacity: 1)
    bucket.initialize(to: LatencyCounts(digits: .two))
    lateness = .allocate(capacity: 2)
    for cause in 0..<2 { (lateness + cause).initialize(to: LatencyCounts(digits: .three)) }
  }

  deinit {
    counts.deinitialize(count: slotCount)
    counts.deallocate()
    ranking.deinitialize(count: 1)
    ranking.deallocate()
    bucket.deinitialize(count: 1)
    bucket.deallocate()
    lateness.deinitialize(count: 2)
    lateness.deallocate()
  }

  /// Records a storage call that was a whole action.
  @inline(__always)
  public func recordSingle(_ operation: borrowing Operation, _ outcome: Outcome, durationNanoseconds: UInt64) {
    let index = slotIndex(operation.action, operation.verb, outcome)
    var slot = Int(singleSlots[index])
    if slot < 0 { slot = makeSlot(&singleSlots, index) }
    counts[slot].record(durationNanoseconds)
    bucket.pointee.record(durationNanoseconds)
  }

  /// Records a storage call that was a part of an action.
  @inline(__always)
  public func recordPart(_ operation: borrowing Operation, _ outcome: Outcome, durationNanoseconds: UInt64) {
    recordCall(operation, outcome, durationNanoseconds: durationNanoseconds)
    bucket.pointee.record(durationNanoseconds)
  }

  /// Records an action of several calls, or with a ranking.
  @inline(__always)
  public func recordAction(_ action: ActionID, _ outcome: Outcome, durationNanoseconds: UInt64) {
    let index = Int(action.rawValue) * Self.outcomeCount + Int(outcome.rawValue)
    var slot = Int(actionSlots[index])
    if slot < 0 { slot = makeSlot(&actionSlots, index) }
    counts[slot].record(durationNanoseconds)
  }

  /// Records a storage call under load, where the timeline shows responses.
  @inline(__always)
  public func recordCall(_ operation: borrowing Operation, _ outcome: Outcome, durationNanoseconds: UInt64) {
    let index = slotIndex(operation.action, operation.verb, outcome)
    var slot = Int(partSlots[index])
    if slot < 0 { slot = makeSlot(&partSlots, index) }
    counts[slot].record(durationNanoseconds)
  }

  /// Records an action under load from its intended start on, for its own histogram and the timeline's.
  public func recordResponse(_ action: ActionID, _ outcome: Outcome, durationNanoseconds: UInt64) {
    let index = Int(action.rawValue) * Self.outcomeCount + Int(outcome.rawValue)
    var slot = Int(responseSlots[index])
    if slot < 0 { slot = makeSlot(&responseSlots, index) }
    counts[slot].record(durationNanoseconds)
    bucket.pointee.record(durationNanoseconds)
  }

  /// Records a response for the timeline alone: one that is not in the measured part of the run.
  public func recordUnmeasured(durationNanoseconds: UInt64) { bucket.pointee.record(durationNanoseconds) }

  /// Records how late an action started: both parts, whatever they are, so that the counts are of all starts.
  public func recordLateness(generatorNanoseconds: UInt64, backendNanoseconds: UInt64) {
    lateness[0].record(generatorNanoseconds)
    lateness[1].record(backendNanoseconds)
  }

  @inline(__always)
  public func recordRanking(durationNanoseconds: UInt64) { ranking.pointee.record(durationNanoseconds) }

  /// The largest latency of the timeline bucket that is under way.
  public var bucketMaximumNanoseconds: UInt64 { bucket.pointee.maximum }

  /// Hands over the timeline bucket that is under way and begins a new one.
  public func takeBucket(into total: inout LatencyHistogram) {
    bucket.pointee.add(to: &total)
    bucket.pointee.removeAll()
  }

  /// Adds everything that was recorded to `total`.
  public func merge(into total: inout [Key: LatencyHistogram]) {
    func add(_ key: Key, _ counts: UnsafeMutablePointer<LatencyCounts>) {
      counts.pointee.add(to: &total[key, default: .latencies()])
    }
    for (index, slots) in zip(singleSlots, partSlots).enumerated() {
      let (pair, outcome) = (index / Self.outcomeCount, Outcome.allCases[index % Self.outcomeCount])
      let action = actions[ActionID(UInt16(pair / Self.verbCount))].name
      let verb = Verb(rawValue: UInt8(pair % Self.verbCount))?.name ?? ""
      if slots.0 >= 0 {
        add(Key(kind: .service, name: action, outcome: outcome), counts + Int(slots.0))
        add(Key(kind: .storage, name: verb, outcome: outcome), counts + Int(slots.0))
      }
      if slots.1 >= 0 { add(Key(kind: .storage, name: verb, outcome: outcome), counts + Int(slots.1)) }
    }
    for (index, slot) in actionSlots.enumerated() where slot >= 0 {
      let action = actions[ActionID(UInt16(index / Self.outcomeCount))].name
      add(Key(kind: .service, name: action, outcome: Outcome.allCases[index % Self.outcomeCount]), counts + Int(slot))
    }
    for (index, slot) in responseSlots.enumerated() where slot >= 0 {
      let action = actions[ActionID(UInt16(index / Self.outcomeCount))].name
      add(Key(kind: .response, name: action, outcome: Outcome.allCases[index % Self.outcomeCount]), counts + Int(slot))
    }
    for (cause, name) in ["generator", "backend"].enumerated() where lateness[cause].total > 0 {
      add(Key(kind: .lateness, name: name, outcome: .ok), lateness + cause)
    }
    if ranking.pointee.total > 0 { add(Key(kind: .ranking, name: rankerName, outcome: .ok), ranking) }
  }

  /// Forgets everything, and keeps the room.
  public func removeAll() {
    for slot in 0..<slotCount { counts[slot].removeAll() }
    for cause in 0..<2 { lateness[cause].removeAll() }
    ranking.pointee.removeAll()
    bucket.pointee.removeAll()
  }

  @inline(__always)
  private func slotIndex(_ action: ActionID, _ verb: Verb, _ outcome: Outcome) -> Int {
    (Int(action.rawValue) * Self.verbCount + Int(verb.rawValue)) * Self.outcomeCount + Int(outcome.rawValue)
  }

  @inline(never)
  private func makeSlot(_ slots: inout [Int32], _ index: Int) -> Int {
    if slotCount == slotCapacity {
      let grown = UnsafeMutablePointer<LatencyCounts>.allocate(capacity: slotCapacity * 2)
      grown.moveInitialize(from: counts, count: slotCount)
      counts.deallocate()
      counts = grown
      slotCapacity *= 2
    }
    (counts + slotCount).initialize(to: LatencyCounts(digits: .three))
    slotCount += 1
    slots[index] = Int32(slotCount - 1)
    return slotCount - 1
  }
}
