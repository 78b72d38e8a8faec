import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import JamboreeResults

/// What became of what a load's writes were acknowledged as.
enum AuditText {
  /// What is wrong, in one line.
  static func summary(_ audit: AuditReport) -> String {
    let found = [
      (audit.lost, "lost"), (audit.duplicated, "duplicated"), (audit.stale, "stale"),
      (audit.readYourWritesViolations, "not readable by who wrote them"),
    ].filter { $0.0 > 0 }
    return found.map { "\(Text.grouped(Int64($0.0))) writes \($0.1)" }.joined(separator: ", ")
  }

  static func remarks(_ audit: AuditReport) -> [RunRemark] {
    var lines = [
      RunRemark(
        "audit",
        "\(Text.grouped(Int64(audit.acknowledgedWrites))) writes acknowledged, \(Text.grouped(Int64(audit.auditedItems - audit.notReadBack))) items read back"
          + (audit.auditedShare < 1 ? " (\(Text.percent(audit.auditedShare)) of all)" : "") + ": "
          + (audit.isClean ? clean(audit) : summary(audit)))
    ]
    if audit.unknownWrites > 0 {
      lines.append(
        RunRemark(
          "unknown",
          "\(Text.grouped(Int64(audit.unknownWrites))) writes ended in an error; of those of audited items \(audit.unresolvedPresent) were done and \(audit.unresolvedAbsent) were not"))
    }
    if audit.notReadBack > 0 { lines.append(RunRemark("not read back", "\(Text.grouped(Int64(audit.notReadBack))) items")) }
    if audit.listingsNotRead > 0 { lines.append(RunRemark("not looked up", "\(Text.grouped(Int64(audit.listingsNotRead))) items in their listings, which are too long")) }
    if audit.probes > 0 {
      lines.append(
        RunRemark("read at once", "\(Text.grouped(Int64(audit.probes))) writes by who made them: \(audit.readYourWritesViolations == 0 ? "all were seen" : "\(audit.readYourWritesViolations) were not")"))
    }
    if audit.readYourWritesViolations > 0 {
      let summary = LatencySummary(audit.staleness)
      let worst = audit.stalenessTimeline.max { $0.maxStalenessNanoseconds < $1.maxStalenessNanoseconds }
      lines.append(
        RunRemark(
          "staleness",
          "p50 \(Text.duration(nanoseconds: Double(summary.p50Nanoseconds))), p99 \(Text.duration(nanoseconds: Double(summary.p99Nanoseconds)))"
            + (worst.map { ", longest \(Text.duration(nanoseconds: Double($0.maxStalenessNanoseconds))) at \(Text.significant(Double($0.startNanoseconds) / 1e9)) s" } ?? "")
            + (audit.neverSeen > 0 ? "; \(audit.neverSeen) were never seen" : "")))
    }
    for example in audit.examples.prefix(5) {
      let time = example.acknowledgedNanoseconds.map { ", acknowledged at \(Text.significant(Double($0) / 1e9)) s" } ?? ""
      lines.append(RunRemark("", "\(example.finding.rawValue): item \(example.item.rawValue)\(time): \(example.text)"))
    }
    return lines
  }

  /// Nothing was found; which says something only where something was looked at.
  private static func clean(_ audit: AuditReport) -> String {
    if audit.auditedItems > audit.notReadBack { return "nothing lost, duplicated or stale" }
    return audit.auditedItems > 0
      ? "nothing is known of them" : "none of a kind that is audited (publish, edit, delete, react)"
  }
}
