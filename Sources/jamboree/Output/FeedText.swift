import JamboreeEngine
import JamboreeKit
import JamboreeScenario

/// What a run tells of its feeds, in one line; nil where nobody looked at any.
enum FeedText {
  static func line(_ output: RunOutput, _ strategy: FeedStrategy) -> String? {
    func metric(_ name: String) -> Double { output.metrics.first { $0.name == "feed.\(name)" }?.value ?? 0 }
    guard metric("reads") > 0 else { return nil }
    // Else who reads the figures would take them for those of the two together.
    let isPushAlone = strategy != .push && strategy.delivers && metric("pulledAuthors") == 0
    let alone = isPushAlone ? ", which was push alone as nobody had more than \(Text.grouped(Int64(strategy.threshold))) followers" : ""
    let looks = "\(strategy.text)\(alone): \(Text.grouped(metric("reads"))) looks of \(Text.significant(metric("storageCallsPerRead"))) calls"
    guard strategy.delivers else { return looks }
    let each = "\(Text.grouped(metric("publications"))) publications to \(Text.significant(metric("writeAmplification"))) inboxes each"
    return "\(looks); \(each), there after \(Text.significant(metric("timeToVisibleSeconds"))) s; inboxes \(Text.bytes(metric("inboxBytes")))"
  }
}
