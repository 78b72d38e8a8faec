import JamboreeKit
import JamboreeScenario
import Testing

/// How values may be written, and the traps of YAML.
@Suite struct ValueTests {
  private func service(_ line: String) throws -> TinyService {
    try tiny(load(tinyScenario.replacing(line: "count: 7", with: line)))
  }

  @Test func integers() throws {
    for (text, value) in [("1_000", 1000), ("1e6", 1_000_000), ("2.5e2", 250), ("+4", 4), ("1000.0", 1000)] {
      #expect(try service("count: \(text)").count == value, "\(text)")
    }
    for text in ["0x10", "0o17", "1_", "_1", "1__0", "1,000", "1e", "12:30", "1e-1", "99999999999999999999", "٣"] {
      #expect(throws: ConfigurationError.self, "\(text)") { _ = try service("count: \(text)") }
    }
  }

  @Test func shares() throws {
    let shares = [("25%", 0.25), ("7%", 0.07), (".5", 0.5), ("5e-1", 0.5), ("0.000_1", 0.0001), ("-0", 0), ("1", 1)]
    for (text, value) in shares {
      let scenario = try load(tinyScenario.replacing(line: "rate: 25%", with: "rate: \(text)"))
      #expect(try tiny(scenario).rate == value, "\(text)")
    }
    for text in ["%", ".", "5.", "-", "inf", "-.inf", "nan", "0x1p-1", "1%%", "true", String(repeating: "9", count: 500)] {
      #expect(refusal(tinyScenario.replacing(line: "rate: 25%", with: "rate: \"\"\n      isLoud: \(text)")) != nil, "\(text)")
      #expect(refusal(tinyScenario.replacing(line: "rate: 25%", with: "rate: \(text)")) != nil, "\(text)")
    }
  }

  @Test func wordsThatLookLikeSomethingElse() throws {
    #expect(try service("label: no").label == "no")
    #expect(try service("label: 1_000").label == "1_000")
    #expect(try service("label: \"null\"").label == "null")
    #expect(try service("label: null").label == "none")
    #expect(try service("label: |\n        two\n        lines").label == "two\nlines\n")
    #expect(try service("isLoud: true").isLoud)
    for text in ["yes", "on", "True", "TRUE", "1", "\"true\""] {
      #expect(throws: ConfigurationError.self, "\(text)") { _ = try service("isLoud: \(text)") }
    }
  }

  @Test func durations() {
    let second: Int64 = 1_000_000_000
    let good: [(String, Int64)] = [
      ("0", 0), ("500ms", second / 2), ("5s", 5 * second), ("10m", 600 * second), ("72h", 259_200 * second),
      ("1h30m", 5_400 * second), ("7d", 604_800 * second), ("1.5h", 5_400 * second), ("1ns", 1), ("106751d", 106_751 * 86_400 * second),
    ]
    for (text, nanoseconds) in good {
      #expect(parseDuration(text) == nanoseconds, "\(text)")
      #expect(parseDuration(durationText(nanoseconds)) == nanoseconds, "\(text)")
    }
    for text in ["", "5", "-5s", "s", "5 s", "5S", "1m1h", "1h1h", "1..5h", ".5h", "5.h", "1e3s", "106752d", "9999999999999999999s", "٣s"] {
      #expect(parseDuration(text) == nil, "\(text)")
    }
  }

  @Test func defaultsAndBareServices() throws {
    let scenario = try load("name: a\nduration: 1h\npopulation: { members: 5 }\nservices: { tiny: }\n")
    #expect(scenario.tickNanoseconds == 5_000_000_000)
    #expect(scenario.bucketNanoseconds == 600_000_000_000)
    #expect(scenario.seed == Seed(1))
    #expect(scenario.startMinuteOfWeek == 0)
    #expect(scenario.requestsPerPage == 4)
    #expect(scenario.expectations.isEmpty)
    #expect(try tiny(scenario).count == 3)
  }

  @Test func byteOrderMarksAndLineEndsOfWindows() throws {
    let scenario = try load("\u{FEFF}" + tinyScenario.split(separator: "\n").joined(separator: "\r\n"))
    #expect(scenario.name == "tiny-run")
    #expect(try tiny(scenario).count == 7)
  }

  /// The default leaves room for as many buckets as there may be; more is refused where it is asked for.
  @Test func theDrainFitsTheTimeline() throws {
    #expect(try load(tinyScenario).drainNanoseconds == 24 * 3_600_000_000_000)
    let fine = tinyScenario + "tick: 1s\nmeasure:\n  bucket: 1s\n"
    #expect(try load(fine).drainNanoseconds == (20_000 - 7200) * 1_000_000_000)
    #expect(try load(fine + "drain: 1h\n").drainNanoseconds == 3_600_000_000_000)
    #expect(try load(fine + "drain: 0\n").drainNanoseconds == 0)
    #expect(
      refusal(fine + "drain: 4h\n")?.contains(
        "drain: with a drain of 4h there would be more than 20000 buckets of 1s; shorten it or lengthen measure.bucket") == true)
  }
}
