import Foundation
import GRDB
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import Testing

@testable import JamboreeResults

@Suite struct RecorderTests {
  private func begin(_ store: ResultStore, _ shape: OutputShape = OutputShape()) throws -> RunRecorder {
    let output = makeOutput(shape)
    return try store.begin(
      output.identity, startedUnixNanoseconds: output.startedUnixNanoseconds,
      bucketNanoseconds: output.timeline.bucketNanoseconds, environment: own)
  }

  /// This machine, whose processes can be looked up.
  private var own: RunEnvironment {
    var environment = environment
    environment.bootID = RunEnvironment.currentBootID
    return environment
  }

  /// What an output was before its last buckets.
  private func part(_ output: RunOutput, buckets: Int, tick: TickID) -> RunOutput {
    var part = output
    part.tick = tick
    part.operations = tick
    part.buckets = Array(output.buckets.prefix(buckets))
    part.phases = Array(output.phases.prefix(2))
    part.histograms = output.histograms.mapValues { _ in histogram(UInt64(buckets), count: buckets + 1) }
    part.interrupted = true
    return part
  }

  /// Writes a checkpoint and waits until it is there. One that comes too soon after another is left out.
  private func write(_ output: RunOutput, _ recorder: RunRecorder, _ store: ResultStore) throws {
    repeat {
      recorder.checkpoint(output)
      usleep(1000)
    } while try store.checkpoint(of: recorder.run)?.tick != output.tick
  }

  @Test func aRunIsThereFromItsBeginning() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    let recorder = try begin(store)
    let detail = try store.detail(recorder.run)
    #expect(detail.record.status == .running)
    #expect(detail.record.operations == 0)
    #expect(detail.summaries.isEmpty && detail.timeline.buckets.isEmpty)
    #expect(detail.identity == makeOutput().identity)
    #expect(try store.checkpoint(of: recorder.run) == nil)
  }

  /// Written over and over, and in the end as if it had been written once.
  @Test func checkpointsGiveWayToTheEnd() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    let output = makeOutput()
    let recorder = try begin(store)
    for (buckets, tick) in [(1, 10), (1, 20), (3, 30)] as [(Int, TickID)] {
      try write(part(output, buckets: buckets, tick: tick), recorder, store)
      let checkpoint = try #require(try store.checkpoint(of: recorder.run))
      #expect(checkpoint.buckets.count == buckets)
      #expect(checkpoint.histograms.count == output.histograms.count)
      #expect(checkpoint.histograms.values.allSatisfy { $0.totalCount == UInt64(buckets) + 1 })
      #expect(checkpoint.digest == output.digest.description)
      #expect(checkpoint.measureNanoseconds == output.durationNanoseconds(ofPhase: "measure"))
      #expect(try store.runs().map(\.operations) == [tick])
    }
    try recorder.finish(output, checks: [], verdict: .passed, verdictReason: "why not")
    let direct = try ResultStore.open(path: folder.file("direct.sqlite"))
    let expected = try direct.detail(direct.save(output, checks: [], verdict: .passed, verdictReason: "why not", environment: own))
    let detail = try store.detail(recorder.run)
    #expect(detail.record == expected.record)
    #expect(detail.summaries == expected.summaries)
    #expect(detail.metrics == expected.metrics)
    #expect(detail.timeline.buckets.map(\.operations) == expected.timeline.buckets.map(\.operations))
    #expect(detail.timeline.series.map(\.values) == expected.timeline.series.map(\.values))
    #expect(try store.checkpoint(of: recorder.run) == nil)
    #expect(try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM lease") } == 0)
  }

  /// Nobody has to notice the end of a run that was killed: its lease tells.
  @Test(arguments: ["process", "start", "boot"]) func aDeadLeaseIsAnInterruptedRun(_ what: String) throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    let recorder = try begin(store)
    #expect(try store.runs().map(\.status) == [.running])
    let change =
      switch what {
      // The largest number that a process may have is 2^22.
      case "process": "process_id = 4194305"
      case "start": "process_start = process_start + 1"
      default: "boot_id = 'another'"
      }
    try store.write { try $0.execute(sql: "UPDATE lease SET \(change)") }
    #expect(try store.runs().map(\.status) == [.interrupted])
    #expect(try store.detail(recorder.run).record.verdict == .interrupted)
  }

  @Test func onlyAnInterruptedRunIsTakenUp() throws {
    let folder = try TemporaryFolder()
    let first = try ResultStore.open(path: folder.file("r.sqlite"))
    let recorder = try begin(first)
    #expect(throws: ResultStoreError.self) { try first.resume(recorder.run, workers: 2, isMeasuredAgain: true, environment: own) }
    let output = makeOutput()
    try write(part(output, buckets: 4, tick: 9), recorder, first)
    try recorder.abandon(reason: "the disk is full")
    // It has let go of the file.
    #expect(throws: ResultStoreError.self) { try first.runs() }
    recorder.checkpoint(output)

    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    #expect(try store.detail(recorder.run).verdictReason == "the disk is full")
    #expect(try store.runs().map(\.status) == [.interrupted])
    let again = try store.resume(recorder.run, workers: 2, isMeasuredAgain: true, environment: own)
    #expect(again.run == recorder.run)
    #expect(try store.runs().map(\.status) == [.running])
    try again.finish(output, checks: [], verdict: .passed, verdictReason: "")
    #expect(try store.runs().map(\.status) == [.finished])
    #expect(try store.detail(again.run).timeline.buckets.count == output.buckets.count)
    #expect(throws: ResultStoreError.self) { try store.resume(again.run, workers: 2, isMeasuredAgain: true, environment: own) }
  }

  /// Its end is a checkpoint too: what it had measured, at the tick to which that belongs.
  @Test func aStoppedRunCanBeTakenUpAtItsEnd() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    let store = try ResultStore.open(path: path)
    let recorder = try begin(store)
    let output = makeOutput()
    try write(part(output, buckets: 2, tick: 10), recorder, store)
    var stopped = part(output, buckets: 3, tick: 25)
    stopped.digest.add(77)
    try recorder.finish(stopped, checks: [], verdict: .interrupted, verdictReason: "stopped")
    let checkpoint = try #require(try store.checkpoint(of: recorder.run))
    #expect(checkpoint.tick == 25)
    #expect(checkpoint.digest == stopped.digest.description)
    // Asked to leave once more when all is written: it stays.
    try recorder.abandon(reason: "at once")
    #expect(try ResultStore.open(path: path).detail(recorder.run).verdictReason == "stopped")
  }

  /// The bucket in which it was stopped is whole when the run has been gone on with.
  @Test func theBucketThatWasCutShortIsWrittenAnew() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore.open(path: folder.file("r.sqlite"))
    let recorder = try begin(store)
    let output = makeOutput()
    var stopped = part(output, buckets: 3, tick: 25)
    let cut = stopped.buckets[2]
    stopped.buckets[2] = TimelineBucket(
      start: cut.start, wallNanoseconds: 1, operations: cut.operations + 7, errors: cut.errors, latency: cut.latency, values: cut.values)
    try recorder.finish(stopped, checks: [], verdict: .interrupted, verdictReason: "stopped")
    let again = try store.resume(recorder.run, workers: 5, isMeasuredAgain: false, environment: own)
    // Before that bucket is over, and when all is.
    try write(part(output, buckets: 2, tick: 27), again, store)
    #expect(try store.detail(again.run).timeline.buckets.count == 2)
    try again.finish(output, checks: [], verdict: .passed, verdictReason: "")
    let detail = try store.detail(again.run)
    #expect(detail.timeline.buckets.map(\.operations) == output.buckets.map(\.operations))
    #expect(detail.record.workers == 5)
  }

  /// Ended before it had measured anything anew, what was there before is gone, and the run can still be read.
  @Test func whatIsMeasuredAgainMayEndEarly() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    let store = try ResultStore.open(path: path)
    let recorder = try begin(store)
    try write(part(makeOutput(), buckets: 3, tick: 25), recorder, store)
    try recorder.abandon(reason: "stopped")
    let again = try ResultStore.open(path: path).resume(recorder.run, workers: 2, isMeasuredAgain: true, environment: own)
    #expect(try ResultStore.open(path: path).detail(again.run).timeline.buckets.isEmpty)
    try again.abandon(reason: "stopped again")
    let detail = try ResultStore.open(path: path).detail(again.run)
    #expect(detail.errorSamples.isEmpty)
    #expect(detail.verdictReason == "stopped again")
  }

  /// What has measured nothing is not kept, unless an earlier part of it has.
  @Test func anEmptyRunIsTakenAway() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    try begin(ResultStore.open(path: path)).abandon(reason: "no such host")
    #expect(try ResultStore.open(path: path).runs().isEmpty)
    let killed = try begin(ResultStore.open(path: path)).run
    try ResultStore.open(path: path).write { try $0.execute(sql: "DELETE FROM lease") }
    try ResultStore.open(path: path).resume(killed, workers: 2, isMeasuredAgain: true, environment: own).abandon(reason: "no such host")
    #expect(try ResultStore.open(path: path).runs().map(\.status) == [.interrupted])
  }

  /// A checkpoint that cannot be written is told of and stops nothing.
  @Test func aLockedFileIsToldOf() throws {
    let folder = try TemporaryFolder()
    let store = try ResultStore(path: folder.file("r.sqlite"), readOnly: false, busySeconds: 0.1)
    let recorder = try begin(store)
    let other = try DatabaseQueue(path: folder.file("r.sqlite"))
    try other.writeWithoutTransaction { db in
      try db.execute(sql: "BEGIN IMMEDIATE")
      recorder.checkpoint(part(makeOutput(), buckets: 1, tick: 1))
      while recorder.checkpointFailure == nil { usleep(1000) }
      try db.execute(sql: "ROLLBACK")
    }
    #expect(recorder.checkpointFailure?.kind == .io)
    #expect(recorder.checkpointFailure?.message.contains("is locked") == true)
    try recorder.finish(makeOutput(), checks: [], verdict: .passed, verdictReason: "")
    #expect(try store.runs().map(\.status) == [.finished])
  }

  /// Several processes, here several stores, write into one file.
  @Test func runsAreWrittenSideBySide() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("r.sqlite")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<6 {
        group.addTask {
          let store = try ResultStore.open(path: path)
          var shape = OutputShape()
          shape.startedUnixNanoseconds += Int64(number)
          let output = makeOutput(shape)
          let recorder = try begin(store, shape)
          for step in 1...5 {
            recorder.checkpoint(part(output, buckets: step, tick: TickID(step)))
            usleep(2000)
          }
          try recorder.finish(output, checks: [], verdict: .passed, verdictReason: "")
        }
      }
      try await group.waitForAll()
    }
    let store = try ResultStore.open(path: path, readOnly: true)
    let runs = try store.runs()
    #expect(runs.count == 6 && Set(runs.map(\.run)).count == 6)
    for run in runs {
      let detail = try store.detail(run.run)
      #expect(detail.record.status == .finished)
      #expect(detail.timeline.buckets.count == OutputShape().buckets)
    }
  }
}
