import Foundation
import JamboreeKit
import JamboreeScenario
import Testing

/// Takes an option of every kind that a ranker may.
private struct PickyRanker: FeedRanker {
  static let descriptor = RankerDescriptor(
    id: "picky", version: "1", summary: "for tests",
    options: [
      OptionDescriptor(name: "pull", kind: .number(0...10), defaultValue: "1.5", summary: "how hard"),
      OptionDescriptor(name: "isLoud", kind: .boolean, defaultValue: "false", summary: "whether"),
      OptionDescriptor(name: "of", kind: .choice(["a", "b"]), defaultValue: "a", summary: "which"),
      OptionDescriptor(
        name: "of.*",
        kind: .nested(
          chooser: "of", options: [("b", [OptionDescriptor(name: "depth", kind: .integer(1...9), defaultValue: "2", summary: "how deep")])]),
        defaultValue: "", summary: "its options"),
    ])

  init(options: OptionValues) throws(RankerError) {}
  func score(_ candidates: borrowing FeedCandidates, for viewer: borrowing ViewerContext, into scores: inout MutableSpan<Float>) {
    for index in 0..<candidates.count { scores[index] = 0 }
  }
}

@Suite struct RankerSectionTests {
  private static let rankers: RankerRegistry = {
    var registry = RankerRegistry()
    registry.register(PickyRanker.self)
    return registry
  }()

  private func load(_ section: String, overrides: [String] = [], rankers: RankerRegistry? = rankers) throws(ConfigurationError) -> Scenario {
    try ScenarioLoader.load(text: tinyScenario + "\n" + section, file: "t.yaml", overrides: overrides, services: catalog, rankers: rankers)
  }

  @Test func aScenarioNamesItsRanker() throws {
    let section = "ranker:\n  id: picky\n  options:\n    of.depth: 7\n    pull: 2.50\n    isLoud: true\n    of: \"b\"\n"
    let scenario = try load(section)
    #expect(scenario.ranker.text == "picky?of.depth=7&pull=2.50&isLoud=true&of=b")
    // What describe says is itself a scenario, and says the same.
    let again = try ScenarioLoader.load(text: scenario.describe(), file: "again", services: catalog, rankers: Self.rankers)
    #expect(again.ranker == scenario.ranker)
    #expect(again.describe() == scenario.describe())
    #expect(try load("ranker: { id: picky }").ranker.text == "picky")
  }

  @Test func withoutTheSectionItIsHot() throws {
    for section in ["", "ranker:\n", "ranker: ~\n"] {
      // Also where there is no such ranker: whoever runs it may name another.
      #expect(try load(section).ranker == PlugInReference(id: "hot"))
    }
    let scenario = try load("")
    #expect(scenario.describe().contains("\n  id: \"hot\""))
    #expect(scenario.describe().contains("\n  options: {}"))
  }

  @Test func flagsChangeIt() throws {
    let section = "ranker: { id: picky, options: { pull: 3 } }"
    #expect(try load(section, overrides: ["ranker.options.pull=4", "ranker.options.isLoud=true"]).ranker.text == "picky?pull=4&isLoud=true")
    #expect(try load("", overrides: ["ranker.id=picky"]).ranker.text == "picky")
    #expect {
      try load("", overrides: ["ranker.id=piky"])
    } throws: { "\($0)" == "--set ranker.id=piky: ranker.id: unknown ranker 'piky'; did you mean 'picky'? known: picky (see 'jamboree rankers')" }
  }

  @Test func whoKnowsNoRankersRefusesNone() throws {
    #expect(try load("ranker: { id: mine, options: { x: 1 } }", rankers: nil).ranker.text == "mine?x=1")
  }

  @Test(arguments: [
    ("ranker: picky", "23: ranker: expected a mapping of keys to values, found 'picky'"),
    ("ranker:\n  id: piky", "24: ranker.id: unknown ranker 'piky'; did you mean 'picky'? known: picky (see 'jamboree rankers')"),
    ("ranker:\n  id: \"\"", "24: ranker.id: unknown ranker ''; known: picky (see 'jamboree rankers')"),
    ("ranker:\n  id: \"picky?pull=2\"", "24: ranker.id: has a character that no ranker's name and options have: one of ? & = :"),
    ("ranker:\n  options: { pull: 2 }", "24: ranker.id: unknown"),
    ("ranker:\n  id: picky\n  option: { pull: 2 }", "25: ranker.option: unknown key 'option'; did you mean 'options'? known keys: id, options"),
    ("ranker:\n  id: picky\n  options: 3", "25: ranker.options: expected a mapping of keys to values, found '3'"),
    (
      "ranker:\n  id: picky\n  options:\n    isLoud: true\n    pul: 2",
      "27: ranker.options.pul: ranker 'picky' has no option 'pul'; it takes isLoud, of, of.*, pull"
    ),
    (
      "ranker:\n  id: picky\n  options:\n    pull: 11\n    isLoud: true",
      "26: ranker.options.pull: ranker 'picky': option 'pull' is '11'; it must be a number from 0 to 10"
    ),
    ("ranker:\n  id: picky\n  options:\n    pull: [1]", "26: ranker.options.pull: expected a number, a text, true or false, found a list"),
    ("ranker:\n  id: picky\n  options:\n    pull:", "26: ranker.options.pull: expected a number, a text, true or false, found nothing"),
    (
      "ranker:\n  id: picky\n  options:\n    pull: \"1&of=b\"",
      "26: ranker.options.pull: has a character that no ranker's name and options have: one of ? & = :"
    ),
    (
      "ranker:\n  id: picky\n  options:\n    of.depth: 10\n    of: b",
      "26: ranker.options.of.depth: ranker 'picky', of 'b': option 'depth' is '10'; it must be a whole number from 1 to 9"
    ),
    (
      "ranker:\n  id: picky\n  options:\n    of.depth: 3",
      "26: ranker.options.of.depth: ranker 'picky', of 'a' has no option 'depth'; it takes none"
    ),
  ]) func mistakesAreNamed(section: String, message: String) throws {
    let line = tinyScenario.split(separator: "\n", omittingEmptySubsequences: false).count
    #expect {
      try load(section)
    } throws: { error in
      // Lines are counted from the section's first, which stands here for 23.
      var text = "\(error)"
      for number in line...(line + 9) { text = text.replacingOccurrences(of: "t.yaml:\(number + 1): ", with: "\(number - line + 23): ") }
      guard text.hasPrefix(message), message.hasSuffix("unknown") || text == message else {
        Issue.record("expected '\(message)', got '\(text)'")
        return false
      }
      return true
    }
  }
}
