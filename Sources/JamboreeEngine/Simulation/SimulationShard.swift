import JamboreeKit

/// One shard of the members: its agents of every service, their wake-ups, and what they want written.
///
/// Used by whichever worker has claimed it; workers meet at a barrier in between. The parts that change at every step
/// are behind pointers: a class's stored properties are checked for exclusive access at run time, which costs more than
/// the step.
final class SimulationShard {
  let index: Int
  let agents: [any ServiceAgents]
  let wheel: UnsafeMutablePointer<TimingWheel>
  let context: UnsafeMutablePointer<AgentContext>
  let batch: UnsafeMutablePointer<WakeEntry>
  /// Wake-ups that wait to be put into the wheel: all of a batch at once, so that the misses of its scattered slots
  /// overlap.
  private let wakes: UnsafeMutablePointer<Buffer<FiledWake>>
  private let announced: UnsafeMutablePointer<Buffer<UInt32>>
  /// Who has written in this tick.
  private let writers: UnsafeMutablePointer<AgentSet>

  private struct FiledWake: BitwiseCopyable {
    var entry: WakeEntry
    var tick: TickID
  }

  /// What the pages are worth that its members are shown.
  let quality: QualityMeter

  /// What this tick's writes bring along, for whichever worker performs them.
  let baggage: UnsafeMutablePointer<WriteBaggage>
  /// Whom its members are close to; nil where the ranker does not ask for it.
  let ties: TieTable?

  init(
    index: Int, agents: [any ServiceAgents], metricCount: Int, tickNanoseconds: Int64, quality: QualityMeter, ties: TieTable? = nil
  ) {
    self.quality = quality
    self.index = index
    self.ties = ties
    self.agents = agents
    wheel = .allocate(capacity: 1)
    wheel.initialize(to: TimingWheel(tickNanoseconds: tickNanoseconds))
    context = .allocate(capacity: 1)
    context.initialize(to: AgentContext(metricCount: metricCount))
    batch = .allocate(capacity: TimingWheel.batchCapacity)
    wakes = .allocate(capacity: 1)
    wakes.initialize(to: Buffer())
    announced = .allocate(capacity: 1)
    announced.initialize(to: Buffer())
    writers = .allocate(capacity: 1)
    writers.initialize(to: AgentSet())
    baggage = .allocate(capacity: 1)
    baggage.initialize(to: WriteBaggage())
  }

  deinit {
    wheel.deinitialize(count: 1)
    wheel.deallocate()
    context.deinitialize(count: 1)
    context.deallocate()
    batch.deallocate()
    wakes.deinitialize(count: 1)
    wakes.deallocate()
    announced.deinitialize(count: 1)
    announced.deallocate()
    writers.deinitialize(count: 1)
    writers.deallocate()
    baggage.deinitialize(count: 1)
    baggage.deallocate()
  }

  /// Asks every agent for its first wake-up.
  func start() {
    for service in agents.indices {
      agents[service].start(&context.pointee)
      collectWakes(service: service, notBefore: 0)
      fileWakes()
    }
    // Everybody at once asked to be woken; from now on it is a few at a time.
    context.pointee.wakeRequests.release()
    wakes.pointee.release()
    wheel.pointee.trim()
  }

  /// Tells a service which of its agents come next in the batch; returns where its run in the batch ends.
  @inline(__always) func announce(_ service: Int, from start: Int, to size: Int) -> Int {
    var end = start
    announced.pointee.removeAll()
    while end < size, Int(batch[end].agent >> 24) == service {
      announced.pointee.append(batch[end].agent & 0xFF_FFFF)
      end &+= 1
    }
    agents[service].willWake(announced.pointee.span)
    return end
  }

  /// Takes the wishes that an agent has put into the context.
  @inline(__always) func collectWakes(service: Int, notBefore: TickID) {
    for index in 0..<context.pointee.wakeRequests.count {
      let request = context.pointee.wakeRequests[index]
      guard request.time != .never else { continue }
      let time = max(request.time.nanoseconds, 0)
      wakes.pointee.append(
        FiledWake(
          entry: WakeEntry(time: time, agent: UInt32(truncatingIfNeeded: service) << 24 | request.agent, tag: request.tag),
          tick: max(wheel.pointee.tick(of: time), notBefore)))
    }
    context.pointee.wakeRequests.removeAll()
  }

  /// Who has written in this tick acts again in the next one, and so sees what it wrote: true when the wake-up was put
  /// off for that.
  @inline(__always) func postpones(_ entry: WakeEntry, in tick: TickID) -> Bool {
    guard !writers.pointee.isEmpty, writers.pointee.contains(entry.agent) else { return false }
    wakes.pointee.append(FiledWake(entry: entry, tick: tick &+ 1))
    return true
  }

  /// Puts what was collected into the wheel.
  @inline(__always) func fileWakes() {
    for index in 0..<wakes.pointee.count {
      let wake = wakes.pointee[index]
      wheel.pointee.add(wake.entry, tick: wake.tick)
    }
    wakes.pointee.removeAll()
  }

  /// Ends an action without writes.
  @inline(__always) func endAction(service: Int, notBefore: TickID, _ exchange: Exchange) {
    precondition(context.pointee.writes.isEmpty, "a step that leaves writes in the context is .writes")
    collectWakes(service: service, notBefore: notBefore)
    sendNotices(exchange.outgoing)
  }

  @inline(__always) func sendNotices(_ notices: Mailboxes<Notice>) {
    guard !context.pointee.notices.isEmpty else { return }
    for position in 0..<context.pointee.notices.count {
      let notice = context.pointee.notices[position]
      notices.send(notice, from: index, to: Int(notice.to.rawValue) % shardCount)
    }
    context.pointee.notices.removeAll()
  }

  /// Hands the action's writes over for the write phase, with the notices that go out when they have ended well.
  func sendWrites(_ exchange: Exchange, agent: UInt32, serviceNanoseconds: UInt64) {
    precondition(!context.pointee.writes.isEmpty, "a step of .writes puts at least one write into the context")
    if let ties { for position in 0..<context.pointee.writes.count { ties.note(context.pointee.writes[position]) } }
    let write = baggage.pointee.take(&context.pointee, agent: agent, serviceNanoseconds: serviceNanoseconds, shard: index)
    if write.hasOneOwner {
      // A backend with a single writer gets all in one stream: everything goes to partition 0.
      exchange.writes.send(
        write, from: index, to: exchange.partitioned ? Int(write.operation.ownerKey % UInt64(shardCount)) : 0)
    } else {
      baggage.pointee.sharedGroups.append(write)
    }
    writers.pointee.insert(agent)
  }
}

extension SimulationShard {
  /// Moves on to a tick and hands the agents what has come for them: failed writes first, then notices.
  func beginTick(_ tick: TickID, _ exchange: Exchange) {
    wheel.pointee.advance(to: tick)
    baggage.pointee.removeAll()
    writers.pointee.removeAll()
    ties?.settle()
    context.pointee.now = exchange.tickStart
    if exchange.failureMask >> UInt64(index) & 1 == 1 {
      exchange.failures.receive(index) { failure in
        let service = Int(failure.agent >> 24)
        agents[service].writesEnded(failure.agent & 0xFF_FFFF, outcome: failure.outcome, &context.pointee)
        collectWakes(service: service, notBefore: tick)
        sendNotices(exchange.outgoing)
      }
    }
    if exchange.incomingMask >> UInt64(index) & 1 == 1 {
      exchange.incoming.receive(index) { notice in
        let service = Int(notice.service)
        agents[service].receive(notice, &context.pointee)
        collectWakes(service: service, notBefore: tick)
        sendNotices(exchange.outgoing)
      }
    }
    fileWakes()
  }

  /// Tells an agent, between two ticks, how its writes have ended; returns what it has to tell others.
  func tell(_ failure: WriteFailure, at time: SimTime, tick: TickID) -> [Notice] {
    let service = Int(failure.agent >> 24)
    context.pointee.now = time
    agents[service].writesEnded(failure.agent & 0xFF_FFFF, outcome: failure.outcome, &context.pointee)
    collectWakes(service: service, notBefore: tick)
    fileWakes()
    defer { context.pointee.notices.removeAll() }
    return context.pointee.notices.array
  }
}
