import JamboreeKit

/// A read that shows whether an acknowledged write can be read by who made it.
struct AuditProbe {
  /// To hand its completion back by.
  let id: Int
  /// An `item`, of action 0: it is the harness's own and none of the scenario's.
  let operation: Operation
}

/// Keeps what one worker's writes were acknowledged as, and probes some of them at once. Not shared: each worker has its
/// own, and ``AuditReadBack`` merges what they leave.
///
/// Audited are `publish`, `edit`, `delete` and `react` of the kinds that a row shows. The other writes (`connect`,
/// `disconnect`, `join`, `deliver`, `markRead`, reactions of other kinds) are counted as not audited.
///
/// What was not known to be done and is done later than a later write of the same member is no error of the backend's, and
/// none is reported: an uncertain reaction counts as possible to the end.
final class WriteAuditor {
  private var log: AuditLog
  private var probes: ProbeSchedule
  private var counts = AuditCounts()
  private let startNanoseconds: UInt64

  /// - Parameters:
  ///   - seed: the same for all workers of a load.
  ///   - worker: its number, from 0.
  ///   - startNanoseconds: the load's start on the clock whose times are handed in, the same for all workers.
  init(settings: AuditSettings, seed: Seed, worker: Int, startNanoseconds: UInt64) {
    log = AuditLog(capacity: settings.eventsPerWorker, share: settings.share, seed: seed)
    probes = ProbeSchedule(settings: settings, seed: seed, worker: worker)
    self.startNanoseconds = startNanoseconds
  }

  /// To be told of every write once it has completed, with its outcome, and of those that are still under way when the load
  /// ends, as `timedOut`: what it was not told of looks like something that nobody asked for. Reads are ignored.
  ///
  /// One member's writes come in the order in which they were submitted. Of a group it is told of each write with the
  /// group's outcome; where groups are not all or none, one that did not end `ok` may have been done in part, so its writes
  /// come as `failed`.
  func completed(_ operation: Operation, _ outcome: Outcome, completedNanoseconds: UInt64) {
    guard operation.verb.isWrite else { return }
    let now = completedNanoseconds - min(startNanoseconds, completedNanoseconds)
    var marks: AuditEvent.Marks = []
    if outcome.isError {
      marks = .isUnknown
      counts.unknown += 1
    } else if outcome == .ok {
      counts.acknowledged += 1
    } else {
      // Known not to have been done; but an id that is refused because it is taken may have been taken by an earlier try.
      guard operation.verb == .publish else { return }
      marks = .isRefused
    }
    switch operation.verb {
    case .publish, .edit, .delete: break
    case .react where AuditLog.kind(of: ReactionKind(rawValue: operation.kind)) != nil: break
    default:
      counts.notAudited[Int(operation.verb.rawValue)] += 1
      return
    }
    log.record(operation, marks: marks, milliseconds: UInt32(truncatingIfNeeded: min(now / 1_000_000, UInt64(UInt32.max))))
    guard outcome == .ok else { return }
    switch operation.verb {
    case .publish: probes.consider(operation, version: 1, now: now)
    case .edit: probes.consider(operation, version: operation.expectedVersion &+ 1, now: now)
    default: break
    }
  }

  /// A probe to send now, or nil. To be asked until it says nil.
  func nextProbe(now: UInt64) -> AuditProbe? { probes.next(now: now - min(startNanoseconds, now)) }

  /// When the next probe falls due, on the clock whose times are handed in; nil for none, or while as many are under way as
  /// may be.
  var nextProbeNanoseconds: UInt64? { probes.nextNanoseconds.map { $0 + startNanoseconds } }

  /// To be told of every probe that ``nextProbe(now:)`` gave, once it has completed.
  func probeCompleted(_ id: Int, _ outcome: Outcome, reply: borrowing Reply, sentNanoseconds: UInt64, now: UInt64) {
    probes.completed(
      id, outcome, reply, sentNanoseconds: sentNanoseconds - min(startNanoseconds, sentNanoseconds),
      now: now - min(startNanoseconds, now))
  }

  /// The load is over, and nothing under way any more: what it has kept, for ``AuditReadBack``. It keeps nothing itself then.
  func finish() -> AuditRecord {
    probes.finish()
    let record = AuditRecord(log: log, probes: probes, counts: counts)
    log = AuditLog(capacity: 0, share: 0, seed: Seed(0))
    return record
  }
}

/// What one worker has kept.
struct AuditRecord: Sendable {
  let log: AuditLog
  let probes: ProbeSchedule
  let counts: AuditCounts
}

struct AuditCounts: Sendable {
  /// Writes that ended `ok`, of all verbs.
  var acknowledged = 0
  /// Writes that ended in an error, of all verbs.
  var unknown = 0
  /// Of both, those that no audit looks at, by raw value of the verb.
  var notAudited = [Int](repeating: 0, count: 32)
}
