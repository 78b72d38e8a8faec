import JamboreeKit
import Testing

@testable import JamboreeEngine

@Suite struct WheelTests {
  /// Takes everything in order; each entry's tick of arrival by its agent.
  private func drain(_ wheel: inout TimingWheel) -> [UInt32: TickID] {
    let buffer = UnsafeMutablePointer<WakeEntry>.allocate(capacity: TimingWheel.batchCapacity)
    defer { buffer.deallocate() }
    var arrivals: [UInt32: TickID] = [:]
    while let tick = wheel.nextTick() {
      wheel.advance(to: tick)
      while true {
        let size = wheel.takeDue(into: buffer)
        if size == 0 { break }
        for index in 0..<size { arrivals[buffer[index].agent] = tick }
      }
    }
    return arrivals
  }

  /// Each level's edges, from before the first tick and from later ones.
  @Test(arguments: [-1, 0, 1, 255, 256, 300, 65_535, 65_536, 70_000] as [TickID])
  func everyEntryArrivesInItsTick(_ start: TickID) {
    var wheel = TimingWheel(tickNanoseconds: 7)
    if start >= 0 {
      wheel.add(WakeEntry(time: start * 7, agent: 999_999, tag: 0), tick: start)
      _ = drain(&wheel)
    }
    // An entry may join the present tick only while that is being taken, which it no longer is here.
    let distances: [TickID] = (start < 0 ? [0] : []) + [
      1, 2, 254, 255, 256, 257, 511, 512, 65_279, 65_280, 65_535, 65_536, 65_537, 131_072, 16_777_215, 16_777_300,
    ]
    for (agent, distance) in distances.enumerated() {
      let tick = max(start, 0) + distance
      wheel.add(WakeEntry(time: tick * 7 + 3, agent: UInt32(agent), tag: 0), tick: wheel.tick(of: tick * 7 + 3))
    }
    let arrivals = drain(&wheel)
    for (agent, distance) in distances.enumerated() {
      #expect(arrivals[UInt32(agent)] == max(start, 0) + distance, "distance \(distance)")
    }
    #expect(wheel.count == 0)
  }

  @Test func aTimeLiesInItsTick() {
    let wheel = TimingWheel(tickNanoseconds: 5_000_000_000)
    var stream = RandomStream(seed: Seed(1), domain: RandomDomain("ticks"), entity: 0)
    for _ in 0..<10_000 {
      let tick = Int64(stream.next(below: 1 << 30))
      for time in [tick * 5_000_000_000, tick * 5_000_000_000 + 4_999_999_999] {
        #expect(wheel.tick(of: time) == tick)
      }
    }
  }
}
