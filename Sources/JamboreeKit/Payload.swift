/// The words of the platform's texts, by number from 0, commonest first: syllables of consonant and vowel, short words for
/// common numbers (Zipf's law of abbreviation).
public enum Vocabulary {
  /// How many words there are.
  public static let count = 65_535

  static let consonants: [UInt8] = Array("bcdfghklmnprstvz".utf8)
  static let vowels: [UInt8] = Array("aeio".utf8)
  /// Both letters of each of the 64 syllables, the first in the low byte.
  static let syllableLetters: [UInt64] = (0..<64).map { code in
    UInt64(consonants[code & 15]) | UInt64(vowels[code >> 4 & 3]) << 8
  }

  /// A word's letters and a space behind them, the first in the low byte. Without a branch, which for words in random order would be
  /// guessed wrong half of the time.
  @inline(__always) static func letters(
    _ number: Int, _ syllables: Int, _ spelled: UnsafeBufferPointer<UInt64>
  ) -> UInt64 {
    let code = number &- (number >= 64 ? 64 : 0) &- (number >= 4160 ? 4096 : 0)
    let all = spelled[code & 63] | spelled[code >> 6 & 63] << 16 | spelled[code >> 12 & 63] << 32
    let bits = UInt64(16 &* syllables)
    return all & ((1 &<< bits) &- 1) | 0x20 &<< bits
  }

  /// A word's number by Zipf's law with exponent 1 (Zipf 1949), from 20 random bits: the octave is uniform, and so is the
  /// place in it, which is the law in steps of an octave. Whole numbers only, so it is the same on every machine.
  @inlinable @inline(__always) public static func zipfRank(bits: UInt64) -> Int {
    let octave = bits & 15
    let place = bits >> 4 & ((1 << octave) &- 1)
    return Int((1 << octave) &+ place &- 1)
  }

  /// How many syllables of two letters a word has: 64 words have one, 4,096 two, the others three.
  @inlinable @inline(__always) static func syllables(_ number: Int) -> Int {
    1 &+ (number >= 64 ? 1 : 0) &+ (number >= 4160 ? 1 : 0)
  }

  /// A word's spelling; `number` in `0 ..< count`. No two words are spelled alike.
  public static func word(_ number: Int) -> String {
    var letters: [UInt8] = []
    forEachLetter(number) { letters.append($0) }
    return String(decoding: letters, as: UTF8.self)
  }

  static func forEachLetter(_ number: Int, _ body: (UInt8) -> Void) {
    let syllables = syllables(number)
    var code = syllables == 1 ? number : syllables == 2 ? number - 64 : number - 4160
    for _ in 0..<syllables {
      body(consonants[code & 15])
      body(vowels[code >> 4 & 3])
      code >>= 6
    }
  }
}

/// Text, derived from a seed: word-like, compressible as real text is, the same wherever it is made.
///
/// Words of ``Vocabulary`` by Zipf's law, separated by single spaces; a text's last bytes, where no further word fits,
/// are full stops. A backend that stores text calls ``write(seed:into:)`` when it writes and ``fingerprint(of:length:)``
/// over the bytes it reads back; one that does not store text keeps the ``fingerprint(seed:length:)``. Both give the same
/// digest.
public enum Payload {
  /// Bytes of text at most: longer payloads (files) are known by these, and a backend that stores them does the same.
  public static let textLimit = 65_536

  /// A search looks at the words that end within so many first bytes of a text: its heading and opening, as an index of pages
  /// has them.
  public static let searchedBytes = 512

  /// How much of a text a search looks at: up to the end of the last word that counts.
  public static func searchedLength(of text: some RandomAccessCollection<UInt8>) -> Int {
    guard text.count > searchedBytes else { return text.count }
    func isLetter(_ place: Int) -> Bool {
      let byte = text[text.index(text.startIndex, offsetBy: place)]
      return byte != UInt8(ascii: " ") && byte != UInt8(ascii: ".")
    }
    var end = searchedBytes
    // A word that goes on behind it does not count.
    if isLetter(end) { while end > 0, isLetter(end - 1) { end -= 1 } }
    return end
  }

  /// Fills `bytes` with the text of a seed.
  public static func write(seed: UInt64, into bytes: inout MutableSpan<UInt8>) {
    // Every text that is made is spelled out, so this goes by the word and not by the letter: eight bytes are stored, of which
    // those behind the word and its space are written over by the next one.
    bytes.withUnsafeMutableBytes { text in
      Vocabulary.syllableLetters.withUnsafeBufferPointer { spelled in
        var position = 0
        forEachWord(seed: seed, length: text.count) { number in
          if position > 0 { position += 1 }
          let syllables = Vocabulary.syllables(number)
          let length = 2 * syllables
          var word = Vocabulary.letters(number, syllables, spelled)
          if position + 8 <= text.count {
            text.storeBytes(of: word.littleEndian, toByteOffset: position, as: UInt64.self)
          } else {
            for place in position..<min(position + length + 1, text.count) {
              text[place] = UInt8(truncatingIfNeeded: word)
              word >>= 8
            }
          }
          position += length
        }
        while position < text.count {
          text[position] = UInt8(ascii: ".")
          position += 1
        }
      }
    }
  }

  /// The numbers of the words of a text in their order, for backends that keep an index of words themselves.
  @inlinable @inline(__always) public static func forEachWord(seed: UInt64, length: Int, _ body: (Int) -> Void) {
    let length = min(length, textLimit)
    var position = 0
    var block = 0 as UInt64
    var bits = 0 as UInt64
    var left = 0
    while true {
      if left == 0 {
        block &+= 1
        bits = mix64(seed &+ block &* 0x9E37_79B9_7F4A_7C15)
        left = 3
      }
      let number = Vocabulary.zipfRank(bits: bits)
      bits >>= 20
      left -= 1
      let end = position + (position > 0 ? 1 : 0) + 2 * Vocabulary.syllables(number)
      guard end <= length else { return }
      body(number)
      position = end
    }
  }

  /// The text itself, for backends whose client takes arrays: at most ``textLimit`` bytes.
  public static func bytes(seed: UInt64, length: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: min(length, textLimit))
    var span = result.mutableSpan
    write(seed: seed, into: &span)
    return result
  }

  /// A 32-bit checksum of text as it was read back: any lost, added, changed or swapped byte shows.
  public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    var index = 0
    bytes.withUnsafeBytes { raw in
      while index + 8 <= raw.count {
        let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        hash = foldedMultiply(hash ^ word, 0xA076_1D64_78BD_642F)
        index += 8
      }
    }
    while index < bytes.count {
      hash = foldedMultiply(hash ^ UInt64(bytes[index]), 0xE703_7ED1_A0B4_28DB)
      index += 1
    }
    return UInt32(truncatingIfNeeded: mix64(hash))
  }

  /// Length (high 32 bits) and checksum (low 32) of the text of a seed: what every read of an item reports.
  public static func fingerprint(seed: UInt64, length: UInt32) -> UInt64 {
    let textLength = min(Int(length), textLimit)
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(textLength, 1)) { buffer -> UInt64 in
      var span = MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[0..<textLength]))
      write(seed: seed, into: &span)
      return fingerprint(of: span.span, length: length)
    }
  }

  /// The same of a text as it was read back; `length` is the payload's, which may be longer than its text.
  public static func fingerprint(of text: Span<UInt8>, length: UInt32) -> UInt64 {
    UInt64(length) << 32 | UInt64(checksum(of: text))
  }
}
