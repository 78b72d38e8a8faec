import JamboreeEngine
import JamboreeKit
import JamboreeWorkloads
import Testing

/// What a microblog ought to show, from the writes alone: who follows whom and who has written what, tick by tick.
final class TimelineWatcher: BackendWatcher, @unchecked Sendable {
  // One worker has one session, which alone writes here.
  private struct Message {
    let author: UInt64
    let created: SimTime
    let id: ItemID
    let tick: Int
  }

  /// The tick under way; what was there at the start has -1.
  private var tick = -1
  private let window: Int
  private var messages: [Message] = []
  private var ties: [UInt32: [(tick: Int, other: UInt64, isNew: Bool)]] = [:]
  /// When a member has looked last, or has asked for what is new.
  private var lastLook: [UInt32: Int] = [:]
  private(set) var timelines = 0
  /// Rows by somebody who was followed only during the run.
  private(set) var newlyShown = 0
  private(set) var newPolls = 0

  init(_ plan: SimulationPlan, window: Int) {
    self.window = window
    plan.dataset().history.forEach { write, _ in note(write) }
    tick = 0
  }

  func endTick() { tick += 1 }

  func saw(_ operation: Operation, _ arguments: Span<UInt64>, _ reply: borrowing Reply) {
    if operation.verb.isWrite {
      note(operation)
    } else {
      check(operation, Set((0..<arguments.count).map { arguments[$0] }), reply)
    }
  }

  private func note(_ write: Operation) {
    switch write.verb {
    case .publish:
      messages.append(Message(author: UInt64(write.actor.rawValue), created: write.intended, id: write.subject, tick: tick))
    case .connect, .disconnect:
      #expect(write.kind == MicroblogService.following.rawValue)
      ties[write.actor.rawValue, default: []].append((tick, write.object, write.verb == .connect))
    default: break
    }
  }

  /// What is made in a tick is there from the next one on.
  private func followed(by member: UInt32, before tick: Int) -> Set<UInt64> {
    var followed: Set<UInt64> = []
    for tie in ties[member] ?? [] where tie.tick < tick {
      if tie.isNew { followed.insert(tie.other) } else { followed.remove(tie.other) }
    }
    return followed
  }

  private func check(_ read: Operation, _ authors: Set<UInt64>, _ reply: borrowing Reply) {
    let reader = read.actor.rawValue
    defer { if read.verb == .recentByAuthors || read.verb == .listing { lastLook[reader] = tick } }
    guard read.verb == .recentByAuthors else { return }
    let followed = followed(by: reader, before: tick)
    // Who only asks for what is new is told nothing of their own.
    guard read.limit > 1 else {
      #expect(authors == followed)
      guard let last = lastLook[reader] else { return }
      let isNew = messages.contains { followed.contains($0.author) && (last..<tick).contains($0.tick) }
      newPolls += isNew ? 1 : 0
      return
    }
    timelines += 1
    #expect(authors == followed.union([UInt64(reader)]) && Int(read.limit) == window)
    var wanted = messages.filter { authors.contains($0.author) && $0.tick < tick }
    wanted.sort { ($0.created, $0.id.tieBreak) > ($1.created, $1.id.tieBreak) }
    #expect(wanted.prefix(window).map(\.id) == (0..<reply.items.count).map { reply.items.id(at: $0) })
    let before = self.followed(by: reader, before: 0)
    newlyShown += wanted.prefix(window).count { $0.author != UInt64(reader) && !before.contains($0.author) }
  }
}
