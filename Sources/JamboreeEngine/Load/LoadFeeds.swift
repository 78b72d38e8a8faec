import JamboreeKit

/// The feeds of a load: one for all workers, who change it while they go on.
///
/// Nothing waits for anything here, as on a platform under way: an item is in its author's followers' inboxes when the deliveries have
/// come back that were sent after its publication, and who has just begun to follow is given the author's items likewise.
final class LoadFeeds: Sendable {
  private struct State {
    let system: FeedSystem
    let news: FeedNews
    /// Items that new followers are still to be given. Of one that went wrong some remain for ever, and the author stays pulled.
    var left: [Backfill: Int] = [:]
    /// Calls that are still to come back until all of a publication's followers have it. One of which a call went wrong is not in it.
    var callsLeft: [ItemID: Int] = [:]
  }

  private let state: Guarded<State>
  let base: FeedBase
  /// New followers who were to be given something in the tick with which the load begins.
  let pending: [Backfill]

  init(_ system: FeedSystem) {
    base = system.base
    pending = system.takeBackfills()
    state = Guarded(State(system: system, news: FeedNews(system.base)))
  }

  /// Begins a look.
  func begin(_ assembly: FeedAssembly, _ read: FeedRead) {
    state.withLock { state in
      state.news.counters.reads += 1
      assembly.begin(read, state.system)
    }
  }

  func countCall() { state.withLock { $0.news.counters.readCalls += 1 } }

  /// Calls that follow from a write that has ended well, in the order in which they are to be made.
  func consequences(of write: Operation) -> [LoadDelivery] {
    state.withLock { state in
      state.news.note(write)
      defer {
        state.news.deliveries.removeAll()
        state.news.ties.removeAll()
      }
      guard state.system.delivers else { return [] }
      var calls: [LoadDelivery] = []
      for place in 0..<state.news.ties.count {
        for backfill in state.system.applyNow(state.news.ties[place]) { calls.append(.backfill(backfill)) }
      }
      for place in 0..<state.news.deliveries.count {
        let (delivery, before) = (state.news.deliveries[place], calls.count)
        add(delivery, state.system, to: &calls)
        guard !delivery.isPrivate, calls.count > before else { continue }
        state.callsLeft[delivery.item, default: 0] += calls.count - before
      }
      return calls
    }
  }

  /// Calls that give a new follower what was found for it.
  func deliveries(of backfill: Backfill, _ found: borrowing Reply, at time: SimTime) -> [LoadDelivery] {
    var calls: [LoadDelivery] = []
    for row in 0..<found.items.count {
      let item = found.items[row]
      let delivery = Delivery(item: item.id, created: item.created, to: backfill.member, at: time)
      calls.append(.deliver(delivery, [UInt64(backfill.member)], of: backfill))
    }
    let count = calls.count
    state.withLock { state in
      if count == 0 { state.system.given(backfill) } else { state.left[backfill] = count }
    }
    return calls
  }

  /// A new follower has been given one of the items.
  func given(_ backfill: Backfill) {
    state.withLock { state in
      guard let left = state.left[backfill] else { return }
      state.left[backfill] = left > 1 ? left - 1 : nil
      if left == 1 { state.system.given(backfill) }
    }
  }

  /// A delivery has ended well.
  /// - Parameter nanoseconds: wall time since the publication was meant to start.
  func delivered(_ delivery: Delivery, to recipients: [UInt64], after nanoseconds: UInt64) {
    state.withLock { state in
      state.news.delivered(delivery, to: recipients.span)
      guard delivery.recipient == Delivery.followers, let left = state.callsLeft[delivery.item] else { return }
      state.callsLeft[delivery.item] = left > 1 ? left - 1 : nil
      // A publication counts once, when the last of its followers has it.
      guard left == 1 else { return }
      state.news.counters.visible += 1
      state.news.counters.visibleNanoseconds += Int64(nanoseconds)
    }
  }

  /// A delivery has not ended well: some followers never see the item, so it has no time until all do.
  func lost(_ delivery: Delivery) {
    guard delivery.recipient == Delivery.followers else { return }
    state.withLock { $0.callsLeft[delivery.item] = nil }
  }

  func backfillOperation(_ backfill: Backfill, at time: SimTime) -> Operation {
    state.withLock { base.operation(backfill, $0.system.indexes[Int(backfill.index)], at: time) }
  }

  /// - Parameter isFinal: whether with what takes a look at every member, for which workers would have to wait.
  func metrics(isFinal: Bool) -> [Metric] { state.withLock { $0.system.metrics([$0.news], isFinal: isFinal) } }

  private func add(_ delivery: Delivery, _ system: FeedSystem, to calls: inout [LoadDelivery]) {
    var recipients: [UInt64] = []
    forEachRecipient(of: delivery, system.indexes) { recipient in
      recipients.append(recipient)
      guard recipients.count == FeedBase.recipientsPerCall else { return }
      calls.append(.deliver(delivery, recipients, of: nil))
      recipients = []
    }
    if !recipients.isEmpty { calls.append(.deliver(delivery, recipients, of: nil)) }
  }
}

/// A call that a load's feeds make.
enum LoadDelivery {
  /// With the new follower who is given it, if it is not a publication's.
  case deliver(Delivery, [UInt64], of: Backfill?)
  case backfill(Backfill)
}
