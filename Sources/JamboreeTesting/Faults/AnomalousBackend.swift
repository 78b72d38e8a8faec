import Glibc
import JamboreeKit

/// The reference model behind a lock, with sessions that may work at the same time, and with one anomaly: what
/// ``BackendConsistency`` must be able to tell from a right one.
public final class AnomalousBackend: BlockingStorageBackend {
  public enum Anomaly: Sendable, CaseIterable {
    /// None: serializable.
    case none
    /// What a failing group wrote before it failed stays.
    case keepsHalfAGroup
    /// Of a group's writes that ended ok, only the first is made.
    case commitsHalf
    /// Others get in between a group's writes.
    case splitsWrites
    /// What a failing group wrote is taken back only after a while.
    case showsAborted
    /// Others get in between a group's reads.
    case splitsReads
    /// The second half of a group's reads is answered by a replica that lags.
    case fallsBack
    /// A group of several reads has its first row alone.
    case forgetsRows
    /// A write is worked out on an old state and replaces what came in between.
    case losesUpdates
    /// An edit of a version that is there when it begins is acknowledged, and lost when another one comes in between.
    case losesEdits
    /// What a group depends on is looked up before the others are locked out.
    case skewsWrites
  }

  public static let descriptor = BackendDescriptor(
    id: "anomalous", version: "1", summary: "the reference model with an anomaly", writers: .partitioned,
    verbs: ReferenceModel.verbs, atomicGroups: true, isolation: .serializable)

  private let anomaly: Anomaly
  private let model = Guarded(ReferenceModel())
  /// As it was before the last group.
  private let earlier = Guarded(ReferenceModel())

  /// How many groups have been split.
  private let splits = Guarded(UInt64(0))

  public init(_ anomaly: Anomaly) { self.anomaly = anomaly }

  public convenience init(options: OptionValues) throws(BackendError) { self.init(.none) }

  public func load(_ dataset: Dataset) throws(BackendError) {
    let loaded = ReferenceModel(dataset)
    model.access { $0 = loaded }
    earlier.access { $0 = loaded }
  }

  public func endTick(_ tick: TickID) throws(BackendError) {}
  public func finish() throws(BackendError) {}
  public func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(self) }

  public final class Session: StorageSession {
    private let owner: AnomalousBackend

    init(_ owner: AnomalousBackend) { self.owner = owner }

    public func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      let call = Call(operation, (0..<arguments.count).map { arguments[$0] })
      // A read by itself is of one moment whatever the anomaly, and has more than a group's rows.
      return reply.take(operation.verb.isWrite ? owner.perform([call]) : owner.model.access { $0.perform(call) })
    }

    public func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
      var calls: [Call] = []
      for index in 0..<group.count {
        let arguments = group.arguments(of: index)
        calls.append(Call(group.operations[index], (0..<arguments.count).map { arguments[$0] }))
      }
      return reply.take(owner.perform(calls))
    }
  }

  private func perform(_ group: [Call]) -> Answer {
    let isReadOnly = group.allSatisfy { !$0.operation.verb.isWrite }
    switch anomaly {
    case .splitsWrites where !isReadOnly: return performSplit(group)
    case .splitsReads where isReadOnly: return performSplit(group)
    case .keepsHalfAGroup: return model.access { $0.perform(group: group, atomic: false) }
    case .commitsHalf where !isReadOnly && group.count > 1:
      return model.access { model in
        var copy = model
        let answer = copy.perform(group: group, atomic: true)
        if answer.outcome == .ok { _ = model.perform(group[0]) }
        return answer
      }
    case .losesEdits where group.contains { $0.operation.verb == .edit }:
      var copy = model.access { $0 }
      let answer = copy.perform(group: group, atomic: true)
      guard answer.outcome == .ok else { return answer }
      usleep(20)
      _ = model.access { $0.perform(group: group, atomic: true) }
      return answer
    case .showsAborted where !isReadOnly:
      let before = model.access { $0 }
      let answer = model.access { $0.perform(group: group, atomic: false) }
      if answer.outcome != .ok {
        usleep(100)
        model.access { $0 = before }
      }
      return answer
    case .fallsBack where isReadOnly && group.count > 1:
      let half = group.count / 2
      var answer = model.access { $0.perform(group: Array(group[..<half]), atomic: true) }
      answer.items += earlier.access { $0.perform(group: Array(group[half...]), atomic: true).items }
      return answer
    case .forgetsRows where isReadOnly && group.count > 1:
      var answer = model.access { $0.perform(group: group, atomic: true) }
      answer.items.removeLast(max(answer.items.count - 1, 0))
      return answer
    case .losesUpdates where !isReadOnly:
      var copy = model.access { $0 }
      let answer = copy.perform(group: group, atomic: true)
      usleep(20)
      let changed = copy
      model.access { $0 = changed }
      return answer
    case .skewsWrites where !isReadOnly:
      var copy = model.access { $0 }
      let answer = copy.perform(group: group, atomic: true)
      guard answer.outcome == .ok else { return answer }
      usleep(50)
      let writes = group.filter { $0.operation.verb.isWrite }
      let written = model.access { $0.perform(group: writes, atomic: true) }
      return written.outcome == .ok ? answer : written
    default:
      if !isReadOnly {
        let before = model.access { $0 }
        earlier.access { $0 = before }
      }
      return model.access { $0.perform(group: group, atomic: true) }
    }
  }

  private func performSplit(_ group: [Call]) -> Answer {
    var result = Answer(.ok)
    // Longer pauses and shorter ones: of two groups that begin one after the other the first is to end last now and then.
    let number = splits.access { count in
      count += 1
      return count
    }
    let pause: UInt32 = mix64(number) & 1 == 0 ? 20 : 500
    for call in group {
      let answer = model.access { $0.perform(call) }
      result.items += answer.items
      if answer.version != 0 { result.version = answer.version }
      result.outcome = answer.outcome
      if answer.outcome != .ok { break }
      usleep(pause)
    }
    return result
  }
}

extension Reply {
  /// Takes an answer over; returns its outcome.
  mutating func take(_ answer: Answer) -> Outcome {
    for row in answer.items { items.append(row) }
    keys = answer.keys
    count = answer.count
    sum = answer.sum
    version = answer.version
    return answer.outcome
  }
}
