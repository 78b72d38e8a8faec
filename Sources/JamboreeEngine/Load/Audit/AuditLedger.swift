import JamboreeKit

/// What all workers kept, sorted by item: of the items that are in everybody's sample.
struct AuditLedger {
  /// Sorted: see ``AuditEvent``.
  private let events: [AuditEvent]
  /// By item: where its events begin; with the end of all at the end.
  private let starts: [Int]
  /// Whether the deletions of items outside the sample are all here.
  let knowsAllDeletions: Bool
  /// Whether what was there before the load is known.
  let knowsHistory: Bool
  /// The share of items that is in the sample.
  let share: Double
  private let threshold: UInt64
  private let salt: UInt64

  /// - Parameter history: what was there before the load; nil when that is not known.
  init(_ records: [AuditRecord], history: OperationLog?, settings: AuditSettings, seed: Seed) {
    salt = AuditLog.salt(seed)
    var logs: [AuditLog] = []
    if let history {
      // All workers together have had as much.
      var log = AuditLog(
        capacity: settings.eventsPerWorker * max(settings.workers, 1), share: settings.share, seed: seed)
      history.forEach { operation, _ in log.record(operation, marks: .isHistory, milliseconds: 0) }
      logs.append(log)
    }
    logs += records.map(\.log)
    knowsHistory = history != nil
    let threshold = logs.reduce(UInt64.max) { min($0, $1.threshold) }
    let knowsAllDeletions = logs.allSatisfy { !$0.forgetsDeletions }
    self.threshold = threshold
    self.knowsAllDeletions = knowsAllDeletions
    share = threshold == .max ? 1 : Double(threshold) * 0x1p-64

    var events: [AuditEvent] = []
    let salt = salt
    for log in logs {
      events += log.events.lazy.filter {
        AuditLog.rank($0.item, salt: salt) <= threshold || ($0.kind == .deletion && knowsAllDeletions)
      }
    }
    // Stable, and history comes first: a member's later reaction follows the earlier one.
    events.sort(by: AuditEvent.areInOrder)
    var starts: [Int] = []
    for index in events.indices where index == 0 || events[index].item != events[index - 1].item { starts.append(index) }
    starts.append(events.count)
    self.events = events
    self.starts = starts
  }

  /// How many items there are; those outside the sample, with nothing but their deletion, among them.
  var count: Int { starts.count - 1 }

  func item(at index: Int) -> ItemID { events[starts[index]].item }

  func events(at index: Int) -> ArraySlice<AuditEvent> { events[starts[index]..<starts[index + 1]] }

  /// Whether an item belongs to the sample: all that was done to it is here then.
  func samples(_ item: ItemID) -> Bool { AuditLog.rank(item, salt: salt) <= threshold }

  /// An order that favours no item or container.
  func rank(_ container: ContainerID) -> UInt64 { mix64(container.rawValue ^ salt) }

  func index(of item: ItemID) -> Int? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self.item(at: middle) < item { low = middle + 1 } else { high = middle }
    }
    return low < count && self.item(at: low) == item ? low : nil
  }

  /// What became of an item by the deletions of it.
  func deletion(of item: ItemID) -> ItemExpectation.Certainty {
    index(of: item).map { ItemExpectation.deletion(in: events(at: $0)) } ?? .never
  }

  /// Whether the load did anything to an item of the sample, so that it is to be read back.
  func isAudited(at index: Int) -> Bool {
    samples(item(at: index)) && events(at: index).contains { !$0.marks.contains(.isHistory) }
  }
}
