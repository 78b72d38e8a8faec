import JamboreeResults

/// What a gate prints for people.
struct GateText {
  let report: GateReport
  let verdict: String

  func text() -> String {
    let baseline = report.baseline
    let commit = baseline.environment.gitCommit.map { ", commit \($0.prefix(12))" } ?? ""
    let how =
      switch report.timing {
      case .interleaved: "\(report.replicates) replicates of two processes of each program, in turn"
      case .stored: "\(report.replicates) replicates of two processes, against those that the baseline keeps"
      case .notCompared(let reason): "times are not compared: \(reason)"
      }
    var lines = [
      "\(baseline.run.scenario) against baseline \(baseline.name), set \(Text.moment(unixNanoseconds: baseline.createdUnixSeconds * 1_000_000_000)) UTC\(commit)",
    ]
    if !report.substitutions.isEmpty {
      lines.append("  \(report.substitutions.joined(separator: ", ")): its qualities and errors are held against the baseline's; all else may be another")
    }
    lines += ["  \(how)", ""]
    var table = TextTable(["figure", "baseline", "now", "change", "99% interval", "noise", "finds", "verdict"], left: [0, 7])
    for finding in report.findings {
      table.add([
        finding.figure, value(finding.baseline), value(finding.now), finding.change.map(GateReport.signed) ?? "", "", "", "", word(finding.verdict),
      ])
    }
    for (judged, findable) in report.judged {
      let (name, interval) = (judged.figure.name, judged.estimate.interval(confidence: 0.99))
      let means = report.means[name] ?? (0, 0)
      func figure(_ value: Double) -> String {
        judged.figure.subject == .operationsPerSecond ? Text.rate(value) : Text.duration(nanoseconds: value)
      }
      table.add([
        name, figure(means.baseline), figure(means.now), GateReport.signed(judged.estimate.change),
        "\(GateReport.signed(interval.lowerBound))...\(GateReport.signed(interval.upperBound))", Text.percent(judged.estimate.noise),
        findable > 1 ? "nothing" : Text.percent(findable), word(judged.verdict),
      ])
    }
    lines += [table.text(), ""]
    if report.judged.contains(where: { $0.findable > 1 }) {
      lines.append("  finds    nothing: no worsening under 100% would be found; too noisy, or too few --replicates")
    }
    if report.judged.contains(where: { $0.figure.intervalDiffers }) {
      lines.append(
        "  interval of one figure by itself; the verdicts are on all \(report.judged.count) together (Holm's method) and let small changes pass, so the two may differ")
    }
    lines += report.notes.map { "  note     \($0)" }
    lines.append("  verdict  \(verdict)")
    return lines.joined(separator: "\n")
  }

  private func word(_ verdict: FigureVerdict) -> String {
    switch verdict {
    case .same, .better, .allowed: verdict.rawValue
    case .worse, .changed: verdict.rawValue.uppercased()
    }
  }

  private func value(_ value: BehaviourFinding.Value) -> String {
    switch value {
    case .text(let text): String(text.prefix(12))
    case .number(let number): abs(number) >= 1000 ? Text.grouped(number) : number == number.rounded() ? "\(Int(number))" : String(format: "%.4g", number)
    case .none: "-"
    }
  }
}

/// What a gate prints for programs.
enum GateJSON {
  static func make(_ report: GateReport, passed: Bool, verdict: String) -> JSON {
    let (mode, reason): (String, String?) =
      switch report.timing {
      case .interleaved: ("interleaved", nil)
      case .stored: ("stored", nil)
      case .notCompared(let reason): ("not-compared", reason)
      }
    let failure: JSON = report.failure.map { .string($0) } ?? .null
    return .object([
      "baseline": .string(report.baseline.name), "scenario": .string(report.baseline.run.scenario), "replicates": .integer(Int64(report.replicates)),
      "substitutions": .array(report.substitutions.map { .string($0) }),
      "passed": .boolean(passed), "verdict": .string(verdict), "reasons": .array(report.reasons.map { .string($0) }),
      "timing": .string(mode), "timingReason": reason.map { .string($0) } ?? .null, "notes": .array(report.notes.map { .string($0) }),
      "deterministic": .boolean(report.isDeterministic), "failedExpectations": .array(report.failedExpectations.map { .string($0) }),
      "runFailure": failure,
      "behaviour": .array(
        report.findings.map { finding in
          .object([
            "figure": .string(finding.figure), "baseline": value(finding.baseline), "now": value(finding.now), "change": JSON(finding.change),
            "verdict": .string(finding.verdict.rawValue),
          ])
        }),
      "times": .array(
        report.judged.map { judged, findable in
          let (estimate, name) = (judged.estimate, judged.figure.name)
          let interval = estimate.interval(confidence: 0.99)
          return .object([
            "figure": .string(name), "baseline": JSON(report.means[name]?.baseline), "now": JSON(report.means[name]?.now),
            "change": JSON(estimate.change), "interval99": .array([JSON(interval.lowerBound), JSON(interval.upperBound)]), "noise": JSON(estimate.noise),
            "chance": JSON(judged.figure.isBetterWhenHigher ? estimate.chanceOfFall : estimate.chanceOfRise), "findable": JSON(findable),
            "tolerance": JSON(judged.tolerance), "verdict": .string(judged.verdict.rawValue),
          ])
        }),
    ])
  }

  private static func value(_ value: BehaviourFinding.Value) -> JSON {
    switch value {
    case .text(let text): .string(text)
    case .number(let number): JSON(number)
    case .none: .null
    }
  }
}
