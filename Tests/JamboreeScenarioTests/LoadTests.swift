import JamboreeKit
import JamboreeScenario
import Testing

/// Every key of `load`, none at its default.
let loadScenario = tinyScenario + """
  load:
    arrivals: poisson
    warmUp: 20s
    measure: 5m
    drain: 1m
    lateness:
      limit: 5ms
      share: 0.5%
    stages:
      - { shape: ramp, rate: 5000/s, for: 1m }
      - { shape: step, rate: 300/m, for: 5m }
      - { shape: spike, rate: 20000.5/s, for: 10s }
      - { shape: soak, rate: 36/h, for: 2h }

  """

private let second: Int64 = 1_000_000_000

/// The section with other stages, and all else at its defaults.
private func stages(_ stages: String, _ more: String = "") -> String { tinyScenario + "load:\n\(more)  stages: \(stages)\n" }

@Suite struct LoadTests {
  @Test func everyKeyIsRead() throws {
    let load = try load(loadScenario).load
    #expect(load.arrivals == .poisson)
    #expect(load.warmUpNanoseconds == 20 * second)
    #expect(load.measureNanoseconds == 300 * second)
    #expect(load.drainNanoseconds == 60 * second)
    #expect(load.latenessLimitNanoseconds == 5_000_000)
    #expect(load.latenessShare == 0.005)
    #expect(
      load.stages == [
        LoadSettings.Stage(shape: .ramp, ratePerSecond: 5000, durationNanoseconds: 60 * second),
        LoadSettings.Stage(shape: .step, ratePerSecond: 5, durationNanoseconds: 300 * second),
        LoadSettings.Stage(shape: .spike, ratePerSecond: 20000.5, durationNanoseconds: 10 * second),
        LoadSettings.Stage(shape: .soak, ratePerSecond: 0.01, durationNanoseconds: 7200 * second),
      ])
    #expect(load.stagesNanoseconds == 7570 * second)
  }

  @Test func withoutTheSectionTheDefaultsHold() throws {
    #expect(try load(tinyScenario).load == LoadSettings())
    #expect(try load(tinyScenario + "load:\n").load == LoadSettings())
    #expect(try load(tinyScenario + "load: { measure: ~, stages: [], lateness: }\n").load == LoadSettings())
  }

  @Test func overrides() throws {
    let changed = try load(
      loadScenario,
      [
        "load.warmUp=5s", "load.arrivals=constant", "load.measure=~", "load.lateness.share=1%", "load.stages.1.rate=0/s",
        "load.stages.4={ shape: step, rate: 1/m, for: 1ms }",
      ]
    ).load
    #expect(changed.warmUpNanoseconds == 5 * second)
    #expect(changed.arrivals == .constant)
    #expect(changed.measureNanoseconds == nil)
    #expect(changed.latenessShare == 0.01)
    #expect(changed.stages[1].ratePerSecond == 0)
    #expect(changed.stages.last == LoadSettings.Stage(shape: .step, ratePerSecond: 1.0 / 60, durationNanoseconds: 1_000_000))
    #expect(try load(tinyScenario, ["load.warmUp=5s"]).load.warmUpNanoseconds == 5 * second)
    #expect(try load(tinyScenario, ["load.warmUp=20s", "load.stages=[{ shape: step, rate: 1/s, for: 21s }]"]).load.stages.count == 1)
    #expect(
      refusal(loadScenario, ["load.warmUp=3h"])
        == "--set load.warmUp=3h: load.warmUp: a warm-up of 3h leaves nothing to measure of stages that last 2h6m10s; "
        + "shorten it or lengthen them")
    #expect(
      refusal(loadScenario, ["load.stages.0.rate=5000"])
        == "--set load.stages.0.rate=5000: load.stages.0.rate: expected a rate from 0/s to 10000000/s, such as 5000/s, 300/m or 20/h, "
        + "found '5000'")
  }

  /// Rates are of the whole run, whatever the size of the population.
  @Test func ratesDoNotScale() throws {
    #expect(try load(loadScenario, scale: 0.01).load == load(loadScenario).load)
  }

  @Test func theDescriptionSaysTheSame() throws {
    let text = try load(loadScenario).describe()
    #expect(text.contains("  arrivals: poisson "))
    #expect(text.contains("\n    - { shape: ramp, rate: \"5000/s\", for: 1m }\n"))
    #expect(text.contains("\n    - { shape: soak, rate: \"36/h\", for: 2h }\n"))
    #expect(try load(text).load == load(loadScenario).load)
    let defaults = try load(tinyScenario).describe()
    #expect(defaults.contains("\nload:"))
    #expect(defaults.contains("\n  # measure: not given "))
    #expect(defaults.contains("\n  stages: [] "))
    #expect(try load(defaults).load == LoadSettings())
  }

  @Test(arguments: [
    ("5000/s", 5000), ("300/m", 5), ("36/h", 0.01), ("0/s", 0), ("0/h", 0), ("0.5/s", 0.5), ("1.25/m", 1.25 / 60), ("007/s", 7),
    ("10000000/s", 1e7), ("600000000/m", 1e7), ("36000000000/h", 1e7), ("10000000.0/s", 1e7),
  ] as [(String, Double)])
  func rates(_ text: String, _ perSecond: Double) throws {
    let rate = try LoadRate(text, flag: "--rate")
    #expect(rate.perSecond == perSecond)
    #expect(rate.text == text)
    #expect(try load(stages("[{ shape: step, rate: \(text), for: 1m }, { shape: step, rate: 1/s, for: 1m }]")).load.stages[0].ratePerSecond == perSecond)
  }

  @Test(arguments: [
    "5000", "0", "5000/S", "5000/d", "5000/ms", "5000 /s", "5000/ s", "/s", "5000/", "5/s/s", "-5/s", "-0/s", "+5/s", "1e4/s", "5_000/s", ".5/s",
    "5./s", "1.2.3/s", "nan/s", "NaN/s", ".nan", "inf/s", "0x10/s", "٣/s", "5,000/s", "fast", "10%", "10000001/s", "10000000.1/s",
    "600000001/m", "99999999999999999999/h", String(repeating: "9", count: 200) + "/s", "0." + String(repeating: "0", count: 200) + "/s",
  ])
  func refusedRates(_ text: String) {
    let expected = "expected a rate from 0/s to 10000000/s, such as 5000/s, 300/m or 20/h, found '\(printable(text))'"
    #expect(refusal(stages("[{ shape: step, rate: \"\(text)\", for: 1m }]"))
      == "t.yaml:23: load.stages.0.rate: expected a rate from 0/s to 10000000/s, such as 5000/s, 300/m or 20/h, found the quoted text '\(printable(text))'")
    do {
      _ = try LoadRate(text, flag: "--rate")
      Issue.record("\(text) was taken")
    } catch { #expect("\(error)" == "--rate: \(expected)") }
  }

  static let mistakes: [(String, String)] = [
    ("arrivals: random", "23: load.arrivals: expected one of constant, poisson, found 'random'"),
    ("arival: poisson", "23: load.arival: unknown key 'arival'; did you mean 'arrivals'? known keys: arrivals, warmUp, measure, drain, lateness, stages"),
    ("warmUp: 10", "23: load.warmUp: expected a duration from 0 to 31d, such as 500ms, 5s, 10m or 1h30m, found '10'"),
    ("warmUp: -5s", "23: load.warmUp: expected a duration from 0 to 31d, such as 500ms, 5s, 10m or 1h30m, found '-5s'"),
    ("warmUp: 32d", "23: load.warmUp: '32d' is out of range: expected a duration from 0 to 31d, such as 500ms, 5s, 10m or 1h30m"),
    ("warmUp: .nan", "23: load.warmUp: expected a duration from 0 to 31d, such as 500ms, 5s, 10m or 1h30m, found '.nan'"),
    ("measure: 0", "23: load.measure: '0' is out of range: expected a duration from 1ms to 31d, such as 500ms, 5s, 10m or 1h30m"),
    ("measure: 5", "23: load.measure: expected a duration from 1ms to 31d, such as 500ms, 5s, 10m or 1h30m, found '5'"),
    ("measure: [5m]", "23: load.measure: expected a duration from 1ms to 31d, such as 500ms, 5s, 10m or 1h30m, found a list"),
    ("drain: 25h", "23: load.drain: '25h' is out of range: expected a duration from 0 to 24h, such as 500ms, 5s, 10m or 1h30m"),
    ("lateness: 10ms", "23: load.lateness: expected a mapping of keys to values, found '10ms'"),
    ("lateness: { limit: 0 }", "23: load.lateness.limit: '0' is out of range: expected a duration from 1us to 1m, such as 500ms, 5s, 10m or 1h30m"),
    ("lateness: { limit: 10 }", "23: load.lateness.limit: expected a duration from 1us to 1m, such as 500ms, 5s, 10m or 1h30m, found '10'"),
    ("lateness: { share: -1% }", "23: load.lateness.share: '-1%' is out of range: expected a number from 0 to 1"),
    ("lateness: { share: 101% }", "23: load.lateness.share: '101%' is out of range: expected a number from 0 to 1"),
    ("lateness: { share: NaN }", "23: load.lateness.share: expected a number from 0 to 1, found 'NaN'"),
    ("lateness: { shares: 1% }", "23: load.lateness.shares: unknown key 'shares'; did you mean 'share'? known keys: limit, share"),
    ("stages: 5000/s", "23: load.stages: expected a list, found '5000/s'"),
    ("stages: [5000/s]", "23: load.stages.0: expected a mapping of keys to values, found '5000/s'"),
    ("stages: [{ shape: steep, rate: 1/s, for: 1m }]", "23: load.stages.0.shape: expected one of step, ramp, spike, soak, found 'steep'"),
    ("stages: [{ rate: 1/s, for: 1m }]", "23: load.stages.0.shape: required key 'shape' is missing; add it (one of step, ramp, spike, soak)"),
    (
      "stages: [{ shape: step, for: 1m }]",
      "23: load.stages.0.rate: required key 'rate' is missing; add it (a rate from 0/s to 10000000/s, such as 5000/s, 300/m or 20/h)"
    ),
    (
      "stages: [{ shape: step, rate: 1/s }]",
      "23: load.stages.0.for: required key 'for' is missing; add it (a duration from 1ms to 31d, such as 500ms, 5s, 10m or 1h30m)"
    ),
    (
      "stages: [{ shape: step, rate: 1/s, for: 1m }, { shape: step, rate: 1/s, for: 0 }]",
      "23: load.stages.1.for: '0' is out of range: expected a duration from 1ms to 31d, such as 500ms, 5s, 10m or 1h30m"
    ),
    (
      "stages: [{ shape: step, rate: 1/s, for: -1m }]",
      "23: load.stages.0.for: expected a duration from 1ms to 31d, such as 500ms, 5s, 10m or 1h30m, found '-1m'"
    ),
    (
      "stages: [{ shape: step, rate: 1/s, duration: 1m }]",
      "23: load.stages.0.duration: unknown key 'duration'; known keys: shape, rate, for"
    ),
    (
      "stages: [{ shape: step, rate: 10000001/s, for: 1m }]",
      "23: load.stages.0.rate: expected a rate from 0/s to 10000000/s, such as 5000/s, 300/m or 20/h, found '10000001/s'"
    ),
    (
      "stages: [{ shape: soak, rate: 0/s, for: 1m }]",
      "23: load.stages.0.rate: a soak at 0/s would wear nothing out; give a rate above 0, or make it a step if a pause is meant"
    ),
    (
      "stages: [{ shape: step, rate: 0/s, for: 1m }, { shape: ramp, rate: 0/h, for: 1m }]",
      "23: load.stages: every rate is 0, so nothing would start; at least one stage needs a rate above 0"
    ),
    (
      "stages: [{ shape: step, rate: 1/s, for: 30d }, { shape: step, rate: 1/s, for: 25h }]",
      "23: load.stages: together they last longer than 31d; shorten them or leave some out"
    ),
    (
      "stages: [{ shape: step, rate: 1/s, for: 10s }]",
      "23: load.warmUp: a warm-up of 10s leaves nothing to measure of stages that last 10s; shorten it or lengthen them"
    ),
    (
      "measure: 51s\n  stages: [{ shape: step, rate: 1/s, for: 1m }]",
      "23: load.measure: warm-up and measure take 1m1s, the stages only 1m; shorten it, or leave it out to measure to the end"
    ),
  ]

  @Test(arguments: mistakes) func refused(_ line: String, _ message: String) {
    #expect(refusal(tinyScenario + "load:\n  \(line)\n") == "t.yaml:" + message)
  }

  /// What lies just within the limits is taken, so that the refusals are no stricter than they say.
  @Test func limitsAreInclusive() throws {
    #expect(try load(stages("[{ shape: step, rate: 1/s, for: 31d }]")).load.stagesNanoseconds == LoadSettings.maximumStagesNanoseconds)
    #expect(try load(stages("[{ shape: step, rate: 1/s, for: 1m }]", "  measure: 50s\n")).load.measureNanoseconds == 50 * second)
    #expect(try load(stages("[{ shape: step, rate: 1/s, for: 10001ms }]")).load.warmUpNanoseconds == 10 * second)
    #expect(try load(stages("[{ shape: spike, rate: 0/s, for: 1m }, { shape: ramp, rate: 1/h, for: 1m }]")).load.stages.count == 2)
    // The section says nothing of how long a run without stages is.
    #expect(try load(tinyScenario + "load: { warmUp: 31d, measure: 31d }\n").load.measureNanoseconds == LoadSettings.maximumStagesNanoseconds)
    // Far more than fit into 64 bits.
    let many = [String](repeating: "{ shape: step, rate: 1/s, for: 31d }", count: 5000).joined(separator: ", ")
    #expect(refusal(stages("[\(many)]")) == "t.yaml:23: load.stages: together they last longer than 31d; shorten them or leave some out")
  }
}
