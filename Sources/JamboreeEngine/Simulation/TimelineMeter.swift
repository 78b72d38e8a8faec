import JamboreeKit
import JamboreeMetrics

/// Cuts a run's counters and latencies into buckets of virtual time. Works between ticks, for all shards at once.
struct TimelineMeter {
  /// Gauges are sampled once in this much virtual time.
  private static let sampleNanoseconds: Int64 = 60_000_000_000

  private(set) var timeline: MetricTimeline
  private(set) var buckets: [TimelineBucket] = []
  private let bucketNanoseconds: Int64
  private let gauges: [Int]
  private var bucket: Int64 = 0
  private var nextSample: Int64 = 0
  private var lastSums: [Int64]
  private var gaugePeaks: [Int64]
  private var lastWall = monotonicNanoseconds()
  private var lastOperations: Int64 = 0
  private var lastErrors: Int64 = 0
  /// Latencies of the bucket that is under way which no recorder holds any more.
  private var pendingLatency: LatencyHistogram?

  init(_ plan: SimulationPlan) {
    timeline = MetricTimeline(bucketNanoseconds: plan.bucketNanoseconds, descriptors: plan.metrics)
    bucketNanoseconds = plan.bucketNanoseconds
    gauges = plan.metrics.indices.filter { plan.metrics[$0].kind == .gauge }
    lastSums = [Int64](repeating: 0, count: plan.metrics.count)
    gaugePeaks = lastSums
  }

  /// Virtual time moves on to the start of a tick.
  mutating func advance(to time: SimTime, shards: [SimulationShard], lanes: [Lane]) {
    if time.nanoseconds >= nextSample {
      sampleGauges(at: time, shards)
      nextSample = (time.nanoseconds / Self.sampleNanoseconds + 1) * Self.sampleNanoseconds
    }
    while time.nanoseconds >= (bucket + 1) * bucketNanoseconds { close(shards, lanes) }
  }

  /// The run is over: the bucket that is under way ends here.
  mutating func finish(shards: [SimulationShard], lanes: [Lane]) { close(shards, lanes) }

  /// Takes the times of the buckets from elsewhere, and has none for the others and the one that is under way.
  mutating func adopt(_ measured: [TimelineBucket]) {
    for (index, bucket) in buckets.enumerated() {
      let isKnown = index < measured.count && measured[index].start == bucket.start
      buckets[index] = TimelineBucket(
        start: bucket.start, wallNanoseconds: isKnown ? measured[index].wallNanoseconds : 0, operations: bucket.operations,
        errors: bucket.errors, latency: isKnown ? measured[index].latency : .latencies(upToNanoseconds: 2, digits: .two),
        values: bucket.values)
    }
    pendingLatency = nil
    lastWall = monotonicNanoseconds()
  }

  private mutating func sampleGauges(at time: SimTime, _ shards: [SimulationShard]) {
    for gauge in gauges {
      let value = sum(of: gauge, shards)
      gaugePeaks[gauge] = max(gaugePeaks[gauge], value)
      if value > timeline.peakValues[gauge] {
        timeline.peakValues[gauge] = value
        timeline.peakTimes[gauge] = time
      }
    }
  }

  private func sum(of metric: Int, _ shards: [SimulationShard]) -> Int64 {
    shards.reduce(0) { $0 &+ $1.context.pointee.counters[metric] }
  }

  /// Takes the latencies of the bucket that is under way from the recorders. Two digits are enough for a line on a chart.
  private mutating func takeLatency(_ lanes: [Lane]) -> LatencyHistogram {
    // As large as it must be and no larger: there may be thousands of them.
    let largest = lanes.reduce(0) { max($0, $1.recorder.bucketMaximumNanoseconds) }
    var latency = pendingLatency ?? .latencies(upToNanoseconds: largest, digits: .two)
    for lane in lanes { lane.recorder.takeBucket(into: &latency) }
    pendingLatency = nil
    return latency
  }

  private func counts(_ lanes: [Lane]) -> (operations: Int64, errors: Int64) {
    var (operations, errors) = (0 as Int64, 0 as Int64)
    for lane in lanes {
      let counts = lane.tally.pointee.byOutcome
      operations += counts.reduce(0, +)
      for outcome in Outcome.allCases where outcome.isError { errors += counts[Int(outcome.rawValue)] }
    }
    return (operations, errors)
  }

  private mutating func close(_ shards: [SimulationShard], _ lanes: [Lane]) {
    var row: [Int64] = []
    for metric in timeline.descriptors.indices {
      let total = sum(of: metric, shards)
      switch timeline.descriptors[metric].kind {
      case .counter:
        row.append(total - lastSums[metric])
        lastSums[metric] = total
      case .gauge:
        row.append(max(gaugePeaks[metric], total))
        gaugePeaks[metric] = 0
      }
    }
    timeline.append(row)
    let (operations, errors) = counts(lanes)
    let latency = takeLatency(lanes)
    let wall = monotonicNanoseconds()
    buckets.append(
      TimelineBucket(
        start: SimTime(nanoseconds: bucket * bucketNanoseconds), wallNanoseconds: Int64(wall - lastWall),
        operations: operations - lastOperations, errors: errors - lastErrors, latency: latency, values: row))
    lastWall = wall
    lastOperations = operations
    lastErrors = errors
    bucket += 1
  }
}

// MARK: Checkpoints

extension TimelineMeter {
  /// - Parameter lanes: hand over the latencies of the bucket that is under way.
  mutating func encode(into encoder: inout StateEncoder, lanes: [Lane]) {
    let latency = takeLatency(lanes)
    pendingLatency = latency
    let (operations, errors) = counts(lanes)
    encoder.encode(bucket)
    encoder.encode(nextSample)
    encoder.encode(operations - lastOperations)
    encoder.encode(errors - lastErrors)
    encoder.encode(lastSums)
    encoder.encode(gaugePeaks)
    encoder.encode(timeline.peakTimes)
    encoder.encode(timeline.peakValues)
    encoder.encode(latency)
    encoder.encode(buckets.count)
    for bucket in buckets {
      encoder.encode(bucket.start)
      encoder.encode(bucket.wallNanoseconds)
      encoder.encode(bucket.operations)
      encoder.encode(bucket.errors)
      encoder.encode(bucket.latency)
      encoder.encode(bucket.values)
    }
  }

  mutating func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    bucket = try decoder.decode(Int64.self)
    nextSample = try decoder.decode(Int64.self)
    // The lanes count from 0 again.
    lastOperations = -(try decoder.decode(Int64.self))
    lastErrors = -(try decoder.decode(Int64.self))
    lastSums = try decoder.decodeArray(of: Int64.self)
    gaugePeaks = try decoder.decodeArray(of: Int64.self)
    timeline.peakTimes = try decoder.decodeArray(of: SimTime.self)
    timeline.peakValues = try decoder.decodeArray(of: Int64.self)
    pendingLatency = try decoder.decodeHistogram()
    for _ in 0..<(try decoder.decode(Int.self)) {
      buckets.append(
        TimelineBucket(
          start: try decoder.decode(SimTime.self), wallNanoseconds: try decoder.decode(Int64.self),
          operations: try decoder.decode(Int64.self), errors: try decoder.decode(Int64.self),
          latency: try decoder.decodeHistogram(), values: try decoder.decodeArray(of: Int64.self)))
    }
    let columns = timeline.descriptors.count
    guard lastSums.count == columns, gaugePeaks.count == columns, timeline.peakTimes.count == columns,
      timeline.peakValues.count == columns, buckets.allSatisfy({ $0.values.count == columns })
    else { throw StateMismatch("the checkpoint counts other metrics") }
    for bucket in buckets { timeline.append(bucket.values) }
  }
}
