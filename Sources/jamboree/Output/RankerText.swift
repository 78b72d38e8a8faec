import JamboreeEngine
import JamboreeKit
import JamboreeResults

/// A ranker as it was used, and what went wrong with one in another process, in words.
enum RankerText {
  /// `hot`, `hot(gravity=1.8)`, `exec:./rank.py(timeout=50)`: with the options that are not at their defaults.
  /// - Parameter options: those in force, each `name=value`.
  static func name(_ id: String, _ options: [String]) -> String {
    let known = Composition.rankers.descriptors.first { $0.id == id }
    var changed = (known?.options ?? []).changed(options)
    var name = id
    if let location = known?.locationOption, let place = changed.firstIndex(where: { $0.hasPrefix(location + "=") }) {
      name += ":" + changed.remove(at: place).dropFirst(location.utf8.count + 1)
    }
    return printable(changed.isEmpty ? name : "\(name)(\(changed.joined(separator: ", ")))", limit: 200)
  }

  static func name(_ ranker: PlugInIdentity) -> String { name(ranker.id, ranker.options) }

  /// For the cell of a table.
  static func name(_ run: RunRecord) -> String { printable(name(run.ranker, run.rankerOptions)) }

  /// `12 time-outs, 1 death, 2 restarts; first: ...`; nil when nothing did.
  static func trouble(_ failures: RankingFailures) -> String? {
    guard failures.errors > 0 || failures.fallbackPages > 0 else { return nil }
    let parts = [
      (failures.timeouts, "time-out"), (failures.deaths, "end of its process"), (failures.malformed, "malformed answer"),
      (failures.notANumberPages, "page with a score that is not a number"), (failures.restarts, "restart"),
    ].filter { $0.0 > 0 }.map { count, name in "\(Text.grouped(count)) \(count == 1 ? name : plural(name))" }
    return parts.joined(separator: ", ") + (failures.firstText.isEmpty ? "" : "; first: \(failures.firstText)")
  }

  private static func plural(_ name: String) -> String {
    switch name {
    case "end of its process": "ends of its process"
    case "page with a score that is not a number": "pages with scores that are not numbers"
    default: name + "s"
    }
  }

  /// How many pages were not ranked; nil when all were.
  static func fallback(_ failures: RankingFailures, isLoad: Bool) -> String? {
    guard failures.fallbackPages > 0 else { return nil }
    let pages = failures.fallbackPages == 1 ? "1 page was" : "\(Text.grouped(failures.fallbackPages)) pages were"
    return "\(pages) shown newest first, not as the ranker would have them\(isLoad ? "" : ", so the digest is not reproducible")"
  }

  /// Names of the figures that tell whether all pages were ranked: a scenario that expects something of one of them judges by it.
  static let judgedPages: Set<String> = ["ranking.fallbackPages", "ranking.errors"]
  /// The same of scores that a ranker in this process has given.
  static let judgedScores: Set<String> = ["ranking.notANumberScores"]
}
