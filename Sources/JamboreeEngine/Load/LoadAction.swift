import JamboreeKit

/// An action that is under way in a load run. One object a place in the window, used again and again.
final class LoadAction {
  var wake = WakeQueue.Wake(time: 0, agent: 0, tag: 0, shard: 0)
  /// Wall time at which it was to start, and at which it has started.
  var intended: UInt64 = 0
  var started: UInt64 = 0
  /// By how much the generator has delayed its start.
  var generatorNanoseconds: UInt64 = 0
  /// Whether it counts: it was intended in the measured part of the run.
  var isMeasured = false
  /// What it waits for.
  var step = Step.idle
  /// Of the look at a feed that is under way.
  var assembly: FeedAssembly?
  /// When that was sent.
  var submitted: UInt64 = 0
  /// Tells a completion of this action from a late one of an earlier action in the same place.
  var generation: UInt32 = 0
  var isActive = false
  /// What it has asked for is there, and waits for a ranker in another process.
  var isRanking = false
  /// The action that latency is reported for; known with the first operation.
  var action = ActionID(0)
  /// Whether any operation was sent, or anything ranked.
  var hasActed = false

  // What it has asked for and gets when it ends: kept here because others act meanwhile in the same context.
  private(set) var wakes: [AgentContext.WakeRequest] = []
  private(set) var notices: [Notice] = []
  private(set) var writes: [Operation] = []
  private(set) var writeArguments: [UInt64] = []
  private(set) var writeArgumentStarts: [UInt32] = []
  /// Wake-ups of the same agent that have come due meanwhile.
  var deferred: [WakeQueue.Wake] = []

  func begin(_ wake: WakeQueue.Wake, intended: UInt64, started: UInt64, isMeasured: Bool) {
    self.wake = wake
    self.intended = intended
    self.started = started
    self.isMeasured = isMeasured
    generation = (generation &+ 1) & 0x7FFF_FFFF
    isActive = true
    isRanking = false
    hasActed = false
    wakes.removeAll(keepingCapacity: true)
    notices.removeAll(keepingCapacity: true)
    writes.removeAll(keepingCapacity: true)
    writeArguments.removeAll(keepingCapacity: true)
    writeArgumentStarts.removeAll(keepingCapacity: true)
    deferred.removeAll(keepingCapacity: true)
  }

  /// Takes what the agent has put into the context.
  func take(from context: UnsafeMutablePointer<AgentContext>) {
    for index in 0..<context.pointee.wakeRequests.count { wakes.append(context.pointee.wakeRequests[index]) }
    for index in 0..<context.pointee.notices.count { notices.append(context.pointee.notices[index]) }
    let base = UInt32(writeArguments.count)
    for index in 0..<context.pointee.writes.count {
      writes.append(context.pointee.writes[index])
      writeArgumentStarts.append(base + context.pointee.writeArgumentStarts[index])
    }
    for index in 0..<context.pointee.writeArguments.count { writeArguments.append(context.pointee.writeArguments[index]) }
    context.pointee.clearRequests()
  }

  /// Ends the list of the writes' arguments, so that it tells where each one's end.
  func closeWrites() { writeArgumentStarts.append(UInt32(writeArguments.count)) }

  func forgetNotices() { notices.removeAll(keepingCapacity: true) }

  /// Wake-ups are not asked for any more: the caller has taken them.
  func forgetRequests() {
    wakes.removeAll(keepingCapacity: true)
    notices.removeAll(keepingCapacity: true)
  }
}
