import JamboreeKit
import JamboreeScenario
import Testing

@Suite struct FeedTests {
  @Test(arguments: [
    ("", FeedStrategy.pull), ("feed:\n", .pull), ("feed: { strategy: pull, threshold: 5 }\n", .pull), ("feed: { strategy: push }\n", .push),
    ("feed: { strategy: hybrid }\n", .hybrid(threshold: 1_000)), ("feed: { strategy: hybrid, threshold: 0 }\n", .hybrid(threshold: 0)),
  ]) func isRead(_ section: String, _ strategy: FeedStrategy) throws {
    #expect(try load(tinyScenario + section).feed == strategy)
    // As a flag gives it; and another strategy is another scenario.
    let changed = try load(tinyScenario + section, FeedStrategy.hybrid(threshold: 77).overrides)
    #expect(changed.feed == .hybrid(threshold: 77))
    #expect(try changed.hash != load(tinyScenario + section).hash)
    #expect(try load(tinyScenario + section, strategy.overrides).feed == strategy)
  }

  @Test(arguments: [
    ("strategy: sideways", "feed.strategy"), ("threshold: -1", "feed.threshold"), ("threshold: many", "feed.threshold"),
    ("thresold: 3", "feed.thresold"),
  ]) func whatIsWrongIsNamed(_ keys: String, _ name: String) {
    do {
      _ = try load(tinyScenario + "feed: { \(keys) }\n")
      Issue.record("taken: \(keys)")
    } catch {
      #expect("\(error)".contains(name), "\(error)")
    }
  }

  @Test func strategiesAsText() {
    for strategy in [FeedStrategy.pull, .push, .hybrid(threshold: 0), .hybrid(threshold: 12)] { #expect(FeedStrategy(strategy.text) == strategy) }
    #expect(FeedStrategy("hybrid") == .hybrid(threshold: 1_000))
    for text in ["", "Pull", "push:", "push:1", "hybrid:", "hybrid:+1", "hybrid:1:2", "hybrid:999999999999999999999", " pull"] {
      #expect(FeedStrategy(text) == nil, "\(text)")
    }
  }
}
