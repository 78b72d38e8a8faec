import JamboreeKit
import JamboreeScenario
import Testing

/// Each mistake gets one message, which names file, line, key path, what is wrong and the way out.
@Suite struct ErrorTests {
  struct Mistake: CustomTestStringConvertible {
    let line: String
    let replacement: String
    let message: String
    var testDescription: String { replacement }
  }

  static let mistakes: [Mistake] = [
    .init(
      line: "duration: 2h", replacement: "duration: 2h\ntik: 5s",
      message: "t.yaml:3: tik: unknown key 'tik'; did you mean 'tick'? known keys: "
        + "name, summary, version, start, duration, tick, seed, population, services, ranker, feed, measure, drain, truth, load, expect"),
    .init(
      line: "thinkTime: 1m30s", replacement: "thinktime: 1m30s",
      message: "t.yaml:18: services.tiny.waiting.thinktime: unknown key 'thinktime'; did you mean 'thinkTime'? known keys: thinkTime"),
    .init(
      line: "thinkTime: 1m30s", replacement: "thinkTime: 90",
      message: "t.yaml:18: services.tiny.waiting.thinkTime: expected a duration from 1ms to 1h, such as 500ms, 5s, 10m or 1h30m, "
        + "found '90'"),
    .init(
      line: "thinkTime: 1m30s", replacement: "thinkTime: 2h",
      message: "t.yaml:18: services.tiny.waiting.thinkTime: '2h' is out of range: expected a duration from 1ms to 1h, "
        + "such as 500ms, 5s, 10m or 1h30m"),
    .init(
      line: "count: 7", replacement: "count: many",
      message: "t.yaml:16: services.tiny.count: expected a whole number from 1 to 1000000, found 'many'"),
    .init(
      line: "count: 7", replacement: "count: 7.5",
      message: "t.yaml:16: services.tiny.count: expected a whole number from 1 to 1000000, found '7.5'"),
    .init(
      line: "count: 7", replacement: "count: \"7\"",
      message: "t.yaml:16: services.tiny.count: expected a whole number from 1 to 1000000, found the quoted text '7'; remove the quotes"),
    .init(
      line: "count: 7", replacement: "count: 010",
      message: "t.yaml:16: services.tiny.count: expected a whole number from 1 to 1000000, found '010'; "
        + "leave out the leading zero, which some readers take for octal"),
    .init(
      line: "count: 7", replacement: "count: [7]",
      message: "t.yaml:16: services.tiny.count: expected a whole number from 1 to 1000000, found a list"),
    .init(
      line: "count: 7", replacement: "count: 0",
      message: "t.yaml:16: services.tiny.count: '0' is out of range: expected a whole number from 1 to 1000000"),
    .init(
      line: "rate: 25%", replacement: "rate: .nan",
      message: "t.yaml:15: services.tiny.rate: expected a number from 0 to 1, found '.nan'"),
    .init(
      line: "rate: 25%", replacement: "rate: 1e999",
      message: "t.yaml:15: services.tiny.rate: expected a number from 0 to 1, found '1e999'"),
    .init(
      line: "rate: 25%", replacement: "rate: 101%",
      message: "t.yaml:15: services.tiny.rate: '101%' is out of range: expected a number from 0 to 1"),
    .init(
      line: "rate: 25%", replacement: "isLoud: yes",
      message: "t.yaml:15: services.tiny.isLoud: expected true or false, found 'yes'"),
    .init(
      line: "rate: 25%", replacement: "colour: blue",
      message: "t.yaml:15: services.tiny.colour: expected one of red, green, found 'blue'"),
    .init(
      line: "rate: 25%", replacement: "weights: [1, 2]",
      message: "t.yaml:15: services.tiny.weights: expected a list of 3 numbers from 0 to 10, found 2 entries"),
    .init(
      line: "rate: 25%", replacement: "weights: [1]",
      message: "t.yaml:15: services.tiny.weights: expected a list of 3 numbers from 0 to 10, found 1 entry"),
    .init(
      line: "rate: 25%", replacement: "weights: [1, x, 3]",
      message: "t.yaml:15: services.tiny.weights.1: expected a number from 0 to 10, found 'x'"),
    .init(
      line: "rate: 25%", replacement: "parts: [{ size: 1 }, { }]",
      message: "t.yaml:15: services.tiny.parts.1.size: required key 'size' is missing; add it (a whole number from 1 to 10)"),
    .init(
      line: "rate: 25%", replacement: "rate: !!int 1",
      message: "t.yaml:15: services.tiny.rate: tags (such as !!int) are not supported; write the value without one"),
    // The tags that would have been understood anyway, too: one rule for all.
    .init(
      line: "rate: 25%", replacement: "label: !!str 1",
      message: "t.yaml:15: services.tiny.label: tags (such as !!int) are not supported; write the value without one"),
    .init(
      line: "rate: 25%", replacement: "label: ! \"1\"",
      message: "t.yaml:15: services.tiny.label: tags (such as !!int) are not supported; write the value without one"),
    .init(
      line: "rate: 25%", replacement: "weights: !!seq [1, 2, 3]",
      message: "t.yaml:15: services.tiny.weights: tags (such as !!int) are not supported; write the value without one"),
    .init(
      line: "waiting:", replacement: "waiting: !!map",
      message: "t.yaml:17: services.tiny.waiting: tags (such as !!int) are not supported; write the value without one"),
    .init(
      line: "count: 7", replacement: "!!str count: 7",
      message: "t.yaml:16: services.tiny.count: tags (such as !!int) are not supported; write the value without one"),
    // What is missing may be there under a wrong name, which is the fault to name.
    .init(
      line: "services:", replacement: "servicez:",
      message: "t.yaml:13: servicez: unknown key 'servicez'; did you mean 'services'? known keys: "
        + "name, summary, version, start, duration, tick, seed, population, services, ranker, feed, measure, drain, truth, load, expect"),
    .init(
      line: "members: 1000", replacement: "membres: 1000",
      message: "t.yaml:4: population.membres: unknown key 'membres'; did you mean 'members'? known keys: "
        + "members, employees, alumni, regions, roles, interests, graph"),
    .init(
      line: "- metric: tiny.total", replacement: "- metrik: tiny.total",
      message: "t.yaml:20: expect.0.metrik: unknown key 'metrik'; did you mean 'metric'? known keys: "
        + "metric, value, tolerance, min, max, scales, fromScale, dispersion"),
    .init(
      line: "rate: 25%", replacement: "<<: { rate: 1 }",
      message: "t.yaml:15: services.tiny.<<: merge keys are not supported; write the values out"),
    .init(
      line: "tiny:", replacement: "tinny:",
      message: "t.yaml:14: services.tinny: unknown service 'tinny'; did you mean 'tiny'? known services: tiny"),
    .init(
      line: "duration: 2h", replacement: "duration: 2h\nduration: 3h",
      message: "t.yaml:3: duration: key 'duration' is given twice, first in line 2; keep one"),
    .init(
      line: "count: 7", replacement: "parts: [{ size: 1, \"size\": 2 }]",
      message: "t.yaml:16: services.tiny.parts.0.size: key 'size' is given twice; keep one"),
    .init(
      line: "thinkTime: 1m30s", replacement: "thinkTime: 1s\n    count: 8",
      message: "t.yaml:19: services.tiny.count: key 'count' is given twice, first in line 16; keep one"),
    .init(
      line: "tiny:", replacement: "a: 1\n  b: 1\n  a: 2\n  b: 2\n  tiny:",
      message: "t.yaml:16: services.a: key 'a' is given twice, first in line 14; keep one"),
    .init(
      line: "tiny:", replacement: "tiny: {}\n  tiny: {}\n  tiny:",
      message: "t.yaml:15: services.tiny: key 'tiny' is given twice, first in line 14; keep one"),
    .init(
      line: "count: 7", replacement: "count: &seven 7",
      message: "t.yaml:16: services.tiny.count: anchors (&name) are not supported; write the value without one, or put a text that begins with '&' "
        + "in quotes"),
    .init(
      line: "count: 7", replacement: "&key count: 7",
      message: "t.yaml:16: services.tiny.count: anchors (&name) are not supported; write the value without one, or put a text that begins with '&' "
        + "in quotes"),
    .init(
      line: "waiting:", replacement: "waiting: &waiting",
      message: "t.yaml:17: services.tiny.waiting: anchors (&name) are not supported; write the value without one, or put a text that begins with '&' "
        + "in quotes"),
    .init(
      line: "count: 7", replacement: "label: *important",
      message: "t.yaml:16: aliases (*name) are not supported; write the value out, or put a text that begins with '*' in quotes"),
    .init(
      line: "count: 7", replacement: "label: *very* good",
      message: "t.yaml:16: aliases (*name) are not supported; write the value out, or put a text that begins with '*' in quotes"),
    .init(
      line: "count: 7", replacement: "label: & more",
      message: "t.yaml:16: anchors (&name) are not supported; write the value without one, or put a text that begins with '&' in quotes"),
    .init(
      line: "count: 7", replacement: "!!int count: 7",
      message: "t.yaml:16: services.tiny.count: tags (such as !!int) are not supported; write the value without one"),
    .init(
      line: "name: tiny-run", replacement: "name: \"\\uD800\"",
      message: "t.yaml:1: not valid YAML: while parsing a quoted scalar (line 1), found invalid Unicode character escape code"),
    .init(
      line: "duration: 2h", replacement: "start: Tuesday 25:00\nduration: 2h",
      message: "t.yaml:2: start: expected a weekday and a time of day (UTC), such as Tuesday 14:00, found 'Tuesday 25:00'"),
    .init(
      line: "duration: 2h", replacement: "duration: 2h\nversion: 2",
      message: "t.yaml:3: version: '2' is out of range: expected a whole number from 1 to 1; "
        + "this program reads version 1 of the format, a newer one may read others"),
    .init(
      line: "duration: 2h", replacement: "duration: 2s",
      message: "t.yaml:1: tick: a tick of 5s is longer than the duration of 2s; shorten it"),
    .init(
      line: "duration: 2h", replacement: "duration: 2h\nmeasure: { bucket: 1s }",
      message: "t.yaml:3: measure.bucket: 1s is shorter than a tick (5s); lengthen it"),
    .init(
      line: "duration: 2h", replacement: "duration: 366d\nmeasure: { bucket: 10s }",
      message: "t.yaml:3: measure.bucket: 10s would make more than 20000 buckets; use 26m22s or more"),
    .init(
      line: "members: 1000", replacement: "members:",
      message: "t.yaml:4: population.members: required key 'members' is missing; add it (a whole number from 1 to 100000000)"),
    .init(
      line: "share: 1", replacement: "share: -1",
      message: "t.yaml:11: population.regions.1.share: '-1' is out of range: expected a number from 0 to 1000000000"),
    .init(
      line: "utcOffset: -08:00", replacement: "utcOffset: -8",
      message: "t.yaml:12: population.regions.1.utcOffset: expected an offset from -12:00 to +14:00 in quarters of an hour, "
        + "such as +05:30, found '-8'"),
    .init(
      line: "value: 1000", replacement: "tolerance: 1%",
      message: "t.yaml:20: expect.0.metric: there is nothing to hold 'tiny.total' against; add a value, a min or a max"),
    .init(
      line: "value: 1000", replacement: "metric: \" \"",
      message: "t.yaml:21: expect.0.metric: key 'metric' is given twice, first in line 20; keep one"),
    .init(
      line: "value: 1000", replacement: "min: 2\n    max: 1",
      message: "t.yaml:21: expect.0.min: min 2 is above max 1, so nothing could pass; exchange them"),
    .init(
      line: "- metric: tiny.total", replacement: "- metric: \" \"",
      message: "t.yaml:20: expect.0.metric: the name is empty; name a total such as jam.pageViews"),
    .init(
      line: "- metric: tiny.total", replacement: "- metric: \"\\e[31m\"",
      message: "t.yaml:20: expect.0.metric: the name is longer than 200 characters or has control characters; "
        + "name a total such as jam.pageViews"),
    .init(
      line: "- metric: tiny.total", replacement: "- tolerance: 1%",
      message: "t.yaml:20: expect.0.metric: required key 'metric' is missing; add it (text)"),
    .init(
      line: "count: 7", replacement: "count: [7",
      message: "t.yaml:17: not valid YAML: while parsing a flow sequence (line 16), did not find expected ',' or ']'"),
    .init(
      line: "count: 7", replacement: "\tcount: 7",
      message: "t.yaml:16: not valid YAML: while scanning a plain scalar (line 15), found a tab character that violates indentation"),
    .init(
      line: "count: 7", replacement: "label: @home",
      message: "t.yaml:16: not valid YAML: found character that cannot start any token (a tab, '@', '`' or '%'); "
        + "indent with spaces and put such text in quotes"),
  ]

  @Test(arguments: mistakes) func message(_ mistake: Mistake) {
    #expect(refusal(tinyScenario.replacing(line: mistake.line, with: mistake.replacement)) == mistake.message)
  }

  @Test func wholeTexts() {
    #expect(refusal("") == "t.yaml: is empty; 'jamboree scenarios schema' says what belongs in it")
    #expect(refusal("# nothing\n") == "t.yaml: is empty; 'jamboree scenarios schema' says what belongs in it")
    #expect(refusal("- a\n") == "t.yaml:1: expected a mapping of keys to values, found a list")
    #expect(refusal("hello") == "t.yaml:1: expected a mapping of keys to values, found 'hello'")
    #expect(
      refusal(tinyScenario + "---\nname: b\n") == "t.yaml:22: a second document begins here; put each scenario into a file of its own")
    #expect(refusal("? [a]\n: 1\n") == "t.yaml:1: every key must be a plain word, and one here is not")
    #expect(
      refusal("name: a\nduration: 1h\npopulation: { members: 1 }\n")
        == "t.yaml:1: services: no service is named, so nothing would happen; add one of: tiny")
    #expect(refusal("a: b\u{0}c") == "t.yaml:1: not valid YAML: control characters are not allowed")
    #expect(refusal(tinyScenario, scale: 0) == "--scale 0: must be above 0 and at most 100; 1 is the scenario's own size")
    #expect(refusal(tinyScenario, scale: .nan) == "--scale nan: must be above 0 and at most 100; 1 is the scenario's own size")
  }

  @Test func controlCharactersNeverReachTheTerminal() throws {
    let message = try #require(refusal("\"\\e[31mred\": 1\nname: a\nduration: 1h\npopulation: { members: 1 }\nservices: { tiny: }\n"))
    #expect(message.hasPrefix("t.yaml:1: \\u{1b}[31mred: unknown key '\\u{1b}[31mred'; known keys: name, "))
  }

  /// What would keep a naive reader busy for ever, or overflow its stack, is refused at once.
  @Test func bombs() {
    var bomb = "a0: &a0 [x, x]\n"
    for level in 1...60 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    #expect(refusal(bomb) == "t.yaml:2: aliases ('*a0') are not supported; write the value out")
    #expect(refusal(bomb + "? *a60\n: 1\n") == "t.yaml:2: aliases ('*a0') are not supported; write the value out")
    // Nor do a great many stars before it hide one.
    let stars = "# " + (0..<100_001).map { "*b\($0)" }.joined(separator: " ") + "\n"
    #expect(refusal(stars + bomb + "? *a60\n: 1\n") == "t.yaml:3: aliases ('*a0') are not supported; write the value out")
    let deep = "name: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(refusal(deep)?.hasSuffix(": nested deeper than 64 levels; no scenario needs that many") == true)
    // The line is that of the key that goes too deep.
    let steps = (0..<70).map { String(repeating: " ", count: $0) + "k:\n" }.joined()
    #expect(refusal(steps)?.hasPrefix("t.yaml:65: k.k.") == true)
    #expect(refusal(String(repeating: "[", count: 1_000_000)) == "t.yaml:1: nested deeper than 64 levels; no scenario needs that many")
    #expect(refusal(String(repeating: "- ", count: 1_000_000)) == "t.yaml:1: nested deeper than 64 levels; no scenario needs that many")
    #expect(refusal(String(repeating: "? ", count: 1_000_000))?.contains("too many lone question marks") == true)
    #expect(refusal(String(repeating: "#", count: 5 << 20)) == "t.yaml: larger than 4 MiB; that is no scenario")
  }

  /// A year and its drain fit into so many of the longest buckets many times over.
  @Test func theLongestBuckets() throws {
    let scenario = try load(tinyScenario.replacing(line: "duration: 2h", with: "duration: 366d\nmeasure: { bucket: 7d }\ndrain: 31d"))
    #expect(scenario.bucketNanoseconds == 7 * 86_400_000_000_000)
    #expect(scenario.drainNanoseconds == 31 * 86_400_000_000_000)
  }

  /// In comments and in quotes, `&` and `*` name nothing.
  @Test func nothingIsNamedInCommentsAndQuotes() throws {
    let texts = [
      "# see &note and *note\n", "summary: a plan # see &note and *note\n", "summary: \"R &b and *b\" # \"&b\n", "summary: 'it''s &b, *b'\n",
      "expect: [{ metric: \"tiny.total\", min: 1 }] # &b *b\n", "---\n# &b *b\nsummary: \"\\\" &b *b\"\n",
      "summary: the plan's \"R # &b *b\n", "# \(String(repeating: "? ", count: 40))\n",
    ]
    for text in texts {
      let rest = text.hasPrefix("expect") ? tinyScenario.replacing(line: "expect:", with: "seed: 1").replacing(line: "- metric: tiny.total", with: "").replacing(line: "value: 1000", with: "") : tinyScenario
      #expect(refusal(text + rest) == nil, "\(text)")
    }
    // What only looks like either does not hide what names something.
    let bombs = [
      "a: \"\n# \", *b\n", "a: 'x\n  ' # \n", "a: |\n  \" # \n", "a: [ b\n \"c, \" ]\n", "a: it's # '\n", "a: \"x\" # \"\n", "# x\u{2028}c: 1\n",
      "# x\rc: 1\n",
    ]
    for text in bombs {
      let bomb = text + "b: &b [x, x]\nc: *b\n"
      #expect(refusal(bomb)?.hasSuffix("aliases ('*b') are not supported; write the value out") == true, "\(bomb)")
    }
    #expect(refusal("# &b\nb: &b [x, x]\n\nc: *b # *b\n") == "t.yaml:4: aliases ('*b') are not supported; write the value out")
  }

  @Test func exclamationMarksInTextsAreNoTags() throws {
    let scenario = try load("summary: \"!!str\" # !\n" + tinyScenario.replacing(line: "count: 7", with: "label: 'wow! !!int'"))
    #expect(scenario.summary == "!!str")
    #expect(try tiny(scenario).label == "wow! !!int")
  }

  @Test func ampersandsAndStarsInTextsAreNoAliases() throws {
    let scenario = try load("summary: R&D, 3*4 & *more* \"really?\" what ?\n" + tinyScenario)
    #expect(scenario.summary == "R&D, 3*4 & *more* \"really?\" what ?")
  }
}
