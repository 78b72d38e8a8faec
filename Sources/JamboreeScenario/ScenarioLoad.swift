import JamboreeKit

private let millisecond: Int64 = 1_000_000
private let second: Int64 = 1_000 * millisecond
private let day: Int64 = 86_400 * second

/// Reads `load`: how actions are started at wall-clock pace.
func readLoad(_ reader: inout ParameterReader) throws(ConfigurationError) -> LoadSettings {
  let standard = LoadSettings()
  var load = LoadSettings()
  load.arrivals = try reader.choice(
    "arrivals", default: standard.arrivals, "how starts are spread within a rate: evenly, or as independent people come")
  load.warmUpNanoseconds = try reader.duration(
    "warmUp", default: standard.warmUpNanoseconds, in: 0...LoadSettings.maximumStagesNanoseconds, "load before the measure phase, which is not counted")
  load.measureNanoseconds = try reader.optionalDuration(
    "measure", in: millisecond...LoadSettings.maximumStagesNanoseconds, "how long is measured; without it, to the end")
  load.drainNanoseconds = try reader.duration(
    "drain", default: standard.drainNanoseconds, in: 0...day, "how long to wait at the end for what is under way")
  (load.latenessLimitNanoseconds, load.latenessShare) = try reader.section("lateness", "how late the generator may be") {
    reader throws(ConfigurationError) in
    let limit = try reader.duration(
      "limit", default: standard.latenessLimitNanoseconds, in: 1_000...(60 * second), "a start that the generator delays by more is late")
    let share = try reader.number(
      "share", default: standard.latenessShare, in: 0...1, "of starts; a run with more late ones is invalid")
    return (limit, share)
  }
  load.stages = try reader.list("stages", default: [], "of a run at a rate, one after the other") { reader throws(ConfigurationError) in
    try readStage(&reader)
  }
  if !reader.describesOnly, !load.stages.isEmpty { try check(load, reader) }
  return load
}

private func readStage(_ reader: inout ParameterReader) throws(ConfigurationError) -> LoadSettings.Stage {
  let shape: LoadSettings.Stage.Shape = try reader.choice(
    "shape", default: nil,
    "step: at once to the rate; ramp: evenly from the rate before; spike: to the rate and back; soak: a long step")
  let rate = try reader.text("rate", default: nil, as: .rate, "actions that start in a second, minute or hour; does not scale")
  let duration = try reader.duration(
    "for", default: nil, in: millisecond...LoadSettings.maximumStagesNanoseconds, "how long it lasts, in wall time")
  if shape == .soak, rate.perSecond == 0, !reader.describesOnly {
    throw reader.fail("rate", "a soak at \(rate.text) would wear nothing out; give a rate above 0, or make it a step if a pause is meant")
  }
  return LoadSettings.Stage(shape: shape, ratePerSecond: rate.perSecond, durationNanoseconds: duration)
}

/// What stages, warm-up and measure must be together.
private func check(_ load: LoadSettings, _ reader: ParameterReader) throws(ConfigurationError) {
  guard load.stages.contains(where: { $0.ratePerSecond > 0 }) else {
    throw reader.fail("stages", "every rate is 0, so nothing would start; at least one stage needs a rate above 0")
  }
  // Held against the limit as it grows: the sum of a few thousand long ones would not fit into 64 bits.
  var total: Int64 = 0
  for stage in load.stages {
    total += stage.durationNanoseconds
    guard total <= LoadSettings.maximumStagesNanoseconds else {
      throw reader.fail(
        "stages", "together they last longer than \(durationText(LoadSettings.maximumStagesNanoseconds)); shorten them or leave some out")
    }
  }
  guard load.warmUpNanoseconds < total else {
    throw reader.fail(
      "warmUp",
      "a warm-up of \(durationText(load.warmUpNanoseconds)) leaves nothing to measure of stages that last \(durationText(total)); shorten it or lengthen them")
  }
  if let measure = load.measureNanoseconds, load.warmUpNanoseconds + measure > total {
    throw reader.fail(
      "measure",
      "warm-up and measure take \(durationText(load.warmUpNanoseconds + measure)), the stages only \(durationText(total)); shorten it, or leave it out to measure to the end")
  }
}
