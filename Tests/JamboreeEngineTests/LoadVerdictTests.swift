import Testing
@testable import JamboreeEngine

@Suite struct LoadVerdictTests {
  /// Ten seconds at a hundred starts a second.
  private func report(intendedRate: Double? = 100, _ change: (inout LoadReport) -> Void) -> LoadReport {
    var report = LoadReport(
      pace: "100/s", connections: 2, inFlight: 32, warmUpNanoseconds: 0, measureNanoseconds: 10_000_000_000, drainNanoseconds: 0,
      virtualNanoseconds: 0, starts: 1_000, startsInTime: 1_000, lateStarts: 0, latenessLimitNanoseconds: 1_000_000,
      latenessShare: 0.01, intendedRate: intendedRate, peakInFlight: 4, unanswered: 0, unstarted: 0, ranOut: false, outages: [])
    change(&report)
    return report
  }

  @Test func aRateThatIsHeldPasses() {
    let held = report { $0.startsInTime = 990 }
    #expect(held.failedReason == nil && held.invalidReason == nil)
    #expect(held.achievedRate == 99)
  }

  /// What started after the measured part is over was not done at the rate that was asked for, even if all of it was done.
  @Test func aRateThatIsNotHeldFails() {
    #expect(report { $0.startsInTime = 885 }.failedReason?.contains("115 of 1000 actions that were due (11.5%) started only after") == true)
    #expect(report { $0.starts = 900; $0.startsInTime = 900; $0.unstarted = 100 }.failedReason?.contains("100 of 1000 actions") == true)
    // Members who go by their own time act later when they wait longer; there is no rate to be held.
    #expect(report(intendedRate: nil) { $0.startsInTime = 885 }.failedReason == nil)
  }

  @Test func aGeneratorThatIsLateSaysWhetherTheBackendWasToo() {
    let late = report { $0.lateStarts = 500 }
    #expect(late.invalidReason?.contains("500 of 1000 starts (50.0%)") == true)
    #expect(late.invalidReason?.contains("backend") == false)
    #expect(report { $0.lateStarts = 500; $0.peakInFlight = 32 }.invalidReason?.contains("The backend was behind as well: all 32 places") == true)
  }
}
