import JamboreeKit
import JamboreeMetrics

// A checkpoint holds everything that a run needs to go on between two ticks: agents, wake-ups in their order, mail, what
// was counted and measured. Not the backend's state: that is the backend's own, which must be the one of the same tick.
//
// Its bytes are in the machine's own order and layout. A header tells what it belongs to, a checksum whether it is whole.

extension Simulation {
  private static let magic: UInt64 = 0x4A61_6D62_6F72_6565
  private static let checkpointVersion: UInt32 = 3

  /// The state between two ticks. Call it before the run, after ``run(until:)`` has returned, or from an observer.
  public func checkpoint() -> [UInt8] {
    var encoder = StateEncoder()
    encoder.encode(Self.magic)
    encoder.encode(Self.checkpointVersion)
    encoder.encode(fingerprint)
    encoder.encode(tick)
    for shard in shards {
      shard.wheel.pointee.encode(into: &encoder)
      encoder.encode(shard.context.pointee.counters.array)
      for agents in shard.agents { agents.encode(into: &encoder) }
      shard.quality.encode(into: &encoder)
      encoder.encode(shard.ties != nil)
      shard.ties?.encode(into: &encoder)
    }
    exchange.incoming.encode(into: &encoder)
    exchange.failures.encode(into: &encoder)
    meter.encode(into: &encoder, lanes: lanes)
    encoder.encode(digest)
    encoder.encode(outcomes)
    encoder.encode(notANumberScores)
    encoder.encode(rankingFailures)
    encode(histograms(), into: &encoder)
    feeds?.encode(into: &encoder, lanes.compactMap(\.news))
    encoder.encode(checksum(encoder.bytes[...]))
    return encoder.bytes
  }

  /// Goes on from a checkpoint; takes the place of ``start()``. The backend must be in the state of the checkpoint's tick.
  /// - Throws: ``StateMismatch`` when the checkpoint is damaged or of another scenario, seed or scale; the simulation is
  ///   of no use then.
  public func restore(from bytes: [UInt8]) throws(StateMismatch) {
    var decoder = StateDecoder(bytes)
    guard try decoder.decode(UInt64.self) == Self.magic else { throw StateMismatch("this is no checkpoint of a run") }
    let version = try decoder.decode(UInt32.self)
    guard version == Self.checkpointVersion else {
      throw StateMismatch("the checkpoint has version \(version), this program reads \(Self.checkpointVersion)")
    }
    var tail = StateDecoder(Array(bytes.suffix(8)))
    guard try tail.decode(UInt64.self) == checksum(bytes.dropLast(8)) else { throw StateMismatch("the checkpoint is damaged") }
    guard try decoder.decode(UInt64.self) == fingerprint else {
      throw StateMismatch("the checkpoint is of another scenario, seed or scale")
    }
    tick = try decoder.decode(TickID.self)
    for shard in shards {
      try shard.wheel.pointee.restore(from: &decoder)
      let counters = try decoder.decodeArray(of: Int64.self)
      guard counters.count == shard.context.pointee.counters.count else {
        throw StateMismatch("the checkpoint counts other metrics")
      }
      for (index, value) in counters.enumerated() { shard.context.pointee.counters[index] = value }
      for agents in shard.agents { try agents.restore(from: &decoder) }
      try shard.quality.restore(from: &decoder)
      guard try decoder.decode(UInt8.self) == (shard.ties == nil ? 0 : 1) else {
        throw StateMismatch("the checkpoint is of a run with another ranker")
      }
      try shard.ties?.restore(from: &decoder)
      nextTicks[shard.index] = shard.wheel.pointee.nextTick() ?? .max
    }
    try exchange.incoming.restore(from: &decoder)
    try exchange.failures.restore(from: &decoder)
    try meter.restore(from: &decoder)
    restored.digest = try decoder.decode(RunDigest.self)
    restored.outcomes = try decoder.decodeArray(of: Int64.self)
    restored.notANumberScores = try decoder.decode(Int.self)
    restored.rankingFailures = try decoder.decodeRankingFailures()
    restored.histograms = try decodeHistograms(from: &decoder)
    try feeds?.restore(from: &decoder)
    guard restored.outcomes.count == Outcome.allCases.count else { throw StateMismatch("the checkpoint counts other outcomes") }
  }

  /// Tells one plan from another.
  private var fingerprint: UInt64 {
    var hash = mix64(plan.seed.rawValue)
    let numbers = [
      plan.tickNanoseconds, plan.durationNanoseconds, plan.bucketNanoseconds, Int64(plan.population.count),
      Int64(plan.catalog.count), Int64(plan.metrics.count),
    ] + shards.flatMap { $0.agents.map { Int64($0.count) } }
    for number in numbers { hash = mix64(hash ^ UInt64(bitPattern: number)) }
    if plan.feed != .pull { hash = mix64(hash ^ stableHash(of: plan.feed.text)) }
    for metric in plan.metrics { hash = mix64(hash ^ stableHash(of: metric.name)) }
    return hash
  }

  private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.withUnsafeBytes { raw in
      var hash = mix64(UInt64(raw.count))
      var offset = 0
      while offset + 8 <= raw.count {
        hash = foldedMultiply(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), 0xA076_1D64_78BD_642F)
        offset += 8
      }
      while offset < raw.count {
        hash = foldedMultiply(hash ^ UInt64(raw[offset]), 0xE703_7ED1_A0B4_28DB)
        offset += 1
      }
      return mix64(hash)
    }
  }

  private func encode(_ histograms: [LatencyRecorder.Key: LatencyHistogram], into encoder: inout StateEncoder) {
    let sorted = histograms.sorted {
      ($0.key.kind.rawValue, $0.key.name, $0.key.outcome.rawValue) < ($1.key.kind.rawValue, $1.key.name, $1.key.outcome.rawValue)
    }
    encoder.encode(sorted.count)
    for (key, histogram) in sorted {
      encoder.encode(Array(key.kind.rawValue.utf8))
      encoder.encode(Array(key.name.utf8))
      encoder.encode(key.outcome)
      encoder.encode(histogram)
    }
  }

  private func decodeHistograms(
    from decoder: inout StateDecoder
  ) throws(StateMismatch) -> [LatencyRecorder.Key: LatencyHistogram] {
    var found: [LatencyRecorder.Key: LatencyHistogram] = [:]
    for _ in 0..<(try decoder.decode(Int.self)) {
      let kind = String(decoding: try decoder.decodeArray(of: UInt8.self), as: UTF8.self)
      let name = String(decoding: try decoder.decodeArray(of: UInt8.self), as: UTF8.self)
      let outcome = Outcome(rawValue: try decoder.decode(UInt8.self))
      guard let kind = LatencyKind(rawValue: kind), let outcome else { throw StateMismatch("the checkpoint has latencies of an unknown kind") }
      found[LatencyRecorder.Key(kind: kind, name: name, outcome: outcome)] = try decoder.decodeHistogram()
    }
    return found
  }
}

extension StateEncoder {
  /// Writes a histogram, length first; one that cannot be encoded (it never is) as none.
  mutating func encode(_ histogram: LatencyHistogram) { encode((try? HistogramCoding.encode(histogram)) ?? []) }

  /// Writes what has gone wrong with a ranker in another process: whether there is one, its counts, its first message.
  mutating func encode(_ failures: RankingFailures?) {
    encode(failures != nil)
    guard let failures else { return }
    let counts: [Int64] = [
      failures.timeouts, failures.deaths, failures.malformed, failures.notANumberPages, failures.notANumberScores, failures.restarts,
      failures.fallbackPages,
    ]
    encode(counts)
    encode(Array(failures.firstText.utf8))
  }
}

extension StateDecoder {
  mutating func decodeRankingFailures() throws(StateMismatch) -> RankingFailures? {
    guard try decode(UInt8.self) != 0 else { return nil }
    let counts = try decodeArray(of: Int64.self)
    guard counts.count == 7 else { throw StateMismatch("the checkpoint counts other failures of a ranker") }
    var failures = RankingFailures()
    (failures.timeouts, failures.deaths, failures.malformed) = (counts[0], counts[1], counts[2])
    (failures.notANumberPages, failures.notANumberScores) = (counts[3], counts[4])
    (failures.restarts, failures.fallbackPages) = (counts[5], counts[6])
    failures.firstText = String(decoding: try decodeArray(of: UInt8.self), as: UTF8.self)
    return failures
  }

  mutating func decodeHistogram() throws(StateMismatch) -> LatencyHistogram {
    let bytes = try decodeArray(of: UInt8.self)
    do { return try HistogramCoding.decode(bytes) } catch { throw StateMismatch("a histogram of the checkpoint: \(error)") }
  }
}
