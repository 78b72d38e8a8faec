import ArgumentParser
import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeScenario

/// Flags of runs at wall-clock pace.
struct LoadFlags: ParsableArguments {
  @Option(
    name: .customLong("pace"),
    help: ArgumentHelp(
      "'max': virtual time, as fast as the machine allows. 'realtime' or a factor such as '60x': load, members acting when they mean to.",
      valueName: "max|realtime|Nx"))
  var givenPace: String?
  var pace: String { givenPace ?? "max" }

  @Option(
    help: ArgumentHelp(
      "Load at a rate of actions, such as 5000/s, whatever the backend does (open loop); 'stages' for those of the scenario.",
      valueName: "N/s|stages"))
  var rate: String?

  @Option(help: "Load: spread the starts of a rate evenly (constant) or as independent people come (poisson). Default: the scenario's load.arrivals.")
  var arrivals: String?

  @Option(
    help: ArgumentHelp(
      "Load: begin at this time of the scenario; what comes before is simulated and put into the backend.", valueName: "duration"))
  var from: String?

  @Option(help: ArgumentHelp("Load: how long to measure, wall time. Default: the scenario's load.measure, else to its end.", valueName: "duration"))
  var duration: String?

  @Option(help: ArgumentHelp("Load: what comes before and is not counted, wall time. Default: the scenario's load.warmUp.", valueName: "duration"))
  var warmUp: String?

  @Option(parsing: .unconditional, help: "Load: connections to the backend, 1 to 10000. Default: 8.", transform: NumberArgument.integer(1...10_000))
  var connections: Int?

  @Option(
    parsing: .unconditional, help: "Load: most actions under way at a time, 1 to 1000000. Default: 16 a connection.",
    transform: NumberArgument.integer(1...1_000_000))
  var inFlight: Int?

  @Flag(help: "Load: do not keep what was acknowledged, and do not read it back at the end.")
  var noAudit = false

  /// What is measured is cut into buckets of so long.
  private static let leastNanoseconds: Int64 = 1_000_000_000

  var isLoad: Bool { pace != "max" || rate != nil }

  func validate() throws {
    guard givenPace == nil || rate == nil else {
      throw ValidationError("--rate and --pace exclude each other: a rate is kept whatever the members mean to do; leave one out")
    }
    if pace != "max" { _ = try compression() }
    if let arrivals, LoadSettings.Arrivals(rawValue: arrivals) == nil {
      throw ValidationError("--arrivals '\(arrivals)' is not known; use constant or poisson")
    }
    for (flag, text) in [("--from", from), ("--duration", duration), ("--warm-up", warmUp)] { _ = try text.map { try time($0, flag) } }
    guard !isLoad else {
      if arrivals != nil, rate == nil { throw ValidationError("--arrivals is for --rate; with --pace members come when they mean to") }
      return
    }
    let given = [
      ("--arrivals", arrivals != nil), ("--from", from != nil), ("--duration", duration != nil), ("--warm-up", warmUp != nil),
      ("--connections", connections != nil), ("--in-flight", inFlight != nil), ("--no-audit", noAudit),
    ].filter(\.1).map(\.0)
    guard given.isEmpty else {
      throw ValidationError("\(given.joined(separator: ", ")): for load alone; add --pace realtime or --rate N/s, or leave out what is for load")
    }
  }

  /// What the flags and the scenario's `load` section come to; nil in virtual time.
  /// - Throws: ``Failure`` when nothing would be measured.
  func options(_ scenario: Scenario) throws -> LoadOptions? {
    guard isLoad else { return nil }
    var settings = scenario.load
    if let arrivals = arrivals.flatMap(LoadSettings.Arrivals.init(rawValue:)) { settings.arrivals = arrivals }
    if let duration {
      let measure = try time(duration, "--duration")
      guard measure == 0 || measure >= Self.leastNanoseconds else {
        throw Failure(
          code: Failure.usage,
          message: "--duration \(printable(duration)): shorter than \(durationText(Self.leastNanoseconds)), a bucket of the timeline, and too little to tell anything; measure for longer")
      }
      settings.measureNanoseconds = measure
    }
    if let warmUp { settings.warmUpNanoseconds = try time(warmUp, "--warm-up") }
    if let rate, rate != "stages" {
      guard rate.contains("/") else {
        throw Failure(
          code: Failure.usage, message: "--rate '\(printable(rate))': expected a rate such as 5000/s, 300/m or 20/h, or 'stages' for those of the scenario's load.stages")
      }
      let perSecond = try LoadRate(rate, flag: "--rate").perSecond
      guard perSecond > 0 else { throw Failure(code: Failure.usage, message: "--rate \(rate): nothing would ever start; give a rate above 0") }
      guard let measure = settings.measureNanoseconds else {
        throw Failure(code: Failure.usage, message: "--rate \(rate) has no end: give --duration, or load.measure in the scenario")
      }
      settings.stages = [
        LoadSettings.Stage(shape: .step, ratePerSecond: perSecond, durationNanoseconds: settings.warmUpNanoseconds + measure)
      ]
    } else if rate != nil, !settings.stages.isEmpty, let duration, let measure = settings.measureNanoseconds,
      settings.warmUpNanoseconds + measure > settings.stagesNanoseconds
    {
      throw Failure(
        code: Failure.usage,
        message: "--duration \(duration): with \(durationText(settings.warmUpNanoseconds)) of warm-up it ends after the stages, which last "
          + "\(durationText(settings.stagesNanoseconds)); shorten it, or lengthen a stage")
    } else if rate != nil, settings.stages.isEmpty {
      throw Failure(code: Failure.usage, message: "--rate stages: the scenario has no load.stages; add them, or give a rate such as 5000/s")
    }
    let connections = connections ?? 8
    var options = LoadOptions(
      settings: settings, pace: rate == nil ? .compressed(try compression()) : .stages, connections: connections,
      inFlight: inFlight ?? 16 * connections)
    if noAudit { options.audit = nil }
    options.fromNanoseconds = try from.map { try time($0, "--from") } ?? 0
    guard options.fromNanoseconds < scenario.durationNanoseconds else {
      throw Failure(
        code: Failure.usage, message: "--from \(from ?? ""): the scenario lasts \(durationText(scenario.durationNanoseconds)); begin before its end")
    }
    options.fitBuckets(scenario: scenario.durationNanoseconds)
    let end = options.measuredEndNanoseconds(scenario: scenario.durationNanoseconds)
    guard end > settings.warmUpNanoseconds else {
      throw Failure(
        code: Failure.usage,
        message: "the load lasts \(durationText(end)) and its warm-up \(durationText(settings.warmUpNanoseconds)): nothing would be measured; "
          + "lengthen the load with --duration (or load.measure, load.stages), or shorten --warm-up (or load.warmUp)")
    }
    return options
  }

  private func compression() throws -> Double {
    if pace == "realtime" { return 1 }
    guard pace.hasSuffix("x"), let factor = Double(pace.dropLast()), factor >= 0.001, factor <= 1_000_000 else {
      throw ValidationError("--pace '\(pace)' is not known; use max, realtime, or a factor from 0.001x to 1000000x such as 60x")
    }
    return factor
  }

  private func time(_ text: String, _ flag: String) throws -> Int64 {
    guard let nanoseconds = parseDuration(text), (0...LoadSettings.maximumStagesNanoseconds).contains(nanoseconds) else {
      throw ValidationError(
        "\(flag) '\(text)' is no duration up to \(durationText(LoadSettings.maximumStagesNanoseconds)); write one such as 90s, 10m or 1h30m")
    }
    return nanoseconds
  }
}
