import JamboreeKit
import JamboreeMetrics

/// What one worker has measured in one bucket of the timeline. Workers hand them over and go on with another one, so that
/// adding them up keeps nobody from starting in time.
final class LoadSample {
  /// Whose it is.
  var worker = 0
  /// Index of the bucket.
  var bucket: Int64 = 0
  /// Latencies of the actions that were intended in the measured part of the run, and the responses of all for the timeline.
  let recorder: LatencyRecorder
  /// Storage calls that have completed in the bucket, by outcome: all of them, and those that are measured.
  var outcomes = [Int64](repeating: 0, count: Outcome.allCases.count)
  var measuredOutcomes = [Int64](repeating: 0, count: Outcome.allCases.count)
  /// Actions that have started in the bucket, and of the measured ones all and those that the generator has delayed too much.
  var starts: Int64 = 0
  var measuredStarts: Int64 = 0
  var measuredLateStarts: Int64 = 0
  /// Measured ones that started before the measured part was over.
  var startsInTime: Int64 = 0
  /// Of the whole load so far: see ``LoadReport``.
  var unanswered: Int64 = 0
  var unstarted: Int64 = 0
  var ranOut = false
  /// The most that was under way at a time.
  var peakInFlight = 0
  /// Of the worker's shards, at the bucket's end.
  var counters: [Int64] = []
  var notANumberScores = 0
  var rankingFailures: RankingFailures?
  /// Operations that ended in an error, the bucket's first ones.
  var errorSamples: [(operation: Operation, outcome: Outcome, message: String)] = []
  var outages: [Outage] = []
  /// Virtual time of the last action that has started.
  var virtualTime: Int64 = 0
  /// Whether it is the worker's last.
  var isLast = false

  init(recorder: LatencyRecorder) { self.recorder = recorder }

  /// Makes it as new; takes a millisecond, which a worker does not have.
  func clear() {
    recorder.removeAll()
    for index in outcomes.indices {
      outcomes[index] = 0
      measuredOutcomes[index] = 0
    }
    (starts, measuredStarts, measuredLateStarts, startsInTime) = (0, 0, 0, 0)
    peakInFlight = 0
    errorSamples.removeAll()
    outages.removeAll()
    isLast = false
  }
}

/// A time in which the backend could not be reached, as one worker or all together have seen it. Nanoseconds since the load's
/// start.
public struct Outage: Sendable, Hashable {
  /// When the first request failed.
  public var startNanoseconds: Int64
  /// When one that was sent afterwards was answered well; nil when none was.
  public var endNanoseconds: Int64?
  /// Requests that failed meanwhile.
  public var failures: Int64

  public init(startNanoseconds: Int64, endNanoseconds: Int64?, failures: Int64) {
    self.startNanoseconds = startNanoseconds
    self.endNanoseconds = endNanoseconds
    self.failures = failures
  }
}

extension [Outage] {
  /// One worker's or several workers' outages as one list, those that overlap as one.
  func merged() -> [Outage] {
    var result: [Outage] = []
    for outage in sorted(by: { $0.startNanoseconds < $1.startNanoseconds }) {
      guard let last = result.last, last.endNanoseconds.map({ outage.startNanoseconds <= $0 }) ?? true else {
        result.append(outage)
        continue
      }
      let ends = [last.endNanoseconds, outage.endNanoseconds].compactMap(\.self)
      result[result.count - 1].endNanoseconds = ends.count == 2 ? ends.max() : nil
      result[result.count - 1].failures += outage.failures
    }
    return result
  }
}
