import Testing

@testable import JamboreeMetrics

@Suite(.serialized) struct ResourceMeterTests {
  @Test func figuresArePlausible() {
    let before = ResourceUsage.now()
    #expect(before.residentBytes > 1 << 20)
    #expect(before.peakResidentBytes > 1 << 20)
    #expect(before.allocatedBytes > 0)
    #expect(before.jemallocResidentBytes >= before.allocatedBytes)

    var hash: UInt64 = 1
    let start = monotonicNanoseconds()
    while monotonicNanoseconds() - start < 60_000_000 { hash = hash &* 6_364_136_223_846_793_005 &+ 1 }
    let after = ResourceUsage.now()
    #expect(hash != 0)
    #expect(after.cpuNanoseconds > before.cpuNanoseconds)
    #expect(after.userCPUNanoseconds >= before.userCPUNanoseconds)
    #expect(after.voluntarySwitches >= before.voluntarySwitches)
    #expect(after.peakResidentBytes >= before.peakResidentBytes)
  }

  @Test func allocationShows() {
    let before = ResourceUsage.now()
    let block = [UInt8](repeating: 1, count: 64 << 20)
    let during = ResourceUsage.now()
    #expect(block.last == 1)
    #expect(during.allocatedBytes - before.allocatedBytes > 32 << 20)
    #expect(during.residentBytes > 60 << 20)
  }
}

@Suite struct ThreadAllocationTests {
  @Test func everyAllocationCounts() {
    let before = ThreadAllocations.bytes()
    #expect(before > 0)
    let block = UnsafeMutablePointer<UInt8>.allocate(capacity: 5000)
    block.deallocate()
    let after = ThreadAllocations.bytes()
    #expect(after >= before + 5000 && after < before + 100_000)
    let first = ThreadAllocations.bytes()
    for _ in 0..<100 { _ = ThreadAllocations.bytes() }
    let last = ThreadAllocations.bytes()
    #expect(last == first)
  }
}

@Suite struct RunEnvironmentTests {
  @Test func describesTheMachine() {
    let environment = RunEnvironment.current(version: "1.2.3")
    #expect(environment.version == "1.2.3")
    #expect(environment.kernel.hasPrefix("Linux "))
    #expect(environment.logicalCores >= 1)
    #expect(environment.memoryBytes > 64 << 20)
    #expect(environment.compiler.hasPrefix("Swift 6") || environment.compiler.hasPrefix("Swift 7"))
    #expect(["debug", "release"].contains(environment.buildConfiguration))
    #expect(environment.bootID.count == 36)
    #expect(environment == RunEnvironment.current(version: "1.2.3"))
  }

  @Test func processorNames() {
    #expect(
      RunEnvironment.processorModel(cpuinfo: "processor\t: 0\nmodel name\t: Example 7000 8-Core \nmodel name: x\n")
        == "Example 7000 8-Core")
    #expect(
      RunEnvironment.processorModel(cpuinfo: "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\nCPU part\t: 0xd0c\n")
        == "CPU 0x41 0xd0c")
    #expect(RunEnvironment.processorModel(cpuinfo: "") == "")
  }

  @Test func dirtyFlag() {
    #expect(RunEnvironment.dirtyFlag("0") == false)
    #expect(RunEnvironment.dirtyFlag("1") == true)
    #expect(RunEnvironment.dirtyFlag("yes") == nil)
    #expect(RunEnvironment.dirtyFlag(nil) == nil)
  }
}
