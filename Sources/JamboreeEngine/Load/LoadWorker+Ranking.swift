import CLinux
import Glibc
import JamboreeKit
import JamboreeMetrics
import Synchronization

/// Pages that wait for a ranker in another process.
extension LoadWorker {
  /// So long storage is waited for at a time while a ranker in another process has work: nobody can wait for both at once.
  static let turnNanoseconds: UInt64 = 100_000

  func waitForRankerToo(until deadline: UInt64) {
    guard let desk else { return }
    guard inFlight > desk.heldCount || !probes.isEmpty || !background.isEmpty else { return takeRanked(until: deadline) }
    takeRanked(until: 0)
    session.poll(until: MonotonicInstant(nanoseconds: min(deadline, clock.now() &+ Self.turnNanoseconds)), into: &completions)
    takeCompletions()
  }

  /// Goes on with the actions whose pages are ranked.
  func takeRanked(until deadline: UInt64) {
    guard let desk else { return }
    desk.poll(until: deadline, clock: clock) { held, page, duration in
      arrived += 1
      let action = actions[held.key]
      let shard = source.shards[Int(action.wake.shard)]
      let context = shard.context
      action.isRanking = false
      if action.isMeasured {
        sample.recorder.recordRanking(durationNanoseconds: duration)
        shard.quality.look(at: held.reply.items, page: page, of: held.operation.actor, now: held.operation.intended)
      }
      context.pointee.now = SimTime(nanoseconds: action.wake.time)
      context.pointee.page.removeAll()
      context.pointee.page.append(page)
      let next = shard.agents[Int(action.wake.agent >> 24)].resume(
        action.wake.agent & 0xFF_FFFF, outcome: held.outcome, reply: held.reply, &context.pointee)
      perform(held.key, next, shard)
    }
  }

  /// Keeps a page for the ranker in another process; false where there is nothing to be ranked.
  func hold(_ place: Int, _ outcome: Outcome, _ position: Int) -> Bool {
    guard let desk, case .ranked(let operation, let pageLength) = actions[place].step else { return false }
    return completions.withReply(at: position) { reply in
      guard BatchDesk.isWorthAsking(reply, pageLength: pageLength) else { return false }
      desk.hold(operation, &reply, outcome, pageLength: pageLength, key: place)
      actions[place].isRanking = true
      return true
    }
  }
}
