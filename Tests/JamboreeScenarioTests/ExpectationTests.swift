import JamboreeKit
import JamboreeScenario
import Testing

@Suite struct ExpectationTests {
  private func expectation(_ text: String) throws -> JamboreeScenario.Expectation {
    try #require(load(tinyScenario, ["expect=[\(text)]"]).expectations.first)
  }

  @Test func valuesScale() throws {
    let pages = try expectation("{ metric: jam.pageViews, value: 28500000 }")
    let full = pages.evaluate(observed: 28_000_000, scale: 1)
    #expect(full == CheckResult.matching(pages, 28_000_000, "27930000...29070000 (28500000 +-2%)", true))
    #expect(!pages.evaluate(observed: 27_929_999, scale: 1).passed)
    #expect(!pages.evaluate(observed: 29_070_001, scale: 1).passed)
    #expect(pages.evaluate(observed: 285_000, scale: 0.01).limit == "279300...290700 (285000 +-2%)")
    // At 2,850 the noise of a count exceeds the stated 2%: 3 / sqrt(2850) = 5.6%.
    let small = pages.evaluate(observed: 2_700, scale: 0.0001)
    #expect(small == CheckResult.matching(pages, 2_700, "2690...3010 (2850 +-5.6%, 3 standard errors)", true))
  }

  @Test func dispersionWidens() throws {
    let bunched = try expectation("{ metric: a, value: 10000, tolerance: 1%, dispersion: 25 }")
    #expect(bunched.evaluate(observed: 8_501, scale: 1).passed)
    #expect(!bunched.evaluate(observed: 8_499, scale: 1).passed)
  }

  @Test func whatDoesNotScaleHasNoNoise() throws {
    let turn = try expectation("{ metric: jam.moodTurnHours, value: 16, tolerance: 10%, scales: false }")
    #expect(turn.evaluate(observed: 17.5, scale: 0.01).limit == "14.4...17.6 (16 +-10%)")
    #expect(turn.evaluate(observed: 17.5, scale: 0.01).passed)
    #expect(!turn.evaluate(observed: 18, scale: 0.01).passed)
  }

  @Test func tinyNumbersAreShort() throws {
    let tiny = try expectation("{ metric: a, value: 1, tolerance: 0, scales: false, dispersion: 0 }")
    #expect(tiny.evaluate(observed: 0, scale: 1).limit == "1...1 (1 +-0%)")
    let scaled = try expectation("{ metric: a, value: 2, dispersion: 0 }")
    #expect(scaled.evaluate(observed: 0, scale: 1e-12).limit == "1.96e-12...2.04e-12 (2e-12 +-2%)")
    // Three standard errors of next to nothing are no share of it.
    #expect(try expectation("{ metric: a, value: 1 }").evaluate(observed: 0, scale: 1e-300).limit.hasSuffix(" (1e-300 +-3e-150, 3 standard errors)"))
  }

  /// A backend whose replies are made up is held to what members set out to do, not to what it answered.
  @Test func readBackFiguresNeedRealReplies() throws {
    let answered = try expectation("{ metric: tiny.answered, min: 1 }")
    let asked = try expectation("{ metric: tiny.total, min: 1, fromScale: 0.5 }")
    #expect(answered.applies(scale: 1, onSynthetic: false))
    #expect(!answered.applies(scale: 1, onSynthetic: true))
    #expect(asked.applies(scale: 0.5, onSynthetic: true))
    #expect(!asked.applies(scale: 0.4, onSynthetic: false))
  }

  /// What nothing reports is refused before a run, where the file names it.
  @Test func namesOfNothing() throws {
    let text = tinyScenario.replacing(line: "- metric: tiny.total", with: "- metric: tiny.totals")
    #expect(
      refusal(text)?.hasPrefix("t.yaml:20: expect.0.metric: nothing is called 'tiny.totals'; did you mean 'tiny.total'? known: ")
        == true)
    for name in ["tiny.calls.East", "listing.p99Nanoseconds", "hot.meanNanoseconds", "errors", "process.peakResidentBytes"] {
      #expect(refusal(tinyScenario.replacing(line: "- metric: tiny.total", with: "- metric: \(name)")) == nil, "\(name)")
    }
    for name in ["tiny.calls.North", "tiny.calls.*", "listing.p98Nanoseconds", "jam.dance.p99Nanoseconds"] {
      #expect(refusal(tinyScenario.replacing(line: "- metric: tiny.total", with: "- metric: \"\(name)\"")) != nil, "\(name)")
    }
  }

  @Test func places() throws {
    let scenario = try load(tinyScenario)
    #expect(scenario.membersPlace.fail("so").description == "t.yaml:4: population.members: so")
    #expect(scenario.graphPlace.path == "population.graph.meanDegree")
  }

  @Test func limits() throws {
    let range = try expectation("{ metric: a, min: 5, max: 10 }")
    #expect(range.evaluate(observed: 5, scale: 0.5) == CheckResult.matching(range, 5, "5...10", true))
    #expect(!range.evaluate(observed: 10.01, scale: 0.5).passed)
    #expect(try expectation("{ metric: a, min: 5 }").evaluate(observed: 4, scale: 1).limit == ">= 5")
    #expect(try expectation("{ metric: a, max: 0.25 }").evaluate(observed: 0, scale: 1).limit == "<= 0.25")
    let scaling = try expectation("{ metric: a, min: 10000, scales: true }")
    #expect(!scaling.evaluate(observed: 9_999, scale: 1).passed)
    #expect(scaling.evaluate(observed: 2_350, scale: 0.25).passed)
    #expect(!scaling.evaluate(observed: 2_349, scale: 0.25).passed)
  }

  /// Where the room for noise takes in nothing at all, nothing could come of the check.
  @Test func whatIsWithinNoiseIsNotChecked() throws {
    func why(_ text: String, _ scale: Double) throws -> JamboreeScenario.Expectation.Exemption? {
      try expectation(text).exemption(scale: scale, onSynthetic: false)
    }
    // Three standard errors of 15 are 11.6, of 9 they are 9, of 1.5 they are 3.7.
    let uploads = "{ metric: a, value: 15, tolerance: 1% }"
    #expect(try why(uploads, 1) == nil)
    #expect(try why(uploads, 0.601) == nil)
    #expect(try why(uploads, 0.599) == .withinNoise)
    #expect(try why(uploads, 0.1) == .withinNoise)
    #expect(try expectation(uploads).applies(scale: 0.1, onSynthetic: false) == false)
    #expect(try why("{ metric: a, value: 15, dispersion: 9 }", 1) == .withinNoise)
    // A limit of its own still tells; so does one above, and what is meant to be nothing.
    #expect(try why("{ metric: a, value: 5, min: 4 }", 1) == nil)
    #expect(try why("{ metric: a, value: 0 }", 0.1) == nil)
    #expect(try why("{ metric: a, value: 5, scales: false }", 0.1) == nil)
    #expect(try why("{ metric: a, max: 5, scales: true }", 0.1) == nil)
    #expect(try why("{ metric: a, min: 20, scales: true }", 1) == nil)
    #expect(try why("{ metric: a, min: 20, scales: true }", 0.1) == .withinNoise)
    #expect(try why("{ metric: a, min: 200, scales: true }", 0.1) == nil)
    #expect(try expectation("{ metric: a, value: 1 }").exemption(scale: 1, onSynthetic: true, underLoad: true) == .underLoad)
    for name in ["ranking.fallbackPages", "ranking.notANumberScores", "server.logBytes", "load.outages", "audit.lost", "errors", "a.p99Nanoseconds"] {
      #expect(try expectation("{ metric: \(name), max: 1 }").exemption(scale: 1, onSynthetic: false, underLoad: true) == nil, "\(name)")
    }
  }

  @Test(arguments: ["2", "200%", "1.01"]) func aToleranceIsAWholeAtMost(_ tolerance: String) {
    let text = tinyScenario + "\n"
    #expect {
      try load(text, ["expect=[{ metric: a, value: 1, tolerance: \(tolerance) }]"])
    } throws: { "\($0)".contains("expect.0.tolerance: ") && "\($0)".contains("from 0 to 1") }
  }

  @Test func whatIsMissingDoesNotPass() throws {
    let any = try expectation("{ metric: a, min: -1e300 }")
    #expect(any.evaluate(observed: nil, scale: 1) == CheckResult.matching(any, nil, ">= -1e+300", false))
    #expect(!any.evaluate(observed: .nan, scale: 1).passed)
    let zero = try expectation("{ metric: errors, value: 0 }")
    #expect(zero.evaluate(observed: 0, scale: 1) == CheckResult.matching(zero, 0, "0...0 (0 +-2%)", true))
    #expect(!zero.evaluate(observed: 1, scale: 1).passed)
  }
}

extension CheckResult {
  /// The result that is wanted, compared as a whole.
  fileprivate static func matching(
    _ expectation: JamboreeScenario.Expectation, _ observed: Double?, _ limit: String, _ passed: Bool
  ) -> CheckResult {
    CheckResult(name: expectation.metric, observed: observed, limit: limit, passed: passed)
  }
}
