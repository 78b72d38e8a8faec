import JamboreeKit
import Synchronization

/// Something that advances in ticks over shards. The loop promises: `beginTick`, `prepareWrites`, `prepareDeliveries` and `endTick`
/// are called by one worker while no other works; `runShard`, `runPartition` and `runDeliveries` once for each number, from any
/// worker.
protocol TickProcess: AnyObject, Sendable {
  /// Chooses the next tick; nil ends the loop.
  func beginTick() -> TickID?
  /// Whether the tick holds too little for several workers.
  var isSmall: Bool { get }
  /// Decide and read.
  func runShard(_ shard: Int, worker: Int)
  /// Performs the tick's writes and returns false, or returns true to have `runPartition` called in parallel.
  func prepareWrites() -> Bool
  func runPartition(_ partition: Int, worker: Int)
  /// Performs what follows from the tick's writes and returns false, or returns true to have `runDeliveries` called in parallel.
  func prepareDeliveries() -> Bool
  func runDeliveries(_ partition: Int, worker: Int)
  func endTick()
}

extension TickProcess {
  func prepareDeliveries() -> Bool { false }
  func runDeliveries(_ partition: Int, worker: Int) {}
}

/// The phases of a tick over the workers of a gang.
///
/// Worker 0 decides alone what comes next, the others wait at a barrier; then all share out the phase's shards and meet
/// again. A tick whose writes are few costs two barriers.
final class TickLoop: Sendable {
  private enum Plan: Int {
    case end, shards, partitions, deliveries
  }

  private let gang: WorkerGang
  private let plan = Atomic<Int>(0)
  private let claims = Claims()

  init(gang: WorkerGang) { self.gang = gang }

  func run(_ process: some TickProcess) {
    gang.run { worker in self.work(worker, process) }
  }

  private func work(_ worker: Int, _ process: some TickProcess) {
    var phase: UInt32 = 0
    var finished: Plan?
    while true {
      if worker == 0 { plan.store(next(after: finished, process).rawValue, ordering: .relaxed) }
      gang.barrier()
      let plan = Plan(rawValue: plan.load(ordering: .relaxed)) ?? .end
      phase &+= 1
      switch plan {
      case .end: return
      case .shards: claims.forEach(worker, of: gang.workers, phase) { process.runShard($0, worker: worker) }
      case .partitions: claims.forEach(worker, of: gang.workers, phase) { process.runPartition($0, worker: worker) }
      case .deliveries: claims.forEach(worker, of: gang.workers, phase) { process.runDeliveries($0, worker: worker) }
      }
      finished = plan
      gang.barrier()
    }
  }

  /// Ends what was finished and begins the next phase. Ticks that are too small to share are done on the way.
  private func next(after finished: Plan?, _ process: some TickProcess) -> Plan {
    if finished == .shards, process.prepareWrites() { return .partitions }
    if finished == .shards || finished == .partitions, process.prepareDeliveries() { return .deliveries }
    if finished != nil { process.endTick() }
    while process.beginTick() != nil {
      if gang.workers > 1 && !process.isSmall { return .shards }
      for shard in 0..<shardCount { process.runShard(shard, worker: 0) }
      if process.prepareWrites() {
        for partition in 0..<shardCount { process.runPartition(partition, worker: 0) }
      }
      if process.prepareDeliveries() {
        for partition in 0..<shardCount { process.runDeliveries(partition, worker: 0) }
      }
      process.endTick()
    }
    return .end
  }
}

/// Who has taken which shard in this phase. A worker takes its own block first, so that a shard's memory stays in one
/// core's cache, then helps with the others'.
private final class Claims: Sendable {
  private let last: [ClaimFlag]

  init() { last = (0..<shardCount).map { _ in ClaimFlag() } }

  @inline(__always) func forEach(_ worker: Int, of workers: Int, _ phase: UInt32, _ body: (Int) -> Void) {
    let start = worker &* shardCount / workers
    for step in 0..<shardCount {
      let shard = (start &+ step) % shardCount
      if last[shard].value.load(ordering: .relaxed) == phase { continue }
      let (exchanged, _) = last[shard].value.compareExchange(expected: phase &- 1, desired: phase, ordering: .relaxed)
      if exchanged { body(shard) }
    }
  }
}

private final class ClaimFlag: Sendable {
  let value = Atomic<UInt32>(0)
}
