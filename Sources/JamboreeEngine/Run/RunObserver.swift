import JamboreeKit
import JamboreeMetrics

/// How far a run has come.
public struct RunProgress: Sendable {
  public let virtualTime: SimTime
  public let durationNanoseconds: Int64
  public let wallNanoseconds: UInt64
  public let operations: Int64
  /// True while an earlier run is done again, to go on from its end.
  public let isReplay: Bool
  /// Of a run at wall-clock pace; nil for others, and while what comes before it is simulated.
  public var load: Load?

  public struct Load: Sendable {
    /// `warm-up`, `measure` or `drain`.
    public let phase: String
    /// Wall time since the load's start, and until the end of its measured part.
    public let elapsedNanoseconds: UInt64
    public let totalNanoseconds: UInt64
    /// Actions that started in the last whole bucket, a second.
    public let startsPerSecond: Double
    /// Storage calls in the last whole bucket that ended in an error.
    public let errors: Int64
    /// Response time in the last whole bucket, 99th percentile.
    public let p99Nanoseconds: UInt64
  }
}

/// Looks up from a run now and then: shows its progress, writes down what it has measured, stops it.
final class RunObserver: SimulationObserver, @unchecked Sendable {
  // Safe to share: called by worker 0 alone.
  private static let progressNanoseconds: UInt64 = 100_000_000

  private let plan: SimulationPlan
  private let isReplay: Bool
  private let start = monotonicNanoseconds()
  private let onProgress: (@Sendable (RunProgress) -> Void)?
  private let checkpointNanoseconds: UInt64
  private let onCheckpoint: (@Sendable (RunOutput) -> Void)?
  private let shouldStopNow: (@Sendable () -> Bool)?
  /// What was measured so far; set while there is something to write down.
  var makeOutput: (() -> RunOutput)?
  /// What was measured up to a moment between two ticks, where that may be needed: of a run that is cut short, the end.
  private(set) var lastOutput: RunOutput?
  private var lastProgress: UInt64 = 0
  /// How long the run has waited while what it had measured was put together.
  private(set) var recordingNanoseconds: UInt64 = 0
  private var lastCheckpoint = monotonicNanoseconds()

  init(_ driver: RunDriver, plan: SimulationPlan, isReplay: Bool = false) {
    self.plan = plan
    self.isReplay = isReplay
    onProgress = driver.onProgress
    checkpointNanoseconds = driver.checkpointNanoseconds
    onCheckpoint = isReplay ? nil : driver.onCheckpoint
    shouldStopNow = driver.shouldStop
  }

  var hasToStop: Bool { shouldStopNow?() ?? false }

  /// Keeps what there is, and from now on what is written down.
  func keepOutputs() { lastOutput = makeOutput?() }

  func shouldStop(at time: SimTime, _ simulation: Simulation) -> Bool {
    if let shouldStopNow, shouldStopNow() { return true }
    let now = monotonicNanoseconds()
    if let onProgress, now &- lastProgress > Self.progressNanoseconds {
      lastProgress = now
      onProgress(
        RunProgress(
          virtualTime: time, durationNanoseconds: plan.durationNanoseconds, wallNanoseconds: now - start,
          operations: simulation.operationCount, isReplay: isReplay))
    }
    if let onCheckpoint, let makeOutput, now &- lastCheckpoint > checkpointNanoseconds {
      let output = makeOutput()
      onCheckpoint(output)
      if lastOutput != nil { lastOutput = output }
      // From here on, so that writing down what was measured never takes up a run's time.
      lastCheckpoint = monotonicNanoseconds()
      recordingNanoseconds &+= lastCheckpoint &- now
    }
    return false
  }
}

/// Times the phases of a run.
struct PhaseTimer {
  private(set) var phases: [RunPhase] = []
  private let start: UInt64
  /// What an earlier part of the run has taken: this one's times follow it.
  private let earlierNanoseconds: Int64

  init(after checkpoint: RunCheckpoint? = nil) {
    start = monotonicNanoseconds()
    earlierNanoseconds = checkpoint?.measureNanoseconds ?? 0
    if let checkpoint { phases.append(RunPhase(name: "measure", startNanoseconds: 0, durationNanoseconds: checkpoint.measureNanoseconds)) }
  }

  mutating func time<Result, Failure: Error>(_ name: String, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let begin = monotonicNanoseconds()
    let result = try body()
    phases.append(phase(name, from: begin))
    return result
  }

  /// Adds phases that were not timed here.
  mutating func add(_ name: String, from begin: UInt64, to end: UInt64) {
    guard end > begin else { return }
    phases.append(
      RunPhase(name: name, startNanoseconds: Int64(begin - start) + earlierNanoseconds, durationNanoseconds: Int64(end - begin)))
  }

  /// All phases with one that began when the last one ended and is not over.
  func withPhaseUnderWay(_ name: String) -> [RunPhase] {
    let begin = phases.last.map { $0.startNanoseconds + $0.durationNanoseconds } ?? earlierNanoseconds
    let now = Int64(monotonicNanoseconds() - start) + earlierNanoseconds
    return phases + [RunPhase(name: name, startNanoseconds: begin, durationNanoseconds: now - begin)]
  }

  private func phase(_ name: String, from begin: UInt64) -> RunPhase {
    RunPhase(
      name: name, startNanoseconds: Int64(begin - start) + earlierNanoseconds,
      durationNanoseconds: Int64(monotonicNanoseconds() - begin))
  }
}
