import JamboreeKit
import JamboreeTesting
import Synchronization
import Testing

@Suite struct DurabilityTrialTests {
  private typealias Faulty = FaultyBackend<AnomalousBackend>

  /// Three writes of one session, each of an item and a reply, and what is found of them when fewer or more are said to be
  /// acknowledged. A fault hits the n-th of the items.
  private func complaint<Told: Claims>(_ claims: Told.Type, _ fault: Faulty.Fault, acknowledged: Int) throws -> String? {
    let instance = BackendInstance.blocking(Claiming<Faulty, Told>(Faulty(AnomalousBackend(.none), fault: fault)))
    try DurabilityTrial.write(to: instance, sessions: 1) { _, number in number < 3 }
    return try DurabilityTrial.check(instance, acknowledged: [acknowledged]).complaint
  }

  @Test func whatIsThereIsFound() throws {
    let none = Faulty.Fault.dropsWrite(number: 100)
    #expect(try complaint(Durable.self, none, acknowledged: 3) == nil)
    // The third was under way, and is there whole.
    #expect(try complaint(Durable.self, none, acknowledged: 2) == nil)
    #expect(try complaint(Durable.self, none, acknowledged: 4)?.contains("acknowledged write 4 of 4 of session 0") == true)
  }

  /// Where groups are claimed to be all or none, so is the one that nobody was told of.
  @Test(arguments: [5, 6]) func halfOfTheWriteUnderWayIsFound(number: Int) throws {
    let fault = Faulty.Fault.dropsWrite(number: number)
    #expect(try complaint(Durable.self, fault, acknowledged: 3)?.contains("acknowledged write 3 of 3") == true)
    #expect(try complaint(Durable.self, fault, acknowledged: 2)?.contains("a part of write 3 of session 0") == true)
    #expect(try complaint(DurableOneByOne.self, fault, acknowledged: 2) == nil)
  }

  @Test func everySessionIsHeardOf() {
    #expect(DurabilityTrial.shortfall(acknowledged: [5, 1, 3], kills: 4) == nil)
    #expect(DurabilityTrial.shortfall(acknowledged: [2, 1], kills: 4)?.hasPrefix("only 3 writes were acknowledged before 4 kills") == true)
    #expect(DurabilityTrial.shortfall(acknowledged: [50, 0, 3], kills: 4)?.hasPrefix("no write of session 1 was acknowledged") == true)
  }

  /// The others do not go on as if nothing had happened.
  @Test func aWriteThatFailsEndsTheTrial() throws {
    let instance = BackendInstance.blocking(Faulty(AnomalousBackend(.none), fault: .failsWrite(number: 60)))
    let last = Mutex(0)
    #expect(throws: DurabilityTrial.TrialFailure.self) {
      try DurabilityTrial.write(to: instance, sessions: 4) { _, number in
        last.withLock { $0 = max($0, number) }
        return number < 1_000
      }
    }
    #expect(last.withLock { $0 } < 1_000)
  }
}
