/// A bijective mix of 64 bits (Pelle Evensen's moremur constants over the Murmur3 finaliser's shape).
///
/// Used for keys of random streams, tie breaks and digests. Not a cryptographic hash.
@inlinable @inline(__always)
public func mix64(_ value: UInt64) -> UInt64 {
  var x = value
  x ^= x >> 27
  x = x &* 0x3C79_AC49_2BA7_B653
  x ^= x >> 33
  x = x &* 0x1C69_B3F7_4AC4_AE35
  x ^= x >> 27
  return x
}

/// Folds the 128-bit product of two words: the multiply step of wyhash, fast and well mixed for unequal inputs.
@inlinable @inline(__always)
public func foldedMultiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}

/// A 64-bit hash of bytes: FNV-1a, for names that are hashed once, never for anything on the hot path.
public func stableHash(of text: some StringProtocol) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in text.utf8 {
    hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }
  return mix64(hash)
}
