import Foundation
import GRDB
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

@testable import JamboreeResults

/// A folder that is there for one test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("jamboree-results-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file(name))) }
  func write(_ name: String, _ bytes: Data) throws { try bytes.write(to: URL(fileURLWithPath: file(name))) }
  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}

func histogram(_ seed: UInt64, count: Int, digits: Int8 = 3, spread: UInt64 = 12) -> LatencyHistogram {
  var histogram = LatencyHistogram(numberOfSignificantValueDigits: digits == 2 ? .two : .three)
  for index in 0..<UInt64(count) {
    let hash = mix64(seed << 32 | index)
    histogram.record(200 + hash >> (44 + hash % spread))
  }
  return histogram
}

struct OutputShape {
  var startedUnixNanoseconds: Int64 = 1_700_000_000_123_456_789
  var buckets = 6
  var valuesPerHistogram = 400
  var seed: UInt64 = 0xFFFF_0000_1234_5678
  var scenarioHash = "cafe0123"
  var scale = 0.25
  var workers = 2
  var latencyFactor: UInt64 = 1
  var interrupted = false
}

private func makeBucket(_ index: Int, values: Int) -> TimelineBucket {
  let latency =
    index == 0 ? LatencyHistogram(numberOfSignificantValueDigits: .two) : histogram(UInt64(index), count: values, digits: 2)
  let number = Int64(index)
  return TimelineBucket(
    start: SimTime(nanoseconds: number * 600_000_000_000), wallNanoseconds: 1_000_000 + number, operations: number * 10,
    errors: number % 3, latency: latency, values: [number * 7, number % 5 - 2])
}

func makeOutput(_ shape: OutputShape = OutputShape()) -> RunOutput {
  let descriptors = [
    MetricDescriptor(name: "jam.pageViews", unit: "count", kind: .counter),
    MetricDescriptor(name: "platform.online", unit: "members", kind: .gauge),
  ]
  var timeline = MetricTimeline(bucketNanoseconds: 600_000_000_000, descriptors: descriptors)
  timeline.peakTimes = [.zero, SimTime(nanoseconds: 1_234_567_890_123)]
  timeline.peakValues = [0, 77]
  let buckets = (0..<shape.buckets).map { makeBucket($0, values: shape.valuesPerHistogram / 4) }
  for bucket in buckets { timeline.append(bucket.values) }
  var histograms: [LatencyRecorder.Key: LatencyHistogram] = [:]
  for (index, name) in ["jam.rate", "jam.publish", "wiki.edit", "bookmarks.followLink"].enumerated() {
    var service = histogram(UInt64(index) + 1, count: shape.valuesPerHistogram)
    if shape.latencyFactor > 1 { service.record(1_000_000 * shape.latencyFactor, count: 400) }
    histograms[LatencyRecorder.Key(kind: .service, name: name, outcome: .ok)] = service
    histograms[LatencyRecorder.Key(kind: .storage, name: ["react", "publish", "edit", "item"][index], outcome: .ok)] = service
    histograms[LatencyRecorder.Key(kind: .service, name: name, outcome: .conflict)] = histogram(UInt64(index) + 50, count: 3)
  }
  histograms[LatencyRecorder.Key(kind: .ranking, name: "hot", outcome: .ok)] = histogram(99, count: shape.valuesPerHistogram)
  var digest = RunDigest()
  digest.add(0x0123_4567_89AB_CDEF)
  return RunOutput(
    identity: RunIdentity(
      scenarioName: "jam-night", scenarioText: "name: jam-night\n# ünïcode — “quotes”\nmembers: 'a''b'\n",
      scenarioHash: shape.scenarioHash, overrides: ["members=10", "name=a \"b\",\\c"], seed: Seed(shape.seed), scale: shape.scale,
      workers: shape.workers, pace: "max",
      backend: PlugInIdentity(id: "sqlite", version: "3.40.1", location: "data/x.sqlite", options: ["synchronous=normal", "path=x y"]),
      ranker: PlugInIdentity(id: "hot", version: "1", options: [])),
    startedUnixNanoseconds: shape.startedUnixNanoseconds,
    phases: [
      RunPhase(name: "population", startNanoseconds: 0, durationNanoseconds: 250_000_000),
      RunPhase(name: "measure", startNanoseconds: 250_000_000, durationNanoseconds: 2_000_000_000),
      RunPhase(name: "finish", startNanoseconds: 2_250_000_000, durationNanoseconds: 5),
    ],
    tick: 17_279, simulatedNanoseconds: 86_400_000_000_000, operations: 1_000_003, outcomes: [1_000_000, 1, 0, 2, 0, 0, 0], digest: digest,
    histograms: histograms, timeline: timeline, buckets: buckets,
    metrics: [
      Metric(name: "jam.pageViews", value: 12_345, unit: "count", polarity: .higherIsBetter),
      Metric(name: "process.peakResident", value: 1.5e9, unit: "B", polarity: .lowerIsBetter),
      Metric(name: "odd", value: .infinity, unit: "ratio"),
    ],
    actions: [ActionDescriptor(name: "jam.rate", summary: "Rates a post.")], clockCostNanoseconds: 21.375,
    interrupted: shape.interrupted)
}

let environment = RunEnvironment(
  kernel: "Linux 6.8.0", cpuModel: "Example CPU", logicalCores: 2, memoryBytes: 8 << 30, compiler: "Swift 6.3",
  buildConfiguration: "release", bootID: "00000000-0000-0000-0000-000000000000", gitCommit: "0123abc", gitDirty: true,
  version: "0.1.0")

extension ResultStore {
  @discardableResult
  func save(_ shape: OutputShape, verdict: Verdict = .passed, environment: RunEnvironment = environment) throws -> String {
    try save(makeOutput(shape), checks: [], verdict: verdict, verdictReason: "", environment: environment)
  }
}

/// A SQLite file of another program.
func makeForeignDatabase(_ path: String) throws {
  let queue = try DatabaseQueue(path: path)
  try queue.writeWithoutTransaction { db in
    try db.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE bookmark (url TEXT); INSERT INTO bookmark VALUES ('x')")
  }
  try queue.close()
}

extension ResultStore {
  /// Begins a run and ends it.
  /// - Returns: its name.
  func save(
    _ output: RunOutput, checks: [CheckRecord], verdict: Verdict, verdictReason: String, environment: RunEnvironment
  ) throws -> String {
    let recorder = try begin(
      output.identity, startedUnixNanoseconds: output.startedUnixNanoseconds,
      bucketNanoseconds: output.timeline.bucketNanoseconds, environment: environment)
    try recorder.finish(output, checks: checks, verdict: verdict, verdictReason: verdictReason)
    return recorder.run
  }
}
