import JamboreeKit

/// Writes the edges of whole communities to their places; one worker's tools, used again for every member.
final class EdgeWriter {
  private let members: Int
  private let communityShare: Double
  private let layout: CommunityLayout
  private let popularity: Popularity
  private let base: UInt64
  /// A bit a member: set for the community at work and for what the member at work has picked outside it.
  private let taken: UnsafeMutablePointer<UInt64>
  /// The ids of the community at work.
  private let community: UnsafeMutablePointer<UInt32>
  /// A flag a member of the community at work: already picked.
  private let picked: UnsafeMutablePointer<Bool>
  /// What the member at work follows, unordered.
  private let picks: UnsafeMutablePointer<UInt32>
  private let buckets: UnsafeMutablePointer<UInt32>

  init(
    members: Int, maximumDegree: Int, communityShare: Double, layout: CommunityLayout, popularity: Popularity,
    base: UInt64
  ) {
    self.members = members
    self.communityShare = communityShare > 0 ? min(communityShare, 1) : 0
    self.layout = layout
    self.popularity = popularity
    self.base = base
    taken = .allocate(capacity: members / 64 + 1)
    taken.initialize(repeating: 0, count: members / 64 + 1)
    community = .allocate(capacity: layout.largestSize)
    picked = .allocate(capacity: layout.largestSize)
    picked.initialize(repeating: false, count: layout.largestSize)
    picks = .allocate(capacity: maximumDegree)
    buckets = .allocate(capacity: maximumDegree + 1)
  }

  deinit {
    taken.deallocate()
    community.deallocate()
    picked.deallocate()
    picks.deallocate()
    buckets.deallocate()
  }

  /// Writes the targets of every member of a community to `offsets[member] ..< offsets[member + 1]`, ascending.
  func write(community number: Int, offsets: UnsafeBufferPointer<Int>, into targets: UnsafeMutableBufferPointer<UInt32>) {
    let slots = layout.slots(of: number)
    for (index, slot) in slots.enumerated() {
      let id = UInt32(truncatingIfNeeded: layout.member(at: slot))
      community[index] = id
      _ = take(id)
    }
    for index in 0..<slots.count {
      let member = Int(community[index])
      let degree = offsets[member + 1] - offsets[member]
      if degree == 0 { continue }
      var stream = RandomStream(key: RandomStream.key(base: base, entity: UInt64(truncatingIfNeeded: member)))
      let inside = insideDegree(of: degree, size: slots.count, dither: stream.nextUnit())
      pickInside(inside, of: slots.count, except: index, &stream)
      pickOutside(degree - inside, after: inside, &stream)
      let place = targets.baseAddress! + offsets[member]
      AscendingIDs.write(picks, count: degree, below: members, buckets: buckets, to: place)
    }
    for index in 0..<slots.count { release(community[index]) }
  }

  /// How many of a member's edges stay inside a community: the share, up or down at random, as far as there are enough
  /// people on either side.
  private func insideDegree(of degree: Int, size: Int, dither: Double) -> Int {
    let wanted = Int(communityShare * Double(degree) + dither)
    return max(min(wanted, degree, size - 1), degree - (members - size))
  }

  /// Picks `count` different members of the community, evenly.
  private func pickInside(_ count: Int, of size: Int, except own: Int, _ stream: inout RandomStream) {
    if 2 * count < size {
      picked[own] = true
      var found = 0
      while found < count {
        let index = stream.next(below: size)
        if picked[index] { continue }
        picked[index] = true
        // The position stands in for the id until all are found, so that its flag can be taken back.
        picks[found] = UInt32(truncatingIfNeeded: index)
        found += 1
      }
      for index in 0..<count {
        picked[Int(picks[index])] = false
        picks[index] = community[Int(picks[index])]
      }
      picked[own] = false
    } else {
      // Selection sampling (Knuth, volume 2, algorithm 3.4.2 S): one draw a candidate.
      var found = 0
      var candidates = size - 1
      for index in 0..<size where index != own && found < count {
        if stream.next(below: candidates) < count - found {
          picks[found] = community[index]
          found += 1
        }
        candidates -= 1
      }
    }
  }

  /// Picks `count` different members outside the community by popularity. When draws keep finding the same few, the
  /// rest are the most popular that are left.
  private func pickOutside(_ count: Int, after first: Int, _ stream: inout RandomStream) {
    var found = first
    let end = first + count
    var attempts = 8 * count + 64
    while found < end && attempts > 0 {
      attempts -= 1
      let id = popularity.member(bits: stream.next())
      if take(id) {
        picks[found] = id
        found += 1
      }
    }
    var rank = 0
    while found < end {
      let id = popularity.member(rank: rank)
      rank += 1
      if take(id) {
        picks[found] = id
        found += 1
      }
    }
    for index in first..<end { release(picks[index]) }
  }

  /// Sets a member's bit; false when it was set.
  @inline(__always) private func take(_ id: UInt32) -> Bool {
    let word = taken + Int(id >> 6)
    let bit: UInt64 = 1 << UInt64(id & 63)
    if word.pointee & bit != 0 { return false }
    word.pointee |= bit
    return true
  }

  @inline(__always) private func release(_ id: UInt32) {
    taken[Int(id >> 6)] &= ~(1 << UInt64(id & 63))
  }
}

/// Sorts ids that are spread evenly over their range: in linear time, by one distribution into as many buckets as there
/// are ids and an insertion sort over the nearly ordered result.
enum AscendingIDs {
  /// - Parameters:
  ///   - source: `count` ids below `bound`.
  ///   - buckets: scratch of `count + 1` entries or more.
  ///   - target: room for `count` ids, apart from `source`.
  static func write(
    _ source: UnsafeMutablePointer<UInt32>, count: Int, below bound: Int, buckets: UnsafeMutablePointer<UInt32>,
    to target: UnsafeMutablePointer<UInt32>
  ) {
    if count <= 12 {
      target.initialize(from: source, count: count)
    } else {
      let scale = (UInt64(count) << 32) / UInt64(bound)
      buckets.initialize(repeating: 0, count: count + 1)
      for index in 0..<count { buckets[Int((UInt64(source[index]) &* scale) >> 32) + 1] &+= 1 }
      for index in 1...count { buckets[index] &+= buckets[index - 1] }
      for index in 0..<count {
        let bucket = Int((UInt64(source[index]) &* scale) >> 32)
        (target + Int(buckets[bucket])).initialize(to: source[index])
        buckets[bucket] &+= 1
      }
    }
    var end = 1
    while end < count {
      let id = target[end]
      var place = end
      while place > 0 && target[place - 1] > id {
        target[place] = target[place - 1]
        place -= 1
      }
      target[place] = id
      end += 1
    }
  }
}
