import JamboreeKit

/// How close the members of one shard are to those with whose items they have lately had to do: for rankers that ask for it.
///
/// A member has eight places, each an author and a weight that halves with time. What the member does to somebody else's item
/// adds to that author's weight; an author who is not among the eight takes the place of the one with the least weight. A page
/// sees what was done before its tick, like everything else that is read.
///
/// Used by whichever worker has the shard.
package final class TieTable {
  /// After so long a deed counts half as much.
  package static let halfLifeNanoseconds: Int64 = 24 * 3_600_000_000_000

  /// What a deed weighs when it is done.
  package enum Deed {
    package static let reaction: Float = 1
    package static let reply: Float = 2
    package static let connection: Float = 4
  }

  /// A member's ties. The weights are as of `time`.
  private struct Ties: BitwiseCopyable {
    var authors = SIMD8<UInt32>(repeating: nobody)
    var weights = SIMD8<Float>()
    var time: Int64 = 0
  }

  /// A deed that counts from the next tick on.
  private struct NotedDeed: BitwiseCopyable {
    var time: Int64
    var row: UInt32
    var author: UInt32
    /// 0 ends the tie.
    var weight: Float
  }

  /// The platform, to which nobody is tied.
  private static let nobody = UInt32.max

  private let shard: Int
  private let rows: Int
  private let ties: UnsafeMutablePointer<Ties>
  private let noted: UnsafeMutablePointer<Buffer<NotedDeed>>

  /// - Parameters:
  ///   - shard: whose members they are: those whose number is `shard` modulo ``shardCount``.
  ///   - memberCount: of the whole population.
  package init(shard: Int, memberCount: Int) {
    self.shard = shard
    rows = max(memberCount - shard + shardCount - 1, 0) / shardCount
    ties = .allocate(capacity: max(rows, 1))
    ties.initialize(repeating: Ties(), count: rows)
    noted = .allocate(capacity: 1)
    noted.initialize(to: Buffer())
  }

  deinit {
    ties.deallocate()
    noted.deinitialize(count: 1)
    noted.deallocate()
  }

  // MARK: Deeds

  /// Notes what a write says of its actor's ties; ``settle()`` makes it count.
  package func note(_ write: Operation) {
    let author: MemberID
    let weight: Float
    switch write.verb {
    case .react:
      // To flag an item, or to vote against it, brings nobody closer; nor does what is taken back.
      guard write.value > 0, write.kind != ReactionKind.flag.rawValue else { return }
      (author, weight) = (write.subject.author, Deed.reaction)
    case .publish:
      guard write.object != 0 else { return }
      (author, weight) = (ItemID(rawValue: write.object).author, Deed.reply)
    case .connect: (author, weight) = (MemberID(UInt32(truncatingIfNeeded: write.object)), Deed.connection)
    case .disconnect: (author, weight) = (MemberID(UInt32(truncatingIfNeeded: write.object)), 0)
    default: return
    }
    guard author != write.actor, author.rawValue != Self.nobody, let row = row(of: write.actor) else { return }
    noted.pointee.append(
      NotedDeed(time: write.intended.nanoseconds, row: UInt32(truncatingIfNeeded: row), author: author.rawValue, weight: weight))
  }

  /// Makes everything count that was noted, in the order in which it was: to be called between two ticks.
  package func settle() {
    guard !noted.pointee.isEmpty else { return }
    for index in 0..<noted.pointee.count { add(noted.pointee[index]) }
    noted.pointee.removeAll()
  }

  private func add(_ deed: NotedDeed) {
    var own = ties[Int(deed.row)]
    // One that was meant to be earlier than the last has faded since.
    var weight = deed.weight
    if deed.time > own.time {
      own.weights *= Self.fading(nanoseconds: deed.time &- own.time)
      own.time = deed.time
    } else {
      weight *= Self.fading(nanoseconds: own.time &- deed.time)
    }
    var place = 0
    var isKnown = false
    for candidate in 0..<8 {
      if own.authors[candidate] == deed.author {
        (place, isKnown) = (candidate, true)
        break
      }
      if own.weights[candidate] < own.weights[place] { place = candidate }
    }
    if deed.weight == 0 {
      if isKnown { (own.authors[place], own.weights[place]) = (Self.nobody, 0) }
    } else {
      own.weights[place] = isKnown ? own.weights[place] + weight : weight
      own.authors[place] = deed.author
    }
    ties[Int(deed.row)] = own
  }

  private static func fading(nanoseconds: Int64) -> Float {
    VectorMath.exp2(ofAtMostZero: SIMD4<Float>(repeating: -Float(nanoseconds) / Float(halfLifeNanoseconds)))[0]
  }

  // MARK: Reading

  /// Writes how close a member is to the author of each item, at a moment.
  /// - Parameter result: room for as many as there are items, rounded up to a multiple of eight.
  package func look(_ items: Span<ItemID>, of viewer: MemberID, at now: SimTime, into result: UnsafeMutablePointer<Float>) {
    let count = items.count
    guard let row = row(of: viewer), ties[row].weights != SIMD8<Float>() else { return result.update(repeating: 0, count: count) }
    let own = ties[row]
    let weights = own.weights * Self.fading(nanoseconds: max(now.nanoseconds &- own.time, 0))
    items.withUnsafeBufferPointer { items in
      guard let ids = UnsafeRawPointer(items.baseAddress) else { return }
      let out = UnsafeMutableRawPointer(result)
      var index = 0
      while index < count {
        // The author is the upper half of an id.
        var authors = SIMD8<UInt32>()
        if index &+ 8 <= count {
          authors = ids.loadUnaligned(fromByteOffset: index &* 8, as: SIMD16<UInt32>.self).oddHalf
        } else {
          for lane in 0..<(count - index) { authors[lane] = items[index + lane].author.rawValue }
        }
        var found = SIMD8<UInt32>()
        for place in 0..<8 {
          let isHis = unsafeBitCast(authors .== SIMD8<UInt32>(repeating: own.authors[place]), to: SIMD8<UInt32>.self)
          found |= isHis & SIMD8<UInt32>(repeating: weights[place].bitPattern)
        }
        out.storeBytes(of: found, toByteOffset: index &* 4, as: SIMD8<UInt32>.self)
        index &+= 8
      }
    }
  }

  /// How close a member is to another at a moment.
  package func tie(of viewer: MemberID, to author: MemberID, at now: SimTime) -> Float {
    let result = UnsafeMutablePointer<Float>.allocate(capacity: 8)
    defer { result.deallocate() }
    look([ItemID(author: author, sequence: 1)].span, of: viewer, at: now, into: result)
    return result[0]
  }

  /// Readers without an account have no row, and no ties.
  private func row(of member: MemberID) -> Int? {
    let row = Int(member.rawValue) / shardCount
    return Int(member.rawValue) % shardCount == shard && row < rows ? row : nil
  }

  // MARK: Checkpoints

  package func encode(into encoder: inout StateEncoder) {
    encoder.encode(rows)
    for row in 0..<rows {
      encoder.encode(ties[row].authors)
      encoder.encode(ties[row].weights)
      encoder.encode(ties[row].time)
    }
    encoder.encode(noted.pointee.count)
    for index in 0..<noted.pointee.count {
      let deed = noted.pointee[index]
      encoder.encode(deed.time)
      encoder.encode(deed.row)
      encoder.encode(deed.author)
      encoder.encode(deed.weight)
    }
  }

  package func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    guard try decoder.decode(Int.self) == rows else { throw StateMismatch("the checkpoint has ties of other members") }
    for row in 0..<rows {
      ties[row].authors = try decoder.decode(SIMD8<UInt32>.self)
      ties[row].weights = try decoder.decode(SIMD8<Float>.self)
      ties[row].time = try decoder.decode(Int64.self)
    }
    noted.pointee.removeAll()
    for _ in 0..<(try decoder.decode(Int.self)) {
      let deed = NotedDeed(
        time: try decoder.decode(Int64.self), row: try decoder.decode(UInt32.self), author: try decoder.decode(UInt32.self),
        weight: try decoder.decode(Float.self))
      guard Int(deed.row) < rows else { throw StateMismatch("the checkpoint has deeds of other members") }
      noted.pointee.append(deed)
    }
  }
}
