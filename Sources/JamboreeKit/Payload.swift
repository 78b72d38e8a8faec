/// Text, derived from a seed: word-like, compressible as real text is, the same wherever it is made.
///
/// A backend that stores text calls ``write(seed:length:into:)`` when it writes and ``checksum(of:)`` over the bytes
/// it reads back; one that does not store text keeps the ``fingerprint(seed:length:)``. Both give the same digest.
public enum Payload {
  /// Fills `bytes` with words separated by spaces: lower-case syllables, word lengths of two to nine letters.
  public static func write(seed: UInt64, into bytes: inout MutableSpan<UInt8>) {
    let count = bytes.count
    var position = 0
    var block = 0 as UInt64
    var bits = 0 as UInt64
    var left = 0
    while position < count {
      if left == 0 {
        block &+= 1
        bits = mix64(seed &+ block &* 0x9E37_79B9_7F4A_7C15)
        left = 8
      }
      // One of 256 syllable steps: consonant and vowel; one step in four ends the word.
      let step = bits & 0xFF
      bits >>= 8
      left -= 1
      bytes[position] = consonants[Int(step & 15)]
      position += 1
      if position < count {
        bytes[position] = vowels[Int((step >> 4) & 3)]
        position += 1
      }
      if step >> 6 == 0, position < count {
        bytes[position] = UInt8(ascii: " ")
        position += 1
      }
    }
  }

  /// The text itself, for backends whose client takes arrays.
  public static func bytes(seed: UInt64, length: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: length)
    var span = result.mutableSpan
    write(seed: seed, into: &span)
    return result
  }

  /// A 32-bit checksum of text as it was read back: any lost, added, changed or swapped byte shows.
  public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    var index = 0
    while index + 8 <= bytes.count {
      var word: UInt64 = 0
      for offset in 0..<8 { word |= UInt64(bytes[index + offset]) << UInt64(8 * offset) }
      hash = foldedMultiply(hash ^ word, 0xA076_1D64_78BD_642F)
      index += 8
    }
    while index < bytes.count {
      hash = foldedMultiply(hash ^ UInt64(bytes[index]), 0xE703_7ED1_A0B4_28DB)
      index += 1
    }
    return UInt32(truncatingIfNeeded: mix64(hash))
  }

  /// Length (high 32 bits) and checksum (low 32) of the text of a seed: what every read of an item reports.
  ///
  /// Long payloads (files) are fingerprinted by their first 64 KiB; a backend that stores them does the same.
  public static func fingerprint(seed: UInt64, length: UInt32) -> UInt64 {
    let textLength = min(Int(length), 65_536)
    let checksum = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(textLength, 1)) { buffer -> UInt32 in
      var span = MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[0..<textLength]))
      write(seed: seed, into: &span)
      return Payload.checksum(of: span.span)
    }
    return UInt64(length) << 32 | UInt64(checksum)
  }

  static let consonants: [UInt8] = Array("bcdfghklmnprstvz".utf8)
  static let vowels: [UInt8] = Array("aeio".utf8)
}
