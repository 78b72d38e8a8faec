/// What a stream of random numbers is for. Two purposes never share numbers, so a new purpose shifts nobody's draws.
@frozen public struct RandomDomain: BitwiseCopyable, Sendable {
  public var rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// A domain named by its owner, as in `RandomDomain("jam.session")`.
  public init(_ name: String) { rawValue = stableHash(of: name) }
}

/// Random numbers that are a pure function of seed, domain, entity and counter.
///
/// There is no shared generator: a stream is 16 bytes, can be rebuilt anywhere from its key and its counter, and no
/// order of execution changes what it gives. The sequence is SplitMix64's, started at a mixed key (Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) and finished with ``mix64(_:)``.
@frozen public struct RandomStream: BitwiseCopyable, Sendable {
  public var key: UInt64
  /// How many numbers have been taken. Store it to go on later where the stream was.
  public var counter: UInt32

  @inlinable public init(key: UInt64, counter: UInt32 = 0) {
    self.key = key
    self.counter = counter
  }

  @inlinable public init(seed: Seed, domain: RandomDomain, entity: UInt64, counter: UInt32 = 0) {
    self.init(key: RandomStream.key(base: RandomStream.base(seed: seed, domain: domain), entity: entity), counter: counter)
  }

  /// The part of the key that a domain's streams share: worth keeping when many entities draw.
  @inlinable public static func base(seed: Seed, domain: RandomDomain) -> UInt64 {
    mix64(seed.rawValue &+ 0x9E37_79B9_7F4A_7C15) ^ mix64(domain.rawValue)
  }

  @inlinable @inline(__always) public static func key(base: UInt64, entity: UInt64) -> UInt64 {
    mix64(base ^ (entity &* 0xD6E8_FEB8_6659_FD93))
  }

  /// The next 64 bits.
  @inlinable @inline(__always) public mutating func next() -> UInt64 {
    counter &+= 1
    return mix64(key &+ UInt64(counter) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// The next number in (0, 1): never 0 and never 1, so it can go through any inverse distribution.
  @inlinable @inline(__always) public mutating func nextUnit() -> Double { unitInterval(next()) }

  /// The next whole number in `0 ..< bound`; `bound` must be above 0. By multiplication: the bias is below 2^-32 for
  /// any bound that a 32-bit number can hold.
  @inlinable @inline(__always) public mutating func next(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: bound)).high)
  }

  /// True with the given probability (0 or below: never; 1 or above: always).
  @inlinable @inline(__always) public mutating func chance(_ probability: Double) -> Bool { nextUnit() < probability }
}

/// 53 random bits as a number in (0, 1), both ends excluded.
@inlinable @inline(__always)
public func unitInterval(_ bits: UInt64) -> Double {
  (Double(bits >> 12) + 0.5) * 0x1p-52
}

/// A seeded permutation of `0 ..< count` in constant memory: a four-round Feistel network with cycle walking
/// (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
///
/// It deals out *stratified* draws: entity `i` gets the quantile `(rank + 0.5) / count`, so that a population's total
/// is its expectation to rounding, at any scale, while who gets what stays random.
@frozen public struct StratifiedPermutation: Sendable {
  public let count: UInt64
  @usableFromInline let halfBits: UInt64
  @usableFromInline let mask: UInt64
  @usableFromInline let key: UInt64

  public init(count: Int, seed: Seed, domain: RandomDomain) {
    self.count = UInt64(max(count, 1))
    var bits: UInt64 = 1
    while (UInt64(1) << (2 * bits)) < self.count { bits += 1 }
    halfBits = bits
    mask = (UInt64(1) << bits) - 1
    key = RandomStream.base(seed: seed, domain: domain)
  }

  /// The place of `index` in the seeded order; `index` must lie in `0 ..< count`.
  @inlinable public func rank(of index: Int) -> Int {
    var value = UInt64(truncatingIfNeeded: index)
    repeat {
      var left = value >> halfBits
      var right = value & mask
      for round in 0..<4 as Range<UInt64> {
        let mixed = mix64(key ^ (right &+ (round &+ 1) &* 0x9E37_79B9_7F4A_7C15))
        (left, right) = (right, (left ^ mixed) & mask)
      }
      value = left << halfBits | right
    } while value >= count
    return Int(truncatingIfNeeded: value)
  }

  /// The stratified quantile of `index`, in (0, 1).
  @inlinable public func quantile(of index: Int) -> Double { (Double(rank(of: index)) + 0.5) / Double(count) }
}
