import JamboreeKit

/// From an id (of an item, of a container) to a row number: open addressing with linear probing, in one block of memory.
///
/// A `Dictionary` costs four times as much here: its hasher is made to withstand an attacker, and ids are the harness's own.
struct IdentifierTable: ~Copyable {
  private var keys: UnsafeMutablePointer<UInt64>
  private var values: UnsafeMutablePointer<UInt32>
  private var mask: Int
  private(set) var count = 0

  init() {
    mask = 255
    keys = .allocate(capacity: 256)
    keys.initialize(repeating: 0, count: 256)
    values = .allocate(capacity: 256)
  }

  deinit {
    keys.deallocate()
    values.deallocate()
  }

  @inline(__always) func find(_ id: UInt64) -> Int? {
    var slot = Int(truncatingIfNeeded: mix64(id)) & mask
    while true {
      let key = keys[slot]
      // A free slot's key is 0, which is also what stands for no item and no container.
      if key == 0 { return nil }
      if key == id { return Int(values[slot]) }
      slot = (slot &+ 1) & mask
    }
  }

  /// Adds an id that is not there yet and is not 0.
  mutating func insert(_ id: UInt64, _ value: Int) {
    if (count + 1) * 2 > mask { grow() }
    place(id, UInt32(value))
    count += 1
  }

  private func place(_ key: UInt64, _ value: UInt32) {
    var slot = Int(truncatingIfNeeded: mix64(key)) & mask
    while keys[slot] != 0 { slot = (slot &+ 1) & mask }
    keys[slot] = key
    values[slot] = value
  }

  private mutating func grow() {
    let (oldKeys, oldValues, oldSize) = (keys, values, mask + 1)
    mask = oldSize * 2 - 1
    keys = .allocate(capacity: mask + 1)
    keys.initialize(repeating: 0, count: mask + 1)
    values = .allocate(capacity: mask + 1)
    for slot in 0..<oldSize where oldKeys[slot] != 0 { place(oldKeys[slot], oldValues[slot]) }
    oldKeys.deallocate()
    oldValues.deallocate()
  }
}
