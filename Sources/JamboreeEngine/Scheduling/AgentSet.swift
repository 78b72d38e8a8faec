import JamboreeKit

/// A set of agents that is emptied in every tick: open addressing, each place stamped with the tick that filled it, so
/// that emptying it costs nothing.
struct AgentSet: ~Copyable {
  private struct Place: BitwiseCopyable {
    var stamp: UInt32 = 0
    var agent: UInt32 = 0
  }

  private var places: UnsafeMutablePointer<Place>
  private var mask = 63
  private var stamp: UInt32 = 1
  private(set) var count = 0

  init() {
    places = .allocate(capacity: 64)
    places.initialize(repeating: Place(), count: 64)
  }

  deinit { places.deallocate() }

  var isEmpty: Bool { count == 0 }

  mutating func removeAll() {
    guard count > 0 else { return }
    count = 0
    stamp &+= 1
    // Stamps have come round: what is there would seem to be of now.
    if stamp == 0 {
      places.update(repeating: Place(), count: mask + 1)
      stamp = 1
    }
  }

  func contains(_ agent: UInt32) -> Bool {
    places[place(of: agent)].stamp == stamp
  }

  mutating func insert(_ agent: UInt32) {
    let found = place(of: agent)
    guard places[found].stamp != stamp else { return }
    places[found] = Place(stamp: stamp, agent: agent)
    count += 1
    if count * 2 > mask { grow() }
  }

  /// Where the agent is, or the free place where it belongs.
  private func place(of agent: UInt32) -> Int {
    var place = Int(truncatingIfNeeded: mix64(UInt64(agent))) & mask
    while places[place].stamp == stamp, places[place].agent != agent { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let (old, size) = (places, mask + 1)
    mask = size * 2 - 1
    places = .allocate(capacity: mask + 1)
    places.initialize(repeating: Place(), count: mask + 1)
    for index in 0..<size where old[index].stamp == stamp { places[place(of: old[index].agent)] = old[index] }
    old.deallocate()
  }
}
