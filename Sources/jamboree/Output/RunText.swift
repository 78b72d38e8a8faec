import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeScenario

/// The summary at the end of a run, for a planner: what happened, then how fast it was.
struct RunText {
  let run: FinishedRun
  private var output: RunOutput { run.output }

  func lines() -> [String] {
    var lines: [String] = [""]
    let start = Text.weekTime(minuteOfWeek: run.scenario.startMinuteOfWeek)
    lines.append(run.scenario.title)
    lines.append(
      "  \(Text.span(nanoseconds: run.scenario.durationNanoseconds)) from \(start) UTC, scale \(Text.significant(run.scenario.scale)), seed \(run.scenario.seed.rawValue), "
        + "\(output.identity.backend.id) backend, \(RankerText.name(output.identity.ranker)) ranker, "
        + "\(Text.counted(Int64(output.identity.workers), "worker"))")
    lines.append("")
    let platform = PlatformSummary(output.timeline, requestsPerPage: run.scenario.requestsPerPage)
    let hasJam = output.timeline.index(of: "jam.participants") != nil
    if !hasJam || platform.lines.contains(where: { $0.name != "jam" }) {
      lines += PlatformText(run: run, platform: platform).lines() + [""]
      if hasJam { lines.append("  of the jam alone:") }
    }
    if hasJam { lines += jam() + [""] }
    if let edges = metric("population.graph.edges"), let nodes = metric("population.graph.nodes") {
      lines.append(
        item("graph", "\(Text.grouped(nodes)) nodes, \(Text.grouped(edges)) edges from a file; dropped \(Text.grouped(metric("population.graph.duplicateEdges") ?? 0)) duplicate and \(Text.grouped(metric("population.graph.selfEdges") ?? 0)) self edges"))
      lines.append("")
    }
    lines += selection()
    lines += QualityText.lines(output.metrics)
    if let cut = metric("engine.cutWakeups"), cut > 0, !output.interrupted {
      lines.append(
        item("cut", "\(Text.grouped(cut)) wake-ups were left when the drain was over, so totals are too low; lengthen `drain`"))
      lines.append("")
    }
    if let unmeasured = metric("engine.unmeasuredOperations") {
      let what = "\(Text.grouped(unmeasured)) operations of the earlier run came after its last checkpoint; their latencies are lost"
      lines += [item("gone on with", what), ""]
    }
    if let feeds = FeedText.line(output, run.scenario.feed) { lines += [item("feeds", feeds), ""] }
    lines += latencies() + [""]
    lines += expectations()
    lines += speed()
    return lines
  }

  // MARK: The event

  private func jam() -> [String] {
    let participants = output.timeline.total("jam.participants")
    let invited = metric("jam.invited") ?? 0
    var lines = [
      item("participants", "\(Text.grouped(participants)) of \(Text.grouped(invited)) invited (\(Text.percent(invited > 0 ? Double(participants) / invited : 0)))")
    ]
    lines += online()
    if let views = metric("jam.peakHourPageViewsPerSecond"), let hour = metric("jam.peakHour") {
      let requests = views * run.scenario.requestsPerPage
      lines.append(
        item(
          "peak requests",
          "\(LoadParts.rate(requests)) mean over hour \(Int(hour)) (\(Text.significant(views)) page views/s x \(Text.significant(run.scenario.requestsPerPage))); "
            + "plan for twice that, \(LoadParts.rate(requests * 2)), in bursts"))
    }
    lines.append(item("visits", each("jam.sessions", participants)))
    lines.append(item("page views", each("jam.pageViews", participants)))
    lines.append(
      item(
        "posts", each("jam.posts", participants)
          + ": \(Text.grouped(output.timeline.total("jam.ideas"))) ideas, \(Text.grouped(output.timeline.total("jam.replies"))) replies"
          + (metric("jam.threadSize").map { ", \(Text.significant($0)) a thread" } ?? "")))
    lines.append(item("ratings", each("jam.ratings", participants)))
    let negative = output.timeline.total("jam.negativePosts")
    let posts = max(output.timeline.total("jam.posts"), 1)
    let turn = metric("jam.moodTurn").map { "turned by hour \(Text.significant($0)) (\(clock($0 * 3600)) UTC)" } ?? "did not turn measurably"
    lines.append(item("mood", "\(turn); \(Text.percent(Double(negative) / Double(posts))) of all posts negative"))
    if let lift = metric("jam.qualityLift") {
      lines.append(
        item(
          "quality found",
          String(format: "ideas read are %@%.2f standard deviations %@ than those posted (chance: 0)", lift < 0 ? "" : "+", abs(lift), lift < 0 ? "worse" : "better")))
    }
    return lines
  }

  /// What came of a selection after the jam.
  private func selection() -> [String] {
    guard output.timeline.index(of: "selection.offerings") != nil, output.timeline.total("selection.ideas") > 0 else { return [] }
    func total(_ name: String) -> String { Text.grouped(output.timeline.total("selection.\(name)")) }
    var lines = [
      item(
        "selection",
        "\(total("offerings")) offerings -> \(total("clusters")) clusters -> \(total("shortlisted")) plans -> \(total("funded")) funded; "
          + "\(total("reviews")) reviews, \(total("votes")) votes"
          + (metric("selection.decidedAt").map { ", by \(clock($0 * 3600)) UTC (hour \(Text.significant($0)))" } ?? ""))
    ]
    if let lift = metric("selection.fundedLift"), let possible = metric("selection.possibleLift") {
      lines.append(
        item("funded are", String(format: "%+.2f standard deviations better than what was posted; the truly best would be %+.2f", lift, possible)))
    }
    return lines + [""]
  }

  private func online() -> [String] {
    guard let total = output.timeline.index(of: "jam.online") else { return [] }
    let at = output.timeline.peakTimes[total].seconds
    var lines = [item("peak online", "\(Text.grouped(output.timeline.peakValues[total])) at \(clock(at)) UTC (hour \(Text.significant(at / 3600)))")]
    for region in run.scenario.population.regions {
      guard let index = output.timeline.index(of: "jam.online.\(region.name)") else { continue }
      let time = output.timeline.peakTimes[index].seconds
      lines.append(
        "      \(region.name): \(Text.grouped(output.timeline.peakValues[index])) at \(clock(time)) UTC, "
          + "\(clock(time, offsetMinutes: region.utcOffsetMinutes)) local")
    }
    return lines
  }

  private func clock(_ seconds: Double, offsetMinutes: Int = 0) -> String {
    Text.weekTime(minuteOfWeek: run.scenario.startMinuteOfWeek + Int(seconds / 60) + offsetMinutes)
  }

  private func each(_ name: String, _ participants: Int64) -> String {
    let total = output.timeline.total(name)
    return "\(Text.grouped(total)) (\(Text.significant(participants > 0 ? Double(total) / Double(participants) : 0)) each)"
  }

  private func item(_ name: String, _ value: String) -> String { "  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + "  " + value }

  private func metric(_ name: String) -> Double? { output.metrics.first { $0.name == name }?.value }

  // MARK: The machine

  private func latencies() -> [String] {
    var table = LatencyTable("service time", hasFloor: true)
    for action in output.actions {
      guard let histogram = output.histogram(.service, action.name) else { continue }
      table.add(action.name, histogram, floorNanoseconds: run.floor[action.name])
    }
    for (key, histogram) in output.histograms.sorted(by: { $0.key.name < $1.key.name }) where key.kind == .ranking {
      table.add("ranking: \(key.name)", histogram)
    }
    return [table.text()]
  }

  private func expectations() -> [String] {
    var lines = run.checks.isEmpty ? [] : [ExpectationTable.text(run.checks)]
    for (why, text) in [
      (.madeUpReplies, "not checked on this backend, whose replies are made up"), (.belowItsScale, "not checked at this scale, where it does not show"),
      (.withinNoise, "not checkable at this scale, where even nothing would lie within three standard errors"),
    ] as [(JamboreeScenario.Expectation.Exemption, String)] {
      let names = run.unchecked.filter { $0.why == why }.map(\.result.name)
      if !names.isEmpty { lines.append("  \(text): \(names.joined(separator: ", "))") }
    }
    return lines.isEmpty ? [] : lines + [""]
  }

  private func speed() -> [String] {
    var lines: [String] = []
    let wall = Double(output.wallNanoseconds) / 1e9
    let measured = Double(output.durationNanoseconds(ofPhase: "measure")) / 1e9
    lines.append(
      item("run", "\(Text.grouped(output.operations)) operations in \(Text.significant(measured)) s (\(Text.rate(output.operationsPerSecond))), \(Text.significant(wall)) s in all, \(Text.grouped(output.errors)) errors"))
    if let peak = metric("process.peakResidentBytes") { lines.append(item("memory", "\(Text.bytes(peak)) at most")) }
    lines.append(item("clock", String(format: "%.0f ns a reading, about one in each latency", output.clockCostNanoseconds)))
    if let trouble = output.rankingFailures.flatMap(RankerText.trouble) { lines.append(item("ranker", trouble)) }
    lines.append(item("digest", output.digest.description + (output.isReproducible ? "" : "  (not reproducible: not all pages were ranked)")))
    lines.append(item("verdict", "\(run.verdict.rawValue): \(run.verdictReason)"))
    if let id = run.id, output.interrupted { lines.append(item("go on with it", "jamboree run --resume \(id)\(run.resultsPath == Composition.defaultResults ? "" : " --results \(run.resultsPath)")")) }
    if let id = run.id { lines.append(item("results", "\(run.resultsPath), run \(id)  (jamboree show \(id))")) }
    return lines
  }
}

extension Scenario {
  /// Its name, and its summary if it has one.
  var title: String { summary.isEmpty ? name : "\(name): \(summary)" }
}
