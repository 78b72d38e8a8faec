/// Wake-ups that are due soon, the earliest first; equal times in the order in which they were added.
struct WakeQueue: ~Copyable {
  struct Wake: BitwiseCopyable {
    /// Virtual time.
    var time: Int64
    var sequence: UInt32 = 0
    /// Service (high 8 bits) and agent (low 24).
    var agent: UInt32
    var tag: UInt32
    var shard: UInt32
    /// How much later it is than the member meant, because the member was waiting for a reply; wall time.
    var waitedNanoseconds: UInt64 = 0

    static func < (a: Wake, b: Wake) -> Bool {
      // Sequence numbers go round; those that are in the queue at a time lie close together.
      a.time != b.time ? a.time < b.time : Int32(bitPattern: a.sequence &- b.sequence) < 0
    }
  }

  // A binary heap.
  private var wakes: [Wake] = []
  private var sequence: UInt32 = 0

  var count: Int { wakes.count }
  var first: Wake? { wakes.first }

  mutating func add(_ new: Wake) {
    var wake = new
    wake.sequence = sequence
    sequence &+= 1
    wakes.append(wake)
    var place = wakes.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard wake < wakes[parent] else { break }
      wakes[place] = wakes[parent]
      place = parent
    }
    wakes[place] = wake
  }

  mutating func removeFirst() -> Wake {
    let result = wakes[0]
    let last = wakes.removeLast()
    guard !wakes.isEmpty else { return result }
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < wakes.count else { break }
      if child + 1 < wakes.count, wakes[child + 1] < wakes[child] { child += 1 }
      guard wakes[child] < last else { break }
      wakes[place] = wakes[child]
      place = child
    }
    wakes[place] = last
    return result
  }
}
