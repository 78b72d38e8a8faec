import JamboreeKit
import JamboreeMetrics

/// What there is to tell of a run.
extension Simulation {
  /// The first operations that ended in an error, in order of time.
  public var errorSamples: [ErrorSample] {
    let all = lanes.flatMap(\.errorSamples).map { sample in
      ErrorSample(
        atNanoseconds: sample.operation.intended.nanoseconds, action: plan.catalog[sample.operation.action].name,
        verb: sample.operation.verb.name, outcome: sample.outcome, message: sample.message)
    }
    return Array((restored.errorSamples + all.sorted { $0.atNanoseconds < $1.atNanoseconds }).prefix(ErrorSample.limit))
  }

  /// The last tick that was run; -1 before the first.
  public var lastTick: TickID { tick }

  /// Virtual time of the last tick's end.
  public var simulatedNanoseconds: Int64 { (tick + 1) * plan.tickNanoseconds }

  /// Storage calls so far.
  public var operationCount: Int64 { outcomes.reduce(0, +) }

  /// The digest of everything so far.
  public var digest: RunDigest { lanes.reduce(into: restored.digest) { $0.add($1.tally.pointee.digest) } }

  /// By outcome, in the order of ``Outcome``.
  public var outcomes: [Int64] {
    lanes.reduce(restored.outcomes) { sums, lane in zip(sums, lane.tally.pointee.byOutcome).map { $0 + $1 } }
  }

  /// Agents of all services.
  public var agentCount: Int { shards.reduce(0) { $0 + $1.agents.reduce(0) { $0 + $1.count } } }

  /// Figures of the engine itself.
  /// - Parameter isFinal: whether with those for which every member is looked at.
  public func metrics(isFinal: Bool = true) -> [Metric] {
    [
      Metric(name: "engine.ticks", value: Double(tick + 1), unit: "count"),
      Metric(
        name: "engine.cutWakeups", value: Double(shards.reduce(0) { $0 + $1.wheel.pointee.count }), unit: "count",
        polarity: .lowerIsBetter),
      Metric(name: "ranking.notANumberScores", value: Double(notANumberScores), unit: "count", polarity: .lowerIsBetter),
    ] + (rankingFailures?.metrics ?? []) + (feeds?.metrics(lanes.compactMap(\.news), isFinal: isFinal) ?? [])
  }

  /// What has gone wrong with a ranker in another process; nil for one in this.
  public var rankingFailures: RankingFailures? { RankingFailures.sum([restored.rankingFailures] + lanes.map(\.rankingFailures)) }

  /// What rankings did to the crowd: see ``QualityReport``.
  public var qualityMetrics: [Metric] { QualityReport.metrics(shards.map(\.quality)) }

  /// Whether the crowd has found the best ideas: reads those that it judged, aside from what is measured.
  /// - Returns: nothing when nobody judges any, or when they cannot be read.
  public func judgeCrowd() -> [Metric] {
    var judgement = CrowdJudgement()
    for container in plan.services.flatMap(\.judgedContainers) {
      var skip = 0
      var isWhole = false
      while !isWhole {
        var read = Operation(verb: .listing, action: ActionID(0), actor: .platform, intended: SimTime(nanoseconds: simulatedNanoseconds))
        read.container = container
        read.order = .newest
        read.object = UInt64(skip)
        read.limit = 500
        guard lanes[0].readAside(read, { reply in
          for row in 0..<reply.items.count {
            let item = reply.items[row]
            judgement.add(item, quality: plan.truth.qualityThousandths(of: item.id))
          }
          skip += reply.items.count
          isWhole = reply.items.count < 500
        }) else { return [] }
      }
    }
    return judgement.figures().map { QualityReport.metric($0.name, $0.value) }
  }

  /// Scores that were not a number.
  public var notANumberScores: Int { lanes.reduce(restored.notANumberScores) { $0 + $1.notANumberCount } }

  public func histograms() -> [LatencyRecorder.Key: LatencyHistogram] {
    lanes.reduce(into: restored.histograms) { $1.recorder.merge(into: &$0) }
  }

  /// What the timeline has so far: the buckets that are over.
  public var timelineSoFar: (timeline: MetricTimeline, buckets: [TimelineBucket]) { (meter.timeline, meter.buckets) }

  /// Puts the latencies of the run that it goes on with in the place of those that were measured while it was done again:
  /// that was on another backend.
  func adopt(_ checkpoint: RunCheckpoint?) {
    restored.histograms = checkpoint?.histograms ?? [:]
    restored.errorSamples = checkpoint?.errorSamples ?? []
    meter.adopt(checkpoint?.buckets ?? [])
  }

  /// Closes the timeline and hands it over.
  public func finishTimeline() -> (timeline: MetricTimeline, buckets: [TimelineBucket]) {
    meter.finish(shards: shards, lanes: lanes)
    return (meter.timeline, meter.buckets)
  }
}
