import JamboreeKit

/// Takes the best of a ranker's scores, in order: exact, and a function of ids and scores alone, whatever the order of
/// the candidates. Equal scores are ordered by a mix of id and salt; NaN ranks below everything and is counted.
///
/// Finds a threshold that keeps about as many candidates as are wanted, by bisection on the scores' bit patterns, and
/// sorts only those. The last threshold is the first guess: a forum's scores change little between two readers.
///
/// A ranker with a shortlist gets that many of the best, in this order, and arranges the page of them.
package struct FeedSelector: ~Copyable {
  private typealias Lane = SIMD8<Int32>
  private static let slack = 12

  package private(set) var notANumberCount = 0
  private var capacity = 0
  private var scores: UnsafeMutablePointer<Float>
  /// The scores as integers that compare the same way, padded with the least integer.
  private var keys: UnsafeMutablePointer<Int32>
  private var kept: UnsafeMutablePointer<UInt16>
  private var keptKeys: UnsafeMutablePointer<Int32>
  private var sortKeys: UnsafeMutablePointer<UInt64>
  /// The last thresholds, by a few bits of the feed's key.
  private var guesses = InlineArray<64, Int32>(repeating: 0)

  package init() {
    scores = .allocate(capacity: 0)
    keys = .allocate(capacity: 0)
    kept = .allocate(capacity: 0)
    keptKeys = .allocate(capacity: 0)
    sortKeys = .allocate(capacity: 0)
    reserve(512)
  }

  deinit {
    scores.deallocate()
    keys.deallocate()
    kept.deallocate()
    keptKeys.deallocate()
    sortKeys.deallocate()
  }

  /// Scores the candidates and fills `page` with the rows of the best `pageLength`, best first.
  /// - Parameters:
  ///   - ties: of the viewer to the author of each item, for a ranker that needs them.
  ///   - relevances: what each item is truly worth to the viewer, for a ranker that needs that.
  ///   - feed: whose listing it is; only speeds things up.
  package mutating func select(
    _ items: borrowing ItemColumns, ties: Span<Float> = Span(), relevances: Span<Float> = Span(), by ranker: any FeedRanker,
    for viewer: ViewerContext, pageLength: Int, feed: ContainerID, into page: inout Buffer<UInt16>
  ) {
    page.removeAll()
    let count = min(items.count, Int(UInt16.max))
    guard count > 0, pageLength > 0 else { return }
    if count + 16 > capacity { reserve(count + 16) }
    let candidates = FeedCandidates(items, ties: ties, relevances: relevances)
    var span = MutableSpan(_unsafeStart: scores, count: count)
    ranker.score(candidates, for: viewer, into: &span)
    let shortlist = ranker.shortlist
    choose(count, items, salt: viewer.salt, wanted: max(pageLength, shortlist), feed: feed, into: &page)
    guard shortlist > 0 else { return }
    var rows = page.mutableSpan
    ranker.arrange(
      &rows, pageLength: pageLength, of: candidates, scores: Span(_unsafeStart: scores, count: count), for: viewer)
    if page.count > pageLength { page.resize(to: pageLength, filling: 0) }
  }

  /// Fills `page` in the same way by scores that somebody else has given, one a candidate.
  mutating func select(
    _ items: borrowing ItemColumns, scores given: Span<Float>, salt: UInt64, pageLength: Int, feed: ContainerID,
    into page: inout Buffer<UInt16>
  ) {
    page.removeAll()
    let count = min(items.count, given.count, Int(UInt16.max))
    guard count > 0, pageLength > 0 else { return }
    if count + 16 > capacity { reserve(count + 16) }
    for index in 0..<count { scores[index] = given[index] }
    choose(count, items, salt: salt, wanted: pageLength, feed: feed, into: &page)
  }

  /// Takes the best `most` of the first `count` scores.
  @inline(__always) private mutating func choose(
    _ count: Int, _ items: borrowing ItemColumns, salt: UInt64, wanted most: Int, feed: ContainerID, into page: inout Buffer<UInt16>
  ) {
    makeKeys(count)
    let wanted = min(most, count)
    let slot = Int(truncatingIfNeeded: feed.rawValue) & 63
    var keptCount = wanted == count ? keep(.min + 1, count) : keep(guesses[slot], count)
    if keptCount < wanted || keptCount > wanted + Self.slack {
      keptCount = keep(threshold(count, wanted, slot), count)
    }
    if keptCount > wanted + Self.slack {
      // No threshold keeps fewer: many are equal to it.
      page.resize(to: wanted, filling: 0)
      orderTied(keptCount, items, salt: salt, into: &page)
    } else {
      order(keptCount, wanted, items, salt: salt, into: &page)
    }
  }

  private mutating func makeKeys(_ count: Int) {
    let words = UnsafeRawPointer(scores)
    let result = UnsafeMutableRawPointer(keys)
    let allButSign = Lane(repeating: .max)
    let infinity = Lane(repeating: 0x7F80_0000)
    var highest = Lane()
    var index = 0
    // The spare room behind the scores lets whole vectors be read; what they hold there is cut off below.
    while index < count {
      let bits = words.loadUnaligned(fromByteOffset: index &* 4, as: Lane.self)
      // Negative floats order backwards as integers: flip all but the sign.
      let sign = Lane(repeating: 0) &- unsafeBitCast(unsafeBitCast(bits, to: SIMD8<UInt32>.self) &>> 31, to: Lane.self)
      result.storeBytes(of: bits ^ (sign & allButSign), toByteOffset: index &* 4, as: Lane.self)
      // What is not a number has more bits than infinity has.
      highest = highest | unsafeBitCast((bits & allButSign) .> infinity, to: Lane.self)
      index &+= 8
    }
    if highest != Lane() { lowerInvalid(count) }
    for index in count..<(count + 8) { keys[index] = .min }
  }

  private mutating func lowerInvalid(_ count: Int) {
    for index in 0..<count where scores[index].isNaN {
      keys[index] = .min + 1
      notANumberCount += 1
    }
  }

  /// A key such that at least `wanted` candidates, and few more, are not below it.
  private mutating func threshold(_ count: Int, _ wanted: Int, _ slot: Int) -> Int32 {
    // Invariant: `low` keeps enough; `high` keeps too few.
    var low = Int32.min + 1
    var high = Int32.max
    var probe = guesses[slot]
    var step: Int64 = 1 << 18
    while true {
      let above = countAtLeast(probe, count)
      if above >= wanted {
        low = probe
        if above <= wanted + Self.slack { break }
      } else {
        high = probe
      }
      if Int64(high) - Int64(low) <= 1 { break }
      // Gallop away from the guess until it is bracketed, then bisect.
      if high == .max, Int64(low) + step < Int64(high) {
        probe = Int32(Int64(low) + step)
        step <<= 2
      } else if low == Int32.min + 1, Int64(high) - step > Int64(low) {
        probe = Int32(Int64(high) - step)
        step <<= 2
      } else {
        probe = Int32((Int64(low) + Int64(high)) >> 1)
      }
    }
    guesses[slot] = low
    return low
  }

  private func countAtLeast(_ key: Int32, _ count: Int) -> Int {
    let words = UnsafeRawPointer(keys)
    let limit = Lane(repeating: key)
    var total = Lane()
    var index = 0
    while index < count {
      let lane = words.loadUnaligned(fromByteOffset: index &* 4, as: Lane.self)
      total = total &- unsafeBitCast(lane .>= limit, to: Lane.self)
      index &+= 8
    }
    return Int(total.wrappedSum())
  }

  private mutating func keep(_ threshold: Int32, _ count: Int) -> Int {
    let (keys, kept, keptKeys) = (keys, kept, keptKeys)
    var keptCount = 0
    var index = 0
    while index < count {
      let key = keys[index]
      kept[keptCount] = UInt16(truncatingIfNeeded: index)
      keptKeys[keptCount] = key
      keptCount &+= key >= threshold ? 1 : 0
      index &+= 1
    }
    return keptCount
  }

  /// Orders the kept by their scores, and takes the best `wanted`.
  private mutating func order(
    _ count: Int, _ wanted: Int, _ items: borrowing ItemColumns, salt: UInt64, into page: inout Buffer<UInt16>
  ) {
    for index in count..<(count + 8) { keptKeys[index] = .min }
    // The place of each is the number of keys above it: no branch to mispredict.
    page.resize(to: 0, filling: 0)
    page.resize(to: count, filling: .max)
    let words = UnsafeRawPointer(keptKeys)
    var tied = false
    var index = 0
    while index < count {
      defer { index &+= 1 }
      let own = Lane(repeating: keptKeys[index])
      var total = Lane()
      var other = 0
      while other < count {
        let lane = words.loadUnaligned(fromByteOffset: other &* 4, as: Lane.self)
        total = total &- unsafeBitCast(lane .> own, to: Lane.self)
        other &+= 8
      }
      let place = Int(total.wrappedSum())
      if page[place] != .max { tied = true }
      page[place] = kept[index]
    }
    if count > wanted { page.resize(to: wanted, filling: 0) }
    if tied { orderTied(count, items, salt: salt, into: &page) }
  }

  /// Equal scores among the kept: orders by score, then by a mix of id and salt, and fills the page with the best. Of a page that is
  /// full, only what is better than its last is moved at all.
  private func orderTied(_ count: Int, _ items: borrowing ItemColumns, salt: UInt64, into page: inout Buffer<UInt16>) {
    var filled = 0
    for index in 0..<count {
      let tie = mix64(items.id(at: Int(kept[index])).rawValue ^ salt) >> 32
      // Shifts the signed key to where unsigned numbers compare the same way.
      let ordered = UInt64(UInt32(bitPattern: keptKeys[index]) ^ 0x8000_0000) << 32 | tie
      if filled < page.count { filled += 1 } else if sortKeys[filled - 1] >= ordered { continue }
      var place = filled - 1
      while place > 0, sortKeys[place - 1] < ordered {
        sortKeys[place] = sortKeys[place - 1]
        page[place] = page[place - 1]
        place -= 1
      }
      sortKeys[place] = ordered
      page[place] = kept[index]
    }
  }

  private mutating func reserve(_ wanted: Int) {
    scores.deallocate()
    keys.deallocate()
    kept.deallocate()
    keptKeys.deallocate()
    sortKeys.deallocate()
    capacity = max(wanted, capacity * 2)
    scores = .allocate(capacity: capacity + 16)
    scores.initialize(repeating: 0, count: capacity + 16)
    keys = .allocate(capacity: capacity + 16)
    kept = .allocate(capacity: capacity + 16)
    keptKeys = .allocate(capacity: capacity + 16)
    sortKeys = .allocate(capacity: capacity + 16)
  }
}
