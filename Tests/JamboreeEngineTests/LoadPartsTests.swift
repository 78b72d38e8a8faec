import JamboreeKit
import Testing

@testable import JamboreeEngine

/// The parts of load mode that need no clock.
@Suite struct LoadPartsTests {
  // MARK: Wake-ups

  @Test func theQueueKeepsTimeThenOrder() {
    var queue = WakeQueue()
    var stream = RandomStream(key: 7)
    var expected: [(time: Int64, agent: UInt32)] = []
    for agent in 0..<2_000 as Range<UInt32> {
      // Few different times, so that many are equal.
      let time = Int64(stream.next(below: 50))
      queue.add(WakeQueue.Wake(time: time, agent: agent, tag: 0, shard: 0))
      expected.append((time, agent))
    }
    expected.sort { ($0.time, $0.agent) < ($1.time, $1.agent) }
    for wake in expected {
      let next = queue.removeFirst()
      #expect(next.time == wake.time && next.agent == wake.agent)
    }
    #expect(queue.count == 0)
  }

  /// Taken in steps of wall time, with new ones coming in between, every wake-up comes once and none before its time.
  @Test(arguments: [5_000_000, 100_000_000, 60_000_000_000]) func theSourceLosesNothing(_ tick: Int64) throws {
    let shards = try startedShards()
    let total = shards.reduce(0) { $0 + $1.wheel.pointee.count }
    #expect(total > 500)
    var source = WakeSource(shards, tickNanoseconds: tick)
    #expect(source.count == total)
    var stream = RandomStream(key: 3)
    var taken = 0
    var added = 0
    var last = Int64.min
    while source.advanceToNext() {
      let wake = source.removeFirst()
      #expect(wake.time >= last)
      last = wake.time
      taken += 1
      if added < 3_000 {
        added += 1
        // At once, soon, and beyond every level of the wheel.
        let distance = [0, 1, 1_000_000, 7_200_000_000_000, 400_000_000_000_000][stream.next(below: 5)]
        source.add(WakeQueue.Wake(time: wake.time + Int64(distance), agent: wake.agent, tag: wake.tag, shard: wake.shard))
      }
    }
    #expect(taken == total + 3_000)
    #expect(source.count == 0)
  }

  /// Some wake-ups are held by actions that are under way while time goes on, and come back to wheels that have stood still.
  @Test func whatIsHeldComesBack() throws {
    var source = WakeSource(try startedShards(), tickNanoseconds: 100_000_000)
    let total = source.count
    var stream = RandomStream(key: 11)
    var held: [WakeQueue.Wake] = []
    var added = 0
    var taken = 0
    while true {
      if held.count >= 16 || !source.advanceToNext() {
        guard !held.isEmpty else { break }
        var wake = held.remove(at: stream.next(below: held.count))
        guard added < 20_000 else { continue }
        added += 1
        wake.time += Int64(stream.next(below: 60_000)) * 1_000_000
        source.add(wake)
        continue
      }
      held.append(source.removeFirst())
      taken += 1
    }
    #expect(taken == total + 20_000)
  }

  @Test func nothingComesLongBeforeItsTime() throws {
    var source = WakeSource(try startedShards(), tickNanoseconds: 1_000_000_000)
    var now: Int64 = 0
    while now < 3_600_000_000_000 {
      source.advance(to: now)
      while let first = source.first, first.time <= now { _ = source.removeFirst() }
      if let nearing = source.nextNearing { #expect(nearing >= now - 1_000_000_000) }
      now += 777_000_000
    }
    #expect(source.count == 0)
  }

  private func startedShards() throws -> [SimulationShard] {
    let shards = Simulation.makeShards(try loadPlan(denseJam))
    for shard in shards { shard.start() }
    return shards
  }

  // MARK: Causes of lateness

  @Test func whoHasRoomAndIsLateIsTheGenerator() {
    var cause = LatenessCause()
    cause.roomIsUnused(since: 1_000)
    let (generator, backend) = cause.split(latenessNanoseconds: 4_000, at: 5_000)
    #expect(generator == 4_000 && backend == 0)
  }

  @Test func whatAFullWindowDelaysIsTheBackends() {
    var cause = LatenessCause()
    // Room came at 9 ms; the start was due at 1 ms.
    cause.roomIsUnused(since: 9_000_000)
    let (generator, backend) = cause.split(latenessNanoseconds: 8_020_000, at: 9_020_000)
    #expect(generator == 20_000 && backend == 8_000_000)
  }

  /// Many short absences while requests are under way keep nobody waiting.
  @Test func aBusyWorkerIsNotInDebt() {
    var cause = LatenessCause()
    for step in 0..<10_000 as Range<UInt64> {
      cause.roomIsUnused(since: step * 20_000)
      cause.windowFilled(at: step * 20_000 + 5_000)
    }
    cause.roomIsUnused(since: 300_000_000)
    #expect(cause.split(latenessNanoseconds: 100_000_000, at: 300_000_000).generator == 0)
  }

  /// Who stood still for 1.4 s delays everybody behind until all have started, each by no more than that.
  @Test func aStallIsTheGeneratorsUntilItHasCaughtUp() {
    var cause = LatenessCause()
    cause.roomIsUnused(since: 1_000_000_000)
    cause.windowFilled(at: 2_400_000_000)
    cause.roomIsUnused(since: 2_410_000_000)
    #expect(cause.split(latenessNanoseconds: 900_000_000, at: 2_410_000_000).generator == 900_000_000)
    #expect(cause.split(latenessNanoseconds: 2_000_000_000, at: 2_410_000_000).backend == 600_000_000)
    cause.caughtUp()
    cause.roomIsUnused(since: 3_000_000_000)
    #expect(cause.split(latenessNanoseconds: 50_000_000, at: 3_000_000_000).generator == 0)
  }

  @Test func whoSleepsTooLongCannotBlameTheBackend() {
    var cause = LatenessCause()
    cause.overslept(nanoseconds: 1_390_000_000)
    cause.roomIsUnused(since: 5_000_000_000)
    #expect(cause.split(latenessNanoseconds: 1_400_000_000, at: 5_000_000_000).generator == 1_390_000_000)
  }

  // MARK: Outages

  @Test func anOutageEndsWithAnAnswerToWhatWasSentAfterIt() {
    var watch = OutageWatch()
    watch.failed(at: 100)
    watch.failed(at: 150)
    let early = watch.recovered(at: 160, sent: 90)
    let late = watch.recovered(at: 500, sent: 400)
    #expect(!early && late)
    watch.failed(at: 900)
    let outages = watch.end()
    #expect(
      outages == [
        Outage(startNanoseconds: 100, endNanoseconds: 500, failures: 2), Outage(startNanoseconds: 900, endNanoseconds: nil, failures: 1),
      ])
  }

  @Test func outagesOfSeveralWorkersAreOne() {
    let merged = [
      Outage(startNanoseconds: 700, endNanoseconds: 800, failures: 1), Outage(startNanoseconds: 100, endNanoseconds: 300, failures: 2),
      Outage(startNanoseconds: 200, endNanoseconds: 400, failures: 3), Outage(startNanoseconds: 750, endNanoseconds: nil, failures: 4),
      Outage(startNanoseconds: 9_000, endNanoseconds: 9_100, failures: 5),
    ].merged()
    #expect(
      merged == [
        Outage(startNanoseconds: 100, endNanoseconds: 400, failures: 5), Outage(startNanoseconds: 700, endNanoseconds: nil, failures: 10),
      ])
  }
}
