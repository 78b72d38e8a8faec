import Glibc
import JamboreeKit
import Synchronization

extension FaultyBackend {
  public final class Session: StorageSession {
    let base: Base.Session
    let owner: FaultyBackend

    init(_ base: Base.Session, _ owner: FaultyBackend) {
      self.base = base
      self.owner = owner
    }

    public func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      if case .showsPrivate = owner.fault { return executeShowingPrivate(operation, arguments: arguments, into: &reply) }
      return operation.verb.isWrite
        ? write(operation, arguments, into: &reply) : read(operation, arguments, into: &reply)
    }

    private func isTurn(_ number: Int) -> Bool { owner.turns.wrappingAdd(1, ordering: .relaxed).newValue == number }

    /// Whether another call is under way. Takes some time, so that those that come at once do meet.
    private func meetsAnother(_ body: () -> Void) -> Bool {
      let others = owner.underWay.wrappingAdd(1, ordering: .relaxed).oldValue
      usleep(20)
      body()
      owner.underWay.wrappingSubtract(1, ordering: .relaxed)
      return others > 0
    }

    /// What a write answers that is not made.
    private func pretend(_ operation: Operation, _ reply: inout Reply) -> Outcome {
      if operation.verb == .publish { reply.version = 1 }
      if operation.verb == .edit { reply.version = operation.expectedVersion &+ 1 }
      return .ok
    }

    private func write(_ operation: Operation, _ arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      var operation = operation
      let number = owner.writesInTick.wrappingAdd(1, ordering: .relaxed).newValue
      switch (owner.fault, operation.verb) {
      case (.dropsWrite(let turn), .publish) where isTurn(turn): return pretend(operation, &reply)
      case (.failsWrite(let turn), .publish) where isTurn(turn): return .failed
      case (.losesRating(let turn), .react) where isTurn(turn): return .ok
      case (.losesDelivery(let turn), .deliver) where isTurn(turn): return .ok
      case (.losesDeletion(let turn), .delete) where isTurn(turn): return .ok
      case (.losesJoin(let turn), .join) where isTurn(turn): return .ok
      case (.forgetsMarks, .markRead), (.keepsTies, .disconnect): return .ok
      case (.keepsVotes, .react) where operation.kind == ReactionKind.vote.rawValue && operation.value == 0: return .ok
      case (.overflows(let most), .publish) where number > most: return pretend(operation, &reply)
      case (.duplicatesWrite(let turn), .publish) where isTurn(turn):
        var again = operation
        again.subject.rawValue |= 1 << 30
        _ = base.execute(again, arguments: arguments, into: &reply)
        reply.reset()
      case (.losesParallelWrites, _):
        if meetsAnother({}) { return pretend(operation, &reply) }
      case (.delaysEdit(let turn), .edit): return editLate(operation, turn, into: &reply)
      case (.ignoresConflicts, .edit): return editAnyway(operation, into: &reply)
      case (.refusesOrphans, .publish) where operation.object != 0:
        var parent = Operation(verb: .item, action: ActionID(0), actor: ItemID(rawValue: operation.object).author, intended: .zero)
        parent.subject = ItemID(rawValue: operation.object)
        var unused = Reply()
        if base.execute(parent, arguments: Span(), into: &unused) == .notFound { return .notFound }
      case (.ignoresFurther, .publish): return base.execute(operation, arguments: Span(), into: &reply)
      case (.cutsLongTexts, _): operation.payloadLength &= 0xFFFF
      case (.servesStalePage, .publish): owner.memory.withLock { _ = $0.stale[operation.container, default: []] }
      default: break
      }
      return base.execute(operation, arguments: arguments, into: &reply)
    }

    private func editAnyway(_ operation: Operation, into reply: inout Reply) -> Outcome {
      let outcome = base.execute(operation, arguments: Span(), into: &reply)
      guard outcome == .conflict else { return outcome }
      var again = operation
      again.expectedVersion = reply.version
      reply.reset()
      return base.execute(again, arguments: Span(), into: &reply)
    }

    private func editLate(_ operation: Operation, _ turn: Int, into reply: inout Reply) -> Outcome {
      if isTurn(turn) {
        owner.memory.withLock { $0.late = operation }
        return pretend(operation, &reply)
      }
      let outcome = base.execute(operation, arguments: Span(), into: &reply)
      let late = owner.memory.withLock { memory in
        guard memory.late?.subject == operation.subject else { return nil as Operation? }
        defer { memory.late = nil }
        return memory.late
      }
      if let late {
        var unused = Reply()
        _ = base.execute(late, arguments: Span(), into: &unused)
      }
      return outcome
    }

    private func read(_ operation: Operation, _ arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      if case .servesStalePage = owner.fault, operation.verb == .listing { return stalePage(operation, into: &reply) }
      if case .mixesUpParallelReads = owner.fault { return readMixedUp(operation, arguments, into: &reply) }
      let outcome = base.execute(asked(operation), arguments: arguments, into: &reply)
      switch (owner.fault, operation.verb) {
      case (.breaksOrder, .listing) where reply.items.count > 1:
        let first = reply.items[0]
        reply.items[0] = reply.items[1]
        reply.items[1] = first
      case (.breaksNames, .directory) where reply.keys.count > 1, (.breaksTies, .connections) where reply.keys.count > 1:
        reply.keys.swapAt(0, 1)
      case (.mixesUpProfiles, .profile) where reply.keys.count > 2: reply.keys.swapAt(1, 2)
      case (.losesHit, .search) where reply.items.count > 1: reply.items.truncate(to: reply.items.count - 1)
      case (.variesAnswers, .listing) where owner.turns.wrappingAdd(1, ordering: .relaxed).newValue % 3 == 0:
        reply.items.truncate(to: reply.items.count - 1)
      case (.countsShown, .inbox):
        var whole = operation
        whole.limit = .max
        var shown = Reply()
        _ = base.execute(whole, arguments: arguments, into: &shown)
        reply.count = min(reply.count, Int64(shown.items.count))
      default: break
      }
      return outcome
    }

    /// What is asked of the base in place of what was asked.
    private func asked(_ operation: Operation) -> Operation {
      var operation = operation
      switch (owner.fault, operation.verb) {
      case (.exceedsLimit, _) where operation.limit < .max: operation.limit += 1
      case (.capsPages, _): operation.limit = min(operation.limit, 100)
      case (.capsInboxes, .inbox), (.capsInboxes, .notifications): operation.limit = min(operation.limit, 1000)
      case (.skipsOneMore, .listing) where operation.object > 0 && operation.object < .max,
        (.skipsOneMore, .thread) where operation.object > 0 && operation.object < .max:
        operation.object += 1
      case (.ignoresExpectedVersion, .item): operation.expectedVersion = 0
      case (.ignoresPrefix, .directory): operation.payloadSeed = 0
      default: break
      }
      return operation
    }

    private func readMixedUp(_ operation: Operation, _ arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      var outcome = Outcome.ok
      if meetsAnother({ outcome = base.execute(operation, arguments: arguments, into: &reply) }) {
        reply.items.truncate(to: reply.items.count - 1)
      }
      return outcome
    }

    private func stalePage(_ operation: Operation, into reply: inout Reply) -> Outcome {
      let pages = owner.memory.withLock { $0.stale[operation.container] } ?? []
      let rows = pages.isEmpty ? [] : pages[Int(operation.order.rawValue)]
      for row in rows.dropFirst(Int(clamping: operation.object)).prefix(Int(operation.limit)) { reply.items.append(row) }
      return .ok
    }

    /// Hands private items on as public ones, and marks them as private again when they are shown.
    private func executeShowingPrivate(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      var operation = operation
      if operation.verb == .publish, operation.flags.contains(.isPrivate) {
        operation.flags.remove(.isPrivate)
        owner.memory.withLock { _ = $0.privateItems.insert(operation.subject) }
      }
      let outcome = base.execute(operation, arguments: arguments, into: &reply)
      let privateItems = owner.memory.withLock { $0.privateItems }
      for index in 0..<reply.items.count where privateItems.contains(reply.items[index].id) {
        reply.items[index].flags.insert(.isPrivate)
      }
      return outcome
    }
  }
}
