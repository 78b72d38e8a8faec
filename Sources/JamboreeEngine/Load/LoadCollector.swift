import JamboreeKit
import JamboreeMetrics

/// Adds up what the workers of a load run hand over, bucket by bucket, while they go on.
struct LoadCollector {
  private(set) var histograms: [LatencyRecorder.Key: LatencyHistogram] = [:]
  /// By outcome, of the measured part.
  private(set) var outcomes = [Int64](repeating: 0, count: Outcome.allCases.count)
  private(set) var starts: Int64 = 0
  private(set) var lateStarts: Int64 = 0
  private(set) var startsInTime: Int64 = 0
  private(set) var ranOut = false
  var unanswered: Int64 { unansweredBy.reduce(0, +) }
  var unstarted: Int64 { unstartedBy.reduce(0, +) }
  private(set) var peakInFlight = 0
  private(set) var virtualTime: Int64 = 0
  private(set) var notANumberScores = 0
  var rankingFailures: RankingFailures? { RankingFailures.sum(rankingFailuresBy) }
  private(set) var timeline: MetricTimeline
  private(set) var buckets: [TimelineBucket] = []
  private(set) var errorSamples: [ErrorSample] = []
  private var outageParts: [Outage] = []

  private let catalog: ActionCatalog
  private let serviceMetrics: Int
  /// By worker: the last bucket that it has handed over, and what its shards had counted by then.
  private var handedOver: [Int64]
  private var counters: [[Int64]]
  private var notANumber: [Int]
  private var rankingFailuresBy: [RankingFailures?]
  private var unansweredBy: [Int64]
  private var unstartedBy: [Int64]
  private var lastSums: [Int64]
  private var open: [Int64: Part] = [:]

  /// A bucket that some workers have handed over.
  private struct Part {
    var operations: Int64 = 0
    var errors: Int64 = 0
    var starts: Int64 = 0
    var peakInFlight: Int64 = 0
    var latency = LatencyHistogram.latencies(upToNanoseconds: 2, digits: .two)
  }

  /// What the timeline shows beside what the services count.
  private static let ownMetrics = [
    MetricDescriptor(name: "load.allStarts", unit: "count", kind: .counter),
    MetricDescriptor(name: "load.inFlight", unit: "count", kind: .gauge),
  ]

  init(_ plan: LoadPlan) {
    catalog = plan.simulation.catalog
    serviceMetrics = plan.simulation.metrics.count
    timeline = MetricTimeline(bucketNanoseconds: plan.bucketNanoseconds, descriptors: plan.simulation.metrics + Self.ownMetrics)
    handedOver = [Int64](repeating: -1, count: plan.workers)
    counters = Array(repeating: [Int64](repeating: 0, count: serviceMetrics), count: plan.workers)
    notANumber = [Int](repeating: 0, count: plan.workers)
    rankingFailuresBy = notANumber.map { _ in nil }
    unansweredBy = handedOver.map { _ in 0 }
    unstartedBy = unansweredBy
    lastSums = [Int64](repeating: 0, count: serviceMetrics)
  }

  var outages: [Outage] { outageParts.merged() }
  var operations: Int64 { outcomes.reduce(0, +) }

  /// What the shards had counted before the load, so that the timeline shows what it has added.
  mutating func startCounters(_ worker: Int, at values: [Int64]) {
    counters[worker] = values
    for metric in values.indices { lastSums[metric] &+= values[metric] }
  }

  mutating func add(_ sample: LoadSample) {
    let worker = sample.worker
    sample.recorder.merge(into: &histograms)
    for index in outcomes.indices { outcomes[index] += sample.measuredOutcomes[index] }
    starts += sample.measuredStarts
    lateStarts += sample.measuredLateStarts
    startsInTime += sample.startsInTime
    unansweredBy[worker] = sample.unanswered
    unstartedBy[worker] = sample.unstarted
    ranOut = ranOut || sample.ranOut
    virtualTime = max(virtualTime, sample.virtualTime)
    counters[worker] = sample.counters
    notANumber[worker] = sample.notANumberScores
    notANumberScores = notANumber.reduce(0, +)
    rankingFailuresBy[worker] = sample.rankingFailures
    outageParts += sample.outages
    if outageParts.count > 1_000 { outageParts = outageParts.merged() }
    for (operation, outcome, message) in sample.errorSamples where errorSamples.count < ErrorSample.limit {
      errorSamples.append(
        ErrorSample(
          atNanoseconds: operation.intended.nanoseconds, action: catalog[operation.action].name, verb: operation.verb.name,
          outcome: outcome, message: message))
    }
    var part = open[sample.bucket] ?? Part()
    part.operations += sample.outcomes.reduce(0, +)
    for outcome in Outcome.allCases where outcome.isError { part.errors += sample.outcomes[Int(outcome.rawValue)] }
    part.starts += sample.starts
    part.peakInFlight += Int64(sample.peakInFlight)
    sample.recorder.takeBucket(into: &part.latency)
    open[sample.bucket] = part
    handedOver[worker] = sample.isLast ? .max : sample.bucket
    closeBuckets()
  }

  /// Closes the buckets that no worker will add anything to.
  private mutating func closeBuckets() {
    let complete = min(handedOver.min() ?? -1, open.keys.max() ?? -1)
    while Int64(buckets.count) <= complete {
      let index = Int64(buckets.count)
      let part = open.removeValue(forKey: index) ?? Part()
      var row: [Int64] = []
      for metric in 0..<serviceMetrics {
        let sum = counters.reduce(0) { $0 &+ $1[metric] }
        switch timeline.descriptors[metric].kind {
        case .counter:
          row.append(sum - lastSums[metric])
          lastSums[metric] = sum
        case .gauge: row.append(sum)
        }
      }
      row += [part.starts, part.peakInFlight]
      peakInFlight = max(peakInFlight, Int(part.peakInFlight))
      let start = SimTime(nanoseconds: index * timeline.bucketNanoseconds)
      for metric in row.indices where timeline.descriptors[metric].kind == .gauge && row[metric] > timeline.peakValues[metric] {
        timeline.peakValues[metric] = row[metric]
        timeline.peakTimes[metric] = start
      }
      timeline.append(row)
      buckets.append(
        TimelineBucket(
          start: start, wallNanoseconds: timeline.bucketNanoseconds, operations: part.operations, errors: part.errors,
          latency: part.latency, values: row))
    }
  }
}
